"""One row of HR's order file -> typed words, or what is wrong with which cell.

Here: codes, dates and closed words of one row, judged by the row alone. Not here: whether the person,
unit or target order exists (`services.order_import`), where the header is (`headers`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sekisho.core.kinds import OrderStatus, OrderType, PostKind
from sekisho.intake.characters import code_text, trimmed
from sekisho.intake.dates import Day, Moment, read_day, read_moment
from sekisho.intake.defects import Defect, Note
from sekisho.intake.headers import Column, Layout
from sekisho.intake.order_words import CODES, CONCURRENT_UNIT, NAMES, VALUES
from sekisho.intake.profiles import Profile
from sekisho.intake.sheets import EMPTY, Cell, RawRow

T = TypeVar("T")
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?E[+-]?\d+", re.IGNORECASE)
_EXACT_DIGITS = 10**15
"""Above it a spreadsheet's number no longer holds every digit of a code."""
_LONGEST = {"order_no": 100, "supersedes": 100, "name": 200, "kana": 200, "title": 200, "note": 4000, "post_no": 32}
_LONGEST_CODE = 64
_OPEN_END = date(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A row whose cells all read well; "" and None where the cell is empty or the column missing.

    `concurrent` holds (number, unit) of the filled numbered columns.
    """

    number: int
    sheet: str
    order_no: str
    employee_no: str
    order_type: OrderType | None
    effective_date: date | None
    name: str
    kana: str
    from_unit: str
    to_unit: str
    title: str
    post_kind: PostKind | None
    post_no: str
    company: str
    previous_employee_no: str
    new_employee_no: str
    host_company: str
    planned_end: date | None
    sequence: int | None
    status: OrderStatus | None
    supersedes: str
    release_at: datetime | None
    note: str
    on_leave: bool
    concurrent: tuple[tuple[int, str], ...]
    cells: dict[str, tuple[str, str]]
    """Field → (header, value as shown), to name the place of what is found wrong later."""

    def place(self, field: str) -> tuple[str, str]:
        """Return (header, value) of a field; the contract's header where the file has no such column."""
        return self.cells.get(field, (NAMES[field][0] if field in NAMES else field, ""))

    def defect(self, field: str, note: Note) -> Defect:
        """Return the note at this row's cell of the field."""
        header, value = self.place(field)
        return Defect(self.number, header, value, note, self.sheet)


@dataclass(frozen=True, slots=True)
class RowReading:
    """What one row gave: the order row, or the defects that stop it (first column first), and warnings."""

    row: OrderRow | None
    defects: tuple[Defect, ...]
    warnings: tuple[Defect, ...]
    employee_no: str = ""
    """Of a rejected row too, where it can be read, so that its person does not seem to be missing."""


@dataclass(frozen=True, slots=True)
class RowRules:
    """How the rows of one file are read; `is_typed` where cells keep their types (workbooks)."""

    layout: Layout
    profile: Profile
    zone: ZoneInfo
    required: tuple[str, ...]
    sheet: str = ""
    is_typed: bool = True


class _Reader:
    """Reads one row's cells, collecting what is wrong and what is odd."""

    def __init__(self, rules: RowRules, raw: RawRow) -> None:
        self.rules, self.raw = rules, raw
        self.columns = {column.field: column for column in rules.layout.columns}
        self.defects: list[tuple[int, Defect]] = []
        self.warnings: list[Defect] = []

    def cell(self, field: str) -> Cell:
        column = self.columns.get(field)
        return self.raw.cell(column.index) if column else EMPTY

    def stop(self, field: str, note: Note) -> None:
        column = self.columns.get(field)
        place = Defect(self.raw.number, self._header(field), self.cell(field).text, note, self.rules.sheet)
        self.defects.append((column.index if column else 10_000, place))

    def warn(self, field: str, note: Note) -> None:
        self.warnings.append(
            Defect(self.raw.number, self._header(field), self.cell(field).text, note, self.rules.sheet)
        )

    def _header(self, field: str) -> str:
        column = self.columns.get(field)
        return column.header if column else NAMES[field][0]

    def text(self, field: str) -> str:
        text = trimmed(self.cell(field).text)
        if len(text) > _LONGEST.get(field, _LONGEST_CODE):
            self.stop(field, Note("intake.too_long", {"most": str(_LONGEST.get(field, _LONGEST_CODE))}))
        return text

    def code(self, field: str) -> str:
        """Return a code as text; a number gets its lost zeros back only where a width is declared."""
        cell = self.cell(field)
        text = code_text(self.text(field))
        if _is_no_code(cell, text):
            self.stop(field, Note("intake.code_damaged", {"value": cell.text}))
        width = self.rules.profile.width(CONCURRENT_UNIT if field.startswith(CONCURRENT_UNIT) else field)
        may_have_lost_zeros = cell.is_number or not self.rules.is_typed
        if width > len(text) and text.isdecimal() and may_have_lost_zeros:
            padded = text.zfill(width)
            self.warn(field, Note("intake.code_padded", {"value": text, "padded": padded}))
            return padded
        return text

    def word(self, field: str) -> str | None:
        """Return the house's value of a closed column, None where the cell is empty."""
        text = self.text(field)
        found = self.meaning(field)
        if found is None and text:
            self.stop(field, Note(f"intake.unknown_{field}", {"value": text}))
        return found if text else None

    def meaning(self, field: str) -> str | None:
        """Return what the profile, else CONTRACT, makes of the cell's word; None where neither knows it."""
        text = trimmed(self.cell(field).text)
        key = code_text(text)
        words = {**VALUES[field], **self.rules.profile.values.get(field, {})}
        return words.get(text) or words.get(key) or words.get(key.lower())

    def day(self, field: str) -> date | None:
        if self.cell(field).is_empty:
            return None
        found = read_day(self.cell(field))
        if isinstance(found, Day):
            if found.warning:
                self.warn(field, found.warning)
            return found.day
        self.stop(field, found)
        return None

    def end_day(self, field: str) -> date | None:
        """Return an end day; 9999-12-31 is how some systems write "open"."""
        text = self.cell(field).text
        is_open = isinstance(self.cell(field).value, date) and text >= _OPEN_END.isoformat()
        return None if is_open or text.startswith("9999") else self.day(field)

    def moment(self, field: str) -> datetime | None:
        if self.cell(field).is_empty:
            return None
        found = read_moment(self.cell(field), self.rules.zone)
        if isinstance(found, Moment):
            return found.at
        self.stop(field, found)
        return None

    def number(self, field: str) -> int | None:
        text = code_text(self.text(field))
        if not text:
            return None
        if not text.isdecimal() or len(text) > 9:
            self.stop(field, Note("intake.not_a_number", {"value": text}))
            return None
        return int(text)


def _is_no_code(cell: Cell, text: str) -> bool:
    """Tell whether a spreadsheet has made something else of the code: a date, 1.2E+11, a rounded number."""
    if isinstance(cell.value, bool) or (cell.value and not isinstance(cell.value, str | int | float)):
        return True
    if isinstance(cell.value, float) and (not cell.value.is_integer() or abs(cell.value) >= _EXACT_DIGITS):
        return True
    return _SCIENTIFIC.fullmatch(text) is not None


def read_row(rules: RowRules, raw: RawRow) -> RowReading:
    """Return what the row says, or every cell of it that says nothing readable."""
    reader = _Reader(rules, raw)
    _stop_unreadable_cells(reader)
    for field in rules.required:
        if reader.cell(field).is_empty and not _may_be_empty(reader, field):
            reader.stop(field, Note("intake.empty"))
    if reader.defects:
        return _stopped(reader)
    row = _order_row(reader)
    return _stopped(reader) if reader.defects else RowReading(row, (), tuple(reader.warnings))


def _may_be_empty(reader: _Reader, field: str) -> bool:
    """Tell whether the column, though required, may be empty here: a cancellation takes its target's date."""
    if field != "effective_date":
        return False
    return reader.meaning("order_type") in {OrderType.CANCEL.value, OrderType.CORRECT.value}


def _stopped(reader: _Reader) -> RowReading:
    in_order = sorted(reader.defects, key=lambda placed: placed[0])
    cell = reader.cell("employee_no")
    number = "" if cell.error or cell.has_bad_bytes else reader.code("employee_no")
    return RowReading(None, tuple(defect for _, defect in in_order), tuple(reader.warnings), number)


def _stop_unreadable_cells(reader: _Reader) -> None:
    layout = reader.rules.layout
    mapped = {column.index: column.header for column in layout.columns}
    headers = {column.index: column.header for column in (*layout.unknown, *layout.repeated)} | mapped
    for index, cell in enumerate(reader.raw.cells):
        code = "intake.undecodable" if cell.has_bad_bytes else "intake.error_cell" if cell.error else ""
        if code and (index in mapped or cell.has_bad_bytes):
            place = headers.get(index, str(index + 1))
            note = Note(code, {"value": cell.text})
            reader.defects.append((index, Defect(reader.raw.number, place, cell.text, note, reader.rules.sheet)))


def _order_row(reader: _Reader) -> OrderRow:
    codes: dict[str, str] = {field: reader.code(field) for field in NAMES if field in CODES}
    words = {field: reader.word(field) for field in VALUES}
    return OrderRow(
        number=reader.raw.number,
        sheet=reader.rules.sheet,
        **codes,
        order_type=_of(OrderType, words["order_type"]),
        effective_date=reader.day("effective_date"),
        name=reader.text("name"),
        kana=reader.text("kana"),
        title=reader.text("title"),
        post_kind=_of(PostKind, words["post_kind"]),
        planned_end=reader.end_day("planned_end"),
        sequence=reader.number("sequence"),
        status=_of(OrderStatus, words["status"]),
        release_at=reader.moment("release_at"),
        note=reader.text("note"),
        on_leave=words["absence"] == "leave",
        concurrent=_concurrent(reader, reader.rules.layout.concurrent()),
        cells=_cells(reader),
    )


def _of(kind: Callable[[str], T], word: str | None) -> T | None:
    return None if word is None else kind(word)


def _concurrent(reader: _Reader, columns: tuple[Column, ...]) -> tuple[tuple[int, str], ...]:
    units = [(int(column.field.removeprefix(CONCURRENT_UNIT)), reader.code(column.field)) for column in columns]
    return tuple((number, unit) for number, unit in units if unit)


def _cells(reader: _Reader) -> dict[str, tuple[str, str]]:
    return {field: (column.header, reader.cell(field).text) for field, column in reader.columns.items()}
