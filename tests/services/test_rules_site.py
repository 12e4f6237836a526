"""Rules of the site beside those of the company folder; rules.toml handed out and read back."""

from datetime import date
from pathlib import Path

import pytest

import make
import screenings
import sides
from screenings import MAY, TRUSTED, a_rule, an_actor
from sekisho.core.kinds import NETWORK, Role
from sekisho.intake.folder_toml import read_entries
from sekisho.services import folder, people, rules, rules_shown, rules_toml, visibility
from sekisho.store import models

pytestmark = pytest.mark.django_db


def entered(start: str, **keys: object) -> None:
    a_rule("desk", start, kind="concurrent_posts", **keys)
    models.Rule.objects.filter(pk=models.Rule.objects.latest("pk").pk).update(origin="site", recorded_at=sides.NOW)


def test_a_load_leaves_the_sites_rules_alone_and_they_hold_over_the_folders(tmp_path: Path) -> None:
    sides.build(tmp_path)
    entered("2025-04-01", to_classes=["power_trading"])
    folder.load_folder(folder=tmp_path / "company", actor=TRUSTED, now=MAY)
    found = rules.rules(known_at=MAY)
    assert [(one.period.start, one.period.end) for one in found] == [
        (date(2018, 4, 1), date(2025, 4, 1)),
        (date(2025, 4, 1), None),
    ]
    assert rules_shown.rule(actor=TRUSTED, now=MAY, rule_id="desk").versions[0].entered


def test_the_file_handed_out_reads_back_as_the_rules_hold(tmp_path: Path) -> None:
    sides.build(tmp_path)
    entered("2025-04-01", text={"ja": "「引用」\\と改行\n", "en": 'a "quote"'}, neutral_stay_days=30)
    content = rules_toml.document(actor=TRUSTED, now=MAY)
    (tmp_path / "company/rules.toml").write_text(content, "utf-8")
    before = rules.rules(known_at=MAY), rules.approvers(known_at=MAY)
    folder.load_folder(folder=tmp_path / "company", actor=TRUSTED, now=MAY)
    models.Rule.objects.filter(origin="site").delete()
    assert (rules.rules(known_at=MAY), rules.approvers(known_at=MAY)) == before
    assert read_entries("rules.toml", content.encode()).unknown_columns == []


def test_approvers_of_the_other_side_stay_out_of_the_file(tmp_path: Path) -> None:
    sides.build(tmp_path)
    content = rules_toml.document(actor=an_actor(Role.COMPLIANCE, NETWORK), now=MAY)
    assert "PNET9" in content
    assert "PAFF9" not in content
    with pytest.raises(visibility.NotVisible):
        rules_toml.document(actor=an_actor(Role.UNIT_HEAD), now=MAY)


def test_without_any_rule_there_is_no_day_and_nothing_is_said_to_be_free() -> None:
    screenings.the_group()
    models.Rule.objects.all().delete()
    found = rules_shown.rules(actor=TRUSTED, now=MAY)
    assert (found.tabs, found.rules, found.begins) == ((), (), None)
    assert not any(cell.marks for row in found.moves.rows for cell in row)


def test_the_days_of_change_are_past_todays_and_to_come() -> None:
    screenings.the_group()
    a_rule("later", "2024-07-01")
    a_rule("now", "2024-05-10")
    states = [(one.day, one.state) for one in rules_shown.rules(actor=TRUSTED, now=MAY).tabs]
    assert states == [
        (make.day("2018-04-01"), "past"),
        (make.day("2024-05-10"), "now"),
        (make.day("2024-07-01"), "coming"),
    ]


def test_an_unclassified_unit_stands_first_and_says_nothing() -> None:
    screenings.the_group()
    screenings.a_person("P1", "N?")
    people.refold(person_ids=None, now=screenings.MARCH)
    found = rules_shown.rules(actor=TRUSTED, now=MAY)
    assert found.units[0].code == "N?"
    assert (found.units[0].classes, found.units[0].people) == (None, 1)
    assert [one.code for one in found.unclassified] == ["N?"]


def test_a_rule_that_is_none_is_unknown() -> None:
    screenings.the_group()
    with pytest.raises(rules_shown.UnknownRule):
        rules_shown.rule(actor=TRUSTED, now=MAY, rule_id="nothing")
