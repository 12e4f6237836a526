"""Why access is not switched yet: each code of the journal and of plans belongs to one cause. 原因.

A cause says what ends it (its text, `causes.ends_<cause>`) and whom it waits for. Many codes have one cause, so
that a list of hundreds of people is read as a handful of things to do. Here: the table. The codes' own sentences
name the system, the account and the detail.
"""

from dataclasses import dataclass
from enum import StrEnum

from sekisho.core.kinds import OperationState


class Waits(StrEnum):
    """Whom something waits for; `own` and `other` are meant of the side on which it waits."""

    OWN_IT = "own_it"
    OTHER_IT = "other_it"
    HR = "hr"
    OFFICE = "office"
    APPROVERS = "approvers"
    EXCEPTION = "exception"
    CLOCK = "clock"
    RUN = "run"


class Room(StrEnum):
    """Where what ends a cause is done."""

    PLAN = "plan"
    PLANS = "plans"
    SYSTEM = "system"
    VERIFICATION = "verification"
    SEASON = "season"
    IMPORTS = "imports"
    BOARD = "board"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: its word, whom it waits for, and the room in which it ends."""

    name: str
    waits: Waits
    room: Room


WORK_ORDER = Cause("work_order", Waits.OWN_IT, Room.SYSTEM)
OVERDUE = Cause("overdue", Waits.OWN_IT, Room.SYSTEM)
NO_ANSWER = Cause("no_answer", Waits.OWN_IT, Room.SYSTEM)
REFUSED = Cause("refused", Waits.OWN_IT, Room.SYSTEM)
UNCONFIRMED = Cause("unconfirmed", Waits.OWN_IT, Room.SYSTEM)
UNREAD = Cause("unread", Waits.OWN_IT, Room.SYSTEM)
ACCOUNT = Cause("account", Waits.OWN_IT, Room.SYSTEM)
OUTDATED = Cause("outdated", Waits.OWN_IT, Room.PLANS)
BREAKER = Cause("breaker", Waits.OWN_IT, Room.SYSTEM)
MANIFEST = Cause("manifest", Waits.HR, Room.IMPORTS)
SHARE = Cause("share", Waits.APPROVERS, Room.PLAN)
SHRUNK = Cause("shrunk", Waits.APPROVERS, Room.PLAN)
PROTECTED = Cause("protected", Waits.OWN_IT, Room.PLAN)
LAST_HOLDER = Cause("last_holder", Waits.OWN_IT, Room.PLAN)
OTHER_SIDE = Cause("other_side", Waits.OTHER_IT, Room.VERIFICATION)
RESIDUE = Cause("residue", Waits.CLOCK, Room.VERIFICATION)
BOTH_SIDES = Cause("both_sides", Waits.EXCEPTION, Room.SEASON)
VERDICT = Cause("verdict", Waits.EXCEPTION, Room.SEASON)
REVIEW = Cause("review", Waits.OFFICE, Room.SEASON)
UNSCREENED = Cause("unscreened", Waits.OFFICE, Room.IMPORTS)
HALF_DONE = Cause("half_done", Waits.RUN, Room.BOARD)
TO_DO = Cause("to_do", Waits.RUN, Room.BOARD)
OTHER = Cause("other", Waits.OWN_IT, Room.SYSTEM)

TABLE: dict[str, Cause] = {
    "connectors.not_confirmed": WORK_ORDER,
    "connectors.reported": WORK_ORDER,
    "connectors.order_overdue": OVERDUE,
    "connectors.unreachable": NO_ANSWER,
    "connectors.no_export": NO_ANSWER,
    "connectors.no_account": ACCOUNT,
    "connectors.stale": OUTDATED,
    "connectors.no_effect": UNCONFIRMED,
    "connectors.rejected": REFUSED,
    "connectors.order_refused": REFUSED,
    "connectors.no_entitlement": REFUSED,
    "connectors.not_supported": REFUSED,
    "connectors.ambiguous": REFUSED,
    "connectors.collateral": REFUSED,
    "connectors.not_found": REFUSED,
    "connectors.nothing_to_change": UNCONFIRMED,
    "cutover.no_account": ACCOUNT,
    "cutover.relinked": ACCOUNT,
    "cutover.stale": OUTDATED,
    "cutover.ran_out": OUTDATED,
    "cutover.withdrawn": OUTDATED,
    "cutover.not_ours": OUTDATED,
    "cutover.no_system": OUTDATED,
    "cutover.unconfirmed": UNCONFIRMED,
    "cutover.not_seen": UNCONFIRMED,
    "cutover.rejected": REFUSED,
    "cutover.read_only": REFUSED,
    "cutover.unreachable": NO_ANSWER,
    "cutover.other_side": OTHER_SIDE,
    "cutover.other_side_unread": OTHER_SIDE,
    "cutover.other_side_present": OTHER_SIDE,
    "cutover.residue": RESIDUE,
    "cutover.both_sides": BOTH_SIDES,
    "cutover.breaker": BREAKER,
    "cutover.guard_manifest": MANIFEST,
    "cutover.guard_source": UNREAD,
    "cutover.guard_source_shrunk": SHRUNK,
    "cutover.guard_protected_account": PROTECTED,
    "cutover.guard_last_member": LAST_HOLDER,
    "cutover.guard_group_share": SHARE,
    "plans.held_violation": VERDICT,
    "plans.held_needs_review": REVIEW,
    "plans.held_unknown": REVIEW,
    "plans.held_unscreened": UNSCREENED,
    "plans.held_no_account": ACCOUNT,
    "plans.held_shared_account": ACCOUNT,
    "plans.held_incomplete": UNREAD,
    "plans.held_unlisted": OUTDATED,
    "plans.held_dual_holding": OTHER_SIDE,
    "plans.held_unconfirmed": OTHER_SIDE,
    "plans.held_both_sides_wanted": BOTH_SIDES,
}
"""Code → cause. A code that is not here is `other`: its own sentence says all there is to say."""


def codes_of(name: str) -> frozenset[str]:
    """Return every code that belongs to a cause; none for an unknown one."""
    if name in {HALF_DONE.name, TO_DO.name}:
        return frozenset({""})
    return frozenset(code for code, one in TABLE.items() if one.name == name)


def cause(code: str, state: OperationState) -> Cause:
    """Return the cause behind a code of the journal, or of a plan's held grants; without a code, the run's own."""
    if not code:
        return HALF_DONE if state is OperationState.INTENDED else TO_DO
    return TABLE.get(code, OTHER)
