"""Grouping a plan and choosing from it: nothing lost, the odd first, each filter by itself."""

from datetime import timedelta

import make
from sekisho.core import plan_groups
from sekisho.core.kinds import AFFILIATE, NETWORK, Action, PersonId, Side
from sekisho.core.parts import Head, build
from sekisho.core.plan_groups import Only, Wanted, Way
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan, Precondition

AT = make.at("2024-04-01")


def operation(person: str, side: Side, system: str, action: Action, name: str, *, restores: bool = False) -> Operation:
    return Operation(
        id=f"{person}{system}{name}{action.value}",
        person_id=PersonId(person),
        account=f"a{person}",
        side=side,
        system=system,
        action=action,
        entitlement=name,
        protected=True,
        because=("not_wanted",),
        precondition=Precondition(present=action is Action.REVOKE),
        restores=restores,
    )


def plan() -> Plan:
    operations = (
        operation("A", NETWORK, "ops", Action.REVOKE, "console"),
        operation("A", AFFILIATE, "sales", Action.GRANT, "desk"),
        operation("B", NETWORK, "ops", Action.REVOKE, "view"),
        operation("B", NETWORK, "ops", Action.GRANT, "console", restores=True),
    )
    held = (HeldGrant(PersonId("C"), AFFILIATE, "sales", "desk", "plans.held_violation", "O-1"),)
    guards = (
        GuardResult("manifest", "hold", "plans.guard_manifest_hold", persons=(PersonId("B"),)),
        GuardResult("source", "ok", "plans.guard_source_ok", systems=("ops",)),
    )
    head = Head(as_of=AT, known_at=AT, planned_by="x", planned_at=AT, expires_at=AT + timedelta(days=7), guards=guards)
    return build(head, operations, held)


def chosen(way: Way, **words: object) -> list[tuple[str, ...]]:
    shown = plan()
    wanted = Wanted(**words)  # type: ignore[arg-type]  # words of the test's own
    return [one.key for one in plan_groups.chosen(plan_groups.groups(shown, way), wanted, plan_groups.oddities(shown))]


def test_every_operation_and_held_grant_stands_in_one_group_each_way() -> None:
    for way in Way:
        found = plan_groups.groups(plan(), way)
        assert sum(len(one.operations) for one in found) == 4
        assert sum(len(one.held) for one in found) == 1


def test_what_a_guard_names_comes_first_and_a_guard_that_is_fine_names_nothing_odd() -> None:
    assert [one.key for one in plan_groups.groups(plan(), Way.PERSON)] == [("B",), ("A",), ("C",)]
    assert [one.is_odd for one in plan_groups.groups(plan(), Way.PERSON)] == [True, False, False]


def test_the_numbers_are_of_what_is_shown() -> None:
    found = plan_groups.numbers(plan())
    assert (found.persons, found.operations, found.taken, found.given) == (2, 4, 2, 2)
    assert (found.held, found.restored, found.odd) == (1, 1, 2)


def test_each_filter_by_itself() -> None:
    assert chosen(Way.PERSON, side=AFFILIATE) == [("A",), ("C",)]
    assert chosen(Way.PERSON, system="ops") == [("B",), ("A",)]
    assert chosen(Way.PERSON, only=Only.ODD) == [("B",)]
    assert chosen(Way.PERSON, only=Only.HELD) == [("C",)]
    assert chosen(Way.PERSON, only=Only.RESTORED) == [("B",)]
    assert chosen(Way.PERSON, words=("console",)) == [("B",), ("A",)]
    assert chosen(Way.PERSON, words=("yamada",), persons={PersonId("C")}) == [("C",)]
    assert chosen(Way.SYSTEM, only=Only.ODD) == [(NETWORK, "ops")]
    assert chosen(Way.PERSON, words=("nobody",)) == []


def test_held_grants_stand_by_their_reason() -> None:
    ((code, grants),) = plan_groups.held_by_reason(plan())
    assert (code, [one.person_id for one in grants]) == ("plans.held_violation", ["C"])
