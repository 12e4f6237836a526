"""The access plan: operations with preconditions, canonical parts, one root hash. 切替計画.

A plan is a tree: one canonical part per (side, system), and a head that names the parts' hashes.
The root hash is the SHA-256 of the head's canonical bytes. What is approved is that hash (law 2),
and one side can check its own part without seeing the other's. Here are the words only: `planning` makes
the operations, `parts` the hashes and the file.
"""

from dataclasses import dataclass
from datetime import datetime

from sekisho.core.kinds import Action, PersonId, Side

FORMAT = "sekisho-plan-v1"


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must still be true at the target when the operation runs.

    `present` is whether the entitlement (or the account's being active) is there now; `version` the
    target's version of the account, "" where it has none; `enforced_by` says who checks: `target`, or
    `reread` where the target offers nothing and a read just before must do.
    """

    present: bool
    version: str = ""
    enforced_by: str = "reread"


@dataclass(frozen=True, slots=True)
class Operation:
    """One state to set on one account of one system."""

    id: str
    person_id: PersonId
    account: str
    side: Side
    system: str
    action: Action
    entitlement: str
    protected: bool
    because: tuple[str, ...]
    precondition: Precondition
    restores: bool = False
    """A grant of something that an earlier cutover revoked: needs an approval of its own."""

    @property
    def phase(self) -> int:
        return self.action.phase


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """Protected access that a post would bring and that is held: a violation, review or unknown stands against it."""

    person_id: PersonId
    side: Side
    system: str
    entitlement: str
    code: str
    order_no: str = ""


@dataclass(frozen=True, slots=True)
class GuardResult:
    """One guard over the whole plan, checked before the first write.

    `state` is `ok`, `warn`, `hold` or `absent` (nothing to compare with). `persons`, `systems`,
    `entitlements` and `accounts` (system, account) name what is held, or warned of.
    """

    id: str
    state: str
    code: str
    persons: tuple[PersonId, ...] = ()
    systems: tuple[str, ...] = ()
    entitlements: tuple[tuple[str, str], ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()
    measured: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The operations and held grants of one side on one system."""

    side: Side
    system: str
    operations: tuple[Operation, ...]
    held: tuple[HeldGrant, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Read:
    """Which read of a system the plan was made from."""

    system: str
    read_at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan; `sha256` is the root hash."""

    sha256: str
    as_of: datetime
    known_at: datetime
    planned_by: str
    planned_at: datetime
    expires_at: datetime
    parts: tuple[Part, ...]
    reads: tuple[Read, ...]
    guards: tuple[GuardResult, ...]
    unknown_systems: tuple[str, ...]
