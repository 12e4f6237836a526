"""Law 1 at the moment of granting: never both sides of the wall. 情報遮断の壁.

Here: what a fresh read of the other sides must show before a protected grant may run. Not here: the
conduct rules on posts (`rules`, `screening`), which judge the move; this judges the access.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sekisho.core.access import Catalogue, Reading, Unread
from sekisho.core.kinds import Ownership, PersonId, Side

Accounts = Mapping[tuple[PersonId, str], Collection[str]]
"""(person, system) → accounts, those whose link has ended too: an ended link does not end access."""

Covered = frozenset[frozenset[Side]]
"""What a person's exceptions in force cover: for each, the sides that it lets the person hold together.

Two exceptions that share a side do not add up: nobody has approved the other two sides together.
"""
NOT_COVERED: Covered = frozenset()


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing of another side stands in the way."""


@dataclass(frozen=True, slots=True)
class Held:
    """The grant waits; `until` names the instant at which a residue runs out, where that is the cause."""

    code: str
    system: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wall:
    """What the law needs to know of the installation.

    `protected`: side → system → the owned protected entitlements there. `residual_seconds`: per system, for
    how long a session or ticket outlives a revocation. `exempt`: what exceptions in force cover, for the
    persons who have any.
    """

    protected: Mapping[Side, Mapping[str, frozenset[str]]]
    accounts: Accounts
    residual_seconds: Mapping[str, int] = field(default_factory=dict)
    exempt: Mapping[PersonId, Covered] = field(default_factory=dict)

    def other_systems(self, side: Side) -> frozenset[str]:
        """Return the systems that hold protected entitlements of any side but this one."""
        return frozenset(system for other, held in self.protected.items() if other != side for system in held)


def clashing(sides: Collection[Side], covered: Covered) -> frozenset[Side]:
    """Return those of the sides that no exception lets be held together with some other of them."""
    return frozenset(
        one for one in sides for other in sides if one != other and not any({one, other} <= pair for pair in covered)
    )


def protected_by_side(catalogue: Catalogue) -> dict[Side, dict[str, frozenset[str]]]:
    """Return side → system → owned protected entitlements. Those without any side are outside the law."""
    found: dict[Side, dict[str, frozenset[str]]] = {}
    for key, entitlement in catalogue.entitlements.items():
        side = catalogue.protected_side(key)
        if side is None or entitlement.owned is Ownership.IGNORED:
            continue
        held = found.setdefault(side, {})
        held[entitlement.system] = held.get(entitlement.system, frozenset()) | {entitlement.id}
    return found


def law1_gate(
    person: PersonId,
    side: Side,
    wall: Wall,
    *,
    readings: Mapping[str, Reading | Unread],
    revoked_at: Mapping[tuple[PersonId, str], datetime],
    now: datetime,
) -> Go | Held:
    """Tell whether a protected grant of `side` may run for the person now.

    Every owned protected entitlement of every other side must be read as absent from the person's
    accounts, and what outlives its revocation must have run out. A system that gave no complete
    answer confirms nothing. `revoked_at`: when Sekisho last took something protected from a person on a system.
    """
    covered = wall.exempt.get(person, NOT_COVERED)
    for other in sorted(other for other in wall.protected if clashing({side, other}, covered)):
        for system, entitlements in sorted(wall.protected[other].items()):
            accounts = wall.accounts.get((person, system), ())
            if not accounts:
                continue
            verdict = _absent(readings.get(system), accounts, entitlements, system)
            if isinstance(verdict, Held):
                return verdict
            gone = revoked_at.get((person, system))
            until = gone + timedelta(seconds=wall.residual_seconds.get(system, 0)) if gone else None
            if until is not None and until > now:
                return Held("cutover.residue", system, until)
    return Go()


def wanted_on_both_sides(grants: Iterable[tuple[PersonId, Side]], wall: Wall) -> frozenset[PersonId]:
    """Return the persons whom the same run would give protected access on sides that no exception covers together.

    None of it runs: which side were to win is not ours to choose.
    """
    sides: dict[PersonId, set[Side]] = {}
    for person, side in grants:
        if side in wall.protected:
            sides.setdefault(person, set()).add(side)
    return frozenset(person for person, held in sides.items() if clashing(held, wall.exempt.get(person, NOT_COVERED)))


def _absent(
    reading: Reading | Unread | None, accounts: Collection[str], entitlements: frozenset[str], system: str
) -> Go | Held:
    if not isinstance(reading, Reading) or not reading.complete:
        return Held("cutover.other_side_unread", system)
    for account in accounts:
        state = reading.accounts.get(account)
        if state is not None and state.entitlements & entitlements:
            return Held("cutover.other_side_present", system)
    return Go()
