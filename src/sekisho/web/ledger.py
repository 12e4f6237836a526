"""Ledger 証跡台帳: can a stranger check this? Who keeps a checkpoint outside, the entries, proofs, evidence packs."""

import json
from dataclasses import replace
from datetime import datetime

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import anchors, entries, entries_shown, jobs, pack_jobs
from sekisho.services.anchors import Anchor
from sekisho.services.entries_shown import Wanted
from sekisho.services.jobs import JobShown, NewJob
from sekisho.services.ledger import Entry
from sekisho.texts import catalogue
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, asked_of, page_rows, table
from sekisho.web.words import language, moment, say, side_name

FIELDS = {"ledger.no_holder": "holder"}


@page("ledger", "ledger", needs=(FactKind.ENTRY,), least=Depth.COUNT, acts=("verify", "hand", "pack"))
def ledger(request: Request) -> HttpResponse | Shown:
    """Show the last checkpoint, who keeps one outside, the last check, packs; and the entries one may read."""
    caller, errors = request.caller, {}
    actor, now = caller.actor, caller.now
    if request.method == "POST":
        try:
            messages.success(request, _do(request))
        except SekishoError as error:
            errors = forms.errors(error, FIELDS)
        else:
            return redirect("ledger")
    shown = entries.show(actor=actor, count=0, now=now)
    window = anchors.window(actor=actor, now=now)
    checks = jobs.jobs(actor=actor, now=now, kinds=(jobs.AUDIT,), count=1)
    sides = pack_jobs.sides(actor=actor, now=now)
    listed, filters = _entries(request)
    context = {
        "errors": errors,
        "posted": request.POST,
        "shown": shown,
        "window": window,
        "check": _check(checks[0]) if checks else None,
        "may_check": jobs.may(actor=actor, kind=jobs.AUDIT, now=now),
        "may_hand": anchors.may_hand_out(actor=actor, now=now),
        "pack_sides": [(side, _side_words(side)) for side in sides],
        "packs": [(one, _side_words(one.side)) for one in pack_jobs.listed(actor=actor, now=now, home=caller.home)],
        "labels": forms.labels("page_ledger", "holder", "way", "pack_side", "kind", "person", "from", "to"),
        "helps": forms.labels("page_ledger", "holder_help", "way_help", "person_help"),
        **filters,
    }
    return Shown("ledger/ledger.html", context, (listed, _anchors(request, window.anchors)), 422 if errors else 200)


@page("ledger/packs/<int:job_id>", "ledger_pack", needs=(FactKind.ENTRY,), least=Depth.DETAIL)
def ledger_pack(request: Request, job_id: int) -> FileResponse:
    """Hand out a pack that was made, as one file."""
    caller = request.caller
    file = pack_jobs.take(actor=caller.actor, now=caller.now, job_id=job_id, home=caller.home)
    return FileResponse(file.open("rb"), as_attachment=True, filename=f"evidence-{job_id}.zip")


@page("ledger/<str:entry>", "ledger_entry", needs=(FactKind.ENTRY,), least=Depth.DETAIL)
def ledger_entry(request: Request, entry: str) -> Shown:
    """Show one entry as it was hashed, its proof, and how a stranger checks it."""
    found, proof = entries.prove(actor=request.caller.actor, entry=entry, now=request.caller.now)
    context = {
        "entry": found,
        "kind": kind_word(found.kind),
        "at": datetime.fromisoformat(found.at),
        "facts": json.dumps(dict(found.facts), ensure_ascii=False, indent=2),
        "key": entries.key(actor=request.caller.actor, now=request.caller.now),
        "steps": [say(f"page_ledger.step_{number}") for number in range(1, 5)],
        "hashes": len(proof.path),
    }
    return Shown("ledger/entry.html", context, prints=True)


