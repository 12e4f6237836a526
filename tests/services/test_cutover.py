"""Carrying a plan out on targets that behave and targets that do not."""

import json
import os
import socket
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

import cutover_homes as homes
import cutovers as make
from sekisho.connectors.memory import Faults
from sekisho.core import cutover as core
from sekisho.core.access import Catalogue
from sekisho.core.guards import GuardFacts, judge
from sekisho.core.kinds import AFFILIATE, NETWORK, Action, OperationState, PersonId, Role, Side
from sekisho.core.parts import BrokenPlan
from sekisho.core.periods import Period
from sekisho.core.plans import GuardResult, HeldGrant
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import cutover, leases, plans
from sekisho.store import models
from sekisho.texts import both

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path) -> homes.Home:
    return homes.Home(tmp_path)


def entries(kind: str) -> list[dict[str, object]]:
    return [json.loads(bytes(row.leaf)) for row in models.LedgerEntry.objects.filter(kind=kind).order_by("id")]


def test_a_mover_loses_one_side_and_then_gets_the_other(home: homes.Home) -> None:
    result = home.carry(home.move())
    assert (result.number(OperationState.APPLIED), result.finished) == (2, True)
    assert home.holds(home.nw) == {"p1": frozenset(), "p2": frozenset({"view"})}
    assert home.holds(home.ep) == {"p1": frozenset({"sell"}), "p2": frozenset()}


def test_everything_is_taken_on_every_system_before_anything_is_given(home: homes.Home) -> None:
    home.ep.put([homes.account("p2", "sell")])
    back = [
        make.operation("P2", entitlement="sell", system="ep", side=homes.SIDES["ep"]),
        make.operation("P2", Action.GRANT, "portal", protected=False),
    ]
    home.carry([*home.move("P1"), *back])
    actions = [
        models.OperationRecord.objects.get(operation_id=key).action
        for entry in entries("operations.intended")
        for key in entry["facts"]["operations"]  # type: ignore[index]
    ]
    assert actions == ["revoke", "revoke", "grant", "grant"]


def test_a_plan_run_again_finds_everything_done_and_calls_nobody(home: homes.Home) -> None:
    content = homes.keep(make.plan(home.move()))
    home.run(content)
    home.nw.fail(Faults(unreachable=True))
    again = home.run(content)
    assert (again.number(OperationState.ALREADY), again.number(OperationState.APPLIED)) == (2, 0)
    assert again.unreachable == ()


def test_what_someone_else_did_already_is_already_done(home: homes.Home) -> None:
    home.nw.put([homes.account("p1", version="9")])
    result = home.carry(home.move())
    assert homes.states(result) == {"P1-nw-revoke-view": "already", "P1-ep-grant-sell": "applied"}


@pytest.mark.parametrize("moment", [make.AS_OF - timedelta(seconds=1), make.AS_OF + timedelta(days=7)])
def test_too_early_or_too_late_nothing_is_changed(home: homes.Home, moment: make.datetime) -> None:
    content = homes.keep(make.plan(home.move()))
    with pytest.raises((core.NotYet, core.Expired)):
        home.run(content, now=moment)
    assert home.nw.state().effects == {}


def test_without_an_approval_by_someone_else_nothing_is_changed(home: homes.Home) -> None:
    with pytest.raises(core.Unapproved):
        home.carry(home.move(), approvers=["planner"])
    assert home.nw.state().effects == {}


def test_a_changed_file_is_refused(home: homes.Home) -> None:
    content = homes.keep(make.plan(home.move()))
    with pytest.raises(BrokenPlan):
        home.run(content.replace('"p1"', '"p2"'))


def test_a_plan_made_elsewhere_is_refused(home: homes.Home) -> None:
    with pytest.raises(plans.BadPlan):
        home.run(make.written(make.plan(home.move())))


def test_who_operates_one_side_only_may_not_change_the_other(home: homes.Home) -> None:
    content = homes.keep(make.plan(home.move()))
    role = RoleGrant(Role.IT_OPERATION, NETWORK, Period(date(2020, 1, 1)))
    with pytest.raises(cutover.NotAllowed):
        home.run(content, actor=Actor("one-sided", (role,)))
    assert home.nw.state().effects == {}


