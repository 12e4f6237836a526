"""Plans made from a fresh read, and approved by someone else."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import plantings
from sekisho.connectors.memory import Faults, MemoryTarget
from sekisho.core import parts
from sekisho.core.kinds import BOTH, NETWORK, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.plans import Plan
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import installation, plan_approvals, plan_review, plans, verification
from sekisho.store import models

pytestmark = pytest.mark.django_db
NOW, AS_OF = plantings.NOW, plantings.AS_OF
ALICE, BOB = Actor("alice", trusted=True), Actor("bob", trusted=True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Path:
    plantings.plant()
    plantings.settle(tmp_path)
    installation.mark_rehearsal(home=tmp_path)
    return tmp_path


def make_plan(home: Path, *, actor: Actor = ALICE, as_of: datetime = AS_OF, now: datetime = NOW) -> Plan:
    return plans.make(actor=actor, as_of=as_of, known_at=now, expires_at=None, now=now, home=home)


def approve(home: Path, plan: Plan, *, actor: Actor = BOB, now: datetime = NOW) -> plans.Standing:
    return plans.approve(actor=actor, document=parts.written(plan), method="cli", now=now, home=home)


def steps(plan: Plan) -> list[str]:
    operations = [one for part in plan.parts for one in part.operations]
    operations.sort(key=lambda one: (one.phase, one.system))
    return [f"{one.action.value} {one.person_id} {one.system}/{one.entitlement}" for one in operations]


def holds(plan: Plan) -> dict[str, str]:
    return {f"{one.person_id} {one.entitlement}": one.code for part in plan.parts for one in part.held}


def guard(plan: Plan, name: str) -> str:
    return next(one.state for one in plan.guards if one.id == name)


def move(person: str, unit: str, company: str, origin: str = "roster:2") -> None:
    day = date(2026, 4, 1)
    models.Stint.objects.filter(person_id=person).update(end=day)
    plantings.stint(person, unit, company, day, origin=origin)


def order(person: str, from_unit: str, to_unit: str, day: date = date(2026, 4, 1)) -> str:
    """A final transfer, as HR's file leaves it."""
    file = models.OrderFile.objects.create(
        sha256="0" * 64, name="f", kind="orders", received_at=NOW, actor="hr", rows_in=1, accepted=1, rejected=0,
        ignored=0, defects=[],
    )  # fmt: skip
    order_id = f"NW/O-1/{person}/transfer/#1"
    models.Order.objects.create(
        order_id=order_id, file=file, row=2, company="NW", order_no="O-1", employee_no=person, order_type="transfer",
        person_id=person, status="final", effective_date=day, first_day=day, from_unit=from_unit, to_unit=to_unit,
        post_kind="main", content_sha256="0" * 64, recorded_at=NOW,
    )  # fmt: skip
    return order_id


def test_when_all_holds_as_it_should_there_is_nothing_to_do(home: Path) -> None:
    plan = make_plan(home)
    assert (steps(plan), holds(plan), plan.unknown_systems) == ([], {}, ())
    assert [read.system for read in plan.reads] == ["cis", "crm", "mail"]


def test_who_leaves_a_unit_loses_its_access_from_that_day(home: Path) -> None:
    move("P1", "B", "NW")
    assert steps(make_plan(home)) == ["revoke P1 cis/n1", "revoke P1 mail/box"]
    assert steps(make_plan(home, as_of=AS_OF - timedelta(days=1))) == []


def test_a_plan_is_kept_with_its_ledger_entry_and_equal_input_gives_an_equal_plan(home: Path) -> None:
    first, second = make_plan(home), make_plan(home)
    assert first == second
    assert plans.known_plan(document=parts.document(first)) == first
    assert models.LedgerEntry.objects.filter(kind="plan.made").count() == 1


def test_a_plan_expires_seven_days_after_its_instant(home: Path) -> None:
    assert make_plan(home).expires_at == AS_OF + timedelta(days=7)


