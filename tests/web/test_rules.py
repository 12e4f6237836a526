"""The rules' room: the matrix and its days, a rule's page, and what each reader may count and name."""

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import make
import sites
from screenings import a_rule
from sekisho.store import models

pytestmark = pytest.mark.django_db
PROGRAMME = {
    "kind": "direct_transfer",
    "from_classes": ["central_dispatch"],
    "to_classes": ["retail_sales"],
    "to_status": [],
    "text": {"ja": "直接異動は行わない。", "en": "No direct moves."},
}


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def shown(path: str = "/rules", role: str = "compliance", side: str = "both", language: str = "ja") -> str:
    return sites.client(f"{role}-{side}-{language}", (role, side), language=language).get(path).content.decode()


def test_the_first_line_says_how_many_direct_moves_are_stopped_and_since_when() -> None:
    a_rule("direct", "2020-04-01", **PROGRAMME)
    page = shown()
    assert "16組のうち1組の部署どうしの直接異動が止められています" in page
    assert "2020年4月1日（水）" in page
    assert "stopped for 1 of 16 pairs" in shown(language="en")


def test_where_no_rule_stops_a_direct_move_the_first_line_says_so() -> None:
    assert "直接異動を止める規則はありません" in shown()


def test_the_three_types_have_three_texts() -> None:
    a_rule("direct", "2020-04-01", **PROGRAMME)
    a_rule("law", "2020-04-01", **PROGRAMME | {"type": "legal_stop"})
    a_rule("look", "2020-04-01", **PROGRAMME | {"type": "review"})
    page = shown()
    for sentence in ("発令の訂正を人事部門と協議します", "会社が自ら定めた制限です", "止めるものではなく"):
        assert sentence in page


def test_each_day_of_change_is_a_tab_with_what_it_changes() -> None:
    a_rule("direct", "2020-04-01", **PROGRAMME)
    models.Rule.objects.filter(rule_id="direct").update(end=make.day("2024-06-01"))
    a_rule("direct", "2024-06-01", **PROGRAMME | {"from_classes": ["central_dispatch", "trunk_planning"]})
    page = shown("/rules?day=2024-06-01")
    assert "16組のうち2組" in page
    assert "異動元の区分（＋基幹系統の計画策定）" in page
    assert "これから" in page


def test_an_empty_house_says_what_to_do_first() -> None:
    models.Rule.objects.all().delete()
    page = shown()
    assert "まだ規則がありません" in page
    assert "sekisho load" in page
    assert "rules.toml" in page


def test_a_day_before_the_first_rule_is_unknown_and_never_fine() -> None:
    page = shown("/rules?day=2010-01-01")
    assert "有効な規則はありません" in page
    assert "state-ok" not in page


def test_an_unclassified_unit_is_told_loudly() -> None:
    models.Unit.objects.filter(code="UNET2").update(classes="?")
    page = shown()
    assert "区分未定" in page
    assert "区分の決まっていない組織が1件あります" in page


def test_people_are_counted_for_the_own_side_only() -> None:
    both, one = shown(), shown(side="network")
    hidden = re.compile(r'<td role="cell" class="number[^"]*"[^>]*>—')
    assert len(hidden.findall(both)) == 0
    assert len(hidden.findall(one)) == 1


def test_a_rules_page_has_its_versions_in_both_languages_and_its_approvers() -> None:
    page = shown("/rules/rule/desk")
    assert "兼務は行わない。" in page
    assert "No concurrent posts." in page
    assert "nameNET9" in page
    other = shown("/rules/rule/desk", side="network")
    assert "nameAFF9" not in other
    assert "1名（氏名はその側だけが閲覧できます）" in other


def test_a_rule_that_is_none_is_not_found() -> None:
    assert sites.client("a", ("compliance", "both")).get("/rules/rule/nothing").status_code == 404


def test_the_rules_are_taken_away_as_a_sheet_and_as_rules_toml() -> None:
    client = sites.client("a", ("compliance", "both"))
    assert client.get("/rules?sheet=rules").content[:2] == b"PK"
    answer = client.get("/rules/rules.toml")
    assert b'id = "desk"' in answer.content
    assert "rules.toml" in answer["Content-Disposition"]


def test_the_room_takes_as_many_queries_however_many_rules_there_are() -> None:
    client = sites.client("a", ("compliance", "network"))
    counts = []
    for start in (0, 10):
        for number in range(start, start + 10):
            a_rule(f"r{number}", "2020-04-01", **PROGRAMME)
        client.get("/rules")
        with CaptureQueriesContext(connection) as asked:
            client.get("/rules")
        counts.append(len(asked))
    assert counts[0] == counts[1]
