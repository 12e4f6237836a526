"""Give waiting entries their positions, in batches: nodes, and one signed checkpoint a batch.

One sequencer at a time: on SQLite the IMMEDIATE transaction is the lock, on PostgreSQL an advisory one.
So the tree never serialises those who record. Order is that of arrival in the table. Hashes of leaves
stand in the entries; only full subtrees from level 1 up are stored as nodes.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import connection, transaction

from sekisho.core import merkle
from sekisho.core.errors import SekishoError
from sekisho.core.merkle import Frontier, Nodes
from sekisho.core.notes import Checkpoint
from sekisho.services import signing
from sekisho.store.models import LedgerCheckpoint, LedgerEntry, LedgerNode

Made = TypeVar("Made")

BATCH = 10_000
ADVISORY_LOCK = 0x5E_15_40


class LedgerDamaged(SekishoError):
    """The stored tree is not the one that was last signed: nothing more is signed until it is looked at."""

    exit_status = 3


def sequence(*, now: datetime) -> int:
    """Sequence all waiting entries; return how many.

    Raises:
        LedgerDamaged: the stored tree does not lead to the root of the last checkpoint.
    """
    done = 0
    while LedgerEntry.objects.filter(position__isnull=True).exists():
        done += _batch(now=now)
    return done


def stored_node(level: int, position: int) -> bytes:
    """Return one node of the stored tree.

    Raises:
        KeyError: it is not there.
    """
    if level == 0:
        row = LedgerEntry.objects.filter(position=position).values_list("leaf_hash").first()
    else:
        row = LedgerNode.objects.filter(level=level, position=position).values_list("hash").first()
    if row is None:
        raise KeyError((level, position))
    return bytes(row[0])


def with_stored_nodes(make: Callable[[Nodes], Made]) -> Made:
    """Return what `make` makes of the stored tree, reading all nodes it needs with two statements.

    It is asked twice: first only for the places it looks at, which depend on nothing but sizes.

    Raises:
        KeyError: a node is not there.
    """
    places: list[tuple[int, int]] = []

    def note(level: int, position: int) -> bytes:
        places.append((level, position))
        return b""

    make(note)
    leaves = [position for level, position in places if level == 0]
    rows = LedgerEntry.objects.filter(position__in=leaves).values_list("position", "leaf_hash")
    found = {(0, position or 0): bytes(hashed) for position, hashed in rows}
    inner = [place for place in places if place[0] > 0]
    if inner:
        either = " OR ".join(["(level = %s AND position = %s)"] * len(inner))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT level, position, hash FROM store_ledgernode WHERE {either}",  # noqa: S608 - only placeholders
                [number for place in inner for number in place],
            )
            found |= {(level, position): bytes(hashed) for level, position, hashed in cursor.fetchall()}
    return make(merkle.lookup(found))


def last_checkpoint() -> LedgerCheckpoint | None:
    """Return the checkpoint over the most entries."""
    return LedgerCheckpoint.objects.order_by("-size").first()


@transaction.atomic
def _batch(*, now: datetime) -> int:
    _lock()
    waiting = [
        (row_id, bytes(leaf))
        for row_id, leaf in LedgerEntry.objects.filter(position__isnull=True)
        .order_by("id")
        .values_list("id", "leaf_hash")[:BATCH]
    ]
    if not waiting:
        return 0
    edge = _edge()
    _give_positions(edge.size, [row_id for row_id, _ in waiting])
    grown = [node for _, leaf in waiting for node in edge.add(leaf)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO store_ledgernode (level, position, hash) VALUES (%s, %s, %s)",
            [(node.level, node.position, node.hash) for node in grown],
        )
    signer = signing.signer()
    note = signer.sign(Checkpoint(signer.origin, edge.size, edge.root()).text())
    LedgerCheckpoint.objects.create(size=edge.size, root=edge.root(), signed_at=now, note=note)
    return len(waiting)


def _lock() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def _edge() -> Frontier:
    """Return the edge of the stored tree, checked against the root that was last signed."""
    last = last_checkpoint()
    if last is None:
        if LedgerEntry.objects.filter(position__isnull=False).exists():
            raise LedgerDamaged("ledger.damaged", {"size": 0})
        return Frontier()
    try:
        edge = with_stored_nodes(lambda nodes: merkle.frontier(last.size, nodes))
    except KeyError as error:
        raise LedgerDamaged("ledger.damaged", {"size": last.size}) from error
    if edge.root() != bytes(last.root):
        raise LedgerDamaged("ledger.damaged", {"size": last.size})
    return edge


def _give_positions(first: int, row_ids: Sequence[int]) -> None:
    """Number the rows from `first` on; by id, since others may record meanwhile."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE store_ledgerentry SET position = %s WHERE id = %s AND position IS NULL",
            [(first + offset, row_id) for offset, row_id in enumerate(row_ids)],
        )
