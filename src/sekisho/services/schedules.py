"""When work falls due: once at an instant, or daily by the company's clock. A missed time is caught up once."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, jobs, ledger, visibility
from sekisho.services.jobs import NewJob
from sekisho.store import models

ONCE: Literal["once"] = "once"
DAILY: Literal["daily"] = "daily"


@dataclass(frozen=True, slots=True)
class ScheduleShown:
    """A schedule as pages show it."""

    name: str
    kind: str
    repeats: str
    time: time | None
    due_at: datetime | None
    paused_at: datetime | None
    changed_by: str


@transaction.atomic
def at(*, actor: Actor, now: datetime, name: str, asked: NewJob) -> None:
    """Let a job fall due once, at its `due_at`; the same name again moves it.

    Raises:
        MayNotAsk: the actor's roles do not reach such work.
    """
    jobs.need(actor=actor, kind=asked.kind, now=now)
    _keep(actor, now, name, {"kind": asked.kind, "params": dict(asked.params), "repeats": ONCE, "due_at": asked.due_at})


@transaction.atomic
def daily(*, actor: Actor, now: datetime, name: str, kind: str, at_time: time, params: dict[str, Json]) -> None:
    """Let a job fall due every day at a time of the company's clock.

    Raises:
        MayNotAsk
    """
    jobs.need(actor=actor, kind=kind, now=now)
    words = {"kind": kind, "params": params, "repeats": DAILY, "time": at_time, "due_at": _next(at_time, now)}
    _keep(actor, now, name, words)


@transaction.atomic
def pause(*, actor: Actor, now: datetime, name: str, paused: bool) -> None:
    """Let a schedule rest, or go on from its next time.

    Raises:
        UnknownJob, MayNotAsk
    """
    row = models.Schedule.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise jobs.UnknownJob("jobs.unknown", {"job": name})
    jobs.need(actor=actor, kind=row.kind, now=now)
    row.paused_at = now if paused else None
    if not paused and row.time is not None:
        row.due_at = _next(row.time, now)
    row.save()
    _record("schedule.paused" if paused else "schedule.resumed", row, actor.name, now)


def tick(*, now: datetime) -> int:
    """Make a job of every schedule that is due; return how many. Any number of workers may call it."""
    due = models.Schedule.objects.filter(due_at__lte=now, paused_at=None).values_list("pk", flat=True)
    return sum(_fall_due(key, now) for key in list(due))


@transaction.atomic
def _fall_due(key: int, now: datetime) -> bool:
    row = models.Schedule.objects.select_for_update().filter(pk=key, due_at__lte=now, paused_at=None).first()
    if row is None or row.due_at is None:
        return False
    asked = NewJob(row.kind, f"{row.name}@{row.due_at.isoformat()}", row.params, row.due_at)
    made = not models.Job.objects.filter(key=asked.key).exists()
    if made:
        jobs.make(asked, requested_by=row.changed_by, now=now, schedule=row)
    row.due_at = _next(row.time, now) if row.repeats == DAILY and row.time is not None else None
    row.save(update_fields=["due_at"])
    return made


def schedules(*, actor: Actor, now: datetime) -> tuple[ScheduleShown, ...]:
    """Return the schedules that are still to come, the next one first.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)
    rows = models.Schedule.objects.exclude(due_at=None).order_by("due_at", "name")
    return tuple(
        ScheduleShown(row.name, row.kind, row.repeats, row.time, row.due_at, row.paused_at, row.changed_by)
        for row in rows
    )


def _next(at_time: time, now: datetime) -> datetime:
    """Return the next instant, after now, at which the company's clock shows the time."""
    zone = installation.zone(known_at=now)
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), at_time, tzinfo=zone)
    return today if today > local else datetime.combine(local.date() + timedelta(days=1), at_time, tzinfo=zone)


def _keep(actor: Actor, now: datetime, name: str, words: dict[str, object]) -> None:
    row, _ = models.Schedule.objects.update_or_create(
        name=name, defaults={**words, "paused_at": None, "changed_by": actor.name, "changed_at": now}
    )
    _record("schedule.set", row, actor.name, now)


def _record(kind: str, row: models.Schedule, actor: str, now: datetime) -> None:
    facts: dict[str, Json] = {"schedule": row.name, "kind": row.kind, "repeats": row.repeats}
    facts["due_at"] = row.due_at.isoformat() if row.due_at else None
    ledger.record(kind=kind, actor=actor, now=now, facts=facts)
