"""Approvals by listed approvers as pages show them: which were given, whose is missing, and who could give it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sekisho.core.kinds import PersonId, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import verification_runs as runs
from sekisho.services import visibility
from sekisho.services.exception_names import Names


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval: by which user, for which sides, when."""

    by: str
    sides: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A side whose approval is missing, and who could give it; `persons` None: that side's own to know."""

    side: Side
    count: int
    persons: tuple[tuple[str, str], ...] | None


def approval(kept: Mapping[str, Any]) -> Approval:
    """Return an approval as the row keeps it; those of the company folder have a day and no moment."""
    written = str(kept.get("at") or "")
    at = datetime.fromisoformat(written) if "T" in written else None
    sides = tuple(word for word in str(kept.get("side") or "").split(";") if word)
    return Approval(str(kept.get("by") or ""), sides, at)


@dataclass(slots=True)
class Telling:
    """What one reader is told of approvers: by name where he reads the persons of their side."""

    actor: Actor
    now: datetime
    names: Mapping[str, str]
    sees: dict[Side, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, actor: Actor, now: datetime, known: Names) -> "Telling":
        persons = sorted({str(person) for row in known.approvers for person in row.persons})
        return cls(actor, now, runs.names(person_ids=persons, known_at=now))

    def waiting(self, missing: Iterable[Side], sides: Mapping[Side, frozenset[PersonId]]) -> tuple[Waiting, ...]:
        """Return the sides that are missing, with who is listed there."""
        return tuple(self._side(side, sides.get(side, frozenset())) for side in missing)

    def _side(self, side: Side, persons: frozenset[PersonId]) -> Waiting:
        if side not in self.sees:
            purpose = visibility.purpose(actor=self.actor, now=self.now)
            depth = visibility.depth(actor=self.actor, kind=FactKind.PERSON, side=side, purpose=purpose, now=self.now)
            self.sees[side] = depth is Depth.DETAIL
        named = tuple((str(one), self.names.get(one, one)) for one in sorted(persons)) if self.sees[side] else None
        return Waiting(side, len(persons), named)
