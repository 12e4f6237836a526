import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from sekisho.core.canonical import canonical
from sekisho.core.merkle import leaf_hash
from sekisho.services import ledger
from sekisho.services.ledger import NewEntry, NoSuchEntry, OutsideTransaction
from sekisho.store.models import LedgerCheckpoint, LedgerContent, LedgerEntry, LedgerNode

NOW = datetime(2024, 4, 1, tzinfo=UTC)
PROTECTION = import_module("sekisho.store.migrations.0002_ledger_append_only")


def record(**other: object) -> str:
    words = {"kind": "order.imported", "actor": "cli:a", "now": NOW, "facts": {"rows": 3}}
    return ledger.record(**{**words, **other})


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(OutsideTransaction):
        record()
    assert not LedgerEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_the_change_it_stands_for() -> None:
    with transaction.atomic():
        record(personal={"name": "山田"})
        transaction.set_rollback(True)
    assert not LedgerEntry.objects.exists()
    assert not LedgerContent.objects.exists()


@pytest.mark.django_db
def test_leaves_written_at_once_are_canonical_whatever_their_words_are() -> None:
    entries = [
        NewEntry("order.imported", {"名": 'a"b\\', "rows": [1, None, True]}, {"name": "山田"}, "network"),
        NewEntry("person.merged", {}, None, 'q"\u2028'),
        NewEntry("order.imported", {"\U0001f5fe": 1, "\uff5e": 2}),
    ]
    with transaction.atomic():
        ids = ledger.record_many(entries, actor='社"員\n', now=NOW)
    leaves = {row.entry_id: bytes(row.leaf) for row in LedgerEntry.objects.all()}
    for entry_id, entry in zip(ids, entries, strict=True):
        leaf = json.loads(leaves[entry_id])
        assert leaves[entry_id] == canonical(leaf)
        assert (leaf["id"], leaf["kind"], leaf["side"]) == (entry_id, entry.kind, entry.side)
        assert leaf["facts"] == entry.facts
        assert (leaf["actor"], bool(leaf["personal"])) == ('社"員\n', entry.personal is not None)


@pytest.mark.django_db
def test_the_leaf_is_canonical_and_says_its_version_kind_actor_side_and_facts() -> None:
    entry_id = record(side="network")
    row = LedgerEntry.objects.get(entry_id=entry_id)
    leaf = json.loads(bytes(row.leaf))
    assert bytes(row.leaf) == canonical(leaf)
    assert leaf == {
        "v": 1,
        "id": entry_id,
        "at": "2024-04-01T00:00:00+00:00",
        "kind": "order.imported",
        "actor": "cli:a",
        "side": "network",
        "facts": {"rows": 3},
        "personal": None,
    }
    assert bytes(row.leaf_hash) == leaf_hash(bytes(row.leaf))
    assert row.position is None


@pytest.mark.django_db
def test_personal_content_stays_out_of_the_leaf() -> None:
    entry_id = record(personal={"name": "山田太郎"})
    leaf = bytes(LedgerEntry.objects.get(entry_id=entry_id).leaf).decode()
    assert "山田" not in leaf
    assert LedgerContent.objects.get(entry_id=entry_id).commitment in leaf


@pytest.mark.django_db
def test_equal_personal_content_has_different_commitments() -> None:
    record(personal={"name": "a"})
    record(personal={"name": "a"})
    assert len(set(LedgerContent.objects.values_list("commitment", flat=True))) == 2


@pytest.mark.django_db
def test_many_entries_keep_their_order_and_take_few_statements(django_assert_num_queries: object) -> None:
    many = [NewEntry("person.added", {"number": number}, personal={"n": number}) for number in range(500)]
    with django_assert_num_queries(2):
        ids = ledger.record_many(many, actor="a", now=NOW)
    ledger.sequence(now=NOW)
    assert [ledger.find(str(position)).id for position in (0, 250, 499)] == [ids[0], ids[250], ids[499]]


@pytest.mark.django_db
def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    from zoneinfo import ZoneInfo

    entry_id = record(now=NOW.astimezone(ZoneInfo("Asia/Tokyo")) + timedelta(microseconds=7))
    assert ledger.find(entry_id).at == "2024-04-01T00:00:00.000007+00:00"


@pytest.mark.django_db
def test_an_entry_is_found_by_id_and_by_position_and_otherwise_named_as_missing() -> None:
    entry_id = record()
    ledger.sequence(now=NOW)
    assert ledger.find(entry_id) == ledger.find("0")
    for word in ("1", "nothing", "-1", "9" * 30):
        with pytest.raises(NoSuchEntry):
            ledger.find(word)


@pytest.mark.django_db
def test_the_last_entries_come_oldest_first_and_only_of_the_sides_asked_for() -> None:
    ids = [record(side=side) for side in ("network", "affiliate", "", "network")]
    assert [entry.id for entry in ledger.last(count=10, sides=["", "network"])] == [ids[0], ids[2], ids[3]]
    assert [entry.id for entry in ledger.last(count=1, sides=["", "network"])] == [ids[3]]
    assert ledger.count(sides=["affiliate"]) == 1
    assert ledger.sides() == ("", "affiliate", "network")


class InTransaction:
    """What the migration needs of a schema editor, inside the test's transaction."""

    connection = connection

    def execute(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def protected(db: None) -> Iterator[None]:
    """A ledger with one entry, content, nodes and a checkpoint, behind the triggers of the migration."""
    PROTECTION.protect(None, InTransaction())
    for number in range(2):
        record(personal={"n": number})
    ledger.sequence(now=NOW)
    yield
    PROTECTION.unprotect(None, InTransaction())


def refused(work: object) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        work()


@pytest.mark.parametrize("model", [LedgerEntry, LedgerNode, LedgerCheckpoint, LedgerContent])
@pytest.mark.usefixtures("protected")
def test_the_database_refuses_to_delete_from_the_ledger(model: object) -> None:
    refused(lambda: model.objects.all().delete())


@pytest.mark.parametrize(
    "change",
    [
        {"leaf": b"x"},
        {"leaf_hash": b"x"},
        {"kind": "x"},
        {"side": "x"},
        {"entry_id": "x"},
        {"position": 7},
        {"position": None},
    ],
    ids=str,
)
@pytest.mark.usefixtures("protected")
def test_the_database_refuses_to_change_an_entry(change: dict[str, object]) -> None:
    refused(lambda: LedgerEntry.objects.filter(position=1).update(**change))


@pytest.mark.usefixtures("protected")
def test_the_database_refuses_to_change_nodes_checkpoints_and_contents() -> None:
    refused(lambda: LedgerNode.objects.update(hash=b"x"))
    refused(lambda: LedgerCheckpoint.objects.update(note="x"))
    refused(lambda: LedgerContent.objects.update(content=b"x"))
    refused(lambda: LedgerContent.objects.update(commitment="x"))


@pytest.mark.usefixtures("protected")
def test_the_database_lets_content_be_destroyed_and_waiting_entries_be_numbered() -> None:
    LedgerContent.objects.update(content=None, salt=None, destroyed_at=NOW, destroyed_by="a")
    record()
    assert ledger.sequence(now=NOW) == 1