def test_protected_access_is_held_while_the_other_side_is_still_there(home: homes.Home) -> None:
    home.nw.fail(Faults(refused=frozenset({"p1"})))
    result = home.carry([*home.move("P1"), *home.move("P2")])
    assert homes.states(result) == {
        "P1-nw-revoke-view": "failed",
        "P1-ep-grant-sell": "held",
        "P2-nw-revoke-view": "applied",
        "P2-ep-grant-sell": "applied",
    }
    assert homes.only(result, OperationState.HELD).code == "cutover.other_side_present"


def test_neutral_access_is_given_whatever_the_other_side_holds(home: homes.Home) -> None:
    neutral = make.operation("P1", Action.GRANT, "mail", system="ep", side=homes.SIDES["ep"], protected=False)
    result = home.carry([neutral])
    assert homes.states(result) == {neutral.id: "applied"}


def test_a_side_that_does_not_answer_holds_the_grants_on_the_other(home: homes.Home) -> None:
    home.nw.fail(Faults(unreachable=True))
    content = homes.keep(make.plan(home.move()))
    result = home.run(content)
    assert homes.states(result) == {"P1-nw-revoke-view": "unknown", "P1-ep-grant-sell": "held"}
    assert result.unreachable == ("nw",)
    home.nw.fail(Faults())
    assert home.run(content).finished
    assert home.holds(home.ep)["p1"] == {"sell"}


def test_an_incomplete_read_of_the_other_side_confirms_nothing(home: homes.Home) -> None:
    home.nw.put([homes.account("p1")])
    home.nw.fail(Faults(incomplete=True))
    result = home.carry([make.grant("P1")])
    assert homes.only(result, OperationState.HELD).code == "cutover.other_side_unread"


def test_a_plan_that_would_give_both_sides_gives_neither(home: homes.Home) -> None:
    home.nw.put([homes.account("p1")])
    result = home.carry([make.grant("P1"), make.operation("P1", Action.GRANT, "view")])
    assert set(homes.states(result).values()) == {"held"}
    assert (home.holds(home.nw)["p1"], home.holds(home.ep)["p1"]) == (frozenset(), frozenset())


def test_a_refused_change_fails_alone_though_its_batch_was_refused_whole(home: homes.Home) -> None:
    home.nw.put([homes.account(f"q{number}", "view") for number in range(9)])
    home.nw.fail(Faults(refused=frozenset({"q4"})))
    result = home.carry([make.operation(f"Q{number}") for number in range(9)])
    failed = homes.only(result, OperationState.FAILED)
    assert (failed.account, failed.code) == ("q4", "connectors.rejected")
    assert result.number(OperationState.APPLIED) == 8


def test_an_account_that_changed_since_the_plan_gets_nothing_but_loses_what_was_approved(home: homes.Home) -> None:
    home.nw.put([homes.account("p1", "view", version="5")])
    home.ep.put([homes.account("p1", "mail", version="5")])
    moved = [
        make.operation("P1", version="1"),
        make.operation("P1", Action.GRANT, "sell", system="ep", side=homes.SIDES["ep"], version="1"),
    ]
    result = home.carry(moved)
    assert homes.states(result) == {"P1-nw-revoke-view": "applied", "P1-ep-grant-sell": "failed"}
    assert homes.only(result, OperationState.FAILED).code == "cutover.stale"


def test_a_lost_answer_is_looked_up_and_not_repeated(home: homes.Home) -> None:
    home.nw.fail(Faults(lost_answers=1))
    result = home.carry(home.move())
    assert set(homes.states(result).values()) == {"applied"}
    assert home.nw.state().effects == {"P1-nw-revoke-view": 1}


def test_an_answer_that_stays_away_leaves_the_operation_unknown_until_the_next_run(home: homes.Home) -> None:
    content = homes.keep(make.plan(home.move()))
    models.System.objects.filter(system_id="nw").update(connector="memory")
    home.nw.fail(Faults(unreachable=True))
    first = home.run(content)
    assert homes.states(first)["P1-nw-revoke-view"] == "unknown"
    home.nw.fail(Faults())
    second = home.run(content)
    assert homes.states(second) == {"P1-nw-revoke-view": "applied", "P1-ep-grant-sell": "applied"}


