"""Companies and units on any day: their status, side and classes. 情報遮断の境界.

Here: how a unit's classes and side are found on a day. Not here: who holds a post (`people`),
what the rules say of it (`rules`, `screening`).

Classes of a unit, in this order (CONTRACT "How a move is judged"):
- its own list, where it has one; `none` is a looked-at empty list;
- empty means the parent's, as of the same day, and so on upwards;
- `?`, or empty without a parent, is *unclassified*: unknown, never "no class";
- a unit that has ended has its last classes, or its successor's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sekisho.core.kinds import CompanyStatus, PersonId, Side
from sekisho.core.periods import Period

CompanyCode = str
UnitCode = str


@dataclass(frozen=True, slots=True)
class Company:
    """A company's name, status and side while they hold."""

    code: CompanyCode
    name: str
    status: CompanyStatus
    side: Side | None
    period: Period


@dataclass(frozen=True, slots=True)
class Inherited:
    """The unit says nothing of its own: the parent's classes count."""


@dataclass(frozen=True, slots=True)
class Unclassified:
    """Nobody has looked at the unit, or the file says `?`."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The unit's own classes; an empty set means that it was looked at and has none."""

    names: frozenset[str]


UnitClasses = Inherited | Unclassified | Listed


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's place, classes and head while they hold."""

    code: UnitCode
    name: str
    company: CompanyCode
    parent: UnitCode | None
    classes: UnitClasses
    side: Side | None
    head: PersonId | None
    deputy: PersonId | None
    successor: UnitCode | None
    period: Period


