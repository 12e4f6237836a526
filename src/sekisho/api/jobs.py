"""Jobs 処理: background work as it stands, paused, resumed and given up; and the schedules that make it."""

from datetime import time
from typing import Annotated, Any, Literal

from ninja import Query
from pydantic import Field, StringConstraints

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Id, Moment, Name, Question, Said, said
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import jobs, schedules, workers
from sekisho.services.jobs import JobShown, NewJob
from sekisho.services.schedules import ScheduleShown

MOST = 500
WORK = (
    FactKind.PLAN,
    FactKind.DEVIATION,
    FactKind.VERDICT,
    FactKind.ORDER_FILE,
    FactKind.ENTRY,
    FactKind.INSTALLATION,
)
"""What jobs are about; whoever may count any of it may know of some job."""
Time = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(examples=["02:00"])]
Kind = Literal["check", "replan", "verification"]
"""What may be let fall due every day."""


class Job(Answer):
    """One piece of work and how it stands."""

    id: int
    kind: str
    side: str
    state: str
    percent: int | None
    requested_by: str
    due_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    heartbeat_at: Moment | None
    missed_at: Moment | None
    skipped: int
    attempts: int
    error: Said | None
    params: dict[str, Any]
    result: dict[str, Any]


class Asked(Answer):
    """Work was asked for: follow it by `job_id`."""

    job_id: int


class Schedule(Answer):
    """When a kind of work falls due."""

    name: str
    kind: str
    side: str
    repeats: str
    time: str | None
    due_at: Moment
    paused_at: Moment | None
    changed_by: str
    changed_at: Moment
    sha256: str


class Cancelled(Answer):
    """A schedule was taken back."""

    name: str


class JobLine(Answer):
    """One thing that a job found."""

    line: dict[str, Any]


class DailyTime(Question):
    """At which time of the company's clock it falls due every day."""

    time: Time


@call("GET jobs", scope="jobs:read", needs=WORK, least=Depth.COUNT)
def job_list(request: Request, paging: Query[Paging]) -> Listed[Job]:
    """List the last jobs, the one due last first."""
    found = jobs.jobs(actor=request.caller.actor, now=request.caller.now, count=MOST)
    return listed(request, paging, found, key=lambda one: one.id, made=job_of)


@call("GET jobs/{job_id}", scope="jobs:read", needs=WORK, least=Depth.COUNT)
def job_show(request: Request, job_id: Id) -> Job:
    """Return one job."""
    return _shown(request, job_id)


@call("GET jobs/{job_id}/lines", scope="jobs:read", needs=WORK, least=Depth.COUNT)
def job_lines(request: Request, job_id: Id, paging: Query[Paging]) -> Listed[JobLine]:
    """List what a re-plan changed, of the sides that the caller reads."""
    found = jobs.lines(actor=request.caller.actor, now=request.caller.now, job_id=job_id)
    numbered = list(enumerate(found))
    return listed(request, paging, numbered, key=lambda one: one[0], made=lambda one: JobLine(line=dict(one[1])))


@call("POST jobs/{job_id}/pause", scope="jobs:write", needs=WORK, least=Depth.COUNT)
def job_pause(request: Request, job_id: Id) -> Job:
    """Let a job rest; a running one stops at its next step."""
    jobs.pause(actor=request.caller.actor, now=request.caller.now, job_id=job_id)
    return _shown(request, job_id)


@call("POST jobs/{job_id}/resume", scope="jobs:write", needs=WORK, least=Depth.COUNT)
def job_resume(request: Request, job_id: Id) -> Job:
    """Let a paused or failed job go on."""
    jobs.resume(actor=request.caller.actor, now=request.caller.now, job_id=job_id)
    return _shown(request, job_id)


@call("POST jobs/{job_id}/cancel", scope="jobs:write", needs=WORK, least=Depth.COUNT)
def job_cancel(request: Request, job_id: Id) -> Job:
    """Give a job up that is not running."""
    jobs.cancel(actor=request.caller.actor, now=request.caller.now, job_id=job_id)
    return _shown(request, job_id)


