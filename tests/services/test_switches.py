"""The switch that runs by itself: set once approved, shown with what stands in its way, undone until it begins."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

import make
import sides
from sekisho.core.cutover import Expired, Unapproved
from sekisho.core.kinds import BOTH, NETWORK, Role
from sekisho.services import jobs, plans, schedules, switches
from sekisho.store import models

pytestmark = pytest.mark.django_db
IT = sides.actor(Role.IT_OPERATION, BOTH, name="joshisu")
COMPLIANCE = sides.actor(Role.COMPLIANCE, BOTH, name="houmu")


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sides.World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield sides.build(tmp_path_factory.mktemp("switch"))
        transaction.set_rollback(True)


def role(end: str | None = None, name: str = "joshisu") -> models.RoleAssignment:
    return models.RoleAssignment.objects.create(
        user=name,
        person_id="",
        role="it_operation",
        side="both",
        start=make.day("2015-04-01"),
        end=make.day(end) if end else None,
        recorded_at=sides.LOADED,
    )


def approve(world: sides.World, sha256: str = "") -> str:
    document = plans.stored(sha256=sha256) if sha256 else world.plan
    plans.approve(actor=COMPLIANCE, document=document, method="passkey", now=sides.NOW, home=world.home)
    return sha256 or models.Plan.objects.order_by("pk")[0].sha256


def another(world: sides.World) -> str:
    later = sides.NOW + timedelta(hours=1)
    made = plans.make(
        actor=sides.actor_both(), as_of=sides.AS_OF, known_at=later, expires_at=None, now=later, home=world.home
    )
    return made.sha256


def troubles() -> list[str]:
    return [one.code for switch in switches.coming(actor=IT, now=sides.NOW) for one in switch.troubles]


def test_an_approved_plan_is_set_for_its_time_and_runs_then_in_the_name_of_who_set_it(world: sides.World) -> None:
    role()
    sha256 = approve(world)
    assert switches.let_run(actor=IT, now=sides.NOW, sha256=sha256) == ""
    found = switches.of_plan(actor=IT, now=sides.NOW, sha256=sha256)
    assert found is not None
    assert (found.schedule.due_at, found.schedule.changed_by, found.troubles) == (sides.AS_OF, "joshisu", ())
    assert schedules.tick(now=sides.AS_OF) == 1
    job = switches.job_of(actor=IT, now=sides.AS_OF, sha256=sha256)
    assert job is not None
    assert (job.kind, job.requested_by, job.side) == ("cutover", "joshisu", "both")
    assert switches.of_plan(actor=IT, now=sides.AS_OF, sha256=sha256) is None
    switches.let_run(actor=IT, now=sides.AS_OF, sha256=sha256)
    assert models.Job.objects.count() == 1, "it is under way already"


def test_what_nobody_approved_is_not_set(world: sides.World) -> None:
    with pytest.raises(Unapproved):
        switches.let_run(actor=IT, now=sides.NOW, sha256=models.Plan.objects.get().sha256)


def test_what_has_expired_is_not_set(world: sides.World) -> None:
    sha256 = approve(world)
    with pytest.raises(Expired):
        switches.let_run(actor=IT, now=sides.AS_OF + timedelta(days=8), sha256=sha256)


def test_who_operates_one_side_does_not_set_it(world: sides.World) -> None:
    sha256 = approve(world)
    with pytest.raises(jobs.MayNotAsk):
        switches.let_run(actor=sides.actor(Role.IT_OPERATION, NETWORK), now=sides.NOW, sha256=sha256)


def test_it_is_undone_until_it_begins_and_may_be_set_again(world: sides.World) -> None:
    role()
    sha256 = approve(world)
    switches.let_run(actor=IT, now=sides.NOW, sha256=sha256)
    switches.undo(actor=IT, now=sides.NOW, sha256=sha256)
    assert switches.coming(actor=IT, now=sides.NOW) == ()
    assert schedules.tick(now=sides.AS_OF) == 0
    with pytest.raises(jobs.UnknownJob):
        switches.undo(actor=IT, now=sides.NOW, sha256=sha256)
    switches.let_run(actor=IT, now=sides.NOW, sha256=sha256)
    assert schedules.tick(now=sides.AS_OF) == 1


def test_one_switch_a_time_the_newer_plans_replaces_the_older_ones(world: sides.World) -> None:
    role()
    first, second = approve(world), approve(world, another(world))
    switches.let_run(actor=IT, now=sides.NOW, sha256=first)
    assert troubles() == ["jobs.switch_older"]
    assert switches.let_run(actor=IT, now=sides.NOW, sha256=second) == first
    assert [one.schedule.sha256 for one in switches.coming(actor=IT, now=sides.NOW)] == [second]
    assert troubles() == []
    assert schedules.tick(now=sides.AS_OF) == 1


def test_that_his_role_ends_before_the_day_is_said_beforehand(world: sides.World) -> None:
    held = role(end="2024-04-01")
    switches.let_run(actor=IT, now=sides.NOW, sha256=approve(world))
    assert troubles() == ["jobs.switch_no_role"]
    held.delete()
    role(end="2024-04-02")
    assert troubles() == []


def test_a_pause_and_what_is_missing_are_said_beforehand(world: sides.World) -> None:
    role()
    sha256 = approve(world)
    switches.let_run(actor=IT, now=sides.NOW, sha256=sha256)
    name = switches.coming(actor=IT, now=sides.NOW)[0].schedule.name
    schedules.pause(actor=IT, now=sides.NOW, name=name, paused=True)
    assert troubles() == ["jobs.switch_paused"]
    schedules.pause(actor=IT, now=sides.NOW, name=name, paused=False)
    models.Plan.objects.update(expires_at=sides.AS_OF)
    models.Parameter.objects.create(
        name="approvals_required", value=2, start=make.day("2024-01-01"), recorded_at=sides.NOW
    )
    assert troubles() == ["jobs.switch_unapproved", "jobs.switch_expires"]
