"""Import 発令の取込: what was taken from this file? Rejected cells with their reasons, mended in place."""

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OrderStatus, Role
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, jobs, manifests, order_files, profiles
from sekisho.services.jobs import NewJob
from sekisho.services.order_files import BadCell, FileLine, FileShown
from sekisho.services.order_import import Imported, OrderRequest
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import moment, say

NUMBERS = ("rows_in", "accepted", "rejected", "ignored")


@page("imports", "imports", needs=(FactKind.ORDER_FILE,), least=Depth.COUNT, acts=("take", "manifest", "check"))
def imports(request: Request) -> HttpResponse | Shown:
    """List the files; take one in, sign a list of expected movers, have all orders checked."""
    caller = request.caller
    if request.method == "POST":
        try:
            return _do(request)
        except SekishoError as error:
            _refused(request, error)
            return redirect("imports")
    found = order_files.files(actor=caller.actor, now=caller.now)
    columns = [Column("name", say("page_imports.file")), Column("at", say("page_imports.received"), "moment")]
    columns += [Column("by", say("page_imports.by"))]
    columns += [Column(name, say(f"page_imports.{name}"), "number") for name in NUMBERS]
    shown = table(
        request,
        "files",
        caption=say("page_imports.files"),
        columns=columns,
        rows=[_line(one) for one in found],
        empty=say("page_imports.empty"),
    )
    may = _may_import(request)
    context = {
        "last": found[0] if found else None,
        "rejected": sum(one.rejected for one in found),
        "total": len(found),
        "may_import": may,
        "may_sign": caller.actor.has(Role.HR, on=installation.today(now=caller.now)),
        "profiles": profiles.listed(actor=caller.actor, now=caller.now) if may else (),
        "checks": [one for one in _jobs(request) if one.kind == "check"][:1],
    }
    return Shown("imports/imports.html", context, (shown,))


@page("imports/<int:file_id>", "import_file", needs=(FactKind.ORDER_FILE,), least=Depth.DETAIL, acts=("mend",))
def import_file(request: Request, file_id: int) -> HttpResponse | Shown:
    """Show one file with its rejected rows as they stand in it; mend them in place."""
    caller = request.caller
    if request.method == "POST":
        cells = {}
        for name, value in request.POST.items():
            sheet, row, field = (*name.split("|", 2), "", "")[:3]
            if row.isdigit() and isinstance(value, str):
                cells[sheet, int(row), field] = value
        try:
            imported, made = order_files.mend(actor=caller.actor, now=caller.now, file_id=file_id, cells=cells)
        except SekishoError as error:
            _refused(request, error)
            return redirect("import_file", file_id=file_id)
        _told(request, imported)
        return redirect("import_file", file_id=made if made is not None else file_id)
    shown = order_files.file(actor=caller.actor, now=caller.now, file_id=file_id)
    context = {
        "file": shown,
        "rows": [_mendable(shown, row.sheet, row.number) for row in shown.rows],
        "warnings": [(one, say(one.code, **one.params)) for one in shown.bad if one.kind == "warning"][:100],
        "may_import": _may_import(request),
    }
    return Shown("imports/file.html", context, (_rejected(request, shown),))


def _do(request: Request) -> HttpResponse:
    caller, posted = request.caller, request.POST
    if request.act == "check":
        asked = NewJob("check", f"check {caller.now.isoformat()}", {}, caller.now)
        jobs.enqueue(actor=caller.actor, now=caller.now, asked=asked)
        messages.success(request, say("page_imports.check_asked"))
        return redirect("imports")
    sent = request.FILES.get("file")
    if not isinstance(sent, UploadedFile) or not sent.name:
        messages.error(request, say("page_imports.no_file"))
        return redirect("imports")
    profile = posted.get("profile") or None
    if request.act == "manifest":
        signed = manifests.sign(
            actor=caller.actor, now=caller.now, name=sent.name, content=sent.read(), profile=profile
        )
        facts = {"n": signed.movers, "rejected": len(signed.rejections), "total": signed.rows_in}
        messages.success(request, say("page_imports.signed", **facts))
        return redirect("imports")
    status = {"draft": OrderStatus.DRAFT, "final": OrderStatus.FINAL}.get(posted.get("status", ""))
    wanted = OrderRequest(sent.name, sent.read(), caller.now, status, profile)
    imported, made = order_files.take(actor=caller.actor, now=caller.now, request=wanted)
    _told(request, imported)
    return redirect("import_file", file_id=made) if made is not None else redirect("imports")