def test_a_guards_hold_is_said_and_one_more_approval_lifts_it(home: homes.Home) -> None:
    guard = GuardResult("manifest", "hold", "plans.guard_manifest_hold", persons=(PersonId("P1"),))
    plan = make.plan([*home.move("P1"), *home.move("P2")], guards=[guard])
    content = homes.keep(plan)
    first = home.run(content)
    assert {key for key, state in homes.states(first).items() if state == "held"} == {
        "P1-nw-revoke-view",
        "P1-ep-grant-sell",
    }
    assert {one.code for one in first.operations if one.state is OperationState.HELD} == {"cutover.guard_manifest"}
    row = models.Plan.objects.get(sha256=plan.sha256)
    models.PlanApproval.objects.create(plan=row, by="third", method="test", at=make.NOW)
    assert home.run(content).finished


def test_every_guard_has_words_for_one_operation_that_it_holds() -> None:
    facts = {"system": "nw", "account": "p1", "entitlement": "view", "detail": ""}
    guards = {guard.id for guard in judge([], GuardFacts(Catalogue({}, {}), {}))}
    assert all("?" not in both(f"cutover.guard_{name}", facts)["en"] for name in guards)


def test_grants_that_the_plan_holds_are_listed_as_held(home: homes.Home) -> None:
    held = HeldGrant(PersonId("P2"), homes.SIDES["ep"], "ep", "sell", "plans.held_violation", "2024-1")
    result = home.carry(home.move(), held=[held])
    assert homes.only(result, OperationState.HELD).person_id == "P2"
    assert home.holds(home.ep)["p2"] == frozenset()


def test_a_system_where_most_fails_is_left_for_a_person(home: homes.Home) -> None:
    people = [f"q{number:03}" for number in range(600)]
    home.nw.put([homes.account(name, "view") for name in people])
    home.nw.fail(Faults(refused=frozenset(people)))
    result = home.carry([make.operation(name.upper()) for name in people])
    assert (result.number(OperationState.FAILED), result.number(OperationState.HELD)) == (500, 100)


def test_each_batch_has_one_intent_and_each_person_one_outcome(home: homes.Home) -> None:
    more = make.operation("P1", entitlement="portal", protected=False)
    home.nw.put([homes.account("p1", "view", "portal")])
    home.carry([*home.move("P1"), *home.move("P2"), more])
    assert len(entries("operations.intended")) == 2
    outcomes = [entry["facts"] for entry in entries("operations.recorded")]
    assert [(one["system"], one["person"]) for one in outcomes] == [  # type: ignore[index]
        ("nw", "P1"),
        ("nw", "P2"),
        ("ep", "P1"),
        ("ep", "P2"),
    ]
    assert {entry["side"] for entry in entries("operations.intended")} == {"network", "affiliate"}


def test_a_run_that_changes_nothing_writes_no_outcome_again(home: homes.Home) -> None:
    home.nw.fail(Faults(refused=frozenset({"p1"})))
    content = homes.keep(make.plan(home.move()))
    home.run(content)
    before = len(entries("operations.recorded"))
    home.run(content)
    failed_again = [e for e in entries("operations.recorded")[before:] if "P1-ep-grant-sell" in str(e)]
    assert failed_again == []


def test_what_a_read_afterwards_does_not_show_is_no_success(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.operation("P2", version="1")]))

    def put_back(done: int, total: int) -> None:
        """Undo it at the target, as a synchronisation from elsewhere would."""
        home.nw.put([homes.account("p2", "view")])

    result = cutover.run(document=content, actor=homes.OPERATOR, now=make.NOW, home=home.path, progress=put_back)
    assert homes.only(result, OperationState.FAILED).code == "cutover.not_seen"


def lease(plan_sha: str, owner: str) -> None:
    row = models.Plan.objects.get(sha256=plan_sha)
    until = make.NOW + timedelta(hours=1)
    models.Cutover.objects.create(
        plan=row, started_at=make.NOW, started_by="x", phase=1, lease_owner=owner, lease_until=until
    )


def test_a_second_run_beside_a_living_one_is_refused(home: homes.Home) -> None:
    plan, other = make.plan(home.move("P1")), make.plan(home.move("P2"))
    content = homes.keep(plan)
    homes.keep(other)
    lease(other.sha256, f"{leases._process(os.getpid())}:abcd")
    with pytest.raises(leases.Running):
        home.run(content)
    assert home.nw.state().effects == {}


def test_the_lease_of_a_dead_process_on_this_host_is_taken_over_at_once(home: homes.Home) -> None:
    plan, other = make.plan(home.move("P1")), make.plan(home.move("P2"))
    content = homes.keep(plan)
    homes.keep(other)
    lease(other.sha256, f"{socket.gethostname()[:40]}:{leases._namespace()}:{os.getpid()}:1:abcd")
    assert home.run(content).finished


