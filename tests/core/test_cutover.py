"""What may run, in which order, and what a re-read decides."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutovers as make
from sekisho.core import cutover
from sekisho.core.cutover import Done, Refused, Run
from sekisho.core.guards import SHRUNK
from sekisho.core.kinds import Action, PersonId
from sekisho.core.plans import GuardResult, Operation

OPERATIONS = st.lists(
    st.builds(
        make.operation,
        person=st.sampled_from(["P1", "P2", "P3", "P4"]),
        action=st.sampled_from([Action.REVOKE, Action.GRANT]),
        entitlement=st.sampled_from(["a", "b", "c", "d", "e"]),
    ),
    unique_by=lambda one: one.id,
    max_size=30,
)


def test_a_plan_is_not_carried_out_before_its_day() -> None:
    plan = make.plan([make.operation()])
    with pytest.raises(cutover.NotYet):
        cutover.check_due(plan, ["second"], required=1, now=plan.as_of - timedelta(seconds=1))
    cutover.check_due(plan, ["second"], required=1, now=plan.as_of)


def test_a_plan_is_not_carried_out_from_its_expiry_on() -> None:
    plan = make.plan([make.operation()])
    with pytest.raises(cutover.Expired):
        cutover.check_due(plan, ["second"], required=1, now=plan.expires_at)


@pytest.mark.parametrize("approvers", [[], ["planner"], ["planner", "planner"]])
def test_the_planner_never_counts_as_an_approver(approvers: list[str]) -> None:
    with pytest.raises(cutover.Unapproved):
        cutover.check_due(make.plan([make.operation()]), approvers, required=1, now=make.NOW)


def test_one_person_counts_once_however_often_they_approve() -> None:
    with pytest.raises(cutover.Unapproved):
        cutover.check_due(make.plan([make.operation()]), ["second", "second"], required=2, now=make.NOW)


def held(guard: GuardResult, operations: list[Operation], given: int = 1) -> set[str]:
    return set(cutover.held_by_guards(make.plan(operations, guards=[guard]), given=given, required=1))


def test_a_guard_holds_what_it_names_and_one_more_approval_lifts_it() -> None:
    one, two = make.operation("P1"), make.operation("P2")
    guard = GuardResult("manifest", "hold", "plans.guard_manifest_hold", persons=(PersonId("P2"),))
    assert held(guard, [one, two]) == {two.id}
    assert held(guard, [one, two], given=2) == set()


def test_no_approval_lifts_a_hold_on_a_protected_account() -> None:
    one, two = make.operation("P1"), make.operation("P2")
    guard = GuardResult("protected_account", "hold", "plans.guard_protected_account_hold", accounts=(("nw", "p1"),))
    assert held(guard, [one, two], given=5) == {one.id}


def test_a_distrusted_source_holds_everything_on_its_system() -> None:
    one, other = make.operation("P1"), make.grant("P1")
    guard = GuardResult("source", "hold", "plans.guard_source_hold", systems=("nw",))
    assert held(guard, [one, other], given=5) == {one.id}


def test_one_more_approval_lets_a_shrunken_source_run() -> None:
    one, other = make.operation("P1"), make.grant("P1")
    guard = GuardResult("source", "hold", SHRUNK, systems=("nw",))
    assert held(guard, [one, other]) == {one.id}
    assert held(guard, [one, other], given=2) == set()


def test_the_last_holder_stays_but_others_may_join() -> None:
    gone, come = make.operation("P1"), make.operation("P2", Action.GRANT)
    guard = GuardResult("last_member", "hold", "plans.guard_last_member_hold", entitlements=(("nw", "view"),))
    assert held(guard, [gone, come]) == {gone.id}


def test_a_guard_that_warns_holds_nothing() -> None:
    guard = GuardResult("last_member", "warn", "plans.guard_last_member_warn", entitlements=(("nw", "view"),))
    assert held(guard, [make.operation()]) == set()


@given(OPERATIONS, st.integers(1, 7), st.booleans())
def test_batches_hold_every_operation_once_and_none_is_too_large(
    operations: list[Operation], size: int, group_major: bool
) -> None:
    batches = list(cutover.batches(operations, batch_size=size, group_major=group_major))
    assert sorted(one.id for batch in batches for one in batch) == sorted(one.id for one in operations)
    assert all(0 < len(batch) <= size for batch in batches)


@given(OPERATIONS, st.booleans())
def test_a_person_that_fits_stays_in_one_batch(operations: list[Operation], group_major: bool) -> None:
    batches = list(cutover.batches(operations, batch_size=10, group_major=group_major))
    for person in {one.person_id for one in operations}:
        assert sum(any(one.person_id == person for one in batch) for batch in batches) == 1


@given(OPERATIONS)
def test_a_group_is_changed_in_one_go_where_the_target_gains_by_it(operations: list[Operation]) -> None:
    for batch in cutover.batches(operations, batch_size=100, group_major=True):
        names = [one.entitlement for one in batch]
        assert names == sorted(names)


@pytest.mark.parametrize(
    ("action", "there", "gone"),
    [
        (Action.REVOKE, make.state("p1", "other"), make.state("p1", "view")),
        (Action.GRANT, make.state("p1", "view"), make.state("p1")),
        (Action.DISABLE, make.state("p1", active=False), make.state("p1")),
        (Action.ENABLE, make.state("p1"), make.state("p1", active=False)),
    ],
)
def test_a_state_that_is_there_is_not_set_again(
    action: Action, there: make.AccountState, gone: make.AccountState
) -> None:
    one = make.operation(action=action)
    assert cutover.decide(one, there, touched=False) == Done()
    assert cutover.decide(one, gone, touched=False) == Run()


def test_taking_from_an_account_that_is_gone_is_done_and_giving_to_it_is_refused() -> None:
    assert cutover.decide(make.operation(), None, touched=False) == Done()
    refused = cutover.decide(make.operation(action=Action.GRANT), None, touched=False)
    assert refused == Refused("cutover.no_account")


def test_a_changed_account_is_given_nothing_but_still_loses_what_was_approved() -> None:
    changed = make.state("p1", "view", version="8")
    assert cutover.decide(make.operation(version="7"), changed, touched=False) == Run("8")
    giving = make.operation(action=Action.GRANT, entitlement="more", version="7")
    assert cutover.decide(giving, changed, touched=False) == Refused("cutover.stale")


def test_a_version_that_this_plan_moved_itself_is_not_stale() -> None:
    giving = make.operation(action=Action.GRANT, entitlement="more", version="7")
    assert cutover.decide(giving, make.state("p1", version="8"), touched=True) == Run("8")


def test_what_may_have_been_sent_and_cannot_be_read_waits_for_a_person() -> None:
    one = make.operation()
    refused = cutover.decide_unreadable(one, sent_before=True, read_back=False)
    assert refused == Refused("cutover.unconfirmed")
    assert cutover.decide_unreadable(one, sent_before=False, read_back=False) == Run()


def test_the_breaker_opens_when_most_fails_and_not_for_single_failures() -> None:
    assert not cutover.breaker_open(failed=19, attempted=19)
    assert not cutover.breaker_open(failed=20, attempted=40)
    assert cutover.breaker_open(failed=21, attempted=40)
