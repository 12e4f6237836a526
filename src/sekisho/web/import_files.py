"""One file of HR's 発令の取込: the sheet as it was, its bad cells marked in place; rows mended there or in Excel."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from sekisho.core.errors import SekishoError
from sekisho.core.visibility import Depth, FactKind
from sekisho.http.problems import status_of
from sekisho.intake import order_sheets
from sekisho.intake.order_sheets import UNREAD, ShownColumn
from sekisho.reports import order_sheets as written
from sekisho.reports.order_sheets import SheetLine
from sekisho.services import order_files, order_mending, visibility
from sekisho.services.order_files import BadCell, FileShown, SheetRow
from sekisho.services.order_mending import RejectedRow
from sekisho.web import forms, pages
from sekisho.web.forms import sentence
from sekisho.web.imports import may_import, sent_file, tell, workbook_answer
from sekisho.web.pages import Request, Shown, page
from sekisho.web.words import language, say

NEEDS = (FactKind.ORDER_FILE,)
LEADING = frozenset({"order_no", "employee_no", "name"})
"""What tells on a phone whose row it is; the other cells that are fine are folded there."""


@page("imports/<int:file_id>", "import_file", needs=NEEDS, least=Depth.DETAIL, acts=("mend", "sheet"))
def import_file(request: Request, file_id: int) -> HttpResponse | Shown:
    """Show one file as it came; mend its rejected rows in place, or by a sheet that comes back."""
    refusal, status, typed = "", 200, dict[tuple[str, int, str], str]()
    if request.method == "POST":
        typed = _typed(request.POST)
        try:
            return _mend(request, file_id, typed)
        except SekishoError as error:
            if error.code == "orders.unknown_file":
                raise
            refusal, status = sentence(error), status_of(error)
    caller, asked = request.caller, request.GET
    page_asked = asked.get("page", "1")
    number = forms.whole(page_asked, digits=6) or 1
    shown = order_files.file(
        actor=caller.actor, now=caller.now, file_id=file_id, shown=asked.get("show", ""), page=max(1, number)
    )
    context = _context(request, shown, typed) | {"refusal": refusal, "refused_act": request.POST.get("do", "mend")}
    return Shown("imports/file.html", context, status=status, prints=True)


@page("imports/<int:file_id>/rejected", "import_rejected", needs=NEEDS, least=Depth.DETAIL)
def import_rejected(request: Request, file_id: int) -> HttpResponse:
    """Give the rejected rows with their reasons as a sheet that can be mended and brought back."""
    caller = request.caller
    if not pages.exports(caller, NEEDS):
        raise visibility.NotVisible("visibility.no_export", {"actor": caller.actor.name})
    found = order_mending.rejected_rows(actor=caller.actor, now=caller.now, file_id=file_id)
    headers = [*order_sheets.our_headers(language()), *found.headers]
    lines = [_sheet_line(row, found.headers) for row in found.rows]
    content = written.workbook(title=say("page_imports.rejected_sheet"), headers=headers, lines=lines)
    answer = workbook_answer(content, "rejected.xlsx")
    name = quote(f"{found.name.rpartition('.')[0]}-{say('page_imports.rejected_sheet')}.xlsx")
    answer["Content-Disposition"] += f"; filename*=UTF-8''{name}"
    return answer


def _sheet_line(row: RejectedRow, headers: tuple[str, ...]) -> SheetLine:
    """Return a rejected row below our three columns; what is wrong stands in the third and at its cell."""
    said = [(column, say(code, **params)) for column, code, params in row.wrong]
    places = {header: place + 3 for place, header in enumerate(headers)}
    marks = {places[column]: words for column, words in said if column in places}
    reasons = " / ".join(f"{column}: {words}" if column else words for column, words in said)
    return SheetLine((row.sheet, str(row.number), reasons, *row.cells), marks)


def _typed(posted: Mapping[str, str]) -> dict[tuple[str, int, str], str]:
    """Return the cells of the form: named `sheet|row|field`, and a sheet's name may hold anything."""
    cells = {}
    for name, value in posted.items():
        sheet, row, field = (["", "", *name.rsplit("|", 2)])[-3:]
        number = forms.whole(row)
        if number is not None and field:
            cells[sheet, number, field] = value
    return cells


