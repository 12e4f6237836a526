"""Ledger entries as a page shows them: by kind, by person, by day; found and cut to a page in the database.

What the actor may not see is neither shown nor counted: entries of other sides, and those about advance notices that
are not released to him. Both stand in columns beside the leaf, which an index can find and nobody signs.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Count, Min, Q

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


def page(*, actor: Actor, now: datetime, wanted: Wanted, first: int, size: int) -> EntriesPage:
    """Return `size` entries from the place `first` (from 0) on, of what is wanted and the actor reads in detail.

    Raises:
        NotVisible: the actor may not even know that there are entries.
    """
    kind, purpose = FactKind.ENTRY, Purpose.AUDIT
    visibility.need(actor=actor, kind=kind, side=None, purpose=purpose, now=now, least=Depth.EXISTENCE)
    reach = _reach(actor, now)
    rows = LedgerEntry.objects.filter(_visible(reach, now))
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.person:
        rows = rows.filter(person_id=wanted.person)
    if wanted.start is not None:
        rows = rows.filter(recorded_at__gte=installation.midnight(day=wanted.start, known_at=now))
    if wanted.end is not None:
        rows = rows.filter(recorded_at__lt=installation.midnight(day=day_after(wanted.end), known_at=now))
    shown = rows.order_by("-pk").values_list("leaf", "position")[first : first + size]
    return EntriesPage(
        entries=tuple(ledger.entry_of(leaf=bytes(leaf), position=position) for leaf, position in shown),
        total=rows.count(),
        kinds=_kinds(reach, now),
    )


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which sides' entries the actor does not read, and of which he reads no unreleased ones."""

    hidden: frozenset[str]
    released_only: frozenset[str]


def _reach(actor: Actor, now: datetime) -> _Reach:
    sides = ledger.sides()
    hidden = frozenset(side for side in sides if not _reads(actor, side, now, released=True))
    seen = [side for side in sides if side not in hidden]
    return _Reach(hidden, frozenset(side for side in seen if not _reads(actor, side, now, released=False)))


def _visible(reach: _Reach, now: datetime) -> Q:
    """Return the filter for what the actor reads in detail: by side, and of embargoed entries only who may know.

    Said by what is hidden: asked for one side or another, the database would sort all entries of both by itself.
    """
    released = Q(embargo__isnull=True) | Q(embargo__lte=_spelled(now))
    return ~Q(side__in=reach.hidden) & (~Q(side__in=reach.released_only) | released)


def _kinds(reach: _Reach, now: datetime) -> tuple[str, ...]:
    """Return the kinds of which the actor reads any entry: one walk along the index, no entry is looked at."""
    rows = LedgerEntry.objects.values_list("kind", "side").annotate(
        free=Count("pk", filter=Q(embargo__isnull=True)), first=Min("embargo")
    )
    return tuple(
        sorted(
            {
                kind
                for kind, side, free, first in rows.order_by("kind", "side")
                if side not in reach.hidden
                and (side not in reach.released_only or free or (first is not None and first <= _spelled(now)))
            }
        )
    )


def _spelled(now: datetime) -> str:
    return now.astimezone(UTC).isoformat()


def _reads(actor: Actor, side: str, now: datetime, *, released: bool) -> bool:
    kind, purpose = FactKind.ENTRY, Purpose.AUDIT
    depth = visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, released=released)
    return depth is Depth.DETAIL