class Workers(Answer):
    """Whether anybody carries work out: how many workers live, and how much of it is overdue."""

    alive: int
    last_seen_at: Moment | None
    overdue: int
    overdue_since: Moment | None


@call("GET workers", scope="jobs:read", needs=WORK, least=Depth.COUNT)
def worker_show(request: Request) -> Workers:
    """Return whether anybody is there to carry work out."""
    return Workers.model_validate(workers.health(now=request.caller.now))


@call("GET schedules", scope="jobs:read", needs=WORK, least=Depth.COUNT)
def schedule_list(request: Request, paging: Query[Paging]) -> Listed[Schedule]:
    """List the schedules that are still to come, the next one first."""
    found = schedules.schedules(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.name, made=_schedule)


@call("POST schedules/{name}/pause", scope="jobs:write", needs=WORK, least=Depth.COUNT)
def schedule_pause(request: Request, name: Name) -> Schedule:
    """Let a schedule rest."""
    return _paused(request, name, paused=True)


@call("POST schedules/{name}/resume", scope="jobs:write", needs=WORK, least=Depth.COUNT)
def schedule_resume(request: Request, name: Name) -> Schedule:
    """Let a schedule go on from its next time."""
    return _paused(request, name, paused=False)


@call("DELETE schedules/{name}", scope="jobs:write", needs=WORK, least=Depth.COUNT)
def schedule_cancel(request: Request, name: Name) -> Cancelled:
    """Take a schedule back before it is due."""
    schedules.cancel(actor=request.caller.actor, now=request.caller.now, name=name)
    return Cancelled(name=name)


@call("PUT schedules/daily/{kind}", scope="jobs:write", needs=WORK, least=Depth.COUNT)
def schedule_daily(request: Request, kind: Kind, body: DailyTime) -> Schedule:
    """Let a kind of work fall due every day, in the caller's name; one such time a kind and side."""
    actor, now = request.caller.actor, request.caller.now
    schedules.daily(actor=actor, now=now, kind=kind, at_time=time.fromisoformat(body.time))
    mine = [one for one in schedules.schedules(actor=actor, now=now) if one.kind == kind and one.repeats == "daily"]
    return _schedule(max(mine, key=lambda one: one.changed_at))


def asked_for(request: Request, wanted: NewJob) -> Asked:
    """Ask for work in the caller's name."""
    return Asked(job_id=jobs.enqueue(actor=request.caller.actor, now=request.caller.now, asked=wanted))


def _shown(request: Request, job_id: int) -> Job:
    found = jobs.job(actor=request.caller.actor, now=request.caller.now, job_id=job_id)
    if found is None:
        raise jobs.UnknownJob("jobs.unknown", {"job": job_id})
    return job_of(found)


def job_of(one: JobShown) -> Job:
    """Return a job as it goes over the wire."""
    return Job(
        id=one.id,
        kind=one.kind,
        side=one.side,
        state=one.state,
        percent=one.percent,
        requested_by=one.requested_by,
        due_at=one.due_at,
        started_at=one.started_at,
        finished_at=one.finished_at,
        heartbeat_at=one.heartbeat_at,
        missed_at=one.missed_at,
        skipped=one.skipped,
        attempts=one.attempts,
        error=said(one.error, one.error_params) if one.error else None,
        params=dict(one.params),
        result=dict(one.result),
    )


def _paused(request: Request, name: str, *, paused: bool) -> Schedule:
    actor, now = request.caller.actor, request.caller.now
    schedules.pause(actor=actor, now=now, name=name, paused=paused)
    return next(_schedule(one) for one in schedules.schedules(actor=actor, now=now) if one.name == name)


def _schedule(one: ScheduleShown) -> Schedule:
    return Schedule(
        name=one.name,
        kind=one.kind,
        side=one.side,
        repeats=one.repeats,
        time=one.time.isoformat("minutes") if one.time else None,
        due_at=one.due_at,
        paused_at=one.paused_at,
        changed_by=one.changed_by,
        changed_at=one.changed_at,
        sha256=one.sha256,
    )
