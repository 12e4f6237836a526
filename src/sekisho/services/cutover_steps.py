"""The journal of a cutover: claim a batch before the call, record its outcome after it (laws 4 and 5).

Here: everything that writes rows and ledger entries for a running cutover, each step one transaction that
first renews the lease. Not here: what to send and when (`services.cutover`), and the calls themselves
(`services.cutover_calls`).
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from sekisho.core.canonical import Json
from sekisho.core.cutover import DONE, operations
from sekisho.core.kinds import NEUTRAL, OperationState, Side
from sekisho.core.plans import Operation, Plan
from sekisho.core.users import Actor
from sekisho.services import leases, ledger
from sekisho.store.models import Cutover, OperationRecord
from sekisho.store.models import Plan as PlanRow

OPEN = frozenset({OperationState.PLANNED, OperationState.INTENDED})
"""States without an outcome."""
AT_ONCE = 10_000
"""Rows named in one statement; SQLite takes 32,766."""


class Clock:
    """The caller's `now`, moving on by the time that really passes, also where `now` was rehearsed."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._since = time.monotonic()

    def now(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._since)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one operation in this run; `code` says why, where it did not go through."""

    state: OperationState
    code: str = ""
    detail: str = ""
    held_by: Side = field(default=NEUTRAL, compare=False)
    """The side whose access holds the operation; its ledger says so. Not kept with the operation."""


@dataclass(slots=True)
class Standing:
    """Where one operation stands in the journal."""

    row: int
    operation: Operation
    outcome: Outcome
    attempts: int
    read_back: bool = False

    @property
    def sent_before(self) -> bool:
        """Tell whether it may have been sent: then only a read knows."""
        return self.attempts > 0


@dataclass(slots=True)
class Journal:
    """The journal of one running cutover. Opened by `begin`."""

    plan: Plan
    cutover_id: int
    owner: str
    actor: Actor
    clock: Clock
    standing: dict[str, Standing]
    fresh: set[str] = field(default_factory=set)
    """The operations that this run itself applied or found done for the first time."""
    finished: bool = False
    """Whether nothing is left to do, nor to read back."""
    _accounts: dict[tuple[str, str], list[Standing]] = field(default_factory=dict)
    _settled: int = 0

    def open_operations(self, *, phase: int) -> list[Standing]:
        """Return what is not done in the phase, in the plan's order."""
        return [one for one in self.standing.values() if one.operation.phase == phase and one.outcome.state not in DONE]

    def on_account(self, system: str, account: str) -> list[Standing]:
        """Return every operation of the plan on one account."""
        if not self._accounts:
            for one in self.standing.values():
                self._accounts.setdefault((one.operation.system, one.operation.account), []).append(one)
        return self._accounts[(system, account)]

    def settled(self) -> int:
        """Return how many operations have an outcome."""
        return self._settled

    @transaction.atomic
    def claim(self, batch: Sequence[Standing]) -> None:
        """Write that the batch is about to be sent: one entry, before the call."""
        now = self.clock.now()
        leases.keep(self.cutover_id, self.owner, now=now)
        name = uuid.uuid4().hex
        rows = OperationRecord.objects.filter(pk__in=[one.row for one in batch])
        rows.update(
            state=OperationState.INTENDED.value,
            batch=name,
            attempts=F("attempts") + 1,
            error="",
            detail="",
            changed_at=now,
        )
        first = batch[0].operation
        ledger.record(
            kind="operations.intended",
            actor=self.actor.name,
            now=now,
            side=table_side(first.side),
            facts={
                "plan": self.plan.sha256,
                "batch": name,
                "system": first.system,
                "phase": first.phase,
                "operations": [one.operation.id for one in batch],
            },
        )
        for one in batch:
            one.attempts += 1
            one.outcome = Outcome(OperationState.INTENDED)

    def record(self, outcomes: Mapping[str, Outcome]) -> None:
        """Write what became of operations; what stands in the journal already is not written again."""
        changed = {key: outcome for key, outcome in outcomes.items() if self.standing[key].outcome != outcome}
        if not changed:
            return
        with transaction.atomic():
            now = self.clock.now()
            leases.keep(self.cutover_id, self.owner, now=now)
            for outcome, keys in _grouped(changed).items():
                OperationRecord.objects.filter(pk__in=[self.standing[key].row for key in keys]).update(
                    state=outcome.state.value, error=outcome.code, detail=outcome.detail, changed_at=now
                )
            self._enter(changed, now)
        for key, outcome in changed.items():
            self._settled += self.standing[key].outcome.state in OPEN
            self.standing[key].outcome = outcome
            if outcome.state in DONE:
                self.fresh.add(key)

    def unconfirmed(self) -> list[Standing]:
        """Return what is done, in this run or one before it, and was not read back since."""
        return [one for one in self.standing.values() if one.outcome.state in DONE and not one.read_back]

    @transaction.atomic
    def confirm(self, seen: Sequence[Standing]) -> None:
        """Note that a read after the run's operations shows these still."""
        now = self.clock.now()
        leases.keep(self.cutover_id, self.owner, now=now)
        for start in range(0, len(seen), AT_ONCE):
            rows = [one.row for one in seen[start : start + AT_ONCE]]
            OperationRecord.objects.filter(pk__in=rows).update(read_back_at=now)
        for one in seen:
            one.read_back = True

    def enter_phase(self, phase: int) -> None:
        """Note that the next phase begins."""
        with transaction.atomic():
            leases.keep(self.cutover_id, self.owner, now=self.clock.now())
            Cutover.objects.filter(pk=self.cutover_id).update(phase=phase)

    def finish(self, *, read_back: bool) -> None:
        """Close the run: the cutover is finished when all is done and was read back, otherwise it can be resumed."""
        with transaction.atomic():
            now = self.clock.now()
            leases.keep(self.cutover_id, self.owner, now=now)
            states = [one.outcome.state for one in self.standing.values()]
            sides = sorted({one.operation.side for one in self.standing.values()})
            done = read_back and all(state in DONE for state in states)
            if done:
                Cutover.objects.filter(pk=self.cutover_id).update(finished_at=now)
            kind = "cutover.finished" if done else "cutover.paused"
            entries = [ledger.NewEntry(kind, {"plan": self.plan.sha256}), *map(self._side_entry, sides)]
            ledger.record_many(entries, actor=self.actor.name, now=now)
        self.finished = done
        leases.give_back(self.cutover_id, self.owner)

    def _side_entry(self, side: Side) -> ledger.NewEntry:
        """Return how one side's operations stand: numbers are that side's own."""
        states = [one.outcome.state for one in self.standing.values() if one.operation.side == side]
        numbers: dict[str, Json] = {state.value: states.count(state) for state in OperationState if state in states}
        return ledger.NewEntry("side.switched", {"plan": self.plan.sha256, "states": numbers}, side=table_side(side))

    def _enter(self, changed: Mapping[str, Outcome], now: datetime) -> None:
        people: dict[tuple[str, Side, str], dict[str, str]] = {}
        for key, outcome in changed.items():
            operation = self.standing[key].operation
            states = people.setdefault((operation.person_id, operation.side, operation.system), {})
            states[key] = outcome.state.value
        entries = [
            ledger.NewEntry(
                kind="operations.recorded",
                facts={"plan": self.plan.sha256, "system": system, "person": person, "states": states},
                side=table_side(side),
            )
            for (person, side, system), states in people.items()
        ]
        entries += self._at_the_wall(changed)
        ledger.record_many(entries, actor=self.actor.name, now=now)

    def _at_the_wall(self, changed: Mapping[str, Outcome]) -> list[ledger.NewEntry]:
        """Tell each other side which access of its own something waits for; not what waits."""
        waits = {
            (outcome.held_by, self.standing[key].operation.person_id, outcome.code, outcome.detail)
            for key, outcome in changed.items()
            if outcome.held_by != NEUTRAL
        }
        return [
            ledger.NewEntry(
                kind="access.awaited",
                facts={"plan": self.plan.sha256, "person": person, "code": code, "detail": detail},
                side=table_side(side),
            )
            for side, person, code, detail in sorted(waits)
        ]


