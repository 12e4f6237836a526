"""The audit finds every change; destroyed content breaks nothing."""

from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ledgers import ANYBODY, NOW, actor_with, fill, flipped
from sekisho.core.kinds import Role
from sekisho.core.merkle import leaf_hash
from sekisho.core.notes import BadNote
from sekisho.core.proofs import parse_proof
from sekisho.core.users import Actor
from sekisho.services import evidence, ledger, sequencer, signing, visibility
from sekisho.services.evidence import DestructionRefused, NothingToDestroy, NotSequenced
from sekisho.services.ledger import NewEntry
from sekisho.store.models import LedgerCheckpoint, LedgerContent, LedgerEntry, LedgerNode

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(db: None, tmp_path: Path, settings: object) -> Path:
    settings.HOME = tmp_path / "home"
    return tmp_path


@pytest.fixture
def book(home: Path) -> Path:
    fill()
    return home


def change(table: str, column: str, row: int, bit: int) -> None:
    """Flip a bit of the stored value, behind everything's back."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {column} FROM {table} ORDER BY id LIMIT 1 OFFSET %s", [row])
        row_id, value = cursor.fetchone()
        if isinstance(value, str):
            changed: object = flipped(value.encode(), bit).decode("latin-1")
            assume("\0" not in str(changed))  # PostgreSQL has no such text
        elif isinstance(value, int):
            changed = value ^ (16 << bit % 10)  # beyond all others, so that no constraint refuses it
        else:
            changed = flipped(bytes(value), bit)
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [changed, row_id])


def test_an_untouched_ledger_holds(book: Path) -> None:
    found = evidence.audit()
    assert found.ok
    assert (found.entries, found.unsequenced, found.checkpoints) == (13, 0, 4)
    assert found.root == bytes(LedgerCheckpoint.objects.get(size=13).root).hex()


def test_an_empty_ledger_holds(home: Path) -> None:
    assert evidence.audit().ok


def test_waiting_entries_are_counted_and_their_bytes_checked(book: Path) -> None:
    ledger.record(kind="entry.made", actor="a", now=NOW, facts={})
    assert (evidence.audit().unsequenced, evidence.audit().ok) == (1, True)
    change("store_ledgerentry", "leaf", 13, 40)
    assert not evidence.audit().ok


COLUMNS = [
    ("store_ledgerentry", "leaf", 13),
    ("store_ledgerentry", "leaf_hash", 13),
    ("store_ledgerentry", "kind", 13),
    ("store_ledgerentry", "entry_id", 13),
    ("store_ledgernode", "hash", 10),
    ("store_ledgernode", "level", 10),
    ("store_ledgercheckpoint", "note", 4),
    ("store_ledgercheckpoint", "root", 4),
    ("store_ledgercheckpoint", "size", 4),
    ("store_ledgercontent", "content", 13),
    ("store_ledgercontent", "salt", 13),
    ("store_ledgercontent", "commitment", 13),
    ("store_ledgercontent", "entry_id", 13),
]


@pytest.mark.parametrize(("table", "column", "rows"), COLUMNS, ids=str)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_one_flipped_bit_in_any_table_is_found(
    book: Path, table: str, column: str, rows: int, data: st.DataObject
) -> None:
    from django.db import transaction

    row, bit = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, 5000))
    with transaction.atomic():
        change(table, column, row, bit)
        assert not evidence.audit().ok
        transaction.set_rollback(True)
    assert evidence.audit().ok


@pytest.mark.parametrize("size", [0, -1, 5])
def test_a_checkpoint_moved_to_another_size_is_found(book: Path, size: int) -> None:
    LedgerCheckpoint.objects.filter(size=4).update(size=size)
    assert not evidence.audit().ok


def test_the_first_bad_entry_is_named_with_what_differs(book: Path) -> None:
    for position in (9, 4):
        change("store_ledgerentry", "leaf", position, 99)
    fault = evidence.audit().fault
    assert fault is not None
    assert (fault.position, fault.code) == (4, "ledger.leaf_differs")
    assert fault.entry == LedgerEntry.objects.get(position=4).entry_id


def test_a_leaf_rewritten_together_with_its_hash_is_found_by_the_tree(book: Path) -> None:
    row = LedgerEntry.objects.get(position=4)
    leaf = bytes(row.leaf).replace(b'"n":4', b'"n":5')
    LedgerEntry.objects.filter(position=4).update(leaf=leaf, leaf_hash=leaf_hash(leaf))
    fault = evidence.audit().fault
    assert fault is not None
    assert fault.code in {"ledger.node_differs", "ledger.checkpoint_differs"}
    assert fault.position in {4, 8}


@pytest.mark.parametrize("leaf", [b"no json", b"[1]", b'{"v":2}', b"{}"])
def test_a_leaf_that_is_no_leaf_is_found(book: Path, leaf: bytes) -> None:
    LedgerEntry.objects.filter(position=2).update(leaf=leaf, leaf_hash=leaf_hash(leaf))
    fault = evidence.audit().fault
    assert fault is not None
    assert fault.position == 2


@given(position=st.integers(0, 12))
@settings(max_examples=13, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_deleted_entry_is_found_and_its_position_named(book: Path, position: int) -> None:
    from django.db import transaction

    with transaction.atomic():
        LedgerEntry.objects.filter(position=position).delete()
        fault = evidence.audit().fault
        assert fault is not None
        assert fault.position == position
        transaction.set_rollback(True)


def test_swapped_entries_are_found(book: Path) -> None:
    one, other = LedgerEntry.objects.get(position=2), LedgerEntry.objects.get(position=7)
    LedgerEntry.objects.filter(id=one.id).update(position=99)
    LedgerEntry.objects.filter(id=other.id).update(position=2)
    LedgerEntry.objects.filter(id=one.id).update(position=7)
    fault = evidence.audit().fault
    assert fault is not None
    assert fault.position == 2


def test_a_cut_off_end_is_found_while_its_checkpoint_stands(book: Path) -> None:
    LedgerEntry.objects.filter(position__gte=9).delete()
    LedgerNode.objects.filter(level=1, position=5).delete()
    LedgerNode.objects.filter(level=2, position=2).delete()
    fault = evidence.audit().fault
    assert fault is not None
    assert fault.code == "ledger.ends_differ"


def cut_off_to(size: int) -> None:
    """What an insider with the database does: all that came after goes, so that the rest agrees."""
    gone = LedgerEntry.objects.filter(position__gte=size)
    LedgerContent.objects.filter(entry_id__in=list(gone.values_list("entry_id", flat=True))).delete()
    gone.delete()
    LedgerCheckpoint.objects.filter(size__gt=size).delete()
    for node in LedgerNode.objects.all():
        if (node.position + 1) << node.level > size:
            node.delete()


def test_an_end_cut_off_with_its_checkpoints_is_found_by_a_checkpoint_kept_outside(book: Path) -> None:
    kept = LedgerCheckpoint.objects.get(size=13).note
    cut_off_to(9)
    assert evidence.audit().ok
    fault = evidence.audit(against=kept).fault
    assert fault is not None
    assert fault.code == "ledger.ends_differ"


def test_a_rewritten_history_is_found_by_a_checkpoint_kept_outside(book: Path) -> None:
    kept = LedgerCheckpoint.objects.get(size=13).note
    cut_off_to(9)
    ledger.record_many([NewEntry("entry.made", {"n": n}) for n in range(6)], actor="a", now=NOW)
    sequencer.sequence(now=NOW)
    assert evidence.audit().ok
    fault = evidence.audit(against=kept).fault
    assert fault is not None
    assert fault.code == "ledger.outside_differs"


def test_an_older_checkpoint_kept_outside_is_continued(book: Path) -> None:
    assert evidence.audit(against=LedgerCheckpoint.objects.get(size=4).note).ok


def test_an_outside_checkpoint_of_another_log_is_refused(book: Path) -> None:
    with pytest.raises(BadNote):
        evidence.audit(against="other.example\n1\nAAAA\n\n— other.example AAAAAAAA\n")


def test_each_entry_is_proven_by_a_file_that_stands_alone(book: Path) -> None:
    for position in range(13):
        entry, proof = evidence.prove(entry=str(position))
        hashed = bytes(LedgerEntry.objects.get(entry_id=entry.id).leaf_hash)
        assert parse_proof(proof.text()).check(hashed, signing.verifier_keys()).size == 13


def test_an_entry_that_waits_cannot_be_proven_yet(book: Path) -> None:
    with pytest.raises(NotSequenced):
        evidence.prove(entry=ledger.record(kind="entry.made", actor="a", now=NOW, facts={}))


# Destruction of personal content


def test_destroyed_content_is_gone_and_everything_still_holds(book: Path) -> None:
    entry = ledger.find("0")
    order = evidence.destroy_content(entry_id=entry.id, reason="内示の取り消し", actor=ANYBODY, now=NOW)
    sequencer.sequence(now=NOW)
    content = LedgerContent.objects.get(entry_id=entry.id)
    assert (content.content, content.salt, content.destroyed_by) == (None, None, "cli:a")
    assert ledger.find(order).facts == {"entry": entry.id, "commitment": entry.personal, "reason": "内示の取り消し"}
    assert ledger.find(order).side == entry.side
    assert evidence.audit().ok


def test_content_destroyed_without_an_order_is_found(book: Path) -> None:
    LedgerContent.objects.filter(entry_id=ledger.find("3").id).update(content=None, salt=None, destroyed_at=NOW)
    fault = evidence.audit().fault
    assert fault is not None
    assert (fault.position, fault.code) == (3, "ledger.content_lost")


def test_deleted_content_is_found(book: Path) -> None:
    LedgerContent.objects.filter(entry_id=ledger.find("3").id).delete()
    fault = evidence.audit().fault
    assert fault is not None
    assert (fault.position, fault.code) == (3, "ledger.content_missing")


def test_content_is_destroyed_once(book: Path) -> None:
    evidence.destroy_content(entry_id="0", reason="r", actor=ANYBODY, now=NOW)
    with pytest.raises(NothingToDestroy):
        evidence.destroy_content(entry_id="0", reason="r", actor=ANYBODY, now=NOW)


def test_compliance_of_the_entrys_side_orders_destruction_with_a_reason_and_nobody_else(book: Path) -> None:
    for actor in (actor_with(Role.ADMINISTRATOR, "both"), Actor(name="x")):
        with pytest.raises(DestructionRefused):
            evidence.destroy_content(entry_id="0", reason="r", actor=actor, now=NOW)
    with pytest.raises(ledger.NoSuchEntry):
        evidence.destroy_content(entry_id="0", reason="r", actor=actor_with(Role.COMPLIANCE, "affiliate"), now=NOW)
    with pytest.raises(DestructionRefused):
        evidence.destroy_content(entry_id="0", reason=" ", actor=ANYBODY, now=NOW)
    evidence.destroy_content(entry_id="0", reason="r", actor=actor_with(Role.COMPLIANCE, "network"), now=NOW)


# Reads that see both sides


def test_a_read_that_only_a_both_sides_role_allows_is_an_entry(home: Path) -> None:
    words = {"kind": visibility.FactKind.HOLDING, "purpose": visibility.Purpose.WORK, "now": NOW}
    assert visibility.depth(actor=ANYBODY, side="affiliate", **words) is visibility.Depth.DETAIL
    last = ledger.last(count=1, sides=["affiliate"])[0]
    assert (last.kind, last.actor, last.facts["kind"]) == ("fact.read", "cli:a", "holding")


def test_an_ordinary_read_leaves_no_entry(home: Path) -> None:
    words = {"kind": visibility.FactKind.HOLDING, "purpose": visibility.Purpose.WORK, "now": NOW}
    assert visibility.depth(actor=actor_with(Role.IT_OPERATION, "network"), side="network", **words) == 3
    assert visibility.depth(actor=actor_with(Role.IT_OPERATION, "network"), side="affiliate", **words) == 0
    assert not LedgerEntry.objects.exists()
