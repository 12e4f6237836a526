"""What happened to one move, from its notice to its last finding, each with its facts and its evidence. 異動の経過.

Each kind of fact asks law 8 for itself; what the reader may not know is simply not there. Nothing is guessed: what
has left no row has no event.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Q

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import NEUTRAL, OperationState, OrderStatus, Outcome, Side
from sekisho.core.orders import Order
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Matter, common_side
from sekisho.services import (
    exceptions,
    installation,
    order_files,
    person_facts,
    plan_summary,
    transfer_evidence,
    visibility,
)
from sekisho.services.transfer_evidence import Evidence, Sought, seek
from sekisho.store import models

HELD = "held"
"""The action of a grant that a plan itself holds: nothing was done about it."""
DONE = frozenset({OperationState.APPLIED, OperationState.ALREADY})
WORST = (("failed", "stop"), ("unknown", "unknown"), ("held", "wait"))
STATES = {
    Outcome.ALLOWED: "ok",
    Outcome.VIOLATION: "stop",
    Outcome.NEEDS_REVIEW: "wait",
    Outcome.UNKNOWN: "unknown",
}
PAST, AFTER = timedelta(days=60), timedelta(days=45)
"""How long before a move's day a plan, and how long after it a plan, a verification or a finding, is its own."""
Details = tuple[tuple[str, object], ...]
ORDER, CHECK, PLAN, SWITCH, VERIFY = "order", "check", "plan", "switch", "verify"


@dataclass(frozen=True, slots=True)
class Step:
    """Access of the mover on one system that a plan changes, and how it stands; the code is what may be told."""

    side: Side
    system: str
    entitlement: str
    action: str
    state: OperationState
    code: str
    detail: str
    changed_at: datetime
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `kind` is its sentence's name, `stage` its chapter, `state` one of the four.

    `details` are (label, value); a value that is an instant is written as one. `room` and `about` say where more
    stands; `evidence` are entries of the ledger.
    """

    at: datetime
    kind: str
    stage: str
    state: str
    facts: Mapping[str, object] = field(default_factory=dict)
    details: Details = ()
    room: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    sought: tuple[Sought, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Reader:
    """Who reads which move; each question of law 8 is asked once a kind and side."""

    def __init__(self, actor: Actor, now: datetime, order: Order, where: Boundary) -> None:
        units = (order.from_unit, order.to_unit)
        self.actor, self.now, self.order = actor, now, order
        self.sides = tuple(where.sides(units, order.key.company, order.first_day, host=order.host_company))
        heads = [where.unit_or_last(code, order.first_day) for code in units if code]
        self._about = Matter(order.person_id, frozenset(unit.head for unit in heads if unit and unit.head))
        self._purpose = visibility.purpose(actor=actor, now=now)
        self._known: dict[tuple[FactKind, str], bool] = {}

    def reads(self, kind: FactKind, side: str | None) -> bool:
        """Tell whether he reads such facts of the side about the mover."""
        key = (kind, side or "")
        if key not in self._known:
            depth = visibility.depth(
                actor=self.actor,
                kind=kind,
                side=side,
                purpose=self._purpose,
                now=self.now,
                about=self._about,
                released=self.order.is_released(at=self.now),
            )
            self._known[key] = depth is Depth.DETAIL
        return self._known[key]

    def reads_some(self, kind: FactKind) -> bool:
        """Tell whether he reads such facts of one of the move's sides."""
        return any(self.reads(kind, side) for side in self.sides)


def story(reader: Reader, row: models.Order, steps: Sequence[Step], visible: Collection[str]) -> tuple[Event, ...]:
    """Return everything that happened to the move, the oldest first, with the entries that prove it.

    `visible` are the ids of the person's orders that the reader may see: a correction may still be a secret notice.
    """
    revisions = [one for one in _revisions(row, reader.now) if one.order_id in visible or _came_before(one, row)]
    events = [*_orders(reader, revisions), *_checks(reader, revisions), *_exceptions(reader)]
    events += [*_plans(reader, steps), *_switched(reader, steps), *_verified(reader), *_findings(reader)]
    proven = transfer_evidence.found(
        actor=reader.actor, now=reader.now, sought=[one for event in events for one in event.sought]
    )
    told = [replace(one, evidence=tuple(e for s in one.sought for e in proven[s])) for one in events]
    order = (ORDER, CHECK, PLAN, SWITCH, VERIFY)
    return tuple(sorted(told, key=lambda one: (one.at, order.index(one.stage))))


def _revisions(row: models.Order, now: datetime) -> list[models.Order]:
    """Return the rows of the order's key, a notice and its final among them, and those that change the order."""
    same = {name: getattr(row, name) for name in ("company", "order_no", "employee_no", "order_type", "post_no")}
    changes = Q(person_id=row.person_id, supersedes=row.order_no)
    rows = models.Order.objects.filter(Q(**same) | changes, recorded_at__lte=now).select_related("file")
    return list(rows.order_by("recorded_at", "id"))


