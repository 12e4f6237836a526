"""Plan review: guards first, what goes and what comes, approval by passkey and by another than the planner."""

import hashlib
import io
import json
from datetime import timedelta
from html import escape
from pathlib import Path

import pytest
import python_calamine
from django.test import Client

import authenticators
import sides
import sites
from sekisho.connectors.memory import MemoryTarget
from sekisho.core import parts
from sekisho.core.access import AccountState
from sekisho.services import installation, jobs, passkeys, plans, verify_approval, work
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def sha256(world: sides.World, at_the_day: Path) -> str:
    sides.targets(at_the_day)  # another test may have switched
    return str(json.loads(world.plan)["sha256"])


def page(client: Client, sha256: str, query: str = "") -> str:
    answer = client.get(f"/plans/{sha256}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def approver(name: str = "houmu", side: str = "both") -> tuple[Client, authenticators.Passkey]:
    client = sites.client(name, ("compliance", side))
    key = authenticators.Passkey()
    key.register(models.User.objects.get(username=name))
    return client, key


def approve(client: Client, key: authenticators.Passkey, sha256: str) -> str:
    words = {"do": "approve", "assertion": key.sign(passkeys.challenge(plan_sha256=sha256))}
    return client.post(f"/plans/{sha256}", words, follow=True).content.decode()


@pytest.mark.parametrize(("side", "own", "other"), [("network", "NET", "AFF"), ("affiliate", "AFF", "NET")])
@pytest.mark.parametrize("way", ["person", "entitlement", "system"])
def test_each_side_reviews_its_own_parts_only(sha256: str, side: str, own: str, other: str, way: str) -> None:
    shown = page(sites.client("x", ("compliance", side)), sha256, f"?by={way}")
    assert f"sys{own}" in shown
    assert f"sys{other}" not in shown
    assert f"P{other}" not in shown


@pytest.mark.parametrize("role", ["hr", "employee", "administrator"])
def test_who_has_no_business_with_plans_is_refused(sha256: str, role: str) -> None:
    client = sites.client("x", (role, "both"))
    assert client.get("/plans").status_code == 403
    assert client.get(f"/plans/{sha256}").status_code == 403


def test_an_executive_sees_that_plans_are_and_not_what_they_change(sha256: str) -> None:
    client = sites.client("x", ("executive", "both"))
    assert sha256[:12] in client.get("/plans").content.decode()
    assert client.get(f"/plans/{sha256}").status_code == 403


def test_guards_stand_before_the_changes_in_both_languages(sha256: str) -> None:
    for language, guards, changes in (
        ("ja", "計画全体の安全確認", "変わること"),
        ("en", "Guards over the whole plan", "What changes"),
    ):
        shown = page(sites.client(f"x{language}", ("compliance", "both"), language=language), sha256)
        assert 0 < shown.index(guards) < shown.rindex(changes)


def test_a_plan_is_approved_by_a_passkey_and_can_be_checked_offline(sha256: str) -> None:
    client, key = approver()
    assert "承認しました" in approve(client, key, sha256)
    kept = models.PlanApproval.objects.get(plan__sha256=sha256, by="houmu")
    assert kept.method == "passkey"
    assert verify_approval.problem(kept.assertion) == ""


def test_without_an_assertion_nothing_is_approved(sha256: str) -> None:
    client, _ = approver()
    shown = client.post(f"/plans/{sha256}", {"do": "approve", "assertion": ""}, follow=True).content.decode()
    assert "署名を読み取れませんでした" in shown
    assert not models.PlanApproval.objects.filter(plan__sha256=sha256, by="houmu").exists()


def test_the_planner_is_not_offered_to_approve_and_is_refused(sha256: str) -> None:
    planner = models.Plan.objects.get(sha256=sha256).planned_by
    client = sites.client(planner, ("it_operation", "both"))
    key = authenticators.Passkey()
    key.register(models.User.objects.get(username=planner))
    assert "パスキーで承認する" not in page(client, sha256)
    assert "作成者以外の方が承認してください" in approve(client, key, sha256)


def test_one_side_alone_does_not_approve_a_plan_of_both(sha256: str) -> None:
    client, key = approver("houmu-hn", "network")
    assert "この計画を承認できません" in approve(client, key, sha256)


def test_who_has_no_passkey_is_led_to_one(sha256: str) -> None:
    shown = page(sites.client("x", ("compliance", "both")), sha256)
    assert "承認にはパスキーが必要です" in shown
    assert "/accounts/2fa/webauthn/add/" in shown


def test_an_approved_plan_is_switched_by_it_operation_at_its_time(sha256: str, at_the_day: Path) -> None:
    approve(*approver(), sha256)
    client = sites.client("joshisu", ("it_operation", "both"))
    assert "に切り替える" in page(client, sha256)
    client.post(f"/plans/{sha256}", {"do": "switch"})
    assert models.Schedule.objects.get().due_at == sides.AS_OF
    assert work.step(home=at_the_day, clock=lambda: sides.AS_OF)
    job = models.Job.objects.get(kind="cutover")
    assert (job.state, job.error) == (jobs.DONE, "")
    assert models.Job.objects.filter(kind="verification").exists(), "the verification follows by itself"
    assert "実行済" in page(client, sha256)


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ([("internal_audit", "both")], "承認できるのは、コンプライアンスまたはシステム運用の役割を持つ方です"),
        ([("compliance", "network")], "この計画は関係会社側も変えるため"),
    ],
)
def test_who_may_not_approve_is_told_why(sha256: str, roles: list[tuple[str, str]], words: str) -> None:
    shown = page(sites.client("x", *roles), sha256)
    assert words in shown
    assert "data-passkey" not in shown