def test_a_living_process_on_this_host_keeps_its_lease_however_long_a_call_takes(home: homes.Home) -> None:
    plan, other = make.plan(home.move("P1")), make.plan(home.move("P2"))
    content = homes.keep(plan)
    homes.keep(other)
    later = make.NOW + timedelta(hours=2)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as living:
        lease(other.sha256, f"{leases._process(living.pid)}:abcd")
        with pytest.raises(leases.Running):
            home.run(content, now=later)
        living.kill()
        living.wait()
        assert home.run(content, now=later).finished


def test_a_lease_of_another_host_is_waited_for_until_it_runs_out(home: homes.Home) -> None:
    plan, other = make.plan(home.move("P1")), make.plan(home.move("P2"))
    content = homes.keep(plan)
    homes.keep(other)
    lease(other.sha256, "elsewhere:4026531836:1:1:abcd")
    with pytest.raises(leases.Running):
        home.run(content)
    assert home.run(content, now=make.NOW + timedelta(hours=2)).finished


def test_who_lost_the_lease_sends_and_records_nothing_more(home: homes.Home) -> None:
    plan = make.plan(home.move())
    content = homes.keep(plan)

    def taken_over(done: int, total: int) -> None:
        models.Cutover.objects.update(lease_owner="elsewhere:1:1:1:abcd")

    with pytest.raises(leases.LeaseLost):
        cutover.run(document=content, actor=homes.OPERATOR, now=make.NOW, home=home.path, progress=taken_over)
    assert home.ep.state().effects == {}
    assert models.Cutover.objects.get().lease_owner == "elsewhere:1:1:1:abcd"


def test_a_run_after_a_crash_reads_back_what_the_one_before_it_recorded(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.operation("P2", version="1")]))

    def die(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cutover.run(document=content, actor=homes.OPERATOR, now=make.NOW, home=home.path, progress=die)
    home.nw.put([homes.account("p2", "view")])
    assert homes.only(home.run(content), OperationState.FAILED).code == "cutover.not_seen"


def test_a_cutover_that_was_not_read_back_is_not_finished(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.operation("P2", version="1")]))

    def cut_off(done: int, total: int) -> None:
        home.nw.fail(Faults(unreachable=True))

    result = cutover.run(document=content, actor=homes.OPERATOR, now=make.NOW, home=home.path, progress=cut_off)
    assert (result.unreachable, result.finished) == (("nw",), False)
    home.nw.fail(Faults())
    assert home.run(content).finished
    assert models.OperationRecord.objects.get().read_back_at is not None


def one_sided(side: Side) -> Actor:
    return Actor("one-sided", (RoleGrant(Role.IT_OPERATION, side, Period(date(2020, 1, 1))),))


@pytest.mark.parametrize("faults", [Faults(), Faults(incomplete=True), Faults(unreachable=True)])
def test_who_operates_one_side_is_told_of_the_other_only_that_it_has_not_confirmed(
    home: homes.Home, faults: Faults
) -> None:
    home.nw.fail(faults)
    content = homes.keep(make.plan([make.grant("P1")]))
    result = home.run(content, actor=one_sided(AFFILIATE))
    held = homes.only(result, OperationState.HELD)
    assert (held.code, held.detail, result.unreachable) == ("cutover.other_side", "", ())
    assert "nw" not in both(held.code, {"detail": held.detail})["en"]


def test_the_other_side_reads_in_its_own_ledger_what_is_waited_for(home: homes.Home) -> None:
    home.run(homes.keep(make.plan([make.grant("P1")])), actor=one_sided(AFFILIATE))
    (entry,) = entries("access.awaited")
    assert entry["side"] == "network"
    facts = entry["facts"]
    assert isinstance(facts, dict)
    assert (facts["person"], facts["code"], facts["detail"]) == ("P1", "cutover.other_side_present", "nw")


def test_everyone_who_ran_a_cutover_is_kept(home: homes.Home) -> None:
    home.nw.fail(Faults(unreachable=True))
    content = homes.keep(make.plan(home.move()))
    home.run(content)
    home.nw.fail(Faults())
    for _ in range(2):
        home.run(content, actor=Actor("resumer", trusted=True))
    assert models.Cutover.objects.get().runners == ["operator", "resumer"]
