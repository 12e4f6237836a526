"""Background work: asked for once, done in the name of whoever asked, paused and resumed, read side by side. 処理.

Here: what people ask and read. Which kinds there are: `job_kinds`. What a reader may know of them: `job_reader`. How a
worker takes a job and keeps it: `job_claims`. What each kind does: `work`. When they fall due: `schedules`. A job bears
the side of the facts it handles: `both` where it needs both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import BOTH, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import common_side
from sekisho.services import installation, ledger
from sekisho.services.job_kinds import (
    ASKING,
    AUDIT,
    BY_HOUSE,
    CHECK,
    CUTOVER,
    IMPORT,
    PACK,
    PLAN,
    PREVIEW,
    REPLAN,
    RESCREEN,
    VERIFICATION,
    WHOLE,
    sides,
)
from sekisho.services.job_reader import JobShown, Reader, reader
from sekisho.store import models

__all__ = [  # read through this module, though they stand beside it
    "ASKING",
    "AUDIT",
    "BY_HOUSE",
    "CHECK",
    "CUTOVER",
    "IMPORT",
    "PACK",
    "PLAN",
    "PREVIEW",
    "REPLAN",
    "RESCREEN",
    "VERIFICATION",
    "WHOLE",
    "JobShown",
    "Reader",
    "reader",
    "sides",
]

WAITING, RUNNING, PAUSED, DONE, FAILED, CANCELLED = "waiting", "running", "paused", "done", "failed", "cancelled"
OPEN = (WAITING, RUNNING, PAUSED)
LATE = timedelta(minutes=5)
"""What begins later than this after it was due says so."""


class MayNotAsk(SekishoError):
    """The actor's roles do not reach such work."""


class UnknownJob(SekishoError):
    """There is no such job, or none that the actor may know of."""


class NotOpen(SekishoError):
    """The job is done, or stands otherwise than the page said."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is asked for. Asking twice with one key makes one job."""

    kind: str
    key: str
    params: Mapping[str, Json]
    due_at: datetime


@transaction.atomic
def enqueue(*, actor: Actor, now: datetime, asked: NewJob) -> int:
    """Ask for work; return the job, an earlier one where the key is known.

    Raises:
        MayNotAsk: the actor has none of the roles for it, or not for every side.
    """
    side = side_of(actor=actor, kind=asked.kind, now=now)
    need(actor=actor, kind=asked.kind, now=now, side=side)
    known = models.Job.objects.filter(key=asked.key).first()
    if known is not None:
        return known.pk
    return make(asked, requested_by=actor.name, now=now, side=side).pk


def make(
    asked: NewJob,
    *,
    requested_by: str,
    now: datetime,
    side: str,
    schedule: models.Schedule | None = None,
    skipped: int = 0,
) -> models.Job:
    """Write a job and its entry inside the caller's transaction."""
    row = models.Job.objects.create(
        key=asked.key,
        kind=asked.kind,
        side=side,
        params=dict(asked.params),
        schedule=schedule,
        requested_by=requested_by,
        requested_at=now,
        due_at=asked.due_at,
        state=WAITING,
        skipped=skipped,
    )
    record("job.requested", row, requested_by, now)
    return row


@transaction.atomic
def pause(*, actor: Actor, now: datetime, job_id: int) -> None:
    """Let the work rest: a running job stops at its next step, and goes on from there when it is resumed.

    Raises:
        UnknownJob, NotOpen, MayNotAsk
    """
    row = _asked(actor, job_id, now, (WAITING, RUNNING))
    row.state, row.lease_owner, row.lease_until = PAUSED, "", None
    row.save()
    record("job.paused", row, actor.name, now)


@transaction.atomic
def resume(*, actor: Actor, now: datetime, job_id: int) -> None:
    """Let paused or failed work go on.

    Raises:
        UnknownJob, NotOpen, MayNotAsk
    """
    row = _asked(actor, job_id, now, (PAUSED, FAILED))
    row.state, row.attempts, row.error, row.error_params, row.finished_at = WAITING, 0, "", {}, None
    row.fruitless = row.furthest = 0
    row.not_before = None
    row.save()
    record("job.resumed", row, actor.name, now)


@transaction.atomic
def cancel(*, actor: Actor, now: datetime, job_id: int) -> None:
    """Give work up that is not running.

    Raises:
        UnknownJob, NotOpen, MayNotAsk
    """
    row = _asked(actor, job_id, now, (WAITING, PAUSED, FAILED))
    end(row, CANCELLED, now, by=actor.name)


def jobs(
    *, actor: Actor, now: datetime, count: int = 50, states: Collection[str] = (), kinds: Collection[str] = ()
) -> tuple[JobShown, ...]:
    """Return the last jobs that the actor may know of, newest first.

    Raises:
        NotVisible: he may know of none.
    """
    seen = reader(actor=actor, now=now)
    rows = models.Job.objects.filter(seen.known(kinds)).defer("lines").order_by("-due_at", "-pk")
    if states:
        rows = rows.filter(state__in=states)
    return tuple(map(seen.shown, rows[:count]))


