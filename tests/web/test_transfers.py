"""One transfer: its story with evidence, what it waits for, its picture; each reader his own sides of it."""

import json
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import sides
import sites
from sekisho.services import findings, ledger
from sekisho.services.findings import NewFinding
from sekisho.store import models

pytestmark = pytest.mark.django_db
RULE = {"rules": [{"id": "desk", "version": "1", "type": "policy_stop"}], "code": "screening.policy_move"}


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def order(token: str, status: str = "final") -> models.Order:
    return models.Order.objects.filter(status=status, person_id__startswith=f"P{token}").earliest("pk")


def page(client: Client, found: models.Order, query: str = "") -> str:
    answer = client.get(f"/transfers/{quote(found.order_id, safe='/')}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def moved(token: str, first_day: str = "2024-04-01") -> models.Order:
    """Let the side's order be of the plan's own day."""
    found = order(token)
    models.Order.objects.filter(pk=found.pk).update(first_day=first_day, effective_date=first_day)
    found.refresh_from_db()
    return found


def switched(found: models.Order, side: str, *states: str, code: str = "", detail: str = "") -> models.Plan:
    """Begin the plan's switch and let the mover's operations stand so."""
    plan = models.Plan.objects.get()
    models.PlanApproval.objects.get_or_create(plan=plan, by="houmu", method="passkey", at=sides.NOW)
    begun = {"started_at": sides.NOW, "started_by": "joshisu", "phase": 1}
    models.Cutover.objects.get_or_create(plan=plan, defaults=begun)
    for state in states:
        models.OperationRecord.objects.create(
            plan=plan,
            operation_id=f"{side}{state}{code}",
            person_id=found.person_id,
            side=side,
            system_id=f"sys{'NET' if side == 'network' else 'AFF'}",
            entitlement="e",
            action="revoke",
            phase=1,
            state=state,
            error=code,
            detail=detail,
            changed_at=sides.NOW,
        )
    return plan


def test_the_story_is_told_from_the_order_on_and_each_item_opens_its_evidence() -> None:
    found = order("NET")
    client = sites.client("houmu", ("compliance", "both"))
    shown = page(client, found)
    assert 0 < shown.index("発令を受領") < shown.index("判定：該当なし")
    links = re.findall(r'href="(/ledger/[0-9a-f]+)"', shown)
    assert links
    entry = client.get(links[0]).content.decode()
    assert "order.accepted" in entry
    proofs = re.findall(r'href="(/ledger/[0-9a-f]+/proof)"', shown)
    assert client.get(proofs[0]).status_code == 200


def test_an_item_names_the_row_that_was_taken_to_who_reads_files_only() -> None:
    found = order("NET")
    assert "FIN.csv" in page(sites.client("jinji", ("hr", "both")), found)
    own = page(sites.client("shain", ("employee", "network"), person=found.person_id), found)
    assert "FIN.csv" not in own
    assert "発令を受領" in own
    assert "/ledger/" not in own
    assert "閲覧できる証跡はありません" in own


def test_plan_approval_switch_and_verification_are_on_it_with_their_entries() -> None:
    found = moved("NET")
    plan = switched(found, "network", "applied")
    shown = page(sites.client("houmu", ("compliance", "both")), found)
    for sentence in ("切替計画を作成", "切替計画を承認", "切替を開始", "sysNET の切替：1件中1件"):
        assert sentence in shown, sentence
    assert plan.sha256 in shown
    assert f"/plans/{plan.sha256}" in shown


@pytest.mark.parametrize(("side", "own", "other"), [("network", "NET", "AFF"), ("affiliate", "AFF", "NET")])
def test_each_side_reads_its_own_access_of_one_move_alone(side: str, own: str, other: str) -> None:
    found = moved(own)
    switched(found, "network", "applied")
    switched(found, "affiliate", "applied")
    for role in ("compliance", "internal_audit"):
        shown = page(sites.client(f"{role}{side}", (role, side)), found)
        assert f"sys{own}" in shown
        assert f"sys{other}" not in shown
    shown = page(sites.client("jinji", ("hr", "both")), found)
    assert "sysNET" not in shown
    assert "sysAFF" not in shown


def test_what_waits_at_the_wall_names_no_system_of_the_other_side() -> None:
    found = moved("AFF")
    switched(found, "affiliate", "held", code="cutover.other_side_present", detail="sysNET")
    shown = page(sites.client("a", ("compliance", "affiliate")), found)
    assert "他方の側のシステム運用待ちです" in shown
    assert "sysNET" not in shown
    assert "sysNET" in page(sites.client("b", ("compliance", "both")), found)


def test_what_it_waits_for_and_for_whom_is_said_at_each_stage() -> None:
    found = moved("NET")
    compliance = sites.client("houmu", ("compliance", "both"))
    models.Screening.objects.filter(order_id=found.order_id).delete()
    assert "人事またはコンプライアンスによる判定を待っています" in page(compliance, found)
    kept = models.Screening.objects.first()
    assert kept is not None
    models.Screening.objects.create(
        order_id=found.order_id,
        screened_at=sides.NOW,
        actor="x",
        outcome="violation",
        verdict={**kept.verdict, "outcome": "violation", **RULE},
    )
    shown = page(compliance, found)
    assert "例外の承認、または人事による発令の訂正を待っています" in shown
    assert "It waits for an exception to be approved" in page(
        sites.client("en", ("compliance", "both"), language="en"), found
    )
    notice = order("NET", "draft")
    assert "いまは内示です" in page(compliance, notice)


def test_a_move_that_is_switched_and_verified_clean_is_closed() -> None:
    found = moved("NET", "2024-03-20")
    plan = switched(found, "network", "applied")
    models.Plan.objects.filter(pk=plan.pk).update(as_of="2024-03-19T15:00:00Z")
    client = sites.client("houmu", ("compliance", "both"))
    models.VerificationRun.objects.all().delete()
    models.Finding.objects.filter(person_id=found.person_id).update(closed_at=sides.NOW, disposition="x")
    assert "事後確認がまだです" in page(client, found)
    models.VerificationRun.objects.create(
        as_of=sides.NOW,
        verified_at=sides.NOW,
        verifier="ryosha",
        needs_confirmation=False,
        by_side={"network": {"verified": 1}},
        deviations=[],
        unread=[],
    )
    shown = page(client, found)
    assert "完了しました" in shown
    assert "この人に差異なし" in shown
    assert "待っているものはありません" in shown


def test_a_system_without_an_answer_is_never_told_as_clean() -> None:
    found = moved("NET", "2024-03-20")
    switched(found, "network", "applied")
    models.VerificationRun.objects.all().delete()
    models.VerificationRun.objects.create(
        as_of=sides.NOW,
        verified_at=sides.NOW,
        verifier="ryosha",
        needs_confirmation=False,
        by_side={"network": {"verified": 1}},
        deviations=[],
        unread=[{"system": "sysNET", "side": "network"}],
    )
    shown = page(sites.client("houmu", ("compliance", "both")), found)
    assert "応答のないシステムがあり、確認できず" in shown
    assert "完了しました" not in shown


def test_findings_are_on_it_raised_and_closed_for_their_own_side_only() -> None:
    found = moved("NET", "2024-03-15")
    raised = NewFinding(
        "deviation_excess", "k", {"system": "sysNET", "account": "a", "entitlement": "e"}, found.person_id, "network"
    )
    findings.raise_all(findings=[raised], actor=sides.TRUSTED, now=sides.NOW)
    shown = page(sites.client("houmu", ("compliance", "both")), found)
    assert "由来が分かりません" in shown
    assert "閉じるのを待っています" in shown
    assert "由来が分かりません" not in page(sites.client("hk", ("compliance", "affiliate")), found)


def test_a_secret_correction_is_not_in_the_story_of_the_order_it_corrects() -> None:
    found = order("NET")
    secret = models.Order.objects.get(pk=found.pk)
    secret.pk, secret.order_id, secret.order_no = None, "secret#1", "SECRET-1"
    secret.status, secret.order_type, secret.supersedes, secret.release_at = "draft", "cancel", found.order_no, None
    secret.save(force_insert=True)
    assert "SECRET-1" in page(sites.client("houmu", ("compliance", "network")), found)
    own = page(sites.client("shain", ("employee", "network"), person=found.person_id), found)
    assert "SECRET-1" not in own
    assert "取消" not in own
    assert "SECRET-1" not in page(sites.client("kansa", ("internal_audit", "network")), found)


def test_the_picture_has_both_units_and_a_link_to_every_item_beneath() -> None:
    found = moved("NET")
    switched(found, "network", "held", code="cutover.guard_group_share")
    shown = page(sites.client("houmu", ("compliance", "both")), found)
    start = shown.index('<svg class="transfer-line"')
    picture = shown[start : shown.index("</svg>", start) + 6]
    root = ET.fromstring(picture.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))  # noqa: S314 - ours
    words = "".join(root.itertext())
    assert "旧所属：unitNET" in words
    assert "新所属：unitNET" in words
    links = {one.attrib["href"] for one in root.iter() if one.tag.endswith("}a")}
    assert links
    for link in links:
        assert f'id="{link[1:]}"' in shown, link
    assert all(one.attrib["aria-label"] for one in root.iter() if one.tag.endswith("}a"))


