"""Find the person that a row of HR's file means, by numbers alone, and the number that the row gives.

Not here: names (law 10). A number change (転籍, 再雇用, 復帰) may be written two ways: the old number
under 社員番号 with 新社員番号 beside it, or the new one under 社員番号 with 旧社員番号 beside it.
"""

from dataclasses import dataclass
from datetime import date

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import OrderType, PersonId
from sekisho.core.orders import OrderKey
from sekisho.intake.defects import Defect, Note
from sekisho.intake.order_rows import OrderRow
from sekisho.services.order_facts import StoredOrders
from sekisho.services.order_numbers import Holder, Numbers

CHANGES_NUMBER = frozenset({OrderType.REHIRE, OrderType.EMPLOYER_CHANGE, OrderType.RETURN})


@dataclass(frozen=True, slots=True)
class Found:
    """The person, the company of the row's key, and what number the row gives, if any."""

    person_id: PersonId
    company: str
    new_employee_no: str = ""
    gives: tuple[str, str] | None = None
    is_new: bool = False


def find_person(
    boundary: Boundary, numbers: Numbers, stored: StoredOrders, row: OrderRow, persons: set[str]
) -> Found | Defect:
    """Return the person, or the defect at the cell that names nobody or more than one."""
    on = row.effective_date
    if row.company and on and boundary.company(row.company, on) is None:
        return row.defect("company", Note("orders.unknown_company", {"value": row.company}))
    if row.order_type is OrderType.HIRE:
        return _hired(boundary, numbers, stored, row, persons)
    if row.order_type in CHANGES_NUMBER and row.previous_employee_no:
        return _by_previous(boundary, numbers, row)
    found = _one(numbers.holders(row.employee_no, row.company, on), row, "employee_no")
    if isinstance(found, Defect):
        return found
    if row.previous_employee_no and row.previous_employee_no != row.employee_no:
        others = numbers.holders(row.previous_employee_no, "", on)
        if others and found.person_id not in {other.person_id for other in others}:
            return row.defect("previous_employee_no", Note("orders.numbers_disagree"))
    return _with_new_number(boundary, numbers, row, found)


def _one(holders: set[Holder], row: OrderRow, field: str) -> Holder | Defect:
    value = row.place(field)[1]
    if len({holder.person_id for holder in holders}) == 1:
        return min(holders, key=lambda holder: holder.company)
    if holders:
        companies = ", ".join(sorted(holder.company for holder in holders))
        return row.defect(field, Note("orders.ambiguous_employee", {"value": value, "companies": companies}))
    if field == "employee_no" and row.order_type in CHANGES_NUMBER:
        return row.defect(field, Note("orders.previous_needed", {"value": value}))
    return row.defect(field, Note("orders.unknown_employee", {"value": value}))


def _hired(
    boundary: Boundary, numbers: Numbers, stored: StoredOrders, row: OrderRow, persons: set[str]
) -> Found | Defect:
    """Return the person hired: new, or the one whose number it already is on that day."""
    unit = boundary.unit(row.to_unit, row.effective_date) if row.effective_date else None
    company = row.company or (unit.company if unit else "")
    if not company:
        return row.defect("to_unit", Note("orders.unknown_unit", {"value": row.to_unit}))
    ordered = stored.same_key(OrderKey(company, row.order_no, row.employee_no, OrderType.HIRE, row.post_no))
    known = numbers.is_held(row.employee_no, company, row.effective_date or date.max)
    holder = ordered[0].person_id if ordered else known
    if holder is not None:
        return Found(holder, company, gives=(company, row.employee_no))
    if numbers.holders(row.employee_no, company, None):
        return row.defect("employee_no", Note("orders.number_used", {"value": row.employee_no}))
    return Found(fresh_id(company, row.employee_no, persons), company, gives=(company, row.employee_no), is_new=True)


def fresh_id(company: str, employee_no: str, persons: set[str]) -> PersonId:
    """Return an id that nobody has: readable and the same in equal runs."""
    base = f"{company}-{employee_no}"[:56]
    name, count = base, 1
    while name in persons:
        count += 1
        name = f"{base}-{count}"
    return PersonId(name)


def _by_previous(boundary: Boundary, numbers: Numbers, row: OrderRow) -> Found | Defect:
    """Return who had the previous number; 社員番号 or 新社員番号 is then the new one."""
    holders = numbers.holders(row.previous_employee_no, "", row.effective_date)
    if len({holder.person_id for holder in holders}) > 1 and row.company:
        holders = numbers.holders(row.previous_employee_no, row.company, row.effective_date) or holders
    found = _one(holders, row, "previous_employee_no")
    if isinstance(found, Defect):
        return found
    new = row.new_employee_no or row.employee_no
    company = row.company or _employer(boundary, row) or found.company
    return _given(numbers, row, Found(found.person_id, company, new, (_employer(boundary, row) or company, new)))


def _with_new_number(boundary: Boundary, numbers: Numbers, row: OrderRow, holder: Holder) -> Found | Defect:
    company = row.company or holder.company
    if not row.new_employee_no or row.new_employee_no == row.employee_no:
        return Found(holder.person_id, company)
    gives = (_employer(boundary, row) or company, row.new_employee_no)
    return _given(numbers, row, Found(holder.person_id, company, row.new_employee_no, gives))


def _given(numbers: Numbers, row: OrderRow, found: Found) -> Found | Defect:
    """Refuse a number that the company has already given to someone else."""
    if found.gives is None:
        return found
    company, number = found.gives
    other = numbers.is_held(number, company, row.effective_date or date.max)
    if other is not None and other != found.person_id:
        field = "new_employee_no" if row.new_employee_no else "employee_no"
        return row.defect(field, Note("orders.number_taken", {"value": number, "company": company}))
    return found


def _employer(boundary: Boundary, row: OrderRow) -> str:
    """Return the company that the person comes to: the one named, else the new unit's."""
    if row.host_company:
        return row.host_company
    unit = boundary.unit_or_last(row.to_unit, row.effective_date) if row.to_unit and row.effective_date else None
    return unit.company if unit else ""
