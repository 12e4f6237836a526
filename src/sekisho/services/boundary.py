"""Companies and units as known at one moment: rows to the core's `Boundary`."""

from datetime import datetime

from sekisho.core.boundary import (
    Boundary,
    Company,
    Inherited,
    Listed,
    Unclassified,
    Unit,
    UnitClasses,
)
from sekisho.core.kinds import CompanyStatus, PersonId, Side
from sekisho.core.periods import Period
from sekisho.services.remembering import remembered
from sekisho.store import models


@remembered
def boundary(*, known_at: datetime) -> Boundary:
    """Return the companies and units as known at `known_at`: two queries, whatever the days asked."""
    return Boundary(
        [_company(row) for row in models.Company.objects.as_known_at(known_at)],
        [_unit(row) for row in models.Unit.objects.as_known_at(known_at)],
    )


def _company(row: models.Company) -> Company:
    return Company(
        code=row.code,
        name=row.name,
        status=CompanyStatus(row.status),
        side=Side(row.side) if row.side else None,
        period=Period(row.start, row.end),
    )


def _unit(row: models.Unit) -> Unit:
    return Unit(
        code=row.code,
        name=row.name,
        company=row.company,
        parent=row.parent or None,
        classes=_classes(row.classes),
        side=Side(row.side) if row.side else None,
        head=PersonId(row.head) if row.head else None,
        deputy=PersonId(row.deputy) if row.deputy else None,
        successor=row.successor or None,
        period=Period(row.start, row.end),
    )


def _classes(written: str) -> UnitClasses:
    """Return what units.csv says in its `classes` cell (CONTRACT "The company folder")."""
    match written.strip():
        case "":
            return Inherited()
        case "?":
            return Unclassified()
        case "none":
            return Listed(frozenset())
        case names:
            return Listed(frozenset(name.strip() for name in names.split(";") if name.strip()))
