"""One csv file of the company folder -> typed rows, and a defect for each row that does not read.

Here: headers, cells by their kind, periods, rows written twice, rows of one code that overlap. Not
here: the layout (`folder_columns`), what holds between files (`folder_checks`), TOML (`folder_toml`).
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from sekisho.core.errors import SekishoError
from sekisho.core.periods import FOREVER
from sekisho.intake.dates import Day, Moment, read_day, read_moment
from sekisho.intake.defects import Defect, Note
from sekisho.intake.folder_columns import COLUMNS, Column, Kind, Line
from sekisho.intake.sheets import Cell, RawRow, sheets_of

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_OPEN_ENDS = frozenset({"9999-12-31", "9999/12/31", "99991231"})
"""What HR systems write for "no end"."""


class MissingColumn(SekishoError):
    """A file lacks a column without which it says nothing."""


class ColumnTwice(SekishoError):
    """Two columns of a file have one name: which of them counts is nobody's to guess."""


@dataclass(slots=True)
class FileRead:
    """What one file gave: rows in = accepted lines + one rejected row a defect's row + ignored (law 9).

    The checks between files move lines from `lines` to `defects`; nothing else changes after reading.
    """

    name: str
    sha256: str
    rows_in: int = 0
    lines: list[Line] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    ignored: int = 0
    unknown_columns: list[str] = field(default_factory=list)
    unread: list[frozenset[str]] = field(default_factory=list)
    """The words of each rejected row: what it spoke of has not gone, it only could not be read."""

    @property
    def rejected(self) -> int:
        """Return how many rows were rejected, each with one defect or more."""
        return len({defect.row for defect in self.defects})

    def reject_all(self, bad: Sequence[tuple[Line, Defect]]) -> None:
        """Move accepted lines to the rejected ones, in one pass."""
        if bad:
            gone = {id(line) for line, _ in bad}
            self.lines = [line for line in self.lines if id(line) not in gone]
            self.defects.extend(defect for _, defect in bad)
            self.unread.extend(frozenset(map(shown, line.values.values())) for line, _ in bad)

    @staticmethod
    def defect(line: Line, column: str, code: str, **params: str) -> Defect:
        """Return a defect at one cell of a line."""
        return Defect(line.number, column, shown(line.values.get(column)), Note(code, params))


def shown(value: object) -> str:
    """Return a value as a person would write it in the file."""
    match value:
        case None:
            return ""
        case list() | tuple():
            return ";".join(str(part) for part in value)
        case _:
            return str(value)


def read_file(name: str, content: bytes, zone: ZoneInfo) -> FileRead:
    """Read one csv file of the folder by its columns.

    Raises:
        Unreadable: not a table.
        MissingColumn: a required column is not there.
        ColumnTwice: a known column stands there twice.
    """
    found = FileRead(name, hashlib.sha256(content).hexdigest())
    rows = [row for row in sheets_of(content, name)[0].rows if not row.is_blank]
    columns = COLUMNS[name]
    header = [_header(cell) for cell in rows[0].cells] if rows else []
    places = _places(name, header, columns)
    known = {column.name for column in columns}
    found.unknown_columns = [word for word in header if word and word not in known]
    width = len(header)
    for raw in rows[1:]:
        _read_row(found, raw, _Layout(columns, places, width, zone))
    _ignore_repeated(found)
    return found


def _header(cell: Cell) -> str:
    return unicodedata.normalize("NFKC", cell.text).strip().strip("\ufeff").lower()


