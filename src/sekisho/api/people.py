"""People and units: who was where, when, as known at any moment; what a unit is and who is there on a day."""

from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.wire import Answer, Day, Moment, Name
from sekisho.core.kinds import PersonId, Side
from sekisho.core.people import EmployeeNumber, PersonName
from sekisho.core.visibility import FactKind
from sekisho.services import installation, person_story, units_shown
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


class UnitVersion(Answer):
    """A unit as it stands for a period."""

    name: str
    company: str
    parent: str
    classes: str
    side: str
    head: str
    deputy: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")


class Member(Answer):
    """Somebody who holds a post in the unit on the day."""

    person_id: str
    name: str
    title: str
    kind: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")


class Unit(Answer):
    """A unit over time; `members` and `count` are null where the caller may not know them."""

    code: str
    day: Day
    side: Side | None
    classes: list[str] | None
    versions: list[UnitVersion]
    members: list[Member] | None
    count: int | None


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


@call("GET units/{code}", scope="people:read", needs=(FactKind.BOUNDARY,))
def unit(request: Request, code: Name, day: Day | None = None) -> Unit:
    """Return a unit over time, and who is there on a day, today where none is named."""
    caller = request.caller
    when = day or installation.today(now=caller.now)
    found = units_shown.unit(actor=caller.actor, now=caller.now, code=code, day=when)
    return Unit(
        code=found.code,
        day=when,
        side=found.side,
        classes=list(found.classes) if found.classes is not None else None,
        versions=[UnitVersion.model_validate(one) for one in found.versions],
        members=[Member.model_validate(one) for one in found.members] if found.members is not None else None,
        count=found.count,
    )


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
