"""Units and companies over time as pages show them: the chart, classes, heads, and who is there on a day. 組織.

The company's own chart is no secret of a side (law 8: boundary); who is in a unit, and who heads it, is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sekisho.core.boundary import Boundary, Inherited, Listed
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, visibility
from sekisho.services import verification_runs as runs
from sekisho.services.access import on
from sekisho.services.boundary import boundary
from sekisho.store import models

MOST = 500
WHOLE_CHART = 400
"""Units up to which the chart is shown whole; beyond, two levels of it."""


class UnknownUnit(SekishoError):
    """No unit has that code."""


class UnknownCompany(SekishoError):
    """No company has that code."""


@dataclass(frozen=True, slots=True)
class UnitVersion:
    """A unit as it stands for a period: its classes as written, its parent, head and deputy.

    `head`, `deputy`: "" where there is none, None to who does not read the unit's people.
    """

    name: str
    company: str
    parent: str
    classes: str
    side: str
    head: str | None
    deputy: str | None
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class CompanyVersion:
    """A company as it stands for a period."""

    name: str
    status: str
    side: str
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who holds a post in the unit on the day."""

    person_id: str
    name: str
    title: str
    kind: str
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit in the chart. `is_unknown`: nobody has classified it. `more`: units below that are not shown."""

    code: str
    name: str
    is_unknown: bool
    below: tuple["Branch", ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class CompanyChart:
    """A company and its units of today."""

    code: str
    name: str
    branches: tuple[Branch, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class UnitShown:
    """A unit on a day; `members` None: the actor reads no persons of its side. `count` None: nor their number.

    `heads` are the names of heads and deputies that he may read, by id.
    """

    code: str
    versions: tuple[UnitVersion, ...]
    classes: tuple[str, ...] | None
    inherited: bool
    side: Side | None
    path: tuple[tuple[str, str], ...]
    below: tuple[Branch, ...]
    heads: dict[str, str]
    members: tuple[Member, ...] | None
    count: int | None


@dataclass(frozen=True, slots=True)
class CompanyShown:
    """A company over time, and its units of today."""

    code: str
    versions: tuple[CompanyVersion, ...]
    chart: CompanyChart


def chart(*, actor: Actor, now: datetime) -> tuple[CompanyChart, ...]:
    """Return the companies with their units of today; nothing where the actor reads no chart."""
    try:
        visibility.need_some(actor=actor, kind=FactKind.BOUNDARY, now=now)
    except visibility.NotVisible:
        return ()
    today = installation.today(now=now)
    rows = list(models.Unit.objects.as_known_at(now).filter(on(today)).order_by("code"))
    names = dict(models.Company.objects.as_known_at(now).filter(on(today)).values_list("code", "name"))
    where = boundary(known_at=now)
    levels = None if len(rows) <= WHOLE_CHART else 2
    return tuple(
        _chart(code, names.get(code, code), rows, (where, today), levels) for code in sorted({r.company for r in rows})
    )


def company(*, actor: Actor, now: datetime, code: str) -> CompanyShown:
    """Return a company over time and its units of today.

    Raises:
        NotVisible: the actor reads nothing of the company's chart.
        UnknownCompany
    """
    visibility.need_some(actor=actor, kind=FactKind.BOUNDARY, now=now)
    rows = models.Company.objects.as_known_at(now).filter(code=code).order_by("start")
    versions = tuple(CompanyVersion(row.name, row.status, row.side, row.start, row.end) for row in rows)
    if not versions:
        raise UnknownCompany("people.unknown_company", {"company": code})
    today = installation.today(now=now)
    units = list(models.Unit.objects.as_known_at(now).filter(on(today), company=code).order_by("code"))
    levels = None if len(units) <= WHOLE_CHART else 2
    return CompanyShown(code, versions, _chart(code, versions[-1].name, units, (boundary(known_at=now), today), levels))


def unit(*, actor: Actor, now: datetime, code: str, day: date) -> UnitShown:
    """Return a unit over time and who is there on the day.

    Raises:
        NotVisible: the actor reads nothing of the company's chart.
        UnknownUnit
    """
    visibility.need_some(actor=actor, kind=FactKind.BOUNDARY, now=now)
    rows = list(models.Unit.objects.as_known_at(now).filter(code=code).order_by("start"))
    if not rows:
        raise UnknownUnit("people.unknown_unit", {"unit": code})
    where = boundary(known_at=now)
    listed = where.classes(code, day)
    side = where.side(code, rows[-1].company, day)
    purpose = visibility.purpose(actor=actor, now=now)
    depth = visibility.depth(actor=actor, kind=FactKind.PERSON, side=side, purpose=purpose, now=now)
    stints = models.Stint.objects.as_known_at(now).filter(on(day), unit=code, kind__in=["main", "concurrent"])
    here = list(stints.order_by("person_id")[:MOST]) if depth is Depth.DETAIL else []
    heads = {one for row in rows for one in (row.head, row.deputy) if one}
    known = runs.names(person_ids=[*heads, *(r.person_id for r in here)], known_at=now) if depth is Depth.DETAIL else {}
    today = where.unit_or_last(code, day)
    return UnitShown(
        code=code,
        versions=tuple(_version(row, told=depth is Depth.DETAIL) for row in rows),
        classes=tuple(sorted(listed.names)) if isinstance(listed, Listed) else None,
        inherited=today is not None and isinstance(today.classes, Inherited),
        side=side,
        path=_path(where, code, day),
        below=_below(code, list(models.Unit.objects.as_known_at(now).filter(on(day), parent=code)), (where, day)),
        heads={one: known[one] for one in heads if one in known},
        members=tuple(_member(row, known) for row in here) if depth is Depth.DETAIL else None,
        count=stints.count() if depth >= Depth.COUNT else None,
    )


def _version(row: models.Unit, *, told: bool) -> UnitVersion:
    """Return a version of the unit; who heads it is told to those who read the unit's people."""
    head, deputy = (row.head, row.deputy) if told else (None, None)
    return UnitVersion(row.name, row.company, row.parent, row.classes, row.side, head, deputy, row.start, row.end)


