"""The audit finds every change; the pack proves without us; destroyed content breaks nothing."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sekisho.core.kinds import BOTH, Role, Side
from sekisho.core.merkle import leaf_hash
from sekisho.core.notes import BadNote
from sekisho.core.periods import Period
from sekisho.core.proofs import parse_proof
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import evidence, ledger, packs, sequencer, signing, verify_pack, visibility
from sekisho.services.evidence import DestructionRefused, NothingToDestroy, NotSequenced
from sekisho.services.ledger import NewEntry
from sekisho.services.packs import FolderNotEmpty, NothingToExport
from sekisho.services.visibility import NotVisible
from sekisho.store.models import LedgerCheckpoint, LedgerContent, LedgerEntry, LedgerNode

NOW = datetime(2024, 4, 1, tzinfo=UTC)
ANYBODY = Actor(name="cli:a", trusted=True)
BATCHES = (3, 1, 5, 4)
pytestmark = pytest.mark.django_db


def actor_with(role: Role, side: str) -> Actor:
    return Actor(name=f"{role}-{side}", roles=(RoleGrant(role, Side(side), Period(date(2020, 1, 1))),))


@pytest.fixture
def home(db: None, tmp_path: Path, settings: object) -> Path:
    settings.HOME = tmp_path / "home"
    return tmp_path


@pytest.fixture
def book(home: Path) -> Path:
    """A ledger of 13 entries in four batches; every third is network's, then affiliate's, then neutral."""
    number = 0
    for count in BATCHES:
        for _ in range(count):
            side = ("network", "affiliate", "")[number % 3]
            entry = NewEntry(
                "entry.made", {"n": number, "mark": f"fact-{side}"}, {"name": f"secret-{side}-{number}"}, side
            )
            ledger.record_many([entry], actor="a", now=NOW)
            number += 1
        sequencer.sequence(now=NOW)
    return home


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return bytes(changed)


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


# The pack


def run(pack: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(pack / "verify.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check(pack: Path) -> object:
    """Run the pack's verifier in this process, for many tries."""
    return verify_pack.check(pack, (pack / "public.key").read_text("utf-8").strip(), [])


@pytest.fixture
def pack(book: Path) -> Path:
    evidence.destroy_content(entry_id="3", reason="r", actor=ANYBODY, now=NOW)
    packs.export(folder=book / "pack", actor=ANYBODY, now=NOW)
    return book / "pack"


def test_the_pack_is_checked_by_its_own_script_alone(pack: Path) -> None:
    done = run(pack)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("OK: 16 entries, 16 in full, root ")
    assert len(list((pack / "proofs").iterdir())) == 16


def test_the_verifier_has_at_most_two_hundred_lines_of_the_standard_library(pack: Path) -> None:
    lines = (pack / "verify.py").read_text("utf-8").splitlines()
    assert len(lines) <= 200
    imports = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]
    assert {name for name in imports if name.split(".")[0] not in sys.stdlib_module_names} == set()


def test_the_pack_continues_a_checkpoint_that_was_kept(book: Path, pack: Path) -> None:
    kept = book / "kept"
    kept.write_bytes(LedgerCheckpoint.objects.get(size=4).note.encode())
    assert run(pack, "--checkpoint", str(kept)).returncode == 0
    assert run(pack, "--key", signing.signer().public.text()).returncode == 0


def test_a_pack_under_another_key_is_refused(pack: Path) -> None:
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    done = run(pack, "--key", other)
    assert done.returncode == 1
    assert "NOT OK" in done.stderr


def files_of(pack: Path) -> list[Path]:
    return sorted(file for file in pack.rglob("*") if file.is_file())


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_one_flipped_bit_in_any_file_of_the_pack_is_found(pack: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(files_of(pack)))
    content = file.read_bytes()
    try:
        file.write_bytes(flipped(content, data.draw(st.integers(0, len(content) * 8 - 1))))
        with pytest.raises((SystemExit, ValueError, KeyError, TypeError, IndexError)):
            check(pack)
    finally:
        file.write_bytes(content)
    check(pack)


def test_a_missing_and_an_added_file_are_found(pack: Path) -> None:
    (pack / "proofs" / "00000003.tlog-proof").rename(pack / "note.txt")
    assert run(pack).returncode == 1


