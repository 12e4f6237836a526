"""The commands of the ledger and the doctor, as an outsider calls them: words in, JSON and status out."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import commands


@dataclass
class Ran:
    status: int
    out: str
    err: str

    @property
    def document(self) -> dict:
        return json.loads(self.out)


def run(home: Path, *words: str) -> Ran:
    environment = {**os.environ, "SEKISHO_HOME": str(home), "SEKISHO_LANG": "en"}
    environment.pop("SEKISHO_DATABASE_URL", None)
    done = commands.call(*words, env=environment)
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ledger has entries: each set clock is one."""
    home = tmp_path_factory.mktemp("cli") / "home"
    run(home, "rehearse")
    for day in ("2024-03-31", "2024-04-01"):
        assert run(home, "--now", day, "ledger", "show").status == 0
    return home


@pytest.fixture
def copy(rehearsal: Path, tmp_path: Path) -> Path:
    return shutil.copytree(rehearsal, tmp_path / "home")


def test_verify_says_entries_root_and_ok(rehearsal: Path) -> None:
    ran = run(rehearsal, "ledger", "verify", "--json")
    assert ran.status == 0
    found = ran.document
    assert (found["ok"], found["unsequenced"], found["first_bad"]) == (True, 0, None)
    assert found["entries"] >= 2
    assert len(found["root"]) == 64


def test_show_prints_the_last_entries(rehearsal: Path) -> None:
    entries = run(rehearsal, "ledger", "show", "--json").document["entries"][:2]
    assert [entry["kind"] for entry in entries] == ["clock.set", "clock.set"]
    assert [entry["position"] for entry in entries] == [0, 1]


def test_prove_prints_a_proof_file_and_a_missing_entry_is_bad_usage(rehearsal: Path) -> None:
    assert run(rehearsal, "ledger", "prove", "1").out.startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    missing = run(rehearsal, "ledger", "prove", "nothing", "--json")
    assert missing.status == 2
    assert missing.document["error"]["code"] == "ledger.no_such_entry"


def test_export_writes_a_pack_that_checks_itself_and_refuses_a_used_folder(rehearsal: Path, tmp_path: Path) -> None:
    ran = run(rehearsal, "ledger", "export", str(tmp_path / "pack"), "--json")
    assert ran.status == 0
    assert {"manifest", "verify.py", "entries.jsonl", "checkpoint", "public.key"} <= set(ran.document["files"])
    assert subprocess.run([sys.executable, tmp_path / "pack" / "verify.py"], check=False).returncode == 0
    assert run(rehearsal, "ledger", "export", str(tmp_path / "pack")).status == 2
    kept = tmp_path / "pack" / "checkpoint"
    assert run(rehearsal, "ledger", "verify", "--checkpoint", str(kept)).status == 0
    assert run(rehearsal, "ledger", "key").out == (tmp_path / "pack" / "public.key").read_text()


def test_a_damaged_ledger_is_status_one_and_the_first_bad_entry_is_named(copy: Path) -> None:
    database = sqlite3.connect(copy / "sekisho.sqlite3")
    database.execute("DROP TRIGGER store_ledgerentry_same")
    database.execute("UPDATE store_ledgerentry SET kind = 'clock.kept' WHERE position = 0")
    database.commit()
    database.close()
    ran = run(copy, "ledger", "verify", "--json")
    assert ran.status == 1
    bad = ran.document["first_bad"]
    assert (bad["position"], bad["code"]) == (0, "ledger.column_differs")
    assert "kind" in bad["differs"]["en"]
    assert "kind" in bad["differs"]["ja"]


def test_the_database_refuses_to_change_an_entry_of_a_real_home(rehearsal: Path) -> None:
    database = sqlite3.connect(rehearsal / "sekisho.sqlite3")
    for statement in ("DELETE FROM store_ledgerentry", "UPDATE store_ledgerentry SET leaf = x'00'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute(statement)
    database.close()


def test_doctor_makes_nothing_and_needs_no_home(tmp_path: Path) -> None:
    ran = run(tmp_path / "none", "doctor", "--json")
    assert ran.status == 0
    assert not (tmp_path / "none").exists()
    states = {check["name"]: check["state"] for check in ran.document["checks"]}
    assert (states["python"], states["home"], states["database"]) == ("ok", "warn", "warn")


def test_doctor_names_keys_that_others_can_read(copy: Path) -> None:
    assert run(copy, "doctor").status == 0
    (copy / "keys" / "ledger.pem").chmod(0o644)
    ran = run(copy, "doctor", "--json")
    assert ran.status == 1
    keys = next(check for check in ran.document["checks"] if check["name"] == "keys")
    assert keys["state"] == "fail"
    assert "ledger.pem" in keys["message"]["en"]


def test_manage_runs_djangos_commands_and_each_call_is_an_entry(copy: Path) -> None:
    assert run(copy, "manage", "check").status == 0
    last = run(copy, "ledger", "show", "--json").document["entries"][-1]
    assert (last["kind"], last["facts"]) == ("installation.managed", {"command": "check"})
