"""What the board says before any table: the answer, the stages from plan to verification, what waits for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from sekisho.core.causes import Waits
from sekisho.services import jobs, plan_review
from sekisho.services.board import DONE, Board
from sekisho.services.board_people import Group
from sekisho.services.jobs import JobShown
from sekisho.web import pages
from sekisho.web.words import moment, say, side_name

Said = tuple[str, str, dict[str, object]]
"""A state, a code, its facts."""
SOON = 3600
"""Seconds before the switch from which the page looks by itself whether it has begun."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the day: its state (`none`: not reached), its name, its sentence, where more stands."""

    name: str
    state: str
    says: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for somebody, and where it is dealt with."""

    state: str
    says: str
    href: str = ""
    since: datetime | None = None


def answer(shown: Board, now: datetime) -> Said:
    """Return the whole page in one line."""
    line = shown.line
    facts: dict[str, object] = {"n": shown.done, "total": shown.total, "open": shown.total - shown.done}
    if line is None:
        return _without_plan(shown, facts)
    facts["at"] = moment(line.as_of)
    if not shown.total and not shown.held_by_plan:
        return "ok", "page_board.nothing_to_switch", facts
    if shown.started_at is None:
        return _not_begun(shown, facts, begun=now >= line.as_of)
    if shown.finished_at is None and line.state == plan_review.RUNNING and not shown.run:
        return "wait", "page_board.under_way", facts
    return _verified(shown, facts)


def _without_plan(shown: Board, facts: dict[str, object]) -> Said:
    if not shown.any_orders:
        return "unknown", "page_board.no_orders", facts
    return "unknown", "page_board.no_plan" if shown.around.moves else "page_board.no_plan_no_moves", facts


def _verified(shown: Board, facts: dict[str, object]) -> Said:
    if shown.run is None:
        return "unknown", "page_board.not_verified", facts
    facts |= {"left": shown.run.left_over, "unknown": shown.run.unknown}
    if shown.run.left_over:
        return "stop", "page_board.left_over", facts
    if shown.run.unknown:
        return "unknown", "page_board.unknown", facts
    return (
        ("ok", "page_board.finished", facts) if shown.done == shown.total else ("wait", "page_board.some_held", facts)
    )


def _not_begun(shown: Board, facts: dict[str, object], *, begun: bool) -> Said:
    state = shown.line.state if shown.line else ""
    if state == plan_review.WAITING:
        return "wait", "page_board.not_approved", facts
    if state == plan_review.EXPIRED:
        return "stop", "page_board.expired", facts
    if begun:
        return "stop", "page_board.overdue", facts
    return ("wait", "page_board.not_yet", facts) if shown.asked else ("stop", "page_board.not_asked", facts)


def nothing_to_do(shown: Board, waits: Sequence[Waiting], now: datetime) -> bool:
    """Tell whether everybody can only wait for the time: approved, asked for, nothing in the way."""
    ready = shown.line is not None and shown.line.state == plan_review.APPROVED and now < shown.line.as_of
    asked = shown.asked is not None and not shown.asked.paused
    return ready and asked and not any(one.state in {"stop", "unknown"} for one in waits)


def stages(shown: Board) -> list[Stage]:
    """Return the stages of the day in their order; the first that is not done is where the day stands."""
    line = shown.line
    if line is None:
        return []
    plan = reverse("plan", kwargs={"sha256": line.sha256})
    made = say("page_board.stage_plan_says", by=line.planned_by, at=moment(line.planned_at))
    enough = line.approvals >= line.required
    approved = say("page_board.stage_approval_says", n=line.approvals, total=line.required)
    return [
        Stage("plan", "ok", made, plan),
        _guards(shown, plan),
        Stage("approval", "ok" if enough else "wait", approved, plan),
        _asked(shown, plan),
        _phase(shown, 1, "revocations"),
        _phase(shown, 2, "grants"),
        _verification(shown),
    ]


def _guards(shown: Board, href: str) -> Stage:
    odd = sum(state in {"hold", "absent"} for _, state in shown.guards)
    if not odd:
        return Stage("guards", "ok", say("page_board.stage_guards_ok", total=len(shown.guards)), href)
    return Stage("guards", "stop", say("page_board.stage_guards_odd", n=odd, total=len(shown.guards)), href)


def _asked(shown: Board, href: str) -> Stage:
    if shown.started_at is not None:
        return Stage("begun", "ok", moment(shown.started_at), href)
    if shown.asked is None:
        return Stage("begun", "none", say("page_board.stage_not_asked"), href)
    code = "page_board.stage_paused" if shown.asked.paused else "page_board.stage_asked"
    says = say(code, by=shown.asked.by, at=moment(shown.asked.due_at))
    return Stage("begun", "stop" if shown.asked.paused else "ok", says, href)


def _phase(shown: Board, phase: int, name: str) -> Stage:
    total = sum(one.all_of(phase) for one in shown.systems)
    done = shown.number(*DONE, phase=phase)
    if not total:
        return Stage(name, "ok", say("page_board.stage_none"))
    state = "ok" if done == total else ("wait" if shown.started_at else "none")
    return Stage(
        name,
        state,
        say("page_words.n_of_n", n=done, total=total),
        f"?day={shown.day.isoformat()}&state=open&phase={phase}#list",
    )


def _verification(shown: Board) -> Stage:
    href, run = reverse("verification"), shown.run
    if run is None:
        return Stage("verification", "none", say("page_board.stage_not_verified"), href)
    state = "stop" if run.left_over else "unknown" if run.unknown else "wait" if run.waits else "ok"
    says = say("page_board.stage_verified", n=run.verified, total=run.total, at=moment(run.made.verified_at))
    return Stage("verification", state, says, href)


def waits(shown: Board, groups: Sequence[Group], work: Sequence[JobShown]) -> list[Waiting]:
    """Return what waits for whom, the worst first, each with where it ends."""
    found = [*_before(shown), *_verified_waits(shown)]
    found += _by_whom(groups) if groups else _counted(shown)
    failed = [one for one in work if one.state == jobs.FAILED]
    if failed:
        found.append(Waiting("stop", say("page_board.waits_failed", n=len(failed), total=len(work)), "#work"))
    order = ("stop", "unknown", "wait")
    return sorted(found, key=lambda one: order.index(one.state))


def _before(shown: Board) -> list[Waiting]:
    line, found = shown.line, []
    if line is None:
        return []
    plan = reverse("plan", kwargs={"sha256": line.sha256})
    if line.state == plan_review.WAITING:
        says = say("page_board.waits_approver", n=line.approvals, total=line.required)
        found.append(Waiting("wait", says, plan, line.planned_at))
    if shown.started_at is None and line.state == plan_review.APPROVED and (not shown.asked or shown.asked.paused):
        found.append(Waiting("stop", say("page_board.waits_asked", at=moment(line.as_of)), plan))
    if shown.started_at is None and line.state == plan_review.APPROVED and shown.asked:
        found += [Waiting("stop", say(one.code, **one.params), plan) for one in shown.asked.troubles]
    if shown.finished_at is None and not shown.worked:
        found.append(Waiting("stop", say("page_board.waits_worker"), reverse("work")))
    if shown.newer is not None and shown.started_at is None:
        newer = reverse("plan", kwargs={"sha256": shown.newer.sha256})
        found.append(Waiting("wait", say("page_board.waits_newer"), newer, shown.newer.planned_at))
    odd = sum(state == "hold" for _, state in shown.guards)
    if odd and shown.started_at is None:
        found.append(Waiting("stop", say("page_board.waits_guards", n=odd, total=len(shown.guards)), plan))
    return found


def _verified_waits(shown: Board) -> list[Waiting]:
    run, href = shown.run, reverse("verification")
    if run is None:
        done = shown.started_at is not None and shown.done > 0
        return [Waiting("unknown", say("page_board.waits_verification"), href, shown.started_at)] if done else []
    found = []
    if run.waits:
        found.append(Waiting("wait", say("page_board.waits_confirmation"), href, run.made.verified_at))
    if run.left_over:
        found.append(Waiting("stop", say("page_board.waits_left_over", n=run.left_over, total=run.total), href))
    if run.unknown:
        found.append(Waiting("unknown", say("page_board.waits_unknown", n=run.unknown, total=run.total), href))
    return found


def _by_whom(groups: Sequence[Group]) -> list[Waiting]:
    """Return one line for each whom the groups wait for."""
    found = []
    for whom in dict.fromkeys(_whom(one) for one in groups):
        mine = [one for one in groups if _whom(one) == whom and one.cause.waits is not Waits.RUN]
        if not mine:
            continue
        causes = say("page_board.join").join(dict.fromkeys(say(f"causes.{one.cause.name}") for one in mine))
        n, total = sum(one.count for one in mine), sum(one.count for one in groups)
        oldest = min((one.since for one in mine if one.since), default=None)
        says = say("page_board.waits_for", whom=whom, n=n, total=total, causes=causes)
        state = "stop" if any(one.state == "failed" for one in mine) else "wait"
        state = "unknown" if any(one.state == "unknown" for one in mine) and state != "stop" else state
        found.append(Waiting(state, says, "#groups", oldest))
    return found


def _whom(one: Group) -> str:
    return say(f"causes.waits_{one.cause.waits.value}", side=side_name(one.side))


def _counted(shown: Board) -> list[Waiting]:
    """Return the same for who may only count."""
    held = sum(one.held for one in shown.systems)
    return [Waiting("wait", say("page_board.waits_held", n=held, total=shown.total))] if held else []


def link(name: str, request: pages.Request, **words: str) -> str:
    """Return a page's address, if the reader may open it; asked once a request, however many people are listed."""
    opened: dict[str, bool] = request.__dict__.setdefault("opened", {})
    if name not in opened:
        opened[name] = name in pages.PAGES and pages.PAGES[name].open_to(request.caller)
    return reverse(name, kwargs=words) if opened[name] else ""
