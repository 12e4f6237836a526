"""Systems as pages show them: entitlements, what brings them, and when each was last read. システム."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from sekisho.core.access import Bundle, Entitlement, System
from sekisho.core.kinds import NEUTRAL, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import access, visibility
from sekisho.services.who import UnknownSystem
from sekisho.store import models


@dataclass(frozen=True, slots=True)
class LastRead:
    """The last read of a system: `failure` is a code, "" where it answered."""

    at: datetime
    complete: bool
    failure: str
    accounts: int
    holdings: int


@dataclass(frozen=True, slots=True)
class SystemShown:
    """A system, its entitlements of the sides that the actor reads, and what brings them. `read` None: never."""

    system: System
    side: Side
    entitlements: tuple[Entitlement, ...]
    bundles: tuple[Bundle, ...]
    read: LastRead | None


def systems(*, actor: Actor, now: datetime) -> tuple[SystemShown, ...]:
    """Return the systems of the sides whose systems the actor reads, by id.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.SYSTEM, now=now)
    known, purpose = access.catalogue(known_at=now), visibility.purpose(actor=actor, now=now)
    sides = {known.system_side(system) for system in known.systems} | {known.side(key) for key in known.entitlements}
    seen = {
        side: visibility.depth(
            actor=actor, kind=FactKind.SYSTEM, side=None if side == NEUTRAL else side, purpose=purpose, now=now
        )
        is Depth.DETAIL
        for side in sorted(sides)
    }
    reads = _reads(now)
    return tuple(
        SystemShown(
            system=system,
            side=known.system_side(system.id),
            entitlements=tuple(
                row for key, row in sorted(known.entitlements.items()) if key[0] == system.id and seen[known.side(key)]
            ),
            bundles=tuple(one for one in known.bundles if one.system == system.id),
            read=reads.get(system.id),
        )
        for system in sorted(known.systems.values(), key=lambda one: one.id)
        if seen[known.system_side(system.id)]
    )


def system(*, actor: Actor, now: datetime, system_id: str) -> SystemShown:
    """Return one system.

    Raises:
        NotVisible
        UnknownSystem: there is none, or none that the actor may know of.
    """
    mine = systems(actor=actor, now=now)
    found = next((one for one in mine if one.system.id == system_id), None)
    if found is None:
        known = ", ".join(one.system.id for one in mine) or "-"
        raise UnknownSystem("who.unknown_system", {"system": system_id, "known": known})
    return found


def _reads(now: datetime) -> dict[str, LastRead]:
    """Return each system's last read: one query, the newest of each."""
    last = models.SystemRead.objects.filter(system_id=OuterRef("system_id"), read_at__lte=now).order_by(
        "-read_at", "-pk"
    )
    rows = models.SystemRead.objects.filter(pk=Subquery(last.values("pk")[:1]))
    return {row.system_id: LastRead(row.read_at, row.complete, row.failure, row.accounts, row.holdings) for row in rows}
