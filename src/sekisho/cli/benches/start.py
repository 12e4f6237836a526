"""How long a command takes to start, and how long it takes from an empty home to a transfer day's result.

Not here: installing the environment, which `./sekisho` does on its first call; that hangs on the network.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from sekisho.cli.measure import Bench, Measure, best_seconds

DJANGO = "import django; from django.conf import settings; settings.configure(INSTALLED_APPS=[{}]); django.setup()"
APPS = '"django.contrib.contenttypes", "django.contrib.auth"'
SEKISHO = "from sekisho.cli.main import main; main()"
BUDGET = "first start from nothing: one command, < 60 s without downloads"


def start(home: Path) -> list[Bench]:
    """Measure the smallest command and one that opens the home beside a bare Django, and the demo from nothing."""
    used = home / "used"
    _run(SEKISHO, used, "ledger", "verify")
    bare = best_seconds(lambda: _run(DJANGO.format(APPS), used))
    version = best_seconds(lambda: _run(SEKISHO, used, "--version"))
    command = best_seconds(lambda: _run(SEKISHO, used, "ledger", "verify"))
    began = time.perf_counter()
    _run(SEKISHO, home / "demo", "demo", "--no-serve")
    demo = time.perf_counter() - began
    against = "a process that sets up a bare Django"
    return [
        Bench("start.version", version, "s", bare, against, "", "sekisho --version"),
        Bench("start.command", command, "s", bare, against, "", "sekisho ledger verify, in a home of one entry"),
        Bench(
            "start.demo",
            demo,
            "s",
            60.0,
            "the budget",
            BUDGET,
            "sekisho demo, 2,000 people",
        ),
    ]


def _run(program: str, home: Path, *words: str) -> None:
    environment = {**os.environ, "SEKISHO_HOME": str(home)}
    subprocess.run([sys.executable, "-c", program, *words], env=environment, check=True, capture_output=True)  # noqa: S603 - ourselves


BENCHES: dict[str, Measure] = {"start": start}
