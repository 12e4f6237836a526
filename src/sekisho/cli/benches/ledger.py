"""The ledger: appending beside a bare insert, proving and checking beside bare hashing."""

import secrets
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sekisho.cli.measure import Bench, Measure, best_seconds, seconds

ENTRIES, ONE_BY_ONE, PROOFS = 100_000, 500, 500
FACTS = {"order": "2024-0001", "person": "P0012345", "sha256": "0" * 64}


def ledger(home: Path) -> list[Bench]:
    """Measure on a ledger of 100,000 entries."""
    return [*_append(home), *_read()]


def _append(home: Path) -> list[Bench]:
    from django.db import transaction

    from sekisho.services import ledger as entries

    now = datetime.now(UTC)

    def one_by_one() -> None:
        for _ in range(ONE_BY_ONE):
            with transaction.atomic():
                entries.record(kind="bench.made", actor="bench", now=now, facts=FACTS)

    def in_bulk() -> None:
        for _ in range(ENTRIES // 1_000):
            with transaction.atomic():
                many = [entries.NewEntry("bench.made", FACTS)] * 1_000
                entries.record_many(many, actor="bench", now=now)

    rows = [(secrets.token_hex(16), secrets.token_bytes(400), secrets.token_bytes(32)) for _ in range(1_000)]
    bare_singly, bare_in_bulk = _bare_inserts(home, rows)
    rounds = [(seconds(bare_singly), seconds(one_by_one)) for _ in range(3)]
    bare_single, single = (ONE_BY_ONE / min(times) for times in zip(*rounds, strict=True))
    bare_bulk, bulk = 20_000 / best_seconds(bare_in_bulk), ENTRIES / seconds(in_bulk)
    sequenced = (ENTRIES + 3 * ONE_BY_ONE) / seconds(lambda: entries.sequence(now=now))
    return [
        Bench("ledger.record", single, "entries/s", bare_single, "bare durable insert, one a transaction"),
        Bench("ledger.record_many", bulk, "entries/s", bare_bulk, "bare durable insert, 1,000 a transaction"),
        Bench("ledger.sequence", sequenced, "entries/s", bare_bulk, "bare durable insert, 1,000 a transaction"),
    ]


def _bare_inserts(home: Path, rows: list[tuple[str, bytes, bytes]]) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return plain sqlite3 inserts on the same disk with the same durability: 500 singly, 20,000 in bulk."""
    connection = sqlite3.connect(home / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, name TEXT, leaf BLOB, hash BLOB)")
    connection.execute("CREATE INDEX bare_name ON bare (name)")
    insert = "INSERT INTO bare (name, leaf, hash) VALUES (?, ?, ?)"

    def singly() -> None:
        for row in rows[:ONE_BY_ONE]:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(insert, row)
            connection.execute("COMMIT")

    def in_bulk() -> None:
        for _ in range(20):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, rows)
            connection.execute("COMMIT")

    return singly, in_bulk


def _read() -> list[Bench]:
    from sekisho.core.merkle import Frontier, leaf_hash
    from sekisho.services import evidence

    leaves = [secrets.token_bytes(400) for _ in range(ENTRIES)]

    def bare_replay() -> None:
        edge = Frontier()
        for leaf in leaves:
            edge.add(leaf_hash(leaf))

    def prove() -> None:
        for number in range(PROOFS):
            evidence.prove(entry=str(number * 7919 % ENTRIES))

    replay, audit = ENTRIES / best_seconds(bare_replay), (ENTRIES + 3 * ONE_BY_ONE) / seconds(evidence.audit)
    return [
        Bench("ledger.replay", replay, "entries/s", 200_000, "the budget", "≥ 200,000 entries/s"),
        Bench("ledger.verify", audit, "entries/s", replay, "the bare replay of as many leaves in memory"),
        Bench("ledger.prove", seconds(prove) / PROOFS * 1000, "ms", 1.0, "the budget", "< 1 ms at 1,000,000 entries"),
    ]


BENCHES: dict[str, Measure] = {"ledger": ledger}
