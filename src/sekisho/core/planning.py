"""From what was read to what should hold: the operations of a plan, person by person. 切替計画の作成.

Here: which states to set and which grants to hold. Not here: guards over the whole plan (`guards`),
hashes and files (`parts`). The laws decide:

- only owned entitlements: `authoritative` ones that nobody wants are revoked, `additive` ones only
  where Sekisho granted them, `ignored` ones never;
- unknown holds grants, never revocations (law 3): a system that was not read gets none of either,
  because nothing was seen there; an incomplete read is good for revoking what it shows;
- no plan makes a dual holding or adds to one (law 1): a protected grant waits while anything
  protected of another side stays, or could not be read, or is wanted as well;
- protected access that waits for a verdict or an exception is taken where it is there already.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sekisho.core.access import AccountState, Catalogue, Key, Reading, Unread
from sekisho.core.desired import Wanted
from sekisho.core.kinds import Action, Ownership, PersonId, Side
from sekisho.core.plans import HeldGrant, Operation, Precondition
from sekisho.core.wall import NOT_COVERED, Covered, clashing


class Presence(StrEnum):
    """Whether a person works on the day, is away, has left, or has no post yet."""

    WORKING = "working"
    ON_LEAVE = "on_leave"
    LEFT = "left"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class Linked:
    """An account of a person. `current` False: the link has ended, so it is good for revoking only."""

    system: str
    account: str
    current: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """A person as the plan needs them.

    `held`: keys whose protected access waits, with code and order number (a verdict stands against the
    move). `exempt`: the sides that exceptions in force let the person hold together.
    """

    person_id: PersonId
    wanted: Wanted
    presence: Presence
    accounts: Sequence[Linked]
    held: Mapping[Key, tuple[str, str]] = field(default_factory=dict)
    exempt: Covered = NOT_COVERED

    def due(self, system: str, catalogue: Catalogue) -> frozenset[str]:
        """Return what the person should have on the system by now: what is wanted without what waits."""
        names = self.wanted.by_system.get(system, frozenset())
        return frozenset(name for name in names if not self.waits((system, name), catalogue)) if self.held else names

    def waits(self, key: Key, catalogue: Catalogue) -> bool:
        """Tell whether the key is held and protected; what is neutral is never held back."""
        return key in self.held and key in catalogue.entitlements and catalogue.entitlements[key].protected


@dataclass(frozen=True, slots=True)
class Draft:
    """What comes of one person, or of all."""

    operations: list[Operation]
    held: list[HeldGrant]

    def add(self, other: "Draft") -> None:
        """Take over another draft's content."""
        self.operations.extend(other.operations)
        self.held.extend(other.held)


