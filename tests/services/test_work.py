"""What jobs do: plan, plan again and say only what changed, switch, verify; and how they end when they cannot."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, transaction
from pytest_django import DjangoDbBlocker

import hr_files
import make
import sides
from sekisho.connectors.memory import MemoryTarget
from sekisho.core.access import AccountState
from sekisho.core.cutover import operations
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, OrderStatus, Role
from sekisho.core.parts import parse
from sekisho.services import job_claims, jobs, orders, plans, replanning, visibility, work
from sekisho.store import models

pytestmark = pytest.mark.django_db
IT = sides.actor(Role.IT_OPERATION, BOTH, name="joshisu")
LATER = sides.NOW + timedelta(hours=1)
NIGHT = timedelta(days=1)


@pytest.fixture(scope="module")
def built(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sides.World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield sides.build(tmp_path_factory.mktemp("work"))
        transaction.set_rollback(True)


@pytest.fixture
def world(built: sides.World, tmp_path: Path) -> sides.World:
    """Give each test its own copy of the targets."""
    shutil.copytree(built.home, tmp_path / "home")
    return replace(built, home=tmp_path / "home")


def role(name: str, word: str, end: str | None = None) -> None:
    models.RoleAssignment.objects.get_or_create(
        user=name,
        person_id="",
        role=word,
        side="both",
        start=make.day("2015-04-01"),
        end=make.day(end) if end else None,
        recorded_at=sides.LOADED,
    )


def do(home: Path, kind: str, *, at: datetime = LATER, **params: str) -> jobs.JobShown:
    role("joshisu", "it_operation")
    key = f"{kind} {at.isoformat()}"
    jobs.enqueue(actor=IT, now=at, asked=jobs.NewJob(kind, key, params, at))
    assert work.step(home=home, clock=lambda: at)
    found = jobs.job(actor=IT, now=at, key=key)
    assert found is not None
    return found


def approved(world: sides.World) -> str:
    compliance = sides.actor(Role.COMPLIANCE, BOTH, name="houmu")
    plans.approve(actor=compliance, document=world.plan, method="passkey", now=sides.NOW, home=world.home)
    return models.Plan.objects.get().sha256


def orders_come() -> None:
    """Let HR order two more moves a side for the day: 1 leaves the unit that brings access, 4 comes to it."""
    rows = [(*hr_files.HEADER, "会社コード")]
    for side, token in sides.TOKEN.items():
        for number, came, to in (("1", "1", "2"), ("4", "2", "1")):
            person, units = f"N{token}{number}", (f"U{token}{came}", f"U{token}{to}")
            rows.append((f"O{token}NEW", person, "", "2024-04-01", "異動", *units, sides.COMPANY[side]))
    content = hr_files.csv_bytes(rows)
    request = orders.OrderRequest(name="n.csv", content=content, received_at=sides.NOW, status=OrderStatus.FINAL)
    taken = orders.import_orders(actor=sides.TRUSTED, now=sides.NOW, request=request)
    assert taken.accepted == 4, taken.rejected_rows


def test_a_plan_is_made_in_the_name_of_who_asked(world: sides.World) -> None:
    shown = do(world.home, "plan", as_of=sides.AS_OF.isoformat())
    assert shown.state == jobs.DONE
    assert models.Plan.objects.get(sha256=shown.result["sha256"]).planned_by == "joshisu"


def test_a_plan_made_before_the_worker_died_is_found_not_made_again(world: sides.World) -> None:
    role("joshisu", "it_operation")
    asked = jobs.NewJob("plan", "k", {"as_of": sides.AS_OF.isoformat()}, LATER)
    jobs.enqueue(actor=IT, now=LATER, asked=asked)
    job = job_claims.claim(now=LATER)
    assert job is not None
    task = work.Task(job, IT, world.home, LATER, lambda: LATER)
    made = work.KINDS["plan"](task).result["sha256"]
    models.Job.objects.update(lease_owner="here:1:2:3:ff", lease_until=LATER)  # it died before it could say so
    assert work.step(home=world.home, clock=lambda: LATER + timedelta(minutes=2))
    shown = jobs.job(actor=IT, now=LATER, key="k")
    assert shown is not None
    assert (shown.state, shown.result["sha256"], shown.attempts) == (jobs.DONE, made, 2)
    assert models.Plan.objects.filter(planned_by="joshisu").count() == 1


def test_a_night_on_which_nothing_changed_keeps_the_plan_that_is_there(world: sides.World) -> None:
    former = models.Plan.objects.get().sha256
    shown = do(world.home, "replan")
    assert shown.state == jobs.DONE
    assert (shown.result["sha256"], shown.result["former"], shown.result["new"]) == (former, former, False)
    assert shown.result["sides"] == {}
    assert models.Plan.objects.count() == 1


def test_planning_again_shows_only_what_changed_and_only_once(world: sides.World) -> None:
    former = models.Plan.objects.get().sha256
    orders_come()
    shown = do(world.home, "replan")
    assert (shown.result["former"], shown.result["new"], shown.result["approved"]) == (former, True, False)
    assert shown.result["sha256"] != former
    lines = jobs.lines(actor=IT, now=LATER, job_id=shown.id)
    changed = {(line["person_id"], line["change"], line["needs_approval"]) for line in lines}
    assert changed == {
        ("PAFF1", "removed", False),
        ("PNET1", "removed", False),
        ("PNET4", "added", True),
        ("PAFF4", "removed", False),
    }
    numbers = shown.result["sides"]
    assert isinstance(numbers, dict)
    counted = sum(n for side in numbers.values() for word, n in side.items() if word != "granted")
    assert counted == len(lines) > 0
    again = do(world.home, "replan", at=LATER + NIGHT)
    assert (again.result["new"], again.result["sha256"]) == (False, shown.result["sha256"])
    assert models.Plan.objects.count() == 2


def test_what_changed_is_told_against_the_approved_plan_night_after_night(world: sides.World) -> None:
    former = approved(world)
    orders_come()
    first = do(world.home, "replan")
    second = do(world.home, "replan", at=LATER + NIGHT)
    assert (first.result["approved"], second.result["approved"]) == (True, True)
    assert (second.result["former"], second.result["new"]) == (former, False)
    assert second.result["sides"] == first.result["sides"] != {}


def test_an_account_touched_since_renews_its_operation(world: sides.World) -> None:
    target = MemoryTarget("sysAFF", home=world.home)
    plan = models.Plan.objects.get()
    (account,) = {
        one.account for one in operations(parse(plans.stored(sha256=plan.sha256))) if one.person_id == "PAFF2"
    }
    state = target.state().accounts[account]
    target.put([AccountState(account, True, state.entitlements, "touched")])
    shown = do(world.home, "replan")
    lines = jobs.lines(actor=IT, now=LATER, job_id=shown.id)
    assert [(line["change"], line["person_id"]) for line in lines] == [("renewed", "PAFF2")]


@pytest.mark.parametrize(("side", "own", "other"), [(NETWORK, "NET", "AFF"), (AFFILIATE, "AFF", "NET")])
def test_what_changed_is_read_side_by_side(world: sides.World, side: str, own: str, other: str) -> None:
    orders_come()
    shown = do(world.home, "replan")
    for word in (Role.COMPLIANCE, Role.IT_OPERATION):
        reader = sides.actor(word, side)
        lines = jobs.lines(actor=reader, now=LATER, job_id=shown.id)
        assert own in str(lines)
        assert other not in str(lines)
        (mine,) = [one for one in jobs.jobs(actor=reader, now=LATER) if one.id == shown.id]
        assert list(mine.result["sides"]) == [side]  # type: ignore[call-overload]
    head = sides.actor(Role.UNIT_HEAD, side)
    assert jobs.lines(actor=head, now=LATER, job_id=shown.id) == ()
    with pytest.raises(visibility.NotVisible):
        jobs.lines(actor=sides.actor(Role.EMPLOYEE, side), now=LATER, job_id=shown.id)


def test_an_advance_notice_is_no_reason_to_plan_for_its_day(world: sides.World) -> None:
    models.Plan.objects.update(as_of=sides.AS_OF + timedelta(days=100))
    assert replanning.next_day(now=LATER) is None
    shown = do(world.home, "replan")
    assert (shown.state, shown.result) == (jobs.DONE, {"sha256": ""})
    orders_come()
    assert replanning.next_day(now=LATER) == sides.AS_OF


def test_a_switch_is_verified_afterwards_and_both_say_what_they_did(world: sides.World) -> None:
    sha256 = approved(world)
    runs = models.VerificationRun.objects.count()
    shown = do(world.home, "cutover", at=sides.AS_OF, sha256=sha256)
    assert (shown.state, sorted(shown.result["sides"])) == (jobs.DONE, [AFFILIATE, NETWORK])  # type: ignore[call-overload]
    assert work.step(home=world.home, clock=lambda: sides.AS_OF + timedelta(minutes=1))
    assert not work.step(home=world.home, clock=lambda: sides.AS_OF + timedelta(minutes=1))
    assert models.VerificationRun.objects.count() == runs + 1


def test_a_switch_that_was_carried_out_before_the_worker_died_is_found_done_and_verified_once(
    world: sides.World,
) -> None:
    sha256 = approved(world)
    role("joshisu", "it_operation")
    asked = jobs.NewJob("cutover", "k", {"sha256": sha256}, sides.AS_OF)
    jobs.enqueue(actor=IT, now=sides.AS_OF, asked=asked)
    job = job_claims.claim(now=sides.AS_OF)
    assert job is not None
    work.KINDS["cutover"](work.Task(job, IT, world.home, sides.AS_OF, lambda: sides.AS_OF))
    models.Job.objects.update(lease_owner="here:1:2:3:ff", lease_until=sides.AS_OF)
    later = sides.AS_OF + timedelta(minutes=2)
    while work.step(home=world.home, clock=lambda: later):
        """Do all there is."""
    assert models.Job.objects.get(key="k").state == jobs.DONE
    assert models.Job.objects.filter(kind="verification").count() == 1


def test_a_job_waits_while_another_process_carries_a_cutover_out(
    world: sides.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = approved(world)
    row = models.Cutover.objects.create(
        plan=models.Plan.objects.get(), started_at=sides.AS_OF, started_by="x", phase=1, lease_owner="there:1:2:3:ff"
    )
    models.Cutover.objects.filter(pk=row.pk).update(lease_until=sides.AS_OF + timedelta(seconds=60))
    monkeypatch.setattr("sekisho.services.cutover_steps._write_operations", lambda *_: None)
    shown = do(world.home, "cutover", at=sides.AS_OF, sha256=sha256)
    assert (shown.state, shown.attempts, shown.error) == (jobs.WAITING, 0, "")


def test_a_worker_told_to_stop_lets_a_switch_go_at_its_next_step(world: sides.World) -> None:
    sha256 = approved(world)
    role("joshisu", "it_operation")
    asked = jobs.NewJob("cutover", "k", {"sha256": sha256}, sides.AS_OF)
    jobs.enqueue(actor=IT, now=sides.AS_OF, asked=asked)
    work.step(home=world.home, clock=lambda: sides.AS_OF, worker=work.Worker(stopping=lambda: True))
    row = models.Job.objects.get(key="k")
    assert (row.state, row.attempts, row.done) == (jobs.WAITING, 0, 2), "one part of three"
    assert models.Cutover.objects.get().lease_owner == ""
    assert work.step(home=world.home, clock=lambda: sides.AS_OF)
    assert models.Job.objects.get(key="k").state == jobs.DONE


def test_work_of_someone_who_lost_his_role_fails_with_its_sentence(world: sides.World) -> None:
    jobs.enqueue(actor=IT, now=LATER, asked=jobs.NewJob("verification", "k", {}, LATER))
    assert work.step(home=world.home, clock=lambda: LATER)
    shown = jobs.job(actor=IT, now=LATER, key="k")
    assert shown is not None
    assert (shown.state, shown.error) == (jobs.FAILED, "visibility.refused")


def test_a_switch_without_approval_fails_and_says_why(world: sides.World) -> None:
    shown = do(world.home, "cutover", at=sides.AS_OF, sha256=models.Plan.objects.get().sha256)
    assert (shown.state, shown.error) == (jobs.FAILED, "cutover.unapproved")


def test_an_error_that_nobody_foresaw_ends_the_job_and_not_the_worker(world: sides.World) -> None:
    shown = do(world.home, "plan", as_of="the day after tomorrow")
    assert (shown.state, shown.error, shown.error_params) == (jobs.FAILED, "jobs.defect", {"error": "ValueError"})
    assert do(world.home, "verification").state == jobs.DONE


def test_nothing_to_do_is_said(world: sides.World) -> None:
    assert work.step(home=world.home, clock=lambda: LATER) is False


def test_one_side_asks_for_nothing_that_shows_or_changes_both(world: sides.World) -> None:
    one = sides.actor(Role.IT_OPERATION, NETWORK)
    for kind in ("plan", "replan", "cutover"):
        with pytest.raises(jobs.MayNotAsk):
            jobs.enqueue(actor=one, now=LATER, asked=jobs.NewJob(kind, kind, {}, LATER))
    job = jobs.enqueue(actor=IT, now=LATER, asked=jobs.NewJob("cutover", "k", {}, LATER))
    with pytest.raises(jobs.MayNotAsk):
        jobs.cancel(actor=one, now=LATER, job_id=job)


def test_a_database_that_is_busy_costs_no_attempt(world: sides.World, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_: work.Task) -> job_claims.Done:
        raise OperationalError("database is locked")

    role("joshisu", "it_operation")
    jobs.enqueue(actor=IT, now=LATER, asked=jobs.NewJob("replan", "k", {}, LATER))
    monkeypatch.setitem(work.KINDS, "replan", busy)
    for turn in range(job_claims.MOST_ATTEMPTS + 2):
        at = LATER + turn * job_claims.AGAIN
        with pytest.raises(OperationalError):
            work.step(home=world.home, clock=lambda: at)  # noqa: B023 - called within this turn
        row = models.Job.objects.get(key="k")
        assert (row.state, row.attempts, row.fruitless) == (jobs.WAITING, 0, 0)
