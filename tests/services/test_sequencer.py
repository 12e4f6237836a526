import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sekisho.core import merkle
from sekisho.core.notes import open_checkpoint
from sekisho.services import ledger, sequencer, signing
from sekisho.services.ledger import NewEntry
from sekisho.services.sequencer import LedgerDamaged
from sekisho.services.signing import BadKey
from sekisho.store.models import LedgerCheckpoint, LedgerEntry, LedgerNode

NOW = datetime(2024, 4, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: object) -> Path:
    settings.HOME = tmp_path
    return tmp_path


def add(count: int) -> list[str]:
    many = [NewEntry("entry.made", {"n": number}) for number in range(count)]
    return ledger.record_many(many, actor="a", now=NOW)


def leaf_hashes() -> list[bytes]:
    return [bytes(row) for row in LedgerEntry.objects.order_by("position").values_list("leaf_hash", flat=True)]


def test_entries_get_positions_in_the_order_they_were_recorded() -> None:
    ids = add(5) + add(3)
    assert sequencer.sequence(now=NOW) == 8
    assert list(LedgerEntry.objects.order_by("position").values_list("entry_id", flat=True)) == ids


def test_sequencing_again_does_nothing() -> None:
    add(3)
    sequencer.sequence(now=NOW)
    assert sequencer.sequence(now=NOW) == 0
    assert LedgerCheckpoint.objects.count() == 1


def test_each_batch_ends_with_a_signed_checkpoint_over_all_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "BATCH", 4)
    add(10)
    assert sequencer.sequence(now=NOW) == 10
    nodes = merkle.tree_of(leaf_hashes())
    for row in LedgerCheckpoint.objects.all():
        signed = open_checkpoint(row.note, signing.verifier_keys())
        assert (signed.size, signed.root) == (row.size, merkle.root(row.size, nodes))
    assert set(LedgerCheckpoint.objects.values_list("size", flat=True)) == {4, 8, 10}


def test_the_stored_tree_proves_every_entry_and_joins_any_two_sizes() -> None:
    for count in (1, 6, 2, 4):
        add(count)
        sequencer.sequence(now=NOW)
    nodes = merkle.tree_of(leaf_hashes())
    for size in range(1, 14):
        assert merkle.root(size, sequencer.stored_node) == merkle.root(size, nodes)
        assert merkle.inclusion_proof(size - 1, 13, sequencer.stored_node) == merkle.inclusion_proof(
            size - 1, 13, nodes
        )
        assert merkle.consistency_proof(size, 13, sequencer.stored_node) == merkle.consistency_proof(size, 13, nodes)


def test_nothing_more_is_signed_over_a_tree_that_was_changed() -> None:
    add(4)
    sequencer.sequence(now=NOW)
    LedgerNode.objects.filter(level=2).update(hash=b"x" * 32)
    add(1)
    with pytest.raises(LedgerDamaged):
        sequencer.sequence(now=NOW)
    assert LedgerEntry.objects.filter(position__isnull=True).count() == 1


def test_nothing_more_is_signed_over_a_tree_with_a_hole() -> None:
    add(4)
    sequencer.sequence(now=NOW)
    LedgerNode.objects.filter(level=2).delete()
    add(1)
    with pytest.raises(LedgerDamaged):
        sequencer.sequence(now=NOW)


def test_the_key_is_made_once_and_only_its_owner_reads_it(home: Path) -> None:
    first = signing.signer().public
    assert signing.signer().public == first
    assert stat.S_IMODE((home / "keys" / "ledger.pem").stat().st_mode) == 0o600
    assert (home / "keys" / "ledger.pub").read_text() == first.text() + "\n"


def test_two_homes_have_two_origins(home: Path, settings: object) -> None:
    one = signing.signer().origin
    settings.HOME = home / "other"
    assert signing.signer().origin != one


def test_a_lost_secret_gives_a_new_key_and_what_the_old_one_signed_still_opens(home: Path) -> None:
    add(1)
    sequencer.sequence(now=NOW)
    (home / "keys" / "ledger.pem").unlink()
    add(1)
    sequencer.sequence(now=NOW)
    assert len(signing.verifier_keys()) == 2
    for row in LedgerCheckpoint.objects.all():
        open_checkpoint(row.note, signing.verifier_keys())


def test_keys_that_are_no_pair_are_refused(home: Path) -> None:
    signing.signer()
    kept = (home / "keys" / "ledger.pem").read_bytes()
    (home / "keys" / "ledger.pem").unlink()
    signing.signer()
    (home / "keys" / "ledger.pem").write_bytes(kept)
    with pytest.raises(BadKey):
        signing.signer()