def _places(name: str, header: Sequence[str], columns: Iterable[Column]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, word in enumerate(header):
        if word and word in places:
            raise ColumnTwice("folder.column_twice", {"file": name, "column": word})
        places[word] = place
    for column in columns:
        if column.bold and column.name not in places:
            raise MissingColumn("folder.missing_column", {"file": name, "column": column.name})
    return places


@dataclass(frozen=True, slots=True)
class _Layout:
    columns: tuple[Column, ...]
    places: Mapping[str, int]
    width: int
    zone: ZoneInfo


def _read_row(found: FileRead, raw: RawRow, layout: _Layout) -> None:
    found.rows_in += 1
    values: dict[str, Any] = {}
    defects: list[Defect] = []
    for column in layout.columns:
        place = layout.places.get(column.name)
        cell = raw.cell(place) if place is not None else Cell("")
        value = read_cell(column, cell, layout.zone)
        if isinstance(value, Note):
            defects.append(Defect(raw.number, column.name, cell.text, value))
        else:
            values[column.name] = value
    extra = [cell.text for cell in raw.cells[layout.width :] if not cell.is_empty]
    if extra:
        defects.append(Defect(raw.number, "", ",".join(extra), Note("folder.extra_cells")))
    if not defects and (bad := bad_period(values)):
        defects.append(Defect(raw.number, "to", shown(values["to"]), bad))
    if defects:
        found.defects.extend(defects)
        found.unread.append(frozenset(cell.text.strip() for cell in raw.cells))
    else:
        found.lines.append(Line(raw.number, values))


def read_cell(column: Column, cell: Cell, zone: ZoneInfo) -> Any:
    """Return what the cell says, or a Note why it says nothing."""
    if cell.has_bad_bytes or cell.error:
        return Note("folder.unreadable_cell")
    if cell.is_empty:
        return Note("folder.blank") if column.bold or column.filled else column.default
    if column.kind is Kind.DAY and column.name == "to" and cell.text.strip() in _OPEN_ENDS:
        return None
    value = _READERS[column.kind](cell, zone)
    if isinstance(value, Note) or not column.words:
        return value
    wrong = [word for word in (value if isinstance(value, tuple) else (value,)) if word not in column.words]
    return Note("folder.not_a_word", {"words": ", ".join(sorted(column.words))}) if wrong else value


def _text(cell: Cell, _zone: ZoneInfo) -> str:
    return cell.text.strip(" \t\r\n\u3000\xa0\ufeff")


def _day(cell: Cell, _zone: ZoneInfo) -> date | Note:
    day = read_day(cell)
    return day.day if isinstance(day, Day) else day


def _moment(cell: Cell, zone: ZoneInfo) -> str | Note:
    moment = read_moment(cell, zone)
    return moment.at.isoformat() if isinstance(moment, Moment) else moment


def _flag(cell: Cell, _zone: ZoneInfo) -> bool | Note:
    flag = _FLAGS.get(cell.text.strip().lower())
    return Note("folder.not_a_word", {"words": "true, false"}) if flag is None else flag


def _share(cell: Cell, zone: ZoneInfo) -> str | Note:
    """Return the share of a post as a decimal text; `50%` is 0.5."""
    text = unicodedata.normalize("NFKC", _text(cell, zone))
    try:
        number = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        return Note("folder.not_a_number")
    share = number / 100 if text.endswith("%") else number
    return str(share.normalize()) if share.is_finite() and share >= 0 else Note("folder.not_a_number")


def _list(cell: Cell, zone: ZoneInfo) -> tuple[str, ...]:
    return tuple(part.strip() for part in _text(cell, zone).split(";") if part.strip())


_READERS: Mapping[Kind, Callable[[Cell, ZoneInfo], Any]] = {
    Kind.TEXT: _text,
    Kind.DAY: _day,
    Kind.MOMENT: _moment,
    Kind.FLAG: _flag,
    Kind.SHARE: _share,
    Kind.LIST: _list,
}


def bad_period(values: Mapping[str, Any]) -> Note | None:
    """Return why `from` and `to` are no period: it would end before, or on, its first day."""
    start, end = values.get("from"), values.get("to")
    if start is not None and end is not None and end <= start:
        return Note("folder.period", {"from": start.isoformat(), "to": end.isoformat()})
    return None


def _ignore_repeated(found: FileRead) -> None:
    """Count a row that says the same as an earlier one as ignored."""
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for line in found.lines:
        content = tuple(line.values.values())
        if content in seen:
            found.ignored += 1
        else:
            seen.add(content)
            kept.append(line)
    found.lines = kept


def reject_overlaps(found: FileRead, key: tuple[str, ...], code: str) -> None:
    """Reject each row whose period overlaps that of an earlier-starting row with the same key."""
    groups: dict[tuple[Any, ...], list[Line]] = {}
    for line in found.lines:
        groups.setdefault(tuple(line.values[name] for name in key), []).append(line)
    bad: list[tuple[Line, Defect]] = []
    for lines in groups.values():
        if len(lines) > 1:
            bad.extend((late, found.defect(late, "from", code, row=str(early))) for late, early in _overlapping(lines))
    found.reject_all(bad)


def _overlapping(lines: list[Line]) -> list[tuple[Line, int]]:
    """Return the lines that begin before an accepted one has ended, with that one's row."""
    bad = []
    last: Line | None = None
    for line in sorted(lines, key=lambda each: (each.values["from"], each.number)):
        if last is not None and line.values["from"] < (last.values["to"] or FOREVER):
            bad.append((line, last.number))
        else:
            last = line
    return bad
