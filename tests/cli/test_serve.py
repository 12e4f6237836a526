"""The site and its worker as real processes: they start, answer, do work, and end together by their pids."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import servers

HERE = Path(__file__).parents[2]


def sekisho(home: Path, *words: str) -> "subprocess.Popen[bytes]":
    code = "from sekisho.cli.main import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "--home", str(home), *words],
        env=os.environ | {"PYTHONPATH": str(HERE / "src"), "SEKISHO_LANG": "en"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_the_site_answers_and_ends_with_its_children(tmp_path: Path) -> None:
    port = servers.free_port()
    process = sekisho(tmp_path / "home", "serve", "--port", str(port))
    try:
        servers.wait_until(lambda: servers.listening(port), process, "the site")
        with urllib.request.urlopen(f"http://localhost:{port}/") as answer:
            page = answer.read().decode()
        assert answer.url.endswith("/accounts/login/?next=%2F")
        assert "/static/css/base." in page, "static files have hashed names"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
    assert process.returncode == 0
    assert not servers.listening(port)


def children(pid: int) -> dict[int, str]:
    """Return the command lines of a process's children."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return {int(one): Path(f"/proc/{one}/cmdline").read_text("utf-8") for one in found if Path(f"/proc/{one}").exists()}


def workers(pid: int) -> list[int]:
    return [child for child, words in children(pid).items() if words.endswith("\0work\0")]


def test_a_worker_that_is_killed_is_started_anew_and_the_site_stays(tmp_path: Path) -> None:
    port = servers.free_port()
    process = sekisho(tmp_path / "home", "serve", "--port", str(port))
    try:
        servers.wait_until(lambda: servers.listening(port) and bool(workers(process.pid)), process, "site and worker")
        (killed,) = workers(process.pid)
        os.kill(killed, signal.SIGKILL)
        servers.wait_until(lambda: workers(process.pid) not in ([], [killed]), process, "another worker")
        assert servers.listening(port)
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=40)
    assert process.returncode == 0
    assert b"The worker died" in said


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = sekisho(tmp_path / "home", "serve", "--port", str(taken.getsockname()[1]))
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert b"is in use" in said


def test_work_once_does_what_is_due_and_ends(tmp_path: Path) -> None:
    process = sekisho(tmp_path / "home", "work", "--once")
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said.strip()) == (0, b"0 jobs were done.")


def test_the_first_administrator_is_made_on_the_command_line(tmp_path: Path) -> None:
    process = sekisho(tmp_path / "home", "user", "add", "kanri", "--role", "administrator")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Password of kanri: " in said
