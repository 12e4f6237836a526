"""What a batch of changes means against states just read: pure, and the same for every target that reads first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sekisho.connectors.protocol import Change, ChangeResult, ChangeState
from sekisho.core.access import AccountState
from sekisho.core.kinds import Action


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results in the order of the changes, and the touched accounts as they should stand afterwards."""

    results: list[ChangeResult]
    after: dict[str, AccountState]


def judge(changes: Sequence[Change], before: Mapping[str, AccountState]) -> Outcome:
    """Say what each change does to the states `before`; nothing is written here.

    A state that already holds is `ALREADY` even when the version has moved on: our own change of an
    interrupted run moved it. Versions are compared with those before the batch, so a batch is not its
    own stranger.
    """
    now = dict(before)
    results = [_judged(change, now, before) for change in changes]
    return Outcome(results, {name: state for name, state in now.items() if state != before[name]})


def after(state: AccountState, change: Change) -> AccountState:
    """Return the account as it stands once the change has happened; the version is the target's own affair."""
    match change.action:
        case Action.GRANT:
            return replace(state, entitlements=state.entitlements | {change.entitlement})
        case Action.REVOKE:
            return replace(state, entitlements=state.entitlements - {change.entitlement})
        case Action.ENABLE | Action.DISABLE:
            return replace(state, active=change.action is Action.ENABLE)


def _judged(change: Change, now: dict[str, AccountState], before: Mapping[str, AccountState]) -> ChangeResult:
    state = now.get(change.account)
    if state is None:
        return ChangeResult(change.operation_id, ChangeState.REJECTED, "connectors.no_account", change.account)
    changed = after(state, change)
    if changed == state:
        return ChangeResult(change.operation_id, ChangeState.ALREADY, version=state.version)
    if change.version and change.version != state.version:
        return ChangeResult(
            change.operation_id, ChangeState.STALE, "connectors.stale", change.account, before[change.account].version
        )
    now[change.account] = changed
    return ChangeResult(change.operation_id, ChangeState.APPLIED)