def _told(request: Request, imported: Imported) -> None:
    facts = {"n": imported.accepted, "rejected": imported.rejected, "ignored": imported.ignored}
    level = messages.success if not imported.rejected else messages.warning
    level(request, say("page_imports.taken", total=imported.rows_in, **facts))


def _refused(request: Request, error: SekishoError) -> None:
    messages.error(request, say(error.code, **{name: str(value) for name, value in error.params.items()}))


def _may_import(request: Request) -> bool:
    today = installation.today(now=request.caller.now)
    return any(request.caller.actor.has(role, on=today) for role in (Role.HR, Role.COMPLIANCE))


def _jobs(request: Request) -> tuple[jobs.JobShown, ...]:
    """Return the last jobs for those who may count plans; HR sees the check's own outcome in the season's room."""
    try:
        return jobs.jobs(actor=request.caller.actor, now=request.caller.now)
    except SekishoError:
        return ()


def _line(one: FileLine) -> Row:
    href = reverse("import_file", kwargs={"file_id": one.id}) if one.readable else ""
    state = "stop" if one.rejected else ""
    return Row(
        (
            Cell(one.name, one.name, href=href),
            Cell(one.received_at, moment(one.received_at)),
            Cell(one.actor),
            Cell(one.rows_in),
            Cell(one.accepted),
            Cell(one.rejected, str(one.rejected), state=state),
            Cell(one.ignored),
        ),
        href,
    )


def _rejected(request: Request, shown: FileShown) -> Table:
    """Return a line for each rejected cell: what the sheet of reasons takes away."""
    keys = ("sheet", "row", "column", "value", "reason")
    kinds = {"row": "number"}
    bad = [one for one in shown.bad if one.kind == "rejected"]
    return table(
        request,
        "rejected",
        caption=say("page_imports.rejected_cells"),
        columns=[Column(key, say(f"page_imports.{key}"), kinds.get(key, "text")) for key in keys],
        rows=[
            Row((Cell(one.sheet), Cell(one.row), Cell(one.column), Cell(one.value), Cell(say(one.code, **one.params))))
            for one in bad
        ],
        empty=say("page_imports.none_rejected"),
    )


def _mendable(shown: FileShown, sheet: str, number: int) -> dict[str, object]:
    """Return a rejected row as cells with names for the form, and what is wrong with each."""
    row = next(one for one in shown.rows if (one.sheet, one.number) == (sheet, number))
    wrong: dict[str, list[str]] = {}
    elsewhere: list[str] = []
    headers = {title for _, title in shown.columns}
    for one in shown.bad:
        if (one.kind, one.sheet, one.row) != ("rejected", sheet, number):
            continue
        sentence = _sentence(one)
        if one.column in headers:
            wrong.setdefault(one.column, []).append(sentence)
        else:
            elsewhere.append(f"{one.column}: {sentence}" if one.column else sentence)
    cells = [
        {
            "name": f"{sheet}|{number}|{field}",
            "title": title,
            "value": row.cells.get(field, ""),
            "wrong": wrong.get(title),
        }
        for field, title in shown.columns
    ]
    return {"number": number, "sheet": sheet, "cells": cells, "elsewhere": elsewhere}


def _sentence(one: BadCell) -> str:
    return say(one.code, **{"value": one.value, **one.params})
