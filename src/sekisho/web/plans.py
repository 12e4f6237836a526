"""Plan review 切替計画の承認: what will change for whom, and is anything odd? Guards first; approval by passkey."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, jobs, passkeys, plan_review, plans, switches, users
from sekisho.services import verification_runs as runs
from sekisho.services.jobs import NewJob
from sekisho.services.plan_review import PlanLine
from sekisho.services.remembering import Lately
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Made, Row, Table, table
from sekisho.web.words import day, moment, say, side_name

STATES = {"waiting": "wait", "approved": "ok", "running": "wait", "finished": "ok", "expired": "unknown"}
GUARDS = {"ok": "ok", "warn": "wait", "hold": "stop", "absent": "unknown"}
WAYS = ("person", "entitlement", "system")
NAMED = 12


@page("plans", "plans", needs=(FactKind.PLAN,), least=Depth.COUNT, acts=("plan",))
def plan_list(request: Request) -> HttpResponse | Shown:
    """List the plans; ask for a new one."""
    caller = request.caller
    if request.method == "POST":
        try:
            asked = forms.needed_day(request.POST, "day")
            as_of = installation.midnight(day=asked, known_at=caller.now)
            key = f"plan {as_of.isoformat()} {caller.actor.name} {caller.now:%Y-%m-%d %H:%M}"  # a double click is one
            wanted = NewJob("plan", key, {"as_of": as_of.isoformat()}, caller.now)
            jobs.enqueue(actor=caller.actor, now=caller.now, asked=wanted)
            messages.success(request, say("page_plans.asked", day=day(asked)))
        except SekishoError as error:
            _refused(request, error)
        return redirect("plans")
    found = plan_review.plan_lines(actor=caller.actor, now=caller.now)
    waiting = [one for one in found if one.state == "waiting"]
    shown = table(
        request,
        "plans",
        caption=say("page_plans.list"),
        columns=[
            Column("as_of", say("page_plans.as_of"), "moment"),
            Column("state", say("page_plans.state")),
            Column("planned", say("page_plans.planned"), "moment"),
            Column("by", say("page_plans.by")),
            Column("approvals", say("page_plans.approvals"), "number"),
        ],
        rows=[_line(one) for one in found],
        empty=say("page_plans.empty"),
    )
    under_way = [one for one in jobs.jobs(actor=caller.actor, now=caller.now) if one.kind in {"plan", "replan"}][:3]
    context = {"waiting": len(waiting), "total": len(found), "may_plan": _has(request, Role.IT_OPERATION)}
    return Shown(
        "plans/plans.html", context | {"jobs": under_way, "today": installation.today(now=caller.now)}, (shown,)
    )


def _line(one: PlanLine) -> Row:
    href = reverse("plan", kwargs={"sha256": one.sha256})
    return Row(
        (
            Cell(one.as_of, moment(one.as_of), href=href, note=one.sha256[:12]),
            Cell(one.state, say(f"page_plans.state_{one.state}"), state=STATES[one.state]),
            Cell(one.planned_at, moment(one.planned_at)),
            Cell(one.planned_by),
            Cell(one.approvals, say("page_words.n_of_n", n=one.approvals, total=one.required)),
        ),
        href,
    )


@page("plans/<str:sha256>", "plan", needs=(FactKind.PLAN,), least=Depth.DETAIL, acts=("approve", "switch", "undo"))
def plan(request: Request, sha256: str) -> HttpResponse | Shown:
    """Show one plan with its guards and changes; approve it, let it be carried out."""
    caller = request.caller
    if request.method == "POST":
        try:
            _do(request, sha256)
        except SekishoError as error:
            _refused(request, error)
        return redirect("plan", sha256=sha256)
    standing = plan_review.review(actor=caller.actor, now=caller.now, sha256=sha256)
    line = plan_review.line(actor=caller.actor, now=caller.now, sha256=sha256)
    shown, way = standing.plan, request.GET.get("by", "person")
    way = way if way in WAYS else "person"
    own = users.is_same_person(actor=caller.actor, name=shown.planned_by, now=caller.now)
    approved = any(users.is_same_person(actor=caller.actor, name=one.by, now=caller.now) for one in standing.approvals)
    may = _has(request, Role.COMPLIANCE) or _has(request, Role.IT_OPERATION)
    open_ = line.state in {"waiting", "approved"}
    options = passkeys.options(name=caller.actor.name, plan_sha256=sha256) if may and not own else None
    job = switches.job_of(actor=caller.actor, now=caller.now, sha256=sha256)
    grouped = _grouped(shown, way)
    context = {
        "plan": shown,
        "line": line,
        "state": STATES[line.state],
        "standing": standing,
        "guards": [_guard(guard) for guard in shown.guards],
        "odd": sum(guard.state in {"hold", "warn"} for guard in shown.guards),
        **grouped.counts,
        "ways": [(name, say(f"page_plans.by_{name}")) for name in WAYS],
        "way": way,
        "unknown": shown.unknown_systems,
        "own": own,
        "approved": approved,
        "may_approve": may and open_ and not own and not approved,
        "options": {"challenge": options.challenge, "rpId": options.rp_id, "credentials": list(options.credentials)}
        if options
        else None,
        "may_switch": _may_switch(request) and line.state in {"approved", "running"},
        "job": job,
        "open_job": job is not None and job.state in jobs.OPEN,
        "switch": switches.of_plan(actor=caller.actor, now=caller.now, sha256=sha256),
        "due": caller.now >= shown.as_of,
    }
    tables = (_changes(request, grouped, way), _held(request, shown))
    return Shown("plans/plan.html", context, tables)


def _do(request: Request, sha256: str) -> None:
    caller, posted = request.caller, request.POST
    match request.act:
        case "approve":
            signed = passkeys.check(name=caller.actor.name, plan_sha256=sha256, response=posted.get("assertion", ""))
            document = plans.stored(sha256=sha256)
            standing = plans.approve(
                actor=caller.actor,
                document=document,
                method="passkey",
                now=caller.now,
                home=caller.home,
                assertion=signed,
            )
            given = len(standing.approvals)
            messages.success(request, say("page_plans.approved", n=given, total=standing.required))
        case "switch":
            line = plan_review.line(actor=caller.actor, now=caller.now, sha256=sha256)
            replaced = switches.let_run(actor=caller.actor, now=caller.now, sha256=sha256)
            messages.success(request, say("page_plans.switch_at", at=moment(max(line.as_of, caller.now))))
            if replaced:
                messages.warning(request, say("page_plans.switch_replaced", plan=replaced[:12]))
        case "undo":
            switches.undo(actor=caller.actor, now=caller.now, sha256=sha256)
            messages.success(request, say("page_plans.switch_undone"))


def _may_switch(request: Request) -> bool:
    caller = request.caller
    side = jobs.side_of(actor=caller.actor, kind=jobs.CUTOVER, now=caller.now)
    return jobs.may(actor=caller.actor, kind=jobs.CUTOVER, now=caller.now, side=side)


def _refused(request: Request, error: SekishoError) -> None:
    messages.error(request, say(error.code, **{name: str(value) for name, value in error.params.items()}))


def _has(request: Request, role: Role) -> bool:
    return request.caller.actor.has(role, on=installation.today(now=request.caller.now))


@dataclass(frozen=True, slots=True)
class _Grouped:
    """A plan's operations, those of each person, entitlement or system together; and how many there are of what."""

    counts: Mapping[str, int]
    groups: tuple[tuple[tuple[str, ...], tuple[Operation, ...]], ...]


