"""The transfer day at a glance: how far the switch is, side by side and system by system. 切替当日.

Here: numbers only, of the sides that the actor may count, so nothing is read that is logged. The people behind
them are `board_people`'s.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count

from sekisho.core.kinds import NETWORK, NEUTRAL, OperationState, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import (
    installation,
    jobs,
    plan_review,
    plan_summary,
    switches,
    transfer_days,
    verification_counts,
    visibility,
    workers,
)
from sekisho.services.plan_review import PlanLine
from sekisho.services.plan_summary import GuardLine
from sekisho.services.switches import Trouble
from sekisho.services.transfer_days import Around
from sekisho.services.verification_counts import Counts
from sekisho.store import models

DONE = (OperationState.APPLIED, OperationState.ALREADY)
Numbers = Mapping[tuple[Side, str], Mapping[tuple[int, OperationState], int]]
"""(side, system) → (phase, state) → how many operations."""


@dataclass(frozen=True, slots=True)
class SystemLine:
    """One system of one side: how many of its operations stand how. Phase 1 takes away, phase 2 gives."""

    side: Side
    system: str
    numbers: Mapping[tuple[int, OperationState], int]

    def number(self, *states: OperationState, phase: int = 0) -> int:
        """Return how many operations stand so; of both phases unless one is named."""
        return sum(
            count for (of, state), count in self.numbers.items() if state in states and (not phase or of == phase)
        )

    def all_of(self, phase: int) -> int:
        """Return how many operations the phase has."""
        return self.number(*OperationState, phase=phase)

    @property
    def total(self) -> int:
        return sum(self.numbers.values())

    @property
    def done(self) -> int:
        return self.number(*DONE)

    @property
    def held(self) -> int:
        return self.number(OperationState.HELD)

    @property
    def failed(self) -> int:
        return self.number(OperationState.FAILED)

    @property
    def unknown(self) -> int:
        return self.number(OperationState.UNKNOWN)

    @property
    def waiting(self) -> int:
        return self.number(OperationState.PLANNED, OperationState.INTENDED)


@dataclass(frozen=True, slots=True)
class Asked:
    """That the switch is to run: who asked, when it is due, the state of its job ("" before it is due)."""

    by: str
    due_at: datetime
    state: str
    paused: bool = False
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """A transfer day. `line` None: there is no plan. `started_at` None: the switch has not begun.

    `held_before` are the grants that the plan itself holds; `guards` the guards of which the actor may know, each
    with its state; `asked` None: nobody has let the switch be carried out yet. `newer`: a plan of a later night than
    the leading one, which differs from it and waits for approval.
    """

    day: date
    around: Around
    any_orders: bool
    line: PlanLine | None = None
    newer: PlanLine | None = None
    asked: Asked | None = None
    worked: bool = True
    started_at: datetime | None = None
    finished_at: datetime | None = None
    systems: tuple[SystemLine, ...] = ()
    held_before: Mapping[Side, int] | None = None
    guards: tuple[tuple[str, str], ...] = ()
    run: Counts | None = None

    @property
    def total(self) -> int:
        return sum(one.total for one in self.systems)

    @property
    def done(self) -> int:
        return sum(one.done for one in self.systems)

    @property
    def held_by_plan(self) -> int:
        return sum((self.held_before or {}).values())

    def number(self, *states: OperationState, phase: int = 0) -> int:
        """Return how many operations of all systems stand so."""
        return sum(one.number(*states, phase=phase) for one in self.systems)


def board(*, actor: Actor, now: datetime, day: date | None) -> Board:
    """Return the board of a day (None: the day that matters now), cut to what the actor may count.

    Raises:
        NotVisible: the actor may not even count plans.
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)
    zone = installation.zone(known_at=now)
    by_day: dict[date, list[PlanLine]] = {}
    for one in plan_review.plan_lines(actor=actor, now=now):
        by_day.setdefault(one.as_of.astimezone(zone).date(), []).append(one)
    shown = day or _matters(list(by_day), now.astimezone(zone).date())
    around = transfer_days.around(actor=actor, now=now, day=shown, planned=by_day)
    line = _leading(by_day.get(shown, []))
    if line is None:
        return Board(shown, around, bool(by_day) or transfer_days.any_orders())
    cutover = models.Cutover.objects.filter(plan__sha256=line.sha256).first()
    whole = plan_summary.summary(line.sha256)
    counted = _counted(actor, now, whole.sides)
    numbers = _journal(line.sha256) if cutover else _planned(whole)
    held = {side: sum(one.side == side for one in whole.held) for side in whole.sides & counted}
    return Board(
        day=shown,
        around=around,
        any_orders=True,
        line=line,
        newer=_newer(by_day[shown], line),
        asked=asked(actor=actor, now=now, sha256=line.sha256),
        worked=workers.health(now=now).alive > 0,
        started_at=cutover.started_at if cutover else None,
        finished_at=cutover.finished_at if cutover else None,
        systems=tuple(
            SystemLine(*key, numbers[key]) for key in sorted(numbers, key=_network_first) if key[0] in counted
        ),
        held_before={side: count for side, count in held.items() if count},
        guards=tuple(_guards(whole.guards, counted)),
        run=verification_counts.last(actor=actor, now=now, since=line.as_of),
    )