def test_a_move_across_the_wall_without_any_rule_in_force_is_unknown_so_held(home: Path) -> None:
    move("P1", "X", "AF", order("P1", "A", "X"))
    plan = make_plan(home)
    assert steps(plan) == ["revoke P1 cis/n1"]
    assert holds(plan) == {"P1 a1": "plans.held_unknown"}


def test_a_move_that_no_order_made_is_not_held(home: Path) -> None:
    move("P1", "X", "AF")
    assert steps(make_plan(home)) == ["revoke P1 cis/n1", "grant P1 crm/a1"]


def test_who_left_is_switched_off_and_who_never_came_is_not(home: Path) -> None:
    models.Stint.objects.filter(person_id="P1").update(end=date(2026, 4, 1))
    models.Stint.objects.filter(person_id="P3").update(start=date(2026, 4, 2))
    assert steps(make_plan(home)) == [
        "disable P1 cis/",
        "revoke P1 cis/n1",
        "revoke P3 cis/n1",
        "disable P1 crm/",
        "disable P1 mail/",
        "revoke P1 mail/box",
        "revoke P3 mail/box",
    ]


def test_on_leave_the_access_goes_and_the_account_stays(home: Path) -> None:
    plantings.stint("P1", "", "", date(2026, 4, 1), kind="leave")
    assert steps(make_plan(home)) == ["revoke P1 cis/n1", "revoke P1 mail/box"]


def test_a_system_that_does_not_answer_is_unknown_and_guarded(home: Path) -> None:
    MemoryTarget("mail", home=home).fail(Faults(unreachable=True))
    move("P1", "B", "NW")
    plan = make_plan(home)
    assert plan.unknown_systems == ("mail",)
    assert steps(plan) == ["revoke P1 cis/n1"]
    assert guard(plan, "source") == "hold"


def test_a_system_that_lost_its_accounts_since_the_last_read_is_guarded(home: Path) -> None:
    make_plan(home)
    MemoryTarget("mail", home=home).remove("p1")
    assert guard(make_plan(home), "source") == "hold"


@pytest.mark.parametrize(
    ("movers", "signer", "state"),
    [
        ([["P1", "O-1", "2026-04-01"]], "hr", "ok"),
        ([["P2", "O-1", "2026-04-01"]], "hr", "hold"),
        ([["P2", "O-1", "2026-03-01"]], "hr", "absent"),
        ([["P2", "O-1", "2026-04-01"]], "alice", "absent"),
        ([["P2", "O-1", "2026-04-01"]], "", "absent"),
    ],
)
def test_hrs_list_counts_if_signed_by_another_and_for_the_day(
    home: Path, movers: list[list[str]], signer: str, state: str
) -> None:
    move("P1", "B", "NW")
    models.Manifest.objects.create(
        sha256="1" * 64, name="m", movers=movers, signed_by=signer, recorded_at=NOW, signed_at=NOW if signer else None
    )
    assert guard(make_plan(home), "manifest") == state


def test_what_a_cutover_took_is_marked_when_it_comes_back(home: Path) -> None:
    plan = make_plan(home)
    models.OperationRecord.objects.create(
        plan=models.Plan.objects.get(sha256=plan.sha256), operation_id="x", person_id="P1", side="network",
        system_id="cis", account="p1", entitlement="n1", action="revoke", phase=1, state="applied", changed_at=NOW,
    )  # fmt: skip
    plantings.put(home, "cis", p1="")
    (operation,) = [one for part in make_plan(home).parts for one in part.operations]
    assert (operation.entitlement, operation.restores) == ("n1", True)


def test_someone_else_approves_by_the_hash(home: Path) -> None:
    plan = make_plan(home)
    standing = approve(home, plan)
    assert [(one.by, one.method) for one in standing.approvals] == [("bob", "cli")]
    assert plan_approvals.approvers(sha256=plan.sha256, now=NOW) == ("bob",)
    assert models.LedgerEntry.objects.filter(kind="plan.approved").count() == 1


def test_the_same_approval_twice_counts_once(home: Path) -> None:
    plan = make_plan(home)
    approve(home, plan)
    assert len(approve(home, plan).approvals) == 1