class Boundary:
    """The companies and units as known at one moment, asked for any day.

    Built once per question and read many times; answers are remembered per (unit, day).
    """

    def __init__(self, companies: Iterable[Company], units: Iterable[Unit]) -> None:
        self._companies: dict[CompanyCode, list[Company]] = {}
        for company in companies:
            self._companies.setdefault(company.code, []).append(company)
        self._units: dict[UnitCode, list[Unit]] = {}
        for unit in units:
            self._units.setdefault(unit.code, []).append(unit)
        for company_rows in self._companies.values():
            company_rows.sort(key=lambda row: row.period.start)
        for unit_rows in self._units.values():
            unit_rows.sort(key=lambda row: row.period.start)
        self._classes: dict[tuple[UnitCode, date], Listed | Unclassified] = {}
        self._sides: dict[tuple[UnitCode | None, CompanyCode, date], Side | None] = {}
        self._settled: dict[UnitCode, bool] = {}

    def company(self, code: CompanyCode, on: date) -> Company | None:
        """Return the company as it is on the day, or None where no row covers the day."""
        return next((row for row in self._companies.get(code, ()) if row.period.holds(on)), None)

    def unit(self, code: UnitCode, on: date) -> Unit | None:
        """Return the unit as it is on the day, or None where no row covers the day."""
        return next((row for row in self._units.get(code, ()) if row.period.holds(on)), None)

    def unit_or_last(self, code: UnitCode, on: date) -> Unit | None:
        """Return the unit on the day, else as it last was before it, else None."""
        exact = self.unit(code, on)
        if exact is not None:
            return exact
        past = [row for row in self._units.get(code, ()) if row.period.start <= on]
        return past[-1] if past else None

    def workplace(self, unit: UnitCode, on: date) -> CompanyCode | None:
        """Return the company that the unit belongs to on the day, or last did; None where it is unknown."""
        rows = self._units.get(unit)
        if not rows or on < rows[0].period.start:
            return None
        if unit not in self._settled:
            self._settled[unit] = len({row.company for row in rows}) == 1
        if self._settled[unit]:
            return rows[0].company
        row = self.unit_or_last(unit, on)
        return row.company if row else None

    def unit_codes(self) -> list[UnitCode]:
        """Return every unit code ever known, sorted."""
        return sorted(self._units)

    def places(self) -> Iterator[tuple[UnitCode | None, CompanyCode, Side | None]]:
        """Yield every unit, and every company (unit None), with each side of which it ever was."""
        for code, company_rows in self._companies.items():
            for company in company_rows:
                yield None, code, company.side
        for unit_code, unit_rows in self._units.items():
            for unit in unit_rows:
                yield unit_code, unit.company, self.side(unit_code, unit.company, unit.period.start)

    def change_days(self) -> frozenset[date]:
        """Return the days on which some company's or unit's row begins or has just ended."""
        periods = [row.period for rows in self._companies.values() for row in rows]
        periods += [row.period for unit_rows in self._units.values() for row in unit_rows]
        return frozenset({period.start for period in periods} | {period.end for period in periods if period.end})

    def status(self, company: CompanyCode, on: date) -> CompanyStatus | None:
        """Return the company's status on the day; None means unknown."""
        row = self.company(company, on)
        return row.status if row else None

    def side(self, unit: UnitCode | None, company: CompanyCode, on: date) -> Side | None:
        """Return the side of a post there: its unit's, else a parent unit's, else its company's."""
        key = (unit, company, on)
        if key not in self._sides:
            self._sides[key] = self._find_side(unit, company, on)
        return self._sides[key]

    def sides(
        self, units: Iterable[UnitCode | None], company: CompanyCode, on: date, *, host: CompanyCode | None = None
    ) -> frozenset[Side | None]:
        """Return the sides that an order names: of its units, each by its own company, and of the host company.

        An order that names neither is of its company's side.
        """
        found = {self.side(None, host, on)} if host else set()
        for unit in units:
            row = self.unit_or_last(unit, on) if unit else None
            if row is not None:
                found.add(self.side(row.code, row.company, on))
        return frozenset(found or {self.side(None, company, on)})

    def _find_side(self, unit: UnitCode | None, company: CompanyCode, on: date) -> Side | None:
        seen: set[UnitCode] = set()
        code = unit
        while code is not None and code not in seen:
            seen.add(code)
            row = self.unit_or_last(code, on)
            if row is None:
                break
            if row.side is not None:
                return row.side
            code = row.parent
        owner = self.company(company, on)
        return owner.side if owner else None

    def classes(self, unit: UnitCode, on: date) -> Listed | Unclassified:
        """Return the classes in force on the day for that unit code; see the module's head."""
        key = (unit, on)
        if key not in self._classes:
            self._classes[key] = self._resolve(unit, on, frozenset())
        return self._classes[key]

    def _resolve(self, code: UnitCode, on: date, seen: frozenset[UnitCode]) -> Listed | Unclassified:
        if code in seen:
            return Unclassified()
        seen |= {code}
        row = self.unit(code, on)
        if row is None:
            return self._resolve_ended(code, on, seen)
        return self._own_or_parents(row, on, seen)

    def _own_or_parents(self, row: Unit, on: date, seen: frozenset[UnitCode]) -> Listed | Unclassified:
        match row.classes:
            case Listed() | Unclassified() as own:
                return own
            case Inherited():
                return self._resolve(row.parent, on, seen) if row.parent else Unclassified()

    def _resolve_ended(self, code: UnitCode, on: date, seen: frozenset[UnitCode]) -> Listed | Unclassified:
        """Return an ended unit's last classes; where nobody had looked at it, its successor's."""
        last = self.unit_or_last(code, on)
        if last is None or last.period.until <= last.period.start:
            return Unclassified()
        own = self._own_or_parents(last, on, seen)
        if isinstance(own, Unclassified) and last.successor is not None:
            return self._resolve(last.successor, on, seen)
        return own


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What a unit was on one day and is on a later one."""

    unit: UnitCode
    classes_before: Listed | Unclassified
    classes_after: Listed | Unclassified
    side_before: Side | None
    side_after: Side | None


def changed_units(boundary: Boundary, before: date, after: date) -> tuple[UnitChange, ...]:
    """Return the units whose effective classes or side differ between two days, sorted by code.

    People in them "move" without an order (domain §3.1, 組織改正). A unit that does not exist yet on the
    first day, or had ended before it, is no reorganisation of anybody.
    """
    found = []
    for code in boundary.unit_codes():
        old, new = boundary.unit(code, before), boundary.unit_or_last(code, after)
        if old is None or new is None:
            continue
        change = UnitChange(
            code,
            boundary.classes(code, before),
            boundary.classes(code, after),
            boundary.side(code, old.company, before),
            boundary.side(code, new.company, after),
        )
        if (change.classes_before, change.side_before) != (change.classes_after, change.side_after):
            found.append(change)
    return tuple(found)
