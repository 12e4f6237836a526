"""Ledger entries as a page shows them: by kind, by person, by day; found and cut to a page in the database.

What the actor may not see is neither shown nor counted: entries of other sides, and those about advance notices that
are not released to him. Both stand in columns beside the leaf, which an index can find and nobody signs.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Q

from sekisho.core.periods import day_after
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import installation, ledger, visibility
from sekisho.services.ledger import Entry
from sekisho.store.models import LedgerEntry


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of a kind, about a person, from a day on, up to a day; "" and None: any."""

    kind: str = ""
    person: str = ""
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """One page of entries, the newest first; how many there are in all, and which kinds there are at all."""

    entries: tuple[Entry, ...]
    total: int
    kinds: tuple[str, ...]


def page(*, actor: Actor, now: datetime, wanted: Wanted, number: int, size: int) -> EntriesPage:
    """Return the `number`th page (from 1) of what is wanted and the actor reads in detail.

    Raises:
        NotVisible: the actor may not even know that there are entries.
    """
    kind, purpose = FactKind.ENTRY, Purpose.AUDIT
    visibility.need(actor=actor, kind=kind, side=None, purpose=purpose, now=now, least=Depth.EXISTENCE)
    seen = LedgerEntry.objects.filter(_visible(actor, now))
    rows = seen
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.person:
        rows = rows.filter(person_id=wanted.person)
    if wanted.start is not None:
        rows = rows.filter(recorded_at__gte=installation.midnight(day=wanted.start, known_at=now))
    if wanted.end is not None:
        rows = rows.filter(recorded_at__lt=installation.midnight(day=day_after(wanted.end), known_at=now))
    first = (number - 1) * size
    shown = rows.order_by("-pk").values_list("leaf", "position")[first : first + size]
    return EntriesPage(
        entries=tuple(ledger.entry_of(leaf=bytes(leaf), position=position) for leaf, position in shown),
        total=rows.count(),
        kinds=tuple(seen.order_by("kind").values_list("kind", flat=True).distinct()),
    )


def _visible(actor: Actor, now: datetime) -> Q:
    """Return the filter for what the actor reads in detail: by side, and of embargoed entries only who may know."""
    released = Q(embargo__isnull=True) | Q(embargo__lte=now.astimezone(UTC).isoformat())
    found = Q(pk__in=[])
    for side in ledger.sides():
        if _reads(actor, side, now, released=True):
            found |= Q(side=side) if _reads(actor, side, now, released=False) else Q(side=side) & released
    return found


def _reads(actor: Actor, side: str, now: datetime, *, released: bool) -> bool:
    kind, purpose = FactKind.ENTRY, Purpose.AUDIT
    depth = visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, released=released)
    return depth is Depth.DETAIL
