"""Carrying an approved plan out: what may run, in which order, and what a re-read decides. 切替.

Here: pure decisions about operations and batches. Not here: leases, journals and connectors
(`services.cutover`), how a plan comes to be (`planning`), the wall between the sides (`wall`).

The life of one operation (`OperationState`)::

    planned ─→ intended ─→ applied | already | failed | unknown
       └─────→ held                    (nothing was sent)

`intended` is written before the call and its outcome after it, so that whoever finds `intended`
knows only that the call may have happened: a re-read decides (law 5). `held`, `failed` and `unknown`
are looked at again by the next run; `applied` and `already` are final.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sekisho.core.access import AccountState
from sekisho.core.errors import SekishoError
from sekisho.core.guards import SHRUNK
from sekisho.core.kinds import Action, OperationState
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan

DONE = frozenset({OperationState.APPLIED, OperationState.ALREADY})
"""States that no run changes again."""

LIFTED_BY_APPROVAL = frozenset({"manifest", "group_share"})
"""Guards that one approval more than required lifts, as it does a read that shrank; all else waits for a new plan."""

BREAKER_LEAST = 20
"""Failures on one system in one run below which the breaker stays closed."""


class NotYet(SekishoError):
    """The day of the plan has not come."""


class Expired(SekishoError):
    """The plan is too old to be carried out."""


class Unapproved(SekishoError):
    """Too few people other than the planner have approved the plan's hash."""


@dataclass(frozen=True, slots=True)
class Run:
    """Send the operation; `version` is what the target is to check, "" for nothing."""

    version: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The state that the operation sets is there already."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The operation does not run: its precondition no longer holds, or its account is missing."""

    code: str


Decision = Run | Done | Refused


def check_due(plan: Plan, approvers: Collection[str], *, required: int, now: datetime) -> None:
    """Let a plan pass that is due, not expired and approved.

    The planner never counts among the approvers (law 13).

    Raises:
        NotYet: before `as_of`.
        Expired: at or after `expires_at`.
        Unapproved: fewer approvals than required.
    """
    if now < plan.as_of:
        raise NotYet("cutover.not_yet", {"as_of": plan.as_of.isoformat()})
    if now >= plan.expires_at:
        raise Expired("cutover.expired", {"expires_at": plan.expires_at.isoformat()})
    given = approvals(plan, approvers)
    if given < required:
        raise Unapproved("cutover.unapproved", {"sha256": plan.sha256, "given": given, "required": required})


def approvals(plan: Plan, approvers: Collection[str]) -> int:
    """Return how many different people other than the planner approved."""
    return len(set(approvers) - {plan.planned_by})


def held_by_guards(plan: Plan, *, given: int, required: int) -> dict[str, str]:
    """Return the operations that a guard holds, each with the code that says so of one operation.

    A guard names persons, systems, entitlements and accounts; an operation is held if it lies in all that the
    guard names, and a guard that names nothing holds everything. The last holder of an entitlement may
    be joined by others, so that guard holds what takes away only.
    """
    holding = [guard for guard in plan.guards if guard.state == "hold" and not (_liftable(guard) and given > required)]
    return {
        operation.id: "cutover.guard_source_shrunk" if guard.code == SHRUNK else f"cutover.guard_{guard.id}"
        for operation in operations(plan)
        for guard in reversed(holding)
        if _names(guard, operation)
    }


def _liftable(guard: GuardResult) -> bool:
    return guard.id in LIFTED_BY_APPROVAL or guard.code == SHRUNK


def operations(plan: Plan) -> tuple[Operation, ...]:
    """Return every operation of the plan, part by part."""
    return tuple(operation for part in plan.parts for operation in part.operations)


def held_grants(plan: Plan) -> tuple[HeldGrant, ...]:
    """Return the grants that the plan itself holds."""
    return tuple(held for part in plan.parts for held in part.held)


def batches(
    todo: Iterable[Operation], *, batch_size: int, group_major: bool = False
) -> Iterator[tuple[Operation, ...]]:
    """Cut the operations of one system and one phase into batches, in the order to send them.

    A person's operations stay in one batch, so that each person gets one outcome entry; only someone
    with more operations than `batch_size` is cut. Inside a batch the order is by person, or by
    entitlement where one change of a group carries many members.
    """
    waiting: list[Operation] = []
    for mine in _by_person(todo):
        if waiting and len(waiting) + len(mine) > batch_size:
            yield _in_order(waiting, group_major=group_major)
            waiting = []
        waiting.extend(mine)
        while len(waiting) > batch_size:
            yield _in_order(waiting[:batch_size], group_major=group_major)
            waiting = waiting[batch_size:]
    if waiting:
        yield _in_order(waiting, group_major=group_major)


def reached(operation: Operation, seen: AccountState | None) -> bool:
    """Tell whether the state that the operation sets is there; `seen` None is an account that is not there."""
    match operation.action:
        case Action.REVOKE:
            return seen is None or operation.entitlement not in seen.entitlements
        case Action.GRANT:
            return seen is not None and operation.entitlement in seen.entitlements
        case Action.DISABLE:
            return seen is None or not seen.active
        case Action.ENABLE:
            return seen is not None and seen.active


def decide(operation: Operation, seen: AccountState | None, *, touched: bool) -> Decision:
    """Decide what a fresh read of the account means for the operation (law 2).

    `touched` says that this plan has already sent something to the account, so that a new version is
    expected. Where the account changed otherwise, a revocation still runs, because less access was
    approved whatever else happened; giving never does.
    """
    if reached(operation, seen):
        return Done()
    if seen is None:
        return Refused("cutover.no_account")
    planned = operation.precondition.version
    if planned and seen.version != planned and not touched and operation.phase == 2:
        return Refused("cutover.stale")
    return Run(seen.version if planned else "")


def decide_unreadable(operation: Operation, *, sent_before: bool, read_back: bool) -> Decision:
    """Decide without a read: a target that checks by itself, or one that cannot be read back.

    What may have been sent once to a target that shows no effects is not sent again: it waits for a person.
    """
    if sent_before and not read_back:
        return Refused("cutover.unconfirmed")
    return Run(operation.precondition.version)


def breaker_open(*, failed: int, attempted: int) -> bool:
    """Tell whether so much of what was sent to a system failed that the rest must wait for a person."""
    return failed >= BREAKER_LEAST and failed * 2 > attempted


def count(states: Mapping[str, OperationState]) -> dict[OperationState, int]:
    """Return how many operations ended in each state."""
    counted = dict.fromkeys(OperationState, 0)
    for state in states.values():
        counted[state] += 1
    return counted


def _names(guard: GuardResult, operation: Operation) -> bool:
    return (
        (not guard.persons or operation.person_id in guard.persons)
        and (not guard.systems or operation.system in guard.systems)
        and (not guard.entitlements or (operation.system, operation.entitlement) in guard.entitlements)
        and (guard.id != "last_member" or operation.phase == 1)
        and (not guard.accounts or (operation.system, operation.account) in guard.accounts)
    )


def _by_person(todo: Iterable[Operation]) -> list[list[Operation]]:
    people: dict[str, list[Operation]] = {}
    for operation in sorted(todo, key=lambda one: (one.person_id, one.account, one.entitlement, one.id)):
        people.setdefault(operation.person_id, []).append(operation)
    return list(people.values())


def _in_order(batch: list[Operation], *, group_major: bool) -> tuple[Operation, ...]:
    if group_major:
        return tuple(sorted(batch, key=lambda one: (one.entitlement, one.account, one.id)))
    return tuple(batch)
