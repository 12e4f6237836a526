"""Carry an approved plan out: first everything that is taken away, then what is given. 切替.

The way of a run: refuse what is not due or not approved → take the lease → phase 1 over all systems →
phase 2 over all systems, each protected grant behind the wall (law 1) → read back. Killed anywhere, the next
run goes on from the journal: what may have been sent is read before it is repeated (law 5).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from sekisho.connectors.protocol import ConnectorError
from sekisho.core import cutover as core
from sekisho.core.access import Catalogue, Reading
from sekisho.core.cutover import DONE, Done, Refused, Run
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import NEUTRAL, Action, OperationState, PersonId, Role
from sekisho.core.periods import local_day
from sekisho.core.plans import HeldGrant, Operation, Plan
from sekisho.core.users import Actor
from sekisho.core.wall import Covered
from sekisho.services import access, installation, leases, observations, plan_approvals, plans, rules
from sekisho.services.cutover_calls import Target, Todo
from sekisho.services.cutover_reach import Reach, reach
from sekisho.services.cutover_steps import Clock, Journal, Outcome, Standing, begin
from sekisho.services.cutover_wall import WallKeeper
from sekisho.services.cutover_withdrawn import withdrawn

Progress = Callable[[int, int], None]
"""Called with (done, total) operations as the run goes on."""


class NotAllowed(SekishoError):
    """The actor may not carry cutovers out."""


@dataclass(frozen=True, slots=True)
class OperationReport:
    """How one operation of the plan, or one grant that the plan itself holds, stands after the run."""

    id: str
    person_id: PersonId
    side: str
    system: str
    account: str
    action: Action
    entitlement: str
    state: OperationState
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CutoverResult:
    """What a run found and did, cut to the sides that the actor operates (law 8).

    `unreachable`: systems that did not answer. `finished`: nothing is left to do.
    """

    sha256: str
    operations: tuple[OperationReport, ...]
    unreachable: tuple[str, ...]
    finished: bool

    def number(self, state: OperationState) -> int:
        """Return how many operations stand so."""
        return sum(1 for one in self.operations if one.state is state)


@dataclass(slots=True)
class _Running:
    """One run: the journal, what holds operations, and what was met on the way."""

    journal: Journal
    catalogue: Catalogue
    keeper: WallKeeper
    guarded: Mapping[str, str]
    home: Path
    progress: Progress
    unreachable: set[str] = field(default_factory=set)
    failed: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)

    def settle(self, outcomes: Mapping[str, Outcome]) -> None:
        """Record outcomes and tell how far the run is."""
        self.journal.record(outcomes)
        self.progress(self.journal.settled(), len(self.journal.standing))


def run(
    *, document: str | bytes, actor: Actor, now: datetime, home: Path, progress: Progress = lambda *_: None
) -> CutoverResult:
    """Carry out the plan in `document` (the text of its file), or go on with it where an earlier run ended.

    Runs in transactions of its own, none open while a target is called.

    Raises:
        NotAllowed: the actor does not operate systems.
        NotYet, Expired, Unapproved: the plan may not be carried out now.
        BrokenPlan, BadPlan: the document was changed, or the plan was not made here.
        Running: another process is at work.
        LeaseLost: this process was taken for dead; another one goes on.
    """
    if not actor.has(Role.IT_OPERATION, on=installation.today(now=now)):
        raise NotAllowed("cutover.not_allowed", {"actor": actor.name, "side": "-"})
    with plans.uncollected():
        return _run(plans.known_plan(document=document), actor, now, home, progress)


def _run(plan: Plan, actor: Actor, now: datetime, home: Path, progress: Progress) -> CutoverResult:
    _need_reach(actor, plan, now)
    guarded = _check(plan, now)
    clock = Clock(now)
    catalogue = access.catalogue(known_at=now)
    journal = begin(plan=plan, actor=actor, clock=clock)
    mine = reach(catalogue, actor, day=installation.today(now=now))
    if not journal.owner:
        return _result(journal, (), mine)
    keeper = WallKeeper(catalogue, installation.today(now=now), _exempt(now), home, clock)
    keeper.expect(core.operations(plan))
    day = local_day(plan.as_of, installation.zone(known_at=now))
    keeper.withdrawn = withdrawn(plan, catalogue, day=day, clock=clock)
    running = _Running(journal, catalogue, keeper, guarded, home, progress)
    try:
        for phase in (1, 2):
            journal.enter_phase(phase)
            _carry_phase(running, phase)
        journal.finish(read_back=_read_back(running))
    finally:
        leases.give_back(journal.cutover_id, journal.owner)
    return _result(journal, sorted(running.unreachable | keeper.unread() & mine.systems), mine)


def _need_reach(actor: Actor, plan: Plan, now: datetime) -> None:
    """Let pass who operates systems on every side that the plan changes."""
    day = installation.today(now=now)
    for part in plan.parts:
        side = None if part.side == NEUTRAL else part.side
        if not any(actor.has(role, on=day, side=side) for role in (Role.IT_OPERATION, Role.CROSS_SIDE)):
            raise NotAllowed("cutover.not_allowed", {"actor": actor.name, "side": part.side})


def _check(plan: Plan, now: datetime) -> dict[str, str]:
    """Refuse what may not run, and return what guards hold."""
    parameters = rules.parameters(known_at=now)
    required = parameters.number("approvals_required", installation.today(now=now))
    approvers = plan_approvals.approvers(sha256=plan.sha256, now=now)
    core.check_due(plan, approvers, required=required, now=now)
    return core.held_by_guards(plan, given=core.approvals(plan, approvers), required=required)


def _carry_phase(running: _Running, phase: int) -> None:
    todo = sorted(running.journal.open_operations(phase=phase), key=lambda one: one.operation.system)
    for system, mine in groupby(todo, key=lambda one: one.operation.system):
        _carry_system(running, system, list(mine))


def _carry_system(running: _Running, system: str, mine: list[Standing]) -> None:
    """Do one system's operations of one phase, side by side and batch by batch."""
    if system not in running.catalogue.systems:
        running.settle({one.operation.id: Outcome(OperationState.HELD, "cutover.no_system", system) for one in mine})
        return
    try:
        target = Target(running.catalogue.systems[system], running.home, running.journal.clock)
        with target:
            for batch in _batches(mine, target):
                _carry_batch(running, target, batch)
    except ConnectorError as error:
        running.unreachable.add(system)
        detail = str(error.params.get("detail", ""))
        left = [one for one in mine if one.outcome.state in {OperationState.PLANNED, OperationState.INTENDED}]
        running.settle({one.operation.id: Outcome(OperationState.UNKNOWN, error.code, detail) for one in left})