def job(*, actor: Actor, now: datetime, key: str = "", job_id: int = 0) -> JobShown | None:
    """Return one job by its key or number, if there is one that the actor may know of.

    Raises:
        NotVisible: he may know of none.
    """
    seen = reader(actor=actor, now=now)
    rows = models.Job.objects.filter(seen.known(), **({"key": key} if key else {"pk": job_id}))
    row = rows.defer("lines").first()
    return seen.shown(row) if row is not None else None


def lines(*, actor: Actor, now: datetime, job_id: int) -> tuple[Mapping[str, str], ...]:
    """Return what a re-plan changed, line by line, of the sides that the actor reads in detail.

    The lines of other kinds hang on more than a side (a preview's on releases): their own services cut them.

    Raises:
        NotVisible: he may know of no job.
        UnknownJob
    """
    seen = reader(actor=actor, now=now)
    row = models.Job.objects.filter(seen.known(), pk=job_id).first()
    if row is not None and row.kind != REPLAN:
        return ()
    if row is None:
        raise UnknownJob("jobs.unknown", {"job": job_id})
    sides = sorted({str(one["side"]) for one in row.lines})
    read = {side for side in sides if seen.reads(row.kind, side)}
    return tuple(one for one in row.lines if one["side"] in read)


def own(*, actor: Actor, now: datetime, kind: str, about: Mapping[str, Json]) -> JobShown | None:
    """Return the last job of a kind that the actor himself asked for about something, if there is one.

    Raises:
        NotVisible: he may know of none.
    """
    seen = reader(actor=actor, now=now)
    rows = models.Job.objects.filter(kind=kind, requested_by=actor.name, params=dict(about))
    row = rows.defer("lines").order_by("-pk").first()
    return seen.shown(row) if row is not None else None


def need(*, actor: Actor, kind: str, now: datetime, side: str = "") -> None:
    """Let pass who may ask for work of the kind on that side.

    Raises:
        MayNotAsk
    """
    on, roles = installation.today(now=now), ASKING[kind]
    if not any(actor.has(role, on=on) for role in roles):
        raise MayNotAsk("jobs.may_not_ask", {"actor": actor.name})
    if side == BOTH and kind not in WHOLE:
        return
    wanted: Sequence[str] = sides(now=now) if side == BOTH else [side] if side else []
    reach = (*roles, Role.CROSS_SIDE) if kind in WHOLE else roles
    if not all(any(actor.has(role, on=on, side=Side(one)) for role in reach) for one in wanted):
        raise MayNotAsk("jobs.may_not_ask_both", {"actor": actor.name})


def need_own(*, actor: Actor, kind: str, now: datetime, side: str, by: str) -> None:
    """Let pass who may change work that is there: whoever asked for it, else who holds the role for all its sides.

    Raises:
        MayNotAsk
    """
    need(actor=actor, kind=kind, now=now, side=side)
    if side == BOTH and actor.name != by:
        for one in sides(now=now):
            need(actor=actor, kind=kind, now=now, side=one)


def may(*, actor: Actor, kind: str, now: datetime, side: str = "") -> bool:
    """Tell whether the actor may ask for work of the kind on that side."""
    try:
        need(actor=actor, kind=kind, now=now, side=side)
    except MayNotAsk:
        return False
    return True


def side_of(*, actor: Actor, kind: str, now: datetime) -> str:
    """Return the side of work that the actor asks for: a check or pack is of his own sides, all else of all."""
    known = sides(now=now)
    if kind in {CHECK, PACK, RESCREEN}:
        on = installation.today(now=now)
        known = [one for one in known if any(actor.has(role, on=on, side=Side(one)) for role in ASKING[kind])]
    return common_side([Side(one) for one in known], released=False)


def end(
    row: models.Job,
    state: str,
    now: datetime,
    *,
    error: str = "",
    params: Mapping[str, str] | None = None,
    by: str = "",
) -> None:
    """Close a job inside the caller's transaction."""
    row.state, row.finished_at, row.lease_owner, row.lease_until, row.not_before = state, now, "", None, None
    row.error, row.error_params = error, dict(params or {})
    row.save()
    record({DONE: "job.finished", FAILED: "job.failed"}.get(state, "job.cancelled"), row, by or row.requested_by, now)


def record(kind: str, row: models.Job, actor: str, now: datetime) -> None:
    """Write the entry of what happened to a job; of one that handles several sides it tells of none."""
    facts: dict[str, Json] = {"job": row.key, "kind": row.kind, "due_at": row.due_at.isoformat()}
    if row.attempts:
        facts["attempt"] = row.attempts
    facts |= {"error": row.error} if row.error else {}
    ledger.record(kind=kind, actor=actor, now=now, facts=facts, side="" if row.side == BOTH else row.side)


def _asked(actor: Actor, job_id: int, now: datetime, states: tuple[str, ...]) -> models.Job:
    row = models.Job.objects.select_for_update().filter(reader(actor=actor, now=now).known(), pk=job_id).first()
    if row is None:
        raise UnknownJob("jobs.unknown", {"job": job_id})
    need_own(actor=actor, kind=row.kind, now=now, side=row.side, by=row.requested_by)
    if row.state not in states:
        raise NotOpen("jobs.not_open", {"job": job_id, "state": row.state})
    return row
