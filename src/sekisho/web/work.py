"""Background work: is it going as it should? What runs, what comes next, what failed, and what to do then.

Workers' health is the installation's and open to its administrators; jobs and schedules are cut by the services to what
the reader may know. One job has a page of its own: what a re-plan changed, person by person, on the reader's sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import jobs, plan_review, schedules, switches, visibility, workers
from sekisho.services import verification_runs as runs
from sekisho.services.jobs import JobShown
from sekisho.services.schedules import ScheduleShown
from sekisho.services.switches import Switch
from sekisho.services.workers import Health
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import moment, say, side_name

NIGHTLY = (jobs.REPLAN, jobs.CHECK, jobs.VERIFICATION)
"""Kinds that may be set to run every day, with the time that is offered first."""
OFFERED = {jobs.REPLAN: "02:00", jobs.CHECK: "01:00", jobs.VERIFICATION: "06:00"}
ACTS = ("pause", "resume", "cancel", "rest", "go_on", "take_back", "daily")
LATELY = timedelta(days=7)
NEAR = timedelta(hours=1)
FAST, SLOW = "2s", "10s"
STATES = {"done": "ok", "failed": "stop", "cancelled": "unknown"}
CHANGES = {"added": "wait", "held": "wait", "renewed": "wait", "removed": "ok", "released": "ok"}


@dataclass(frozen=True, slots=True)
class Workable:
    """A job, and whether the reader may pause, resume or cancel it."""

    job: JobShown
    may_change: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule, and whether the reader may change it; `switch` where it is one."""

    schedule: ScheduleShown
    switch: Switch | None
    may_change: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that a reader may know of background work."""

    health: Health
    jobs: tuple[JobShown, ...]
    coming: tuple[ScheduleShown, ...]
    switches: tuple[Switch, ...]

    def of(self, *states: str) -> list[JobShown]:
        return [one for one in self.jobs if one.state in states]

    @property
    def troubled(self) -> list[Switch]:
        return [one for one in self.switches if one.troubles]


def standing(request: Request) -> Standing:
    """Return how background work stands for the reader; who may know of no job still learns whether anybody works."""
    actor, now = request.caller.actor, request.caller.now
    health = workers.health(now=now)
    try:
        known = jobs.jobs(actor=actor, now=now)
    except visibility.NotVisible:
        return Standing(health, (), (), ())
    coming = schedules.schedules(actor=actor, now=now)
    return Standing(health, known, coming, switches.coming(actor=actor, now=now))


def workable(request: Request, some: Sequence[JobShown]) -> list[Workable]:
    """Return the jobs with whether the reader may change each; asked once a kind and side."""
    may: dict[tuple[str, str], bool] = {}
    return [Workable(one, _may(request, one.kind, one.side, may)) for one in some]


def renewal(found: Standing, now: datetime) -> str:
    """Return after how long a page about it looks again: soon while work runs or is near, never while nothing is."""
    if found.of(jobs.RUNNING):
        return FAST
    near = any(one.due_at - now < NEAR and one.paused_at is None for one in found.coming)
    return SLOW if near or found.of(jobs.WAITING) or found.health.overdue else ""


@page(
    "work",
    "work",
    needs=(FactKind.PLAN, FactKind.VERDICT, FactKind.INSTALLATION),
    least=Depth.COUNT,
    acts=ACTS,
)
def work(request: Request) -> HttpResponse | Shown:
    """Show what runs, comes, failed and was; pause, resume, cancel; set what runs every day."""
    if request.method == "POST":
        try:
            _do(request)
        except SekishoError as error:
            messages.error(request, forms.sentence(error))
        return redirect("work")
    found, now = standing(request), request.caller.now
    state, answer = _answer(found)
    caught = [one for one in found.jobs if (one.missed_at or one.skipped) and now - one.due_at < LATELY]
    context = {
        "state": state,
        "answer": answer,
        "health": found.health,
        "open": workable(request, found.of(jobs.RUNNING, jobs.WAITING, jobs.PAUSED)),
        "failed": workable(request, found.of(jobs.FAILED)),
        "caught": [one for one in caught if one.state not in {jobs.WAITING, jobs.FAILED}],
        "planned": _planned(request, found),
        "nightly": _nightly(request, found),
        "renew": renewal(found, now),
    }
    if request.htmx and request.GET.get("only") == "now":
        return render(request, "work/now.html", context)
    return Shown("work/work.html", context, (_last(request, found),))


@page(
    "work/<int:job_id>",
    "work_job",
    needs=(FactKind.PLAN, FactKind.VERDICT, FactKind.ORDER_FILE, FactKind.ENTRY),
    least=Depth.COUNT,
)
def work_job(request: Request, job_id: int) -> Shown:
    """Show one job: how it went, and what it found on the reader's sides."""
    caller = request.caller
    job = jobs.job(actor=caller.actor, now=caller.now, job_id=job_id)
    if job is None:
        raise jobs.UnknownJob("jobs.unknown", {"job": job_id})
    lines = jobs.lines(actor=caller.actor, now=caller.now, job_id=job_id)
    numbers = _numbers(job.result)
    context = {
        "job": job,
        "state": STATES.get(job.state, "wait"),
        "side": side_name(job.side),
        "numbers": numbers,
        "told": _told(job, numbers),
        "sees_plan": _sees_plan(request, job.plan),
        "may_change": workable(request, [job])[0].may_change,
        "renew": FAST if job.state == jobs.RUNNING else "",
    }
    return Shown("work/job.html", context, (_changes(request, lines),) if job.kind == jobs.REPLAN else ())


