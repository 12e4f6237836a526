"""Calls of the command line, each in a process of its own, without a second of imports before each.

A server started once a test process has the libraries loaded, but nothing of `sekisho.cli`, `services` or
`store`, and no settings: each call is a fork of it that reads its own environment and opens its own home, as
a call from a shell does. Where the real program counts, the tests start that.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

LIBRARIES = (
    "click", "rich.console", "rich.table", "rich.status", "rich.progress", "sqlite3", "django.urls", "django.db.models",
    "django.core.management", "django.db.migrations.executor", "django.db.backends.sqlite3.base", "sqlalchemy",
    "django.contrib.auth.hashers", "cryptography.hazmat.primitives.serialization", "python_calamine", "jpholiday",
    "cryptography.hazmat.primitives.asymmetric.ed25519", "sekisho.core.screening", "sekisho.core.planning",
    "sekisho.core.visibility", "sekisho.intake.folder", "sekisho.intake.order_files", "sekisho.connectors.sql",
)  # fmt: skip


def call(*words: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Call `sekisho WORDS` in this environment and return its status, output and errors."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory(prefix="sekisho-call-") as folder:
        server.stdin.write(json.dumps({"words": words, "env": dict(env), "cwd": str(Path.cwd()), "to": folder}) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        out, err = (Path(folder, name).read_text("utf-8") for name in ("out", "err"))
    return subprocess.CompletedProcess(list(words), status, out, err)


@cache
def _server() -> "subprocess.Popen[str]":
    command = [sys.executable, __file__]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    atexit.register(server.kill)
    return server


def serve() -> None:
    """Fork for each line of stdin, and answer with the exit status."""
    for name in LIBRARIES:
        import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked["words"], asked["env"], asked["cwd"], Path(asked["to"]))
            return
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


def _run(words: list[str], env: dict[str, str], cwd: str, to: Path) -> None:
    """Be the called program, in the forked process: as a program it ends with SystemExit, or with a trace."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(to / name, os.O_WRONLY | os.O_CREAT), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["sekisho", *words]
    import_module("sekisho.cli.main").main()


if __name__ == "__main__":
    serve()
