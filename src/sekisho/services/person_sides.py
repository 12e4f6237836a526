"""On which sides a person is known, and whether something about him hangs on an advance notice 内示.

Here: what services ask before they say, to whoever asks, that a person is there. The table is
`core.visibility`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sekisho.core.kinds import OrderStatus, PersonId, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide, purpose_of
from sekisho.services import installation, people, person_facts
from sekisho.services.boundary import boundary
from sekisho.store import models

Sides = frozenset[Side | None]
NOWHERE: Sides = frozenset({None})


@dataclass(frozen=True, slots=True)
class Notice:
    """A draft that may not be known yet; `release_at` None: until the final order."""

    first_day: date
    sides: Sides
    release_at: datetime | None


def sides_of(*, person_ids: Collection[PersonId], known_at: datetime) -> dict[PersonId, Sides]:
    """Return the sides of all posts of each person, past and ordered; who has none is neutral."""
    where = boundary(known_at=known_at)
    same_as = people.same_as(known_at=known_at)
    found: dict[PersonId, Sides] = {}
    for timeline in people.timelines(person_ids=person_ids, known_at=known_at):
        posts = (*timeline.posts, *timeline.passed, *timeline.home_posts)
        sides = frozenset(where.side(post.unit or None, post.company, post.period.start) for post in posts)
        found[timeline.person_id] = sides or NOWHERE
    return {one: found.get(same_as.get(one, one), NOWHERE) for one in person_ids}


def knows_of(*, actor: Actor, person_id: PersonId, now: datetime) -> bool:
    """Tell whether the actor may learn that there is such a person: by any of his sides, at least that he moves."""
    if not models.Person.objects.filter(person_id=person_id).exists():
        return False
    on = installation.today(now=now)
    sides = sides_of(person_ids=[person_id], known_at=now)[person_id]
    purpose = purpose_of(actor, on=on)
    return any(
        decide(actor, kind=kind, side=side, purpose=purpose, on=on, about=person_id) >= Depth.EXISTENCE
        for side in sides
        for kind in (FactKind.MOVE, FactKind.PERSON)
    )


def notices(*, now: datetime) -> Mapping[PersonId, tuple[Notice, ...]]:
    """Return the drafts of each person that are not released at `now`."""
    where, same_as = boundary(known_at=now), people.same_as(known_at=now)
    found: dict[PersonId, list[Notice]] = defaultdict(list)
    for order in person_facts.accepted(person_ids=None, known_at=now, statuses=[OrderStatus.DRAFT]):
        if order.is_released(at=now):
            continue
        units, day = (order.from_unit, order.to_unit), order.first_day
        sides = where.sides(units, order.key.company, day, host=order.host_company)
        found[same_as.get(order.person_id, order.person_id)].append(Notice(day, sides, order.release_at))
    return {person: tuple(mine) for person, mine in found.items()}
