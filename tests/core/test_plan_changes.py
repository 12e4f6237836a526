"""What changed between two plans: nothing where both would do the same, and everything that they would do otherwise."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutovers as make
from sekisho.core.plan_changes import ChangeKind, changes, same
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan

EVERY = [one for person in ("P1", "P2", "P3") for one in (make.operation(person, version="1"), make.grant(person))]
some = st.lists(st.sampled_from(EVERY), unique_by=lambda one: one.id)


def plan(*operations: Operation, held: tuple[HeldGrant, ...] = ()) -> Plan:
    return make.plan(operations, held=held)


def kinds(former: Plan | None, later: Plan) -> list[str]:
    return [one.kind.value for one in changes(former, later)]


@given(some, some)
def test_the_changes_lead_from_the_former_to_the_later_and_are_empty_only_between_equals(
    before: list[Operation], after: list[Operation]
) -> None:
    former, later = plan(*before), plan(*after)
    found = changes(former, later)
    added = sum(one.kind is ChangeKind.ADDED for one in found)
    removed = sum(one.kind is ChangeKind.REMOVED for one in found)
    ids = {one.id for one in before}, {one.id for one in after}
    assert (added, removed) == (len(ids[1] - ids[0]), len(ids[0] - ids[1]))
    assert same(former, later) == (ids[0] == ids[1])
    assert len(changes(later, former)) == len(found)


def test_against_no_plan_everything_is_added() -> None:
    assert kinds(None, plan(*EVERY)) == ["added"] * len(EVERY)


def test_only_what_gives_needs_a_new_approval() -> None:
    found = changes(plan(), plan(make.operation("P1"), make.grant("P1")))
    assert [one.needs_approval for one in found] == [one.action.phase == 2 for one in found]
    assert {one.needs_approval for one in found} == {True, False}


def test_an_account_that_was_touched_renews_the_operation() -> None:
    assert kinds(plan(make.operation("P1", version="1")), plan(make.operation("P1", version="2"))) == ["renewed"]


def test_a_grant_that_waits_now_is_one_change_not_two() -> None:
    grant = make.grant("P1")
    waiting = HeldGrant(grant.person_id, grant.side, grant.system, grant.entitlement, "plans.held_violation", "O-1")
    assert kinds(plan(grant), plan(held=(waiting,))) == ["held"]
    assert kinds(plan(held=(waiting,)), plan(grant)) == ["added"]
    assert kinds(plan(held=(waiting,)), plan()) == ["released"]
    assert kinds(plan(held=(waiting,)), plan(held=(replace(waiting, order_no="O-2"),))) == ["held"]


@pytest.mark.parametrize("other", [{"unknown_systems": ("x",)}, {"guards": (GuardResult("manifest", "hold", "c"),)}])
def test_another_outcome_of_the_checks_is_another_plan_though_nothing_changes_for_anybody(
    other: dict[str, object],
) -> None:
    former = plan(*EVERY)
    later = replace(former, **other)  # type: ignore[arg-type]  # two fields of the plan
    assert changes(former, later) == ()
    assert not same(former, later)


def test_a_reason_and_a_read_are_no_change() -> None:
    former = plan(make.operation("P1"))
    later = plan(replace(make.operation("P1"), because=("another",)))
    assert same(former, replace(later, planned_by="somebody else"))
