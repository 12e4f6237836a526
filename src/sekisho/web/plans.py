"""Plan review 切替計画の承認: what will change for whom, and is anything odd? Guards first; approval by passkey.

Here: the list, one plan, its paper. What of it stands where is `plan_shown`'s.
"""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.plan_groups import Way
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, jobs, passkeys, plan_reading, plan_review, plans, switches, visibility
from sekisho.services.jobs import NewJob
from sekisho.services.plan_reading import PlanRead
from sekisho.services.plan_review import PlanLine
from sekisho.web import forms, pages, plan_sheets, plan_shown
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, table
from sekisho.web.words import day, moment, say, side_name

STATES = {"waiting": "wait", "approved": "ok", "running": "wait", "finished": "ok", "expired": "unknown"}
PAPER = 200
"""Persons on one paper: some ten sheets."""


@page("plans", "plans", needs=(FactKind.PLAN,), least=Depth.COUNT, acts=("plan",))
def plan_list(request: Request) -> HttpResponse | Shown:
    """List the plans; ask for a new one."""
    caller, errors = request.caller, dict[str, str]()
    if request.method == "POST":
        try:
            asked = forms.needed_day(request.POST, "day")
            as_of = installation.midnight(day=asked, known_at=caller.now)
            key = f"plan {as_of.isoformat()} {caller.actor.name} {caller.now:%Y-%m-%d %H:%M}"  # a double click is one
            wanted = NewJob("plan", key, {"as_of": as_of.isoformat()}, caller.now)
            jobs.enqueue(actor=caller.actor, now=caller.now, asked=wanted)
            messages.success(request, say("page_plans.asked", day=day(asked)))
            return redirect("plans")
        except SekishoError as error:
            errors = forms.errors(error, {"jobs.may_not_ask": "day", "jobs.may_not_ask_both": "day"})
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
            Column("expires", say("page_plans.expires"), "moment"),
        ],
        rows=[_line(one) for one in found],
        empty=say("page_plans.empty"),
    )
    under_way = [one for one in jobs.jobs(actor=caller.actor, now=caller.now) if one.kind in {"plan", "replan"}][:3]
    context = {
        "errors": errors,
        "posted": request.POST,
        "waiting": len(waiting),
        "first": waiting[0] if waiting else None,
        "total": len(found),
        "may_plan": _has(request, Role.IT_OPERATION),
        "jobs": under_way,
        "today": installation.today(now=caller.now),
    }
    return Shown("plans/plans.html", context, (shown,), status=422 if errors else 200)


def _line(one: PlanLine) -> Row:
    href = reverse("plan", kwargs={"sha256": one.sha256})
    return Row(
        (
            Cell(one.as_of, moment(one.as_of), href=href, note=one.sha256[:12]),
            Cell(one.state, say(f"page_plans.state_{one.state}"), state=STATES[one.state]),
            Cell(one.planned_at, moment(one.planned_at)),
            Cell(one.planned_by),
            Cell(one.approvals, say("page_words.n_of_n", n=one.approvals, total=one.required)),
            Cell(one.expires_at, moment(one.expires_at)),
        ),
        href,
    )


@page("plans/<str:sha256>", "plan", needs=(FactKind.PLAN,), least=Depth.DETAIL, acts=("approve", "switch", "undo"))
def plan(request: Request, sha256: str) -> HttpResponse | Shown:
    """Show one plan with its guards and changes; approve it, let it be carried out."""
    refusal, caller = "", request.caller
    if request.method == "POST":
        try:
            return _do(request, sha256)
        except SekishoError as error:
            if error.code in {"plans.not_made_here", "plans.may_not_see"}:
                raise
            refusal = forms.sentence(error)
    found = plan_reading.read(actor=caller.actor, now=caller.now, sha256=sha256)
    context = {**_standing(request, found), "refusal": refusal, "guards": plan_shown.guards(found.plan)}
    changes, body = plan_sheets.changes(request, found)
    return Shown("plans/plan.html", {**context, **body}, changes, status=422 if refusal else 200, prints=False)


