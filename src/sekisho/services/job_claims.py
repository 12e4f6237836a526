"""How a worker takes a job, keeps it and ends it: a lease in the job's row, by compare-and-swap. 処理の引受.

A lease ends by being given back, by the death of its process, which is seen at once on the same host, or on another
host by running out. A living worker renews it while it works (`workers.Heart`), however long one step takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, F, PositiveIntegerField, Q, QuerySet, Value, When

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.services import jobs, leases
from sekisho.services.jobs import CUTOVER, DONE, FAILED, RUNNING, WAITING, NewJob
from sekisho.store import models

LEASE = timedelta(seconds=60)
AGAIN = timedelta(seconds=15)
"""How long a job waits before it looks again whether another process is out of its way."""
CLEAR = timedelta(minutes=5)
"""Before a switch nothing else is begun: it would begin late."""
MOST_ATTEMPTS = 3
"""How often workers may die over a job without getting further than anybody before."""


class Stopped(SekishoError):
    """The job was paused, cancelled, or taken over: the worker lets go of it."""


class LetGo(SekishoError):
    """The worker was told to stop, and lets another one go on."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds. `attempt`: 1, or more where earlier workers died over it."""

    id: int
    kind: str
    params: Mapping[str, str]
    requested_by: str
    owner: str
    attempt: int = 1
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What a job leaves: a result to show, lines with their sides, and the work that follows from it."""

    result: Mapping[str, Json] = field(default_factory=dict)
    lines: Sequence[Mapping[str, Json]] = ()
    then: NewJob | None = None


def claim(*, now: datetime) -> Claimed | None:
    """Take the job that is due first, or one whose worker died; None where there is nothing to do.

    A switch goes before all else. A job whose workers died too often fails, so that it does not take every one with
    it; a long one that got further each time goes on, however often the server is restarted.
    """
    for row in list(_todo(now).only("state", "lease_owner", "lease_until")):
        if row.state == RUNNING and not _abandoned(row, now):
            continue  # seen without a write transaction: there is one for each worker at every poll
        found = _try(row.pk, now)
        if found is not None:
            return found
    return None


def _todo(now: datetime) -> QuerySet[models.Job]:
    """Return what may be done, a switch first, then by when it was due."""
    ready = Q(state=WAITING, due_at__lte=now) & (Q(not_before=None) | Q(not_before__lte=now))
    found = models.Job.objects.filter(ready | Q(state=RUNNING))
    coming = models.Schedule.objects.filter(kind=CUTOVER, paused_at=None, due_at__gt=now, due_at__lte=now + CLEAR)
    if coming.exists():
        found = found.filter(kind=CUTOVER)
    first = Case(When(kind=CUTOVER, then=Value(0)), default=Value(1))
    return found.order_by(first, "due_at", "pk")


@transaction.atomic
def _try(key: int, now: datetime) -> Claimed | None:
    rows = models.Job.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    row = rows.filter(pk=key, state__in=(WAITING, RUNNING)).first()
    if row is None or (row.state == RUNNING and not _abandoned(row, now)):
        return None
    if row.fruitless >= MOST_ATTEMPTS:
        jobs.end(row, FAILED, now, error="jobs.too_often", params={"attempts": str(row.attempts)})
        return None
    return _take(row, now)


def _abandoned(row: models.Job, now: datetime) -> bool:
    if leases.is_dead(row.lease_owner):
        return True
    ran_out = row.lease_until is None or row.lease_until < now
    return ran_out and not leases.lives(row.lease_owner)


def _take(row: models.Job, now: datetime) -> Claimed:
    row.state, row.lease_owner, row.lease_until = RUNNING, leases.mark(), now + LEASE
    row.heartbeat_at, row.attempts, row.not_before = now, row.attempts + 1, None
    row.fruitless += 1
    if row.started_at is None and now > row.due_at + jobs.LATE:
        row.missed_at = now
        jobs.record("job.missed", row, row.requested_by, now)
    row.started_at = row.started_at or now
    row.save()
    jobs.record("job.begun" if row.attempts == 1 else "job.taken_up", row, row.requested_by, now)
    return Claimed(row.pk, row.kind, row.params, row.requested_by, row.lease_owner, row.attempts, row.started_at)


@transaction.atomic
def keep(job: Claimed, *, now: datetime, done: int | None = None, total: int | None = None) -> None:
    """Renew the lease and say how far the work is.

    Raises:
        Stopped: the job is no longer this worker's.
    """
    changes: dict[str, object] = {"lease_until": now + LEASE, "heartbeat_at": now}
    if done is not None and total is not None:
        further, number = {"fruitless": 0, "furthest": done}, PositiveIntegerField()
        changes |= {"done": done, "total": total}
        changes |= {
            key: Case(When(furthest__lt=done, then=Value(new)), default=F(key), output_field=number)
            for key, new in further.items()
        }
    if not models.Job.objects.filter(pk=job.id, state=RUNNING, lease_owner=job.owner).update(**changes):
        raise Stopped("jobs.stopped", {"job": job.id})


@transaction.atomic
def finish(job: Claimed, *, now: datetime, left: Done) -> None:
    """Record that the work is done, and ask for what follows from it, both or neither.

    Raises:
        Stopped: the job is no longer this worker's; the work was done all the same and is found done.
    """
    row = _mine(job)
    row.result, row.lines = dict(left.result), [dict(line) for line in left.lines]
    jobs.end(row, DONE, now)
    if left.then is not None and not models.Job.objects.filter(key=left.then.key).exists():
        jobs.make(left.then, requested_by=row.requested_by, now=now, side=row.side)


@transaction.atomic
def fail(job: Claimed, *, now: datetime, error: SekishoError) -> None:
    """Record that the work cannot be done, and why; somebody must decide.

    Raises:
        Stopped
    """
    params = {name: str(value) for name, value in error.params.items()}
    jobs.end(_mine(job), FAILED, now, error=error.code, params=params)


@transaction.atomic
def let_go(job: Claimed, *, now: datetime, wait: timedelta = timedelta(0)) -> None:
    """Give the job back undone, for another worker, or for later where something stands in its way: no attempt of its.

    Raises:
        Stopped
    """
    row = _mine(job)
    row.state, row.lease_owner, row.lease_until = WAITING, "", None
    row.attempts, row.not_before = row.attempts - 1, now + wait if wait else None
    row.fruitless = max(0, row.fruitless - 1)
    row.save()
    jobs.record("job.let_go", row, row.requested_by, now)


def _mine(job: Claimed) -> models.Job:
    row = models.Job.objects.select_for_update().filter(pk=job.id, state=RUNNING, lease_owner=job.owner).first()
    if row is None:
        raise Stopped("jobs.stopped", {"job": job.id})
    return row
