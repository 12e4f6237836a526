"""Whose number a row names: the number map for one file, with what the file itself and drafts add.

Not here: the number map as such (`people`), names (they never identify anyone, law 10).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sekisho.core.kinds import OrderStatus, OrderType, PersonId
from sekisho.core.people import EmployeeNumber
from sekisho.core.periods import Period
from sekisho.services import people
from sekisho.store import models

_GIVES_NUMBER = (OrderType.HIRE.value, OrderType.REHIRE.value)
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Holder:
    """The person who has a number, and the company that gave it."""

    person_id: PersonId
    company: str


class Numbers:
    """The numbers that the rows of one file may name."""

    def __init__(self, numbers: Collection[EmployeeNumber]) -> None:
        self._by_number: dict[str, list[EmployeeNumber]] = {}
        for number in numbers:
            self.add(number)

    def add(self, number: EmployeeNumber) -> None:
        """Let a row of the file itself give a number."""
        self._by_number.setdefault(number.employee_no, []).append(number)

    def holders(self, employee_no: str, company: str, on: date | None) -> set[Holder]:
        """Return who may be meant: who has the number on the day, else who ever had it.

        Without a company every company's number counts. One person under several companies is one
        holder: the company is then the first by code.
        """
        rows = [row for row in self._by_number.get(employee_no, ()) if not company or row.company == company]
        holding = [row for row in rows if on is None or row.period.holds(on)] or rows
        companies: dict[PersonId, str] = {}
        for row in sorted(holding, key=lambda row: row.company):
            companies.setdefault(row.person_id, row.company)
        return {Holder(person, code) for person, code in companies.items()}

    def is_held(self, employee_no: str, company: str, on: date) -> PersonId | None:
        """Return who has the company's number on that very day."""
        rows = self._by_number.get(employee_no, ())
        return next((row.person_id for row in rows if row.company == company and row.period.holds(on)), None)

    def is_known(self, person_id: PersonId, company: str, employee_no: str) -> bool:
        """Tell whether the number is already down as the person's."""
        rows = self._by_number.get(employee_no, ())
        return any(row.person_id == person_id and row.company == company for row in rows)


def numbers_of(*, employee_nos: Collection[str], known_at: datetime) -> Numbers:
    """Return the known numbers among `employee_nos`, those that draft orders announce included."""
    same_as = people.same_as(known_at=known_at)
    found: list[EmployeeNumber] = []
    for chunk in chunks(employee_nos):
        rows = models.EmployeeNumber.objects.as_known_at(known_at).filter(employee_no__in=chunk)
        found.extend(
            EmployeeNumber(PersonId(person), company, number, Period(start, end))
            for person, company, number, start, end in rows.values_list(
                "person_id", "company", "employee_no", "start", "end"
            )
        )
        drafts = models.Order.objects.filter(
            status=OrderStatus.DRAFT.value,
            order_type__in=_GIVES_NUMBER,
            superseded_at__isnull=True,
            employee_no__in=chunk,
        )
        found.extend(
            EmployeeNumber(PersonId(person), company, number, Period(first_day))
            for person, company, number, first_day in drafts.values_list(
                "person_id", "company", "employee_no", "first_day"
            )
        )
    return Numbers(
        [
            EmployeeNumber(same_as.get(row.person_id, row.person_id), row.company, row.employee_no, row.period)
            for row in found
        ]
    )


def chunks(values: Collection[str]) -> Iterator[list[str]]:
    """Cut values, sorted, into lists short enough for one query."""
    rest = iter(sorted(set(values)))
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