def _batches(mine: list[Standing], target: Target) -> list[list[Standing]]:
    standing = {one.operation.id: one for one in mine}
    sides: dict[str, list[Operation]] = {}
    for one in mine:
        sides.setdefault(one.operation.side, []).append(one.operation)
    return [
        [standing[operation.id] for operation in batch]
        for _, part in sorted(sides.items())
        for batch in core.batches(
            part, batch_size=target.capabilities.batch_size, group_major=target.capabilities.group_major
        )
    ]


def _carry_batch(running: _Running, target: Target, batch: Sequence[Standing]) -> None:
    """Look, hold, claim, send, record. A ConnectorError from the look leaves the batch as it was."""
    journal = running.journal
    todo = _todo(journal, batch)
    decisions = target.look(list(todo.values()))
    outcomes = {
        key: _looked(decision, todo[key]) for key, decision in decisions.items() if not isinstance(decision, Run)
    }
    runs = {key: decision for key, decision in decisions.items() if isinstance(decision, Run)}
    held = _holds(running, target, [todo[key].operation for key in runs])
    outcomes |= held
    sending = [(todo[key], run) for key, run in runs.items() if key not in held]
    if sending:
        journal.claim([journal.standing[one.operation.id] for one, _ in sending])
        sent = target.send(sending)
        _count(running, target.system.id, sent)
        outcomes |= sent
    running.settle(outcomes)
    if target.lost is not None:
        raise target.lost


def _todo(journal: Journal, batch: Sequence[Standing]) -> dict[str, Todo]:
    found = {}
    for one in batch:
        beside = [
            other for other in journal.on_account(one.operation.system, one.operation.account) if other is not one
        ]
        found[one.operation.id] = Todo(
            operation=one.operation,
            sent_before=one.sent_before,
            touched=any(other.outcome.state is OperationState.APPLIED for other in beside),
            beside=tuple(other.operation for other in beside if other.sent_before and other.outcome.state not in DONE),
        )
    return found


