"""Which person each row of a snapshot is about, and which rows nobody can use.

Here: grouping the rows by person. Not here: comparing (`snapshot_changes`), who is missing (`snapshots`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import PersonId, PostKind
from sekisho.intake.defects import Defect, Note
from sekisho.intake.order_files import OrderFileReading
from sekisho.intake.order_rows import OrderRow
from sekisho.intake.order_words import CONCURRENT_UNIT
from sekisho.services.order_numbers import Numbers
from sekisho.services.order_persons import fresh_id
from sekisho.services.snapshot_changes import Listed


@dataclass(slots=True)
class SnapshotRows:
    """Rows by person. `marred` are persons one of whose rows was rejected; `unsure` says that a
    rejected row names nobody we know, so that "missing" may only mean "unreadable".
    """

    by_person: dict[PersonId, list[OrderRow]] = field(default_factory=lambda: defaultdict(list))
    companies: dict[PersonId, str] = field(default_factory=dict)
    new: set[PersonId] = field(default_factory=set)
    newcomers: dict[tuple[str, str], PersonId] = field(default_factory=dict)
    rejected: list[Defect] = field(default_factory=list)
    marred: set[PersonId] = field(default_factory=set)
    unsure: bool = False

    def listed(self, person_id: PersonId, reading: OrderFileReading) -> Listed:
        """Return the person's rows as the comparison takes them."""
        rows = self.by_person[person_id]
        main = next((row for row in rows if row.post_kind is not PostKind.CONCURRENT), None)
        extra = [(row.post_no, row.to_unit, row) for row in rows if row is not main]
        numbered = [(str(number), unit, row) for row in rows for number, unit in row.concurrent]
        columns = reading.fields
        return Listed(
            person_id=person_id,
            company=self.companies[person_id],
            employee_no=rows[0].employee_no,
            main=main,
            concurrent=tuple(extra + numbered),
            tells_concurrent="post_kind" in columns or any(name.startswith(CONCURRENT_UNIT) for name in columns),
            tells_absence="absence" in columns,
            gives_number=person_id in self.new,
        )


def rows_by_person(
    reading: OrderFileReading, boundary: Boundary, numbers: Numbers, day: date, persons: set[str]
) -> SnapshotRows:
    """Group the rows; a row with an unknown unit, an ambiguous number or a second main post is rejected."""
    found = SnapshotRows()
    for number in reading.rejected_numbers:
        holders = numbers.holders(number, "", day) if number else set()
        found.marred.update(holder.person_id for holder in holders)
        found.unsure = found.unsure or not holders
    for row in reading.rows:
        person_id = _person(row, boundary, numbers, day, persons, found)
        if person_id is None:
            continue
        fault = _fault(row, boundary, day, found.by_person[person_id])
        if fault is None:
            found.by_person[person_id].append(row)
        else:
            found.rejected.append(fault)
            found.marred.add(person_id)
    return found


def _person(
    row: OrderRow, boundary: Boundary, numbers: Numbers, day: date, persons: set[str], found: SnapshotRows
) -> PersonId | None:
    """Return whose row it is: by number, by previous number, else someone new."""
    unit = boundary.unit(row.to_unit, day)
    holders = numbers.holders(row.employee_no, row.company, day)
    changes_number = not holders and bool(row.previous_employee_no)
    if changes_number:
        holders = numbers.holders(row.previous_employee_no, "", day)
    known = {holder.person_id for holder in holders}
    if len(known) > 1:
        note = Note(
            "orders.ambiguous_employee",
            {"value": row.employee_no, "companies": ", ".join(sorted(one.company for one in holders))},
        )
        found.rejected.append(row.defect("employee_no", note))
        found.marred.update(known)
        return None
    company = row.company or (unit.company if unit else "")
    if known:
        (holder,) = known
        found.companies.setdefault(holder, company if changes_number else min(one.company for one in holders))
        if changes_number:
            found.new.add(holder)
        return holder
    return _new_person(row, company, persons, found)


def _new_person(row: OrderRow, company: str, persons: set[str], found: SnapshotRows) -> PersonId:
    place = (company, row.employee_no)
    if place not in found.newcomers:
        person_id = fresh_id(company, row.employee_no, persons)
        persons.add(person_id)
        found.newcomers[place] = person_id
        found.companies[person_id] = company
        found.new.add(person_id)
    return found.newcomers[place]


def _fault(row: OrderRow, boundary: Boundary, day: date, others: Sequence[OrderRow]) -> Defect | None:
    if boundary.unit(row.to_unit, day) is None:
        return row.defect("to_unit", Note("orders.unknown_unit", {"value": row.to_unit, "day": day.isoformat()}))
    for number, unit in row.concurrent:
        if boundary.unit(unit, day) is None:
            note = Note("orders.unknown_unit", {"value": unit, "day": day.isoformat()})
            return row.defect(f"{CONCURRENT_UNIT}{number}", note)
    if row.post_kind is PostKind.CONCURRENT:
        return None
    if any(other.post_kind is not PostKind.CONCURRENT for other in others):
        return row.defect("employee_no", Note("orders.second_main"))
    return None
