"""Season and one transfer: what is coming, what stands in its way, and where a move stands."""

from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

import sites
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def order(token: str, status: str = "final") -> models.Order:
    return models.Order.objects.filter(status=status, person_id__startswith=f"P{token}").latest("pk")


def page(client: Client, token: str, status: str = "final") -> tuple[int, str]:
    answer = client.get(f"/transfers/{quote(order(token, status).order_id, safe='/')}")
    return answer.status_code, answer.content.decode()


def test_hr_sees_what_is_coming_with_its_verdicts() -> None:
    shown = sites.client("jinji", ("hr", "both")).get("/season?from=2024-01-01").content.decode()
    assert "これから何があり" in shown
    assert "2024年3月1日（金）" in shown


def test_a_days_moves_lead_to_their_own_pages() -> None:
    client = sites.client("jinji", ("hr", "both"))
    shown = client.get("/season?from=2024-01-01&day=2024-03-01").content.decode()
    assert "/transfers/" in shown
    assert page(client, "NET")[0] == 200


def test_the_season_is_for_those_who_may_know_moves() -> None:
    for role in ("it_operation", "employee", "administrator", "executive"):
        assert sites.client(role, (role, "both")).get("/season").status_code == 403, role


def test_an_advance_notice_is_there_for_its_own_sides_office_only() -> None:
    notice = order("AFF", "draft")
    own = sites.client("a", ("compliance", "affiliate"))
    other = sites.client("b", ("compliance", "network"))
    query = f"/season?from=2024-01-01&day={notice.first_day.isoformat()}"
    assert notice.person_id in own.get(query).content.decode()
    assert notice.person_id not in other.get(query).content.decode()
    assert page(own, "AFF", "draft")[0] == 200
    assert page(other, "AFF", "draft")[0] == 404


def test_one_transfer_reads_in_both_languages() -> None:
    assert "いまどこにあるか" in page(sites.client("a", ("compliance", "both")), "NET")[1]
    assert "stand?" in page(sites.client("b", ("compliance", "both"), language="en"), "NET")[1]


def test_a_move_that_is_none_and_one_that_may_not_be_seen_are_answered_alike() -> None:
    client = sites.client("a", ("it_operation", "network"))
    status, shown = page(client, "NET")
    missing = client.get("/transfers/nothing").content.decode()
    assert status == 404
    assert "この異動はないか、閲覧できません" in shown
    assert "この異動はないか、閲覧できません" in missing


def test_the_mover_himself_sees_his_released_move_without_anybodys_access() -> None:
    mine = order("NET")
    client = sites.client("shain", ("employee", "network"), person=mine.person_id)
    status, shown = page(client, "NET")
    assert status == 200
    assert "sysNET" not in shown
    assert page(client, "AFF")[0] == 404


def test_the_calendar_is_taken_away_as_a_sheet_by_hr() -> None:
    client = sites.client("jinji", ("hr", "both"))
    assert client.get("/season?from=2024-01-01&sheet=calendar").content[:2] == b"PK"
