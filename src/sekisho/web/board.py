"""Board 切替当日: is the switch done? One sentence, then what waits for whom, systems, and who is not finished."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OperationState, Role
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import board as services
from sekisho.services import installation, jobs, plan_review
from sekisho.services import verification_runs as runs
from sekisho.services.board import Board, Unfinished
from sekisho.services.jobs import JobShown
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, table
from sekisho.web.words import moment, say, side_name

STATES = {
    OperationState.FAILED: "stop",
    OperationState.UNKNOWN: "unknown",
    OperationState.HELD: "wait",
    OperationState.INTENDED: "wait",
    OperationState.PLANNED: "wait",
}


@page("board", "board", needs=(FactKind.PLAN,), least=Depth.COUNT, acts=("pause", "resume", "cancel"))
def board(request: Request) -> HttpResponse | Shown:
    """Show a transfer day; pause, resume or cancel its work."""
    caller = request.caller
    if request.method == "POST":
        try:
            _change(request)
        except SekishoError as error:
            messages.error(request, say(error.code, **{name: str(value) for name, value in error.params.items()}))
        return redirect(request.get_full_path())
    shown = services.board(actor=caller.actor, now=caller.now, day=forms.day(request.GET, "day"))
    work = jobs.jobs(actor=caller.actor, now=caller.now, count=12)
    state, code, facts = _answer(shown, request)
    context = {
        "board": shown,
        "state": state,
        "answer": say(code, **facts),
        "systems": [(one, side_name(one.side)) for one in shown.systems],
        "work": work,
        "running": any(one.state == jobs.RUNNING for one in work),
        "may_change": caller.actor.has(Role.IT_OPERATION, on=installation.today(now=caller.now)),
        "waits": _waits(shown, work),
    }
    if request.htmx and request.GET.get("only") == "progress":
        return render(request, "board/progress.html", context)
    names = runs.names(person_ids=[one.person_id for one in shown.unfinished], known_at=caller.now)
    rows = [_row(one, names) for one in shown.unfinished]
    keys = ("state", "person", "side", "system", "entitlement", "why")
    unfinished = table(
        request,
        "unfinished",
        caption=say("page_board.unfinished"),
        columns=[Column(key, say(f"page_board.{key}")) for key in keys],
        rows=rows,
        empty=say("page_board.all_finished"),
    )
    return Shown("board/board.html", context, (unfinished,))


def _change(request: Request) -> None:
    actor, now, posted = request.caller.actor, request.caller.now, request.POST
    job_id = int(posted["job"]) if posted.get("job", "").isdigit() else 0
    match request.act:
        case "pause":
            jobs.pause(actor=actor, now=now, job_id=job_id)
        case "resume":
            jobs.resume(actor=actor, now=now, job_id=job_id)
        case "cancel":
            jobs.cancel(actor=actor, now=now, job_id=job_id)


def _answer(shown: Board, request: Request) -> tuple[str, str, dict[str, object]]:
    """Return the state, the sentence and its facts: the whole page in one line."""
    line, now = shown.line, request.caller.now
    facts: dict[str, object] = {"n": shown.done, "total": shown.total, "open": shown.total - shown.done}
    if line is None:
        return "unknown", "page_board.no_plan", facts
    facts["at"] = moment(line.as_of)
    if shown.started_at is None:
        return _not_begun(line, facts, begun=now >= line.as_of)
    if shown.finished_at is None and line.state == plan_review.RUNNING and not shown.run:
        return "wait", "page_board.under_way", facts
    if shown.run is None:
        return "unknown", "page_board.not_verified", facts
    facts |= {"left": shown.left_over, "unknown": shown.unknown}
    if shown.left_over:
        return "stop", "page_board.left_over", facts
    if shown.unknown:
        return "unknown", "page_board.unknown", facts
    return (
        ("ok", "page_board.finished", facts) if shown.done == shown.total else ("wait", "page_board.some_held", facts)
    )


def _not_begun(
    line: plan_review.PlanLine, facts: dict[str, object], *, begun: bool
) -> tuple[str, str, dict[str, object]]:
    if line.state == plan_review.WAITING:
        return "wait", "page_board.not_approved", facts
    if line.state == plan_review.EXPIRED:
        return "stop", "page_board.expired", facts
    return ("stop", "page_board.overdue", facts) if begun else ("wait", "page_board.not_yet", facts)


def _waits(shown: Board, work: tuple[JobShown, ...]) -> list[tuple[str, str]]:
    """Return what waits for whom, each with its state."""
    found = []
    line = shown.line
    if line is not None and line.state == plan_review.WAITING:
        found.append(("wait", say("page_board.waits_approver", n=line.approvals, total=line.required)))
    if shown.run and shown.run.made.needs_confirmation and not shown.run.confirmed_by:
        found.append(("wait", say("page_board.waits_confirmation")))
    if shown.left_over:
        found.append(("stop", say("page_board.waits_left_over", n=shown.left_over)))
    if shown.unknown:
        found.append(("unknown", say("page_board.waits_unknown", n=shown.unknown)))
    held = sum(one.held for one in shown.systems)
    if held:
        found.append(("wait", say("page_board.waits_held", n=held)))
    failed = [one for one in work if one.state == jobs.FAILED]
    if failed:
        found.append(("stop", say("page_board.waits_failed", n=len(failed))))
    return found


def _row(one: Unfinished, names: dict[str, str]) -> Row:
    person = names.get(one.person_id, one.person_id)
    why = say(one.code, **_facts(one, person)) if one.code else "—"
    return Row(
        (
            Cell(one.state.value, say(f"page_board.state_{one.state.value}"), state=STATES[one.state]),
            Cell(person, note=one.person_id),
            Cell(one.side, side_name(one.side)),
            Cell(one.system),
            Cell(one.entitlement, one.entitlement or "—"),
            Cell(why),
        )
    )


def _facts(one: Unfinished, person: str) -> dict[str, str]:
    words = {"person": person, "system": one.system, "entitlement": one.entitlement}
    return words | {"detail": one.detail, "order_no": one.detail}
