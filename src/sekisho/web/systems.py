"""Systems and access: what is there, what brings it, when it was last read, who could see it; manual grants."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import PersonId, Role
from sekisho.core.periods import Period
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import grants, installation, systems_shown, who
from sekisho.services import verification_runs as runs
from sekisho.services.systems_shown import SystemShown
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import brings, moment, say, side_name
from sekisho.web.words import day as written_day

OLD = timedelta(days=2)
"""A read older than this says little about today."""


@page("systems", "systems", needs=(FactKind.SYSTEM,), least=Depth.DETAIL, acts=("ask", "approve"))
def systems(request: Request) -> HttpResponse | Shown:
    """List the systems with their last reads, and the manual grants; ask for a grant, approve one."""
    caller = request.caller
    if request.method == "POST":
        try:
            _do(request)
        except SekishoError as error:
            messages.error(request, say(error.code, **{name: str(value) for name, value in error.params.items()}))
        return redirect("systems")
    found = systems_shown.systems(actor=caller.actor, now=caller.now)
    unknown = [one for one in found if _state(one, request) != "ok"]
    keys = ("system", "side", "protected", "connector", "read", "accounts", "entitlements")
    shown = table(
        request,
        "systems",
        caption=say("page_systems.systems"),
        columns=[Column(key, say(f"page_systems.{key}")) for key in keys],
        rows=[_row(one, request) for one in found],
        empty=say("page_systems.empty"),
    )
    given = grants.grants(actor=caller.actor, now=caller.now)
    today = installation.today(now=caller.now)
    roles = caller.actor.has(Role.COMPLIANCE, on=today), caller.actor.has(Role.IT_OPERATION, on=today)
    context = {
        "unknown": len(unknown),
        "total": len(found),
        "waiting": [one for one in given if one.state == grants.REQUESTED],
        "may_ask": any(roles) or caller.actor.has(Role.UNIT_HEAD, on=today),
        "may_approve": any(roles),
        "entitlements": [(one.system.id, each.id) for one in found for each in one.entitlements],
        "today": today,
    }
    return Shown("systems/systems.html", context, (shown, _grants(request, given)))


@page("systems/<str:system>", "system", needs=(FactKind.SYSTEM,), least=Depth.DETAIL)
def system(request: Request, system: str) -> Shown:
    """Show one system: entitlements, what brings them, and who could see it on a day, as known on a day."""
    caller = request.caller
    found = systems_shown.system(actor=caller.actor, now=caller.now, system_id=system)
    today = installation.today(now=caller.now)
    day = forms.day(request.GET, "day") or today
    period = Period(day, day + timedelta(days=1))
    answer = who.who(actor=caller.actor, system=system, period=period, known_at=caller.now, now=caller.now)
    names = runs.names(
        person_ids=sorted({one.person_id for one in answer.holders if one.person_id})[:2000], known_at=caller.now
    )
    keys = ("person", "account", "entitlement", "basis")
    holders = table(
        request,
        "holders",
        caption=say("page_systems.holders", day=written_day(day)),
        columns=[Column(key, say(f"page_systems.{key}")) for key in keys],
        rows=[
            Row(
                (
                    Cell(
                        names.get(one.person_id or "", one.person_id or ""),
                        names.get(one.person_id or "", one.person_id or "—"),
                        href=reverse("person", kwargs={"person": one.person_id}) if one.person_id else "",
                        note=one.person_id or "",
                    ),
                    Cell(one.account, one.account or "—"),
                    Cell(one.entitlement),
                    Cell(one.basis.value, say(f"page_systems.basis_{one.basis.value}")),
                )
            )
            for one in answer.holders
        ],
        empty=say("page_systems.no_holders"),
    )
    context = {
        "found": found,
        "side": side_name(found.side),
        "state": _state(found, request),
        "day": day,
        "bundles": [(one, brings(one)) for one in found.bundles],
        "persons": len({one.person_id for one in answer.holders if one.person_id}),
    }
    return Shown("systems/system.html", context, (holders,))


def _do(request: Request) -> None:
    caller, posted = request.caller, request.POST
    match request.act:
        case "ask":
            name, _, entitlement = posted.get("entitlement", "").partition("|")
            start, end = forms.needed_day(posted, "start"), forms.needed_day(posted, "end")
            person = PersonId(posted.get("person", "").strip())
            asked = grants.Request(person, name, entitlement, posted.get("reason", ""), start, end)
            made = grants.add(actor=caller.actor, request=asked, now=caller.now)
            messages.success(request, say("page_systems.asked", id=made.id))
        case "approve":
            made = grants.approve(actor=caller.actor, grant_id=posted.get("grant", ""), now=caller.now)
            messages.success(request, say("page_systems.approved", id=made.id))


def _state(one: SystemShown, request: Request) -> str:
    """Return how well the system is known: a read that failed, is partial or old is unknown."""
    read = one.read
    good = read is not None and not read.failure and read.complete and request.caller.now - read.at < OLD
    return "ok" if good else "unknown"


def _row(one: SystemShown, request: Request) -> Row:
    href = reverse("system", kwargs={"system": one.system.id})
    read = one.read
    said = moment(read.at) if read else say("page_systems.never")
    if read and (read.failure or not read.complete):
        said = say("page_systems.failed" if read.failure else "page_systems.partial", at=said)
    return Row(
        (
            Cell(one.system.id, one.system.name, href=href, note=one.system.id),
            Cell(one.side, side_name(one.side)),
            Cell(say("page_systems.yes" if one.system.protected else "page_systems.no")),
            Cell(one.system.connector),
            Cell(read.at if read else None, said, state=_state(one, request)),
            Cell(read.accounts if read else None),
            Cell(len(one.entitlements)),
        ),
        href,
    )


def _grants(request: Request, given: tuple[grants.GrantState, ...]) -> Table:
    rows = [
        Row(
            (
                Cell(one.id),
                Cell(one.person_id, one.person_id, href=reverse("person", kwargs={"person": one.person_id})),
                Cell(one.system),
                Cell(one.entitlement),
                Cell(one.period.start, written_day(one.period.start)),
                Cell(one.period.end, written_day(one.period.end)),
                Cell(one.reason),
                Cell(
                    one.state, say(f"page_systems.grant_{one.state}"), state="ok" if one.state == "approved" else "wait"
                ),
            )
        )
        for one in given
    ]
    keys = ("grant", "person", "system", "entitlement", "from", "to", "reason", "grant_state")
    columns = [Column(key, say(f"page_systems.{key}")) for key in keys]
    return table(
        request,
        "grants",
        caption=say("page_systems.grants"),
        columns=columns,
        rows=rows,
        empty=say("page_systems.no_grants"),
    )
