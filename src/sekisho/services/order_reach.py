"""How far an importer of HR's files reaches: whose orders he may bring, whose known names he may read."""

from collections.abc import Collection
from datetime import datetime

from sekisho.core.kinds import BOTH, PersonId, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose, decide
from sekisho.services import installation, person_sides
from sekisho.services.order_judging import Reach

IMPORTERS = (Role.HR, Role.COMPLIANCE)
"""Who takes HR's files in: nobody else reads them, advance notices least of all (law 8)."""


def reach(*, actor: Actor, now: datetime) -> Reach:
    """Return the test whether an order of these sides is the actor's to bring: one of them must be his."""
    today = installation.today(now=now)

    def reaches(sides: Collection[Side | None]) -> bool:
        return any(actor.has(role, on=today, side=side) for role in IMPORTERS for side in sides)

    return reaches


def names_seen(*, actor: Actor, persons: Collection[PersonId], now: datetime) -> Collection[PersonId]:
    """Return those whose known names a row may be compared with: a file is no way to ask for names."""
    on = installation.today(now=now)

    def sees(side: Side | None) -> bool:
        return decide(actor, kind=FactKind.PERSON, side=side, purpose=Purpose.WORK, on=on) is Depth.DETAIL

    if sees(BOTH):
        return persons
    sides = person_sides.sides_of(person_ids=persons, known_at=now)
    return {person for person in persons if any(map(sees, sides[person]))}
