"""Background work: asked for once, claimed by one worker at a time, taken up again when that worker dies. 処理.

A job is done in the name of whoever asked for it, with the roles that he holds when it runs. Here: the rows and
their leases. What each kind does is `work`'s, when they fall due `schedules`'.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, leases, ledger, visibility
from sekisho.store import models

WAITING, RUNNING, PAUSED, DONE, FAILED, CANCELLED = "waiting", "running", "paused", "done", "failed", "cancelled"
OPEN = (WAITING, RUNNING, PAUSED)
LEASE = timedelta(seconds=60)
LATE = timedelta(minutes=5)
"""A job that begins later than this after it was due says so."""
MOST_ATTEMPTS = 3
_SYSTEMS = (Role.IT_OPERATION,)
ASKING: Mapping[str, tuple[Role, ...]] = {
    "plan": _SYSTEMS,
    "replan": _SYSTEMS,
    "cutover": _SYSTEMS,
    "verification": (Role.IT_OPERATION, Role.COMPLIANCE, Role.INTERNAL_AUDIT),
    "check": (Role.HR, Role.COMPLIANCE),
}
"""Kind of job → who may ask for it."""


class MayNotAsk(SekishoError):
    """The actor's roles do not reach such work."""


class UnknownJob(SekishoError):
    """There is no such job, or none that the actor may know of."""


class NotOpen(SekishoError):
    """The job is done, or stands otherwise than the page said."""


class Stopped(SekishoError):
    """The job was paused, cancelled, or taken over: the worker lets go of it."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is asked for. Asking twice with one key makes one job."""

    kind: str
    key: str
    params: Mapping[str, Json]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds."""

    id: int
    kind: str
    params: Mapping[str, str]
    requested_by: str
    owner: str


@dataclass(frozen=True, slots=True)
class JobShown:
    """A job as pages show it; how far it is comes as a share, for its numbers may be another side's."""

    id: int
    kind: str
    state: str
    percent: int | None
    requested_by: str
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    missed_at: datetime | None
    attempts: int
    error: str
    error_params: Mapping[str, str]
    params: Mapping[str, str]
    result: Mapping[str, object]


@transaction.atomic
def enqueue(*, actor: Actor, now: datetime, asked: NewJob) -> int:
    """Ask for work; return the job, an earlier one where the key is known.

    Raises:
        MayNotAsk: the actor has none of the roles for it.
    """
    need(actor=actor, kind=asked.kind, now=now)
    known = models.Job.objects.filter(key=asked.key).first()
    if known is not None:
        return known.pk
    return make(asked, requested_by=actor.name, now=now).pk


def make(asked: NewJob, *, requested_by: str, now: datetime, schedule: models.Schedule | None = None) -> models.Job:
    """Write a job and its entry inside the caller's transaction."""
    row = models.Job.objects.create(
        key=asked.key,
        kind=asked.kind,
        params=dict(asked.params),
        schedule=schedule,
        requested_by=requested_by,
        requested_at=now,
        due_at=asked.due_at,
        state=WAITING,
    )
    _record("job.requested", row, requested_by, now)
    return row


@transaction.atomic
def claim(*, now: datetime) -> Claimed | None:
    """Take the job that is due first, or one whose worker died; None where there is nothing to do.

    A job whose worker died too often fails, so that it does not take every worker with it.
    """
    todo = models.Job.objects.filter(Q(state=WAITING, due_at__lte=now) | Q(state=RUNNING)).order_by("due_at", "pk")
    skip = connection.features.has_select_for_update_skip_locked
    for row in todo.select_for_update(skip_locked=skip):
        if row.state == RUNNING and not _abandoned(row, now):
            continue
        if row.attempts >= MOST_ATTEMPTS:
            _end(row, FAILED, now, error="jobs.too_often", params={"attempts": str(row.attempts)})
            continue
        return _take(row, now)
    return None


def _abandoned(row: models.Job, now: datetime) -> bool:
    return row.lease_until is None or row.lease_until < now or leases.is_dead(row.lease_owner)


def _take(row: models.Job, now: datetime) -> Claimed:
    row.state, row.lease_owner, row.lease_until = RUNNING, leases.mark(), now + LEASE
    row.heartbeat_at, row.attempts = now, row.attempts + 1
    if row.started_at is None and now > row.due_at + LATE:
        row.missed_at = now
        _record("job.missed", row, row.requested_by, now)
    row.started_at = row.started_at or now
    row.save()
    return Claimed(row.pk, row.kind, row.params, row.requested_by, row.lease_owner)


@transaction.atomic
def keep(job: Claimed, *, now: datetime, done: int | None = None, total: int | None = None) -> None:
    """Renew the lease and say how far the work is.

    Raises:
        Stopped: the job is no longer this worker's.
    """
    changes: dict[str, object] = {"lease_until": now + LEASE, "heartbeat_at": now}
    if done is not None and total is not None:
        changes |= {"done": done, "total": total}
    if not models.Job.objects.filter(pk=job.id, state=RUNNING, lease_owner=job.owner).update(**changes):
        raise Stopped("jobs.stopped", {"job": job.id})


