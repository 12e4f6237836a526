"""The evidence pack proves without us, discloses one side only, and is exported by those who may."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledgers import ANYBODY, NOW, actor_with, fill, flipped
from sekisho.core.kinds import BOTH, Role
from sekisho.services import evidence, ledger, packs, signing, verify_pack
from sekisho.services.packs import FolderNotEmpty, NothingToExport
from sekisho.services.visibility import NotVisible
from sekisho.store.models import LedgerCheckpoint, LedgerEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(db: None, tmp_path: Path, settings: object) -> Path:
    settings.HOME = tmp_path / "home"
    return tmp_path


@pytest.fixture
def book(home: Path) -> Path:
    fill()
    return home


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
