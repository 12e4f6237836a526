"""A first look at a file whose columns are not all known: its header, what each column could be, its first rows.

Here: what a person needs to say which column is which. Not here: saving it (`services.profiles`), taking the file in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sekisho.intake.characters import trimmed
from sekisho.intake.headers import Layout, find_layout, layout_at
from sekisho.intake.order_words import ORDER_TYPES
from sekisho.intake.profiles import Profile
from sekisho.intake.sheets import RawRow, Sheet, sheets_of

LOOKED_AT = 15
SAMPLES = 6
MOST_WORDS = 30


@dataclass(frozen=True, slots=True)
class SketchColumn:
    """A column: its header, the field it is read as ("" where none), and its first cells."""

    header: str
    field: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The sheet as it would be read. `tops` are the rows that may be the header: (number, its words).

    `words` are words of the order type column that nobody has explained yet.
    """

    header_row: int
    columns: tuple[SketchColumn, ...]
    missing: tuple[str, ...]
    tops: tuple[tuple[int, str], ...]
    rows: int
    words: tuple[str, ...]


def sketch(content: bytes, name: str, profile: Profile, required: Sequence[str], header_row: int | None) -> Sketch:
    """Return a look at the sheet that reads best, its header in `header_row` where that is said.

    Raises:
        Unreadable: not a table.
    """
    sheets = [sheet for sheet in sheets_of(content, name) if any(not row.is_blank for row in sheet.rows)]
    if not sheets:
        return Sketch(0, (), tuple(required), (), 0, ())
    read = [(sheet, find_layout(sheet, required, profile)) for sheet in sheets]
    sheet, layout = min(read, key=lambda one: (len(one[1].missing(required)), -len(one[1].columns)))
    if header_row is not None or not layout.every:
        layout = layout_at(sheet, header_row if header_row is not None else _likely(sheet), profile)
    below = [row for row in sheet.rows[layout.first_row :] if not row.is_blank]
    columns = tuple(
        SketchColumn(one.header, one.field, tuple(row.cell(one.index).text for row in below[:SAMPLES]))
        for one in layout.every
    )
    tops = tuple((row.number, _words(row)) for row in sheet.rows[:LOOKED_AT] if not row.is_blank)
    words = _unknown_words(layout, below, profile)
    return Sketch(layout.header_row, columns, layout.missing(required), tops, len(below), words)


def _likely(sheet: Sheet) -> int:
    """Return the row that looks most like a header: the first with the most cells of text."""
    rows = [row for row in sheet.rows[:LOOKED_AT] if not row.is_blank]
    return max(rows, key=lambda row: sum(isinstance(one.value, str) and not one.is_empty for one in row.cells)).number


def _words(row: RawRow) -> str:
    return " · ".join(text for cell in row.cells[:8] if (text := trimmed(cell.text)))


def _unknown_words(layout: Layout, rows: Sequence[RawRow], profile: Profile) -> tuple[str, ...]:
    column = layout.column("order_type")
    if column is None:
        return ()
    known = {*ORDER_TYPES, *profile.values.get("order_type", {})}
    found = dict.fromkeys(trimmed(row.cell(column.index).text) for row in rows)
    return tuple(word for word in found if word and word not in known)[:MOST_WORDS]
