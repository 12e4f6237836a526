"""When work falls due: once at an instant, or daily by the company's clock. A missed time is caught up once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import Q

from sekisho.core.canonical import Json
from sekisho.core.kinds import BOTH
from sekisho.core.periods import local_day, next_time
from sekisho.core.users import Actor
from sekisho.services import installation, jobs, ledger
from sekisho.services.jobs import NewJob
from sekisho.store import models

ONCE: Literal["once"] = "once"
DAILY: Literal["daily"] = "daily"
_LONGEST = timedelta(hours=26)
"""No daily time is further off, whatever daylight saving does; else the clock of a rehearsal was set back."""


@dataclass(frozen=True, slots=True)
class ScheduleShown:
    """A schedule as pages show it; the job it makes runs in the name of `changed_by`."""

    name: str
    kind: str
    side: str
    repeats: str
    time: time | None
    due_at: datetime
    paused_at: datetime | None
    changed_by: str
    changed_at: datetime
    sha256: str
    """The plan that it switches; "" where it is about none."""


@transaction.atomic
def at(*, actor: Actor, now: datetime, name: str, asked: NewJob) -> None:
    """Let a job fall due once, at its `due_at`; the same name again replaces what was set under it.

    Raises:
        MayNotAsk: the actor's roles do not reach such work, or what was set.
    """
    words = {"kind": asked.kind, "params": dict(asked.params), "repeats": ONCE, "time": None, "due_at": asked.due_at}
    _keep(actor, now, name, words)


@transaction.atomic
def daily(*, actor: Actor, now: datetime, kind: str, at_time: time) -> None:
    """Let a kind of work fall due every day at a time of the company's clock; one such time a kind and side.

    Raises:
        MayNotAsk
    """
    side = jobs.side_of(actor=actor, kind=kind, now=now)
    due_at = next_time(at_time, installation.zone(known_at=now), after=now)
    words = {"kind": kind, "params": {}, "repeats": DAILY, "time": at_time, "due_at": due_at}
    _keep(actor, now, f"{DAILY} {kind}" + (f" {side}" if side not in {"", BOTH} else ""), words)


@transaction.atomic
def pause(*, actor: Actor, now: datetime, name: str, paused: bool) -> None:
    """Let a schedule rest, or go on: daily from its next time, once at its time, or now where that has passed.

    Raises:
        UnknownJob, MayNotAsk
    """
    row = _asked(actor, now, name)
    row.paused_at = now if paused else None
    if not paused and row.time is not None:
        row.due_at = next_time(row.time, installation.zone(known_at=now), after=now)
    row.save()
    _record("schedule.paused" if paused else "schedule.resumed", row, actor.name, now)


@transaction.atomic
def cancel(*, actor: Actor, now: datetime, name: str) -> None:
    """Take a schedule back before it is due.

    Raises:
        UnknownJob, MayNotAsk
    """
    row = _asked(actor, now, name)
    row.due_at = row.paused_at = None
    row.save()
    _record("schedule.cancelled", row, actor.name, now)


def tick(*, now: datetime) -> int:
    """Make a job of every schedule that is due; return how many. Any number of workers may call it."""
    set_back = Q(repeats=DAILY, due_at__gt=now + _LONGEST)
    due = models.Schedule.objects.filter(Q(due_at__lte=now) | set_back, paused_at=None).values_list("pk", flat=True)
    return sum(_fall_due(key, now) for key in list(due))


@transaction.atomic
def _fall_due(key: int, now: datetime) -> bool:
    row = models.Schedule.objects.select_for_update().filter(pk=key, paused_at=None).first()
    if row is None or row.due_at is None:
        return False
    made = row.due_at <= now
    if made:
        name = f"{row.name}@{row.due_at.isoformat()}"
        if row.repeats == ONCE:
            name += f" set {row.changed_at.isoformat()}"  # set anew after it was cancelled, it is another job
        asked = NewJob(row.kind, name, row.params, row.due_at)
        made = not models.Job.objects.filter(key=name).exists()
        if made:
            skipped = _skipped(row, now)
            jobs.make(asked, requested_by=row.changed_by, now=now, side=row.side, schedule=row, skipped=skipped)
    zone = installation.zone(known_at=now)
    row.due_at = next_time(row.time, zone, after=now) if row.repeats == DAILY and row.time is not None else None
    row.save(update_fields=["due_at"])
    return made


def _skipped(row: models.Schedule, now: datetime) -> int:
    """Return how many further times of a daily schedule have passed since it was due."""
    if row.repeats != DAILY or row.time is None or row.due_at is None:
        return 0
    zone = installation.zone(known_at=now)
    days = (local_day(now, zone) - local_day(row.due_at, zone)).days
    return max(0, days - (now.astimezone(zone).time() < row.time))


def schedules(*, actor: Actor, now: datetime) -> tuple[ScheduleShown, ...]:
    """Return what is still to come and the actor may know of, the next one first.

    Raises:
        NotVisible: he may know of no work.
    """
    seen = jobs.reader(actor=actor, now=now)
    rows = models.Schedule.objects.exclude(due_at=None).order_by("due_at", "name")
    return tuple(_shown(row) for row in rows if seen.knows(row.kind, row.side))


def _shown(row: models.Schedule) -> ScheduleShown:
    due_at = row.due_at or row.changed_at
    return ScheduleShown(
        name=row.name,
        kind=row.kind,
        side=row.side,
        repeats=row.repeats,
        time=row.time,
        due_at=due_at,
        paused_at=row.paused_at,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
        sha256=str(row.params.get("sha256", "")),
    )


def _asked(actor: Actor, now: datetime, name: str) -> models.Schedule:
    row = models.Schedule.objects.select_for_update().filter(name=name).exclude(due_at=None).first()
    if row is None or not jobs.reader(actor=actor, now=now).knows(row.kind, row.side):
        raise jobs.UnknownJob("jobs.no_schedule")
    jobs.need_own(actor=actor, kind=row.kind, now=now, side=row.side, by=row.changed_by)
    return row


def _keep(actor: Actor, now: datetime, name: str, words: Mapping[str, object]) -> None:
    kind = str(words["kind"])
    side = jobs.side_of(actor=actor, kind=kind, now=now)
    jobs.need(actor=actor, kind=kind, now=now, side=side)
    former = models.Schedule.objects.select_for_update().filter(name=name).first()
    if former is not None:
        jobs.need_own(actor=actor, kind=former.kind, now=now, side=former.side, by=former.changed_by)
    row, _ = models.Schedule.objects.update_or_create(
        name=name, defaults={**words, "side": side, "paused_at": None, "changed_by": actor.name, "changed_at": now}
    )
    _record("schedule.set", row, actor.name, now)


def _record(kind: str, row: models.Schedule, actor: str, now: datetime) -> None:
    facts: dict[str, Json] = {"schedule": row.name, "kind": row.kind, "repeats": row.repeats}
    facts["due_at"] = row.due_at.isoformat() if row.due_at else None
    if row.params.get("sha256"):
        facts["plan"] = str(row.params["sha256"])
    ledger.record(kind=kind, actor=actor, now=now, facts=facts, side="" if row.side == BOTH else row.side)