Journal = Collection[tuple[str, str, str]]
"""(system, account, entitlement) for which the last applied operation did a thing."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Everything about the systems that is the same for all persons.

    `as_of` is part of every operation's id. `enforced`: who checks preconditions, per system.
    `can_disable`: systems whose accounts can be switched off. `granted`, `revoked`: from the journal of
    earlier cutovers. `shared`: accounts that several persons are linked to.
    """

    catalogue: Catalogue
    readings: Mapping[str, Reading | Unread]
    as_of: str
    enforced: Mapping[str, str] = field(default_factory=dict)
    can_disable: Collection[str] = frozenset()
    granted: Journal = frozenset()
    revoked: Journal = frozenset()
    shared: Collection[tuple[str, str]] = frozenset()
    _cut: dict[tuple[str, frozenset[str], bool], frozenset[str]] = field(default_factory=dict)
    _sides: dict[Key, tuple[Side, bool, Side | None]] = field(default_factory=dict)
    _states: dict[tuple[str, bool, str], Precondition] = field(default_factory=dict)

    def owned(self, system: str, names: frozenset[str], *, unlisted: bool = False) -> frozenset[str]:
        """Return what of `names` Sekisho manages on the system; `unlisted`: also what no catalogue names."""
        key = (system, names, unlisted)
        if key not in self._cut:
            self._cut[key] = frozenset(name for name in names if self._manages(system, name, unlisted=unlisted))
        return self._cut[key]

    def _manages(self, system: str, name: str, *, unlisted: bool) -> bool:
        row = self.catalogue.entitlements.get((system, name))
        return unlisted if row is None else row.owned is not Ownership.IGNORED

    def revocable(self, system: str, account: str, name: str) -> bool:
        """Tell whether Sekisho may take this away where nobody wants it."""
        row = self.catalogue.entitlements.get((system, name))
        if row is None or row.owned is Ownership.IGNORED:
            return False
        return row.owned is Ownership.AUTHORITATIVE or (system, account, name) in self.granted

    def sides(self, key: Key) -> tuple[Side, bool, Side | None]:
        """Return whose the entitlement is, whether it is protected, and the side it protects; "" is the account."""
        if key not in self._sides:
            row = self.catalogue.entitlements.get(key)
            protected = row is not None and row.protected
            self._sides[key] = (self.catalogue.side(key), protected, self.catalogue.protected_side(key))
        return self._sides[key]

    def precondition(self, system: str, version: str, *, present: bool) -> Precondition:
        """Return the precondition; equal ones are one object, for a plan has a million of them."""
        key = (system, present, version)
        if key not in self._states:
            self._states[key] = Precondition(present, version, self.enforced.get(system, "reread"))
        return self._states[key]

    def owns_accounts(self, system: str) -> bool:
        """Tell whether Sekisho switches accounts off and on: the target can, and something there is its to manage."""
        return system in self.can_disable and any(
            row.owned is not Ownership.IGNORED for key, row in self.catalogue.entitlements.items() if key[0] == system
        )


def plan_operations(subjects: Iterable[Subject], targets: Targets) -> Draft:
    """Return the operations and held grants of everyone; order is `parts`' to make."""
    draft = Draft([], [])
    sharing: list[Subject] = []
    for subject in subjects:
        if not settled(subject, targets):
            draft.add(plan_person(subject, targets))
        if targets.shared and any((link.system, link.account) in targets.shared for link in subject.accounts):
            sharing.append(subject)
    draft.operations.extend(shared_revocations(sharing, targets))
    return draft


def settled(subject: Subject, targets: Targets) -> bool:
    """Tell cheaply that nothing is to do for the person: the common case, met a million times."""
    if subject.presence is not Presence.WORKING or subject.held:
        return False
    seen: set[str] = set()
    for link in subject.accounts:
        reading = targets.readings.get(link.system)
        if not link.current or not isinstance(reading, Reading) or not reading.complete:
            return False
        state = reading.accounts.get(link.account)
        if state is None or not state.active or (link.system, link.account) in targets.shared:
            return False
        names = subject.wanted.by_system.get(link.system, frozenset())
        if targets.owned(link.system, state.entitlements) != targets.owned(link.system, names, unlisted=True):
            return False
        seen.add(link.system)
    return seen >= subject.wanted.by_system.keys()


def plan_person(subject: Subject, targets: Targets) -> Draft:
    """Return one person's operations and held grants."""
    person = _Person(subject, targets)
    for system in sorted({link.system for link in subject.accounts} | subject.wanted.by_system.keys()):
        person.visit(system)
    return person.result()


def shared_revocations(sharing: Sequence[Subject], targets: Targets) -> Iterator[Operation]:
    """Yield the revocations on accounts of several persons: only what none of them should hold.

    They stand under the first person's id; grants on such accounts are held, for nobody can say whose they are.
    """
    for system, account in sorted(targets.shared):
        users = sorted(
            (one for one in sharing if Linked(system, account) in one.accounts), key=lambda one: one.person_id
        )
        reading = targets.readings.get(system)
        state = reading.accounts.get(account) if isinstance(reading, Reading) else None
        if not users or state is None:
            continue
        kept: frozenset[str] = frozenset().union(*(one.due(system, targets.catalogue) for one in users))
        for name in sorted(state.entitlements - kept):
            if targets.revocable(system, account, name):
                yield _operation(users[0], targets, Action.REVOKE, Linked(system, account), name, state.version)


