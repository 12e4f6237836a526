"""Moves as people follow them: whose, from where to where, what the rules said, what was done about the access. 異動.

Who may see that a move is, `orders` decides; of what hangs on it, each kind of fact asks for itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sekisho.core.boundary import Boundary
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import NEUTRAL, OperationState, OrderStatus, Outcome, PersonId, Side
from sekisho.core.orders import Order
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import cutover_told, installation, orders, plan_summary, transfer_story, visibility
from sekisho.services import verification_runs as runs
from sekisho.services.boundary import boundary
from sekisho.services.transfer_story import HELD, Event, Reader, Step
from sekisho.services.verdicts import read, reason
from sekisho.store import models

CHUNK = 20_000
ABOUT = timedelta(days=45)
"""How far from a move's day plans and findings may lie to count as its own."""


_CAUGHT = (Outcome.VIOLATION, Outcome.NEEDS_REVIEW)


class UnknownTransfer(SekishoError):
    """There is no such move, or none that the actor may see; the answer is the same."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move in a list. `outcome` None: the rules have not been asked, or, `hidden`, it is not the actor's to know."""

    order: Order
    name: str
    from_name: str
    to_name: str
    outcome: Outcome | None
    hidden: bool = False

    @property
    def standing(self) -> str:
        """Return the outcome's word, `unchecked` or `hidden`."""
        return "hidden" if self.hidden else self.outcome.value if self.outcome else "unchecked"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One move whole. `reason` {ja, en} and `path` are None and () where the actor may not read the verdict.

    `stopped_by`: ids of the rules that the move falls under; those to which an exception may be asked for.
    """

    move: Move
    reason: Mapping[str, str] | None
    rules: tuple[str, ...]
    stopped_by: tuple[str, ...]
    path: tuple[Mapping[str, object], ...]
    events: tuple[Event, ...]
    steps: tuple[Step, ...]
    open_findings: int
    reads_plans: bool = False
    reads_findings: bool = False
    """Whether the actor reads plans, and what verifications find, of one of the move's sides: else nothing is said."""


def moves(*, actor: Actor, now: datetime, days: tuple[date, date]) -> tuple[Move, ...]:
    """Return the moves of some days, the earliest first, that the actor may see."""
    found = orders.visible_between(actor=actor, now=now, days=days)
    where = boundary(known_at=now)
    names = _names([order.person_id for order in found], now)
    said = _readable(actor, found, where, now)
    shown = [_move(order, where, names, said.get(order.id), hidden=order.id not in said) for order in found]
    return tuple(sorted(shown, key=lambda one: (one.order.first_day, one.name, one.order.id)))


def of_person(*, actor: Actor, now: datetime, person_id: PersonId) -> tuple[Move, ...]:
    """Return one person's moves that the actor may see, the newest first."""
    found = orders.visible_of(actor=actor, now=now, person_id=person_id)
    where, names = boundary(known_at=now), _names([order.person_id for order in found], now)
    said = _readable(actor, found, where, now)
    shown = [_move(order, where, names, said.get(order.id), hidden=order.id not in said) for order in found]
    return tuple(sorted(shown, key=lambda one: (one.order.first_day, one.order.id), reverse=True))


def described(*, found: Sequence[Order], now: datetime) -> tuple[Move, ...]:
    """Return orders that somebody may see with the names in them; verdicts are not asked for."""
    where, names = boundary(known_at=now), _names([order.person_id for order in found], now)
    return tuple(_move(order, where, names, None) for order in found)


def transfer(*, actor: Actor, now: datetime, order_id: str) -> Transfer:
    """Return one move with everything about it that the actor may see.

    Raises:
        UnknownTransfer
    """
    row = models.Order.objects.filter(order_id=order_id, recorded_at__lte=now).first()
    rows = orders.orders(known_at=now, statuses=list(OrderStatus), person_ids=[PersonId(row.person_id)]) if row else []
    known = orders.visible_among(actor=actor, now=now, found=rows, statuses=list(OrderStatus))
    visible, seen = {one.id for one in known}, [one for one in known if one.id == order_id]
    if row is None or not seen:
        raise UnknownTransfer("orders.unknown_transfer")
    order, where = seen[0], boundary(known_at=now)
    reader = Reader(actor, now, order, where)
    may_read = reader.reads_some(FactKind.VERDICT)
    kept = models.Screening.objects.filter(order_id=order_id).order_by("id") if may_read else None
    last = kept.last() if kept is not None else None
    verdict = read(last.verdict) if last is not None else None
    names = _names([order.person_id], now)
    move = _move(order, where, names, verdict.outcome if verdict else None, hidden=not may_read)
    steps = tuple(_steps(reader))
    return Transfer(
        move=move,
        reason=reason(verdict) if verdict else None,
        rules=tuple(f"{ref.id} {ref.version}" for ref in verdict.rules) if verdict else (),
        stopped_by=tuple(ref.id for ref in verdict.rules) if verdict and verdict.outcome in _CAUGHT else (),
        path=tuple(last.verdict["path"]) if last is not None else (),
        events=transfer_story.story(reader, row, steps, visible),
        steps=steps,
        open_findings=_open_findings(reader),
        reads_plans=reader.reads_some(FactKind.PLAN),
        reads_findings=reader.reads_some(FactKind.DEVIATION),
    )


