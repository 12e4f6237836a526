"""A whole order file -> rows that read well, defects, warnings, and a count in which nothing is lost.

Here: choosing the sheets, the layout of each, blank and repeated header rows, vertically merged data
cells. Not here: single cells (`order_rows`), anything the store knows (`services.order_import`).

How rows are counted: a row in is every row below the header in which a person sees something. Blank
rows, title lines and the header are not rows in. The header again (a printed page's) is a row in,
ignored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sekisho.core.errors import SekishoError
from sekisho.intake.characters import trimmed
from sekisho.intake.defects import Defect, Note
from sekisho.intake.headers import Layout, find_layout
from sekisho.intake.order_rows import OrderRow, RowRules, read_row
from sekisho.intake.order_words import NAMES, REQUIRED
from sekisho.intake.profiles import Profile
from sekisho.intake.sheets import EMPTY, Cell, RawRow, Sheet, sheets_of


class MissingColumns(SekishoError):
    """A required column is nowhere in the file's first rows."""


@dataclass(frozen=True, slots=True)
class OrderFileReading:
    """What a file holds. `rejected` has one entry a row: its defects, first column first.

    rows_in = len(rows) + len(rejected) + headers_again.
    """

    rows: tuple[OrderRow, ...]
    rejected: tuple[tuple[Defect, ...], ...]
    warnings: tuple[Defect, ...]
    headers_again: int
    blank: int
    fields: frozenset[str] = frozenset()
    """The fields that the file has a column for."""
    rejected_numbers: tuple[str, ...] = ()
    """The employee numbers of the rejected rows, "" where even that cannot be read."""

    @property
    def rows_in(self) -> int:
        """Return how many rows the file has below its header, blank ones aside."""
        return len(self.rows) + len(self.rejected) + self.headers_again


@dataclass(slots=True)
class _Tally:
    rows: list[OrderRow] = field(default_factory=list)
    rejected: list[tuple[Defect, ...]] = field(default_factory=list)
    warnings: list[Defect] = field(default_factory=list)
    headers_again: int = 0
    blank: int = 0
    fields: set[str] = field(default_factory=set)
    rejected_numbers: list[str] = field(default_factory=list)


def read_order_file(
    content: bytes, name: str, profile: Profile, zone: ZoneInfo, required: tuple[str, ...] = REQUIRED
) -> OrderFileReading:
    """Return everything the file says.

    Every visible sheet whose header has the required columns is read; other sheets with cells are
    named in the warnings.

    Raises:
        Unreadable: not a table.
        MissingColumns: no sheet has all required columns; names those the best sheet lacks.
    """
    sheets = [sheet for sheet in sheets_of(content, name) if any(not row.is_blank for row in sheet.rows)]
    layouts = [(sheet, find_layout(sheet, required, profile)) for sheet in sheets]
    complete = [(sheet, layout) for sheet, layout in layouts if not layout.missing(required)]
    if not complete:
        raise _missing(name, [layout for _, layout in layouts], required)
    tally = _Tally()
    for sheet, layout in layouts:
        if layout.missing(required):
            tally.warnings.append(
                Defect(0, "", sheet.name, Note("intake.sheet_not_read", {"sheet": sheet.name}), sheet.name)
            )
        else:
            rules = RowRules(
                layout, profile, zone, required, sheet.name if len(complete) > 1 else "", is_typed=not sheet.encoding
            )
            _read_sheet(tally, sheet, rules)
    return OrderFileReading(
        tuple(tally.rows),
        tuple(tally.rejected),
        tuple(tally.warnings),
        tally.headers_again,
        tally.blank,
        frozenset(tally.fields),
        tuple(tally.rejected_numbers),
    )


def _missing(name: str, layouts: Sequence[Layout], required: Sequence[str]) -> MissingColumns:
    best = min((layout.missing(required) for layout in layouts), key=len, default=tuple(required))
    columns = ", ".join(f"{NAMES[column][0]} ({column})" for column in best)
    return MissingColumns("intake.missing_columns", {"file": name, "columns": columns})


def _read_sheet(tally: _Tally, sheet: Sheet, rules: RowRules) -> None:
    layout = rules.layout
    tally.fields.update(column.field for column in layout.columns)
    for column, code in [(column, "intake.unknown_column") for column in layout.unknown] + [
        (column, "intake.repeated_column") for column in layout.repeated
    ]:
        note = Note(code, {"column": column.header})
        tally.warnings.append(Defect(layout.header_row, column.header, "", note, rules.sheet))
    header = _shown(sheet.rows[layout.first_row - 1])
    shared = shared_cells(sheet)
    for index in range(layout.first_row, len(sheet.rows)):
        raw = sheet.rows[index]
        if raw.is_blank:
            tally.blank += 1
        elif _shown(raw) == header:
            tally.headers_again += 1
        else:
            _read_one(tally, rules, with_shared(raw, shared.get(index, {})))


def _read_one(tally: _Tally, rules: RowRules, raw: RawRow) -> None:
    reading = read_row(rules, raw)
    tally.warnings.extend(reading.warnings)
    if reading.row is None:
        tally.rejected.append(reading.defects)
        tally.rejected_numbers.append(reading.employee_no)
    else:
        tally.rows.append(reading.row)


def _shown(row: RawRow) -> list[str]:
    return [trimmed(cell.text) for cell in row.cells]


def shared_cells(sheet: Sheet) -> dict[int, dict[int, Cell]]:
    """Return what cells merged downwards say to the rows that they cover: row index → column → cell."""
    shared: dict[int, dict[int, Cell]] = {}
    for (top, first), (bottom, last) in sheet.merged:
        if first == last and top < len(sheet.rows):
            for row in range(top + 1, min(bottom + 1, len(sheet.rows))):
                shared.setdefault(row, {})[first] = sheet.rows[top].cell(first)
    return shared


def with_shared(raw: RawRow, shared: dict[int, Cell]) -> RawRow:
    """Return the row with what merged cells above say to it."""
    if not shared:
        return raw
    cells = list(raw.cells) + [EMPTY] * (max(shared) + 1 - len(raw.cells))
    for column, cell in shared.items():
        cells[column] = cell
    return RawRow(raw.number, cells)