def test_the_planner_never_approves(home: Path) -> None:
    with pytest.raises(plans.OwnPlan):
        approve(home, make_plan(home), actor=ALICE)


def actor(name: str, person: str, role: Role, side: Side = BOTH) -> Actor:
    return Actor(name, (RoleGrant(role, side, Period(date(2000, 1, 1))),), PersonId(person))


def test_the_planner_does_not_approve_under_another_name(home: Path) -> None:
    plantings.role("it1", "P9", "it_operation")
    plan = make_plan(home, actor=actor("it1", "P9", Role.IT_OPERATION))
    with pytest.raises(plans.OwnPlan):
        approve(home, plan, actor=actor("other", "P9", Role.COMPLIANCE))
    assert approve(home, plan, actor=actor("c", "P8", Role.COMPLIANCE)).approvals[0].by == "c"


def test_no_list_says_approved_where_the_switch_would_not_run(home: Path) -> None:
    """A link found after the approval makes the approver the planner's other self: his approval counts nowhere."""
    plantings.role("it1", "P9", "it_operation")
    plantings.role("c", "P8", "compliance")
    plan = make_plan(home, actor=actor("it1", "P9", Role.IT_OPERATION))
    reader = actor("c", "P8", Role.COMPLIANCE)
    approve(home, plan, actor=reader)
    assert plan_review.line(actor=reader, now=NOW, sha256=plan.sha256).state == plan_review.APPROVED
    models.PersonLink.objects.create(
        person_id="P8", same_as="P9", reason="r", actor="hr", start=date(2000, 1, 1), recorded_at=NOW
    )
    for line in (
        plan_review.line(actor=reader, now=NOW, sha256=plan.sha256),
        *plan_review.plan_lines(actor=reader, now=NOW),
    ):
        assert (line.state, line.approvals) == (plan_review.WAITING, 0)


def test_the_list_of_plans_takes_the_same_queries_however_many_there_are(home: Path) -> None:
    reader, counted = actor("c", "P8", Role.COMPLIANCE), []
    for number in range(3):
        plan = make_plan(home, as_of=AS_OF + timedelta(days=number))
        approve(home, plan)
        with CaptureQueriesContext(connection) as queries:
            plan_review.plan_lines(actor=reader, now=NOW)
        counted.append(len(queries))
    assert len(set(counted)) == 1


@pytest.mark.parametrize("finished", [None, NOW])
def test_nothing_is_approved_once_the_switch_has_begun(home: Path, finished: datetime | None) -> None:
    plan = make_plan(home)
    models.Cutover.objects.create(
        plan=models.Plan.objects.get(), started_at=NOW, started_by="x", phase=1, finished_at=finished
    )
    with pytest.raises(plans.Begun) as refused:
        approve(home, plan)
    assert refused.value.code == "plans.begun"
    assert not models.PlanApproval.objects.exists()


@pytest.mark.parametrize("role", [Role.HR, Role.UNIT_HEAD, Role.ADMINISTRATOR, Role.EXECUTIVE])
def test_other_roles_neither_plan_nor_approve(home: Path, role: Role) -> None:
    with pytest.raises(plans.NotAllowed):
        make_plan(home, actor=actor("x", "P9", role))
    with pytest.raises(plans.NotAllowed):
        approve(home, make_plan(home), actor=actor("x", "P9", role))


def test_who_plans_or_approves_sees_every_side_of_the_plan(home: Path) -> None:
    move("P1", "X", "AF")
    with pytest.raises(plans.NotAllowed):
        make_plan(home, actor=actor("x", "P9", Role.IT_OPERATION, NETWORK))
    with pytest.raises(plans.NotAllowed):
        approve(home, make_plan(home), actor=actor("x", "P9", Role.COMPLIANCE, NETWORK))


