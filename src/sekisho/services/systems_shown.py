"""Systems as pages show them: entitlements, what brings them, what the target can do, and how well each is read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Subquery

from sekisho.core.access import Bundle, Entitlement, System
from sekisho.core.kinds import NEUTRAL, Side
from sekisho.core.periods import local_day
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide
from sekisho.services import access, installation, visibility
from sekisho.services.who import UnknownSystem
from sekisho.store import models

COVERED_DAYS = 30
"""Over how many days a system's page says on how many of them it was read whole."""
READS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class SystemReading:
    """A read of a system: `failure` is a code, "" where it answered. `abilities` as the target offered them.

    The numbers are None to who does not read every side of the system: they are those of all sides together.
    """

    at: datetime
    complete: bool
    failure: str
    accounts: int | None
    holdings: int | None
    purpose: str
    abilities: Mapping[str, object] | None

    @property
    def is_whole(self) -> bool:
        return self.complete and not self.failure


@dataclass(frozen=True, slots=True)
class SystemShown:
    """A system, its entitlements of the sides that the actor reads, and what brings them. `read` None: never."""

    system: System
    side: Side
    entitlements: tuple[Entitlement, ...]
    bundles: tuple[Bundle, ...]
    read: SystemReading | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The last reads of a system, the newest first; on how many of the last days it was read whole.

    `holders`: on how many accounts each entitlement is held by what was read last.
    """

    reads: tuple[SystemReading, ...]
    days_read: int
    days: int
    holders: Mapping[str, int]


def systems(*, actor: Actor, now: datetime) -> tuple[SystemShown, ...]:
    """Return the systems of the sides whose systems the actor reads, by id.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.SYSTEM, now=now)
    known, purpose = access.known_systems(known_at=now), visibility.purpose(actor=actor, now=now)
    sides = {known.system_side(system) for system in known.systems} | {known.side(key) for key in known.entitlements}
    seen = {
        side: visibility.depth(
            actor=actor, kind=FactKind.SYSTEM, side=None if side == NEUTRAL else side, purpose=purpose, now=now
        )
        is Depth.DETAIL
        for side in sorted(sides)
    }
    reads = _last_reads(now)
    entitlements: dict[str, list[Entitlement]] = {}
    for key, row in sorted(known.entitlements.items()):
        if seen[known.side(key)]:
            entitlements.setdefault(key[0], []).append(row)
    partly = {key[0] for key in known.entitlements if not seen[known.side(key)]}
    bundles: dict[str, list[Bundle]] = {}
    for one in known.bundles:
        told = frozenset(name for name in one.entitlements if seen[known.side((one.system, name))])
        if told:
            bundles.setdefault(one.system, []).append(replace(one, entitlements=told))
    return tuple(
        SystemShown(
            system=system,
            side=known.system_side(system.id),
            entitlements=tuple(entitlements.get(system.id, ())),
            bundles=tuple(bundles.get(system.id, ())),
            read=_cut(reads.get(system.id), whole=system.id not in partly),
        )
        for system in sorted(known.systems.values(), key=lambda one: one.id)
        if seen[known.system_side(system.id)]
    )


def _cut(read: SystemReading | None, *, whole: bool) -> SystemReading | None:
    """Return the read without its numbers where they are those of sides together of which one is not read."""
    return read if read is None or whole else replace(read, accounts=None, holdings=None)


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


def coverage(*, actor: Actor, now: datetime, system_id: str) -> Coverage:
    """Return how well a system was read of late.

    Raises:
        NotVisible
        UnknownSystem: there is none, or none that the actor may know of.
    """
    shown = system(actor=actor, now=now, system_id=system_id)
    known = access.known_systems(known_at=now)
    told = {row.key for row in shown.entitlements} == {key for key in known.entitlements if key[0] == system_id}
    rows = models.SystemRead.objects.filter(system_id=system_id, read_at__lte=now)
    since, zone = now - timedelta(days=COVERED_DAYS), installation.zone(known_at=now)
    whole = rows.filter(read_at__gt=since, complete=True, failure="").values_list("read_at", flat=True)
    held = models.ObservedHolding.objects.filter(system_id=system_id, first_seen_at__lte=now, absent_at__isnull=True)
    return Coverage(
        reads=tuple(
            one for row in rows.order_by("-read_at", "-pk")[:READS_SHOWN] if (one := _cut(_read(row), whole=told))
        ),
        days_read=len({local_day(at, zone) for at in whole}),
        days=COVERED_DAYS,
        holders={
            name: count
            for name, count in held.values_list("entitlement").annotate(n=Count("pk")).order_by("entitlement")
            if _counts(actor, now, known.side((shown.system.id, name)))
        },
    )


def _counts(actor: Actor, now: datetime, side: Side) -> bool:
    """Tell whether the actor may count who holds what of the side."""
    on, whose = installation.today(now=now), None if side == NEUTRAL else side
    purpose = visibility.purpose(actor=actor, now=now)
    return decide(actor, kind=FactKind.HOLDING, side=whose, purpose=purpose, on=on) >= Depth.COUNT


def _last_reads(now: datetime) -> dict[str, SystemReading]:
    """Return each system's last read: one query, the newest of each."""
    last = models.SystemRead.objects.filter(system_id=OuterRef("system_id"), read_at__lte=now).order_by(
        "-read_at", "-pk"
    )
    rows = models.SystemRead.objects.filter(pk=Subquery(last.values("pk")[:1]))
    return {row.system_id: _read(row) for row in rows}


def _read(row: models.SystemRead) -> SystemReading:
    return SystemReading(
        row.read_at, row.complete, row.failure, row.accounts, row.holdings, row.purpose, row.capabilities
    )