@transaction.atomic
def begin(*, plan: Plan, actor: Actor, clock: Clock) -> Journal:
    """Open the journal of a plan, new or as an earlier run left it, and take the lease.

    Where all is done already nothing is taken or written, and the journal has no `owner`.

    Raises:
        Running: a living process holds a lease.
    """
    now = clock.now()
    leases.alone()
    row = PlanRow.objects.get(sha256=plan.sha256)
    cutover, new = Cutover.objects.get_or_create(
        plan=row, defaults={"started_at": now, "started_by": actor.name, "phase": 1}
    )
    owner = "" if cutover.finished_at else leases.take(cutover.pk, now=now)
    if new:
        _write_operations(row, plan, now)
    if owner:
        facts: dict[str, Json] = {"plan": plan.sha256}
        kind = "cutover.started" if new else "cutover.resumed"
        ledger.record(kind=kind, actor=actor.name, now=now, facts=facts)
        if actor.name not in cutover.runners:
            cutover.runners = [*cutover.runners, actor.name]
            cutover.save(update_fields=["runners"])
    finished = cutover.finished_at is not None
    return Journal(plan, cutover.pk, owner, actor, clock, _standing(row, plan), finished=finished)


def table_side(side: Side) -> str:
    """Return the side as tables and entries spell it: "" where neutral."""
    return "" if side == NEUTRAL else side


_WRITE = (
    "INSERT INTO store_operationrecord (plan_id, operation_id, person_id, side, system_id, account, entitlement, "
    "action, phase, state, batch, attempts, error, detail, changed_at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', 0, '', '', %s)"
)


def _write_operations(row: PlanRow, plan: Plan, now: datetime) -> None:
    """Open the journal's rows; a plain statement in bulk, because a plan can hold a million operations."""
    at = connection.ops.adapt_datetimefield_value(now)
    rows = [
        (
            row.pk,
            one.id,
            one.person_id,
            table_side(one.side),
            one.system,
            one.account,
            one.entitlement,
            one.action.value,
            one.phase,
            OperationState.PLANNED.value,
            at,
        )
        for one in operations(plan)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_WRITE, rows)


def _standing(row: PlanRow, plan: Plan) -> dict[str, Standing]:
    rows = {
        one[0]: one[1:]
        for one in OperationRecord.objects.filter(plan=row).values_list(
            "operation_id", "pk", "state", "error", "detail", "attempts", "read_back_at"
        )
    }
    found = {}
    for operation in operations(plan):
        pk, state, error, detail, attempts, read_back_at = rows[operation.id]
        outcome = Outcome(OperationState(state), error, detail)
        found[operation.id] = Standing(pk, operation, outcome, attempts, read_back_at is not None)
    return found


def _grouped(outcomes: Mapping[str, Outcome]) -> dict[Outcome, list[str]]:
    groups: dict[Outcome, list[str]] = {}
    for key, outcome in outcomes.items():
        groups.setdefault(outcome, []).append(key)
    return groups
