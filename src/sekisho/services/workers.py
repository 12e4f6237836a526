"""The processes that do background work: their signs of life, and whether anybody is there. 実行プロセス.

A worker comes, beats from a thread of its own while it works or waits, and leaves. Its beat keeps the job it holds and
the cutover it carries out, so that one slow call does not make it look dead. A killed worker does not leave; on its
host that is seen at once, from elsewhere when it has been silent for too long.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db import Error, connection

from sekisho.services import job_claims, jobs, leases
from sekisho.services.job_claims import Claimed
from sekisho.store import models

BEAT_SECONDS = 10.0
SILENT = timedelta(seconds=45)
"""After so long without a sign of life nobody counts on a worker of another host."""
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether background work is done at all. `overdue`: what should have begun, and since when the oldest of it."""

    alive: int
    last_seen_at: datetime | None
    overdue: int
    overdue_since: datetime | None


def health(*, now: datetime) -> Health:
    """Return how background work stands; numbers only, so that anyone may ask (as `doctor`)."""
    rows = list(models.Worker.objects.values_list("mark", "seen_at"))
    alive = sum(_is_alive(mark, seen_at, now) for mark, seen_at in rows)
    late = now - jobs.LATE
    waiting = models.Job.objects.filter(state=jobs.WAITING, due_at__lt=late, not_before=None)
    schedules = models.Schedule.objects.filter(paused_at=None, due_at__lt=late).values_list("due_at", flat=True)
    due = [*waiting.values_list("due_at", flat=True), *(at for at in schedules if at is not None)]
    seen = max((seen_at for _, seen_at in rows), default=None)
    return Health(alive, seen, len(due), min(due, default=None))


def _is_alive(mark: str, seen_at: datetime, now: datetime) -> bool:
    """Tell whether a worker is there: seen on this host, else heard of lately, by a clock that a rehearsal may set."""
    if leases.is_dead(mark):
        return False
    return leases.lives(mark) or abs(now - seen_at) < SILENT


class Heart:
    """A worker's signs of life, from its coming to its leaving."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock, self._mark = clock, leases.mark()
        self._job: Claimed | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def __enter__(self) -> Self:
        now = self._clock()
        models.Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
        models.Worker.objects.create(mark=self._mark, started_at=now, seen_at=now)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(BEAT_SECONDS)
        models.Worker.objects.filter(mark=self._mark).delete()

    def hold(self, job: Claimed | None) -> None:
        """Beat for this job as well from now on; None, for none."""
        self._job = job

    def _run(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            try:
                self._beat()
            except Error:  # the database is busy or away: the next beat tells
                connection.close()
        connection.close()

    def _beat(self) -> None:
        now, job = self._clock(), self._job
        seen = {"seen_at": now, "job_id": job.id if job is not None else None}
        if not models.Worker.objects.filter(mark=self._mark).update(**seen):
            models.Worker.objects.create(mark=self._mark, started_at=now, **seen)
        if job is not None:
            try:
                job_claims.keep(job, now=now)
            except job_claims.Stopped:
                self._job = None  # paused or ended: the work itself finds out at its next step
                return
            leases.keep_mine(now=now)
