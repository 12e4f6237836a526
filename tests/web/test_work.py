"""Background work on the site: what runs, comes, failed; pause and resume; what a re-plan changed, side by side."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

import sides
import sites
import webrooms
from sekisho.core.kinds import BOTH, Role
from sekisho.services import installation, job_claims, jobs, plans, schedules, switches, workers
from sekisho.store import models

pytestmark = pytest.mark.django_db
IT = sides.actor(Role.IT_OPERATION, BOTH, name="joshisu")
ROOM = "/work"


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


@pytest.fixture
def worked() -> None:
    """Let a worker of another host be there."""
    models.Worker.objects.create(mark="other-host:1:2:3:ff", started_at=sides.NOW, seen_at=sides.NOW)


def it(language: str = "en") -> Client:
    return sites.client("joshisu", ("it_operation", "both"), language=language)


def room(client: Client, path: str = "/work") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def asked(key: str = "k", kind: str = "verification") -> int:
    return jobs.enqueue(actor=IT, now=sides.NOW, asked=jobs.NewJob(kind, key, {"sha256": "x"}, sides.NOW))


def test_nobody_there_is_said_first_with_what_to_do() -> None:
    shown = room(it())
    assert "No. No worker is running, so nothing begins." in shown
    assert "sekisho work" in shown
    assert "いいえ。実行プロセスが動いていないため" in room(it("ja"))


def test_nothing_to_do_is_well(worked: None) -> None:
    assert "Yes. Nothing runs, and nothing is scheduled." in room(it())


def test_what_runs_is_shown_with_its_share_and_renews_itself(worked: None) -> None:
    asked()
    job = job_claims.claim(now=sides.NOW)
    assert job is not None
    job_claims.keep(job, now=sides.NOW, done=3, total=10)
    client = it()
    shown = room(client)
    assert "Yes. Running now: 1." in shown
    assert 'data-hx-trigger="load delay:2s"' in shown
    assert '<progress max="100" value="30"' in shown
    part = client.get("/work?only=now", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="now"')
    assert "30%" in room(client, f"{ROOM}/{job.id}"), "a reload shows how far it is: it stands in the row"


def test_a_running_job_is_paused_and_goes_on(worked: None) -> None:
    number = asked()
    assert job_claims.claim(now=sides.NOW) is not None
    client = it()
    client.post("/work", {"do": "pause", "job": number})
    assert models.Job.objects.get().state == jobs.PAUSED
    assert "It is paused." in room(client, f"{ROOM}/{number}")
    client.post("/work", {"do": "resume", "job": number})
    assert models.Job.objects.get().state == jobs.WAITING


def test_a_failed_job_says_why_and_what_to_do(worked: None) -> None:
    asked()
    job = job_claims.claim(now=sides.NOW)
    assert job is not None
    job_claims.fail(job, now=sides.NOW, error=jobs.MayNotAsk("jobs.may_not_ask", {"actor": "joshisu"}))
    shown = room(it())
    assert "No. Failed and waiting for a decision: 1." in shown
    assert "joshisu has no role that asks for such work" in shown
    assert "Resume" in shown


def test_a_missed_night_is_caught_up_and_says_so(worked: None) -> None:
    client = it()
    client.post("/work", {"do": "daily", "kind": "verification", "time": "02:00"})
    later = sides.NOW + timedelta(days=3)
    assert schedules.tick(now=later) == 1
    assert job_claims.claim(now=later) is not None
    with transaction.atomic():
        installation.set_clock(actor=sides.TRUSTED, home=Path(settings.HOME), claimed=later)
    shown = room(client)
    assert "Done late" in shown
    assert "It missed its time and began late" in shown
    assert "further times that were missed: 2." in shown


def test_a_daily_time_is_set_rests_goes_on_and_is_taken_back(worked: None) -> None:
    client = it()
    shown = client.post("/work", {"do": "daily", "kind": "replan", "time": "03:30"}, follow=True).content.decode()
    assert "Set: nightly re-plan, every day at 03:30." in shown
    assert "Thu 21 Mar 2024 03:30" in shown
    name = models.Schedule.objects.get().name
    client.post("/work", {"do": "rest", "schedule": name})
    assert models.Schedule.objects.get().paused_at is not None
    client.post("/work", {"do": "go_on", "schedule": name})
    client.post("/work", {"do": "take_back", "schedule": name})
    assert models.Schedule.objects.get().due_at is None
    assert "gone" in client.post("/work", {"do": "take_back", "schedule": name}, follow=True).content.decode()


def test_what_is_no_time_is_refused_in_words(worked: None) -> None:
    answer = it().post("/work", {"do": "daily", "kind": "replan", "time": "at two"}, follow=True)
    assert "“at two” is no time" in answer.content.decode()
    assert not models.Schedule.objects.exists()


def test_a_switch_that_will_not_begin_is_said_first_and_why(worked: None, world: sides.World) -> None:
    client = it()
    compliance = sides.actor(Role.COMPLIANCE, BOTH, name="houmu")
    plans.approve(actor=compliance, document=world.plan, method="passkey", now=sides.NOW, home=world.home)
    sha256 = models.Plan.objects.get().sha256
    shown = client.post(f"/plans/{sha256}", {"do": "switch"}, follow=True).content.decode()
    assert "The switch is set to run by itself at Mon 1 Apr 2024 00:00" in shown
    assert "switch" in room(client)
    assert "not begin at their time" not in room(client)
    models.RoleAssignment.objects.filter(user="joshisu").update(end=sides.AS_OF.date())
    shown = room(client)
    assert "switches will not begin at their time: 1" in shown
    assert "joshisu, who set it, will not hold the role" in shown
    shown = client.post(f"/plans/{sha256}", {"do": "undo"}, follow=True).content.decode()
    assert "The switch was cancelled" in shown
    assert switches.coming(actor=IT, now=sides.NOW) == ()


@pytest.mark.parametrize(("side", "own", "other"), [("network", "NET", "AFF"), ("affiliate", "AFF", "NET")])
def test_what_a_replan_changed_is_read_side_by_side_with_the_loud_word(side: str, own: str, other: str) -> None:
    number = webrooms._replanned()
    shown = room(sites.client("x", ("compliance", side), language="en"), f"{ROOM}/{number}")
    assert f"name{own}1" in shown
    assert other not in shown
    assert "Grants that the approved plan does not contain: 1." in shown
    assert "Changes since the plan for Mon 1 Apr 2024 00:00: 1." in shown
    both = room(sites.client("y", ("compliance", "both"), language="en"), f"{ROOM}/{number}")
    assert "does not contain: 2." in both
    counted = room(sites.client("z", ("unit_head", side), language="en"), f"{ROOM}/{number}")
    assert "does not contain: 1." in counted
    assert own not in counted


def test_an_administrator_sees_whether_anybody_works_and_no_job(worked: None) -> None:
    asked()
    administrator = sites.client("kanri", ("administrator", "both"), language="en")
    shown = room(administrator)
    assert "Workers running: 1." in shown
    assert "joshisu" not in shown
    assert administrator.get(f"{ROOM}/{models.Job.objects.get().pk}").status_code == 404


def test_what_waits_too_long_is_said(worked: None) -> None:
    asked()
    later = sides.NOW + timedelta(hours=1)
    assert workers.health(now=later).overdue == 1
    with transaction.atomic():
        installation.set_clock(actor=sides.TRUSTED, home=Path(settings.HOME), claimed=later)
    models.Worker.objects.update(seen_at=later)
    assert "Past their time and not begun: 1" in room(it())


def test_a_newer_plan_of_the_night_does_not_hide_the_approved_one_on_the_board(
    worked: None, world: sides.World
) -> None:
    compliance = sides.actor(Role.COMPLIANCE, BOTH, name="houmu")
    plans.approve(actor=compliance, document=world.plan, method="passkey", now=sides.NOW, home=world.home)
    approved = models.Plan.objects.get().sha256
    later = sides.NOW + timedelta(hours=1)
    plans.make(actor=sides.actor_both(), as_of=sides.AS_OF, known_at=later, expires_at=None, now=later, home=world.home)
    client = it()
    client.post(f"/plans/{approved}", {"do": "switch"})
    shown = room(client, "/board")
    assert "The nightly re-plan made a newer plan that differs from the approved one." in shown
    assert f"/plans/{approved}" in shown
    assert "No worker is running" not in shown
    models.Worker.objects.all().delete()
    assert "No worker is running. On the server, start sekisho serve" in room(client, "/board")
