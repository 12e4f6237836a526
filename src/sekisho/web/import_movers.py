"""HR's list of expected movers 異動予定者名簿: signing it, and what it guards. Who is not on it is held by a plan."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.visibility import Depth, FactKind
from sekisho.http.problems import status_of
from sekisho.services import installation, manifests, profiles
from sekisho.services import verification_runs as runs
from sekisho.services.manifests import DayGuarded, SignedList, SignedManifest
from sekisho.web.forms import sentence
from sekisho.web.imports import may_import, sent_file
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import day, moment, number, say

NAMED = 12


@page("imports/movers", "import_movers", needs=(FactKind.ORDER_FILE,), least=Depth.COUNT, acts=("manifest",))
def import_movers(request: Request) -> HttpResponse | Shown:
    """Show the signed lists and what they guard; sign one."""
    caller, refusal, status = request.caller, "", 200
    signed: SignedManifest | None = None
    if request.method == "POST":
        try:
            signed = _sign(request)
        except SekishoError as error:
            refusal, status = sentence(error), status_of(error)
        if signed is not None and not signed.rejections:
            facts = {"n": number(signed.movers), "total": number(signed.rows_in)}
            messages.success(request, say("page_movers.signed", **facts))
            return redirect("import_movers")
    days = manifests.days_guarded(actor=caller.actor, now=caller.now)
    lists = manifests.signed_lists(actor=caller.actor, now=caller.now)
    persons = [one for found in days for one in found.outside[:NAMED]]
    names = runs.names(person_ids=persons, known_at=caller.now)
    may_sign = caller.actor.has(Role.HR, on=installation.today(now=caller.now))
    context = {
        "refusal": refusal,
        "signed": signed,
        "rejections": [(one, say(one.note.code, **one.note.params)) for one in signed.rejections] if signed else (),
        "may_sign": may_sign,
        "profiles": profiles.listed(actor=caller.actor, now=caller.now) if may_import(request) else (),
        "days": [(one, _outside(one, names)) for one in days],
        "unguarded": sum(1 for one in days if one.ordered and not one.listed),
        "outside": sum(len(one.outside) + one.hidden for one in days if one.listed),
        "lists": len(lists),
    }
    return Shown("imports/movers.html", context, (_lists(request, lists),), status=status)


def _sign(request: Request) -> SignedManifest:
    caller = request.caller
    name, content = sent_file(request)
    profile = request.POST.get("profile") or None
    return manifests.sign(actor=caller.actor, now=caller.now, name=name, content=content, profile=profile)


def _outside(one: DayGuarded, names: dict[str, str]) -> str:
    """Return who has an order and is not expected: some names, and how many more."""
    shown = [f"{names.get(person, person)}（{person}）" for person in one.outside[:NAMED]]
    more = len(one.outside) - len(shown) + one.hidden
    return "、".join(shown) + (say("page_movers.more", n=number(more)) if more else "")


def _lists(request: Request, lists: tuple[SignedList, ...]) -> Table:
    columns = [
        Column("name", say("page_imports.file")),
        Column("movers", say("page_movers.movers"), "number"),
        Column("days", say("page_movers.days")),
        Column("by", say("page_movers.signed_by")),
        Column("at", say("page_movers.signed_at"), "moment"),
    ]
    rows = [
        Row(
            (
                Cell(one.name, note=one.sha256[:12]),
                Cell(one.movers, number(one.movers)),
                Cell(one.days[0] if one.days else None, "、".join(day(at) for at in one.days[:4])),
                Cell(one.signed_by),
                Cell(one.signed_at, moment(one.signed_at)),
            )
        )
        for one in lists
    ]
    return table(
        request, "lists", caption=say("page_movers.lists"), columns=columns, rows=rows, empty=say("page_movers.empty")
    )