def test_on_paper_everything_is_open() -> None:
    found = order("NET")
    client = sites.client("houmu", ("compliance", "both"))
    assert '<details class="story" open>' in page(client, found, "?print=1")
    assert '<details class="story" open>' not in page(client, found)


def test_the_story_takes_the_same_queries_however_long_it_is() -> None:
    found = moved("NET")
    switched(found, "network", "applied")
    client = sites.client("houmu", ("compliance", "network"))
    page(client, found)
    with CaptureQueriesContext(connection) as few:
        page(client, found)
    kept = models.Screening.objects.filter(order_id=found.order_id).first()
    assert kept is not None
    for number in range(30):
        kept.pk, kept.screened_at = None, sides.NOW - timedelta(minutes=number)
        kept.save(force_insert=True)
    many = [NewFinding("deviation_excess", f"m{n}", {}, found.person_id, "network") for n in range(30)]
    findings.raise_all(findings=many, actor=sides.TRUSTED, now=sides.NOW)
    with CaptureQueriesContext(connection) as more:
        page(client, found)
    assert len(more) == len(few)


def test_an_entry_that_only_begins_alike_is_no_evidence() -> None:
    found = order("NET")
    file = models.OrderFile.objects.get(pk=found.file_id)
    for row in (found.row * 10, found.row * 100 + 1):
        facts = {"file": file.sha256, "row": row, "status": "final"}
        ledger.record(kind="order.accepted", actor="x", now=found.recorded_at, facts=facts, side="network")
    shown = page(sites.client("houmu", ("compliance", "both")), found)
    part = shown[shown.index("発令を受領</strong>") :]
    part = part[: part.index("</details>")]
    assert part.count("/proof") + part.count("番号の付与待ち") == 1


