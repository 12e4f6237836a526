"""The verification room: what is left, on whose side, and who may say it is done."""

from pathlib import Path

import pytest
from django.test import Client

import sites
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
    assert "Does anyone still have what he should not?" in page
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
