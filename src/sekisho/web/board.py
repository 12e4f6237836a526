"""Board 切替当日: is the switch done? One sentence, then stages, what waits for whom, systems, causes with people."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OperationState, Role
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import board as services
from sekisho.services import board_people, installation, jobs
from sekisho.services.board import DONE, Board, SystemLine
from sekisho.web import board_answers, board_lists, forms
from sekisho.web.clock import clock
from sekisho.web.pages import Request, Shown, page
from sekisho.web.words import say, side_name

COLUMNS = (("held", "wait"), ("failed", "stop"), ("unknown", "unknown"), ("waiting", "wait"))


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
    context = _top(request, shown)
    if request.htmx and request.GET.get("only") == "progress":
        return _renewed(request, context)
    groups = _groups(request, shown)
    waits = board_answers.waits(shown, groups, context["work"])
    context |= {
        "waits": waits,
        "nothing_to_do": board_answers.nothing_to_do(shown, waits, caller.now),
        "groups": [board_lists.group(one, request, shown) for one in groups],
        "open": sum(one.count for one in groups),
        "counts_only": shown.line is not None and shown.total > shown.done and not groups,
        "to_imports": board_answers.link("imports", request),
    }
    listed = board_lists.operations(request, shown)
    return Shown("board/board.html", context, (listed,) if listed else ())


def _top(request: Request, shown: Board) -> dict[str, Any]:
    """Return what renews itself: the answer, the clock, the stages, the numbers, the work."""
    caller = request.caller
    work = jobs.jobs(actor=caller.actor, now=caller.now, count=12)
    state, code, facts = board_answers.answer(shown, caller.now)
    running = any(one.state == jobs.RUNNING for one in work)
    return {
        "board": shown,
        "state": state,
        "answer": say(code, **facts),
        "clock": clock(shown.line.as_of, now=caller.now) if shown.line else "",
        "stages": board_answers.stages(shown),
        "matrix": _matrix(shown),
        "work": work,
        "every": "2s" if running else "15s" if _is_soon(shown, caller.now) else "",
        "may_change": caller.actor.has(Role.IT_OPERATION, on=installation.today(now=caller.now)),
    }


def _renewed(request: Request, context: dict[str, Any]) -> HttpResponse:
    """Return the part that renews itself; once there is nothing to follow any more, the whole page anew."""
    response = render(request, "board/progress.html", context)
    if not context["every"]:
        response["HX-Refresh"] = "true"
    return response


def _is_soon(shown: Board, now: datetime) -> bool:
    if shown.line is None or shown.asked is None or shown.started_at is not None:
        return False
    return abs((shown.line.as_of - now).total_seconds()) < board_answers.SOON


def _groups(request: Request, shown: Board) -> tuple[board_people.Group, ...]:
    if shown.line is None:
        return ()
    caller = request.caller
    found = board_people.groups(actor=caller.actor, now=caller.now, sha256=shown.line.sha256)
    before = shown.started_at is None
    return tuple(one for one in found if one.in_plan or not before)


def _change(request: Request) -> None:
    actor, now, posted = request.caller.actor, request.caller.now, request.POST
    job_id = forms.whole(posted.get("job", "")) or 0
    match request.act:
        case "pause":
            jobs.pause(actor=actor, now=now, job_id=job_id)
        case "resume":
            jobs.resume(actor=actor, now=now, job_id=job_id)
        case "cancel":
            jobs.cancel(actor=actor, now=now, job_id=job_id)


def _matrix(shown: Board) -> list[dict[str, Any]]:
    """Return, side by side, a row for each system and one for all of the side's; each number leads to its list."""
    found = []
    for side in dict.fromkeys(one.side for one in shown.systems):
        lines = [one for one in shown.systems if one.side == side]
        whole: dict[tuple[int, OperationState], int] = {}
        for line in lines:
            for key, count in line.numbers.items():
                whole[key] = whole.get(key, 0) + count
        held = (shown.held_before or {}).get(side, 0)
        total = SystemLine(side, "", whole)
        found.append(
            {
                "side": side_name(side),
                "rows": [(line.system, _cells(line, shown)) for line in lines],
                "total": _cells(total, shown) if len(lines) > 1 else (),
                "held": held,
            }
        )
    return found


def _cells(line: SystemLine, shown: Board) -> list[tuple[str, int, int, str]]:
    """Return each cell: its state's mark ("" for none), n, of N, and the address of the list behind it."""
    day = {"day": shown.day.isoformat(), "side": line.side} | ({"system": line.system} if line.system else {})
    cells = []
    for phase in (1, 2):
        done, total = line.number(*DONE, phase=phase), line.all_of(phase)
        href = f"?{urlencode(day | {'phase': str(phase)})}#list"
        cells.append(("ok" if done == total and total else "", done, total, href if total else ""))
    for name, state in COLUMNS:
        count = getattr(line, name)
        href = f"?{urlencode(day | {'state': name})}#list"
        cells.append((state if count else "", count, line.total, href if count else ""))
    return cells
