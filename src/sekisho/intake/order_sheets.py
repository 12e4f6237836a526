"""Rows of an order file as they stand in it, for people to see and mend; and a file made of mended rows.

Here: the cells as text, under the contract's own headers. What they mean is `order_files`'.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sekisho.intake.headers import find_layout
from sekisho.intake.order_words import NAMES, REQUIRED
from sekisho.intake.profiles import Profile
from sekisho.intake.sheets import sheets_of


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row: its sheet, its number in the file, and its cells by field."""

    sheet: str
    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ShownSheet:
    """The rows asked for, and the columns: (field, header in the file), in the file's order."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[ShownRow, ...]


def shown_rows(content: bytes, name: str, profile: Profile, wanted: Collection[tuple[str, int]]) -> ShownSheet:
    """Return the rows with these (sheet, number); "" stands for the only sheet that is read.

    Raises:
        Unreadable: not a table.
    """
    columns: dict[str, str] = {}
    rows: list[ShownRow] = []
    sheets = [(sheet, find_layout(sheet, REQUIRED, profile)) for sheet in sheets_of(content, name) if sheet.rows]
    complete = [(sheet, layout) for sheet, layout in sheets if not layout.missing(REQUIRED)]
    for sheet, layout in complete:
        label = sheet.name if len(complete) > 1 else ""
        columns |= {column.field: column.header for column in layout.columns if column.field not in columns}
        for raw in sheet.rows:
            if (label, raw.number) in wanted:
                cells = {column.field: raw.cell(column.index).text for column in layout.columns}
                rows.append(ShownRow(label, raw.number, cells))
    return ShownSheet(tuple(columns.items()), tuple(rows))


def written_rows(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """Return a CSV file in UTF-8 of these rows, under the contract's headers."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([header(field) for field in columns])
    writer.writerows([[row.get(field, "") for field in columns] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def header(field: str) -> str:
    """Return the contract's header of a field; numbered ones keep their number."""
    return NAMES[field][0] if field in NAMES else field
