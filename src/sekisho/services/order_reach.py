"""How far an importer of HR's files reaches: whose orders he may bring, whose known names he may read."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from sekisho.core.kinds import Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import installation, person_sides, visibility
from sekisho.services.order_facts import NewOrder
from sekisho.services.order_judging import Reach

IMPORTERS = (Role.HR, Role.COMPLIANCE)
"""Who takes HR's files in: nobody else reads them, advance notices least of all (law 8)."""


def reach(*, actor: Actor, now: datetime) -> Reach:
    """Return the test whether an order of these sides is the actor's to bring: one of them must be his."""
    today = installation.today(now=now)

    def reaches(sides: Collection[Side | None]) -> bool:
        return any(actor.has(role, on=today, side=side) for role in IMPORTERS for side in sides)

    return reaches


def names_seen(*, actor: Actor, orders: Iterable[NewOrder], now: datetime) -> Callable[[int], bool]:
    """Return the test whether the known name of the person in a row may be told: a file is no way to ask for names."""
    persons = {order.row: order.person_id for order in orders}
    sides = person_sides.sides_of(person_ids=set(persons.values()), known_at=now)
    seen: dict[Side | None, bool] = {}
    for side in {None, *(side for each in sides.values() for side in each)}:
        depth = visibility.depth(actor=actor, kind=FactKind.PERSON, side=side, purpose=Purpose.WORK, now=now)
        seen[side] = depth is Depth.DETAIL

    def told(row: int) -> bool:
        if row not in persons:
            return actor.trusted
        return any(seen[side] for side in sides[persons[row]])

    return told
