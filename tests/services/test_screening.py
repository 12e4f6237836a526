"""The check as a service: what is kept, what is found, who sees it, what today's rules say of the past."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import make
from screenings import (
    MARCH,
    MAY,
    T,
    a_check,
    a_person,
    a_rule,
    a_unit,
    an_actor,
    an_order,
    outcomes,
)
from screenings import the_group as found_group
from sekisho.core.kinds import NETWORK, OrderStatus, Outcome, Role
from sekisho.core.orders import Order
from sekisho.core.users import Actor
from sekisho.core.verdicts import Verdict
from sekisho.services import screening, screening_records
from sekisho.services.orders import orders
from sekisho.services.screening_world import World
from sekisho.services.visibility import NotVisible
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_group() -> None:
    found_group()


def test_drafts_and_final_orders_are_checked_and_the_worst_comes_first() -> None:
    for number, unit in enumerate(("NG", "N?", "TP"), 1):
        a_person(f"P{number}", unit)
        an_order(f"P{number}", "RS", no=f"A{number}", status="draft" if number == 3 else "final")

    result = a_check()

    assert [(one.order.key.order_no, one.verdict.outcome.value) for one in result.results] == [
        ("A3", "violation"),
        ("A2", "unknown"),
        ("A1", "allowed"),
    ]
    assert result.checked == 3


def test_a_reason_names_units_classes_rule_and_version_in_both_languages() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS")

    reason = a_check().results[0].reason

    for word in ("Unit TP", "Unit RS", "direct", "基幹系統の計画策定", "電力小売営業"):
        assert word in reason["ja"]
    for word in ("Unit TP", "Unit RS", "direct", "version 1", "trunk grid planning", "retail sales"):
        assert word in reason["en"]
    assert "?" not in reason["ja"] + reason["en"]


def test_the_words_of_the_rule_and_of_further_rules_stand_in_the_reason() -> None:
    a_rule("look", type="review", text={"ja": "業務を確かめる", "en": "Look at the work"})
    a_rule("zone", text={"ja": "直接の異動を控える", "en": "No direct move"})
    models.Rule.objects.filter(rule_id="direct").delete()
    a_person("P1", "TP")
    an_order("P1", "RS")

    reason = a_check().results[0].reason

    assert "直接の異動を控える。" in reason["ja"]
    assert reason["ja"].endswith("このほかに該当する規則：look。")
    assert "No direct move. " in reason["en"]
    assert reason["en"].endswith("Other rules that apply: look.")


def test_the_same_check_twice_keeps_one_verdict_and_writes_an_entry_each_time() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS")

    a_check()
    a_check()

    assert models.Screening.objects.count() == 1
    entries = [json.loads(bytes(one.leaf)) for one in models.LedgerEntry.objects.filter(kind="verdicts.kept")]
    assert [entry["facts"]["changed"] for entry in entries] == [1, 0]
    assert entries[0]["facts"]["violation"] == 1


def test_a_verdict_that_changes_is_kept_beside_the_old_one() -> None:
    a_person("P1", "N?")
    an_order("P1", "RS")
    a_check()
    models.Unit.objects.filter(code="N?").update(superseded_at=MAY)
    models.Unit.objects.create(code="N?", name="N?", company="NW", classes="none", start=make.LONG_AGO, recorded_at=MAY)

    a_check(now=MAY)

    assert list(models.Screening.objects.order_by("id").values_list("outcome", flat=True)) == ["unknown", "allowed"]
    assert outcomes(a_check(now=MAY, known_at=MARCH)) == {"A1": "unknown"}


def test_a_check_of_what_was_known_in_the_past_keeps_nothing() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS")

    a_check(now=MAY, known_at=MARCH)

    assert not models.Screening.objects.exists()
    assert not models.Finding.objects.exists()


def test_two_drafts_of_one_day_are_judged_as_one_move_and_do_not_touch_the_final_order() -> None:
    a_person("P1", "TP")
    an_order("P1", "NG", no="A1", status="draft", sequence=1)
    an_order("P1", "RS", no="A2", status="draft", sequence=2)
    a_person("P2", "TP")
    an_order("P2", "NG", no="A3")
    an_order("P2", "RS", no="A4", status="draft")

    assert outcomes(a_check()) == {"A1": "violation", "A2": "violation", "A3": "allowed", "A4": "violation"}


def test_a_cancelled_order_is_not_checked_and_a_corrected_one_as_corrected() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS", no="A1")
    an_order("P1", "", no="A2", kind=T.CANCEL, supersedes="A1")
    a_person("P2", "TP")
    an_order("P2", "RS", no="A3")
    an_order("P2", "NG", no="A4", kind=T.CORRECT, supersedes="A3")

    assert outcomes(a_check()) == {"A4": "allowed"}


def test_verdicts_of_orders_that_do_not_count_say_nothing_against_them() -> None:
    a_person("P1", "TP")
    cancelled = an_order("P1", "RS", no="A1")
    an_order("P1", "", no="A2", kind=T.CANCEL, supersedes="A1")
    asked = orders(known_at=MARCH, statuses=[OrderStatus.FINAL])

    said = screening.verdicts(orders=asked, known_at=MARCH)

    assert said[cancelled].outcome is Outcome.ALLOWED
    assert said[cancelled].code == "screening.not_in_force"


def test_verdicts_keep_nothing() -> None:
    a_person("P1", "TP")
    order_id = an_order("P1", "RS")
    asked = orders(known_at=MARCH, statuses=[OrderStatus.FINAL])

    assert screening.verdicts(orders=asked, known_at=MARCH)[order_id].outcome is Outcome.VIOLATION
    assert not models.Screening.objects.exists()
    assert not models.LedgerEntry.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_orders() -> None:
    def queries(count: int) -> int:
        asked = orders(known_at=MARCH, statuses=[OrderStatus.FINAL])
        assert len(asked) == count
        with CaptureQueriesContext(connection) as captured:
            screening.verdicts(orders=asked, known_at=MARCH)
        return len(captured)

    a_person("P0", "TP")
    an_order("P0", "RS", no="A0")
    few = queries(1)
    for number in range(1, 30):
        a_person(f"P{number}", "TP")
        an_order(f"P{number}", "RS", no=f"A{number}")
    assert queries(30) == few


def test_a_final_order_that_took_effect_unchecked_is_a_finding_once() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS")

    first = a_check(now=MAY)
    second = a_check(now=MAY)

    assert len(first.raised) == 1
    assert first.raised[0].startswith("unscreened_final:")
    assert second.raised == ()
    assert models.LedgerEntry.objects.filter(kind="finding.raised").count() == 1


def test_a_final_order_checked_before_its_day_is_no_finding() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS")
    a_check(now=MARCH)

    assert a_check(now=MAY).raised == ()


def test_a_final_order_checked_as_a_draft_is_no_finding() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS", status="draft")
    a_check(now=MARCH)
    models.Order.objects.update(superseded_at=make.at("2024-03-20"))
    an_order("P1", "RS", at=make.at("2024-03-20"))

    assert a_check(now=MAY).raised == ()


def test_history_that_came_in_before_the_first_check_is_no_finding_and_a_late_order_after_it_is() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS", no="A1", on="2024-02-01")
    assert a_check(now=MARCH).raised == ()
    a_person("P2", "NG")
    late = an_order("P2", "RS", no="A2", on="2024-02-01", at=make.at("2024-03-20"))

    assert a_check(now=MAY).raised == (f"unscreened_final:{late}",)


def test_an_order_of_the_time_before_this_home_is_no_finding() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS", on="2022-04-01")

    assert a_check(now=MAY).raised == ()


def test_an_advance_notice_is_seen_by_hr_and_compliance_only_until_its_release() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS", no="A1", status="draft", release_at=make.at("2024-03-20"))
    a_person("P2", "NG")
    an_order("P2", "RS", no="A2")
    before, after = MARCH, make.at("2024-03-21")

    assert set(outcomes(a_check(an_actor(Role.COMPLIANCE), before))) == {"A1", "A2"}
    assert set(outcomes(a_check(an_actor(Role.HR), before))) == {"A1", "A2"}
    auditor = an_actor(Role.EMPLOYEE, person="P1")
    with pytest.raises(NotVisible):
        a_check(auditor, before)
    cross = an_actor(Role.CROSS_SIDE)
    assert set(outcomes(a_check(cross, after))) == {"A1", "A2"}


def test_hr_of_one_side_sees_the_moves_that_touch_its_side() -> None:
    a_unit("R2", "AF", "none")
    a_person("P1", "RS", company="AF")
    an_order("P1", "R2", no="A1")
    a_person("P2", "TP")
    an_order("P2", "RS", no="A2")

    seen = a_check(an_actor(Role.HR, NETWORK))

    assert outcomes(seen) == {"A2": "violation"}
    assert seen.checked == 1


def test_somebody_without_a_role_checks_nothing() -> None:
    with pytest.raises(NotVisible):
        a_check(Actor("nobody"))
    assert not models.LedgerEntry.objects.exists()


def test_nobody_waits_while_orders_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    a_person("P1", "TP")
    an_order("P1", "RS")
    within = []
    verdict = World.verdict

    def watched(world: World, order: Order, **how: Any) -> Verdict:
        within.append(len(connection.savepoint_ids))
        return verdict(world, order, **how)

    monkeypatch.setattr(World, "verdict", watched)
    outside = len(connection.savepoint_ids)
    a_check()
    assert set(within) == {outside}, "no transaction of the check's own is open"


def test_an_order_that_comes_in_while_others_are_judged_is_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    a_person("P1", "TP")
    a_person("P2", "TP")
    an_order("P1", "RS", no="A1")
    unscreened = screening._unscreened
    come: list[str] = []

    def meanwhile(*of: Any) -> Any:
        if not come:
            come.append("A2")
            an_order("P2", "RS", no="A2")
        return unscreened(*of)

    monkeypatch.setattr(screening, "_unscreened", meanwhile)
    assert {one.order.key.order_no for one in a_check().results} == {"A1", "A2"}
    assert models.Screening.objects.count() == 2


def test_a_check_in_whose_way_something_always_comes_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    a_person("P1", "TP")
    an_order("P1", "RS", no="A0")
    unscreened = screening._unscreened
    numbers = iter(range(1, 100))

    def meanwhile(*of: Any) -> Any:
        an_order("P1", "RS", no=f"A{next(numbers)}")
        return unscreened(*of)

    monkeypatch.setattr(screening, "_unscreened", meanwhile)
    a_check()
    assert next(numbers) == screening_records.TRIES + 2
    assert models.Screening.objects.exists()
