"""Find the header of a table among its first rows, however it was laid out.

Here: title lines above, headers of up to three rows, merged cells, aliases in Japanese and English,
a profile's own names. Not here: what the cells under a header say (`order_rows`).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sekisho.intake.characters import trimmed
from sekisho.intake.order_words import CONCURRENT_STEMS, CONCURRENT_UNIT, NAMES, OURS, UNIT_STEMS
from sekisho.intake.profiles import IGNORE, Profile
from sekisho.intake.sheets import Sheet

SCANNED_ROWS = 30
_DEEPEST = 3
_NOISE = re.compile(r"[\s_\-・:*※●○◎#.。、,/|]+")
_REMARK = re.compile(
    r"[(\[【<](?:必須|任意|required|optional|半角[^)\]】>]*|全角[^)\]】>]*|[ymd年月日/\-.]+|西暦|和暦|\d+桁)[)\]】>]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: its place from 0, its header as it stands there, the field it is."""

    index: int
    header: str
    field: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header stands and what each column is.

    `first_row` is the index of the first row below the header; `unknown` are columns with a header
    that means nothing to us, `repeated` columns whose field an earlier or better-named one took.
    """

    header_row: int
    first_row: int
    columns: tuple[Column, ...]
    unknown: tuple[Column, ...] = ()
    repeated: tuple[Column, ...] = ()
    every: tuple[Column, ...] = ()
    """All columns with a header, those that a profile ignores too, in the file's order."""

    def column(self, field: str) -> Column | None:
        """Return the column of a field, or None where the table has none."""
        return next((column for column in self.columns if column.field == field), None)

    def missing(self, required: Sequence[str]) -> tuple[str, ...]:
        """Return the required fields that no column is."""
        present = {column.field for column in self.columns}
        return tuple(field for field in required if field not in present)

    def concurrent(self) -> tuple[Column, ...]:
        """Return the numbered columns of concurrent posts, by number."""
        numbered = [column for column in self.columns if column.field.startswith(CONCURRENT_UNIT)]
        return tuple(sorted(numbered, key=lambda column: int(column.field.removeprefix(CONCURRENT_UNIT))))


def header_key(text: str) -> str:
    """Return a header as it is compared: width, case, spaces, marks and remarks like （必須） aside."""
    plain = _REMARK.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return re.sub(r"[()\[\]【】<>]", "", _NOISE.sub("", plain))


_FIELDS: dict[str, tuple[str, int]] = {}
for _field, _names in NAMES.items():
    for _rank, _name in enumerate((_names[0], _field, *_names[1:])):
        _FIELDS.setdefault(header_key(_name), (_field, min(_rank, 2)))
for _name in OURS:
    _FIELDS[header_key(_name)] = (IGNORE, 0)
_NUMBERED = [(header_key(stem), 0) for stem in CONCURRENT_STEMS] + [(header_key(stem), 1) for stem in UNIT_STEMS]


def find_layout(sheet: Sheet, required: Sequence[str], profile: Profile) -> Layout:
    """Return the best reading of the sheet's header: fewest required columns missing, then most found.

    A sheet without any known header gives a layout without columns, so all of `required` is missing.
    """
    best, best_score = Layout(0, 0, ()), (-len(required), 0)
    last = min(len(sheet.rows), SCANNED_ROWS)
    for depth in range(1, _DEEPEST + 1):
        for top in range(last - depth + 1):
            layout = _layout(sheet, top, depth, profile)
            score = (-len(layout.missing(required)), len(layout.columns))
            if len(layout.columns) > 1 and score > best_score:
                best, best_score = layout, score
    return best


def layout_at(sheet: Sheet, row: int, profile: Profile) -> Layout:
    """Return the sheet's reading with the header in one row, by the number that a person sees."""
    top = next((index for index, raw in enumerate(sheet.rows) if raw.number == row), None)
    return Layout(0, 0, ()) if top is None else _layout(sheet, top, 1, profile)


def _layout(sheet: Sheet, top: int, depth: int, profile: Profile) -> Layout:
    own = {header_key(header): field for header, field in profile.columns.items()}
    known: dict[str, tuple[int, Column]] = {}
    unknown: list[Column] = []
    repeated: list[Column] = []
    every: list[Column] = []
    for index, parts in enumerate(_header_parts(sheet, top, depth)):
        field, rank = _field_of(parts, own)
        column = Column(index, " ".join(parts), field)
        if parts:
            every.append(column)
        if not field and parts:
            unknown.append(column)
        if not field or field == IGNORE:
            continue
        if field in known and known[field][0] <= rank:
            repeated.append(column)
            continue
        if field in known:
            repeated.append(known[field][1])
        known[field] = (rank, column)
    columns = tuple(sorted((column for _, column in known.values()), key=lambda column: column.index))
    return Layout(sheet.rows[top].number, top + depth, columns, tuple(unknown), tuple(repeated), tuple(every))


def _header_parts(sheet: Sheet, top: int, depth: int) -> Iterator[list[str]]:
    """Yield each column's header texts, top to bottom, each once; a group's name counts for all below it."""
    rows = sheet.rows[top : top + depth]
    width = max(len(row.cells) for row in rows)
    own = [[trimmed(row.cell(index).text) for index in range(width)] for row in rows]
    groups = [(first, last) for first, last in sheet.merged if top <= first[0] < top + depth and first[1] < last[1]]
    filled = [list(texts) for texts in own]
    for (row, first), (_, last) in groups:
        filled[row - top][first : last + 1] = [own[row - top][first]] * (min(last + 1, width) - first)
    if not groups:
        filled = [list(_reaching_right(texts)) for texts in own[:-1]] + own[-1:]
    for index in range(width):
        has_own = any(texts[index] for texts in own)
        yield list(dict.fromkeys(texts[index] for texts in filled if texts[index])) if has_own else []


def _reaching_right(texts: Sequence[str]) -> Iterator[str]:
    last = ""
    for text in texts:
        last = text or last
        yield last


def _field_of(parts: list[str], own: dict[str, str]) -> tuple[str, int]:
    """Return the field and how good the match is: 0 a profile's or CONTRACT's name, 2 an alias, 3 a part."""
    several = parts if len(parts) > 1 else []
    candidates = [(header_key("".join(parts)), 0)] + [(header_key(part), 3) for part in reversed(several)]
    for key, penalty in candidates:
        if key in own:
            return own[key], penalty
        if key in _FIELDS:
            field, rank = _FIELDS[key]
            return field, rank + penalty
        numbered = _numbered(key)
        if numbered:
            return numbered, penalty
    return "", 0


def _numbered(key: str) -> str:
    for stem, offset in _NUMBERED:
        number = key.removeprefix(stem)
        if number != key and number.isdecimal() and 1 <= int(number) <= 99:
            place = int(number) - offset
            return "to_unit" if place == 0 else f"{CONCURRENT_UNIT}{place}"
    return ""
