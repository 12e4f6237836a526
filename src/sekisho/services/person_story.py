"""One person's story as known at a moment: names, numbers, posts, leave, and what did not fit.

Here: the reading behind `person show`, side by side with what the reader may not see. The fold is
`core.timeline`; who may see what is `core.visibility`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import PersonId, PostKind, Role, Side
from sekisho.core.people import Absence, EmployeeNumber, PersonName, Post, Problem, Timeline
from sekisho.core.periods import Period
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Matter, Purpose
from sekisho.services import people, person_facts, visibility
from sekisho.services.boundary import boundary
from sekisho.store import models


@dataclass(frozen=True, slots=True)
class Chapter:
    """A post of the story. `kept` tells a home post, kept during secondment and not held."""

    post: Post
    unit_name: str
    side: Side | None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What the reader may know of one person; `hidden` counts the posts of sides he may not see.

    Where some are hidden, numbers, leave and problems are left out too: they would tell of the other side.
    """

    person_id: PersonId
    also: tuple[PersonId, ...]
    names: tuple[PersonName, ...]
    numbers: tuple[EmployeeNumber, ...]
    chapters: tuple[Chapter, ...]
    absences: tuple[Absence, ...]
    problems: tuple[Problem, ...]
    hidden: int


def story(*, actor: Actor, person_id: PersonId, known_at: datetime, now: datetime) -> Story:
    """Return the person's story as known at `known_at`; any of the person's ids will do.

    Raises:
        people.UnknownPerson: the id was nobody's then.
        visibility.NotVisible: the actor's roles reach none of the person's posts.
    """
    if not models.Person.objects.filter(person_id=person_id, recorded_at__lte=known_at).exists():
        raise people.UnknownPerson("people.unknown", {"person_id": person_id})
    timeline = people.timeline(person_id=person_id, known_at=known_at)
    chapters = _chapters(timeline, boundary(known_at=known_at))
    seen = _sides_seen(actor, timeline.person_id, chapters, boundary(known_at=known_at), now)
    shown = tuple(chapter for chapter in chapters if chapter.side in seen)
    if not seen or (chapters and not shown):
        kind = FactKind.MOVE.value
        raise visibility.NotVisible("visibility.refused", {"actor": actor.name, "kind": kind, "side": "?"})
    ids = person_facts.with_linked([timeline.person_id], people.same_as(known_at=known_at)) or ()
    whole = len(shown) == len(chapters)
    return Story(
        person_id=timeline.person_id,
        also=tuple(sorted(set(ids) - {timeline.person_id})),
        names=_names(ids, known_at),
        numbers=_numbers(ids, known_at) if whole else (),
        chapters=shown,
        absences=timeline.absences if whole else (),
        problems=timeline.problems if whole else (),
        hidden=len(chapters) - len(shown),
    )


def _chapters(timeline: Timeline, where: Boundary) -> list[Chapter]:
    posts = [(post, False) for post in (*timeline.posts, *timeline.passed)]
    posts += [(post, True) for post in timeline.home_posts]
    posts.sort(key=lambda pair: (pair[0].period.start, pair[0].period.until, pair[0].kind is not PostKind.MAIN))
    chapters = []
    for post, kept in posts:
        unit = where.unit_or_last(post.unit, post.period.start)
        side = where.side(post.unit or None, post.company, post.period.start)
        chapters.append(Chapter(post, unit.name if unit else "", side, kept))
    return chapters


def _sides_seen(
    actor: Actor, person: PersonId, chapters: list[Chapter], where: Boundary, now: datetime
) -> set[Side | None]:
    """Ask once a side: each read that only a both-sides role allows leaves one entry."""
    units = [where.unit_or_last(chapter.post.unit, chapter.post.period.start) for chapter in chapters]
    matter = Matter(person, frozenset(unit.head for unit in units if unit and unit.head))
    audits = not actor.trusted and any(grant.role is Role.INTERNAL_AUDIT for grant in actor.roles)
    purpose = Purpose.AUDIT if audits else Purpose.WORK
    sides = {chapter.side for chapter in chapters} or {None}
    return {
        side
        for side in sides
        if visibility.depth(actor=actor, kind=FactKind.MOVE, side=side, purpose=purpose, now=now, about=matter)
        is Depth.DETAIL
    }


def _names(ids: Collection[PersonId], known_at: datetime) -> tuple[PersonName, ...]:
    rows = models.PersonName.objects.as_known_at(known_at).filter(person_id__in=ids).order_by("start", "id")
    return tuple(
        PersonName(PersonId(row.person_id), row.name, row.kana, row.former_name, Period(row.start, row.end))
        for row in rows
    )


def _numbers(ids: Collection[PersonId], known_at: datetime) -> tuple[EmployeeNumber, ...]:
    rows = models.EmployeeNumber.objects.as_known_at(known_at).filter(person_id__in=ids).order_by("start", "id")
    return tuple(
        EmployeeNumber(PersonId(row.person_id), row.company, row.employee_no, Period(row.start, row.end))
        for row in rows
    )