def test_a_pack_made_anew_by_someone_with_another_key_does_not_pass_under_ours(pack: Path) -> None:
    """Drop the last entry and rewrite the list of files: the signature over the list no longer holds."""
    lines = (pack / "entries.jsonl").read_bytes().splitlines(keepends=True)
    (pack / "entries.jsonl").write_bytes(b"".join(lines[:-1]))
    import hashlib

    text, _, signature = (pack / "manifest").read_text("utf-8").rpartition("\n\n")
    manifest = json.loads(text)
    manifest["files"]["entries.jsonl"] = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    (pack / "manifest").write_text(json.dumps(manifest) + "\n\n" + signature)
    assert "signature does not hold" in run(pack).stderr


def test_one_sides_pack_discloses_nothing_of_the_other_side(book: Path) -> None:
    found = packs.export(folder=book / "p", actor=actor_with(Role.COMPLIANCE, "network"), now=NOW, side="network")
    everything = b"".join(file.read_bytes() for file in files_of(book / "p"))
    assert (found.entries, found.disclosed) == (13, 9)
    assert b"fact-network" in everything
    assert b"secret-network" in everything
    for hidden in (b"fact-affiliate", b"secret-affiliate", b"secret--"):
        assert hidden not in everything
    assert not (book / "p" / "proofs" / "00000001.tlog-proof").exists()
    assert run(book / "p").returncode == 0


def test_compliance_of_one_side_cannot_export_the_other_nor_both(book: Path) -> None:
    network = actor_with(Role.COMPLIANCE, "network")
    for side in ("affiliate", None):
        with pytest.raises(NotVisible):
            packs.export(folder=book / "p", actor=network, now=NOW, side=side)
    assert not (book / "p").exists()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COMPLIANCE, Role.CROSS_SIDE, Role.INTERNAL_AUDIT}))
def test_no_other_role_exports_the_ledger(book: Path, role: Role) -> None:
    with pytest.raises(NotVisible):
        packs.export(folder=book / "p", actor=actor_with(role, BOTH), now=NOW)


def test_a_folder_with_anything_in_it_is_refused(book: Path) -> None:
    (book / "p").mkdir()
    (book / "p" / "mine.txt").write_text("x")
    with pytest.raises(FolderNotEmpty):
        packs.export(folder=book / "p", actor=ANYBODY, now=NOW)
    assert [file.name for file in files_of(book / "p")] == ["mine.txt"]


def test_an_unknown_side_and_an_empty_ledger_are_refused(home: Path) -> None:
    with pytest.raises(NothingToExport, match="no_such_side"):
        packs.export(folder=home / "p", actor=ANYBODY, now=NOW, side="nobody")
    with pytest.raises(NothingToExport, match="empty"):
        packs.export(folder=home / "p", actor=ANYBODY, now=NOW)


def test_two_packs_of_one_state_are_equal_to_the_byte(book: Path) -> None:
    actor = actor_with(Role.COMPLIANCE, "network")
    packs.export(folder=book / "one", actor=actor, now=NOW, side="network")
    LedgerEntry.objects.filter(position__isnull=True).delete()  # the entry that says it was exported
    packs.export(folder=book / "two", actor=actor, now=NOW, side="network")
    for one in files_of(book / "one"):
        assert one.read_bytes() == (book / "two" / one.relative_to(book / "one")).read_bytes()


def test_an_export_is_itself_an_entry(book: Path) -> None:
    packs.export(folder=book / "p", actor=actor_with(Role.COMPLIANCE, "network"), now=NOW, side="network")
    last = ledger.last(count=1, sides=ledger.sides())[0]
    assert (last.kind, last.side) == ("pack.exported", "network")


def test_a_large_ledgers_pack_has_the_last_or_the_named_proofs(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "ALL_PROOFS_UP_TO", 5)
    monkeypatch.setattr(packs, "LAST_PROOFS", 4)
    assert packs.export(folder=book / "last", actor=ANYBODY, now=NOW).proofs == 4
    found = packs.export(folder=book / "some", actor=ANYBODY, now=NOW, entries=["7", ledger.find("2").id])
    assert [file.stem for file in sorted((book / "some" / "proofs").iterdir())] == ["00000002", "00000007"]
    assert found.proofs == 2
    assert run(book / "some").returncode == 0


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