def _steps(reader: Reader) -> Iterator[Step]:
    """Yield what plans about the move's day change for the mover, of the sides that the actor may read."""
    order = reader.order
    rows = models.OperationRecord.objects.filter(
        person_id=order.person_id,
        plan__as_of__gte=_noon(order.first_day) - ABOUT,
        plan__as_of__lte=_noon(order.first_day) + ABOUT,
    )
    mine = [
        row
        for row in rows.select_related("plan").defer("plan__document").order_by("side", "system_id", "phase", "pk")
        if reader.reads(FactKind.PLAN, row.side)
    ]
    yield from _held(reader, {row.plan.sha256: row.plan.planned_at for row in mine})
    told = cutover_told.told(actor=reader.actor, now=reader.now) if mine else None
    for row in mine:
        code = told.code(row.error, row.detail) if told else row.error
        yield Step(
            Side(row.side or NEUTRAL),
            row.system_id,
            row.entitlement,
            row.action,
            OperationState(row.state),
            code,
            row.detail if code == row.error else "",
            row.changed_at,
            row.plan.sha256,
        )


def _held(reader: Reader, plans: dict[str, datetime]) -> Iterator[Step]:
    """Yield the mover's grants that those plans hold themselves; before any is begun, those of the day's last plan."""
    order = reader.order
    if not plans:
        midnight = installation.midnight(day=order.first_day, known_at=reader.now)
        rows = models.Plan.objects.filter(as_of=midnight).order_by("-planned_at", "-pk")
        plans = dict(rows.values_list("sha256", "planned_at")[:1])
    for sha256, planned_at in plans.items():
        for one in plan_summary.summary(sha256).held:
            if one.person_id == order.person_id and reader.reads(FactKind.PLAN, one.side):
                state = OperationState.HELD
                yield Step(
                    one.side, one.system, one.entitlement, HELD, state, one.code, one.order_no, planned_at, sha256
                )


def _open_findings(reader: Reader) -> int:
    """Count the open findings about the mover on the sides that the actor reads."""
    rows = models.Finding.objects.filter(person_id=reader.order.person_id, closed_at=None).values_list(
        "side", flat=True
    )
    return sum(reader.reads(FactKind.FINDING, side) for side in list(rows))


def _readable(actor: Actor, found: Sequence[Order], where: Boundary, now: datetime) -> dict[str, Outcome | None]:
    """Return the outcome of each order whose verdict the actor may know, by either of its sides."""
    reads: dict[tuple[Side | None, bool], bool] = {}
    mine = []
    for order in found:
        units, released = (order.from_unit, order.to_unit), order.is_released(at=now)
        for side in where.sides(units, order.key.company, order.first_day, host=order.host_company):
            if (side, released) not in reads:
                reads[side, released] = _reads_verdicts(actor, side, now, released=released)
            if reads[side, released] or (released and order.person_id == actor.person_id):
                mine.append(order.id)
                break
    said = _outcomes(mine)
    return {order: said.get(order) for order in mine}


def _reads_verdicts(actor: Actor, side: Side | None, now: datetime, *, released: bool) -> bool:
    purpose, kind = visibility.purpose(actor=actor, now=now), FactKind.VERDICT
    depth = visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, released=released)
    return depth is Depth.DETAIL


def _outcomes(ids: Sequence[str]) -> dict[str, Outcome]:
    """Return the last kept outcome of each order."""
    found: dict[str, Outcome] = {}
    for start in range(0, len(ids), CHUNK):
        rows = models.Screening.objects.filter(order_id__in=ids[start : start + CHUNK]).order_by("id")
        found.update({order: Outcome(outcome) for order, outcome in rows.values_list("order_id", "outcome")})
    return found


def _names(persons: Sequence[str], now: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(persons), CHUNK):
        found.update(runs.names(person_ids=persons[start : start + CHUNK], known_at=now))
    return found


def _move(
    order: Order, where: Boundary, names: Mapping[str, str], outcome: Outcome | None, *, hidden: bool = False
) -> Move:
    return Move(
        order=order,
        name=names.get(order.person_id, order.person_id),
        from_name=_unit(where, order.from_unit, order.first_day),
        to_name=_unit(where, order.to_unit, order.first_day),
        outcome=outcome,
        hidden=hidden,
    )


def _unit(where: Boundary, code: str | None, day: date) -> str:
    unit = where.unit_or_last(code, day) if code else None
    return unit.name if unit else code or ""


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)
