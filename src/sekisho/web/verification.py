"""Verification 事後確認: does anyone still have what he should not? One list by kind and system, worst first.

Each group says how it ends, and has the button for it where the reader may. Never green with anything unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import DeviationKind, Role
from sekisho.core.verification import Deviation
from sekisho.core.visibility import Depth, FactKind
from sekisho.http.problems import status_of
from sekisho.services import findings, installation, jobs, users, verification_reading
from sekisho.services import verification_runs as runs
from sekisho.services.findings import Finding
from sekisho.services.jobs import NewJob
from sekisho.services.verification_reading import Group, Line, RunRead
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Made, Row, Table, asked_of, page_rows, table
from sekisho.web.words import moment, number, say, side_name

STATES = {
    DeviationKind.LEFT_OVER: "stop",
    DeviationKind.MISSING: "wait",
    DeviationKind.EXCESS: "stop",
    DeviationKind.UNKNOWN: "unknown",
}
ORDER = verification_reading.ORDER
PLANNED = frozenset({"not_taken", "given_before", "former", "still_active", "missing", "inactive", "waits"})
"""Causes that a new plan ends."""
READ_AGAIN = frozenset({"unread", "incomplete", "not_taken", "missing"})
"""Causes that a fresh read may end: somebody has done it by hand, or the system answers again."""
LISTED = 5
NAMED = 12


@page(
    "verification",
    "verification",
    needs=(FactKind.DEVIATION,),
    least=Depth.COUNT,
    acts=("verify", "confirm", "close", "close_group", "close_settled"),
)
def verification(request: Request) -> HttpResponse | Shown:
    """Show the last verification; verify again, confirm one, close findings."""
    caller, refusal, status = request.caller, "", 200
    if request.method == "POST":
        try:
            return _do(request)
        except SekishoError as error:
            refusal, status = forms.sentence(error), status_of(error)
    asked = request.GET.get("run", "")
    run_id = forms.whole(asked)
    found = verification_reading.read(actor=caller.actor, now=caller.now, run_id=run_id)
    context: dict[str, object] = {
        "read": found,
        "refusal": refusal,
        "refused": _place(request) if refusal else "",
        "typed": request.POST.get("disposition", ""),
        **_may(request),
    }
    if found is None:
        return Shown("verification/verification.html", context, status=status)
    context |= _numbers(request, found) | _work(request, found)
    tables = (_table(request, found), _history(request), _closed(request))
    return Shown("verification/verification.html", context, tables, status=status)


def _do(request: Request) -> HttpResponse:
    """Do what the form asks."""
    actor, now, posted = request.caller.actor, request.caller.now, request.POST
    said = posted.get("disposition", "")
    match request.act:
        case "verify":
            key = f"verify {actor.name} {now:%Y-%m-%d %H:%M}"  # a double click is one
            jobs.enqueue(actor=actor, now=now, asked=NewJob(jobs.VERIFICATION, key, {}, now))
            messages.success(request, say("page_verification.asked"))
        case "confirm":
            run = posted.get("run", "")
            runs.confirm(actor=actor, now=now, run_id=forms.whole(run) or 0)
            messages.success(request, say("page_verification.confirmed_now"))
        case "close":
            findings.close(actor=actor, now=now, key=posted.get("key", ""), disposition=said)
            messages.success(request, say("page_verification.closed"))
        case "close_group":
            kind, system, code = (posted.get(name, "") for name in ("kind", "system", "code"))
            n = verification_reading.close_group(actor=actor, now=now, group=(kind, system, code), disposition=said)
            messages.success(request, say("page_verification.closed_n", n=number(n)))
        case "close_settled":
            n = verification_reading.close_settled(actor=actor, now=now, disposition=said)
            messages.success(request, say("page_verification.closed_n", n=number(n)))
    return redirect("verification")


def _place(request: Request) -> str:
    """Return which form of the page was refused, so that the reason stands beside it."""
    posted = request.POST
    match request.act:
        case "close":
            return posted.get("key", "")
        case "close_group":
            return "|".join(posted.get(name, "") for name in ("kind", "system", "code"))
        case _:
            return request.act


def _may(request: Request) -> dict[str, object]:
    """Return what the reader may do here, and the verification that is under way."""
    caller = request.caller
    today = installation.today(now=caller.now)

    def may(kind: str) -> bool:
        side = jobs.side_of(actor=caller.actor, kind=kind, now=caller.now)
        return jobs.may(actor=caller.actor, kind=kind, now=caller.now, side=side)

    under_way = jobs.jobs(actor=caller.actor, now=caller.now, count=1, kinds=[jobs.VERIFICATION], states=jobs.OPEN)
    return {
        "may_verify": may(jobs.VERIFICATION),
        "may_plan": may(jobs.PLAN),
        "may_close": caller.actor.has(Role.COMPLIANCE, on=today),
        "under_way": under_way[0] if under_way else None,
        "today": today,
    }


def _numbers(request: Request, found: RunRead) -> dict[str, object]:
    """Return the answer's numbers, over what the reader may count."""
    run, caller = found.run, request.caller
    counts = {kind: run.number(kind) for kind in ORDER}
    involved = [*filter(None, run.made.executor.split(", ")), run.made.verifier]
    own = any(users.is_same_person(actor=caller.actor, name=one, now=caller.now) for one in involved)
    return {
        "by_side": [(side, [(STATES[kind], side.counts[kind]) for kind in ORDER]) for side in run.sides],
        "kinds": [(kind.value, STATES[kind], counts[kind]) for kind in ORDER],
        "left_over": counts[DeviationKind.LEFT_OVER] + counts[DeviationKind.EXCESS],
        "unknown": counts[DeviationKind.UNKNOWN],
        "missing": counts[DeviationKind.MISSING],
        "held": sum(side.held for side in run.sides),
        "hidden": sum(counts.values()) - len(run.deviations),
        "systems_read": found.systems - len(found.unread),
        "waits": run.made.needs_confirmation and not run.confirmed_by,
        "own": own,
        "fresh": sum(len(group.fresh) for group in found.groups),
    }


