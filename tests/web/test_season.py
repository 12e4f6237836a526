"""Season and one transfer: what is coming, what stands in its way, and where a move stands."""

from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

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
    assert "いまどこまで進んでいるか" in page(sites.client("a", ("compliance", "both")), "NET")[1]
    assert "come?" in page(sites.client("b", ("compliance", "both"), language="en"), "NET")[1]


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


def season(client: Client, query: str = "?from=2024-01-01") -> str:
    answer = client.get(f"/season{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def judged(token: str, outcome: str, **verdict: object) -> models.Order:
    """Let the rules have said this of the side's final order."""
    found = order(token)
    kept = models.Screening.objects.filter(order_id=found.order_id).latest("pk")
    kept.verdict = {**kept.verdict, "outcome": outcome, **verdict}
    models.Screening.objects.create(
        order_id=found.order_id, screened_at=kept.screened_at, actor="x", outcome=outcome, verdict=kept.verdict
    )
    return found


RULE = {"rules": [{"id": "desk", "version": "1", "type": "policy_stop"}], "code": "screening.policy_move"}


def test_what_stands_in_the_way_is_grouped_by_rule_and_says_what_ends_it() -> None:
    for token in ("NET", "AFF"):
        judged(token, "violation", **RULE)
    models.Order.objects.filter(status="final").update(first_day="2024-03-28")
    shown = season(sites.client("a", ("compliance", "both")))
    assert shown.count('<details class="group') >= 1
    assert "兼務は行わない。" in shown
    assert "発令を訂正するか、理由と期限を添えて例外承認を申請してください" in shown
    assert "/rules/rule/desk" in shown
    assert "No concurrent posts." in season(sites.client("b", ("compliance", "both"), language="en"))


def test_hr_of_one_side_knows_of_the_other_sides_move_and_not_what_the_rules_say_of_it() -> None:
    judged("AFF", "violation", **RULE)
    models.Order.objects.filter(status="final").update(first_day="2024-03-28")
    shown = season(sites.client("jinji", ("hr", "network")), "?from=2024-01-01&day=2024-03-28")
    assert order("AFF").person_id in shown
    assert "閲覧範囲外" in shown
    assert "desk" not in shown
    both = season(sites.client("all", ("hr", "both")), "?from=2024-01-01&day=2024-03-28")
    assert "desk" in both


def test_the_weeks_are_a_picture_that_reads_without_colours_and_is_walked_by_keyboard() -> None:
    judged("NET", "violation", **RULE)
    shown = season(sites.client("a", ("compliance", "both")))
    picture = shown[
        shown.index('<svg class="calendar"') : shown.index("</svg>", shown.index('<svg class="calendar"')) + 6
    ]
    root = ET.fromstring(picture.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))  # noqa: S314 - ours
    links = [one for one in root.iter() if one.tag.endswith("}a")]
    labels = {one.attrib["aria-label"] for one in links}
    assert any("2024年3月1日（金）" in label and "規則に該当1件" in label for label in labels), labels
    assert all(one.attrib["href"].endswith("#moves") for one in links)
    words = "".join(root.itertext())
    assert "休" in words
    assert "! 1" in words
    assert root.attrib["role"] == "group"
    assert shown.index('<svg class="calendar"') < shown.index('id="table-calendar"'), "a table stands beneath"


def test_an_embargoed_notice_is_in_nobodys_picture_but_the_few() -> None:
    models.Order.objects.filter(status="draft").update(first_day="2024-04-10", release_at=None)
    for role, side, known in (
        ("compliance", "both", True),
        ("hr", "network", True),
        ("internal_audit", "both", False),
    ):
        shown = season(sites.client(f"{role}{side}", (role, side)))
        assert ("2024年4月10日" in shown) is known, role


def test_a_day_is_filtered_by_verdict_side_and_unit() -> None:
    judged("NET", "violation", **RULE)
    client = sites.client("a", ("compliance", "both"))
    base = "?from=2024-01-01&day=2024-03-01"
    net, aff = order("NET").person_id, order("AFF").person_id

    def listed(query: str) -> str:
        shown = season(client, base + query)
        return shown[shown.index('id="table-moves"') : shown.index('id="weeks"')]

    assert net in listed("")
    assert aff in listed("")
    for query, kept, gone in (
        ("&verdict=violation", net, aff),
        ("&side=affiliate", aff, net),
        ("&unit=UNET1", net, aff),
        ("&unit=unitaff", aff, net),
        ("&rule=desk", net, aff),
    ):
        table = listed(query)
        assert kept in table, query
        assert gone not in table, query
    assert client.get(f"/season{base}&sheet=moves").content[:2] == b"PK"


def test_weeks_without_orders_say_what_to_do_first() -> None:
    models.Order.objects.all().delete()
    shown = season(sites.client("jinji", ("hr", "both")), "")
    assert "人事の発令ファイルを取り込むと、ここに並びます" in shown
    assert 'href="/imports"' in shown
    assert '<svg class="calendar"' in shown


def test_the_season_takes_the_same_queries_however_many_moves_there_are() -> None:
    client = sites.client("a", ("compliance", "network"))
    season(client)
    with CaptureQueriesContext(connection) as few:
        season(client, "?from=2024-01-01&day=2024-03-01")
    first = order("NET")
    for number in range(60):
        first.pk, first.order_id = None, f"many{number}#1"
        first.order_no, first.content_sha256 = f"many{number}", f"{number}"
        first.save(force_insert=True)
    with CaptureQueriesContext(connection) as many:
        shown = season(client, "?from=2024-01-01&day=2024-03-01")
    assert len(many) == len(few)
    assert "63件中 1–25件" in shown