def test_who_has_approved_and_whose_plan_it_is_are_told_so(sha256: str) -> None:
    client, key = approver()
    approve(client, key, sha256)
    assert "ご自身は承認済みです" in page(client, sha256)
    planner = models.Plan.objects.get(sha256=sha256).planned_by
    assert "ご自身が作成した計画は承認できません" in page(sites.client(planner, ("it_operation", "both")), sha256)


def test_an_expired_plan_says_so_instead_of_asking(sha256: str, at_the_day: Path) -> None:
    installation.set_clock(actor=sides.TRUSTED, home=at_the_day, claimed=sides.AS_OF + timedelta(days=30))
    assert "有効期限が切れたため、承認できません" in page(sites.client("x", ("compliance", "both")), sha256)


def test_the_hash_is_read_in_eights_and_what_is_signed_stands_there_word_for_word(sha256: str) -> None:
    shown = page(sites.client("x", ("compliance", "both")), sha256)
    assert all(f"<span>{sha256[at : at + 8]}</span>" in shown for at in range(0, 64, 8))
    words = f'{{"approve":"plan","sha256":"{sha256}","v":1}}'
    assert escape(words) in shown
    assert hashlib.sha256(words.encode()).hexdigest() in shown


def test_each_guard_says_what_it_measured_against_what_and_what_to_do(sha256: str) -> None:
    shown = page(sites.client("x", ("compliance", "both")), sha256)
    assert "人事に、異動予定者名簿への署名を依頼してください" in shown, "no list is signed"
    assert "30%まで" in shown


def test_a_row_opens_every_operation_with_its_reason_and_its_precondition(sha256: str) -> None:
    shown = page(sites.client("x", ("compliance", "both")), sha256)
    assert "unitNET UNET1 の職位" in shown
    assert "いま保有していないこと" in shown
    assert "加わる" in shown


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("?side=network", "sysNET eNET", "sysAFF eAFF"),
        ("?system=sysAFF", "sysAFF eAFF", "sysNET eNET"),
        ("?changes_q=nameNET1", "nameNET1", "nameAFF1"),
        ("?only=restored", "条件に合う変更はありません", "sysNET eNET"),
    ],
)
def test_the_changes_are_narrowed_by_side_system_words_and_kind(sha256: str, query: str, there: str, gone: str) -> None:
    shown = page(sites.client("x", ("compliance", "both")), sha256, query).partition('id="changes"')[2]
    shown = shown.partition("保留する付与")[0]
    assert there in shown
    assert f'<span class="token">{gone}' not in shown