def _came_before(one: models.Order, row: models.Order) -> bool:
    """Tell whether it is an earlier row of the very order, a notice that its final replaced."""
    names = ("company", "order_no", "employee_no", "order_type", "post_no")
    return one.superseded_at is not None and all(getattr(one, name) == getattr(row, name) for name in names)


def _orders(reader: Reader, revisions: Sequence[models.Order]) -> Iterator[Event]:
    """Yield the rows of HR's files, and the release of a notice; the file itself only to who reads files."""
    reads = order_files.readers(actor=reader.actor, now=reader.now)
    for row in revisions:
        draft = row.status == OrderStatus.DRAFT.value
        changes = row.supersedes and row.supersedes == reader.order.key.order_no
        kind = f"{row.order_type}ed" if changes and row.order_type in {"cancel", "correct"} else ""
        kind = kind or ("replaced" if changes else "received_draft" if draft else "received")
        details: Details = (("order", row.order_no), ("day", row.effective_date))
        room, about = "", {}
        if reads(row.file):
            details = (*details, ("file", row.file.name), ("row", row.row), ("by", row.file.actor))
            room, about = "import_file", {"file_id": str(row.file_id)}
        sought = seek("order.accepted", row.recorded_at, file=row.file.sha256, row=row.row)
        yield Event(row.recorded_at, kind, ORDER, "ok", {}, details, room, about, (sought,))
        if draft and row.release_at is not None and row.release_at <= reader.now:
            yield Event(row.release_at, "released", ORDER, "ok")


def _checks(reader: Reader, revisions: Sequence[models.Order]) -> Iterator[Event]:
    """Yield each verdict that was kept: the first, and those that differ from the one before."""
    if not reader.reads_some(FactKind.VERDICT):
        return
    ids = [row.order_id for row in revisions]
    sides = {common_side(reader.sides, released=released) for released in (True, False)}
    for one in models.Screening.objects.filter(order_id__in=ids).order_by("id"):
        outcome = Outcome(one.outcome)
        refs = [f"{ref['id']} {ref['version']}" for ref in one.verdict["rules"]]
        details: Details = (("by", one.actor), *((("rules", ", ".join(refs)),) if refs else ()))
        sought = seek("verdicts.kept", one.screened_at, sides=sides, actor=one.actor)
        yield Event(one.screened_at, f"checked_{outcome.value}", CHECK, STATES[outcome], {}, details, sought=(sought,))


def _exceptions(reader: Reader) -> Iterator[Event]:
    """Yield what became of exceptions for the mover that hold on the day, or were to."""
    if not reader.reads_some(FactKind.EXCEPTION):
        return
    day, now = reader.order.first_day, reader.now
    links = person_facts.links(known_at=now)
    same = person_facts.with_linked([reader.order.person_id], links) or []
    rows = models.RuleException.objects.filter(person_id__in=same, start__lte=day, recorded_at__lte=now)
    states = {"requested": "wait", "approved": "ok", "withdrawn": "stop"}
    told = list(rows.filter(Q(end=None) | Q(end__gt=day)).order_by("recorded_at", "id"))
    known = exceptions.seen(actor=reader.actor, now=now, rows=told)  # one for a notice that waits is not
    for row in (one for one in told if one.pk in known):
        details = (("exception", row.exception_id), ("rule", row.rule_id), ("until", row.end), ("by", row.requested_by))
        sought = seek(f"exception.{row.state}", row.recorded_at, exception=row.exception_id)
        kind, about = f"exception_{row.state}", {"exception": row.exception_id}
        yield Event(row.recorded_at, kind, PLAN, states[row.state], {}, details, "exception", about, (sought,))


def _plans(reader: Reader, steps: Sequence[Step]) -> Iterator[Event]:
    """Yield the plans that change the mover's access about the day: those approved or begun, and the last one."""
    midnight = installation.midnight(day=reader.order.first_day, known_at=reader.now)
    near = models.Plan.objects.filter(
        as_of__gte=midnight - PAST, as_of__lte=midnight + AFTER, planned_at__lte=reader.now
    )
    rows = near.defer("document").select_related("cutover").prefetch_related("approvals").order_by("planned_at", "pk")
    carried = {one.plan for one in steps}
    mine = [row for row in rows if row.sha256 in carried or (row.as_of == midnight and _is_in(reader, row.sha256))]
    shown = [row for row in mine if row.approvals.all() or getattr(row, "cutover", None)] or mine[-1:]
    for row in shown:
        about, details = {"sha256": row.sha256}, (("by", row.planned_by), ("as_of", row.as_of), ("plan", row.sha256))
        sought = seek("plan.made", row.planned_at, sha256=row.sha256)
        yield Event(row.planned_at, "planned", PLAN, "ok", {}, details, "plan", about, (sought,))
        for given in row.approvals.all():
            told: Details = (("by", given.by), ("method", given.method), ("plan", row.sha256))
            proof = seek("plan.approved", given.at, sha256=row.sha256, actor=given.by)
            yield Event(given.at, "approved", PLAN, "ok", {}, told, "plan", about, (proof,))
        cutover = getattr(row, "cutover", None)
        if cutover is not None:
            begun = seek("cutover.started", cutover.started_at, plan=row.sha256)
            told = (("by", cutover.started_by), ("plan", row.sha256))
            yield Event(cutover.started_at, "begun", SWITCH, "ok", {}, told, "plan", about, (begun,))