def _mend(request: Request, file_id: int, typed: dict[tuple[str, int, str], str]) -> HttpResponse:
    caller = request.caller
    if request.act == "sheet":
        name, content = sent_file(request)
        taken = order_mending.mend_by_sheet(
            actor=caller.actor, now=caller.now, file_id=file_id, name=name, content=content
        )
    else:
        taken = order_mending.mend(actor=caller.actor, now=caller.now, file_id=file_id, cells=typed)
    tell(request, taken)
    if taken.imported.rejected and taken.file_id is not None:
        messages.warning(request, say("page_imports.still_wrong"))
        return redirect("import_file", file_id=taken.file_id)
    return redirect("import_file", file_id=file_id)


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell on the page: `name` is its field's in the form, "" where it is not mended here."""

    title: str
    value: str
    name: str
    wrong: tuple[str, ...]
    odd: tuple[str, ...]
    unread: bool
    leads: bool
    size: int


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row on the page, and what is said of it: (column, sentence, whether that is why it was rejected)."""

    row: SheetRow
    cells: tuple[ShownCell, ...]
    says: tuple[tuple[str, str, bool], ...]


def _context(request: Request, shown: FileShown, typed: Mapping[tuple[str, int, str], str]) -> dict[str, object]:
    may = may_import(request)
    bad = {one.column for row in shown.rows for one in row.bad}
    used = {key for row in shown.rows for key in row.cells} if shown.shown != order_files.ALL else None
    columns = [one for one in shown.columns if one.header in bad or (one.filled and (used is None or one.key in used))]
    return {
        "file": shown,
        "columns": [(one.header, one.key.startswith(UNREAD)) for one in columns],
        "left_out": [one.header for one in shown.columns if one not in columns],
        "lines": [_line(row, columns, typed, may=may) for row in shown.rows],
        "choices": [(name, say(f"page_imports.show_{name}"), shown.counts[name]) for name in order_files.SHOWN],
        "reasons": [(one, say(one.code, **{"value": one.value, **one.params})) for one in shown.reasons[:12]],
        "notes": [_said(one) for one in shown.notes],
        "loose": [(one, _said(one)) for one in shown.loose[:200]],
        "ignored": [(say(f"page_imports.ignored_{name}"), n) for name, n in shown.ignored.items()],
        "may_mend": may and any(row.is_open for row in shown.rows),
        "may_import": may,
        "may_take": pages.exports(request.caller, NEEDS) and shown.line.open > 0 and shown.stored,
    }


def _line(
    row: SheetRow, columns: list[ShownColumn], typed: Mapping[tuple[str, int, str], str], *, may: bool
) -> ShownLine:
    wrong: dict[str, list[str]] = {}
    odd: dict[str, list[str]] = {}
    for one in row.bad:
        (wrong if one.kind == "rejected" else odd).setdefault(one.column, []).append(_said(one))
    cells = []
    for column in columns:
        mended = may and row.is_open and not column.key.startswith(UNREAD)
        place = (row.sheet, row.number, column.key)
        value = typed.get(place) if mended else None
        name = f"{row.sheet}|{row.number}|{column.key}" if mended else ""
        words = (tuple(wrong.get(column.header, ())), tuple(odd.get(column.header, ())))
        cells.append(_cell(column, row.cells.get(column.key, "") if value is None else value, name, words))
    says = sorted(((one.column, _said(one), one.kind == "rejected") for one in row.bad), key=lambda one: not one[2])
    return ShownLine(row, tuple(cells), tuple(says))


def _cell(column: ShownColumn, value: str, name: str, said: tuple[tuple[str, ...], tuple[str, ...]]) -> ShownCell:
    unread, leads = column.key.startswith(UNREAD), column.key in LEADING
    width = sum(2 if ord(char) > 0x2E7F else 1 for char in value)
    return ShownCell(column.header, value, name, *said, unread, leads, min(40, max(4, width + 1)))


def _said(one: BadCell) -> str:
    return say(one.code, **{"value": one.value, **one.params})