def operation_id(person: PersonId, link: Linked, action: Action, entitlement: str, as_of: str) -> str:
    """Return the id that the same intent has in every plan for the same instant."""
    words = "\x00".join((person, link.system, link.account, action, entitlement, as_of))
    return hashlib.sha256(words.encode()).hexdigest()[:32]


_WHY_GONE: Mapping[Presence, str] = {
    Presence.WORKING: "not_wanted",
    Presence.ON_LEAVE: "on_leave",
    Presence.LEFT: "left",
    Presence.NOT_YET: "not_yet",
}


class _Person:
    """One person's way through all systems. Gathers first, then lets the wall decide over all of it."""

    def __init__(self, subject: Subject, targets: Targets) -> None:
        self._subject = subject
        self._targets = targets
        self._taken: list[Operation] = []
        self._given: list[Operation] = []
        self._enabled: list[Operation] = []
        self._held: dict[Key, tuple[str, str]] = {}
        self._staying: set[Side] = set()
        self._unseen: set[Side] = set()

    def visit(self, system: str) -> None:
        """Compare what is wanted on the system with what its read shows."""
        links = [link for link in self._subject.accounts if link.system == system]
        reading = self._targets.readings.get(system)
        if links and not (isinstance(reading, Reading) and reading.complete):
            self._unseen |= self._protected_sides(system)
        if not isinstance(reading, Reading):
            return
        wanted = self._subject.wanted.by_system.get(system, frozenset())
        names = self._targets.owned(system, wanted, unlisted=True)
        missing = set(names)
        for link in links:
            state = reading.accounts.get(link.account)
            if state is not None:
                missing -= state.entitlements if link.current else frozenset()
                self._take(link, state, self._subject.due(system, self._targets.catalogue))
        if not reading.complete:
            self._hold(system, missing, "incomplete")
        found = [(link, reading.accounts[link.account]) for link in links if link.account in reading.accounts]
        usable = [(link, state) for link, state in found if link.current]
        if not usable:
            self._hold(system, names, "no_account")
        for link, state in usable:
            self._give(link, state, names)

    def _take(self, link: Linked, state: AccountState, due: frozenset[str]) -> None:
        allowed = due if link.current else frozenset()
        shared = (link.system, link.account) in self._targets.shared
        for name in sorted(state.entitlements):
            revocable = not shared and self._targets.revocable(link.system, link.account, name)
            if revocable and name not in allowed:
                self._taken.append(self._make(Action.REVOKE, link, name, state.version))
                if link.current and self._subject.waits((link.system, name), self._targets.catalogue):
                    self._held.setdefault((link.system, name), self._subject.held[(link.system, name)])
            else:
                self._stays(link.system, name)
        left = self._subject.presence is Presence.LEFT
        if left and state.active and not shared and self._targets.owns_accounts(link.system):
            self._taken.append(self._make(Action.DISABLE, link, "", state.version))

    def _give(self, link: Linked, state: AccountState, names: frozenset[str]) -> None:
        if (link.system, link.account) in self._targets.shared:
            self._hold(link.system, names - state.entitlements, "shared_account")
            return
        for name in sorted(names - state.entitlements):
            self._grant(link, name, state.version)
        works = self._subject.presence is Presence.WORKING
        if works and names and not state.active and self._targets.owns_accounts(link.system):
            self._enabled.append(self._make(Action.ENABLE, link, "", state.version))

    def _grant(self, link: Linked, name: str, version: str) -> None:
        key = (link.system, name)
        if key not in self._targets.catalogue.entitlements:
            self._held.setdefault(key, ("unlisted", ""))
        elif self._subject.waits(key, self._targets.catalogue):
            self._held.setdefault(key, self._subject.held[key])
        else:
            self._given.append(self._make(Action.GRANT, link, name, version))

    def result(self) -> Draft:
        """Let the wall decide, and return what is left."""
        given = [one for one in self._given if (one.system, one.entitlement) not in self._held]
        given = self._behind_the_wall(given)
        wanted = self._subject.wanted.because
        enabled = [
            one for one in self._enabled if any(key[0] == one.system and key not in self._held for key in wanted)
        ]
        held = [self._held_grant(key, *why) for key, why in sorted(self._held.items())]
        return Draft([*self._taken, *enabled, *given], held)

    def _behind_the_wall(self, given: list[Operation]) -> list[Operation]:
        left: list[Operation] = []
        for one in given:
            code = self._against(self._side(one))
            if code:
                self._held[(one.system, one.entitlement)] = (code, "")
            else:
                left.append(one)
        sides = {side for one in left if (side := self._side(one)) is not None}
        clash = clashing(sides, self._subject.exempt)
        for one in left:
            if self._side(one) in clash:
                self._held[(one.system, one.entitlement)] = ("both_sides_wanted", "")
        return [one for one in left if self._side(one) not in clash]

    def _against(self, side: Side | None) -> str:
        if side is None:
            return ""
        if side in clashing(self._staying | {side}, self._subject.exempt):
            return "dual_holding"
        return "unconfirmed" if side in clashing(self._unseen | {side}, self._subject.exempt) else ""

    def _side(self, operation: Operation) -> Side | None:
        return self._targets.sides((operation.system, operation.entitlement))[2]

    def _stays(self, system: str, name: str) -> None:
        side = self._targets.sides((system, name))[2]
        if side is not None:
            self._staying.add(side)

    def _protected_sides(self, system: str) -> set[Side]:
        catalogue = self._targets.catalogue
        sides = {catalogue.protected_side(key) for key in catalogue.entitlements if key[0] == system}
        return {side for side in sides if side is not None}

    def _hold(self, system: str, names: Iterable[str], code: str) -> None:
        for name in names:
            self._held.setdefault((system, name), (code, ""))

    def _held_grant(self, key: Key, code: str, order_no: str) -> HeldGrant:
        side = self._targets.catalogue.side(key)
        return HeldGrant(self._subject.person_id, side, key[0], key[1], f"plans.held_{code}", order_no)

    def _make(self, action: Action, link: Linked, name: str, version: str) -> Operation:
        return _operation(self._subject, self._targets, action, link, name, version)


