"""Plans as their reviewers see them: which there are, how each stands, what became of it. 切替計画の承認."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from sekisho.core.kinds import NEUTRAL, OperationState, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, plan_approvals, plans, rules, visibility
from sekisho.services.plans import Standing
from sekisho.store import models

WAITING, APPROVED, RUNNING, FINISHED, EXPIRED = "waiting", "approved", "running", "finished", "expired"
MOST = 100


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan in the list. `state` is one of waiting, approved, running, finished, expired."""

    sha256: str
    as_of: datetime
    planned_by: str
    planned_at: datetime
    expires_at: datetime
    state: str
    approvals: int
    required: int


def plan_lines(*, actor: Actor, now: datetime) -> tuple[PlanLine, ...]:
    """Return the last plans, newest first, to those who may count plans of some side.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)
    required = rules.parameters(known_at=now).number("approvals_required", installation.today(now=now))
    rows = models.Plan.objects.defer("document").select_related("cutover").prefetch_related("approvals")
    return lines_of(list(rows.order_by("-planned_at", "-pk")[:MOST]), required=required, now=now)


def line(*, actor: Actor, now: datetime, sha256: str) -> PlanLine:
    """Return one plan's line.

    Raises:
        NotVisible
        BadPlan: there is none.
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)
    rows = models.Plan.objects.defer("document").select_related("cutover").prefetch_related("approvals")
    row = rows.filter(sha256=sha256).first()
    if row is None:
        raise plans.BadPlan("plans.not_made_here", {"sha256": sha256})
    required = rules.parameters(known_at=now).number("approvals_required", installation.today(now=now))
    return lines_of([row], required=required, now=now)[0]


def review(*, actor: Actor, now: datetime, sha256: str) -> Standing:
    """Return the plan, cut to the sides that the actor may see, and its approvals.

    Raises:
        NotVisible, NotAllowed, BadPlan
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now)
    return plans.show_kept(actor=actor, sha256=sha256, now=now)


def outcomes(*, actor: Actor, now: datetime, sha256: str) -> Mapping[tuple[Side, str], Mapping[OperationState, int]]:
    """Return, by side and system, how many operations stand how; of the sides that the actor may count.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)
    rows = models.OperationRecord.objects.filter(plan__sha256=sha256)
    counted: dict[tuple[Side, str], Counter[OperationState]] = {}
    purpose = visibility.purpose(actor=actor, now=now)
    depths: dict[str, Depth] = {}
    counts = rows.values_list("side", "system_id", "state").annotate(number=Count("pk"))
    for side, system, state, number in counts.order_by("side", "system_id", "state"):
        if side not in depths:
            depths[side] = visibility.depth(actor=actor, kind=FactKind.PLAN, side=side, purpose=purpose, now=now)
        if depths[side] >= Depth.COUNT:
            counted.setdefault((Side(side or NEUTRAL), system), Counter())[OperationState(state)] += number
    return counted


def lines_of(rows: Collection[models.Plan], *, required: int, now: datetime) -> tuple[PlanLine, ...]:
    """Return the plans' lines; the caller has asked whether the actor may know of them.

    What counts as approved here is what counts when the switch is set and when it runs (`plan_approvals`).
    """
    counted = plan_approvals.counted(rows=rows, now=now)
    return tuple(_line(row, len(counted[row.sha256]), required, now) for row in rows)


def _line(row: models.Plan, approvals: int, required: int, now: datetime) -> PlanLine:
    cutover = getattr(row, "cutover", None)
    if cutover is not None:
        state = FINISHED if cutover.finished_at else RUNNING
    elif now >= row.expires_at:
        state = EXPIRED
    else:
        state = APPROVED if approvals >= required else WAITING
    return PlanLine(row.sha256, row.as_of, row.planned_by, row.planned_at, row.expires_at, state, approvals, required)
