"""The wall between the sides while a cutover grants: fresh reads of the other sides, then law 1 per person."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db.models import Max

from sekisho.connectors.protocol import ConnectorError
from sekisho.connectors.registry import open_connector
from sekisho.core.access import Catalogue, Reading, Unread
from sekisho.core.kinds import Action, OperationState, PersonId, Side
from sekisho.core.plans import Operation
from sekisho.core.wall import Held, Wall, law1_gate, protected_by_side, wanted_on_both_sides
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
    exempt: frozenset[PersonId]
    home: Path
    clock: Clock
    wall: Wall = field(init=False)
    readings: dict[str, Reading | Unread] = field(default_factory=dict)
    both: frozenset[PersonId] = frozenset()
    _residual: dict[str, int] = field(default_factory=dict)
    _read_at: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        accounts: dict[tuple[PersonId, str], list[str]] = {}
        for person, links in access.links_on(self.catalogue.accounts, self.day).items():
            for link in links:
                accounts.setdefault((person, link.system), []).append(link.account)
        self.wall = Wall(protected_by_side(self.catalogue), accounts, self._residual, self.exempt)

    def expect(self, grants: Iterable[Operation]) -> None:
        """Take in everything the plan gives, to find who would get both sides from one run."""
        given = [(one.person_id, side) for one in grants if (side := self.side(one)) is not None]
        self.both = wanted_on_both_sides(given, self.wall)

    def side(self, operation: Operation) -> Side | None:
        """Return the side whose protected access the operation gives, or None: outside law 1.

        Switching an account on gives whatever it holds, so it counts where its system protects anything.
        """
        if operation.action is Action.ENABLE:
            protects = operation.system in self.wall.protected.get(operation.side, {})
            return operation.side if protects else None
        if operation.action is Action.GRANT:
            return self.catalogue.protected_side((operation.system, operation.entitlement))
        return None

    def holds(self, batch: Collection[Operation]) -> dict[str, Outcome]:
        """Return the operations of a batch that the wall holds, reading the other sides afresh where needed."""
        asked = [(one, side) for one in batch if (side := self.side(one)) is not None]
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
                held[one.id] = Outcome(OperationState.HELD, verdict.code, detail)
        return held

    def unread(self) -> frozenset[str]:
        """Return the systems that could not be read for the wall."""
        return frozenset(system for system, reading in self.readings.items() if isinstance(reading, Unread))

    def _refresh(self, asked: Iterable[tuple[Operation, Side]]) -> None:
        needed = {
            system
            for one, side in asked
            for system in self.wall.other_systems(side)
            if (one.person_id, system) in self.wall.accounts
        }
        for name in sorted(needed):
            now = self.clock.now()
            if name in self._read_at and now - self._read_at[name] < FRESH:
                continue
            system = self.catalogue.systems[name]
            self.readings[name] = observations.read_system(system=system, now=now, purpose="cutover", home=self.home)
            self._read_at[name] = now
            if name not in self._residual:
                self._residual[name] = self._outlives(name)

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
