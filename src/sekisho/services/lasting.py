"""Entries that stay though what they stand beside is undone: that somebody read, that a passkey seems copied (law 4).

A refusal undoes its transaction, and with it the entry written inside. Where somebody opened `kept`, what is missing
when the block ends is written again, in a transaction of its own; what was committed stays as it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.services import ledger
from sekisho.store.models import LedgerEntry


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry as it was written, and its id."""

    entry_id: str
    kind: str
    actor: str
    now: datetime
    facts: Mapping[str, Json]
    side: str


_kept: ContextVar[list[_Written] | None] = ContextVar("kept_entries", default=None)


@transaction.atomic
def record(*, kind: str, actor: str, now: datetime, facts: Mapping[str, Json], side: str = "") -> None:
    """Write one entry that outlasts a refusal."""
    entry_id = ledger.record(kind=kind, actor=actor, now=now, facts=facts, side=side)
    kept = _kept.get()
    if kept is not None:
        kept.append(_Written(entry_id, kind, actor, now, facts, side))


@contextmanager
def kept() -> Iterator[None]:
    """Write again, when the block ends, what was undone in it; to be opened outside of every transaction."""
    written: list[_Written] = []
    token = _kept.set(written)
    try:
        yield
    finally:
        _kept.reset(token)
        if written:
            _again(written)


@transaction.atomic
def _again(written: list[_Written]) -> None:
    there = set(
        LedgerEntry.objects.filter(entry_id__in=[one.entry_id for one in written]).values_list("entry_id", flat=True)
    )
    for one in written:
        if one.entry_id not in there:
            ledger.record(kind=one.kind, actor=one.actor, now=one.now, facts=one.facts, side=one.side)
