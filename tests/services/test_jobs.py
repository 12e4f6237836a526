"""Background work: asked for once, claimed once, taken up again, paused, caught up, and never lost."""

import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import make
import sides
from sekisho.core.kinds import BOTH, Role
from sekisho.core.users import Actor
from sekisho.services import job_claims, jobs, leases, ledger, schedules
from sekisho.store import models

pytestmark = pytest.mark.django_db
NOW = make.at("2027-03-31")
IT = sides.actor(Role.IT_OPERATION, BOTH, name="joshisu")


def asked(key: str = "k", due: datetime = NOW, kind: str = "cutover") -> jobs.NewJob:
    return jobs.NewJob(kind, key, {"sha256": "x"}, due)


def enqueue(key: str = "k", due: datetime = NOW) -> int:
    return jobs.enqueue(actor=IT, now=NOW, asked=asked(key, due))


def row(job: int) -> models.Job:
    return models.Job.objects.get(pk=job)


def kinds() -> list[str]:
    return [one.kind for one in ledger.last(count=100, sides=[""]) if one.kind.startswith("job.")]


def test_asking_twice_makes_one_job() -> None:
    assert enqueue() == enqueue()
    assert kinds() == ["job.requested"]


def test_a_job_is_claimed_when_it_is_due_and_by_one_worker() -> None:
    enqueue(due=NOW + timedelta(minutes=1))
    assert job_claims.claim(now=NOW) is None
    first = job_claims.claim(now=NOW + timedelta(minutes=1))
    assert first is not None
    assert job_claims.claim(now=NOW + timedelta(minutes=1)) is None
    assert kinds() == ["job.requested", "job.begun"]


def test_the_job_that_is_due_first_comes_first() -> None:
    enqueue("late", NOW)
    enqueue("early", NOW - timedelta(minutes=1))
    claimed = job_claims.claim(now=NOW)
    assert claimed is not None
    assert row(claimed.id).key == "early"


def test_a_silent_workers_job_is_taken_up_when_its_lease_ran_out() -> None:
    enqueue()
    first = job_claims.claim(now=NOW)
    assert first is not None
    later = NOW + job_claims.LEASE + timedelta(seconds=1)
    models.Job.objects.update(lease_owner="other-host:1:2:3:ff")
    second = job_claims.claim(now=later)
    assert second is not None
    assert second.id == first.id
    with pytest.raises(job_claims.Stopped):
        job_claims.finish(first, now=later, left=job_claims.Done())
    job_claims.finish(second, now=later, left=job_claims.Done({"ok": True}))
    assert (row(second.id).state, row(second.id).attempts) == (jobs.DONE, 2)
    assert kinds() == ["job.requested", "job.begun", "job.taken_up", "job.finished"]


def test_a_living_worker_of_this_host_keeps_its_job_however_long_a_step_takes() -> None:
    enqueue()
    assert job_claims.claim(now=NOW) is not None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        models.Job.objects.update(lease_owner=leases._process(other.pid) + ":ff")
        assert job_claims.claim(now=NOW + timedelta(hours=1)) is None
        other.kill()
    taken = job_claims.claim(now=NOW + timedelta(seconds=1))
    assert taken is not None, "the process is dead: nobody waits for its lease"
    assert taken.attempt == 2