@transaction.atomic
def finish(job: Claimed, *, now: datetime, result: Mapping[str, Json]) -> None:
    """Record that the work is done.

    Raises:
        Stopped: the job is no longer this worker's; the work was done all the same and is found done.
    """
    row = _mine(job)
    row.result = dict(result)
    _end(row, DONE, now)


@transaction.atomic
def fail(job: Claimed, *, now: datetime, error: SekishoError) -> None:
    """Record that the work cannot be done, and why; somebody must ask again.

    Raises:
        Stopped
    """
    _end(_mine(job), FAILED, now, error=error.code, params={name: str(value) for name, value in error.params.items()})


@transaction.atomic
def pause(*, actor: Actor, now: datetime, job_id: int) -> None:
    """Let the work rest: a running job stops at its next step, and goes on from there when it is resumed.

    Raises:
        UnknownJob, NotOpen, MayNotAsk
    """
    row = _asked(actor, job_id, now, (WAITING, RUNNING))
    row.state, row.lease_owner, row.lease_until = PAUSED, "", None
    row.save()
    _record("job.paused", row, actor.name, now)


@transaction.atomic
def resume(*, actor: Actor, now: datetime, job_id: int) -> None:
    """Let paused or failed work go on.

    Raises:
        UnknownJob, NotOpen, MayNotAsk
    """
    row = _asked(actor, job_id, now, (PAUSED, FAILED))
    row.state, row.attempts, row.error, row.error_params, row.finished_at = WAITING, 0, "", {}, None
    row.save()
    _record("job.resumed", row, actor.name, now)


@transaction.atomic
def cancel(*, actor: Actor, now: datetime, job_id: int) -> None:
    """Give work up that is not running.

    Raises:
        UnknownJob, NotOpen, MayNotAsk
    """
    row = _asked(actor, job_id, now, (WAITING, PAUSED, FAILED))
    _end(row, CANCELLED, now, by=actor.name)


def jobs(*, actor: Actor, now: datetime, count: int = 50) -> tuple[JobShown, ...]:
    """Return the last jobs, newest first: to those who may count plans of some side.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)
    return tuple(map(_shown, models.Job.objects.order_by("-due_at", "-pk")[:count]))


def job(*, actor: Actor, now: datetime, key: str) -> JobShown | None:
    """Return the job of a key, if there is one.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)
    row = models.Job.objects.filter(key=key).first()
    return _shown(row) if row is not None else None


def need(*, actor: Actor, kind: str, now: datetime) -> None:
    """Let pass who may ask for work of the kind.

    Raises:
        MayNotAsk
    """
    today = installation.today(now=now)
    if not any(actor.has(role, on=today) for role in ASKING[kind]):
        raise MayNotAsk("jobs.may_not_ask", {"actor": actor.name})


def _asked(actor: Actor, job_id: int, now: datetime, states: tuple[str, ...]) -> models.Job:
    row = models.Job.objects.select_for_update().filter(pk=job_id).first()
    if row is None:
        raise UnknownJob("jobs.unknown", {"job": job_id})
    need(actor=actor, kind=row.kind, now=now)
    if row.state not in states:
        raise NotOpen("jobs.not_open", {"job": job_id, "state": row.state})
    return row


def _mine(job: Claimed) -> models.Job:
    row = models.Job.objects.select_for_update().filter(pk=job.id, state=RUNNING, lease_owner=job.owner).first()
    if row is None:
        raise Stopped("jobs.stopped", {"job": job.id})
    return row


def _end(
    row: models.Job,
    state: str,
    now: datetime,
    *,
    error: str = "",
    params: Mapping[str, str] | None = None,
    by: str = "",
) -> None:
    row.state, row.finished_at, row.lease_owner, row.lease_until = state, now, "", None
    row.error, row.error_params = error, dict(params or {})
    row.save()
    _record({DONE: "job.finished", FAILED: "job.failed"}.get(state, "job.cancelled"), row, by or row.requested_by, now)


def _record(kind: str, row: models.Job, actor: str, now: datetime) -> None:
    facts: dict[str, Json] = {"job": row.key, "kind": row.kind, "due_at": row.due_at.isoformat()}
    ledger.record(kind=kind, actor=actor, now=now, facts=facts | ({"error": row.error} if row.error else {}))


def _shown(row: models.Job) -> JobShown:
    return JobShown(
        id=row.pk,
        kind=row.kind,
        state=row.state,
        percent=100 * row.done // row.total if row.total else None,
        requested_by=row.requested_by,
        due_at=row.due_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        missed_at=row.missed_at,
        attempts=row.attempts,
        error=row.error,
        error_params=row.error_params,
        params=row.params,
        result=row.result or {},
    )
