"""The numbers of the last verification, for pages that count: no deviation is read, so no read is logged. 事後確認."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sekisho.core.kinds import DeviationKind, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import visibility
from sekisho.services.verification_runs import HELD, VERIFIED, Made
from sekisho.store import models


@dataclass(frozen=True, slots=True)
class Counts:
    """A verification in numbers, of the sides that the actor may count; `unread`: their systems without an answer."""

    id: int
    made: Made
    confirmed_by: str
    confirmed_at: datetime | None
    by_side: Mapping[Side, Mapping[str, int]]
    unread: tuple[str, ...]

    @property
    def total(self) -> int:
        """Return everything that was looked at."""
        return sum(sum(numbers.values()) for numbers in self.by_side.values())

    @property
    def verified(self) -> int:
        return self._number(VERIFIED)

    @property
    def held(self) -> int:
        return self._number(HELD)

    @property
    def left_over(self) -> int:
        """Return what is held and should not be, and what nobody can explain."""
        return self._number(DeviationKind.LEFT_OVER) + self._number(DeviationKind.EXCESS)

    @property
    def missing(self) -> int:
        return self._number(DeviationKind.MISSING)

    @property
    def unknown(self) -> int:
        return self._number(DeviationKind.UNKNOWN)

    @property
    def waits(self) -> bool:
        """Tell whether it waits for the word of somebody else than its executor."""
        return self.made.needs_confirmation and not self.confirmed_by

    def _number(self, name: str) -> int:
        return sum(numbers.get(name, 0) for numbers in self.by_side.values())


def last(*, actor: Actor, now: datetime, since: datetime | None = None) -> Counts | None:
    """Return the last verification (none older than `since`); None where there is none, or none he may count."""
    rows = models.VerificationRun.objects.defer("deviations").filter(verified_at__lte=now)
    if since is not None:
        rows = rows.filter(verified_at__gte=since)
    row = rows.order_by("-verified_at", "-pk").first()
    if row is None:
        return None
    sides = {*row.by_side, *(one["side"] for one in row.unread)}
    counted = {
        side
        for side in sorted(sides)
        if visibility.depth(actor=actor, kind=FactKind.DEVIATION, side=side, purpose=Purpose.FIGURES, now=now)
        >= Depth.COUNT
    }
    if sides and not counted:
        return None
    return Counts(
        id=row.pk,
        made=Made(row.as_of, row.verified_at, row.verifier, row.executor, row.needs_confirmation),
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        by_side={Side(side): row.by_side[side] for side in sorted(counted) if side in row.by_side},
        unread=tuple(one["system"] for one in row.unread if one["side"] in counted),
    )