def test_the_plan_before_for_the_same_time_is_compared_of_ones_own_side(sha256: str, at_the_day: Path) -> None:
    MemoryTarget("sysNET", home=at_the_day).put([AccountState("aNET1", True, frozenset({"eNET"}))])
    later = sides.NOW + timedelta(hours=1)
    again = plans.make(
        actor=sides.actor_both(), as_of=sides.AS_OF, known_at=later, expires_at=None, now=later, home=at_the_day
    )
    installation.set_clock(actor=sides.TRUSTED, home=at_the_day, claimed=later)
    shown = page(sites.client("x", ("compliance", "network")), again.sha256, "?by=former")
    assert "なくなった" in shown
    assert "nameNET1" in shown
    assert "AFF" not in shown
    assert "前の計画と同じです" in page(sites.client("y", ("compliance", "affiliate")), again.sha256, "?by=former")


def test_a_plan_of_one_side_tells_it_nothing_of_the_others_systems_that_a_guard_names(
    world: sides.World, at_the_day: Path
) -> None:
    """Law 8: the affiliate's system answers empty, so that nothing changes there and a guard names it."""
    MemoryTarget("sysAFF", home=at_the_day).put([])
    later = sides.NOW + timedelta(hours=2)
    made = plans.make(
        actor=sides.actor_both(), as_of=sides.AS_OF, known_at=later, expires_at=None, now=later, home=at_the_day
    )
    installation.set_clock(actor=sides.TRUSTED, home=at_the_day, claimed=later)
    for path in (f"/plans/{made.sha256}", f"/plans/{made.sha256}/paper"):
        assert "AFF" not in sites.client("x", ("compliance", "network")).get(path).content.decode()
        assert "sysAFF" in sites.client("y", ("compliance", "affiliate")).get(path).content.decode()


def test_the_paper_has_everything_of_the_own_side_and_room_for_a_signature(sha256: str) -> None:
    shown = sites.client("x", ("compliance", "network")).get(f"/plans/{sha256}/paper").content.decode()
    assert "nameNET1" in shown
    assert "AFF" not in shown
    assert "署名" in shown
    assert f"<span>{sha256[:8]}</span>" in shown


def test_the_file_is_given_whole_and_to_nobody_who_sees_one_side(sha256: str) -> None:
    content = sites.client("x", ("compliance", "both")).get(f"/plans/{sha256}/file").content
    assert parts.parse(content).sha256 == sha256
    assert sites.client("y", ("compliance", "network")).get(f"/plans/{sha256}/file").status_code == 403
    assert sites.client("z", ("it_operation", "both")).get(f"/plans/{sha256}/file").status_code == 403


def test_the_sheet_has_a_row_for_each_operation_that_is_shown(sha256: str) -> None:
    client = sites.client("x", ("compliance", "both"))
    content = client.get(f"/plans/{sha256}?side=network&sheet=changes").content
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    expected = [
        one
        for part in parts.parse(plans.stored(sha256=sha256)).parts
        if part.side == "network"
        for one in (*part.operations, *part.held)
    ]
    assert len(sheet) == 1 + len(expected)


def test_a_plan_is_asked_for_by_it_operation_only(world: sides.World, at_the_day: Path) -> None:
    sites.client("joshisu", ("it_operation", "both")).post("/plans", {"day": "2024-05-01"})
    assert models.Job.objects.get().kind == "plan"
    shown = sites.client("houmu", ("compliance", "both")).post("/plans", {"day": "2024-05-01"}, follow=True)
    assert "役割がありません" in shown.content.decode()
    assert models.Job.objects.count() == 1


def test_a_day_that_is_none_is_refused_with_its_reason(world: sides.World, at_the_day: Path) -> None:
    client = sites.client("joshisu", ("it_operation", "both"))
    assert "日付として読み取れません" in client.post("/plans", {"day": "tomorrow"}, follow=True).content.decode()


def test_an_unknown_plan_is_not_found_out_about(world: sides.World, at_the_day: Path) -> None:
    assert sites.client("x", ("compliance", "both")).get(f"/plans/{'0' * 64}").status_code == 422
