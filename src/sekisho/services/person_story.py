"""One person's story as known at a moment: names, numbers, posts, leave, and what did not fit.

Here: the reading behind `person show`, side by side with what the reader may not see. The fold is
`core.timeline`; who may see what is `core.visibility`.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import PersonId, PostKind, Side
from sekisho.core.people import Absence, EmployeeNumber, PersonName, Post, Problem, Timeline
from sekisho.core.periods import Period
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Matter, decide
from sekisho.services import installation, people, person_facts, visibility
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
    """What the reader may know of one person; `hidden` counts the posts of sides that he may only count.

    Where some are left out, so are other ids, numbers, leave, problems, and which order ended a post: they
    would tell of the other side.
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
        people.UnknownPerson: the id was nobody's then, or nobody's of whom the actor may know.
        visibility.NotVisible: the actor's roles show no persons.
    """
    timeline = people.timeline(person_id=person_id, known_at=known_at)
    where = boundary(known_at=known_at)
    chapters = _chapters(timeline, where)
    is_known = models.Person.objects.filter(person_id=person_id, recorded_at__lte=known_at).exists()
    depths = _depths(actor, timeline.person_id, chapters, where, now) if is_known else {}
    shown = tuple(chapter for chapter in chapters if depths[chapter.side] is Depth.DETAIL)
    if Depth.DETAIL not in depths.values():
        visibility.need_some(actor=actor, kind=FactKind.MOVE, now=now)
        raise people.UnknownPerson("people.unknown", {"person_id": person_id})
    ids = person_facts.with_linked([timeline.person_id], people.same_as(known_at=known_at)) or ()
    whole = len(shown) == len(chapters)
    return Story(
        person_id=timeline.person_id,
        also=tuple(sorted(set(ids) - {timeline.person_id})) if whole else (),
        names=_names(ids, known_at),
        numbers=_numbers(ids, known_at) if whole else (),
        chapters=shown if whole else tuple(map(_alone, shown)),
        absences=timeline.absences if whole else (),
        problems=timeline.problems if whole else (),
        hidden=sum(depths[chapter.side] is Depth.COUNT for chapter in chapters),
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


def _alone(chapter: Chapter) -> Chapter:
    """Return the chapter without the orders that began and ended it."""
    return replace(chapter, post=replace(chapter.post, origin="", ended_by=None))


def _depths(
    actor: Actor, person: PersonId, chapters: list[Chapter], where: Boundary, now: datetime
) -> dict[Side | None, Depth]:
    """Ask once a side: each read that only a both-sides role allows leaves one entry.

    A move across the wall is told whole; of somebody who never was on the reader's side nothing is.
    """
    units = [where.unit_or_last(chapter.post.unit, chapter.post.period.start) for chapter in chapters]
    matter = Matter(person, frozenset(unit.head for unit in units if unit and unit.head))
    purpose = visibility.purpose(actor=actor, now=now)
    sides = {chapter.side for chapter in chapters} or {None}

    def is_near(side: Side | None) -> bool:
        on = installation.today(now=now)
        seen = decide(actor, kind=FactKind.PERSON, side=side, purpose=purpose, on=on, about=matter)
        return seen is Depth.DETAIL

    if not any(map(is_near, sides)):
        return dict.fromkeys(sides, Depth.NONE)
    return {
        side: visibility.depth(actor=actor, kind=FactKind.MOVE, side=side, purpose=purpose, now=now, about=matter)
        for side in sides
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
