"""Builders for tests of the cutover: operations, plans, guards."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sekisho.core.access import AccountState, Reading
from sekisho.core.kinds import AFFILIATE, NETWORK, Action, PersonId, Side
from sekisho.core.parts import Head, build, written
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan, Precondition

__all__ = ["datetime", "written"]

AS_OF = datetime(2024, 3, 31, 15, tzinfo=UTC)
"""00:00 on 1 April 2024 in Tokyo."""
NOW = AS_OF + timedelta(minutes=5)


def operation(
    person: str = "P1",
    action: Action = Action.REVOKE,
    entitlement: str = "view",
    *,
    system: str = "nw",
    side: Side = NETWORK,
    protected: bool = True,
    version: str = "",
) -> Operation:
    return Operation(
        id=f"{person}-{system}-{action.value}-{entitlement}",
        person_id=PersonId(person),
        account=person.lower(),
        side=side,
        system=system,
        action=action,
        entitlement=entitlement,
        protected=protected,
        because=("unit:A",),
        precondition=Precondition(present=action.phase == 1, version=version),
    )


def grant(person: str = "P1", entitlement: str = "sell", system: str = "ep", side: Side = AFFILIATE) -> Operation:
    return operation(person, Action.GRANT, entitlement, system=system, side=side)


def plan(
    operations: Iterable[Operation], *, held: Iterable[HeldGrant] = (), guards: Iterable[GuardResult] = ()
) -> Plan:
    head = Head(
        as_of=AS_OF,
        known_at=AS_OF,
        planned_by="planner",
        planned_at=AS_OF - timedelta(days=3),
        expires_at=AS_OF + timedelta(days=7),
        reads=(),
        guards=tuple(guards),
        unknown_systems=(),
    )
    return build(head, operations, held)


def state(account: str, *entitlements: str, active: bool = True, version: str = "") -> AccountState:
    return AccountState(account, active, frozenset(entitlements), version)


def reading(system: str, *states: AccountState, complete: bool = True) -> Reading:
    return Reading(system, NOW, {one.account: one for one in states}, complete, "digest")
