"""What should hold against what a fresh read shows, entitlement by entitlement. 事後確認.

Here: the comparison and its words. Not here: the reads, the former posts, findings (`services.verification`).

- *verified*: should hold and is seen.
- *missing*: should hold and is not seen, though the system was read and nothing holds it back.
- *left over*: seen, should not hold, and we know why it is there: an order or a plan was to take it, we gave
  it, or a former post or grant brought it; also a residue that outlives its revocation, with `until`.
- *excess*: seen, should not hold, and nobody knows why. Also protected access that posts bring and that is not
  due: the order behind it waits, or no exception covers holding it together with another side's.
- *unknown*: the system gave no (complete) answer, or the account is nobody's. Unknown is never green (law 3).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sekisho.core.access import AccountState, Catalogue, Key, Reading, Unread
from sekisho.core.kinds import DeviationKind, Ownership, PersonId, Side
from sekisho.core.planning import Linked, Presence, Subject, Targets
from sekisho.core.wall import clashing

Held = tuple[str, str, str]
"""(system, account, entitlement)."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One entitlement on which what is seen and what should hold differ; `code` says why.

    `person_id` None: the account is nobody's, or the whole system is meant. `entitlement` "": the account's
    being active. `until`: when a residue will have run out.
    """

    kind: DeviationKind
    system: str
    side: Side
    code: str
    person_id: PersonId | None = None
    account: str = ""
    entitlement: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a verification found, by side. `held_by`: missing on purpose: a plan, a cutover or a verdict holds it."""

    verified_by: Mapping[Side, int]
    held_by: Mapping[Side, int]
    deviations: tuple[Deviation, ...]

    @property
    def verified(self) -> int:
        """Return how much is as it should be, on all sides."""
        return sum(self.verified_by.values())

    @property
    def held(self) -> int:
        """Return how much is held, on all sides."""
        return sum(self.held_by.values())

    def number(self, kind: DeviationKind) -> int:
        """Return how many deviations are of the kind."""
        return sum(1 for one in self.deviations if one.kind is kind)


Former = Callable[[PersonId], Collection[Key]]
"""Asked for few people only: what former posts and grants brought them."""


@dataclass(frozen=True, slots=True)
class Known:
    """What explains a difference.

    `to_go`: what a plan was to take. `held`: (person, system, entitlement) that a plan or cutover holds.
    `residues`: what was taken and may live on, with the instant at which it ends.
    """

    targets: Targets
    former: Former
    to_go: Collection[Held] = frozenset()
    held: Collection[tuple[PersonId, str, str]] = frozenset()
    residues: Mapping[tuple[PersonId, str, str, str], datetime] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        return self.targets.catalogue


def compare(subjects: Iterable[Subject], known: Known) -> Comparison:
    """Compare everyone with the readings in `known.targets`; equal input gives deviations in equal order."""
    work = _Work(known)
    for subject in subjects:
        work.visit(subject)
    return work.result()


def _one_sided(catalogue: Catalogue) -> dict[str, Side]:
    """Return the side of each system whose entitlements are all of one side."""
    sides: dict[str, set[Side]] = {system: {catalogue.system_side(system)} for system in catalogue.systems}
    for key in catalogue.entitlements:
        sides.setdefault(key[0], set()).add(catalogue.side(key))
    return {system: next(iter(one)) for system, one in sides.items() if len(one) == 1}