@page("plans/<str:sha256>/paper", "plan_paper", needs=(FactKind.PLAN,), least=Depth.DETAIL)
def plan_paper(request: Request, sha256: str) -> Shown:
    """Show the plan as the paper that an approver can read through and sign."""
    caller = request.caller
    found = plan_reading.read(actor=caller.actor, now=caller.now, sha256=sha256)
    sheet = request.GET.get("sheet_no", "1")
    at = forms.whole(sheet, digits=3) or 1
    persons = plan_reading.groups(plan=found.plan, way=Way.PERSON)
    sheets = max(1, -(-len(persons) // PAPER))
    at = min(max(1, at), sheets)
    cut = persons[(at - 1) * PAPER : at * PAPER]
    context = {
        **_facts(found),
        "guards": plan_shown.guards(found.plan),
        "systems": plan_shown.systems(found.plan),
        "lines": plan_shown.paper_lines(cut, caller.now),
        "at": at,
        "sheets": range(1, sheets + 1),
        "signers": range(max(found.line.required, len(found.standing.approvals))),
    }
    return Shown("plans/paper.html", context, prints=True)


@page("plans/<str:sha256>/file", "plan_file", needs=(FactKind.PLAN,), least=Depth.DETAIL)
def plan_file(request: Request, sha256: str) -> HttpResponse:
    """Give the plan's file, whose hash anyone can compute; only to who sees every side of it."""
    caller = request.caller
    whole = plan_reading.whole(actor=caller.actor, now=caller.now, sha256=sha256)
    if not pages.exports(caller, (FactKind.PLAN,)):
        raise visibility.NotVisible("visibility.no_export", {"actor": caller.actor.name})
    answer = HttpResponse(whole, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="plan-{sha256[:12]}.json"'
    return answer


def _do(request: Request, sha256: str) -> HttpResponse:
    caller, posted = request.caller, request.POST
    match request.act:
        case "approve":
            signed = passkeys.check(name=caller.actor.name, plan_sha256=sha256, response=posted.get("assertion", ""))
            standing = plans.approve(
                actor=caller.actor,
                document=plans.stored(sha256=sha256),
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
    return redirect("plan", sha256=sha256)


def _facts(found: PlanRead) -> dict[str, object]:
    """Return what the page and the paper say of the plan itself."""
    sha256 = found.line.sha256
    return {
        "read": found,
        "plan": found.plan,
        "line": found.line,
        "standing": found.standing,
        "state": STATES[found.line.state],
        "numbers": found.numbers,
        "odd_guards": sum(guard.state in {"hold", "warn"} for guard in found.plan.guards),
        "absent_guards": sum(guard.state == "absent" for guard in found.plan.guards),
        "unknown": found.plan.unknown_systems,
        "hash_words": [sha256[at : at + 8] for at in range(0, len(sha256), 8)],
        "parts": [(part, side_name(part.side), part.sha256[:16]) for part in found.plan.parts],
        "former_href": f"?{urlencode({'by': 'former'})}" if found.former else "",
    }


def _standing(request: Request, found: PlanRead) -> dict[str, object]:
    """Return how the approval stands, whether the reader may give his, and what runs."""
    caller, sha256 = request.caller, found.line.sha256
    refusal = found.refusal
    options = passkeys.options(name=caller.actor.name, plan_sha256=sha256) if refusal is None else None
    job = switches.job_of(actor=caller.actor, now=caller.now, sha256=sha256)
    begun = found.line.state in {plan_review.RUNNING, plan_review.FINISHED}
    outcomes = plan_review.outcomes(actor=caller.actor, now=caller.now, sha256=sha256) if begun else {}
    facts = {**refusal.facts, "side": side_name(refusal.facts.get("side", ""))} if refusal else {}
    return {
        **_facts(found),
        "cannot": say(f"page_plans.cannot_{refusal.word}", **facts) if refusal else "",
        "cannot_state": "ok" if refusal and refusal.word in {"done", "finished", "running"} else "wait",
        "options": {"challenge": options.challenge, "rpId": options.rp_id, "credentials": list(options.credentials)}
        if options
        else None,
        "signed": plan_reading.signed(sha256=sha256),
        "may_switch": _may_switch(request) and found.line.state in {"approved", "running"},
        "job": job,
        "open_job": job is not None and job.state in jobs.OPEN,
        "switch": switches.of_plan(actor=caller.actor, now=caller.now, sha256=sha256),
        "due": caller.now >= found.plan.as_of,
        "outcomes": plan_shown.outcomes(outcomes),
        "may_take_file": pages.exports(caller, (FactKind.PLAN,))
        and plans.sees_all(actor=caller.actor, sha256=sha256, now=caller.now),
    }


def _may_switch(request: Request) -> bool:
    caller = request.caller
    side = jobs.side_of(actor=caller.actor, kind=jobs.CUTOVER, now=caller.now)
    return jobs.may(actor=caller.actor, kind=jobs.CUTOVER, now=caller.now, side=side)


def _has(request: Request, role: Role) -> bool:
    return request.caller.actor.has(role, on=installation.today(now=request.caller.now))