def test_one_side_is_shown_only_its_own_part(home: Path) -> None:
    move("P1", "X", "AF")
    plan = make_plan(home)
    shown = plans.show(actor=actor("x", "P9", Role.COMPLIANCE, NETWORK), document=parts.written(plan), now=NOW)
    assert [part.side for part in shown.plan.parts] == ["network"]
    assert "crm" not in str(parts.document(shown.plan))
    assert shown.plan.sha256 == plan.sha256


def test_a_file_that_was_changed_is_not_approved(home: Path) -> None:
    move("P1", "B", "NW")
    text = parts.written(make_plan(home)).replace('"account": "p1"', '"account": "p2"', 1)
    with pytest.raises(parts.BrokenPlan):
        plans.approve(actor=BOB, document=text, method="cli", now=NOW, home=home)


def test_a_plan_made_elsewhere_is_not_approved(home: Path) -> None:
    plan = make_plan(home)
    other = parts.build(parts.Head(AS_OF, NOW, "mallory", NOW, plan.expires_at), [], [])
    with pytest.raises(plans.BadPlan):
        approve(home, other)


def test_an_expired_plan_is_not_approved(home: Path) -> None:
    plan = make_plan(home)
    with pytest.raises(plans.Expired):
        approve(home, plan, now=plan.expires_at)


def test_outside_a_rehearsal_the_command_line_is_only_a_claim(home: Path, tmp_path: Path) -> None:
    plan = make_plan(home)
    real = tmp_path / "real"
    with pytest.raises(plans.CommandLineOnly):
        approve(real, plan)
    plantings.parameter("accept_cli_approval", True)
    assert len(approve(real, plan).approvals) == 1


def test_two_persons_on_one_account_are_held(home: Path) -> None:
    models.Account.objects.create(
        person_id="P2", system_id="cis", account="p1", start=date(2020, 1, 1), recorded_at=plantings.KNOWN
    )
    plantings.put(home, "cis", p1="")
    assert holds(make_plan(home)) == {"P1 n1": "plans.held_shared_account"}


def test_ids_that_are_one_person_are_planned_as_one(home: Path) -> None:
    models.PersonLink.objects.create(
        person_id="P3", same_as="P1", reason="r", actor="hr", start=date(1, 1, 1), recorded_at=plantings.KNOWN
    )
    models.Stint.objects.filter(person_id="P3").delete()
    assert steps(make_plan(home)) == []


def test_a_plan_from_what_was_known_before_leaves_later_facts_out(home: Path) -> None:
    models.Stint.objects.filter(person_id="P1").update(superseded_at=NOW)
    plantings.stint("P1", "B", "NW", recorded_at=NOW)
    before = NOW - timedelta(days=1)
    plan = plans.make(actor=ALICE, as_of=AS_OF, known_at=before, expires_at=None, now=NOW, home=home)
    assert steps(plan) == []
    assert steps(make_plan(home)) == ["revoke P1 cis/n1", "revoke P1 mail/box"]
    assert replace(plan, sha256="").known_at == before


def test_a_shrunken_system_stays_guarded_in_the_next_plan_and_after_a_verification(home: Path) -> None:
    make_plan(home)
    MemoryTarget("mail", home=home).remove("p1")
    make_plan(home)
    verification.verify(actor=ALICE, as_of=AS_OF, now=NOW, home=home)
    assert guard(make_plan(home, now=NOW + timedelta(minutes=1)), "source") == "hold"


@pytest.mark.parametrize(("approvers", "state"), [([BOB], "hold"), ([BOB, Actor("carol", trusted=True)], "ok")])
def test_one_more_approval_makes_the_shrunken_read_the_measure(home: Path, approvers: list[Actor], state: str) -> None:
    make_plan(home)
    MemoryTarget("mail", home=home).remove("p1")
    plan = make_plan(home, now=NOW + timedelta(minutes=1))
    for one in approvers:
        approve(home, plan, actor=one, now=NOW + timedelta(minutes=2))
    assert guard(make_plan(home, now=NOW + timedelta(minutes=3)), "source") == state
    accepted = models.LedgerEntry.objects.filter(kind="system.shrinking_accepted").values_list("side", flat=True)
    assert list(accepted) == ([""] if state == "ok" else [])
