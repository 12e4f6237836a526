"""One plan opened for review: how it stands, what is odd, who may approve it and why not, what changed since the last.

Here: what the page of a plan asks. Grouping is `core.plan_groups`, comparing `core.plan_changes`, approving `plans`. A
plan is what its hash says for ever, so what was read of it once stays in memory for the next reader of the same sides.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sekisho.core import parts, plan_groups
from sekisho.core.canonical import canonical
from sekisho.core.kinds import NEUTRAL, OperationState, PersonId, Role
from sekisho.core.orders import Order
from sekisho.core.periods import local_day
from sekisho.core.plan_changes import Change, changes
from sekisho.core.plan_groups import Group, Numbers, Oddities, Way
from sekisho.core.plans import Operation, Plan
from sekisho.core.users import Actor
from sekisho.services import cutover_told, installation, orders, passkeys, plan_review, plans, users
from sekisho.services.plan_review import PlanLine
from sekisho.services.plan_summary import summary
from sekisho.services.plans import APPROVING, Standing
from sekisho.services.remembering import Lately
from sekisho.store import models

NAMES_FOUND = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the reader cannot approve: the word of a sentence, and its facts."""

    word: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlanRead:
    """A plan as the reader may see it. `refusal` None: he may approve. `former`: the plan before it for that time."""

    standing: Standing
    line: PlanLine
    numbers: Numbers
    odd: Oddities
    refusal: Refusal | None
    former: PlanLine | None

    @property
    def plan(self) -> Plan:
        return self.standing.plan


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one operation."""

    state: OperationState
    error: str
    detail: str
    system: str
    account: str
    entitlement: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What a passkey signs: the words, and their SHA-256, which is the challenge."""

    words: str
    challenge: str


def read(*, actor: Actor, now: datetime, sha256: str) -> PlanRead:
    """Return a plan with everything that its page says before any list.

    Raises:
        NotVisible, NotAllowed, BadPlan
    """
    standing = plan_review.review(actor=actor, now=now, sha256=sha256)
    line = plan_review.line(actor=actor, now=now, sha256=sha256)
    return PlanRead(
        standing=standing,
        line=line,
        numbers=_NUMBERS.of(_key(standing.plan), lambda: plan_groups.numbers(standing.plan)),
        odd=plan_groups.oddities(standing.plan),
        refusal=_refusal(actor, standing, line, now),
        former=_former(line, now),
    )


def groups(*, plan: Plan, way: Way) -> tuple[Group, ...]:
    """Return the plan grouped, what is odd first."""
    return _GROUPS.of((_key(plan), way), lambda: plan_groups.groups(plan, way))


def compared(*, actor: Actor, now: datetime, plan: Plan, former: str) -> tuple[Change, ...]:
    """Return what is other in the plan than in the one before, of the sides that the actor sees of both.

    Raises:
        NotVisible, NotAllowed, BadPlan
    """
    before = plan_review.review(actor=actor, now=now, sha256=former).plan
    return _CHANGES.of((_key(before), _key(plan)), lambda: changes(before, plan))


def persons_named(*, words: Sequence[str], now: datetime) -> frozenset[PersonId]:
    """Return persons in whose names all the words stand; for choosing among those who are on the page anyway."""
    if not words:
        return frozenset()
    rows = models.PersonName.objects.as_known_at(now)
    for word in words:
        rows = rows.filter(name__icontains=word)
    return frozenset(map(PersonId, rows.values_list("person_id", flat=True)[:NAMES_FOUND]))


def orders_behind(
    *, actor: Actor, now: datetime, plan: Plan, persons: Collection[PersonId]
) -> Mapping[PersonId, tuple[Order, ...]]:
    """Return the orders that take effect on the plan's day, of these persons and of those that the actor may see."""
    day = local_day(plan.as_of, installation.zone(known_at=now))
    found: dict[PersonId, tuple[Order, ...]] = {}
    for one in orders.visible_of_some(actor=actor, now=now, person_ids=persons, days=(day, day + timedelta(days=1))):
        found[one.person_id] = (*found.get(one.person_id, ()), one)
    return found


