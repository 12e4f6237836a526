"""Who does the work: seen while it lives, missed when it does not, and what waits too long is counted."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

import make
import sides
from sekisho.core.kinds import BOTH, Role
from sekisho.services import doctor, job_claims, jobs, leases, schedules, workers
from sekisho.store import models

pytestmark = pytest.mark.django_db
NOW = make.at("2027-03-31")
IT = sides.actor(Role.IT_OPERATION, BOTH, name="joshisu")
ELSEWHERE = "other-host:1:2:3:ff"


@pytest.fixture
def living() -> Iterator[str]:
    """Return the mark of another process of this machine, alive until the test ends."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        yield f"{leases._process(other.pid)}:ff"
        other.kill()


def worker(mark: str, seen_ago: timedelta = timedelta(0)) -> None:
    models.Worker.objects.create(mark=mark, started_at=NOW, seen_at=NOW - seen_ago)


def test_nobody_is_there() -> None:
    assert workers.health(now=NOW) == workers.Health(0, None, 0, None)


def test_a_worker_of_this_host_is_seen_whatever_the_clock_of_a_rehearsal_shows(living: str) -> None:
    worker(living, timedelta(days=30))
    assert workers.health(now=NOW).alive == 1


def test_a_killed_worker_of_this_host_is_missed_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as other:
        mark = f"{leases._process(other.pid)}:ff"
    worker(mark)
    found = workers.health(now=NOW)
    assert (found.alive, found.last_seen_at) == (0, NOW)


def test_a_worker_of_another_host_is_missed_when_it_has_been_silent() -> None:
    worker(ELSEWHERE)
    assert workers.health(now=NOW).alive == 1
    models.Worker.objects.update(seen_at=NOW - workers.SILENT)
    assert workers.health(now=NOW).alive == 0


def test_what_should_have_begun_is_counted_with_the_oldest_of_it() -> None:
    due = NOW - timedelta(hours=1)
    jobs.enqueue(actor=IT, now=NOW, asked=jobs.NewJob("verification", "k", {}, due))
    asked = jobs.NewJob("cutover", "", {"sha256": "x"}, NOW - timedelta(hours=2))
    schedules.at(actor=IT, now=NOW, name="switch", asked=asked)
    found = workers.health(now=NOW)
    assert (found.overdue, found.overdue_since) == (2, NOW - timedelta(hours=2))
    schedules.pause(actor=IT, now=NOW, name="switch", paused=True)
    assert workers.health(now=NOW).overdue == 1


def test_a_beat_keeps_the_job_and_the_cutover_of_its_process() -> None:
    jobs.enqueue(actor=IT, now=NOW, asked=jobs.NewJob("verification", "k", {}, NOW))
    job = job_claims.claim(now=NOW)
    assert job is not None
    later = NOW + timedelta(seconds=50)
    heart = workers.Heart(clock=lambda: later)
    heart.hold(job)
    heart._beat()
    row = models.Job.objects.get()
    assert (row.lease_until, row.heartbeat_at) == (later + job_claims.LEASE, later)
    assert models.Worker.objects.get().job_id == row.pk
    jobs.pause(actor=IT, now=later, job_id=row.pk)
    heart._beat()
    assert models.Job.objects.get().state == jobs.PAUSED, "a beat does not take back what was paused"


def test_the_doctor_says_that_nobody_works_and_what_waits() -> None:
    assert {"doctor.worker_bad"} <= {one.code for one in doctor.examine(now=NOW)}
    worker(ELSEWHERE)
    models.Worker.objects.update(seen_at=doctor.now_of_home())
    assert {"doctor.worker_good"} <= {one.code for one in doctor.examine(now=NOW)}
