"""Systems, entitlements, bundles and grants: who should hold what on a day. 権限.

Here: the facts and what an observation is. `desired` computes what should hold, `plans` the way
from what was read to what should hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sekisho.core.kinds import NEUTRAL, Ownership, PersonId, Side
from sekisho.core.periods import Period

Key = tuple[str, str]
"""(system, entitlement)."""
Because = tuple[str, ...]
"""Why something should or should not be held: `bundle:<id>`, `unit:<code>`, `grant:<id>`, or a bare word."""


@dataclass(frozen=True, slots=True)
class System:
    """A target system and how to reach it. `side` None: neutral."""

    id: str
    name: str
    side: Side | None
    protected: bool
    connector: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Something an account can hold on a system. `side` None with the system's side filled in at load."""

    system: str
    id: str
    side: Side | None
    protected: bool
    owned: Ownership
    info_classes: frozenset[str] = frozenset()

    @property
    def key(self) -> Key:
        return (self.system, self.id)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The entitlements of one system that a post brings. Within a list: any; between keys: all; empty: anything."""

    id: str
    system: str
    entitlements: frozenset[str]
    period: Period
    classes: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """A manual grant: time-boxed, with reason and approver."""

    id: str
    person_id: PersonId
    system: str
    entitlement: str
    reason: str
    approver: str
    period: Period


@dataclass(frozen=True, slots=True)
class AccountLink:
    """Which account on a system is whose."""

    person_id: PersonId
    system: str
    account: str
    period: Period


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything about systems and access as known at one moment; dated rows are not yet cut to a day.

    An entitlement's `side` is filled in from its system. `protected_accounts` are (system, account).
    """

    systems: Mapping[str, System]
    entitlements: Mapping[Key, Entitlement]
    bundles: tuple[Bundle, ...] = ()
    grants: tuple[Grant, ...] = ()
    accounts: tuple[AccountLink, ...] = ()
    protected_accounts: frozenset[tuple[str, str]] = frozenset()

    def system_side(self, system: str) -> Side:
        """Return the system's side, `neutral` where it has none."""
        row = self.systems.get(system)
        return row.side if row is not None and row.side is not None else NEUTRAL

    def side(self, key: Key) -> Side:
        """Return the entitlement's side, else its system's, else `neutral`."""
        row = self.entitlements.get(key)
        return row.side if row is not None and row.side is not None else self.system_side(key[0])

    def protected_side(self, key: Key) -> Side | None:
        """Return the side that the entitlement protects from the others, or None: outside law 1."""
        row = self.entitlements.get(key)
        if row is None or not row.protected:
            return None
        side = self.side(key)
        return None if side == NEUTRAL else side


@dataclass(frozen=True, slots=True)
class Desired:
    """One entitlement a person should hold on a day, and why: bundle or grant, and the post."""

    person_id: PersonId
    system: str
    entitlement: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account as a system showed it. `version` is the target's own, "" where it has none."""

    account: str
    active: bool
    entitlements: frozenset[str]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One read of one system. `complete` False: what is missing from it is unknown, not absent."""

    system: str
    read_at: datetime
    accounts: Mapping[str, AccountState]
    complete: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A system that gave no answer: everything about it is unknown (law 3)."""

    system: str
    at: datetime
    code: str
    detail: str = ""
