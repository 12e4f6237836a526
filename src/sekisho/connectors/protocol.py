"""What every target system looks like to Sekisho.

One Protocol, one contract-test suite. A connector declares what it can do and does no more; it knows
accounts and entitlements, never people, posts or rules. Times come from the caller.

The way of one cutover through a connector: `read` (before the plan) → `read_accounts` (the re-read
before a batch, where the target enforces no precondition) → `apply` (a batch) → `read` (afterwards).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sekisho.core.access import AccountState, Reading
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Action


class Precondition(StrEnum):
    """What the target itself can refuse a stale change by."""

    NONE = "none"
    VERSION = "version"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this target offers; the plan and the journal say what was missing.

    `group_major`: one change of a group carries many members, so batches are sorted by entitlement.
    `atomic_batch`: a batch happens whole or not at all. `read_back`: effects can be read; a worklist's
    cannot until its export comes, so they wait as unknown. `repeatable`: asking again for an operation id
    never repeats its effect, and tells what has become known of it since. `ends_sessions`, `residual_seconds` and
    `probes` leave the place for the cut-off recipes: what outlives a revocation, for how long, and
    whether access can be tried.
    """

    write: bool
    read_back: bool
    precondition: Precondition
    atomic_batch: bool
    group_major: bool
    batch_size: int
    disables_accounts: bool = False
    repeatable: bool = False
    ends_sessions: bool = False
    residual_seconds: int = 0
    probes: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One state to set. `entitlement` is "" for enable and disable. `version` "" means: none to check."""

    operation_id: str
    account: str
    action: Action
    entitlement: str
    version: str = ""


class ChangeState(StrEnum):
    """What became of one change."""

    APPLIED = "applied"
    ALREADY = "already"
    STALE = "stale"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """No answer, or an answer that cannot be trusted; or a work order handed out and not yet confirmed."""


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """What became of one change, and the account's version afterwards where the target told it.

    Our own changes move the version on: a later change of the same account, in another batch, must
    carry the version from here (or from a fresh `read_accounts`), not the one of the plan's read.
    """

    operation_id: str
    state: ChangeState
    code: str = ""
    detail: str = ""
    version: str = ""


class ConnectorError(SekishoError):
    """A whole call that failed; raised from the original."""


class Unreachable(ConnectorError):
    """No connection, a time-out or a lost answer: try again. What was sent may or may not have happened."""

    exit_status = 3


class Rejected(ConnectorError):
    """The target understood and refused; trying again changes nothing."""

    exit_status = 3


class NotFound(Rejected):
    """The target has no such account, entitlement or table."""


class BadSettings(ConnectorError):
    """The settings in access.toml do not describe a target; names the key."""

    exit_status = 2


class Connector(Protocol):
    """One target system, opened for one use and closed after it."""

    capabilities: Capabilities

    def read(self, *, now: datetime) -> Reading:
        """Read every account with its entitlements and versions. Raises: Unreachable, Rejected."""
        ...

    def read_accounts(self, accounts: Sequence[str]) -> dict[str, AccountState]:
        """Read some accounts afresh; an account the target does not have is left out."""
        ...

    def apply(self, changes: Sequence[Change], *, now: datetime) -> list[ChangeResult]:
        """Set the states, in order, and return one result a change, in order.

        A change whose state already holds is `ALREADY`. With `atomic_batch`, `Rejected` means that none
        of the batch happened. Raises: Unreachable (unknown what happened), Rejected.
        """
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...
