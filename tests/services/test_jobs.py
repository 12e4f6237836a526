"""Background work: asked for once, claimed once, taken up again, paused, caught up, and never lost."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.db import transaction

import make
import sides
from sekisho.core.kinds import BOTH, Role
from sekisho.core.users import Actor
from sekisho.services import jobs, ledger, schedules, work
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
    return [one.kind for one in ledger.last(count=100, sides=[""])]


def test_asking_twice_makes_one_job() -> None:
    assert enqueue() == enqueue()
    assert kinds() == ["job.requested"]


def test_a_job_is_claimed_when_it_is_due_and_by_one_worker() -> None:
    enqueue(due=NOW + timedelta(minutes=1))
    assert jobs.claim(now=NOW) is None
    first = jobs.claim(now=NOW + timedelta(minutes=1))
    assert first is not None
    assert jobs.claim(now=NOW + timedelta(minutes=1)) is None


def test_the_job_that_is_due_first_comes_first() -> None:
    enqueue("late", NOW)
    enqueue("early", NOW - timedelta(minutes=1))
    claimed = jobs.claim(now=NOW)
    assert claimed is not None
    assert row(claimed.id).key == "early"


def test_a_silent_workers_job_is_taken_up_when_its_lease_ran_out() -> None:
    enqueue()
    first = jobs.claim(now=NOW)
    assert first is not None
    later = NOW + jobs.LEASE + timedelta(seconds=1)
    models.Job.objects.update(lease_owner="other-host:1:2:3:ff")
    second = jobs.claim(now=later)
    assert second is not None
    assert second.id == first.id
    with pytest.raises(jobs.Stopped):
        jobs.finish(first, now=later, result={})
    jobs.finish(second, now=later, result={"ok": True})
    assert row(second.id).state == jobs.DONE


def test_a_worker_that_says_it_lives_keeps_its_job() -> None:
    enqueue()
    job = jobs.claim(now=NOW)
    assert job is not None
    later = NOW + jobs.LEASE - timedelta(seconds=1)
    jobs.keep(job, now=later, done=3, total=10)
    assert jobs.claim(now=later + timedelta(seconds=30)) is None
    assert jobs.jobs(actor=IT, now=NOW)[0].percent == 30


def test_a_job_whose_workers_die_again_and_again_fails_loudly() -> None:
    enqueue()
    at = NOW
    for _ in range(jobs.MOST_ATTEMPTS):
        assert jobs.claim(now=at) is not None
        models.Job.objects.update(lease_owner="other-host:1:2:3:ff")
        at += jobs.LEASE + timedelta(seconds=1)
    assert jobs.claim(now=at) is None
    shown = jobs.jobs(actor=IT, now=at)[0]
    assert (shown.state, shown.error) == (jobs.FAILED, "jobs.too_often")


def test_a_paused_job_stops_its_worker_and_goes_on_when_resumed() -> None:
    job_id = enqueue()
    job = jobs.claim(now=NOW)
    assert job is not None
    jobs.pause(actor=IT, now=NOW, job_id=job_id)
    with pytest.raises(jobs.Stopped):
        jobs.keep(job, now=NOW, done=1, total=2)
    assert jobs.claim(now=NOW) is None
    jobs.resume(actor=IT, now=NOW, job_id=job_id)
    assert jobs.claim(now=NOW) is not None


def test_a_running_job_is_not_cancelled_but_paused_first() -> None:
    job_id = enqueue()
    jobs.claim(now=NOW)
    with pytest.raises(jobs.NotOpen):
        jobs.cancel(actor=IT, now=NOW, job_id=job_id)
    jobs.pause(actor=IT, now=NOW, job_id=job_id)
    jobs.cancel(actor=IT, now=NOW, job_id=job_id)
    assert row(job_id).state == jobs.CANCELLED


def test_a_job_that_began_late_says_so() -> None:
    enqueue(due=NOW - timedelta(hours=3))
    jobs.claim(now=NOW)
    assert jobs.jobs(actor=IT, now=NOW)[0].missed_at == NOW
    assert "job.missed" in kinds()


def daily(at: time = time(2)) -> None:
    schedules.daily(actor=IT, now=NOW, name="nightly", kind="replan", at_time=at, params={})


def test_a_daily_schedule_falls_due_by_the_companys_clock_once_a_day() -> None:
    daily()
    due = models.Schedule.objects.get().due_at
    assert due == datetime.fromisoformat("2027-04-01T02:00:00+09:00")
    assert schedules.tick(now=due - timedelta(seconds=1)) == 0
    assert schedules.tick(now=due) == 1
    assert schedules.tick(now=due) == 0
    assert models.Schedule.objects.get().due_at == due + timedelta(days=1)


def test_missed_nights_are_caught_up_once() -> None:
    daily()
    assert schedules.tick(now=NOW + timedelta(days=5)) == 1
    jobs.claim(now=NOW + timedelta(days=5))
    assert models.Job.objects.get().missed_at is not None


def test_a_switch_falls_due_once_at_its_instant() -> None:
    schedules.at(actor=IT, now=NOW, name="switch x", asked=asked(due=NOW + timedelta(hours=1)))
    assert schedules.tick(now=NOW) == 0
    assert schedules.tick(now=NOW + timedelta(hours=1)) == 1
    assert schedules.tick(now=NOW + timedelta(days=9)) == 0


def test_a_paused_schedule_makes_nothing_and_goes_on_from_its_next_time() -> None:
    daily()
    schedules.pause(actor=IT, now=NOW, name="nightly", paused=True)
    assert schedules.tick(now=NOW + timedelta(days=2)) == 0
    schedules.pause(actor=IT, now=NOW + timedelta(days=2), name="nightly", paused=False)
    assert schedules.tick(now=NOW + timedelta(days=2)) == 0


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sides.World]:
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield sides.build(tmp_path_factory.mktemp("work"))
        transaction.set_rollback(True)


def role(name: str, word: str) -> None:
    models.RoleAssignment.objects.create(
        user=name, person_id="", role=word, side="both", start=make.day("2015-04-01"), recorded_at=sides.LOADED
    )


def do(home: Path, kind: str, **params: str) -> jobs.JobShown:
    role("joshisu", "it_operation")
    jobs.enqueue(actor=IT, now=sides.NOW, asked=jobs.NewJob(kind, kind, params, sides.NOW))
    assert work.step(home=home, clock=lambda: sides.NOW)
    found = jobs.job(actor=IT, now=sides.NOW, key=kind)
    assert found is not None
    return found


def test_a_plan_is_made_in_the_name_of_who_asked(world: sides.World) -> None:
    shown = do(world.home, "plan", as_of=sides.AS_OF.isoformat())
    assert shown.state == jobs.DONE
    assert models.Plan.objects.get(sha256=shown.result["sha256"]).planned_by == "joshisu"


def test_planning_again_shows_only_what_changed(world: sides.World) -> None:
    models.Order.objects.filter(status="draft").update(status="final")
    shown = do(world.home, "replan")
    assert shown.state == jobs.DONE
    assert shown.result["former"]
    assert shown.result["changes"] == len(shown.result["added"]) + len(shown.result["removed"])  # type: ignore[arg-type]


def test_a_verification_runs_and_is_kept(world: sides.World) -> None:
    before = models.VerificationRun.objects.count()
    assert do(world.home, "verification").state == jobs.DONE
    assert models.VerificationRun.objects.count() == before + 1


def test_work_of_someone_who_lost_his_role_fails_with_its_sentence(world: sides.World) -> None:
    jobs.enqueue(actor=IT, now=sides.NOW, asked=jobs.NewJob("verification", "k", {}, sides.NOW))
    assert work.step(home=world.home, clock=lambda: sides.NOW)
    shown = jobs.job(actor=IT, now=sides.NOW, key="k")
    assert shown is not None
    assert (shown.state, shown.error) == (jobs.FAILED, "visibility.refused")


def test_a_switch_without_approval_fails_and_says_why(world: sides.World) -> None:
    plan = models.Plan.objects.latest("pk")
    shown = do(world.home, "cutover", sha256=plan.sha256)
    assert shown.state == jobs.FAILED
    assert shown.error.startswith("cutover.")


def test_nothing_to_do_is_said(world: sides.World) -> None:
    assert work.step(home=world.home, clock=lambda: sides.NOW) is False


def test_who_may_not_ask_is_refused() -> None:
    with pytest.raises(jobs.MayNotAsk):
        jobs.enqueue(actor=Actor("x"), now=NOW, asked=asked())
