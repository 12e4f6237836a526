"""What may stop an operation when it is due: facts learned since the plan, and law 1.

The wall asks fresh reads of the other sides, per person. It knows persons by their accounts, so giving also
needs the account to be that person's still: otherwise it would be asked about somebody else.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db.models import Max

from sekisho.connectors.protocol import ConnectorError
from sekisho.connectors.registry import open_connector
from sekisho.core.access import Catalogue, Key, Reading, Unread
from sekisho.core.kinds import NEUTRAL, Action, OperationState, Ownership, PersonId, Side
from sekisho.core.plans import Operation
from sekisho.core.wall import (
    NOT_COVERED,
    Covered,
    Held,
    Wall,
    clashing,
    law1_gate,
    protected_by_side,
    wanted_on_both_sides,
)
from sekisho.services import access, observations
from sekisho.services.cutover_steps import Clock, Outcome
from sekisho.store.models import OperationRecord

FRESH = timedelta(seconds=60)
"""How old a read of the other sides may be when a protected grant is sent."""


@dataclass(slots=True)
class WallKeeper:
    """Asks law 1 of every protected grant of one run, over reads that it keeps fresh."""

    catalogue: Catalogue
    day: date
    exempt: Mapping[PersonId, Covered]
    home: Path
    clock: Clock
    wall: Wall = field(init=False)
    readings: dict[str, Reading | Unread] = field(default_factory=dict)
    both: frozenset[PersonId] = frozenset()
    withdrawn: frozenset[tuple[PersonId, Key]] = frozenset()
    """What the plan gives and what was learned since would not."""
    _residual: dict[str, int] = field(default_factory=dict)
    _read_at: dict[str, datetime] = field(default_factory=dict)
    _users: dict[tuple[str, str], set[PersonId]] = field(default_factory=dict)
    _accounts: dict[tuple[PersonId, str], list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        accounts = self._accounts
        for person, links in access.links_on(self.catalogue.accounts, self.day).items():
            for link in links:
                accounts.setdefault((person, link.system), []).append(link.account)
                if link.current:
                    self._users.setdefault((link.system, link.account), set()).add(person)
        self.wall = Wall(protected_by_side(self.catalogue), accounts, self._residual, self.exempt)

    def expect(self, grants: Iterable[Operation]) -> None:
        """Take in everything the plan gives, to find who would get both sides from one run."""
        given = [(one.person_id, side) for one in grants if (side := self.side(one)) is not None]
        self.both = wanted_on_both_sides(given, self.wall)

    def side(self, operation: Operation) -> Side | None:
        """Return the side whose protected access the operation gives by its own words, or None: outside law 1."""
        if operation.action is Action.GRANT:
            return self.catalogue.protected_side((operation.system, operation.entitlement))
        return None

    def holds(self, batch: Collection[Operation]) -> dict[str, Outcome]:
        """Return the operations of a batch that the wall holds, reading the other sides afresh where needed."""
        switched = [one for one in batch if one.action is Action.ENABLE and self._protecting(one.system)]
        self._read({one.system for one in switched})
        asked = [(one, side) for one in batch if (side := self.side(one)) is not None]
        asked += [(one, side) for one in switched for side in self._switched_on(one)]
        self._refresh(asked)
        now = self.clock.now()
        revoked = self._revoked_at({one.person_id for one, _ in asked})
        held: dict[str, Outcome] = {}
        for one, side in asked:
            if one.person_id in self.both:
                held[one.id] = Outcome(OperationState.HELD, "cutover.both_sides")
                continue
            verdict = law1_gate(one.person_id, side, self.wall, readings=self.readings, revoked_at=revoked, now=now)
            if isinstance(verdict, Held):
                detail = f"{verdict.system} {verdict.until.isoformat()}" if verdict.until else verdict.system
                other = self._other(verdict.system, side, one.person_id)
                held[one.id] = Outcome(OperationState.HELD, verdict.code, detail, other)
        return held

    def _other(self, system: str, side: Side, person: PersonId) -> Side:
        """Return the side that the system stands for against `side`: the first that protects anything there."""
        covered = self.wall.exempt.get(person, NOT_COVERED)
        return min((other for other in self._protecting(system) if clashing({side, other}, covered)), default=NEUTRAL)

    def outdated(self, batch: Iterable[Operation]) -> dict[str, Outcome]:
        """Return the operations that what was learned since the plan forbids: they need a new plan (law 2).

        What is protected or not ours by now is not touched at all. Giving also asks whose the account is
        today; taking does not, because less access was approved whatever else happened.
        """
        held = ((one, self._outdated(one)) for one in batch)
        return {one.id: Outcome(OperationState.HELD, code, one.system) for one, code in held if code}

    def _outdated(self, one: Operation) -> str:
        row = self.catalogue.entitlements.get((one.system, one.entitlement))
        if (one.system, one.account) in self.catalogue.protected_accounts:
            return "cutover.guard_protected_account"
        if row.owned is Ownership.IGNORED if row else one.action is Action.GRANT:
            return "cutover.not_ours"
        if one.phase == 2 and self._users.get((one.system, one.account)) != {one.person_id}:
            return "cutover.relinked"
        if one.phase == 2 and (one.person_id, (one.system, one.entitlement)) in self.withdrawn:
            return "cutover.withdrawn"
        return ""

    def unread(self) -> frozenset[str]:
        """Return the systems that could not be read for the wall."""
        return frozenset(system for system, reading in self.readings.items() if isinstance(reading, Unread))

    def _protecting(self, system: str) -> list[Side]:
        return [side for side, held in self.wall.protected.items() if system in held]

    def _switched_on(self, one: Operation) -> list[Side]:
        """Return the sides whose protected access the account holds by now, and would give once it is on.

        What could not be read may be of any side that the system protects.
        """
        reading, sides = self.readings[one.system], self._protecting(one.system)
        if isinstance(reading, Unread) or not reading.complete:
            return sides
        state = reading.accounts.get(one.account)
        names = state.entitlements if state else frozenset[str]()
        return [side for side in sides if names & self.wall.protected[side][one.system]]

    def _refresh(self, asked: Iterable[tuple[Operation, Side]]) -> None:
        self._read(
            system
            for one, side in asked
            for system in self.wall.other_systems(side)
            if (one.person_id, system) in self.wall.accounts
        )

    def _read(self, systems: Iterable[str]) -> None:
        for name in sorted(set(systems)):
            now = self.clock.now()
            if name in self._read_at and now - self._read_at[name] < FRESH:
                continue
            system = self.catalogue.systems[name]
            self.readings[name] = observations.read_system(system=system, now=now, purpose="cutover", home=self.home)
            self._read_at[name] = now
            self._find_spellings(name)
            if name not in self._residual:
                self._residual[name] = self._outlives(name)

    def _find_spellings(self, name: str) -> None:
        """Take an account that differs from a linked one by case or width only for that person's as well.

        Directories and SCIM services take both for one account, so its access must not pass for nobody's.
        """
        reading = self.readings[name]
        if isinstance(reading, Unread):
            return
        strange: dict[str, list[str]] = {}
        for account in reading.accounts:
            if (name, account) not in self._users:
                strange.setdefault(_folded(account), []).append(account)
        if strange:
            for (_, system), mine in self._accounts.items():
                if system == name:
                    found = {other for account in mine for other in strange.get(_folded(account), ())}
                    mine.extend(sorted(found.difference(mine)))

    def _outlives(self, name: str) -> int:
        try:
            with closing(open_connector(self.catalogue.systems[name], home=self.home)) as connector:
                return connector.capabilities.residual_seconds
        except ConnectorError:
            return 0

    def _revoked_at(self, people: Collection[PersonId]) -> Mapping[tuple[PersonId, str], datetime]:
        """Return when something was last taken from these people, on systems where anything outlives it."""
        slow = [name for name, seconds in self._residual.items() if seconds]
        if not slow:
            return {}
        rows = (
            OperationRecord.objects.filter(person_id__in=people, system_id__in=slow)
            .filter(phase=1, state=OperationState.APPLIED.value)
            .values_list("person_id", "system_id")
            .annotate(last=Max("changed_at"))
        )
        return {(PersonId(person), system): last for person, system, last in rows}


def _folded(account: str) -> str:
    return unicodedata.normalize("NFKC", account).casefold()