def _operation(subject: Subject, targets: Targets, action: Action, link: Linked, name: str, version: str) -> Operation:
    key = (link.system, name)
    side, protected, _ = targets.sides(key)
    taken = action is Action.REVOKE or action is Action.DISABLE
    return Operation(
        id=operation_id(subject.person_id, link, action, name, targets.as_of),
        person_id=subject.person_id,
        account=link.account,
        side=side,
        system=link.system,
        action=action,
        entitlement=name,
        protected=protected,
        because=_because(subject, action, key, targets.catalogue),
        precondition=targets.precondition(link.system, version, present=taken),
        restores=action is Action.GRANT and (link.system, link.account, name) in targets.revoked,
    )


def _because(subject: Subject, action: Action, key: Key, catalogue: Catalogue) -> tuple[str, ...]:
    if action is Action.GRANT:
        return subject.wanted.because.get(key, ())
    if action is Action.ENABLE:
        return ("works",)
    if subject.waits(key, catalogue):
        return ("waits",)
    return (_WHY_GONE[subject.presence],)


def with_holds(subject: Subject, held: Mapping[Key, tuple[str, str]], *, exempt: Covered) -> Subject:
    """Return the subject once verdicts and exceptions are known; most people are planned without asking."""
    return replace(subject, held=held, exempt=exempt)
