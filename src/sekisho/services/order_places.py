"""Check the units and companies that a row names against the boundary of its day.

A place one comes to must exist on the first day; a place one leaves must have existed once.
"""

from collections.abc import Iterator
from datetime import date

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import OrderType
from sekisho.core.periods import day_before
from sekisho.intake.defects import Defect, Note
from sekisho.intake.order_rows import OrderRow
from sekisho.intake.order_words import CONCURRENT_UNIT

_ENDS = frozenset({OrderType.LEAVE_COMPANY, OrderType.END_CONCURRENT})


def check_places(boundary: Boundary, row: OrderRow, first_day: date, warnings: list[Defect]) -> Iterator[Defect]:
    """Yield the defects of the row's places; what is odd but possible goes to `warnings`."""
    last_day = day_before(first_day)
    if row.from_unit:
        yield from _left(boundary, row, first_day, warnings)
    comes_on = last_day if row.order_type in _ENDS else first_day
    if row.to_unit and boundary.unit(row.to_unit, comes_on) is None:
        yield _unknown_unit(row, "to_unit", row.to_unit, comes_on)
    for number, unit in row.concurrent:
        if boundary.unit(unit, comes_on) is None:
            yield _unknown_unit(row, f"{CONCURRENT_UNIT}{number}", unit, comes_on)
    if row.host_company and boundary.company(row.host_company, first_day) is None:
        yield row.defect("host_company", Note("orders.unknown_company", {"value": row.host_company}))
    _compare_host(boundary, row, first_day, warnings)


def _left(boundary: Boundary, row: OrderRow, first_day: date, warnings: list[Defect]) -> Iterator[Defect]:
    if boundary.unit(row.from_unit, day_before(first_day)) or boundary.unit(row.from_unit, first_day):
        return
    if boundary.unit_or_last(row.from_unit, first_day) is None:
        yield _unknown_unit(row, "from_unit", row.from_unit, day_before(first_day))
    else:
        warnings.append(row.defect("from_unit", Note("orders.unit_ended", {"value": row.from_unit})))


def _compare_host(boundary: Boundary, row: OrderRow, first_day: date, warnings: list[Defect]) -> None:
    unit = boundary.unit(row.to_unit, first_day) if row.to_unit else None
    if unit and row.host_company and unit.company != row.host_company:
        note = Note("orders.host_differs", {"unit": row.to_unit, "company": unit.company})
        warnings.append(row.defect("host_company", note))


def _unknown_unit(row: OrderRow, field: str, unit: str, on: date) -> Defect:
    return row.defect(field, Note("orders.unknown_unit", {"value": unit, "day": on.isoformat()}))
