"""Write ledger entries inside the business transaction (law 4), and read them back.

`record` and `record_many` are what every service calls; positions, nodes and checkpoints come
afterwards (`sequencer`). Checks, proofs and destruction of content: `evidence`. Packs: `packs`.
"""

import json
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice

from django.db import connection, transaction

from sekisho.core.canonical import Json, canonical
from sekisho.core.commitments import commitment_to_bytes
from sekisho.core.errors import SekishoError
from sekisho.core.merkle import leaf_hash
from sekisho.services import sequencer
from sekisho.store.models import LedgerEntry

LEAF_VERSION = 1
UNTIL_FINAL = "final"
"""An embargo that only the final order ends; the notice named no instant."""

_INSERT_ENTRY = (
    "INSERT INTO store_ledgerentry (entry_id, kind, side, recorded_at, leaf, leaf_hash, person_id, embargo)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_INSERT_CONTENT = (
    "INSERT INTO store_ledgercontent (commitment, entry_id, salt, content, destroyed_by) VALUES (%s, %s, %s, %s, %s)"
)


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
    frames = {key: _frame(*key, actor, at) for key in {(entry.kind, entry.side) for entry in entries}}
    made = [_made(entry, frames[entry.kind, entry.side]) for entry in entries]
    stored_at = connection.ops.adapt_datetimefield_value(at)
    contents = [(row.promise, row.entry_id, row.salt, row.content, "") for row in made if row.promise]
    rows = [
        (row.entry_id, entry.kind, entry.side, stored_at, row.leaf, leaf_hash(row.leaf), *_found_by(entry.facts))
        for entry, row in zip(entries, made, strict=True)
    ]
    with connection.cursor() as cursor:  # plain statements: bulk_create gives SQLite 140 rows at a time
        cursor.executemany(_INSERT_CONTENT, contents)
        cursor.executemany(_INSERT_ENTRY, rows)
    return [row.entry_id for row in made]


def _found_by(facts: Mapping[str, Json]) -> tuple[str | None, str | None]:
    """Return what an entry is found by or left out by: the person it is about, and its embargo."""
    person = next((facts[name] for name in ("person_id", "person", "about") if facts.get(name)), None)
    until = facts.get("embargo")
    return (person if isinstance(person, str) else None, until if isinstance(until, str) else None)


@dataclass(frozen=True, slots=True)
class _Made:
    """An entry's id and bytes, and what its commitment stands for, if it has one."""

    entry_id: str
    leaf: bytes
    promise: str | None = None
    salt: bytes = b""
    content: bytes = b""


Frame = tuple[bytes, bytes, bytes]
"""A leaf's canonical bytes before its facts, between its id and its promise, and after."""


def _frame(kind: str, side: str, actor: str, at: datetime) -> Frame:
    """Return what entries written at once have in common; a cutover writes one a person.

    The leaf's keys in canonical order: actor, at, facts, id, kind, personal, side, v.
    """
    opening = canonical({"actor": actor, "at": at.isoformat()})[:-1] + b',"facts":'
    middle = b'",' + canonical({"kind": kind})[1:-1] + b',"personal":'
    closing = b"," + canonical({"side": side, "v": LEAF_VERSION})[1:]
    return opening, middle, closing


def _made(entry: NewEntry, frame: Frame) -> _Made:
    entry_id, promise, salt, content = uuid.uuid4().hex, None, b"", b""
    if entry.personal:
        salt, content = secrets.token_bytes(32), canonical(entry.personal)
        promise = commitment_to_bytes(salt, content)
    opening, middle, closing = frame
    facts, identity = canonical(entry.facts), b',"id":"' + entry_id.encode()
    leaf = b"".join((opening, facts, identity, middle, canonical(promise), closing))
    return _Made(entry_id, leaf, promise, salt, content)


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

    def embargoed(self, *, at: datetime) -> bool:
        """Tell whether the entry hangs on an advance notice that is not released at `at` (domain §7.11)."""
        until = self.facts.get("embargo")
        return isinstance(until, str) and (until == UNTIL_FINAL or datetime.fromisoformat(until) > at)


def embargo(releases: Iterable[datetime | None]) -> str:
    """Return what an entry about unreleased notices says of it: the last release, or that none is named."""
    instants = list(releases)
    if not instants or None in instants:
        return UNTIL_FINAL
    return max(one for one in instants if one is not None).astimezone(UTC).isoformat()


def find(word: str) -> Entry:
    """Return the entry with this id or position, whoever may see it; for people `entries.find` asks first.

    Raises:
        NoSuchEntry: there is none.
    """
    by_position = word.isascii() and word.isdigit() and len(word) < 19
    row = LedgerEntry.objects.filter(position=int(word)).first() if by_position else None
    row = row or LedgerEntry.objects.filter(entry_id=word).first()
    if row is None:
        raise NoSuchEntry("ledger.no_such_entry", {"entry": word})
    return _entry(row)


def last(*, count: int, sides: Sequence[str], hide: Callable[[Entry], bool] = lambda _: False) -> tuple[Entry, ...]:
    """Return the last entries of these sides ("" is neutral) without those to hide, oldest first."""
    each = (LedgerEntry.objects.filter(side=side).order_by("-id").iterator(chunk_size=500) for side in sides)
    rows = merge(*each, key=lambda row: -row.pk)  # a side at a time its index knows the order; asked at once, none does
    shown = (entry for entry in map(_entry, rows) if not hide(entry))
    return tuple(reversed(list(islice(shown, count))))


def checkpoint() -> str | None:
    """Return the last signed checkpoint, as the text to hand to those who keep one outside; None before the first."""
    last = sequencer.last_checkpoint()
    return last.note if last else None


def count(*, sides: Sequence[str]) -> int:
    """Return how many entries these sides have."""
    return LedgerEntry.objects.filter(side__in=list(sides)).count()


def sides() -> tuple[str, ...]:
    """Return the sides that entries have, "" (neutral) among them."""
    found, last = {""}, ""
    while rows := LedgerEntry.objects.filter(side__gt=last).order_by("side").values_list("side", flat=True)[:1]:
        last = rows[0]  # from one side to the next by the index: `distinct` would read every entry
        found.add(last)
    return tuple(sorted(found))


def _entry(row: LedgerEntry) -> Entry:
    return entry_of(leaf=bytes(row.leaf), position=row.position)


def entry_of(*, leaf: bytes, position: int | None) -> Entry:
    """Return the entry whose leaf this is."""
    read = json.loads(leaf)
    return Entry(
        position=position,
        id=read["id"],
        at=read["at"],
        kind=read["kind"],
        actor=read["actor"],
        side=read["side"],
        facts=read["facts"],
        personal=read["personal"],
    )
