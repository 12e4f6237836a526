"""A csv or workbook file -> rows of typed cells, each row with the number a person sees.

Here: csv (comma or tab, quotes, any line ending), xlsx and xls, merged ranges, error cells. Not
here: what a column means (`headers`) or a value says (`dates`, `order_rows`). The kind of file is
found from its content, not its name.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path

import python_calamine

from sekisho.core.errors import SekishoError
from sekisho.intake.encodings import decode, has_bad_bytes, shown

CellValue = str | int | float | bool | date | time | timedelta
Range = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of a merged range, both inclusive, from 0."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CSV_CELL_LIMIT = 1_000_000


class Unreadable(SekishoError):
    """The file cannot be read as a table."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, its type kept: text, number, date, time or boolean; "" where empty.

    `error` holds a workbook's error value (`#N/A`): the cell is then not empty, but not readable.
    """

    value: CellValue
    error: str = ""

    @property
    def text(self) -> str:
        """Return the cell as text: whole numbers without a point, dates as ISO 8601, bad bytes shown."""
        match self.value:
            case _ if self.error:
                return self.error
            case str():
                return shown(self.value)
            case bool():
                return "TRUE" if self.value else "FALSE"
            case float() if self.value.is_integer():
                return str(int(self.value))
            case date() | time():
                return self.value.isoformat()
            case _:
                return str(self.value)

    @property
    def is_empty(self) -> bool:
        """Tell whether a person sees nothing in the cell."""
        return not self.error and isinstance(self.value, str) and not self.value.strip(" \t\r\n\u3000\xa0\ufeff")

    @property
    def is_number(self) -> bool:
        """Tell whether the cell is numeric: a code in it may have lost its leading zeros."""
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)

    @property
    def has_bad_bytes(self) -> bool:
        """Tell whether the cell holds bytes that are no character."""
        return isinstance(self.value, str) and has_bad_bytes(self.value)


EMPTY = Cell("")


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the file; `number` from 1, titles and header included.

    For csv it is the line on which the row begins, so a line break inside quotes shifts nothing.
    """

    number: int
    cells: list[Cell]

    @property
    def is_blank(self) -> bool:
        """Tell whether a person sees nothing in the row."""
        return all(cell.is_empty for cell in self.cells)

    def cell(self, index: int) -> Cell:
        """Return the cell at the column, from 0; empty beyond the row's end."""
        return self.cells[index] if index < len(self.cells) else EMPTY


@dataclass(frozen=True, slots=True)
class Sheet:
    """One visible sheet, or the whole csv file (name ""); `encoding` is "" for workbooks."""

    name: str
    rows: list[RawRow]
    merged: tuple[Range, ...] = field(default=())
    encoding: str = ""


def read_table(path: Path) -> list[RawRow]:
    """Return all rows of a csv file, or of a workbook's first visible sheet, blank rows included.

    Raises:
        Unreadable: not there, not a table, encrypted, or a quote that never closes.
    """
    return read_sheets(path)[0].rows


def read_sheets(path: Path) -> list[Sheet]:
    """Return every visible sheet; a csv file is one.

    Raises:
        Unreadable: as `read_table`.
    """
    return sheets_of(read_bytes(path), path.name)


def read_bytes(path: Path) -> bytes:
    """Return the file's content.

    Raises:
        Unreadable: not there, a directory, or not ours to read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable("intake.not_there", {"file": path.name, "detail": error.strerror or ""}) from error


def sheets_of(content: bytes, name: str) -> list[Sheet]:
    """Return the sheets of a file's content; `name` is only for messages.

    Raises:
        Unreadable: as `read_table`.
    """
    if content.startswith((_ZIP, _OLE)):
        return _workbook(content, name)
    decoded = decode(content)
    return [Sheet("", list(_csv_rows(decoded.text, name)), encoding=decoded.encoding)]


def _csv_rows(text: str, name: str) -> Iterator[RawRow]:
    csv.field_size_limit(_CSV_CELL_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 0
    try:
        for values in reader:
            yield RawRow(line + 1, [Cell(value) if value else EMPTY for value in values])
            line = reader.line_num
    except csv.Error as error:
        code = "intake.cell_too_long" if "field limit" in str(error) else "intake.quotes"
        raise Unreadable(code, {"file": name, "row": line + 1}) from error


def _delimiter(text: str) -> str:
    head = "".join(text.splitlines(keepends=True)[:20]) if len(text) < 100_000 else text[:10_000]
    return "\t" if head.count("\t") > head.count(",") else ","


def _workbook(content: bytes, name: str) -> list[Sheet]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [
            _sheet(book, index, content)
            for index, about in enumerate(book.sheets_metadata)
            if about.visible is python_calamine.SheetVisibleEnum.Visible
            and about.typ is python_calamine.SheetTypeEnum.WorkSheet
        ]
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError) as error:
        raise Unreadable("intake.workbook", {"file": name, "detail": str(error)}) from error
    if not sheets:
        raise Unreadable("intake.no_sheet", {"file": name})
    return sheets


def _sheet(book: python_calamine.CalamineWorkbook, index: int, content: bytes) -> Sheet:
    sheet = book.get_sheet_by_index(index)
    rows = [
        RawRow(number, [EMPTY if value == "" else Cell(value) for value in values])
        for number, values in enumerate(sheet.to_python(skip_empty_area=False), start=1)
    ]
    for (row, column), error in _error_cells(content, index).items():
        _put(rows, row, column, Cell("", error))
    return Sheet(sheet.name, rows, tuple(sheet.merged_cell_ranges or ()))


def _put(rows: list[RawRow], row: int, column: int, cell: Cell) -> None:
    while len(rows) <= row:
        rows.append(RawRow(len(rows) + 1, []))
    cells = rows[row].cells
    cells.extend([EMPTY] * (column + 1 - len(cells)))
    cells[column] = cell


def _error_cells(content: bytes, index: int) -> dict[tuple[int, int], str]:
    """Return the cells that show `#N/A` and the like: calamine reads them as empty.

    An empty cell means "nothing to say", a failed lookup means "unknown": they must not mix.
    """
    if not content.startswith(_ZIP):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        part = _sheet_part(package, index)
        xml = package.read(part) if part else b""
    return {
        (int(found[2]) - 1, _column(found[1].decode())): found[3].decode()
        for found in re.finditer(rb'<c r="([A-Z]+)(\d+)"[^>]*\bt="e"[^>]*>.*?<v>([^<]*)</v>', xml)
    }


def _sheet_part(package: zipfile.ZipFile, index: int) -> str | None:
    """Return the name of the package's part that holds the sheet, found through the relations."""
    try:
        book = package.read("xl/workbook.xml")
        relations = package.read("xl/_rels/workbook.xml.rels")
    except KeyError:
        return None
    ids = [found[1] for found in re.finditer(rb'<(?:\w+:)?sheet\b[^>]*\br:id="([^"]+)"', book)]
    targets: dict[bytes, str] = {}
    for tag in re.findall(rb"<Relationship\b[^>]*>", relations):
        words = dict(re.findall(rb'\b(Id|Target)="([^"]*)"', tag))
        targets[words.get(b"Id", b"")] = words.get(b"Target", b"").decode()
    target = targets.get(ids[index], "") if index < len(ids) else ""
    part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return part if part in package.namelist() else None


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