def _is_in(reader: Reader, sha256: str) -> bool:
    """Tell whether the plan changes or holds access of the mover on a side that the reader reads."""
    whole = plan_summary.summary(sha256)
    person = reader.order.person_id
    return any(person in persons and reader.reads(FactKind.PLAN, side) for side, persons in whole.persons.items())


def _switched(reader: Reader, steps: Sequence[Step]) -> Iterator[Event]:
    """Yield what was done on each system: one event a minute, so that a system is one line."""
    person = reader.order.person_id
    groups: dict[tuple[datetime, Side, str], list[Step]] = {}
    for step in steps:
        if step.state is not OperationState.PLANNED and step.action != HELD:
            groups.setdefault((step.changed_at.replace(second=0, microsecond=0), step.side, step.system), []).append(
                step
            )
    for (_, side, system), mine in groups.items():
        finished = sum(step.state in DONE for step in mine)
        facts = {"system": system, "n": finished, "total": len(mine)}
        states = {one.state.value for one in mine}
        state = next((mark for word, mark in WORST if word in states), "ok" if finished == len(mine) else "wait")
        details = tuple(("step", (one.action, one.entitlement, one.state.value)) for one in mine)
        sought = {
            seek("operations.recorded", one.changed_at, plan=one.plan, person=person, system=system) for one in mine
        }
        at = max(one.changed_at for one in mine)
        yield Event(at, "switched", SWITCH, state, facts, (("side", side), *details), sought=_sorted(sought))


def _sorted(sought: Iterable[Sought]) -> tuple[Sought, ...]:
    return tuple(sorted(sought, key=lambda one: (one.at, one.kind)))


def _verified(reader: Reader) -> Iterator[Event]:
    """Yield the first and the last verification after the day, with what they saw of the mover."""
    midnight = installation.midnight(day=reader.order.first_day, known_at=reader.now)
    runs = models.VerificationRun.objects.filter(as_of__gte=midnight, as_of__lte=midnight + AFTER)
    runs = runs.filter(verified_at__lte=reader.now)
    first, last = runs.order_by("verified_at", "pk").first(), runs.order_by("-verified_at", "-pk").first()
    for row in dict.fromkeys(one for one in (first, last) if one is not None):
        sides = [side for side in sorted(row.by_side) if side != NEUTRAL and reader.reads(FactKind.DEVIATION, side)]
        if not sides:
            continue
        seen = [one for one in row.deviations if one["person_id"] == reader.order.person_id and one["side"] in sides]
        unread = [one["system"] for one in row.unread if one["side"] in sides]
        left = any(one["kind"] in {"left_over", "excess"} for one in seen)
        state = "stop" if left else "unknown" if seen or unread else "ok"
        told = [("deviation", (one["kind"], one["system"], one["entitlement"])) for one in seen]
        details: Details = (("by", row.verifier), *told, *(("unread", system) for system in unread))
        if row.confirmed_by:
            details = (*details, ("confirmed", row.confirmed_by))
        kind = "verified_clean" if state == "ok" else "verified_found" if seen else "verified_unread"
        sought = seek("verification.made", row.verified_at, actor=row.verifier)
        yield Event(row.verified_at, kind, VERIFY, state, {"n": len(seen)}, details, "verification", sought=(sought,))


def _findings(reader: Reader) -> Iterator[Event]:
    """Yield the findings about the mover that are raised from some weeks before the day on, and what closed them."""
    midnight = installation.midnight(day=reader.order.first_day, known_at=reader.now)
    rows = models.Finding.objects.filter(person_id=reader.order.person_id, raised_at__gte=midnight - PAST)
    rows = rows.filter(raised_at__lte=midnight + AFTER)
    for row in rows.order_by("raised_at", "key"):
        if not reader.reads(FactKind.FINDING, row.side):
            continue
        told: Details = (("finding", (row.kind, dict(row.params))),)
        raised = seek("finding.raised", row.raised_at, key=row.key)
        state = "stop" if row.closed_at is None else "ok"
        yield Event(row.raised_at, "finding_raised", VERIFY, state, {}, told, "verification", sought=(raised,))
        if row.closed_at is not None:
            closed = seek("finding.closed", row.closed_at, key=row.key)
            told = (*told, ("disposition", row.disposition))
            yield Event(row.closed_at, "finding_closed", VERIFY, "ok", {}, told, "verification", sought=(closed,))