class _Work:
    """Gathers person by person; most people hold exactly what they should, and cost one comparison of sets."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._readings = known.targets.readings
        self._verified: Counter[Side] = Counter()
        self._held: Counter[Side] = Counter()
        self._sides = _one_sided(known.catalogue)
        self._deviations: list[Deviation] = []
        self._linked: set[tuple[str, str]] = set()
        self._sharing: dict[tuple[str, str], list[Subject]] = {}
        self._protects: dict[tuple[str, frozenset[str]], frozenset[Side]] = {}

    def visit(self, subject: Subject) -> None:
        """Compare one person on every system where they have an account or should hold something."""
        by_system: dict[str, list[Linked]] = {}
        for link in subject.accounts:
            by_system.setdefault(link.system, []).append(link)
            self._linked.add((link.system, link.account))
        present: dict[str, frozenset[str]] = {}
        for system in sorted(by_system.keys() | subject.wanted.by_system.keys()):
            wanted = subject.wanted.by_system.get(system, frozenset())
            names = self._known.targets.owned(system, wanted, unlisted=True)
            present[system] = self._system(subject, system, by_system.get(system, []), names)
        wrong = self._not_due(subject, present)
        for (system, name), code in wrong.items():
            for account in self._holding(by_system[system], name):
                self._add(DeviationKind.EXCESS, (system, name), code, subject.person_id, account)
        for system, names in present.items():
            self._count(system, [name for name in names if (system, name) not in wrong] if wrong else names)

    def _not_due(self, subject: Subject, present: Mapping[str, frozenset[str]]) -> dict[Key, str]:
        """Return what is there as posts bring it and may not be verified, and why: law 3, then law 1."""
        sides: set[Side] = set()
        for system, names in present.items():
            sides |= self._protected(system, names)
        if len(sides) < 2 and not subject.held:
            return {}
        catalogue = self._known.catalogue
        keys = [(system, name) for system, names in present.items() for name in sorted(names)]
        wrong = {key: "verification.waits" for key in keys if subject.waits(key, catalogue)}
        due = {key: side for key in keys if key not in wrong and (side := catalogue.protected_side(key)) is not None}
        clash = clashing(frozenset(due.values()), subject.exempt)
        return wrong | {key: "verification.dual_holding" for key, side in due.items() if side in clash}

    def _protected(self, system: str, names: frozenset[str]) -> frozenset[Side]:
        """Return the sides that these protect; posts of one kind bring the same, so each set is asked once."""
        if (system, names) not in self._protects:
            sides = (self._known.catalogue.protected_side((system, name)) for name in names)
            self._protects[system, names] = frozenset(side for side in sides if side is not None)
        return self._protects[system, names]

    def _holding(self, links: Iterable[Linked], name: str) -> Iterator[str]:
        for link in links:
            reading = self._readings[link.system]
            state = reading.accounts.get(link.account) if isinstance(reading, Reading) else None
            if link.current and state is not None and name in state.entitlements:
                yield link.account

    def result(self) -> Comparison:
        """Add what concerns accounts and systems rather than persons, and return everything."""
        for (system, account), users in sorted(self._sharing.items()):
            self._shared(system, account, users)
        for system, reading in sorted(self._readings.items()):
            if isinstance(reading, Reading):
                self._unlinked(system, reading)
            if not isinstance(reading, Reading) or not reading.complete:
                side = self._known.catalogue.system_side(system)
                code = "verification.unread" if isinstance(reading, Unread) else "verification.incomplete"
                self._deviations.append(Deviation(DeviationKind.UNKNOWN, system, side, code))
        for (person, system, account, name), until in sorted(self._known.residues.items()):
            self._add(DeviationKind.LEFT_OVER, (system, name), "verification.residue", person, account, until)
        order = sorted(self._deviations, key=lambda one: (one.system, one.account, one.entitlement, one.kind, one.code))
        return Comparison(dict(self._verified), dict(self._held), tuple(order))

    def _system(self, subject: Subject, system: str, links: list[Linked], names: frozenset[str]) -> frozenset[str]:
        """Find what is missing or too much on the system, and return what is there as wanted."""
        reading = self._readings.get(system)
        if not isinstance(reading, Reading):
            for name in sorted(names):
                self._add(DeviationKind.UNKNOWN, (system, name), "verification.unread", subject.person_id)
            return frozenset()
        seen: set[str] = set()
        for link in links:
            state = reading.accounts.get(link.account)
            if state is None:
                continue
            if link.current:
                seen |= state.entitlements
            self._account(subject, link, state, names)
        for name in sorted(names - seen):
            self._not_seen(subject, (system, name), reading)
        return names if names <= seen else names & seen

    def _count(self, system: str, names: Collection[str]) -> None:
        side = self._sides.get(system)
        if side is not None:
            self._verified[side] += len(names)
        else:
            self._verified.update(self._known.catalogue.side((system, name)) for name in names)

    def _account(self, subject: Subject, link: Linked, state: AccountState, names: frozenset[str]) -> None:
        """Find what the account holds and should not; an account of several persons is judged for all at once."""
        if (link.system, link.account) in self._known.targets.shared:
            self._sharing.setdefault((link.system, link.account), []).append(subject)
            return
        allowed = names if link.current else frozenset[str]()
        for name in sorted(self._known.targets.owned(link.system, state.entitlements) - allowed):
            self._too_much(subject.person_id, link.system, link.account, name)
        if not self._known.targets.owns_accounts(link.system):
            return
        key = (link.system, "")
        if subject.presence is Presence.LEFT and state.active:
            self._add(DeviationKind.LEFT_OVER, key, "verification.still_active", subject.person_id, link.account)
        elif subject.presence is Presence.WORKING and allowed and not state.active:
            self._add(DeviationKind.MISSING, key, "verification.inactive", subject.person_id, link.account)

    def _too_much(self, person: PersonId, system: str, account: str, name: str) -> None:
        """Say why something is there that should not be: left over where we know, excess where nobody does."""
        known = self._known
        code = "verification.nobody_knows"
        if (system, account, name) in known.to_go:
            code = "verification.not_taken"
        elif (system, account, name) in known.targets.granted:
            code = "verification.given_before"
        elif known.catalogue.entitlements[(system, name)].owned is Ownership.ADDITIVE:
            return
        elif (system, name) in known.former(person):
            code = "verification.former"
        kind = DeviationKind.EXCESS if code == "verification.nobody_knows" else DeviationKind.LEFT_OVER
        self._add(kind, (system, name), code, person, account)

    def _not_seen(self, subject: Subject, key: Key, reading: Reading) -> None:
        person = subject.person_id
        if (person, *key) in self._known.held or (reading.complete and subject.waits(key, self._known.catalogue)):
            self._held[self._known.catalogue.side(key)] += 1
        elif reading.complete:
            self._add(DeviationKind.MISSING, key, "verification.missing", person)
        else:
            self._add(DeviationKind.UNKNOWN, key, "verification.incomplete", person)

    def _shared(self, system: str, account: str, users: list[Subject]) -> None:
        reading = self._readings[system]
        if not isinstance(reading, Reading):
            return
        kept: frozenset[str] = frozenset().union(*(one.wanted.by_system.get(system, frozenset()) for one in users))
        first = min(users, key=lambda one: one.person_id)
        held = self._known.targets.owned(system, reading.accounts[account].entitlements)
        for name in sorted(held - kept):
            self._too_much(first.person_id, system, account, name)

    def _unlinked(self, system: str, reading: Reading) -> None:
        for account, state in self._nobodys(system, reading):
            for name in sorted(self._known.targets.owned(system, state.entitlements)):
                self._add(DeviationKind.UNKNOWN, (system, name), "verification.nobodys_account", None, account)

    def _nobodys(self, system: str, reading: Reading) -> Iterator[tuple[str, AccountState]]:
        for account, state in sorted(reading.accounts.items()):
            key = (system, account)
            if key not in self._linked and key not in self._known.catalogue.protected_accounts:
                yield account, state

    def _add(
        self,
        kind: DeviationKind,
        key: Key,
        code: str,
        person: PersonId | None,
        account: str = "",
        until: datetime | None = None,
    ) -> None:
        side = self._known.catalogue.side(key)
        self._deviations.append(Deviation(kind, key[0], side, code, person, account, key[1], until))
