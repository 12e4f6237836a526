"""Several processes record and sequence one ledger at once, and some are killed: it holds, and no entry is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

CHILD = """
import os, sys
import django
django.setup()
from datetime import UTC, datetime
from pathlib import Path
from django.db import transaction
from sekisho.services import evidence, installation, ledger

installation.prepare(home=Path(os.environ["SEKISHO_HOME"]))
now = datetime.now(UTC)
for number in range(int(sys.argv[1])):
    with transaction.atomic():
        entry = ledger.record(kind="entry.made", actor="a", now=now, facts={"n": number}, personal={"n": number})
    print(entry, flush=True)
    if number % 5 == 4:
        ledger.sequence(now=now)
ledger.sequence(now=now)
found = evidence.audit()
print("audit", found.ok, found.entries, found.unsequenced, found.fault, flush=True)
"""


def child(home: Path, count: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "SEKISHO_HOME": str(home), "DJANGO_SETTINGS_MODULE": "sekisho.settings"}
    environment.pop("SEKISHO_DATABASE_URL", None)
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(count)], env=environment, stdout=subprocess.PIPE, text=True
    )


def written(process: subprocess.Popen[str], until: int | None = None) -> list[str]:
    """Read the ids of entries whose transactions ended; kill the process after `until` of them."""
    ids: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("audit"):
            break
        ids.append(line.strip())
        if until is not None and len(ids) == until:
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    return [entry for entry in ids if len(entry) == 32]


def last_audit(home: Path) -> str:
    out, _ = child(home, 0).communicate()
    return out.splitlines()[-1]


def test_processes_that_sequence_at_once_and_are_killed_leave_a_ledger_that_holds(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert last_audit(home) == "audit True 0 0 None"
    children = [child(home, 60) for _ in range(3)]
    ends = [7, 23, None]  # the first two are killed at once after so many, while the third goes on
    ids = [entry for process, end in zip(children, ends, strict=True) for entry in written(process, end)]
    words = last_audit(home).split(maxsplit=4)
    assert (words[1], words[3], words[4]) == ("True", "0", "None")
    assert int(words[2]) >= len(ids) > 60
