"""Tables as Excel workbooks: values stay values, and no cell of text is ever read as a formula."""

from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import xlsxwriter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Value = str | float | date | datetime | None
WIDEST = 60
_NARROWEST = 8


def workbook(*, title: str, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> bytes:
    """Return one sheet: a head that stays in sight and filters, then a row each, days and numbers as such."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    )
    sheet = book.add_worksheet(_name(title))
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
    for place, text in enumerate(columns):
        sheet.write_string(0, place, text, head)
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            _write(sheet, (number, place), value, (day, moment))
    for place, text in enumerate(columns):
        widths = [_width(text), *(_width(str(row[place])) for row in rows[:500] if row[place] is not None)]
        sheet.set_column(place, place, min(WIDEST, max(_NARROWEST, *widths) + 2))
    sheet.freeze_panes(1, 0)
    if rows and columns:
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)
    book.close()
    return buffer.getvalue()


def _write(sheet: Any, place: tuple[int, int], value: Value, formats: tuple[Any, Any]) -> None:
    """Write one value as what it is; `formats` are those of a day and of a moment."""
    day, moment = formats
    match value:
        case None:
            sheet.write_blank(*place, None)
        case datetime():
            sheet.write_datetime(*place, value, moment)
        case date():
            sheet.write_datetime(*place, datetime.combine(value, time.min), day)
        case bool() | str():
            sheet.write_string(*place, str(value))
        case _:
            sheet.write_number(*place, value)


def _name(title: str) -> str:
    """Return a name that Excel takes for a sheet: 31 characters, none of those it forbids."""
    return "".join(" " if char in "[]:*?/\\'" else char for char in title)[:31].strip() or "Sheet"


def _width(text: str) -> int:
    """Return how wide a text is in Excel's characters: Japanese ones take two."""
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)