@dataclass(frozen=True, slots=True)
class ItemShown:
    """One difference in a group, with its open finding if it has one."""

    one: Deviation
    person: str
    fresh: bool
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A group on the page: what it is, how it ends, the first of what is in it."""

    group: Group
    state: str
    kind: str
    side: str
    cause: str
    recipe: str
    by_hand: str
    plan: bool
    again: bool
    items: tuple[ItemShown, ...]
    more: int
    persons: int
    findings: int
    key: str


def _work(request: Request, found: RunRead) -> dict[str, object]:
    """Return the groups with the first of what is in each, and the findings behind it."""
    caller = request.caller
    shown = [one for group in found.groups for one in group.items[:LISTED]]
    settled = verification_reading.settled(actor=caller.actor, now=caller.now, run=found.run) if found.is_last else ()
    over = verification_reading.named(actor=caller.actor, now=caller.now, keys=settled[:NAMED])
    persons = {one.person_id for one in (*shown, *found.gone[:NAMED]) if one.person_id}
    names = runs.names(person_ids=sorted({*persons, *(one.person_id for one in over)}), known_at=caller.now)
    behind = verification_reading.open_findings(actor=caller.actor, now=caller.now, deviations=shown)
    counted = verification_reading.open_by_group(actor=caller.actor, now=caller.now)
    return {
        "groups": [_group(one, names, behind, counted) for one in found.groups],
        "gone": [_sentence(one, names) for one in found.gone[:NAMED]],
        "gone_more": max(0, len(found.gone) - NAMED),
        "settled": [(one, say(f"findings.{one.kind}", **_named(one, names))) for one in over],
        "settled_n": len(settled),
    }


def _group(
    one: Group,
    names: Mapping[str, str],
    behind: Mapping[Deviation, Finding],
    counted: Mapping[tuple[str, str, str], int],
) -> GroupShown:
    cause = one.code.removeprefix("verification.")
    key = (one.kind.value, one.system, one.code)
    by_hand = one.connector == "worklist" and cause in PLANNED | READ_AGAIN
    return GroupShown(
        group=one,
        state=STATES[one.kind],
        kind=say(f"page_verification.kind_{one.kind.value}"),
        side=side_name(one.side),
        cause=say(f"page_verification.cause_{cause}"),
        recipe=say(f"page_verification.recipe_{cause}"),
        by_hand=say("page_verification.by_hand") if by_hand else "",
        plan=cause in PLANNED,
        again=cause in READ_AGAIN,
        items=tuple(
            ItemShown(item, names.get(item.person_id or "", item.person_id or ""), item in one.fresh, behind.get(item))
            for item in one.items[:LISTED]
        ),
        more=max(0, len(one.items) - LISTED),
        persons=len({item.person_id for item in one.items if item.person_id}),
        findings=counted.get(key, 0),
        key="|".join(key),
    )


def _named(one: Finding, names: Mapping[str, str]) -> dict[str, str]:
    return {**one.params, "person": names.get(one.person_id, one.params.get("person", "?"))}


def _sentence(one: Deviation, names: Mapping[str, str]) -> str:
    person = names.get(one.person_id or "", one.person_id or "") or "?"
    facts = {"person": person, "system": one.system, "account": one.account, "entitlement": one.entitlement}
    return say(one.code, **facts, until=moment(one.until))


def _table(request: Request, found: RunRead) -> Table:
    """Return the differences as one table: of one group where the address names it, else all, to be taken away."""
    wanted = {name: request.GET.get(name, "") for name in ("kind", "system", "code")}
    items = [
        one
        for group in found.groups
        if all(value in {"", str(getattr(group, name))} for name, value in wanted.items())
        for one in group.items
    ]

    def make(some: Sequence[Deviation]) -> list[Row]:
        persons = sorted({one.person_id for one in some if one.person_id})
        names = runs.names(person_ids=persons, known_at=request.caller.now)
        return [_row(one, names) for one in some]

    keys = ("state", "person", "system", "account", "entitlement", "side", "why")
    return table(
        request,
        "deviations",
        caption=say("page_verification.deviations"),
        columns=[Column(key, say(f"page_verification.{key}")) for key in keys],
        rows=Made(items, make),
        empty=say("page_verification.none_left"),
    )


def _row(one: Deviation, names: Mapping[str, str]) -> Row:
    person = names.get(one.person_id or "", one.person_id or "")
    until = say("page_verification.until", at=moment(one.until)) if one.until else ""
    return Row(
        (
            Cell(one.kind.value, say(f"page_verification.kind_{one.kind.value}"), state=STATES[one.kind], note=until),
            Cell(person, person or "—", note=one.person_id or ""),
            Cell(one.system),
            Cell(one.account, one.account or "—"),
            Cell(one.entitlement, one.entitlement or "—"),
            Cell(one.side, side_name(one.side)),
            Cell(one.code, _sentence(one, names)),
        )
    )


def _history(request: Request) -> Table:
    """Return the former runs in numbers."""
    lines = verification_reading.history(actor=request.caller.actor, now=request.caller.now)
    keys = ("at", "by", "verified", *(f"kind_{kind.value}" for kind in ORDER), "confirmation")
    kinds = {"at": "moment"} | dict.fromkeys(keys[2:-1], "number")
    columns = [Column(key, say(f"page_verification.{key}"), kinds.get(key, "text")) for key in keys]
    caption, empty = say("page_verification.history"), say("page_verification.never")
    return table(request, "history", caption=caption, columns=columns, rows=[_past(one) for one in lines], empty=empty)


def _past(one: Line) -> Row:
    word = "confirmed_short" if one.confirmed_by else "waits_short" if one.made.needs_confirmation else "not_needed"
    verified = one.numbers.get(runs.VERIFIED, 0)
    return Row(
        (
            Cell(one.made.verified_at, moment(one.made.verified_at), href=f"?run={one.id}"),
            Cell(one.made.verifier),
            Cell(verified, say("page_words.n_of_n", n=number(verified), total=number(one.total))),
            *(Cell(one.numbers.get(kind.value, 0), number(one.numbers.get(kind.value, 0))) for kind in ORDER),
            Cell(word, say(f"page_verification.{word}", by=one.confirmed_by)),
        )
    )


def _closed(request: Request) -> Table:
    """Return the closed findings, the last closed first; the service turns the pages."""
    caller, asked = request.caller, asked_of(request, "closed")
    some = findings.closed(
        actor=caller.actor, now=caller.now, kinds=verification_reading.KINDS, page=asked.page, size=page_rows(request)
    )
    names = runs.names(person_ids=sorted({one.person_id for one in some.findings}), known_at=caller.now)
    keys = ("finding", "raised", "closed_at", "disposition")
    kinds = {"raised": "moment", "closed_at": "moment"}
    return table(
        request,
        "closed",
        caption=say("page_verification.closed_list"),
        columns=[Column(key, say(f"page_verification.{key}"), kinds.get(key, "text"), sortable=False) for key in keys],
        rows=[
            Row(
                (
                    Cell(say(f"findings.{one.kind}", **_named(one, names))),
                    Cell(one.raised_at, moment(one.raised_at)),
                    Cell(one.closed_at, moment(one.closed_at)),
                    Cell(one.disposition),
                )
            )
            for one in some.findings
        ],
        empty=say("page_verification.none_closed"),
        total=some.total,
    )