def outcomes_of(*, actor: Actor, now: datetime, sha256: str, ids: Collection[str] | None) -> Mapping[str, Outcome]:
    """Return what became of operations (None: of all) that the reader has before him; nothing for those not begun."""
    told = cutover_told.told(actor=actor, now=now)
    rows = models.OperationRecord.objects.filter(plan__sha256=sha256)
    if ids is not None:
        rows = rows.filter(operation_id__in=ids)
    found = {}
    for row in rows:
        code = told.code(row.error, row.detail)
        detail = row.detail if code == row.error else ""
        found[row.operation_id] = Outcome(
            OperationState(row.state), code, detail, row.system_id, row.account, row.entitlement
        )
    return found


def unit_names(*, operations: Iterable[Operation], now: datetime) -> Mapping[str, str]:
    """Return the names of the units whose posts are a reason of these operations, by code."""
    words = (word.partition(":") for one in operations for word in one.because)
    codes = {name for kind, _, name in words if kind == "unit"}
    rows = models.Unit.objects.as_known_at(now).filter(code__in=codes).order_by("start")
    return dict(rows.values_list("code", "name"))


def signed(*, sha256: str) -> Signed:
    """Return what a passkey signs to approve the plan."""
    words = canonical({"v": passkeys.VERSION, "approve": "plan", "sha256": sha256}).decode()
    return Signed(words, passkeys.challenge(plan_sha256=sha256).hex())


def whole(*, actor: Actor, now: datetime, sha256: str) -> str:
    """Return the plan's file as it was written, to who sees every side of it.

    Raises:
        NotVisible, NotAllowed, BadPlan
    """
    seen = plan_review.review(actor=actor, now=now, sha256=sha256).plan
    if not plans.sees_all(actor=actor, sha256=sha256, now=now):
        raise plans.NotAllowed("plans.may_not_see", {"actor": actor.name})
    return parts.written(seen)


def _refusal(actor: Actor, standing: Standing, line: PlanLine, now: datetime) -> Refusal | None:
    """Return the first reason why the actor cannot approve; `plans.approve` asks the same again."""
    today = installation.today(now=now)
    if line.state in {plan_review.RUNNING, plan_review.FINISHED, plan_review.EXPIRED}:
        return Refusal(line.state, {})
    if not any(actor.has(role, on=today) for role in APPROVING):
        return Refusal("role", {})
    lacking = [
        side
        for side in sorted(summary(line.sha256).sides)
        if not any(
            actor.has(role, on=today, side=None if side == NEUTRAL else side) for role in (*APPROVING, Role.CROSS_SIDE)
        )
    ]
    if lacking:
        return Refusal("side", {"side": lacking[0]})
    if users.is_same_person(actor=actor, name=standing.plan.planned_by, now=now):
        return Refusal("own", {})
    if any(users.is_same_person(actor=actor, name=one.by, now=now) for one in standing.approvals):
        return Refusal("done", {})
    return None


def _former(line: PlanLine, now: datetime) -> PlanLine | None:
    """Return the plan before for the same time, if there is one."""
    rows = models.Plan.objects.filter(as_of=line.as_of, planned_at__lt=line.planned_at, planned_at__lte=now)
    row = rows.defer("document").select_related("cutover").prefetch_related("approvals").order_by("-planned_at").first()
    return plan_review.lines_of([row], required=line.required, now=now)[0] if row is not None else None


def _key(plan: Plan) -> tuple[str, ...]:
    """Return what names a plan as it is cut: its hash and the parts that are shown."""
    return (plan.sha256, *(f"{part.side}/{part.system}" for part in plan.parts))


_GROUPS: Lately[tuple[Group, ...]] = Lately(24)
_NUMBERS: Lately[Numbers] = Lately(24)
_CHANGES: Lately[tuple[Change, ...]] = Lately(8)
