"""Check the whole ledger, prove one entry, destroy personal content by recorded order.

`audit` trusts nothing stored: it hashes every leaf's bytes again, builds the tree anew, and compares
columns, nodes, checkpoints and commitments with what it finds. What an insider with the key cut off
the end together with its checkpoints, only a checkpoint kept outside shows (`against`).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection, transaction

from sekisho.core import merkle
from sekisho.core.canonical import Json
from sekisho.core.commitments import commitment_to_bytes
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role, Side
from sekisho.core.merkle import Frontier, Node, leaf_hash
from sekisho.core.notes import BadNote, Checkpoint, VerifierKey, open_checkpoint
from sekisho.core.proofs import InclusionProof
from sekisho.core.users import Actor
from sekisho.services import installation, ledger, sequencer, signing
from sekisho.store.models import LedgerCheckpoint, LedgerContent, LedgerEntry, LedgerNode

CHUNK = 5_000


class NotSequenced(SekishoError):
    """The entry has no position yet, so there is nothing to prove."""


class NothingToDestroy(SekishoError):
    """The entry has no personal content, or it is destroyed already."""


class DestructionRefused(SekishoError):
    """The actor may not order the destruction of this content."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong: the entry's position and id ("" where it belongs to none) and what differs."""

    position: int
    entry: str
    code: str
    params: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audit:
    """What a check of the whole ledger found. `root` is that of the last checkpoint, in hex."""

    entries: int
    unsequenced: int
    checkpoints: int
    root: str
    fault: Fault | None

    @property
    def ok(self) -> bool:
        """Tell whether nothing is wrong."""
        return self.fault is None


def audit(*, against: str | None = None) -> Audit:
    """Check everything; `against` is a checkpoint that was kept outside, as the text of its signed note.

    Raises:
        BadNote: the outside checkpoint is not signed by a key of this log, or malformed.
    """
    keys = signing.verifier_keys()
    outside = open_checkpoint(against, keys) if against is not None else None
    last = sequencer.last_checkpoint()
    return Audit(
        entries=LedgerEntry.objects.filter(position__isnull=False).count(),
        unsequenced=LedgerEntry.objects.filter(position__isnull=True).count(),
        checkpoints=LedgerCheckpoint.objects.count(),
        root=bytes(last.root).hex() if last else merkle.EMPTY_ROOT.hex(),
        fault=next(_faults(keys, outside), None),
    )


@dataclass(slots=True)
class _Walk:
    """Where the audit stands: the tree built so far, the checkpoints not met yet by size, what was counted."""

    edge: Frontier
    keys: Sequence[VerifierKey]
    checkpoints: dict[int, LedgerCheckpoint]
    outside: Checkpoint | None
    destroyed: frozenset[str]
    signed: int = 0
    nodes: int = 0
    promises: int = 0


def _faults(keys: Sequence[VerifierKey], outside: Checkpoint | None) -> Iterator[Fault]:
    """Yield what is wrong in order of position; only the first is sure, the rest may follow from it."""
    walk = _Walk(
        edge=Frontier(),
        keys=keys,
        checkpoints={row.size: row for row in LedgerCheckpoint.objects.all()},
        outside=outside,
        destroyed=_ordered_destructions(),
    )
    while chunk := _rows(walk.edge.size):
        before = walk.edge.size
        yield from _chunk(walk, chunk)
        if walk.edge.size < before + len(chunk):
            return
    yield from _ends(walk)
    yield from _waiting()


class _Row(NamedTuple):
    """The columns of an entry, without the cost of a model: an audit reads them all."""

    position: int
    entry_id: str
    kind: str
    side: str
    recorded_at: datetime
    leaf: bytes
    leaf_hash: bytes


def _rows(first: int) -> list[_Row]:
    rows = LedgerEntry.objects.filter(position__gte=first).order_by("position").values_list(*_Row._fields)
    return [_Row._make(row) for row in rows[:CHUNK]]


