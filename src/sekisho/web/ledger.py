"""Ledger 証跡台帳: can a stranger check this? The last checkpoint, the entries one may read, an entry's proof."""

import json
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse

from sekisho.core.visibility import Depth, FactKind
from sekisho.services import entries
from sekisho.services.ledger import Entry
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import moment, say, side_name

ENTRIES = 2000


@page("ledger", "ledger", needs=(FactKind.ENTRY,), least=Depth.COUNT)
def ledger(request: Request) -> Shown:
    """Show the last checkpoint and the last entries that the reader may read."""
    caller = request.caller
    shown = entries.show(actor=caller.actor, count=ENTRIES, now=caller.now)
    rows = [_row(entry) for entry in reversed(shown.entries)]
    return Shown(
        "ledger/ledger.html",
        {"checkpoint": shown.checkpoint, "others": shown.others, "size": shown.size, "signed_at": shown.signed_at},
        (_table(request, rows),),
    )


@page("ledger/<str:entry>", "ledger_entry", needs=(FactKind.ENTRY,), least=Depth.DETAIL)
def ledger_entry(request: Request, entry: str) -> Shown:
    """Show one entry as it was hashed, and its proof."""
    found, _ = entries.prove(actor=request.caller.actor, entry=entry, now=request.caller.now)
    leaf = json.dumps(dict(found.facts), ensure_ascii=False, indent=2)
    context = {"entry": found, "at": datetime.fromisoformat(found.at), "facts": leaf}
    return Shown("ledger/entry.html", context)


@page("ledger/<str:entry>/proof", "ledger_proof", needs=(FactKind.ENTRY,), least=Depth.DETAIL)
def ledger_proof(request: Request, entry: str) -> HttpResponse:
    """Hand out the entry's proof as a file that any tlog verifier reads."""
    found, proof = entries.prove(actor=request.caller.actor, entry=entry, now=request.caller.now)
    response = HttpResponse(proof.text(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="entry-{found.position}.tlog-proof"'
    return response


def _table(request: Request, rows: list[Row]) -> Table:
    columns = [
        Column("position", say("page_ledger.position"), "number"),
        Column("at", say("page_ledger.at"), "moment"),
        Column("kind", say("page_ledger.kind")),
        Column("actor", say("page_ledger.actor")),
        Column("side", say("page_ledger.side")),
    ]
    caption, empty = say("page_ledger.entries"), say("page_ledger.empty")
    return table(request, "entries", caption=caption, columns=columns, rows=rows, empty=empty)


def _row(entry: Entry) -> Row:
    at = datetime.fromisoformat(entry.at)
    href = reverse("ledger_entry", kwargs={"entry": entry.id}) if entry.position is not None else ""
    return Row(
        (
            Cell(entry.position, "" if entry.position is None else str(entry.position), href=href),
            Cell(at, moment(at)),
            Cell(entry.kind),
            Cell(entry.actor),
            Cell(entry.side, side_name(entry.side)),
        ),
        href,
    )
