"""Units and companies: the chart of today, what each is over time, and who is there on a day."""

from collections.abc import Iterator, Sequence

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day, Name
from sekisho.core.kinds import Side
from sekisho.core.visibility import FactKind
from sekisho.services import installation, units_shown
from sekisho.services.units_shown import Branch

BOUNDARY = (FactKind.BOUNDARY,)


class UnitVersion(Answer):
    """A unit as it stands for a period."""

    name: str
    company: str
    parent: str
    classes: str
    side: str
    head: str | None
    deputy: str | None
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


class CompanyVersion(Answer):
    """A company as it stands for a period."""

    name: str
    status: str
    side: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")


class ChartUnit(Answer):
    """A unit of today's chart, below another; `is_unknown`: nobody has classified it."""

    code: str
    name: str
    parent: str | None
    is_unknown: bool


class ChartCompany(Answer):
    """A company and its units of today."""

    code: str
    name: str
    unknown: int
    units: list[ChartUnit]


class Company(Answer):
    """A company over time, and its units of today."""

    code: str
    versions: list[CompanyVersion]
    units: list[ChartUnit]


@call("GET companies", scope="people:read", needs=BOUNDARY)
def company_list(request: Request, paging: Query[Paging]) -> Listed[ChartCompany]:
    """List the companies with their units of today."""
    found = units_shown.chart(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.code, made=_company)


@call("GET companies/{code}", scope="people:read", needs=BOUNDARY)
def company_show(request: Request, code: Name) -> Company:
    """Return one company over time."""
    found = units_shown.company(actor=request.caller.actor, now=request.caller.now, code=code)
    return Company(
        code=found.code,
        versions=[CompanyVersion.model_validate(one) for one in found.versions],
        units=list(_flat(found.chart.branches, None)),
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


def _company(one: units_shown.CompanyChart) -> ChartCompany:
    return ChartCompany(code=one.code, name=one.name, unknown=one.unknown, units=list(_flat(one.branches, None)))


def _flat(branches: Sequence[Branch], parent: str | None) -> Iterator[ChartUnit]:
    for one in branches:
        yield ChartUnit(code=one.code, name=one.name, parent=parent, is_unknown=one.is_unknown)
        yield from _flat(one.below, one.code)
