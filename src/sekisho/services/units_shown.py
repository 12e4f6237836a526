"""Units over time as pages show them: classes, parents, head, and who is there on a day. 組織."""

from dataclasses import dataclass
from datetime import date, datetime

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import verification_runs as runs
from sekisho.services import visibility
from sekisho.services.boundary import boundary
from sekisho.store import models

MOST = 500


class UnknownUnit(SekishoError):
    """No unit has that code."""


@dataclass(frozen=True, slots=True)
class UnitVersion:
    """A unit as it stands for a period: its classes as written, its parent, head and deputy."""

    name: str
    company: str
    parent: str
    classes: str
    side: str
    head: str
    deputy: str
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
class UnitShown:
    """A unit; `members` None: the actor reads no persons of its side. `count` None: nor their number."""

    code: str
    versions: tuple[UnitVersion, ...]
    classes: tuple[str, ...] | None
    side: Side | None
    members: tuple[Member, ...] | None
    count: int | None


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
    stints = models.Stint.objects.as_known_at(now).filter(unit=code, start__lte=day, kind__in=["main", "concurrent"])
    here = [row for row in stints.order_by("person_id") if row.end is None or day < row.end]
    names = runs.names(person_ids=[row.person_id for row in here[:MOST]], known_at=now) if depth is Depth.DETAIL else {}
    members = tuple(
        Member(row.person_id, names.get(row.person_id, row.person_id), row.title, row.kind, row.start, row.end)
        for row in here[:MOST]
    )
    return UnitShown(
        code=code,
        versions=tuple(
            UnitVersion(
                row.name, row.company, row.parent, row.classes, row.side, row.head, row.deputy, row.start, row.end
            )
            for row in rows
        ),
        classes=tuple(sorted(listed.names)) if hasattr(listed, "names") else None,
        side=side,
        members=members if depth is Depth.DETAIL else None,
        count=len(here) if depth >= Depth.COUNT else None,
    )