def _chunk(walk: _Walk, rows: Sequence[_Row]) -> Iterator[Fault]:
    grown: list[Node] = []
    leaves: list[tuple[_Row, object]] = []
    for row in rows:
        if row.position != walk.edge.size:
            yield Fault(walk.edge.size, "", "ledger.gap", {"position": walk.edge.size, "next": row.position})
            return
        leaf, fault = _read_leaf(row)
        if fault:
            yield fault
        leaves.append((row, leaf.get("personal") if leaf else None))
        grown += walk.edge.add(bytes(row.leaf_hash))
        yield from _checkpoint_fault(walk, row)
    yield from _node_faults(grown)
    yield from _content_faults(walk, leaves)
    walk.nodes += len(grown)


def _read_leaf(row: _Row) -> tuple[dict[str, object] | None, Fault | None]:
    """Return the leaf's fields, and the fault where its bytes, hash and columns do not agree."""
    content, position = bytes(row.leaf), row.position
    if leaf_hash(content) != bytes(row.leaf_hash):
        return None, Fault(position, row.entry_id, "ledger.leaf_differs", {"position": position, "entry": row.entry_id})
    try:
        leaf = dict(json.loads(content))
    except (ValueError, TypeError):
        return None, Fault(position, row.entry_id, "ledger.leaf_malformed", {"position": position})
    named = {
        "v": ledger.LEAF_VERSION,
        "id": row.entry_id,
        "kind": row.kind,
        "side": row.side,
        "at": row.recorded_at.astimezone(UTC).isoformat(),
    }
    for column, stored in named.items():
        if leaf.get(column) != stored:
            params: dict[str, object] = {"position": position, "entry": row.entry_id, "column": column}
            return leaf, Fault(position, row.entry_id, "ledger.column_differs", params)
    return leaf, None


def _checkpoint_fault(walk: _Walk, row: _Row) -> Iterator[Fault]:
    """Compare the tree with what was signed at this size, here and outside."""
    size, position = walk.edge.size, walk.edge.size - 1
    params: dict[str, object] = {"size": size, "position": position}
    stored = walk.checkpoints.pop(size, None)
    if stored is not None:
        walk.signed = size
        try:
            signed = open_checkpoint(stored.note, walk.keys)
        except BadNote as error:
            yield Fault(position, row.entry_id, error.code, {**params, **error.params})
            return
        if (signed.size, signed.root) != (size, walk.edge.root()) or bytes(stored.root) != signed.root:
            yield Fault(position, row.entry_id, "ledger.checkpoint_differs", params)
    if walk.outside is not None and walk.outside.size == size and walk.outside.root != walk.edge.root():
        yield Fault(position, row.entry_id, "ledger.outside_differs", params)


def _node_faults(grown: Sequence[Node]) -> Iterator[Fault]:
    """Compare the inner nodes that became full in this chunk with the stored ones."""
    for level in sorted({node.level for node in grown}):
        mine = [node for node in grown if node.level == level]
        stored = dict(
            LedgerNode.objects.filter(
                level=level, position__gte=mine[0].position, position__lte=mine[-1].position
            ).values_list("position", "hash")
        )
        for node in mine:
            if bytes(stored.get(node.position, b"")) != node.hash:
                first, last = node.position << level, ((node.position + 1) << level) - 1
                entry = LedgerEntry.objects.filter(position=first).values_list("entry_id", flat=True).first()
                params: dict[str, object] = {"position": first, "last": last, "level": level}
                yield Fault(first, entry or "", "ledger.node_differs", params)


def _content_faults(walk: _Walk, leaves: Sequence[tuple[_Row, object]]) -> Iterator[Fault]:
    promised = {row.entry_id: (row, promise) for row, promise in leaves if isinstance(promise, str)}
    walk.promises += len(promised)
    stored = {content.entry_id: content for content in LedgerContent.objects.filter(entry_id__in=list(promised))}
    for entry_id, (row, promise) in promised.items():
        content = stored.get(entry_id)
        params: dict[str, object] = {"position": row.position, "entry": entry_id}
        if content is None or content.commitment != promise:
            yield Fault(row.position, entry_id, "ledger.content_missing", params)
        elif content.content is None or content.salt is None:
            if promise not in walk.destroyed:
                yield Fault(row.position, entry_id, "ledger.content_lost", params)
        elif len(content.salt) != 32 or commitment_to_bytes(bytes(content.salt), bytes(content.content)) != promise:
            yield Fault(row.position, entry_id, "ledger.content_differs", params)


