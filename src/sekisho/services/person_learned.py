"""A person's story as known at a moment, beside what is known now; what was learned in between. 後から判明した事実."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sekisho.core.kinds import PersonId
from sekisho.core.users import Actor
from sekisho.services import people, person_story
from sekisho.services.person_story import Chapter, Story
from sekisho.store import models


class Change(StrEnum):
    """What became of a post between the two moments."""

    NEW = "new"
    """It was not known then."""
    END = "end"
    """It was known, its end was not, or another one was."""
    GONE = "gone"
    """It was believed then, and is not any more."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A post of which more, or something else, is known now. `at`: when we learned of it, where a row says so."""

    change: Change
    chapter: Chapter
    end_then: date | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The two stories. `then` None: nothing was known of the person then."""

    then: Story | None
    now: Story
    learned: tuple[Learned, ...]


def compared(*, actor: Actor, person_id: PersonId, known_at: datetime, now: datetime) -> Compared:
    """Return the person's story as known at both moments, and the differences, the earliest post first.

    Raises:
        people.UnknownPerson, visibility.NotVisible: as `person_story.story`, asked of now.
    """
    current = person_story.story(actor=actor, person_id=person_id, known_at=now, now=now)
    if known_at >= now:
        return Compared(current, current, ())
    try:
        then = person_story.story(actor=actor, person_id=person_id, known_at=known_at, now=now)
    except people.UnknownPerson:
        return Compared(None, current, ())
    return Compared(then, current, tuple(_differences(then.chapters, current.chapters)))


def _differences(then: Sequence[Chapter], now: Sequence[Chapter]) -> list[Learned]:
    before, after = {_key(one): one for one in then}, {_key(one): one for one in now}
    learned_at = _learned_at([*then, *now])
    found = []
    for key, one in after.items():
        old = before.get(key)
        if old is None:
            found.append(Learned(Change.NEW, one, None, learned_at.get(one.post.origin)))
        elif old.post.period.end != one.post.period.end:
            at = learned_at.get(one.post.ended_by or "")
            found.append(Learned(Change.END, one, old.post.period.end, at))
    found += [Learned(Change.GONE, one, None, None) for key, one in before.items() if key not in after]
    return sorted(found, key=lambda one: (one.chapter.post.period.start, one.change))


def _key(one: Chapter) -> tuple[object, ...]:
    """Return what makes a post the same post, whenever it was known to end."""
    post = one.post
    return (post.kind, post.company, post.unit, post.title, post.post_no, post.period.start, one.kept)


def _learned_at(chapters: Sequence[Chapter]) -> Mapping[str, datetime]:
    """Return when each order that began or ended a post was taken in."""
    ids = {one for chapter in chapters for one in (chapter.post.origin, chapter.post.ended_by) if one}
    rows = models.Order.objects.filter(order_id__in=ids).values_list("order_id", "recorded_at")
    return dict(rows)