def test_a_plan_that_leaves_the_mover_alone_is_not_in_his_story(world: sides.World) -> None:
    found = moved("NET")
    models.Order.objects.filter(pk=found.pk).update(person_id="PNET8")
    found.refresh_from_db()
    shown = page(sites.client("houmu", ("compliance", "both")), found)
    assert str(json.loads(world.plan)["sha256"]) not in shown
    assert "システム運用がこの異動を含む切替計画を作成するのを待っています" in shown


def test_access_that_the_plan_itself_holds_is_told_with_what_ends_it(world: sides.World) -> None:
    found = moved("NET")
    plan = models.Plan.objects.get()
    document = {
        **plan.document,
        "held": [held(found.person_id, "network", "NET"), held(found.person_id, "affiliate", "AFF")],
    }
    plan.pk, plan.sha256, plan.document, plan.planned_at = None, "f" * 64, document, sides.NOW
    plan.save(force_insert=True)
    shown = page(sites.client("hn", ("compliance", "network")), found)
    assert "例外の承認、または人事による発令の訂正待ちです（1件中1件" in shown
    assert "sysNET" in shown
    assert "sysAFF" not in shown


def held(person: str, side: str, token: str) -> dict[str, str]:
    facts = {"person_id": person, "side": side, "system": f"sys{token}", "entitlement": f"e{token}"}
    return facts | {"code": "plans.held_violation", "order_no": "O"}
