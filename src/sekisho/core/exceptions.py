"""Exceptions to a rule: who may approve them and which are in force. 例外承認.

An exception holds for one rule, one person and a period with an end. It needs one approval for each
side that lists approvers of the rule, each by another person, the network side's always among them;
never the requester's or the mover's (law 13). A rule for which the network side lists nobody has no
valid exception.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from sekisho.core.kinds import NETWORK, NEUTRAL, PersonId, Side
from sekisho.core.rules import Approvers, RuleException


def listed(approvers: Iterable[Approvers], rule: str, days: Collection[date]) -> dict[Side, frozenset[PersonId]]:
    """Return per side who is listed for the rule on any of the days; rows without a side stand for themselves."""
    sides: dict[Side, frozenset[PersonId]] = {}
    for row in approvers:
        if row.rule == rule and any(row.period.holds(day) for day in days):
            side = row.side or NEUTRAL
            sides[side] = sides.get(side, frozenset()) | row.persons
    return sides


def may_approve(person: str, *, mover: str, requester: str, sides: Mapping[Side, frozenset[PersonId]]) -> bool:
    """Tell whether the person is a listed approver and neither the mover nor the requester."""
    return person not in {mover, requester} and any(person in persons for persons in sides.values())


def open_sides(
    approved_by: Iterable[str], *, mover: str, requester: str, sides: Mapping[Side, frozenset[PersonId]]
) -> tuple[Side, ...]:
    """Return the sides whose approval is still missing, the network's first; none means approved.

    One person counts for one side only: the assignment that leaves the fewest sides open is taken.
    """
    wanted = {NETWORK: frozenset[PersonId](), **sides}
    persons = [name for name in sorted(set(approved_by)) if name not in {mover, requester}]
    order = sorted(wanted, key=lambda side: (side != NETWORK, side))
    return _fewest_open(order, persons, wanted)


def _fewest_open(sides: list[Side], persons: list[str], wanted: Mapping[Side, frozenset[PersonId]]) -> tuple[Side, ...]:
    if not sides:
        return ()
    first, rest = sides[0], sides[1:]
    best = (first, *_fewest_open(rest, persons, wanted))
    for person in persons:
        if person in wanted[first]:
            others = [name for name in persons if name != person]
            best = min(best, _fewest_open(rest, others, wanted), key=len)
    return best


def in_force(
    exceptions: Iterable[RuleException], approvers: Iterable[Approvers], *, rule: str, person_id: PersonId, on: date
) -> RuleException | None:
    """Return the exception that covers the person for the rule on the day, or None.

    An approver counts who is listed on the day itself or was on the exception's first day. An exception
    without an end is none: it would be a change of the rule.
    """
    rows = tuple(approvers)
    for exception in exceptions:
        if exception.rule != rule or exception.person_id != person_id or not exception.period.holds(on):
            continue
        if exception.period.end is None:
            continue
        sides = listed(rows, rule, (on, exception.period.start))
        requester = exception.requested_by
        if not open_sides(exception.approved_by, mover=person_id, requester=requester, sides=sides):
            return exception
    return None