def _looked(decision: Done | Refused, todo: Todo) -> Outcome:
    match decision:
        case Done():
            return Outcome(OperationState.APPLIED if todo.sent_before else OperationState.ALREADY)
        case Refused("cutover.unconfirmed" as code):
            return Outcome(OperationState.UNKNOWN, code)
        case Refused(code):
            return Outcome(OperationState.FAILED, code)


def _holds(running: _Running, target: Target, batch: Sequence[Operation]) -> dict[str, Outcome]:
    """Return what must not be sent now: it came too late, the breaker is open, a guard, the wall or a newer fact."""
    system = target.system.id
    code = ""
    if running.journal.clock.now() >= running.journal.plan.expires_at:
        code = "cutover.ran_out"
    elif core.breaker_open(failed=running.failed.get(system, 0), attempted=running.sent.get(system, 0)):
        code = "cutover.breaker"
    elif not target.capabilities.write:
        code = "cutover.read_only"
    if code:
        return {one.id: Outcome(OperationState.HELD, code, system) for one in batch}
    held = {one.id: Outcome(OperationState.HELD, running.guarded[one.id]) for one in batch if one.id in running.guarded}
    return running.keeper.holds(batch) | running.keeper.outdated(batch) | held


def _count(running: _Running, system: str, sent: Mapping[str, Outcome]) -> None:
    failed = sum(1 for outcome in sent.values() if outcome.state is OperationState.FAILED)
    running.failed[system] = running.failed.get(system, 0) + failed
    running.sent[system] = running.sent.get(system, 0) + len(sent)


def _read_back(running: _Running) -> bool:
    """Read what was changed, and take back the word "applied" where the system does not show it.

    That goes for what a run before this one recorded and did not live to read back as well. Returns whether
    every system answered; where one did not, the next run asks again.
    """
    journal, answered = running.journal, True
    todo = sorted(journal.unconfirmed(), key=lambda one: one.operation.system)
    for name, group in groupby(todo, key=lambda one: one.operation.system):
        if name not in running.catalogue.systems:
            continue
        now = running.journal.clock.now()
        reading = observations.read_system(
            system=running.catalogue.systems[name], now=now, purpose="cutover", home=running.home
        )
        if not isinstance(reading, Reading):
            running.unreachable.add(name)
            answered = False
            continue
        known = [one for one in group if reading.complete or one.operation.account in reading.accounts]
        shown = [one for one in known if _shows(reading, one.operation)]
        there = {one.operation.id for one in shown}
        gone = [one.operation.id for one in known if one.operation.id not in there]
        running.settle({key: Outcome(OperationState.FAILED, "cutover.not_seen") for key in gone})
        journal.confirm(shown)
    return answered


def _shows(reading: Reading, operation: Operation) -> bool:
    return core.reached(operation, reading.accounts.get(operation.account))


def _exempt(now: datetime) -> Mapping[PersonId, Covered]:
    """Return which sides exceptions in force today let a person hold together."""
    return plans.exempt_persons(day=installation.today(now=now), known_at=now)


def _result(journal: Journal, unreachable: Sequence[str], mine: Reach) -> CutoverResult:
    reports = [_report(one, mine, fresh=one.operation.id in journal.fresh) for one in journal.standing.values()]
    reports += [_held_report(one) for one in core.held_grants(journal.plan)]
    return CutoverResult(journal.plan.sha256, tuple(reports), tuple(unreachable), journal.finished)


def _report(one: Standing, mine: Reach, *, fresh: bool) -> OperationReport:
    state = one.outcome.state
    if state is OperationState.APPLIED and not fresh:
        state = OperationState.ALREADY
    operation, told = one.operation, mine.told(one.outcome)
    return OperationReport(
        id=operation.id,
        person_id=operation.person_id,
        side=operation.side,
        system=operation.system,
        account=operation.account,
        action=operation.action,
        entitlement=operation.entitlement,
        state=state,
        code=told.code,
        detail=told.detail,
    )


def _held_report(held: HeldGrant) -> OperationReport:
    return OperationReport(
        id=f"held:{held.person_id}:{held.system}:{held.entitlement}",
        person_id=held.person_id,
        side=held.side,
        system=held.system,
        account="",
        action=Action.GRANT,
        entitlement=held.entitlement,
        state=OperationState.HELD,
        code=held.code,
        detail=held.order_no,
    )
