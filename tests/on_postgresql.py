"""Run the tests of services and acceptance with PostgreSQL as Sekisho's own database: the same code, the same tests.

`python tests/on_postgresql.py [pytest words …]`
"""

import os
import subprocess
import sys
from pathlib import Path

import servers

FLOORS = ["tests/services", "tests/demo"]


def main() -> int:
    """Start a server, run, stop it, and return pytest's status."""
    with servers.postgres() as url:
        command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *(sys.argv[1:] or FLOORS)]
        environment = {**os.environ, "SEKISHO_DATABASE_URL": url}
        return subprocess.run(command, cwd=Path(__file__).parents[1], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
