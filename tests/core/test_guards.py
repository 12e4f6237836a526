"""The guards over a whole plan."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from sekisho.core.access import AccountLink, AccountState, Catalogue, Reading, System, Unread
from sekisho.core.cutover import held_by_guards
from sekisho.core.guards import SHRUNK, Before, GuardFacts, judge
from sekisho.core.kinds import Action, PersonId, Side
from sekisho.core.parts import Head, build
from sekisho.core.periods import Period
from sekisho.core.plans import GuardResult, Operation, Precondition

T = datetime(2026, 4, 1, tzinfo=UTC)


def reading(accounts: int = 20, holders: int = 20, *, complete: bool = True) -> Reading:
    states = {f"p{n}": AccountState(f"p{n}", True, frozenset({"read"} if n < holders else ())) for n in range(accounts)}
    return Reading("cis", T, states, complete, "d")


def facts(one: Reading | Unread | None = None, **rest: object) -> GuardFacts:
    known = Catalogue({"cis": System("cis", "cis", Side("network"), True, "memory")}, {})
    return GuardFacts(catalogue=known, readings={"cis": one or reading()}, **rest)


def operations(number: int, action: Action = Action.REVOKE, first: int = 0) -> list[Operation]:
    return [
        Operation(
            f"{action.value}{n}", PersonId(f"P{n}"), f"p{n}", Side("network"), "cis", action, "read", True, (),
            Precondition(True),
        )
        for n in range(first, first + number)
    ]  # fmt: skip


def guard(name: str, some: list[Operation], known: GuardFacts) -> GuardResult:
    return next(one for one in judge(some, known) if one.id == name)


def test_nothing_to_do_passes_every_guard() -> None:
    assert {one.state for one in judge([], facts())} == {"ok", "absent"}


def test_without_a_signed_list_nothing_is_held() -> None:
    assert guard("manifest", operations(3), facts()).state == "absent"


def test_who_is_not_on_hrs_list_is_held_by_name() -> None:
    found = guard("manifest", operations(3), facts(expected=frozenset({PersonId("P0"), PersonId("P2")})))
    assert (found.state, found.persons) == ("hold", ("P1",))


@pytest.mark.parametrize(
    ("one", "before"),
    [
        (Unread("cis", T, "down"), None),
        (reading(complete=False), None),
        (reading(94, 94), Before(100, 94)),
        (reading(100, 94), Before(100, 100)),
        (reading(0, 0), Before(10, 10)),
    ],
)
def test_a_source_that_cannot_be_trusted_holds_its_system(one: Reading | Unread, before: Before | None) -> None:
    found = guard("source", [], facts(one, before={"cis": before} if before else {}))
    assert (found.state, found.systems) == ("hold", ("cis",))


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (Unread("cis", T, "down"), "plans.guard_source_hold"),
        (reading(94, 94, complete=False), "plans.guard_source_hold"),
        (reading(94, 94), SHRUNK),
    ],
)
def test_what_was_read_in_full_and_shrank_is_told_from_what_was_not_read(one: Reading | Unread, code: str) -> None:
    assert guard("source", [], facts(one, before={"cis": Before(100, 100)})).code == code


def test_a_source_may_shrink_by_the_allowed_share() -> None:
    assert guard("source", [], facts(reading(95, 95), before={"cis": Before(100, 100)})).state == "ok"


def test_a_first_read_without_accounts_is_distrusted_where_accounts_are_expected() -> None:
    known = facts(reading(0, 0))
    assert guard("source", [], known).state == "ok"
    link = AccountLink(PersonId("P1"), "cis", "p1", Period(date(2020, 1, 1)))
    assert guard("source", [], replace(known, catalogue=replace(known.catalogue, accounts=(link,)))).state == "hold"


def test_a_protected_account_is_held_by_system_and_account() -> None:
    known = facts()
    known = replace(known, catalogue=replace(known.catalogue, protected_accounts=frozenset({("cis", "p1")})))
    assert guard("protected_account", operations(2), known).accounts == (("cis", "p1"),)
    assert guard("protected_account", operations(1), known).state == "ok"


def test_the_last_holder_is_warned_of_and_held_only_where_it_must_stay() -> None:
    few = facts(reading(20, 2))
    assert guard("last_member", operations(1), few).state == "ok"
    assert guard("last_member", operations(2), few).state == "warn"
    assert guard("last_member", operations(2), replace(few, keep_last_member=True)).state == "hold"
    assert guard("last_member", operations(2), replace(few, never_empty={"cis"})).state == "hold"


def test_an_entitlement_that_gets_a_new_holder_is_not_emptied() -> None:
    some = [*operations(2), *operations(1, Action.GRANT, 5)]
    assert guard("last_member", some, facts(reading(20, 2))).state == "ok"


@pytest.mark.parametrize(("gone", "state"), [(6, "ok"), (7, "hold")])
def test_the_share_of_a_group_is_held_above_the_limit_only(gone: int, state: str) -> None:
    assert guard("group_share", operations(gone), facts(reading(20, 20))).state == state


def test_a_small_group_has_no_share() -> None:
    assert guard("group_share", operations(9), facts(reading(20, 9))).state == "ok"


def test_one_approval_more_lifts_the_lists_and_shares_but_not_the_protected_account() -> None:
    known = facts(expected=frozenset({PersonId("P1")}))
    known = replace(known, catalogue=replace(known.catalogue, protected_accounts=frozenset({("cis", "p1")})))
    some = operations(2)
    plan = build(Head(T, T, "alice", T, T, guards=judge(some, known)), some, [])
    assert set(held_by_guards(plan, given=1, required=1)) == {"revoke0", "revoke1"}
    assert set(held_by_guards(plan, given=2, required=1)) == {"revoke1"}


@pytest.mark.parametrize(("number", "state"), [(6, "ok"), (7, "hold")])
def test_switching_off_too_many_accounts_of_a_system_is_held(number: int, state: str) -> None:
    off = [replace(one, entitlement="") for one in operations(number, Action.DISABLE)]
    found = guard("group_share", off, facts(reading(20, 0)))
    assert (found.state, found.entitlements) == (state, (("cis", ""),) if state == "hold" else ())


def test_accounts_that_are_off_already_are_no_part_of_the_group_that_is_switched_off() -> None:
    states = {f"p{n}": AccountState(f"p{n}", n < 10, frozenset()) for n in range(40)}
    off = [replace(one, entitlement="") for one in operations(4, Action.DISABLE)]
    assert guard("group_share", off, facts(Reading("cis", T, states, True, "d"))).state == "hold"
