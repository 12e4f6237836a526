"""Sheets of HR's rows that go out to be filled in and come back: rejected rows with their reasons, and a sample.

Every cell is text, so that a spreadsheet eats no leading zero and makes no date of a code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import xlsxwriter

_WIDEST, _NARROWEST = 40, 8


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A row of texts; `marks` say what is wrong with the cells of some columns, by their place."""

    cells: tuple[str, ...]
    marks: Mapping[int, str] = field(default_factory=dict)


def workbook(*, title: str, headers: Sequence[str], lines: Sequence[SheetLine], bold: Sequence[int] = ()) -> bytes:
    """Return one sheet; marked cells are framed and carry their reason as a comment. `bold` headers are required."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(title[:31])
    plain = book.add_format({"num_format": "@"})
    wrong = book.add_format({"num_format": "@", "border": 2, "border_color": "#A90000", "bg_color": "#FDEEEE"})
    head = book.add_format({"bottom": 1, "num_format": "@", "bg_color": "#F7F8FA"})
    strong = book.add_format({"bottom": 1, "num_format": "@", "bold": True, "bg_color": "#E8F1FE"})
    for place, text in enumerate(headers):
        sheet.write_string(0, place, text, strong if place in bold else head)
        widest = max([_width(text), *(_width(line.cells[place]) for line in lines[:300])])
        sheet.set_column(place, place, min(_WIDEST, max(_NARROWEST, widest) + 2), plain)
    for number, line in enumerate(lines, 1):
        for place, text in enumerate(line.cells):
            sheet.write_string(number, place, text, wrong if place in line.marks else plain)
            if place in line.marks:
                sheet.write_comment(number, place, line.marks[place], {"x_scale": 2})
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()


def _width(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)
