"""What changed between two plans for one instant: only that, person by person. 計画の変更点.

A change is an operation or a held grant that one plan has and the other has not; or one whose precondition is another,
because the account was touched meanwhile: the former plan's operation would fail there (law 2). Reads, times, names of
the planner and reasons are no change: two plans that would do the same on the same accounts are the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sekisho.core.kinds import Action, PersonId, Side
from sekisho.core.plans import HeldGrant, Operation, Plan


class ChangeKind(StrEnum):
    """How the later plan differs from the former in one thing."""

    ADDED = "added"
    REMOVED = "removed"
    RENEWED = "renewed"  # the same operation on an account that was touched since
    HELD = "held"  # a grant that waits now
    RELEASED = "released"  # one that waited, and that the later plan neither holds nor makes


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `code` and `order_no` say why a grant is held."""

    kind: ChangeKind
    side: Side
    system: str
    person_id: PersonId
    account: str
    action: Action
    entitlement: str
    code: str = ""
    order_no: str = ""

    @property
    def needs_approval(self) -> bool:
        """Tell whether it gives something that no approval of the former plan covers (law 2)."""
        return self.kind is ChangeKind.ADDED and self.action.phase == 2


_Key = tuple[Side, str, PersonId, str, str, str]
_Grant = tuple[Side, str, PersonId, str]


def changes(former: Plan | None, later: Plan) -> tuple[Change, ...]:
    """Return what is other in the later plan, by person; against no plan, everything in it is added."""
    before, after = _operations(former), _operations(later)
    was_held, is_held = _held(former), _held(later)
    given = {_grant(one) for one in after.values() if one.action is Action.GRANT}
    found = [_change(ChangeKind.ADDED, after[key]) for key in after.keys() - before.keys()]
    found += [
        _change(ChangeKind.REMOVED, before[key])
        for key in before.keys() - after.keys()
        if not (before[key].action is Action.GRANT and _grant(before[key]) in is_held)
    ]
    found += [
        _change(ChangeKind.RENEWED, after[key])
        for key in after.keys() & before.keys()
        if after[key].precondition != before[key].precondition
    ]
    found += [_waiting(ChangeKind.HELD, is_held[key]) for key in is_held if _other(is_held[key], was_held.get(key))]
    found += [_waiting(ChangeKind.RELEASED, was_held[key]) for key in was_held.keys() - is_held.keys() - given]
    return tuple(sorted(found, key=_order))


def same(former: Plan, later: Plan) -> bool:
    """Tell whether both would do the same, on what was read as well: then the former stays the one to approve."""
    return same_checks(former, later) and not changes(former, later)


def same_checks(former: Plan, later: Plan) -> bool:
    """Tell whether the guards came out alike and the same systems could not be read."""
    return former.unknown_systems == later.unknown_systems and _guards(former) == _guards(later)


def _guards(plan: Plan) -> Mapping[str, str]:
    return {guard.id: guard.state for guard in plan.guards}


def _operations(plan: Plan | None) -> dict[_Key, Operation]:
    parts = plan.parts if plan is not None else ()
    return {
        (one.side, one.system, one.person_id, one.account, one.action.value, one.entitlement): one
        for part in parts
        for one in part.operations
    }


def _held(plan: Plan | None) -> dict[_Grant, HeldGrant]:
    parts = plan.parts if plan is not None else ()
    return {_grant(one): one for part in parts for one in part.held}


def _grant(one: Operation | HeldGrant) -> _Grant:
    return one.side, one.system, one.person_id, one.entitlement


def _other(now: HeldGrant, before: HeldGrant | None) -> bool:
    return before is None or (now.code, now.order_no) != (before.code, before.order_no)


def _change(kind: ChangeKind, one: Operation) -> Change:
    return Change(kind, one.side, one.system, one.person_id, one.account, one.action, one.entitlement)


def _waiting(kind: ChangeKind, one: HeldGrant) -> Change:
    return Change(kind, one.side, one.system, one.person_id, "", Action.GRANT, one.entitlement, one.code, one.order_no)


def _order(one: Change) -> tuple[str, ...]:
    return one.person_id, one.side, one.system, one.entitlement, one.action.value, one.kind.value, one.account
