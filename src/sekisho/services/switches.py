"""The switch of an approved plan, set for its time: who set it, whether it can run then, how to take it back. 自動切替.

One switch a time: what is set for an instant replaces what another plan had set there. Here: setting, undoing, and
what would stand in its way at T, said beforehand. Not here: carrying out (`cutover`), falling due (`schedules`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sekisho.core.cutover import Expired, Unapproved
from sekisho.core.kinds import Role, Side
from sekisho.core.users import Actor
from sekisho.services import installation, jobs, plan_approvals, plan_review, rules, schedules, users
from sekisho.services.jobs import CUTOVER, JobShown, NewJob
from sekisho.services.schedules import ScheduleShown
from sekisho.store import models


@dataclass(frozen=True, slots=True)
class Trouble:
    """A reason for which a switch would not run at its time: a code with its facts."""

    code: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch that is set, and what stands in its way as things are now."""

    schedule: ScheduleShown
    troubles: tuple[Trouble, ...]


@transaction.atomic
def let_run(*, actor: Actor, now: datetime, sha256: str) -> str:
    """Let an approved plan be carried out at its time, or at once where that has come; return the plan it replaces.

    Raises:
        NotVisible, BadPlan, MayNotAsk
        Unapproved: too few people other than the planner have approved it.
        Expired: nobody may carry it out any more.
    """
    plan_review.line(actor=actor, now=now, sha256=sha256)
    jobs.need(actor=actor, kind=CUTOVER, now=now, side=jobs.side_of(actor=actor, kind=CUTOVER, now=now))
    row = models.Plan.objects.defer("document").get(sha256=sha256)
    given, required = plan_approvals.given(sha256=row.sha256, now=now), _required(now)
    if given < required:
        raise Unapproved("cutover.unapproved", {"sha256": sha256, "given": given, "required": required})
    if now >= row.expires_at:
        raise Expired("cutover.expired", {"expires_at": row.expires_at.isoformat()})
    if models.Job.objects.filter(kind=CUTOVER, params__sha256=sha256, state__in=jobs.OPEN).exists():
        return ""
    if now >= row.as_of:
        asked = NewJob(CUTOVER, f"switch {sha256} {now.isoformat()}", {"sha256": sha256}, now)
        jobs.enqueue(actor=actor, now=now, asked=asked)
        return ""
    former = models.Schedule.objects.filter(name=_name(row.as_of)).exclude(due_at=None).first()
    asked = NewJob(CUTOVER, "", {"sha256": sha256}, row.as_of)
    schedules.at(actor=actor, now=now, name=_name(row.as_of), asked=asked)
    replaced = str(former.params.get("sha256", "")) if former is not None else ""
    return replaced if replaced != sha256 else ""


@transaction.atomic
def undo(*, actor: Actor, now: datetime, sha256: str) -> None:
    """Take a switch back that is set and not begun.

    Raises:
        UnknownJob, MayNotAsk
    """
    side = jobs.side_of(actor=actor, kind=CUTOVER, now=now)
    jobs.need(actor=actor, kind=CUTOVER, now=now, side=side)
    row = _scheduled(sha256)
    if row is None:
        raise jobs.UnknownJob("jobs.no_schedule")
    schedules.cancel(actor=actor, now=now, name=row.name)


def of_plan(*, actor: Actor, now: datetime, sha256: str) -> Switch | None:
    """Return the switch that is set for a plan.

    Raises:
        NotVisible: the actor may know of no work.
    """
    return next((one for one in coming(actor=actor, now=now) if one.schedule.sha256 == sha256), None)


def job_of(*, actor: Actor, now: datetime, sha256: str) -> JobShown | None:
    """Return the last job that switched a plan, if there is one; one that was cancelled is none.

    Raises:
        NotVisible: the actor may know of no work.
    """
    jobs.reader(actor=actor, now=now)
    rows = models.Job.objects.filter(kind=CUTOVER, params__sha256=sha256).exclude(state=jobs.CANCELLED)
    last = rows.order_by("-pk").values_list("pk", flat=True).first()
    return jobs.job(actor=actor, now=now, job_id=last) if last is not None else None


def coming(*, actor: Actor, now: datetime) -> tuple[Switch, ...]:
    """Return the switches that are set and not begun, the next one first, each with what stands in its way.

    Raises:
        NotVisible: the actor may know of no work.
    """
    found = schedules.schedules(actor=actor, now=now)
    return tuple(Switch(one, tuple(_troubles(one, now))) for one in found if one.kind == CUTOVER)


def _troubles(one: ScheduleShown, now: datetime) -> Iterator[Trouble]:
    row = models.Plan.objects.defer("document").filter(sha256=one.sha256).first()
    if one.paused_at is not None:
        yield Trouble("jobs.switch_paused", {})
    if row is None:
        return
    given, required = plan_approvals.given(sha256=row.sha256, now=now), _required(now)
    if given < required:
        yield Trouble("jobs.switch_unapproved", {"given": given, "required": required})
    if max(now, one.due_at) >= row.expires_at:
        yield Trouble("jobs.switch_expires", {})
    if not _will_reach(one, now):
        yield Trouble("jobs.switch_no_role", {"actor": one.changed_by})
    newer = models.Plan.objects.filter(as_of=row.as_of, planned_at__gt=row.planned_at)
    approved = [
        other for other in newer.defer("document") if plan_approvals.given(sha256=other.sha256, now=now) >= required
    ]
    if approved:
        yield Trouble("jobs.switch_older", {})


def _will_reach(one: ScheduleShown, now: datetime) -> bool:
    """Tell whether whoever set the switch will operate systems on every side when it is due."""
    actor = users.signed_in_actor(name=one.changed_by, now=now)
    on = installation.today(now=max(now, one.due_at))
    if not actor.has(Role.IT_OPERATION, on=on):
        return False
    reach: Sequence[Role] = (Role.IT_OPERATION, Role.CROSS_SIDE)
    return all(any(actor.has(role, on=on, side=Side(side)) for role in reach) for side in jobs.sides(now=now))


def _scheduled(sha256: str) -> models.Schedule | None:
    return models.Schedule.objects.filter(kind=CUTOVER, params__sha256=sha256).exclude(due_at=None).first()


def _name(as_of: datetime) -> str:
    return f"switch {as_of.isoformat()}"


def _required(now: datetime) -> int:
    return rules.parameters(known_at=now).number("approvals_required", installation.today(now=now))
