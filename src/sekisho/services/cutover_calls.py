"""The calls of a cutover to one target: look before it is sent, send, and look again when no answer came.

Here: connectors and what their answers mean. No rows and no ledger: the journal is written around these
calls (`services.cutover_steps`), and no transaction is open while they run.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from sekisho.connectors.protocol import (
    Capabilities,
    Change,
    ChangeResult,
    ChangeState,
    Connector,
    ConnectorError,
    Precondition,
    Rejected,
    Unreachable,
)
from sekisho.connectors.registry import open_connector
from sekisho.core.access import AccountState, System
from sekisho.core.cutover import Decision, Done, Refused, Run, decide, decide_unreadable, reached
from sekisho.core.kinds import OperationState
from sekisho.core.plans import Operation
from sekisho.services.cutover_steps import Clock, Outcome

TRIES = 3
"""How often a batch is sent in one run, each time after a look at what the last try did."""


@dataclass(frozen=True, slots=True)
class Todo:
    """An operation with what is known of its past.

    `touched`: this plan has changed its account, so a new version is no stranger's. `beside`: other
    operations on the account that may have been sent; whether they took effect, a read shows.
    """

    operation: Operation
    sent_before: bool
    touched: bool
    beside: tuple[Operation, ...] = ()

    @property
    def must_look(self) -> bool:
        """Tell whether only a read says what became of earlier sending, or which version is there now.

        A change of ours beside this one moves the version on, but says nothing where no version is checked.
        """
        moved_on = self.touched and bool(self.operation.precondition.version)
        return self.sent_before or moved_on or bool(self.beside)

    def decide(self, seen: AccountState | None, together: Iterable[Operation] = ()) -> Decision:
        """Decide over a fresh read; `together` are operations that were just sent with this one.

        Whether this operation itself was sent before excuses nothing: had it taken effect, the read would
        show so. A version that moved without any effect of ours is a stranger's.
        """
        ours = (one for one in (*self.beside, *together) if one.id != self.operation.id)
        touched = self.touched or any(reached(one, seen) for one in ours)
        return decide(self.operation, seen, touched=touched)


@dataclass(slots=True)
class Target:
    """One system, open for one phase of one run. `lost` says how it stopped answering, once it has."""

    system: System
    home: Path
    clock: Clock
    connector: Connector = field(init=False)
    capabilities: Capabilities = field(init=False)
    lost: ConnectorError | None = None

    def __enter__(self) -> Self:
        self.connector = open_connector(self.system, home=self.home)
        self.capabilities = self.connector.capabilities
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connector.close()

    def look(self, batch: Sequence[Todo]) -> dict[str, Decision]:
        """Decide every operation of a batch, after a fresh read where one is needed.

        It is needed where something may have been sent before, and where the target itself refuses
        nothing stale. Raises: Unreachable, Rejected.
        """
        if not self.capabilities.read_back:
            once = not self.capabilities.repeatable
            return {
                one.operation.id: decide_unreadable(
                    one.operation, sent_before=once and one.sent_before, read_back=False
                )
                for one in batch
            }
        unguarded = self.capabilities.precondition is Precondition.NONE
        read = [one for one in batch if unguarded or one.must_look]
        seen = self._read(one.operation.account for one in read)
        looked = {one.operation.id for one in read}
        return {
            one.operation.id: (
                one.decide(seen.get(one.operation.account))
                if one.operation.id in looked
                else decide_unreadable(one.operation, sent_before=False, read_back=True)
            )
            for one in batch
        }

    def send(self, runs: Sequence[tuple[Todo, Run]]) -> dict[str, Outcome]:
        """Send operations until each has an outcome; `unknown` where no answer came and none could be read."""
        outcomes: dict[str, Outcome] = {}
        waiting = list(runs)
        for attempt in range(TRIES):
            results = self._apply([_change(todo.operation, run) for todo, run in waiting])
            outcomes |= {
                todo.operation.id: _outcome(results[todo.operation.id], first=attempt == 0 and not todo.sent_before)
                for todo, _ in waiting
            }
            unsure = [
                todo
                for todo, _ in waiting
                if results[todo.operation.id].state in {ChangeState.STALE, ChangeState.UNKNOWN}
            ]
            if not unsure or not self.capabilities.read_back:
                return outcomes
            waiting = self._look_again(unsure, [todo.operation for todo, _ in runs], results, outcomes)
            if not waiting:
                return outcomes
        self.lost = self.lost or Unreachable("cutover.unconfirmed", {"system": self.system.id})
        return outcomes

    def _look_again(
        self,
        unsure: Sequence[Todo],
        sent: Sequence[Operation],
        results: dict[str, ChangeResult],
        outcomes: dict[str, Outcome],
    ) -> list[tuple[Todo, Run]]:
        """Read what the last try did, note what is settled by it, and return what must be sent again."""
        try:
            self._reopen()
            seen = self._read(todo.operation.account for todo in unsure)
        except ConnectorError as error:
            self.lost = error
            return []
        again = []
        for todo in unsure:
            lost = results[todo.operation.id].state is ChangeState.UNKNOWN
            together = [one for one in sent if one.account == todo.operation.account]
            match todo.decide(seen.get(todo.operation.account), together):
                case Done():
                    state = OperationState.APPLIED if lost else OperationState.ALREADY
                    outcomes[todo.operation.id] = Outcome(state)
                case Refused(code):
                    outcomes[todo.operation.id] = Outcome(OperationState.FAILED, code)
                case Run() as run:
                    again.append((todo, run))
        return again

    def _apply(self, changes: list[Change]) -> dict[str, ChangeResult]:
        """Send changes and return a result for each; a refused batch is halved until the culprit stands alone."""
        try:
            return {one.operation_id: one for one in self.connector.apply(changes, now=self.clock.now())}
        except Rejected as error:
            if len(changes) == 1:
                return {
                    changes[0].operation_id: ChangeResult(
                        changes[0].operation_id, ChangeState.REJECTED, error.code, _detail(error)
                    )
                }
            middle = len(changes) // 2
            return self._apply(changes[:middle]) | self._apply(changes[middle:])
        except Unreachable as error:
            return {one.operation_id: _unanswered(one, error) for one in changes}

    def _read(self, accounts: Iterable[str]) -> dict[str, AccountState]:
        wanted = sorted(set(accounts))
        return self.connector.read_accounts(wanted) if wanted else {}

    def _reopen(self) -> None:
        """Start afresh: a connection that lost an answer is not to be trusted."""
        with suppress(ConnectorError):
            self.connector.close()
        self.connector = open_connector(self.system, home=self.home)


def _change(operation: Operation, run: Run) -> Change:
    return Change(operation.id, operation.account, operation.action, operation.entitlement, run.version)


def _outcome(result: ChangeResult, *, first: bool) -> Outcome:
    match result.state:
        case ChangeState.APPLIED:
            return Outcome(OperationState.APPLIED)
        case ChangeState.ALREADY:
            return Outcome(OperationState.ALREADY if first else OperationState.APPLIED)
        case ChangeState.STALE:
            return Outcome(OperationState.FAILED, "cutover.stale", result.detail)
        case ChangeState.REJECTED:
            return Outcome(OperationState.FAILED, result.code or "cutover.rejected", result.detail)
        case ChangeState.UNKNOWN:
            return Outcome(OperationState.UNKNOWN, result.code or "cutover.unconfirmed", result.detail)


def _unanswered(change: Change, error: ConnectorError) -> ChangeResult:
    return ChangeResult(change.operation_id, ChangeState.UNKNOWN, error.code, _detail(error))


def _detail(error: ConnectorError) -> str:
    return str(error.params.get("detail", ""))
