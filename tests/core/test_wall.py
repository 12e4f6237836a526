"""Law 1: never both sides."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutovers as make
from sekisho.core.access import Catalogue, Entitlement, Reading, System, Unread
from sekisho.core.kinds import AFFILIATE, NETWORK, Ownership, PersonId, Side
from sekisho.core.wall import Go, Held, Wall, law1_gate, protected_by_side, wanted_on_both_sides

P1 = PersonId("P1")
WALL = Wall(
    protected={NETWORK: {"nw": frozenset({"view"})}, AFFILIATE: {"ep": frozenset({"sell"})}},
    accounts={(P1, "nw"): ["p1", "p1-old"], (P1, "ep"): ["p1"]},
)


def gate(
    readings: Mapping[str, Reading | Unread],
    wall: Wall = WALL,
    revoked_at: Mapping[tuple[PersonId, str], datetime] | None = None,
) -> Go | Held:
    return law1_gate(P1, AFFILIATE, wall, readings=readings, revoked_at=revoked_at or {}, now=make.NOW)


def test_a_grant_runs_when_the_other_side_is_read_as_empty() -> None:
    assert gate({"nw": make.reading("nw", make.state("p1", "neutral"))}) == Go()


@pytest.mark.parametrize("account", ["p1", "p1-old"])
def test_a_grant_is_held_while_any_account_of_the_person_holds_the_other_side(account: str) -> None:
    found = gate({"nw": make.reading("nw", make.state(account, "view"))})
    assert found == Held("cutover.other_side_present", "nw")


@pytest.mark.parametrize(
    "readings",
    [{}, {"nw": Unread("nw", make.NOW, "connectors.unreachable")}, {"nw": make.reading("nw", complete=False)}],
    ids=["never read", "no answer", "incomplete"],
)
def test_a_side_that_was_not_read_completely_confirms_nothing(readings: Mapping[str, Reading | Unread]) -> None:
    assert gate(readings) == Held("cutover.other_side_unread", "nw")


def test_a_person_without_an_account_on_the_other_side_has_nothing_there() -> None:
    wall = Wall(WALL.protected, {(P1, "ep"): ["p1"]})
    assert gate({}, wall) == Go()


def test_a_residue_holds_the_grant_until_it_has_run_out() -> None:
    wall = Wall(WALL.protected, WALL.accounts, {"nw": 600})
    read = {"nw": make.reading("nw", make.state("p1"))}
    recently, long_ago = make.NOW - timedelta(seconds=599), make.NOW - timedelta(seconds=600)
    until = recently + timedelta(seconds=600)
    assert gate(read, wall, {(P1, "nw"): recently}) == Held("cutover.residue", "nw", until)
    assert gate(read, wall, {(P1, "nw"): long_ago}) == Go()


def test_an_exception_covers_the_pair() -> None:
    wall = Wall(WALL.protected, WALL.accounts, exempt={P1: frozenset({frozenset({NETWORK, AFFILIATE})})})
    assert gate({"nw": make.reading("nw", make.state("p1", "view"))}, wall) == Go()


def test_an_exception_for_two_sides_covers_nothing_of_a_third() -> None:
    third = Side("generation")
    protected = {**WALL.protected, third: {"gen": frozenset({"plan"})}}
    accounts = {**WALL.accounts, (P1, "gen"): ["p1"]}
    wall = Wall(protected, accounts, exempt={P1: frozenset({frozenset({NETWORK, AFFILIATE})})})
    network, gone = make.reading("nw", make.state("p1", "view")), make.reading("gen", make.state("p1"))
    assert gate({"nw": network, "gen": gone}, wall) == Go()
    there = make.reading("gen", make.state("p1", "plan"))
    assert gate({"nw": network, "gen": there}, wall) == Held("cutover.other_side_present", "gen")
    assert wanted_on_both_sides([(P1, NETWORK), (P1, AFFILIATE)], wall) == frozenset()
    assert wanted_on_both_sides([(P1, NETWORK), (P1, third)], wall) == frozenset({P1})


def test_what_sekisho_does_not_own_or_has_no_side_is_outside_the_law() -> None:
    systems = {"nw": System("nw", "nw", NETWORK, True, "memory"), "mail": System("mail", "mail", None, True, "memory")}
    rows = [
        Entitlement("nw", "view", NETWORK, True, Ownership.ADDITIVE),
        Entitlement("nw", "theirs", NETWORK, True, Ownership.IGNORED),
        Entitlement("nw", "portal", NETWORK, False, Ownership.AUTHORITATIVE),
        Entitlement("mail", "box", None, True, Ownership.AUTHORITATIVE),
    ]
    catalogue = Catalogue(systems, {row.key: row for row in rows})
    assert protected_by_side(catalogue) == {NETWORK: {"nw": frozenset({"view"})}}


def test_one_run_that_would_give_both_sides_gives_neither() -> None:
    grants = [(P1, NETWORK), (P1, AFFILIATE), (PersonId("P2"), NETWORK)]
    assert wanted_on_both_sides(grants, WALL) == frozenset({P1})


@given(
    held=st.sets(st.sampled_from(["view", "neutral"])),
    complete=st.booleans(),
    exempt=st.booleans(),
)
def test_no_grant_goes_while_the_other_side_may_be_held(held: set[str], complete: bool, exempt: bool) -> None:
    wall = Wall(
        WALL.protected, WALL.accounts, exempt={P1: frozenset({frozenset({NETWORK, AFFILIATE})})} if exempt else {}
    )
    verdict = gate({"nw": make.reading("nw", make.state("p1", *held), complete=complete)}, wall)
    assert isinstance(verdict, Go) == (exempt or (complete and "view" not in held))