def _do(request: Request) -> None:
    actor, now, posted = request.caller.actor, request.caller.now, request.POST
    job_id = forms.whole(posted.get("job", "")) or 0
    name = posted.get("schedule", "")
    match request.act:
        case "pause":
            jobs.pause(actor=actor, now=now, job_id=job_id)
        case "resume":
            jobs.resume(actor=actor, now=now, job_id=job_id)
        case "cancel":
            jobs.cancel(actor=actor, now=now, job_id=job_id)
        case "rest" | "go_on" as word:
            schedules.pause(actor=actor, now=now, name=name, paused=word == "rest")
        case "take_back":
            schedules.cancel(actor=actor, now=now, name=name)
        case "daily":
            kind, at_time = posted.get("kind", ""), _time(posted.get("time", ""))
            if kind not in NIGHTLY:
                raise jobs.UnknownJob("jobs.no_schedule")
            schedules.daily(actor=actor, now=now, kind=kind, at_time=at_time)
            messages.success(request, say("page_work.set", what=say(f"jobs.kind_{kind}"), at=f"{at_time:%H:%M}"))


def _time(written: str) -> time:
    try:
        return time.fromisoformat(written).replace(tzinfo=None)
    except ValueError as error:
        raise forms.BadField("page_work.bad_time", {"value": written}) from error


def _may(request: Request, kind: str, side: str, known: dict[tuple[str, str], bool]) -> bool:
    if (kind, side) not in known:
        known[kind, side] = jobs.may(actor=request.caller.actor, kind=kind, now=request.caller.now, side=side)
    return known[kind, side]


def _answer(found: Standing) -> tuple[str, str]:
    """Return the state and the sentence of the first line, the worst first."""
    health, failed, running = found.health, found.of(jobs.FAILED), found.of(jobs.RUNNING)
    if not health.alive:
        return "stop", say("page_work.nobody")
    if found.troubled:
        return "stop", say("page_work.troubled", n=len(found.troubled))
    if health.overdue:
        return "stop", say("page_work.overdue", n=health.overdue, at=moment(health.overdue_since))
    if failed:
        return "stop", say("page_work.some_failed", n=len(failed))
    if running:
        return "wait", say("page_work.some_running", n=len(running))
    due = [one for one in found.coming if one.paused_at is None]
    if due:
        return "ok", say("page_work.next", at=moment(due[0].due_at), what=say(f"jobs.kind_{due[0].kind}"))
    return "ok", say("page_work.idle")


def _planned(request: Request, found: Standing) -> list[Planned]:
    may: dict[tuple[str, str], bool] = {}
    known = {one.schedule.name: one for one in found.switches}
    return [Planned(one, known.get(one.name), _may(request, one.kind, one.side, may)) for one in found.coming]


def _nightly(request: Request, found: Standing) -> list[tuple[str, str]]:
    """Return the kinds that the reader may set to run daily, each with the time that stands or is offered."""
    caller = request.caller
    offered = []
    for kind in NIGHTLY:
        side = jobs.side_of(actor=caller.actor, kind=kind, now=caller.now)
        if jobs.may(actor=caller.actor, kind=kind, now=caller.now, side=side):
            mine = [one for one in found.coming if (one.kind, one.side) == (kind, side) and one.time is not None]
            offered.append((kind, f"{mine[0].time:%H:%M}" if mine else OFFERED[kind]))
    return offered


