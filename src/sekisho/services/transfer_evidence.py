"""Where in the ledger what happened to a move stands: entries found by their kind, instant and facts. 証跡.

An entry carries ids and hashes only, so it is found by what it must hold; which entries a reader may open is asked of
`core.visibility` here and again by the ledger's own page.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sekisho.core.kinds import Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose, decide
from sekisho.services import installation, ledger
from sekisho.store import models


@dataclass(frozen=True, slots=True)
class Sought:
    """An entry that must be there: its kind, when it was written, and facts that its leaf holds."""

    kind: str
    at: datetime
    facts: tuple[tuple[str, str | int], ...]
    sides: frozenset[str] = frozenset()
    """Whose entries it may be among ("" neutral); none named, whosever."""


def seek(kind: str, at: datetime, *, sides: Collection[str] = (), **facts: str | int) -> Sought:
    """Return what to look for."""
    return Sought(kind, at, tuple(sorted(facts.items())), frozenset(sides))


@dataclass(frozen=True, slots=True)
class Evidence:
    """An entry of the ledger that the reader may open; `position` None: not sequenced, so not proven yet."""

    entry_id: str
    kind: str
    at: datetime
    position: int | None


def found(*, actor: Actor, now: datetime, sought: Sequence[Sought]) -> dict[Sought, tuple[Evidence, ...]]:
    """Return the entries behind each thing sought that the actor may open: one query, whatever their number."""
    rows = models.LedgerEntry.objects.filter(
        kind__in={one.kind for one in sought}, recorded_at__in={one.at for one in sought}
    )
    by_key: dict[tuple[str, datetime], list[models.LedgerEntry]] = {}
    for row in rows.order_by("pk"):
        by_key.setdefault((row.kind, row.recorded_at), []).append(row)
    opened = _Opened(actor, now)
    return {one: tuple(_matching(one, by_key.get((one.kind, one.at), ()), opened)) for one in sought}


class _Opened:
    """Which entries the reader may open; asked for no entry's content, so nothing is logged."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self._actor, self._now, self._on = actor, now, installation.today(now=now)

    def may(self, row: models.LedgerEntry) -> bool:
        entry = ledger.entry_of(leaf=bytes(row.leaf), position=row.position)
        depth = decide(
            self._actor,
            kind=FactKind.ENTRY,
            side=Side(row.side) if row.side else None,
            purpose=Purpose.AUDIT,
            on=self._on,
            released=not entry.embargoed(at=self._now),
        )
        return depth is Depth.DETAIL


def _matching(one: Sought, rows: Iterable[models.LedgerEntry], opened: _Opened) -> Iterable[Evidence]:
    marks = [f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False)}".encode() for key, value in one.facts]
    for row in rows:
        leaf = bytes(row.leaf)
        if (not one.sides or row.side in one.sides) and all(_holds(leaf, mark) for mark in marks) and opened.may(row):
            yield Evidence(row.entry_id, row.kind, row.recorded_at, row.position)


def _holds(leaf: bytes, mark: bytes) -> bool:
    """Tell whether the canonical leaf has that key with that value: nothing longer that begins like it."""
    return mark + b"," in leaf or mark + b"}" in leaf