def test_a_switch_goes_before_all_else_and_nothing_long_is_begun_shortly_before_one() -> None:
    jobs.enqueue(actor=IT, now=NOW, asked=asked("re-plan", NOW - timedelta(hours=1), "replan"))
    schedules.at(actor=IT, now=NOW, name="switch", asked=asked(due=NOW + timedelta(minutes=4)))
    assert job_claims.claim(now=NOW) is None
    schedules.tick(now=NOW + timedelta(minutes=4))
    first, second = (job_claims.claim(now=NOW + timedelta(minutes=4)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.kind, second.kind) == ("cutover", "replan")


def test_a_job_that_is_let_go_is_no_attempt_and_waits_while_something_is_in_its_way() -> None:
    enqueue()
    first = job_claims.claim(now=NOW)
    assert first is not None
    job_claims.let_go(first, now=NOW, wait=job_claims.AGAIN)
    assert job_claims.claim(now=NOW + timedelta(seconds=1)) is None
    again = job_claims.claim(now=NOW + job_claims.AGAIN)
    assert again is not None
    assert again.attempt == 1


def test_what_follows_from_a_job_is_asked_for_with_its_end_and_once() -> None:
    enqueue()
    job = job_claims.claim(now=NOW)
    assert job is not None
    then = jobs.NewJob("verification", "after", {}, NOW)
    job_claims.finish(job, now=NOW, left=job_claims.Done(then=then))
    with pytest.raises(job_claims.Stopped):
        job_claims.finish(job, now=NOW, left=job_claims.Done(then=then))
    assert models.Job.objects.filter(kind="verification", requested_by="joshisu").count() == 1


def test_a_worker_that_says_it_lives_keeps_its_job() -> None:
    enqueue()
    job = job_claims.claim(now=NOW)
    assert job is not None
    later = NOW + job_claims.LEASE - timedelta(seconds=1)
    job_claims.keep(job, now=later, done=3, total=10)
    assert job_claims.claim(now=later + timedelta(seconds=30)) is None
    assert jobs.jobs(actor=IT, now=NOW)[0].percent == 30


def test_a_job_whose_workers_die_again_and_again_fails_loudly() -> None:
    enqueue()
    at = NOW
    for _ in range(job_claims.MOST_ATTEMPTS):
        assert job_claims.claim(now=at) is not None
        models.Job.objects.update(lease_owner="other-host:1:2:3:ff")
        at += job_claims.LEASE + timedelta(seconds=1)
    assert job_claims.claim(now=at) is None
    shown = jobs.jobs(actor=IT, now=at)[0]
    assert (shown.state, shown.error) == (jobs.FAILED, "jobs.too_often")


def test_a_long_job_that_gets_further_each_time_outlives_any_number_of_restarts() -> None:
    enqueue()
    at = NOW
    for done in range(1, 3 * job_claims.MOST_ATTEMPTS):
        job = job_claims.claim(now=at)
        assert job is not None
        job_claims.keep(job, now=at, done=0, total=100)
        job_claims.keep(job, now=at, done=done, total=100)
        models.Job.objects.update(lease_owner="other-host:1:2:3:ff")
        at += job_claims.LEASE + timedelta(seconds=1)
    assert row(job.id).attempts == 3 * job_claims.MOST_ATTEMPTS - 1


def test_a_job_that_begins_afresh_each_time_and_dies_at_the_same_place_fails() -> None:
    enqueue()
    at = NOW
    for _ in range(job_claims.MOST_ATTEMPTS + 1):
        job = job_claims.claim(now=at)
        assert job is not None
        for done in (0, 5):
            job_claims.keep(job, now=at, done=done, total=100)
        models.Job.objects.update(lease_owner="other-host:1:2:3:ff")
        at += job_claims.LEASE + timedelta(seconds=1)
    assert job_claims.claim(now=at) is None
    assert row(job.id).error == "jobs.too_often"


def test_looking_for_work_opens_no_write_transaction_for_what_others_hold() -> None:
    for name in ("one", "two", "three"):
        enqueue(name)
        assert job_claims.claim(now=NOW) is not None
    with CaptureQueriesContext(connection) as asked_for:
        assert job_claims.claim(now=NOW + timedelta(seconds=1)) is None
    assert not [one["sql"] for one in asked_for if "SAVEPOINT" in one["sql"]]


def test_a_paused_job_stops_its_worker_and_goes_on_when_resumed() -> None:
    job_id = enqueue()
    job = job_claims.claim(now=NOW)
    assert job is not None
    jobs.pause(actor=IT, now=NOW, job_id=job_id)
    with pytest.raises(job_claims.Stopped):
        job_claims.keep(job, now=NOW, done=1, total=2)
    assert job_claims.claim(now=NOW) is None
    jobs.resume(actor=IT, now=NOW, job_id=job_id)
    assert job_claims.claim(now=NOW) is not None


def test_a_running_job_is_not_cancelled_but_paused_first() -> None:
    job_id = enqueue()
    job_claims.claim(now=NOW)
    with pytest.raises(jobs.NotOpen):
        jobs.cancel(actor=IT, now=NOW, job_id=job_id)
    jobs.pause(actor=IT, now=NOW, job_id=job_id)
    jobs.cancel(actor=IT, now=NOW, job_id=job_id)
    assert row(job_id).state == jobs.CANCELLED


def test_a_job_that_began_late_says_so() -> None:
    enqueue(due=NOW - timedelta(hours=3))
    job_claims.claim(now=NOW)
    assert jobs.jobs(actor=IT, now=NOW)[0].missed_at == NOW
    assert "job.missed" in kinds()


def test_who_may_not_ask_is_refused() -> None:
    with pytest.raises(jobs.MayNotAsk):
        jobs.enqueue(actor=Actor("x"), now=NOW, asked=asked())
