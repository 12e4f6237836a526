"""A target in a file of the home, for tests, rehearsals and other builders of targets to compare with.

It behaves like a careful directory: a version per account, batches whole or not at all, and it counts
its effects, so that a test can tell a repeated call from a repeated effect. It can be told to fail.
The state is one JSON file, replaced at once under a lock, so several processes may share it.
"""

import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sekisho.connectors.outcomes import judge
from sekisho.connectors.protocol import (
    Capabilities,
    Change,
    ChangeResult,
    ChangeState,
    Precondition,
    Rejected,
    Unreachable,
)
from sekisho.connectors.readings import reading
from sekisho.core.access import AccountState, Reading, System

CAPABILITIES = Capabilities(
    write=True,
    read_back=True,
    precondition=Precondition.VERSION,
    atomic_batch=True,
    group_major=False,
    batch_size=500,
    disables_accounts=True,
)


@dataclass(frozen=True, slots=True)
class Faults:
    """What the target is told to do wrong.

    `unreachable`: no call gets through. `incomplete`: reads say that something is missing. `refused`:
    accounts whose changes are refused. `lost_answers`: so many batches take effect without an answer.
    """

    unreachable: bool = False
    incomplete: bool = False
    refused: frozenset[str] = frozenset()
    lost_answers: int = 0


@dataclass
class State:
    """Everything in the file. `effects` counts, per operation id, how often a state was really changed."""

    accounts: dict[str, AccountState] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    faults: Faults = field(default_factory=Faults)


class MemoryTarget:
    """The target itself, as a test or a rehearsal sets it up and looks into it."""

    def __init__(self, system_id: str, *, home: Path) -> None:
        self.path = home / "memory" / f"{quote(system_id, safe='')}.json"

    def put(self, accounts: Iterable[AccountState]) -> None:
        """Set these accounts as they stand, as the target's own administrators would."""
        with self.changing() as state:
            state.accounts.update({account.account: account for account in accounts})

    def remove(self, account: str) -> None:
        with self.changing() as state:
            del state.accounts[account]

    def fail(self, faults: Faults) -> None:
        """Behave badly from now on; `Faults()` ends it."""
        with self.changing() as state:
            state.faults = faults

    def state(self) -> State:
        """Return the state as it stands in the file."""
        if not self.path.exists():
            return State()
        return _decoded(json.loads(self.path.read_text("utf-8")))

    @contextmanager
    def changing(self) -> Iterator[State]:
        """Hold the lock, give the state, and write it back unless an error comes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self.state()
            yield state
            fresh = self.path.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(_encoded(state), ensure_ascii=False), "utf-8")
            fresh.replace(self.path)


class MemoryConnector:
    """The connector of a `MemoryTarget`."""

    capabilities = CAPABILITIES

    def __init__(self, system: System, *, home: Path) -> None:
        self._system = system.id
        self._target = MemoryTarget(system.id, home=home)

    def read(self, *, now: datetime) -> Reading:
        state = self._reached(self._target.state())
        return reading(self._system, state.accounts, now=now, complete=not state.faults.incomplete)

    def read_accounts(self, accounts: Sequence[str]) -> dict[str, AccountState]:
        state = self._reached(self._target.state())
        return {name: state.accounts[name] for name in accounts if name in state.accounts}

    def apply(self, changes: Sequence[Change], *, now: datetime) -> list[ChangeResult]:
        with self._target.changing() as state:
            self._reached(state)
            for change in changes:
                if change.account in state.faults.refused:
                    facts = {"system": self._system, "detail": change.account}
                    raise Rejected("connectors.rejected", facts)
            results = _applied(state, changes)
            lost = state.faults.lost_answers
            if lost:
                state.faults = replace(state.faults, lost_answers=lost - 1)
        if lost:
            raise Unreachable("connectors.unreachable", {"system": self._system, "detail": "lost answer"})
        return results

    def close(self) -> None:
        """Nothing is held open."""

    def _reached(self, state: State) -> State:
        if state.faults.unreachable:
            raise Unreachable("connectors.unreachable", {"system": self._system, "detail": "told to fail"})
        return state


def open_target(system: System, *, home: Path) -> MemoryConnector:
    """Open the in-memory target of a system; it has no settings."""
    return MemoryConnector(system, home=home)


def _applied(state: State, changes: Sequence[Change]) -> list[ChangeResult]:
    """Change the state and count the effects; every account that changed gets the next version."""
    outcome = judge(changes, state.accounts)
    for name, account in outcome.after.items():
        state.accounts[name] = replace(account, version=str(int(account.version or 0) + 1))
    state.effects.update(result.operation_id for result in outcome.results if result.state is ChangeState.APPLIED)
    return [
        replace(result, version=state.accounts[change.account].version) if change.account in state.accounts else result
        for change, result in zip(changes, outcome.results, strict=True)
    ]


def _encoded(state: State) -> dict[str, object]:
    accounts = {
        name: {"active": account.active, "entitlements": sorted(account.entitlements), "version": account.version}
        for name, account in state.accounts.items()
    }
    faults = {
        "unreachable": state.faults.unreachable,
        "incomplete": state.faults.incomplete,
        "refused": sorted(state.faults.refused),
        "lost_answers": state.faults.lost_answers,
    }
    return {"accounts": accounts, "effects": dict(state.effects), "faults": faults}


def _decoded(document: dict[str, dict[str, dict[str, object]]]) -> State:
    accounts = {
        name: AccountState(name, bool(row["active"]), frozenset(_texts(row["entitlements"])), str(row["version"]))
        for name, row in document["accounts"].items()
    }
    effects = Counter({name: int(str(count)) for name, count in document["effects"].items()})
    told: Mapping[str, object] = document["faults"]
    faults = Faults(
        unreachable=bool(told["unreachable"]),
        incomplete=bool(told["incomplete"]),
        refused=frozenset(_texts(told["refused"])),
        lost_answers=int(str(told["lost_answers"])),
    )
    return State(accounts, effects, faults)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
