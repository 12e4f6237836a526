"""People: whose number it is, which ids are one person, and which posts they hold on a day.

Here: what other services ask of people, and the links between ids. How facts become stints is in
`stints`; what orders do to posts in `core.timeline`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import PersonId, Role, Side
from sekisho.core.people import EmployeeNumber, NumberBook, Post, Timeline
from sekisho.core.periods import Period
from sekisho.core.users import Actor
from sekisho.core.visibility import common_side
from sekisho.services import installation, ledger, person_facts, stints
from sekisho.services.boundary import boundary
from sekisho.store import models


class UnknownPerson(SekishoError):
    """No person has that id."""


class AlreadyOne(SekishoError):
    """The two ids are one person already."""


class NoReason(SekishoError):
    """A link changes whose history counts; without a reason nobody can judge it later."""


class NotAllowed(SekishoError):
    """The actor may not say who is whom."""


LINKING = (Role.HR, Role.COMPLIANCE)
"""Who may make two ids one person."""


def refold(*, person_ids: Collection[PersonId] | None, now: datetime) -> int:
    """Bring the stints of the persons (None: of everyone) to what is known; see `stints.refold`."""
    return stints.refold(person_ids=person_ids, now=now)


def timeline(*, person_id: PersonId, known_at: datetime) -> Timeline:
    """Return one person's timeline, folded from the facts known at `known_at`; empty where there are none."""
    found = next(timelines(person_ids=[person_id], known_at=known_at), None)
    return found or Timeline(same_person(person_id=person_id, known_at=known_at), ())


def timelines(*, person_ids: Collection[PersonId] | None, known_at: datetime) -> Iterator[Timeline]:
    """Yield the timelines of the persons (None: of everyone), sorted by id, problems and passed posts included."""
    return stints.timelines(person_ids=person_ids, known_at=known_at)


def stints_on(*, day: date, known_at: datetime) -> Iterator[Post]:
    """Yield every post held on the day as known at `known_at`; leave is asked apart (`absent_on`)."""
    return stints.held_on(day=day, known_at=known_at)


def absent_on(*, day: date, known_at: datetime) -> frozenset[PersonId]:
    """Return who is on leave on the day."""
    return stints.absent_on(day=day, known_at=known_at)


def numbers(*, known_at: datetime) -> NumberBook:
    """Return every employee number as known, for matching many rows with one query."""
    same_as = person_facts.links(known_at=known_at)
    rows = models.EmployeeNumber.objects.as_known_at(known_at).values_list(
        "person_id", "company", "employee_no", "start", "end"
    )
    return NumberBook(
        EmployeeNumber(same_as.get(PersonId(person), PersonId(person)), company, number, Period(start, end))
        for person, company, number, start, end in rows.iterator()
    )


def person_of(*, company: str, employee_no: str, on: date, known_at: datetime) -> PersonId | None:
    """Return whose number it is on the day; None where nobody's, or where two persons claim it.

    For many rows ask `numbers` once.
    """
    same_as = person_facts.links(known_at=known_at)
    rows = models.EmployeeNumber.objects.as_known_at(known_at).filter(company=company, employee_no=employee_no)
    book = NumberBook(
        EmployeeNumber(
            same_as.get(PersonId(row.person_id), PersonId(row.person_id)),
            row.company,
            row.employee_no,
            Period(row.start, row.end),
        )
        for row in rows
    )
    return book.person_of(company, employee_no, on)


def same_as(*, known_at: datetime) -> dict[PersonId, PersonId]:
    """Return, for each id that another answers for, the id that does."""
    return person_facts.links(known_at=known_at)


def same_person(*, person_id: PersonId, known_at: datetime) -> PersonId:
    """Return the id that answers for the person: the id itself unless a link says otherwise."""
    return person_facts.links(known_at=known_at).get(person_id, person_id)


@dataclass(frozen=True, slots=True)
class Linked:
    """Two ids made one: `person_id` answers for both."""

    link_id: str
    person_id: PersonId
    absorbed: PersonId
    stints_changed: int


@transaction.atomic
def link(*, actor: Actor, now: datetime, person_id: PersonId, other: PersonId, reason: str) -> Linked:
    """Make two ids one person from now on the record axis; what was known before stays as it was.

    Raises:
        NotAllowed: the actor is neither HR nor compliance, or of a side on which neither id ever was.
        NoReason: no reason is given.
        UnknownPerson: one of the ids is nobody's.
        AlreadyOne: they are one person already.
    """
    if not any(actor.has(role, on=installation.today(now=now)) for role in LINKING):
        raise NotAllowed("people.not_allowed", {"actor": actor.name})
    if not reason.strip():
        raise NoReason("people.no_reason")
    for one in (person_id, other):
        if not models.Person.objects.filter(person_id=one, recorded_at__lte=now).exists():
            raise UnknownPerson("people.unknown", {"person_id": one})
    known = person_facts.links(known_at=now)
    stays, goes = known.get(person_id, person_id), known.get(other, other)
    sides = _sides({stays, goes}, now)
    _refuse_outsider(actor, sides, now)
    if stays == goes:
        raise AlreadyOne("people.already_one", {"person_id": person_id, "other": other})
    made = models.PersonLink.objects.create(
        person_id=goes, same_as=stays, reason=reason, actor=actor.name, start=date.min, recorded_at=now
    )
    changed = refold(person_ids=[stays, goes], now=now)
    ledger.record(
        kind="person.linked",
        actor=actor.name,
        now=now,
        facts={"person_id": stays, "absorbed": goes, "stints_changed": changed},
        personal={"reason": reason},
        side=common_side(sides, released=False),
    )
    return Linked(str(made.pk), stays, goes, changed)


def _sides(persons: Collection[PersonId], now: datetime) -> set[Side | None]:
    where = boundary(known_at=now)
    posts = [post for timeline in timelines(person_ids=persons, known_at=now) for post in timeline.posts]
    return {where.side(post.unit or None, post.company, post.period.start) for post in posts} or {None}


def _refuse_outsider(actor: Actor, sides: Collection[Side | None], now: datetime) -> None:
    today = installation.today(now=now)
    if not any(actor.has(role, on=today, side=side) for role in LINKING for side in sides):
        raise NotAllowed("people.not_allowed", {"actor": actor.name})
