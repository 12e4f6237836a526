"""The verification room: what is left, on whose side, and who may say it is done."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

import sides
import sites
from sekisho.connectors.memory import MemoryTarget
from sekisho.core.access import AccountState
from sekisho.services import installation, verification, work
from sekisho.store import models

pytestmark = pytest.mark.django_db


def room(client: Client) -> str:
    answer = client.get("/verification")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(("side", "own", "other"), [("network", "NET", "AFF"), ("affiliate", "AFF", "NET")])
def test_each_side_reads_its_own_deviations_only(at_the_day: Path, side: str, own: str, other: str) -> None:
    for role in ("compliance", "it_operation", "internal_audit"):
        page = room(sites.client(f"{role}-{side}", (role, side)))
        assert f"sys{own}" in page
        assert f"sys{other}" not in page
        assert f"P{other}" not in page


def test_an_executive_sees_numbers_and_no_person(at_the_day: Path) -> None:
    page = room(sites.client("yakuin", ("executive", "both")))
    assert "件数だけ閲覧できる側の差異が5件" in page
    assert "sysNET" not in page
    assert "PNET" not in page


@pytest.mark.parametrize("role", ["hr", "employee", "administrator"])
def test_who_has_no_business_with_access_is_refused(at_the_day: Path, role: str) -> None:
    assert sites.client("x", (role, "both")).get("/verification").status_code == 403


def test_the_answer_stands_in_the_first_line_in_both_languages(at_the_day: Path) -> None:
    assert "持つべきでない権限を、まだ持っている人はいないか" in room(sites.client("a", ("compliance", "both")))
    page = room(sites.client("b", ("compliance", "both"), language="en"))
    assert "Does anyone still have access they should not have?" in page
    assert "5 of " in page or "unknown" in page


def test_a_finding_is_closed_with_what_was_done(at_the_day: Path) -> None:
    finding = models.Finding.objects.filter(kind__startswith="deviation_", side="network").first()
    assert finding is not None
    client = sites.client("a", ("compliance", "network"))
    client.post("/verification", {"do": "close", "key": finding.key, "disposition": "計画を作成した"})
    finding.refresh_from_db()
    assert finding.disposition == "計画を作成した"


def test_nobody_closes_a_finding_of_the_other_side(at_the_day: Path) -> None:
    finding = models.Finding.objects.filter(kind__startswith="deviation_", side="affiliate").first()
    assert finding is not None
    client = sites.client("a", ("compliance", "network"))
    client.post("/verification", {"do": "close", "key": finding.key, "disposition": "x"})
    finding.refresh_from_db()
    assert finding.closed_at is None


def test_what_the_executor_verified_waits_for_somebody_else(at_the_day: Path) -> None:
    models.VerificationRun.objects.update(needs_confirmation=True, executor="joshisu", verifier="joshisu")
    own = sites.client("joshisu", ("it_operation", "both"))
    run = str(models.VerificationRun.objects.latest("pk").pk)
    page = own.post("/verification", {"do": "confirm", "run": run}, follow=True).content.decode()
    assert "別の方が追認してください" in page
    other = sites.client("houmu", ("compliance", "both"))
    other.post("/verification", {"do": "confirm", "run": run})
    assert models.VerificationRun.objects.latest("pk").confirmed_by == "houmu"


def test_the_list_is_taken_away_by_compliance_and_not_by_it(at_the_day: Path) -> None:
    assert sites.client("a", ("compliance", "network")).get("/verification?sheet=deviations").content[:2] == b"PK"
    assert sites.client("b", ("it_operation", "network")).get("/verification?sheet=deviations").status_code == 403


def test_before_the_first_verification_the_room_says_that_nothing_is_known(at_the_day: Path) -> None:
    models.VerificationRun.objects.all().delete()
    page = room(sites.client("a", ("compliance", "both")))
    assert "まだ一度も確認していません" in page


def group(side: str = "network") -> dict[str, str]:
    """Return what the form of a group sends."""
    found = models.Finding.objects.filter(kind__startswith="deviation_", side=side, closed_at=None).first()
    assert found is not None
    kind = found.kind.removeprefix("deviation_")
    return {"kind": kind, "system": found.params["system"], "code": found.params["code"]}


def test_what_differs_stands_by_kind_and_system_with_how_it_ends(at_the_day: Path) -> None:
    page = room(sites.client("a", ("compliance", "both")))
    assert "解消する方法" in page
    assert re.search("以前の職位や、終わった付与による|どの職位・発令・付与でも説明できない", page)
    assert page.count("事後確認：") == 0, "no second list repeats the first"


def test_it_operation_is_offered_the_plan_that_ends_it_and_compliance_is_not(at_the_day: Path) -> None:
    assert "解消する計画を作る" in room(sites.client("a", ("it_operation", "both")))
    assert "解消する計画を作る" not in room(sites.client("b", ("compliance", "both")))


def test_a_verification_is_asked_for_and_done_by_the_worker(at_the_day: Path) -> None:
    client = sites.client("joshisu", ("it_operation", "both"))
    before = models.VerificationRun.objects.count()
    assert "確認を始めました" in client.post("/verification", {"do": "verify"}, follow=True).content.decode()
    assert work.step(home=at_the_day, clock=lambda: installation.clock(home=at_the_day))
    assert models.VerificationRun.objects.count() == before + 1
    assert "前回（" in room(client)


def test_closing_without_a_word_says_so_beside_the_form_and_keeps_what_was_typed(at_the_day: Path) -> None:
    client = sites.client("a", ("compliance", "network"))
    finding = models.Finding.objects.filter(kind__startswith="deviation_", side="network").first()
    assert finding is not None
    answer = client.post("/verification", {"do": "close", "key": finding.key, "disposition": " "})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert models.Finding.objects.get(pk=finding.pk).closed_at is None


def test_a_group_is_closed_with_one_word_on_ones_own_side_only(at_the_day: Path) -> None:
    client = sites.client("a", ("compliance", "network"))
    words = {"do": "close_group", "disposition": "計画を作成した", **group("affiliate")}
    assert client.post("/verification", words).status_code == 404
    assert not models.Finding.objects.filter(side="affiliate", closed_at__isnull=False).exists()
    client.post("/verification", {"do": "close_group", "disposition": "計画を作成した", **group()})
    closed = models.Finding.objects.filter(side="network", closed_at__isnull=False)
    assert closed.exists()
    assert set(closed.values_list("disposition", flat=True)) == {"計画を作成した"}
    assert "計画を作成した" in room(client), "what was closed is found again"


def test_what_is_gone_since_is_shown_and_its_findings_are_closed_together(at_the_day: Path) -> None:
    MemoryTarget("sysNET", home=at_the_day).put([AccountState(f"aNET{n}", True, frozenset()) for n in "34"])
    now = installation.clock(home=at_the_day)
    verification.verify(actor=sides.TRUSTED, as_of=now, now=now, home=at_the_day)
    client = sites.client("a", ("compliance", "network"))
    page = room(client)
    assert "前回から解消した差異" in page
    assert "最新の事後確認で解消していた指摘" in page
    client.post("/verification", {"do": "close_settled", "disposition": "解消を確認した"})
    assert models.Finding.objects.filter(side="network", disposition="解消を確認した").exists()
    assert not models.Finding.objects.filter(side="affiliate", closed_at__isnull=False).exists()
    sides.targets(at_the_day)


def test_a_system_that_gives_no_answer_is_as_loud_as_an_error_and_nothing_is_green(at_the_day: Path) -> None:
    run = models.VerificationRun.objects.latest("pk")
    unread = {"kind": "unknown", "system": "sysNET", "side": "network", "code": "verification.unread"}
    run.deviations = [unread | {"person_id": "", "account": "", "entitlement": "", "until": ""}]
    run.by_side = {
        side: {**numbers, "left_over": 0, "excess": 0, "missing": 0, "unknown": 0}
        for side, numbers in run.by_side.items()
    }
    run.by_side["network"]["unknown"] = 1
    run.unread = [{"system": "sysNET", "side": "network"}]
    run.verified_at -= timedelta(seconds=1)  # another run: what one found never changes
    run.save()
    page = room(sites.client("a", ("compliance", "network")))
    assert "分かりません" in page
    assert "1システム中0システムを読み取り" in page
    assert "システムの応答を回復し" in page
    assert "もう一度読み取る" in page


def test_a_residue_has_its_clock_and_asks_for_nothing(at_the_day: Path) -> None:
    run = models.VerificationRun.objects.latest("pk")
    until = (installation.clock(home=at_the_day) + timedelta(minutes=40)).isoformat()
    one = {"kind": "left_over", "system": "sysNET", "side": "network", "code": "verification.residue"}
    run.deviations = [one | {"person_id": "PNET1", "account": "aNET1", "entitlement": "eNET", "until": until}]
    run.verified_at -= timedelta(seconds=2)
    run.save()
    page = room(sites.client("a", ("it_operation", "network")))
    assert "data-until" in page
    assert "接続が残る可能性" in page
    assert "解消する計画を作る" not in page


def test_a_former_verification_is_opened_and_says_that_it_is_one(at_the_day: Path) -> None:
    first = models.VerificationRun.objects.latest("pk").pk
    now = installation.clock(home=at_the_day)
    verification.verify(actor=sides.TRUSTED, as_of=now, now=now, home=at_the_day)
    client = sites.client("a", ("compliance", "both"))
    assert f'href="?run={first}"' in room(client)
    assert "の確認を表示しています" in client.get(f"/verification?run={first}").content.decode()


def test_who_ran_it_is_told_that_another_must_confirm(at_the_day: Path) -> None:
    models.VerificationRun.objects.update(needs_confirmation=True, executor="joshisu", verifier="joshisu")
    page = room(sites.client("joshisu", ("it_operation", "both")))
    assert "ほかの方に依頼してください" in page
    assert "別の者として追認する" not in page
    assert "別の者として追認する" in room(sites.client("houmu", ("compliance", "both")))
