"""The transfer day at a glance: how far the switch is, system by system, and who is not finished. 切替当日."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sekisho.core.kinds import DeviationKind, OperationState, PersonId, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, plan_review, visibility
from sekisho.services import verification_runs as runs
from sekisho.services.plan_review import PlanLine
from sekisho.services.verification_runs import Run
from sekisho.store import models

DONE = (OperationState.APPLIED, OperationState.ALREADY)
OPEN = (
    OperationState.FAILED,
    OperationState.UNKNOWN,
    OperationState.HELD,
    OperationState.INTENDED,
    OperationState.PLANNED,
)
"""What is not finished, worst first."""
MOST = 200


@dataclass(frozen=True, slots=True)
class SystemLine:
    """One system of one side: how many of its operations stand how."""

    side: Side
    system: str
    done: int
    held: int
    failed: int
    unknown: int
    waiting: int

    @property
    def total(self) -> int:
        return self.done + self.held + self.failed + self.unknown + self.waiting


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One operation that is not finished, and why."""

    person_id: PersonId
    side: Side
    system: str
    entitlement: str
    state: OperationState
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Board:
    """A transfer day. `line` None: there is no plan. `started_at` None: the switch has not begun."""

    day: date
    days: tuple[date, ...]
    line: PlanLine | None
    started_at: datetime | None
    finished_at: datetime | None
    systems: tuple[SystemLine, ...]
    unfinished: tuple[Unfinished, ...]
    run: Run | None

    @property
    def total(self) -> int:
        return sum(one.total for one in self.systems)

    @property
    def done(self) -> int:
        return sum(one.done for one in self.systems)

    @property
    def left_over(self) -> int:
        kinds = (DeviationKind.LEFT_OVER, DeviationKind.EXCESS)
        return sum(self.run.number(kind) for kind in kinds) if self.run else 0

    @property
    def unknown(self) -> int:
        return self.run.number(DeviationKind.UNKNOWN) if self.run else 0


def board(*, actor: Actor, now: datetime, day: date | None) -> Board:
    """Return the board of a day (None: the day of the last plan), cut to what the actor may see.

    Raises:
        NotVisible: the actor may not even count plans.
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)
    lines = plan_review.plan_lines(actor=actor, now=now)
    zone = installation.zone(known_at=now)
    by_day: dict[date, list[PlanLine]] = {}
    for one in lines:
        by_day.setdefault(one.as_of.astimezone(zone).date(), []).append(one)
    days = tuple(sorted(by_day, reverse=True))
    shown = day or (days[0] if days else installation.today(now=now))
    line = _leading(by_day.get(shown, []))
    if line is None:
        return Board(shown, days, None, None, None, (), (), None)
    cutover = models.Cutover.objects.filter(plan__sha256=line.sha256).first()
    run = runs.latest(actor=actor, now=now)
    return Board(
        day=shown,
        days=days,
        line=line,
        started_at=cutover.started_at if cutover else None,
        finished_at=cutover.finished_at if cutover else None,
        systems=_systems(plan_review.outcomes(actor=actor, now=now, sha256=line.sha256)),
        unfinished=_unfinished(actor, now, line.sha256),
        run=run if run is not None and run.made.verified_at >= line.as_of else None,
    )


def _leading(lines: list[PlanLine]) -> PlanLine | None:
    """Return the plan that the day is about: one that was begun before one that is newer."""
    begun = [one for one in lines if one.state in {plan_review.RUNNING, plan_review.FINISHED}]
    return next(iter(begun or lines), None)


def _systems(counted: Mapping[tuple[Side, str], Mapping[OperationState, int]]) -> tuple[SystemLine, ...]:
    return tuple(
        SystemLine(
            side=side,
            system=system,
            done=sum(numbers.get(state, 0) for state in DONE),
            held=numbers.get(OperationState.HELD, 0),
            failed=numbers.get(OperationState.FAILED, 0),
            unknown=numbers.get(OperationState.UNKNOWN, 0),
            waiting=numbers.get(OperationState.PLANNED, 0) + numbers.get(OperationState.INTENDED, 0),
        )
        for (side, system), numbers in sorted(counted.items())
    )


def _unfinished(actor: Actor, now: datetime, sha256: str) -> tuple[Unfinished, ...]:
    """Return what is not finished of the sides that the actor reads, worst first; at most `MOST`."""
    purpose = visibility.purpose(actor=actor, now=now)
    rows = models.OperationRecord.objects.filter(plan__sha256=sha256, state__in=[state.value for state in OPEN])
    sides = [
        side
        for side in sorted(set(rows.values_list("side", flat=True)))
        if visibility.depth(actor=actor, kind=FactKind.PLAN, side=side, purpose=purpose, now=now) is Depth.DETAIL
    ]
    found = [
        Unfinished(
            PersonId(row.person_id),
            Side(row.side),
            row.system_id,
            row.entitlement,
            OperationState(row.state),
            row.error,
            row.detail,
        )
        for row in rows.filter(side__in=sides).order_by("state", "person_id", "pk")[: MOST * 5]
    ]
    return tuple(sorted(found, key=lambda one: (OPEN.index(one.state), one.person_id))[:MOST])
