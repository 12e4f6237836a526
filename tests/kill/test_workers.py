"""Several workers at once, some killed inside their jobs: each job is done once, none is lost, its attempts say so.

Real processes, real SIGKILL. A worker says when it is inside a job and stands still there: that process is killed at
that place, not one that chance has put somewhere. On SQLite, and on a real PostgreSQL.
"""

import json
import os
import re
import selectors
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest

import servers

pytestmark = pytest.mark.long(0)

ROOT = Path(__file__).parents[2]
ROOM = "/work"
WORKERS, JOBS, EVERY = 3, 12, 4


@dataclass
class Place:
    """A home and its database; `url` "" is the home's own SQLite."""

    home: Path
    url: str = ""
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        found = {**os.environ, "SEKISHO_HOME": str(self.home), "DJANGO_SETTINGS_MODULE": "sekisho.settings"}
        found["SEKISHO_DATABASE_URL"] = self.url
        return found

    def start(self, word: str, *words: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.kill.worker", word, str(self.home), *map(str, words)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, **pipes)  # type: ignore[call-overload]
        self.started.append(process)
        return process  # type: ignore[no-any-return]

    def ask(self, word: str, *words: object) -> str:
        """Run a process to its end and return what it said last."""
        process = self.start(word, *words)
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0, out
        return out.strip().rpartition("\n")[2]

    def finished(self) -> Mapping[str, Any]:
        """Let one more worker do what is left; return what became of it all."""
        found: Mapping[str, Any] = json.loads(self.ask("finish"))
        return found

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def line(process: subprocess.Popen[str]) -> list[str]:
    """Return the words of the next line that a process says; [] at its end."""
    assert process.stdout is not None
    return process.stdout.readline().split()


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with servers.postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    url = ""
    if request.param == "postgres":
        server, name = request.getfixturevalue("server"), f"test_{abs(hash(tmp_path))}"
        with psycopg.connect(server, autocommit=True) as link:
            link.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]  # our own word
        url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    made = Place(tmp_path / "home", url)
    yield made
    made.end()


def test_several_workers_and_some_killed_inside_their_jobs_do_every_job_once(place: Place) -> None:
    place.ask("queue", JOBS, EVERY)
    deadly = JOBS // EVERY
    kills = 0
    with selectors.DefaultSelector() as watched:
        for _ in range(WORKERS):
            process = place.start("work")
            watched.register(process.stdout, selectors.EVENT_READ, process)  # type: ignore[arg-type]
        while watched.get_map():
            for key, _ in watched.select():
                words = line(key.data)
                if not words:
                    watched.unregister(key.fileobj)
                elif words[0] == "inside" and (int(words[1]) - 1) % EVERY == 0 and words[2] == "1":
                    watched.unregister(key.fileobj)
                    killed(key.data)
                    kills += 1
                    process = place.start("work")
                    watched.register(process.stdout, selectors.EVENT_READ, process)  # type: ignore[arg-type]
    found = place.finished()
    assert kills == deadly
    assert Counter(map(tuple, found["jobs"])) == {
        ("stand", "done", 1, ""): JOBS - deadly,
        ("stand", "done", 2, ""): deadly,
    }
    effects = (place.home / "effects").read_text("utf-8").split()
    assert sorted(map(int, effects)) == list(range(1, JOBS + 1)), "each once: a killed worker had left nothing yet"
    assert Counter(found["entries"]) == {
        "job.requested": JOBS,
        "job.begun": JOBS,
        "job.taken_up": deadly,
        "job.finished": JOBS,
    }
    assert found["audit"]
    assert found["workers"] == kills, "the killed did not leave; everybody else did"


def test_workers_that_start_at_once_on_a_database_without_tables_do_not_stand_in_each_others_way(place: Place) -> None:
    starting = [place.start("start") for _ in range(WORKERS)]
    for process in starting:
        process.communicate(timeout=120)
    assert [process.returncode for process in starting] == [0] * WORKERS


def undisturbed(place: Place, folder: Path) -> tuple[Mapping[str, Any], int]:
    """Return how a switch ends that nobody disturbs, and how often its worker asks for the time."""
    calm = Place(folder, "")
    try:
        calm.ask("build")
        found = calm.finished()
        return found, int(found["calls"])
    finally:
        calm.end()


def same_end(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    for name in ("states", "effects", "held"):
        assert found[name] == expected[name], name
    assert found["broken"] == []
    assert found["audit"]
    assert found["runs"] == 1


def test_a_switch_whose_worker_is_killed_at_any_step_is_taken_up_by_another_and_ends_as_an_undisturbed_one(
    place: Place, tmp_path: Path
) -> None:
    expected, calls = undisturbed(place, tmp_path / "calm")
    assert [row[:3] for row in expected["jobs"]] == [["cutover", "done", 1], ["verification", "done", 1]]
    place.ask("build")
    assert calls > 5
    for step in (3, 5):  # after the first batch; then, of the one that went on, after its third
        worker = place.start("work", step)
        assert line(worker)[0] == "inside"
        killed(worker)
    found = place.finished()
    assert [row[:3] for row in found["jobs"]] == [["cutover", "done", 3], ["verification", "done", 1]]
    same_end(found, expected)


class Visitor:
    """Somebody at the site, with cookies and without JavaScript."""

    def __init__(self, url: str, password: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=60, follow_redirects=True, headers={"Accept-Language": "en"})
        self.post("/accounts/login/", login="operator", password=password)

    def close(self) -> None:
        self.client.close()

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **words: object) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page(path))
        assert token is not None
        answer = self.client.post(path, data={"csrfmiddlewaretoken": token[1], **words})
        assert answer.status_code == 200, answer.text
        return answer.text


@contextmanager
def site(place: Place) -> Iterator[str]:
    """Serve the place's site, without a worker."""
    port = servers.free_port()
    code = "from sekisho.cli.main import main; main()"
    words = ["--home", str(place.home), "serve", "--no-work", "--port", str(port)]
    environment = place.environment | {"PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen([sys.executable, "-c", code, *words], env=environment, stderr=subprocess.DEVNULL)
    try:
        servers.wait_until(lambda: servers.listening(port), process, "the site")
        yield f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_a_switch_is_paused_and_resumed_in_its_middle_on_the_page_while_a_real_worker_carries_it_out(
    place: Place, tmp_path: Path
) -> None:
    expected, _ = undisturbed(place, tmp_path / "calm")
    built = json.loads(place.ask("build"))
    worker = place.start("work", 5)
    assert line(worker)[0] == "inside"
    with site(place) as url, closing(Visitor(url, built["password"])) as visitor:
        for _ in range(2):  # a reload shows the same: it stands in the row
            shown = re.search(r'<progress max="100" value="(\d+)"', visitor.page(ROOM))
            assert shown is not None
            assert 0 < int(shown[1]) < 100
        assert "paused" in visitor.post(ROOM, do="pause", job=built["job"])
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
        assert worker.wait(60) == 0, "it lets go of the job and lives on"
        assert "It is paused." in visitor.page(f"{ROOM}/{built['job']}")
        assert "waiting" in visitor.post(ROOM, do="resume", job=built["job"])
        found = place.finished()
        assert [row[:3] for row in found["jobs"]] == [["cutover", "done", 1], ["verification", "done", 1]]
        assert {"job.paused", "job.resumed"} <= set(found["entries"])
        assert "It is done." in visitor.page(f"{ROOM}/{built['job']}")
    same_end(found, expected)