def _ends(walk: _Walk) -> Iterator[Fault]:
    """Compare what must end together: entries, checkpoints, nodes and contents."""
    size = walk.edge.size
    left = set(walk.checkpoints) | ({walk.outside.size} if walk.outside and walk.outside.size > size else set())
    if left:
        yield Fault(min(size, *left), "", "ledger.ends_differ", {"size": size, "signed": max(left)})
    elif walk.signed != size:
        yield Fault(walk.signed, "", "ledger.ends_differ", {"size": size, "signed": walk.signed})
    if LedgerNode.objects.count() != walk.nodes:
        yield Fault(size, "", "ledger.nodes_differ", {"nodes": LedgerNode.objects.count(), "expected": walk.nodes})
    waiting = LedgerEntry.objects.filter(position__isnull=True).values("entry_id")
    contents = LedgerContent.objects.exclude(entry_id__in=waiting).count()
    if contents != walk.promises:
        yield Fault(size, "", "ledger.contents_differ", {"contents": contents, "expected": walk.promises})


def _waiting() -> Iterator[Fault]:
    for row in LedgerEntry.objects.filter(position__isnull=True).order_by("id").iterator(CHUNK):
        if leaf_hash(bytes(row.leaf)) != bytes(row.leaf_hash):
            yield Fault(-1, row.entry_id, "ledger.leaf_differs", {"position": "-", "entry": row.entry_id})


def _ordered_destructions() -> frozenset[str]:
    """Return the commitments whose content was destroyed by an order in the ledger."""
    leaves = LedgerEntry.objects.filter(kind="content.destroyed").values_list("leaf", flat=True)
    return frozenset(json.loads(bytes(leaf))["facts"]["commitment"] for leaf in leaves)


def prove(*, entry: str) -> tuple[ledger.Entry, InclusionProof]:
    """Return an entry (by id or position) and the proof that it stands under the last checkpoint.

    Raises:
        NoSuchEntry, NotSequenced
    """
    found, last = ledger.find(entry), sequencer.last_checkpoint()
    if found.position is None or last is None or found.position >= last.size:
        raise NotSequenced("ledger.not_sequenced", {"entry": found.id})
    index, size = found.position, last.size
    path = sequencer.with_stored_nodes(lambda nodes: merkle.inclusion_proof(index, size, nodes))
    return found, InclusionProof(index, tuple(path), last.note)


@transaction.atomic
def destroy_content(*, entry_id: str, reason: str, actor: Actor, now: datetime) -> str:
    """Destroy the personal content behind an entry, by an order that is itself an entry; return its id.

    The commitment stays in the leaf, so every proof still holds, and salt and content are gone, so
    nobody can guess it back (law 6). Compliance of the entry's side orders it, with a reason.

    Raises:
        NoSuchEntry: there is none, or none of a side whose compliance the actor is; the answer is the same.
        NothingToDestroy, DestructionRefused
    """
    today = installation.today(now=now)
    if not actor.has(Role.COMPLIANCE, on=today):
        raise DestructionRefused("ledger.destruction_refused", {"entry": entry_id, "actor": actor.name})
    entry = ledger.find(entry_id)
    if not actor.has(Role.COMPLIANCE, on=today, side=Side(entry.side) if entry.side else None):
        raise ledger.NoSuchEntry("ledger.no_such_entry", {"entry": entry_id})
    if not reason.strip():
        raise DestructionRefused("ledger.reason_missing", {"entry": entry.id})
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")  # the freed bytes are overwritten, not only unlinked
    destroyed = LedgerContent.objects.filter(entry_id=entry.id, destroyed_at__isnull=True).update(
        salt=None, content=None, destroyed_at=now, destroyed_by=actor.name
    )
    if not destroyed or entry.personal is None:
        raise NothingToDestroy("ledger.nothing_to_destroy", {"entry": entry.id})
    facts: dict[str, Json] = {"entry": entry.id, "commitment": entry.personal, "reason": reason}
    return ledger.record(kind="content.destroyed", actor=actor.name, now=now, facts=facts, side=entry.side)
