"""Write ledger entries inside the business transaction (law 4), and read them back.

`record` and `record_many` are what every service calls; positions, nodes and checkpoints come
afterwards (`sequencer`). Checks, proofs and destruction of content: `evidence`. Packs: `packs`.
"""

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from sekisho.core.canonical import Json, canonical
from sekisho.core.commitments import commitment_to_bytes
from sekisho.core.errors import SekishoError
from sekisho.core.merkle import leaf_hash
from sekisho.services import sequencer
from sekisho.store.models import LedgerContent, LedgerEntry

LEAF_VERSION = 1
ROWS_A_STATEMENT = 1_000


class OutsideTransaction(RuntimeError):
    """An entry was to be written outside its business transaction: a defect of ours."""


class NoSuchEntry(SekishoError):
    """There is no entry with that id or position."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry about to be written.

    `kind` is `noun.past-participle`. `facts` stand in the leaf for ever and hold ids and hashes only;
    `personal` is committed to with a fresh salt and can be destroyed later without breaking a proof.
    """

    kind: str
    facts: Mapping[str, Json]
    personal: Mapping[str, Json] | None = None
    side: str = ""


def record(
    *,
    kind: str,
    actor: str,
    now: datetime,
    facts: Mapping[str, Json],
    personal: Mapping[str, Json] | None = None,
    side: str = "",
) -> str:
    """Write one entry, hashed and not yet indexed, and return its id.

    Raises:
        OutsideTransaction: no transaction is open, so the change and its entry could part.
    """
    return record_many([NewEntry(kind, facts, personal, side)], actor=actor, now=now)[0]


def record_many(entries: Sequence[NewEntry], *, actor: str, now: datetime) -> list[str]:
    """Write many entries in their order with few statements; return their ids.

    Raises:
        OutsideTransaction: no transaction is open.
    """
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction(", ".join(sorted({entry.kind for entry in entries})))
    at = now.astimezone(UTC)
    contents: list[LedgerContent] = []
    rows = [_row(entry, actor, at, contents) for entry in entries]
    if contents:
        LedgerContent.objects.bulk_create(contents, batch_size=ROWS_A_STATEMENT)
    LedgerEntry.objects.bulk_create(rows, batch_size=ROWS_A_STATEMENT)
    return [row.entry_id for row in rows]


def _row(entry: NewEntry, actor: str, at: datetime, contents: list[LedgerContent]) -> LedgerEntry:
    entry_id = uuid.uuid4().hex
    promise = None
    if entry.personal:
        salt, content = secrets.token_bytes(32), canonical(entry.personal)
        promise = commitment_to_bytes(salt, content)
        contents.append(LedgerContent(commitment=promise, entry_id=entry_id, salt=salt, content=content))
    leaf = canonical(
        {
            "v": LEAF_VERSION,
            "id": entry_id,
            "at": at.isoformat(),
            "kind": entry.kind,
            "actor": actor,
            "side": entry.side,
            "facts": entry.facts,
            "personal": promise,
        }
    )
    return LedgerEntry(
        entry_id=entry_id, kind=entry.kind, side=entry.side, recorded_at=at, leaf=leaf, leaf_hash=leaf_hash(leaf)
    )


def sequence(*, now: datetime) -> int:
    """Give waiting entries their positions; return how many. One at a time, in batches."""
    return sequencer.sequence(now=now)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is read: its leaf's fields, its position (None: not sequenced yet)."""

    position: int | None
    id: str
    at: str
    kind: str
    actor: str
    side: str
    facts: Mapping[str, object]
    personal: str | None


def find(word: str) -> Entry:
    """Return the entry with this id or position.

    Raises:
        NoSuchEntry: there is none.
    """
    by_position = word.isascii() and word.isdigit() and len(word) < 19
    row = LedgerEntry.objects.filter(position=int(word)).first() if by_position else None
    row = row or LedgerEntry.objects.filter(entry_id=word).first()
    if row is None:
        raise NoSuchEntry("ledger.no_such_entry", {"entry": word})
    return _entry(row)


def last(*, count: int, sides: Sequence[str]) -> tuple[Entry, ...]:
    """Return the last entries of these sides ("" is neutral), oldest first."""
    rows = LedgerEntry.objects.filter(side__in=list(sides)).order_by("-id")[:count]
    return tuple(_entry(row) for row in reversed(rows))


def count(*, sides: Sequence[str]) -> int:
    """Return how many entries these sides have."""
    return LedgerEntry.objects.filter(side__in=list(sides)).count()


def sides() -> tuple[str, ...]:
    """Return the sides that entries have, "" (neutral) among them."""
    return tuple(sorted({"", *LedgerEntry.objects.values_list("side", flat=True).distinct()}))


def _entry(row: LedgerEntry) -> Entry:
    leaf = json.loads(bytes(row.leaf))
    return Entry(
        position=row.position,
        id=row.entry_id,
        at=leaf["at"],
        kind=leaf["kind"],
        actor=leaf["actor"],
        side=leaf["side"],
        facts=leaf["facts"],
        personal=leaf["personal"],
    )