def asked(*, actor: Actor, now: datetime, sha256: str) -> Asked | None:
    """Return whether and when the switch of a plan is to run, and what stands in its way that the actor may know."""
    jobs_of_plan = models.Job.objects.filter(kind=jobs.CUTOVER, params__sha256=sha256).defer("lines")
    job = jobs_of_plan.exclude(state=jobs.CANCELLED).order_by("-pk").first()
    if job is not None:
        return Asked(job.requested_by, job.due_at, job.state)
    rows = models.Schedule.objects.filter(kind=jobs.CUTOVER, params__sha256=sha256)
    row = rows.exclude(due_at=None).first()
    if row is None or row.due_at is None:
        return None
    known = switches.of_plan(actor=actor, now=now, sha256=sha256)
    troubles = known.troubles if known else ()
    return Asked(row.changed_by, row.due_at, "", row.paused_at is not None, troubles)


def _matters(planned: list[date], today: date) -> date:
    """Return the day with a plan that is nearest to today; today itself where there is none."""
    return min(planned, key=lambda one: (abs((one - today).days), one < today), default=today)


def _network_first(key: tuple[Side, str]) -> tuple[bool, bool, Side, str]:
    return key[0] == NEUTRAL, key[0] != NETWORK, *key


def _leading(lines: list[PlanLine]) -> PlanLine | None:
    """Return the plan that the day is about: one that was begun, else the newest approved, else the newest.

    A re-plan of the night that nobody has approved yet does not hide what is approved, and will be carried out.
    """
    begun = [one for one in lines if one.state in {plan_review.RUNNING, plan_review.FINISHED}]
    approved = [one for one in lines if one.state == plan_review.APPROVED]
    return next(iter(begun or approved or lines), None)


def _newer(lines: list[PlanLine], leading: PlanLine) -> PlanLine | None:
    """Return the newest plan where it is newer than the leading one and still to be approved."""
    newest = lines[0]
    return newest if newest.state == plan_review.WAITING and newest.planned_at > leading.planned_at else None


def _counted(actor: Actor, now: datetime, sides: frozenset[Side]) -> frozenset[Side]:
    """Return the sides of which the actor may at least count."""
    purpose, kind = Purpose.FIGURES, FactKind.PLAN
    return frozenset(
        side
        for side in sorted(sides)
        if visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now) >= Depth.COUNT
    )


def _journal(sha256: str) -> Numbers:
    """Return how the operations stand: counted by the database, one query."""
    found: dict[tuple[Side, str], dict[tuple[int, OperationState], int]] = {}
    rows = models.OperationRecord.objects.filter(plan__sha256=sha256).values_list("side", "system_id", "phase", "state")
    for side, system, phase, state, count in rows.annotate(count=Count("pk")):
        found.setdefault((Side(side or NEUTRAL), system), {})[phase, OperationState(state)] = count
    return found


def _planned(whole: plan_summary.Summary) -> Numbers:
    found: dict[tuple[Side, str], dict[tuple[int, OperationState], int]] = {}
    for (side, system, phase), count in whole.operations.items():
        found.setdefault((side, system), {})[phase, OperationState.PLANNED] = count
    return found


def _guards(lines: Sequence[GuardLine], counted: Collection[Side]) -> Iterator[tuple[str, str]]:
    """Yield each check as it speaks of the sides counted: one that found something elsewhere only found nothing here.

    As `plan_cuts` shows it: a check that is missing would tell of the other side as well as its finding.
    """
    speaking = {one.id for one in lines if not one.sides or not one.sides.isdisjoint(counted)}
    silent = set[str]()
    for one in lines:
        if not one.sides or not one.sides.isdisjoint(counted):
            yield one.id, one.state
        elif one.id not in speaking | silent:
            silent.add(one.id)
            yield one.id, "ok"
