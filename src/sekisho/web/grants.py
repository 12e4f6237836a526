"""Manual grants: asked for with a reason and an end, approved by somebody else, ended."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import PersonId
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import exceptions_shown, grants, installation, systems_shown
from sekisho.services.grants import GrantState
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import day as written_day
from sekisho.web.words import say

FIELDS = {
    "grants.unknown_person": "person",
    "grants.unknown_entitlement": "entitlement",
    "grants.no_reason": "reason",
    "grants.no_end": "end",
    "grants.bad_end": "day",
}
"""Which field of the forms an error is about."""


@page("grants/ask", "grants_ask", needs=(FactKind.SYSTEM,), least=Depth.DETAIL, acts=("ask",))
def grants_ask(request: Request) -> HttpResponse | Shown:
    """Ask for a grant."""
    caller, errors = request.caller, {}
    if request.method == "POST":
        try:
            made = _ask(request)
        except SekishoError as error:
            errors = forms.errors(error, FIELDS)
        else:
            messages.success(request, say("page_systems.asked", id=made.id))
            return redirect("grant", grant=made.id)
    found = systems_shown.systems(actor=caller.actor, now=caller.now)
    context = {
        "errors": errors,
        "posted": request.POST or request.GET,
        "entitlements": [
            (f"{one.system.id}|{each.id}", f"{one.system.name} · {each.id}")
            for one in found
            for each in one.entitlements
        ],
        "today": installation.today(now=caller.now),
        "labels": forms.labels("page_systems", "person", "entitlement", "from", "to", "reason"),
        "helps": forms.labels("page_systems", "person_help", "to_help", "reason_help"),
    }
    return Shown("systems/ask.html", context, status=422 if errors else 200)


@page("grants/<str:grant>", "grant", needs=(FactKind.HOLDING,), least=Depth.DETAIL, acts=("approve", "end"))
def grant(request: Request, grant: str) -> HttpResponse | Shown:
    """Show one grant; approve it, or end it."""
    caller, errors = request.caller, {}
    if request.method == "POST":
        try:
            _change(request, grant)
        except SekishoError as error:
            errors = forms.errors(error, FIELDS)
        else:
            return redirect("grant", grant=grant)
    found = grants.grant(actor=caller.actor, now=caller.now, grant_id=grant)
    today = installation.today(now=caller.now)
    context = {
        "errors": errors,
        "posted": request.POST,
        "grant": found,
        "state": _state(found),
        "word": say(f"page_systems.grant_{found.state}"),
        "may": grants.may_change(actor=caller.actor, now=caller.now, grant=found),
        "today": today,
        "over": found.period.end is not None and found.period.end <= today,
        "labels": forms.labels("page_systems", "end_on"),
    }
    return Shown("systems/grant.html", context, status=422 if errors else 200, prints=True)


def _ask(request: Request) -> GrantState:
    caller, posted = request.caller, request.POST
    system, _, entitlement = posted.get("entitlement", "").partition("|")
    typed = forms.needed(posted, "person")
    person = exceptions_shown.find_person(actor=caller.actor, now=caller.now, words=typed)
    start, end = forms.needed_day(posted, "start"), forms.needed_day(posted, "end")
    asked = grants.Request(PersonId(person), system, entitlement, posted.get("reason", ""), start, end)
    return grants.add(actor=caller.actor, request=asked, now=caller.now)


def _change(request: Request, grant: str) -> None:
    caller = request.caller
    if request.act == "approve":
        grants.approve(actor=caller.actor, grant_id=grant, now=caller.now)
        messages.success(request, say("page_systems.approved", id=grant))
        return
    day = forms.day(request.POST, "day") or installation.today(now=caller.now)
    ended = grants.end(actor=caller.actor, grant_id=grant, day=day, now=caller.now)
    withdrawn = ended.state == grants.WITHDRAWN
    messages.success(
        request, say("page_systems.withdrawn" if withdrawn else "page_systems.ended", id=grant, day=written_day(day))
    )


def _state(one: GrantState) -> str:
    return {grants.REQUESTED: "wait", grants.WITHDRAWN: ""}.get(one.state, "ok")


def grants_table(request: Request, given: Sequence[GrantState]) -> Table:
    """Return the grants, those that wait first, each leading to its page."""
    keys = ("grant", "grant_state", "person", "system", "entitlement", "from", "to", "reason")
    return table(
        request,
        "grants",
        caption=say("page_systems.grants"),
        columns=[Column(key, say(f"page_systems.{key}"), "day" if key in {"from", "to"} else "text") for key in keys],
        rows=[_row(one) for one in sorted(given, key=lambda one: (one.state != grants.REQUESTED, one.id))],
        empty=say("page_systems.no_grants"),
    )


def _row(one: GrantState) -> Row:
    href, word = reverse("grant", kwargs={"grant": one.id}), say(f"page_systems.grant_{one.state}")
    return Row(
        (
            Cell(one.id, one.id, href=href),
            Cell(word, word, state=_state(one)),
            Cell(one.person_id, one.person_id, href=reverse("person", kwargs={"person": one.person_id})),
            Cell(one.system),
            Cell(one.entitlement),
            Cell(one.period.start, written_day(one.period.start)),
            Cell(one.period.end, written_day(one.period.end)),
            Cell(one.reason),
        ),
        href,
    )