_LATELY: Lately[_Grouped] = Lately(24)


def _grouped(shown: Plan, way: str) -> _Grouped:
    """Return the plan grouped one way; tens of thousands of operations are sorted once, not for every reader."""
    return _LATELY.of(
        (shown.sha256, tuple((part.side, part.system) for part in shown.parts), way), lambda: _group(shown, way)
    )


def _group(shown: Plan, way: str) -> _Grouped:
    operations = sorted((one for part in shown.parts for one in part.operations), key=lambda one: _key(one, way))
    held = [one for part in shown.parts for one in part.held]
    taken = sum(one.phase == 1 for one in operations)
    counts = {
        "persons": len({one.person_id for one in operations} | {one.person_id for one in held}),
        "operations": len(operations),
        "taken": taken,
        "given": len(operations) - taken,
        "held": len(held),
    }
    groups = groupby(operations, lambda one: _key(one, way))
    return _Grouped(counts, tuple((key, tuple(group)) for key, group in groups))


def _guard(guard: GuardResult) -> tuple[str, str, str, str]:
    """Return a guard's state, its name, its state's word and its sentence."""
    names = [
        *guard.persons,
        *guard.systems,
        *(f"{system}: {name}" for system, name in (*guard.entitlements, *guard.accounts)),
    ]
    some = "、".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
    says = say(guard.code, measured=guard.measured, limit=guard.limit, names=some)
    return GUARDS[guard.state], say(f"plans.guard_{guard.id}"), say(f"plans.state_{guard.state}"), says