def _member(row: models.Stint, names: dict[str, str]) -> Member:
    return Member(row.person_id, names.get(row.person_id, row.person_id), row.title, row.kind, row.start, row.end)


def _path(where: Boundary, code: str, day: date) -> tuple[tuple[str, str], ...]:
    """Return the units above, the topmost first; a circle in the file ends where it begins."""
    found: list[tuple[str, str]] = []
    seen = {code}
    here = where.unit_or_last(code, day)
    while here is not None and here.parent and here.parent not in seen:
        seen.add(here.parent)
        above = where.unit_or_last(here.parent, day)
        found.insert(0, (here.parent, above.name if above else here.parent))
        here = above
    return tuple(found)


def _chart(
    code: str, name: str, rows: Sequence[models.Unit], at: tuple[Boundary, date], levels: int | None
) -> CompanyChart:
    mine = [row for row in rows if row.company == code]
    codes = {row.code for row in mine}
    tops = [row for row in mine if row.parent not in codes]
    children: dict[str, list[models.Unit]] = {}
    for row in mine:
        children.setdefault(row.parent, []).append(row)
    where, day = at
    unknown = sum(not isinstance(where.classes(row.code, day), Listed) for row in mine)
    return CompanyChart(code, name, tuple(_branch(row, children, at, levels) for row in tops), unknown)


def _branch(
    row: models.Unit, children: dict[str, list[models.Unit]], at: tuple[Boundary, date], levels: int | None
) -> Branch:
    below = children.get(row.code, [])
    where, day = at
    unknown = not isinstance(where.classes(row.code, day), Listed)
    if levels == 1:
        return Branch(row.code, row.name, unknown, (), len(below))
    deeper = None if levels is None else levels - 1
    return Branch(row.code, row.name, unknown, tuple(_branch(one, children, at, deeper) for one in below))


def _below(code: str, rows: Collection[models.Unit], at: tuple[Boundary, date]) -> tuple[Branch, ...]:
    return tuple(_branch(row, {}, at, None) for row in sorted(rows, key=lambda row: row.code) if row.code != code)
