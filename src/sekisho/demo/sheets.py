"""Write HR's order files as HR does: title lines, merged two-row headers, every form of a date, CP932.

The dirt is seeded and harmless where the rows are to be taken: it changes how a row looks, never what it
says. Rows that must be rejected are written by `spoilt`, each with the column at fault.
"""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from random import Random

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from sekisho.demo.history import HrRow
from sekisho.demo.names import VARIANTS

FIELDS = (
    ("発令番号", "order_no"),
    ("会社コード", "company"),
    ("社員番号", "employee_no"),
    ("氏名", "name"),
    ("カナ", "kana"),
    ("発令日", "day"),
    ("発令区分", "kind"),
    ("旧所属コード", "from_unit"),
    ("新所属コード", "to_unit"),
    ("役職", "title"),
    ("本務兼務", "post_kind"),
    ("兼務番号", "post_no"),
    ("出向先会社", "host_company"),
    ("旧社員番号", "previous_no"),
    ("新社員番号", "new_no"),
    ("発令順", "sequence"),
    ("状態", "status"),
    ("対象発令番号", "supersedes"),
    ("内示解禁日時", "release_at"),
    ("備考", "note"),
)
HEADERS = [header for header, _ in FIELDS]
GROUPS = (("発令", 0, 1), ("社員", 2, 4), ("発令内容", 5, 6), ("異動", 7, 9), ("兼務", 10, 11), ("番号", 13, 14))
"""The upper header row of the workbook: its words and the columns each spans."""

UPPER = {HEADERS[place]: words for words, first, last in GROUPS for place in range(first, last + 1)}
"""Header → the group's words above it in the workbook: together they are the column's name there."""

Written = list[str | date | int]


def written(row: HrRow) -> Written:
    """Return the row's cells in the order of `HEADERS`; the day still a date."""
    return [getattr(row, attribute) for _, attribute in FIELDS]


def era(day: date) -> str:
    """Return the day as 令和6年4月1日 or 平成31年4月1日."""
    if day >= date(2019, 5, 1):
        return f"令和{day.year - 2018}年{day.month}月{day.day}日"
    return f"平成{day.year - 1988}年{day.month}月{day.day}日"


DATE_FORMS: tuple[Callable[[date], str], ...] = (
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: day.isoformat(),
    lambda day: f"{day:%Y%m%d}",
    era,
    lambda day: f"R{day.year - 2018}.{day.month}.{day.day}" if day.year > 2019 else day.isoformat(),
    lambda day: era(day).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
    lambda day: str((day - date(1899, 12, 30)).days),
)


def soiled(dice: Random, cells: Written) -> Written:
    """Return the row as another clerk would have typed it: the same order, other characters."""
    day = cells[5]
    cells = list(cells)
    if isinstance(day, date):
        cells[5] = dice.choice(DATE_FORMS)(day)
    if dice.random() < 0.1:
        cells[3] = str(cells[3]).translate(VARIANTS)
    if dice.random() < 0.1:
        cells[3] = str(cells[3]).replace(" ", "　")
    if dice.random() < 0.05:
        cells[2] = f"{cells[2]} "
    if dice.random() < 0.05:
        cells[4] = str(cells[4]).replace(" ", "")
    if dice.random() < 0.03 and not cells[19]:
        cells[19] = "㈱北辰ビル①～"
    return cells


def write_csv(file: Path, rows: Sequence[Sequence[object]], *, encoding: str, titles: Sequence[str] = ()) -> int:
    """Write a csv file with CRLF and return the line of its first row below the header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for title in titles:
        writer.writerow([title])
    writer.writerow(HEADERS)
    writer.writerows([str(cell) for cell in row] for row in rows)
    file.write_bytes(text.getvalue().encode(encoding))
    return len(titles) + 2


def write_xlsx(file: Path, rows: Sequence[Sequence[object]], *, titles: Sequence[str]) -> int:
    """Write a workbook with title lines and a merged two-row header; return the first data row's number."""
    book = xlsxwriter.Workbook(file)
    book.set_properties({"created": datetime(2024, 3, 1, tzinfo=UTC)})
    sheet = book.add_worksheet("発令一覧")
    for line, title in enumerate(titles):
        sheet.merge_range(line, 0, line, 6, title)
    _merged_header(sheet, len(titles))
    first = len(titles) + 2
    days = book.add_format({"num_format": "yyyy/m/d"})
    for line, row in enumerate(rows, start=first):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(line, column, datetime.combine(cell, time.min), days)
            elif cell != "":
                sheet.write_string(line, column, str(cell))
    book.add_worksheet("記入要領").write_string(0, 0, "このシートは取り込まれません。")
    book.close()
    return first + 1


def _merged_header(sheet: Worksheet, top: int) -> None:
    """Write two header rows: groups above, columns below; a column without a group spans both."""
    spanned: set[int] = set()
    for words, first, last in GROUPS:
        sheet.merge_range(top, first, top, last, words)
        spanned.update(range(first, last + 1))
    for column, header in enumerate(HEADERS):
        if column in spanned:
            sheet.write_string(top + 1, column, header)
        else:
            sheet.merge_range(top, column, top + 1, column, header)
