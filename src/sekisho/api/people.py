"""People: who was where, when, as known at any moment; what was learned later; moves; access on any day."""

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.transfers import Move, move_of
from sekisho.api.wire import Answer, Day, Moment, Name
from sekisho.core.kinds import Basis, PersonId, Side
from sekisho.core.people import EmployeeNumber, PersonName
from sekisho.services import installation, person_story, transfers
from sekisho.services import person_access as services
from sekisho.services import person_learned as learned
from sekisho.services.person_story import Chapter


class NameHeld(Answer):
    """A name while it held."""

    name: str
    kana: str
    former_name: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")


class NumberHeld(Answer):
    """An employee number while it held."""

    company: str
    employee_no: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")


class Post(Answer):
    """A post; `kept` tells a home post that is kept during secondment and not held."""

    company: str
    unit: str
    unit_name: str
    side: Side | None
    employer: str
    kind: str
    title: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")
    kept: bool


class Absence(Answer):
    """A leave."""

    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")


class Person(Answer):
    """What the caller may know of one person; `hidden` counts the posts that he may only count."""

    person_id: str
    also: list[str]
    names: list[NameHeld]
    numbers: list[NumberHeld]
    posts: list[Post]
    absences: list[Absence]
    hidden: int


class HeldAccess(Answer):
    """One entitlement of the person on the day, by what should have been, by what was seen, or by both."""

    system: str
    system_name: str
    entitlement: str
    protected: bool
    basis: Basis
    because: list[str]


class PersonAccess(Answer):
    """A person's access on a day; `items` null: the caller reads holdings of no side, nor this person's."""

    day: Day
    items: list[HeldAccess] | None


class LearnedPost(Answer):
    """What was learned after a moment of one post: `change` is new, end or gone."""

    change: str
    post: Post
    at: Moment | None


@call("GET people/{person}", scope="people:read", needs=())
def person(request: Request, person: Name, known_at: Moment | None = None) -> Person:
    """Return a person's posts over time as known at a moment, now where none is named; one's own to everybody."""
    caller = request.caller
    at = min(known_at or caller.now, caller.now)
    found = person_story.story(actor=caller.actor, person_id=PersonId(person), known_at=at, now=caller.now)
    return Person(
        person_id=found.person_id,
        also=list(found.also),
        names=[_name(one) for one in found.names],
        numbers=[_number(one) for one in found.numbers],
        posts=[_post(one) for one in found.chapters],
        absences=[Absence(start=one.period.start, end=one.period.end) for one in found.absences],
        hidden=found.hidden,
    )


@call("GET people/{person}/access", scope="people:read", needs=())
def person_access(
    request: Request, person: Name, day: Day | None = None, known_at: Moment | None = None
) -> PersonAccess:
    """Return a person's access on a day, today where none is named, as known at a moment."""
    caller, when = request.caller, day or installation.today(now=request.caller.now)
    at = min(known_at or caller.now, caller.now)
    whose = person_story.story(actor=caller.actor, person_id=PersonId(person), known_at=caller.now, now=caller.now)
    found = services.access_of(actor=caller.actor, person_id=whose.person_id, day=when, known_at=at, now=caller.now)
    items = [HeldAccess.model_validate(one) for one in found] if found is not None else None
    return PersonAccess(day=when, items=items)


@call("GET people/{person}/transfers", scope="people:read", needs=())
def person_transfers(request: Request, person: Name, paging: Query[Paging]) -> Listed[Move]:
    """List a person's moves that the caller may see, the newest first."""
    caller = request.caller
    found = transfers.of_person(actor=caller.actor, now=caller.now, person_id=PersonId(person))
    return listed(request, paging, found, key=lambda one: one.order.id, made=move_of)


@call("GET people/{person}/learned", scope="people:read", needs=())
def person_learned(request: Request, person: Name, known_at: Moment, paging: Query[Paging]) -> Listed[LearnedPost]:
    """List what was learned of a person's posts after a moment."""
    caller, at = request.caller, min(known_at, request.caller.now)
    found = learned.compared(actor=caller.actor, person_id=PersonId(person), known_at=at, now=caller.now).learned
    return listed(request, paging, list(enumerate(found)), key=lambda one: one[0], made=lambda one: _learned(one[1]))


def _learned(one: learned.Learned) -> LearnedPost:
    return LearnedPost(change=one.change.value, post=_post(one.chapter), at=one.at)


def _name(one: PersonName) -> NameHeld:
    return NameHeld(
        name=one.name, kana=one.kana, former_name=one.former_name, start=one.period.start, end=one.period.end
    )


def _number(one: EmployeeNumber) -> NumberHeld:
    return NumberHeld(company=one.company, employee_no=one.employee_no, start=one.period.start, end=one.period.end)


def _post(one: Chapter) -> Post:
    return Post(
        company=one.post.company,
        unit=one.post.unit,
        unit_name=one.unit_name,
        side=one.side,
        employer=one.post.employer,
        kind=one.post.kind.value,
        title=one.post.title,
        start=one.post.period.start,
        end=one.post.period.end,
        kept=one.kept,
    )