@page("ledger/<str:entry>/proof", "ledger_proof", needs=(FactKind.ENTRY,), least=Depth.DETAIL)
def ledger_proof(request: Request, entry: str) -> HttpResponse:
    """Hand out the entry's proof as a file that any tlog verifier reads."""
    found, proof = entries.prove(actor=request.caller.actor, entry=entry, now=request.caller.now)
    response = HttpResponse(proof.text(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="entry-{found.position}.tlog-proof"'
    return response


def kind_word(kind: str) -> str:
    """Return what an entry's kind is called; one that has no word yet stands as it is."""
    return catalogue(language(), "ledger_kinds").get(kind.replace(".", "_"), kind)


def _do(request: Request) -> str:
    """Do what the form asks for; return the sentence that says so."""
    caller, posted = request.caller, request.POST
    match request.act:
        case "verify":
            asked = NewJob(jobs.AUDIT, f"audit {caller.actor.name} {caller.now.isoformat()}", {}, caller.now)
            jobs.enqueue(actor=caller.actor, now=caller.now, asked=asked)
            return say("page_ledger.check_asked")
        case "hand":
            holder, way = posted.get("holder", ""), posted.get("way", "")
            made = anchors.hand_out(actor=caller.actor, now=caller.now, holder=holder, way=way)
            return say("page_ledger.handed", holder=made.holder, size=f"{made.size:,}")
        case _:
            pack_jobs.ask(actor=caller.actor, now=caller.now, side=posted.get("side", ""))
            return say("page_ledger.pack_asked")


def _check(job: JobShown) -> dict[str, object]:
    """Return how the last check of the whole ledger ended: its state, and a sentence."""
    found = job.result
    if job.state != jobs.DONE:
        return {"job": job}
    if found.get("ok"):
        said = say("page_ledger.check_ok", n=f"{int(str(found['entries'])):,}", at=moment(job.finished_at))
        return {"job": job, "state": "ok", "sentence": said}
    said = say("page_ledger.check_bad", position=found.get("position", "?"), at=moment(job.finished_at))
    return {"job": job, "state": "stop", "sentence": said}


def _side_words(side: str) -> str:
    return side_name(side) if side else say("page_ledger.everything")


def _entries(request: Request) -> tuple[Table, dict[str, object]]:
    """Return the page of entries that the address asks for, and what its filter shows."""
    caller, asked = request.caller, request.GET
    wanted = Wanted(
        kind=asked.get("kind", "")[:64],
        person=asked.get("person", "").strip()[:64],
        start=forms.day(asked, "from"),
        end=forms.day(asked, "to"),
    )
    number, size = asked_of(request, "entries").page, page_rows(request)
    found = entries_shown.page(actor=caller.actor, now=caller.now, wanted=wanted, first=(number - 1) * size, size=size)
    columns = [Column("position", say("page_ledger.position"), "number"), Column("at", say("page_ledger.at"), "moment")]
    columns += [Column(key, say(f"page_ledger.{key}")) for key in ("kind", "actor", "side")]
    shown = table(
        request,
        "entries",
        caption=say("page_ledger.entries"),
        columns=[replace(one, sortable=False) for one in columns],
        rows=[_row(one) for one in found.entries],
        empty=say("page_ledger.none_wanted" if wanted != Wanted() else "page_ledger.empty"),
        total=found.total,
    )
    kinds = sorted(((kind, kind_word(kind)) for kind in found.kinds), key=lambda pair: pair[1])
    return replace(shown, by_words=False), {
        "wanted": wanted,
        "kinds": [("", say("page_ledger.any_kind")), *kinds],
        "filtered": wanted != Wanted(),
    }


def _row(entry: Entry) -> Row:
    at = datetime.fromisoformat(entry.at)
    href = reverse("ledger_entry", kwargs={"entry": entry.id}) if entry.position is not None else ""
    return Row(
        (
            Cell(entry.position, "" if entry.position is None else str(entry.position)),
            Cell(at, moment(at)),
            Cell(entry.kind, kind_word(entry.kind), href=href),
            Cell(entry.actor),
            Cell(entry.side, side_name(entry.side)),
        ),
        href,
    )


def _anchors(request: Request, found: tuple[Anchor, ...]) -> Table:
    keys = ("handed_at", "size", "holder", "way", "handed_by")
    kinds = {"handed_at": "moment", "size": "number"}
    return table(
        request,
        "anchors",
        caption=say("page_ledger.anchors"),
        columns=[Column(key, say(f"page_ledger.{key}"), kinds.get(key, "text")) for key in keys],
        rows=[
            Row(
                (
                    Cell(one.handed_at, moment(one.handed_at)),
                    Cell(one.size, f"{one.size:,}"),
                    Cell(one.holder),
                    Cell(one.way, one.way or "—"),
                    Cell(one.handed_by),
                )
            )
            for one in found
        ],
        empty=say("page_ledger.no_anchors"),
    )
