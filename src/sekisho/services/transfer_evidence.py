"""Where in the ledger what happened to a move stands: entries found by their kind, instant and facts. 証跡.

An entry carries ids and hashes only, so it is found by what it must hold; which entries a reader may open is asked of
`core.visibility` here and again by the ledger's own page.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BinaryField, F, Func, IntegerField, Q, Value
from django.db.models.lookups import GreaterThan

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
    if not sought:
        return {}
    rows = models.LedgerEntry.objects.filter(reduce(or_, map(_where, sought)))
    by_key: dict[tuple[str, datetime], list[models.LedgerEntry]] = {}
    for row in rows.order_by("pk"):
        by_key.setdefault((row.kind, row.recorded_at), []).append(row)
    opened = _Opened(actor, now)
    return {one: tuple(_matching(one, by_key.get((one.kind, one.at), ()), opened)) for one in sought}


class _At(Func):
    """Where some bytes stand in others, from 1; 0 where they do not: a file's thousands of entries stay there."""

    function, output_field = "INSTR", IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **words: Any) -> Any:
        turned = self.copy()
        turned.set_source_expressions(list(reversed(self.get_source_expressions())))
        return turned.as_sql(compiler, connection, function="POSITION", arg_joiner=" IN ", **words)


def _where(one: Sought) -> Q:
    """Return the condition under which a row can be the entry; `_matching` looks at it letter by letter."""
    found = Q(kind=one.kind, recorded_at=one.at)
    for mark in _marks(one):
        found &= Q(GreaterThan(_At(F("leaf"), Value(mark, output_field=BinaryField())), 0))
    return found


def _marks(one: Sought) -> list[bytes]:
    """Return how the facts are spelled in a canonical leaf."""
    return [f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False)}".encode() for key, value in one.facts]


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
    marks = _marks(one)
    for row in rows:
        leaf = bytes(row.leaf)
        if (not one.sides or row.side in one.sides) and all(_holds(leaf, mark) for mark in marks) and opened.may(row):
            yield Evidence(row.entry_id, row.kind, row.recorded_at, row.position)


def _holds(leaf: bytes, mark: bytes) -> bool:
    """Tell whether the canonical leaf has that key with that value: nothing longer that begins like it."""
    return mark + b"," in leaf or mark + b"}" in leaf
