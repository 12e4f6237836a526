"""The rows of an order file as they stand in it, for people to see and mend; and a file made of mended rows.

Here: the cells as text. What they mean is `order_files`'.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sekisho.intake.headers import Layout, find_layout, header_key
from sekisho.intake.order_files import shared_cells, with_shared
from sekisho.intake.order_words import NAMES, REASON_OURS, REQUIRED, ROW_OURS, SHEET_OURS
from sekisho.intake.profiles import PLAIN, Profile
from sekisho.intake.sheets import RawRow, Sheet, sheets_of

UNREAD = "?"
"""Begins the key of a column that is not read: it has no field."""


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column: its key (the field, or `?header` where it is not read), its header in the file, whether it is used."""

    key: str
    header: str
    filled: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row: its sheet, its number in the file, and its filled cells by column key."""

    sheet: str
    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ShownSheet:
    """Every row below the header in which a person sees something, and the columns in the file's order."""

    columns: tuple[ShownColumn, ...]
    rows: tuple[ShownRow, ...]


def shown_sheet(content: bytes, name: str, profile: Profile, required: Sequence[str] = REQUIRED) -> ShownSheet:
    """Return the rows of all sheets that are read; the sheet's name is "" where it is the only one.

    Raises:
        Unreadable: not a table.
    """
    headers: dict[str, str] = {}
    rows: list[ShownRow] = []
    sheets = [(sheet, find_layout(sheet, required, profile)) for sheet in sheets_of(content, name) if sheet.rows]
    complete = [(sheet, layout) for sheet, layout in sheets if not layout.missing(required)]
    for sheet, layout in complete:
        keys = _keys(layout)
        for index, key in keys.items():
            headers.setdefault(key, next(one.header for one in layout.every if one.index == index))
        label = sheet.name if len(complete) > 1 else ""
        rows += [ShownRow(label, raw.number, _cells(raw, keys)) for raw in _below(sheet, layout)]
    filled = {key for row in rows for key in row.cells}
    return ShownSheet(tuple(ShownColumn(key, text, key in filled) for key, text in headers.items()), tuple(rows))


def _keys(layout: Layout) -> dict[int, str]:
    """Return the key of each column by its place; a second column of a field is not read."""
    read = {column.index: column.field for column in layout.columns}
    return {column.index: read.get(column.index, UNREAD + column.header) for column in layout.every}


def _below(sheet: Sheet, layout: Layout) -> list[RawRow]:
    shared = shared_cells(sheet)
    rows = [(index, sheet.rows[index]) for index in range(layout.first_row, len(sheet.rows))]
    return [with_shared(raw, shared.get(index, {})) for index, raw in rows if not raw.is_blank]


def _cells(raw: RawRow, keys: Mapping[int, str]) -> dict[str, str]:
    return {key: text for index, key in keys.items() if (text := raw.cell(index).text)}


def written_rows(columns: Sequence[str], rows: Sequence[Mapping[str, str]], profile: Profile = PLAIN) -> bytes:
    """Return a CSV file in UTF-8 of these rows, under headers by which the same profile finds the same fields."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([header(field, profile) for field in columns])
    writer.writerows([[row.get(field, "") for field in columns] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def header(field: str, profile: Profile = PLAIN) -> str:
    """Return a header that the profile reads as the field: its own, else the contract's."""
    own = next((text for text, meant in profile.columns.items() if meant == field), "")
    return own or (NAMES[field][0] if field in NAMES else field)


def returned_cells(content: bytes, name: str, profile: Profile = PLAIN) -> dict[tuple[str, int, str], str]:
    """Return what a sheet of rejected rows says when it comes back: (sheet, row, field) → the cell as it now stands.

    Rows that do not name the row they came from are left out: nobody knows which they would mend.

    Raises:
        Unreadable: not a table.
    """
    found: dict[tuple[str, int, str], str] = {}
    for sheet in sheets_of(content, name):
        layout = find_layout(sheet, REQUIRED, profile)
        place = {header_key(column.header): column.index for column in layout.every}
        row_at = next((place[header_key(word)] for word in ROW_OURS if header_key(word) in place), None)
        sheet_at = next((place[header_key(word)] for word in SHEET_OURS if header_key(word) in place), None)
        if row_at is None:
            continue
        for raw in sheet.rows[layout.first_row :]:
            number = raw.cell(row_at).text.strip()
            label = raw.cell(sheet_at).text.strip() if sheet_at is not None else ""
            if number.isascii() and number.isdigit():
                found |= {(label, int(number), one.field): raw.cell(one.index).text for one in layout.columns}
    return found


def our_headers(language: str) -> tuple[str, str, str]:
    """Return the headers of the columns that we add to rejected rows: sheet, row, reason."""
    place = 0 if language == "ja" else 1
    return SHEET_OURS[place], ROW_OURS[place], REASON_OURS[place]