def _last(request: Request, found: Standing) -> Table:
    columns = ("kind", "state", "due", "began", "ended", "by", "attempts")
    kinds = {"due": "moment", "began": "moment", "ended": "moment", "attempts": "number"}
    return table(
        request,
        "last",
        caption=say("page_work.last"),
        columns=[Column(key, say(f"page_work.{key}"), kinds.get(key, "text")) for key in columns],
        rows=[_row(one) for one in found.jobs],
        empty=say("page_work.none_yet"),
    )


def _row(one: JobShown) -> Row:
    href = reverse("work_job", kwargs={"job_id": one.id})
    late = say("jobs.missed", at=moment(one.missed_at)) if one.missed_at else ""
    return Row(
        (
            Cell(say(f"jobs.kind_{one.kind}"), href=href, note=side_name(one.side) if one.side else ""),
            Cell(one.state, say(f"jobs.state_{one.state}"), state=STATES.get(one.state, "wait")),
            Cell(one.due_at, moment(one.due_at), note=late),
            Cell(one.started_at, moment(one.started_at)),
            Cell(one.finished_at, moment(one.finished_at)),
            Cell(one.requested_by),
            Cell(one.attempts, str(one.attempts)),
        ),
        href,
    )


def _numbers(result: Mapping[str, object]) -> dict[str, int]:
    """Return the numbers of what a job found, over the sides that the reader may count."""
    found: dict[str, int] = {}
    by_side = result.get("sides")
    for counted in by_side.values() if isinstance(by_side, dict) else ():
        for word, number in counted.items():
            found[word] = found.get(word, 0) + number
    return found


def _told(job: JobShown, numbers: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return what a re-plan came to, in sentences with their states."""
    result = job.result
    if job.kind != jobs.REPLAN or job.state != jobs.DONE:
        return []
    if "as_of" not in result:
        return [("ok", say("page_work.no_day"))]
    at = moment(datetime.fromisoformat(str(result["as_of"])))
    changed = sum(number for word, number in numbers.items() if word != "granted")
    if not result["former"]:
        return [("wait", say("page_work.first_plan", at=at, n=changed))]
    if result["sha256"] == result["former"]:
        return [("ok", say("page_work.nothing_changed", at=at))]
    found = [("wait", say("page_work.changed" if result["new"] else "page_work.changed_still", at=at, n=changed))]
    if result["otherwise"]:
        found.append(("wait", say("page_work.otherwise")))
    if not result["approved"]:
        return [*found, ("wait", say("page_work.approve_new"))]
    if numbers.get("granted"):
        found.append(("stop", say("page_work.needs_approval", n=numbers["granted"])))
    return [*found, ("wait", say("page_work.approved_stands"))]


def _sees_plan(request: Request, sha256: str) -> bool:
    """Tell whether the reader may open the plan that a job is about."""
    if not sha256:
        return False
    try:
        plan_review.line(actor=request.caller.actor, now=request.caller.now, sha256=sha256)
        visibility.need_some(actor=request.caller.actor, kind=FactKind.PLAN, now=request.caller.now)
    except SekishoError:
        return False
    return True


def _changes(request: Request, lines: Sequence[Mapping[str, str]]) -> Table:
    names = runs.names(person_ids=[one["person_id"] for one in lines], known_at=request.caller.now)
    keys = ("person", "change", "side", "system", "entitlement", "why")
    return table(
        request,
        "changes",
        caption=say("page_work.changes"),
        columns=[Column(key, say(f"page_work.{key}")) for key in keys],
        rows=[_change(one, names) for one in lines],
        empty=say("page_work.no_changes"),
    )


def _change(one: Mapping[str, str], names: Mapping[str, str]) -> Row:
    person = names.get(one["person_id"], one["person_id"])
    why = say(one["code"], order_no=one["order_no"]) if one["code"] else say(f"page_work.why_{one['change']}")
    if one["needs_approval"]:
        why = say("page_work.why_needs_approval")
    what = say(f"page_work.change_{one['change']}", what=say(f"plans.action_{one['action']}"))
    return Row(
        (
            Cell(person, note=one["person_id"]),
            Cell(one["change"], what, state="stop" if one["needs_approval"] else CHANGES[one["change"]]),
            Cell(one["side"], side_name(one["side"])),
            Cell(one["system"]),
            Cell(one["entitlement"], one["entitlement"] or "—"),
            Cell(why),
        )
    )