def _key(one: Operation | HeldGrant, way: str) -> tuple[str, ...]:
    if way == "person":
        return (one.person_id,)
    return (one.side, one.system, one.entitlement) if way == "entitlement" else (one.side, one.system)


_Group = tuple[tuple[str, ...], tuple[Operation, ...]]


def _changes(request: Request, grouped: _Grouped, way: str) -> Table:
    """Return the differences in two columns, what goes and what comes, a row for each person, entitlement or system."""

    def make(groups: Sequence[_Group]) -> list[Row]:
        persons = {one.person_id for _, group in groups for one in group}
        names = runs.names(person_ids=sorted(persons), known_at=request.caller.now)
        return [_row(key, group, names, way) for key, group in groups]

    return table(
        request,
        "changes",
        caption=say("page_plans.changes"),
        columns=[
            Column("what", say(f"page_plans.by_{way}")),
            Column("goes", say("page_plans.goes")),
            Column("comes", say("page_plans.comes")),
            Column("because", say("page_plans.because")),
        ],
        rows=Made(grouped.groups, make),
        empty=say("page_plans.nothing"),
    )


def _row(key: tuple[str, ...], group: Sequence[Operation], names: dict[str, str], way: str) -> Row:
    goes = [_said(one, names, way) for one in group if one.phase == 1]
    comes = [_said(one, names, way) for one in group if one.phase == 2]
    because = sorted({_because(word) for one in group for word in one.because})
    first = names.get(key[0], key[0]) if way == "person" else " · ".join((side_name(key[0]), *key[1:]))
    return Row(
        (
            Cell(first, first or "—", note=key[0] if way == "person" else ""),
            Cell("、".join(goes), _cut(goes)),
            Cell("、".join(comes), _cut(comes)),
            Cell("、".join(because), _cut(because)),
        )
    )


def _cut(words: list[str]) -> str:
    more = say("page_plans.more", n=len(words) - NAMED) if len(words) > NAMED else ""
    return ("、".join(words[:NAMED]) + more) or "—"


def _said(one: Operation, names: dict[str, str], way: str) -> str:
    what = one.entitlement or say(f"plans.action_{one.action.value}")
    who = names.get(one.person_id, one.person_id)
    return {"person": f"{one.system} {what}", "entitlement": who, "system": f"{who} {what}"}[way]


def _because(word: str) -> str:
    kind, _, name = word.partition(":")
    return say(f"plans.because_{kind}", name=name)


def _held(request: Request, shown: Plan) -> Table:
    def make(held: Sequence[HeldGrant]) -> list[Row]:
        names = runs.names(person_ids=sorted({one.person_id for one in held}), known_at=request.caller.now)
        return [_held_row(one, names) for one in held]

    keys = ("person", "system", "entitlement", "why_held")
    columns = [Column(key, say(f"page_plans.{key}")) for key in keys]
    return table(
        request,
        "held",
        caption=say("page_plans.held_list"),
        columns=columns,
        rows=Made([one for part in shown.parts for one in part.held], make),
        empty=say("page_plans.none_held"),
    )


def _held_row(one: HeldGrant, names: dict[str, str]) -> Row:
    return Row(
        (
            Cell(names.get(one.person_id, one.person_id), note=one.person_id),
            Cell(one.system),
            Cell(one.entitlement),
            Cell(one.code, say(one.code, order_no=one.order_no), state="wait"),
        )
    )
