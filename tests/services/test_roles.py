"""Who may act: each role tried on each acting service, on the wrong side, and through other names (law 13)."""

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

import administering
import hr_files
import make
import sides
from refusals import REFUSALS
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, PersonId, Role, Side
from sekisho.core.users import Actor
from sekisho.intake.profiles import PLAIN
from sekisho.services import (
    anchors,
    cutover,
    entries,
    evidence,
    exceptions,
    findings,
    folder,
    grants,
    installation,
    installation_changes,
    ledger,
    manifests,
    orders,
    pack_jobs,
    people,
    plans,
    profiles,
    users,
    verification_runs,
)
from sekisho.store import models
from sides import AS_OF, NOW, OTHER, TRUSTED, World, actor

ACTS = tomllib.loads((Path(__file__).parents[1] / "cases/sides.toml").read_text("utf-8"))["acts"]
SIDED = [role for role in Role if role is not Role.CROSS_SIDE]
MANIFEST = b"order_no,employee_no,effective_date\nONETFIN,NNET2,2024-04-01\n"
HEADER = (*hr_files.HEADER, "会社コード")
pytestmark = pytest.mark.django_db
Act = Callable[[World, Actor], object]


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield sides.build(tmp_path_factory.mktemp("roles"))
        transaction.set_rollback(True)


def _file(side: Side = NETWORK) -> orders.OrderRequest:
    token, company = sides.TOKEN[side], sides.COMPANY[side]
    row = ("OX", f"N{token}4", "", "2024-04-01", "異動", f"U{token}2", f"U{token}1", company)
    return orders.OrderRequest(name="x.csv", content=hr_files.csv_bytes([HEADER, row]), received_at=NOW)


def _grant(token: str) -> grants.Request:
    days = make.day("2024-04-01"), make.day("2024-05-01")
    return grants.Request(PersonId(f"P{token}4"), f"sys{token}", f"e{token}", "r", *days)


def _excepted(a: Actor) -> object:
    days = make.day("2024-07-01"), make.day("2024-08-01")
    return exceptions.request(actor=a, now=NOW, asked=exceptions.Request("desk", PersonId("PNET1"), "r", *days))


def _finding(side: Side) -> str:
    return next(one.key for one in findings.findings(actor=TRUSTED, now=NOW) if one.side == side)


def _made(world: World, a: Actor) -> object:
    return plans.make(actor=a, as_of=AS_OF, known_at=NOW, expires_at=None, now=NOW, home=world.home)


def _approved(world: World, a: Actor) -> object:
    return plans.approve(actor=a, document=world.plan, method="cli", now=NOW, home=world.home)


def _entry() -> str:
    return next(one.id for one in ledger.last(count=500, sides=["network"]) if one.personal)


DO: dict[str, Act] = {
    "order_import.import_orders": lambda w, a: orders.import_orders(actor=a, now=NOW, request=_file()),
    "snapshots.import_snapshot": lambda w, a: orders.import_snapshot(actor=a, now=NOW, request=_file()),
    "folder.load_folder": lambda w, a: folder.load_folder(folder=w.home / "company", actor=a, now=NOW),
    "manifests.sign": lambda w, a: manifests.sign(actor=a, now=NOW, name="m.csv", content=MANIFEST),
    "people.link": lambda w, a: people.link(
        actor=a, now=NOW, person_id=PersonId("PNET1"), other=PersonId("PNET4"), reason="r"
    ),
    "profiles.save": lambda w, a: profiles.save(actor=a, now=NOW, name="p", profile=PLAIN),
    "profiles.listed": lambda w, a: profiles.listed(actor=a, now=NOW),
    "exceptions.request": lambda w, a: _excepted(a),
    "exceptions.approve": lambda w, a: exceptions.approve(actor=a, now=NOW, exception_id=w.exceptions[NETWORK]),
    "exceptions.withdraw": lambda w, a: exceptions.withdraw(actor=a, now=NOW, exception_id=w.exceptions[NETWORK]),
    "grants.add": lambda w, a: grants.add(actor=a, request=_grant("NET"), now=NOW),
    "grants.approve": lambda w, a: grants.approve(actor=a, grant_id=w.grants[NETWORK], now=NOW),
    "plans.make": _made,
    "plans.approve": _approved,
    "cutover.run": lambda w, a: cutover.run(document=w.plan, actor=a, now=NOW, home=w.home),
    "findings.close": lambda w, a: findings.close(actor=a, now=NOW, key=_finding(NETWORK), disposition="d"),
    "evidence.destroy_content": lambda w, a: evidence.destroy_content(entry_id=_entry(), reason="r", actor=a, now=NOW),
    "installation.managed": lambda w, a: installation.managed(actor=a, now=NOW, command="check"),
    "verification_runs.confirm": lambda _, a: verification_runs.confirm(actor=a, now=NOW, run_id=_run()),
    **administering.ACTS,
    "entries.verify": lambda w, a: entries.verify(actor=a, now=NOW),
    "entries.key": lambda w, a: entries.key(actor=a, now=NOW),
    "grants.end": lambda w, a: grants.end(actor=a, grant_id=w.grants[NETWORK], day=make.day("2024-04-20"), now=NOW),
    "anchors.window": lambda _, a: anchors.window(actor=a, now=NOW),
    "anchors.hand_out": lambda _, a: anchors.hand_out(actor=a, now=NOW, holder="h", way="w"),
    "pack_jobs.ask": lambda _, a: pack_jobs.ask(actor=a, now=NOW, side=NETWORK),
    "pack_jobs.make": lambda w, a: pack_jobs.make(actor=a, now=NOW, home=w.home, job_id=1, side=NETWORK),
    "pack_jobs.take": lambda w, a: pack_jobs.take(actor=a, now=NOW, home=w.home, job_id=_pack(w.home)),
    "installation_changes.changes": lambda _, a: installation_changes.changes(actor=a, now=NOW, day=NOW.date()),
    "installation_changes.withdraw_setting": lambda _, a: installation_changes.withdraw_setting(
        actor=a, now=NOW, name="lookback_days", start=make.day("2024-05-01")
    ),
}


def _pack(home: Path) -> int:
    """Return the job of a pack of the network's that lies ready."""
    made = models.Job.objects.create(
        key=f"pack {models.Job.objects.count()}", kind="pack", side=NETWORK, params={"side": NETWORK},
        requested_by="x", requested_at=NOW, due_at=NOW, state="done",
    )  # fmt: skip
    file = home / "packs" / str(made.pk) / pack_jobs.FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"pack")
    return made.pk


def _run() -> int:
    """Return a verification that its executor made and that waits for somebody else's word."""
    made = models.VerificationRun.objects.create(
        as_of=NOW,
        verified_at=NOW,
        verifier="x",
        executor="x",
        needs_confirmation=True,
        by_side={},
        deviations=[],
        unread=[],
    )
    return made.pk


COMMANDS = {
    "load": "folder.load_folder",
    "order import": "order_import.import_orders",
    "order manifest": "manifests.sign",
    "exception request": "exceptions.request",
    "exception approve": "exceptions.approve",
    "exception withdraw": "exceptions.withdraw",
    "grant add": "grants.add",
    "grant approve": "grants.approve",
    "person link": "people.link",
    "plan, cutover": "plans.make",
    "plan approve": "plans.approve",
    "ledger destroy": "evidence.destroy_content",
    "profile save": "profiles.save",
}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_docs_name_for_each_command_the_roles_that_may(language: str) -> None:
    page = (Path(__file__).parents[2] / f"docs/{language}/roles.md").read_text("utf-8")
    rows = {cells[1].strip(): cells[2] for line in page.splitlines() if len(cells := line.split("|")) == 4}
    for command, act in COMMANDS.items():
        assert [role for role in Role if re.search(rf"\b{role.value}\b", rows[command], re.ASCII)] == [
            role for role in Role if role.value in ACTS[act]
        ], command


def refused(world: World, name: str, acting: Actor) -> bool:
    try:
        DO[name](world, acting)
    except SekishoError as error:
        return error.code in REFUSALS
    return False


def test_every_act_is_tried() -> None:
    assert set(DO) == set(ACTS)


@pytest.mark.parametrize(("name", "role"), list(product(DO, SIDED)))
def test_a_role_may_what_the_table_read_aloud_says_and_nothing_else(world: World, name: str, role: Role) -> None:
    assert refused(world, name, actor(role, BOTH)) == (role.value not in ACTS[name])


@pytest.mark.parametrize("name", DO)
def test_nobody_without_a_role_acts(world: World, name: str) -> None:
    assert refused(world, name, actor(None))
    assert refused(world, name, actor(None, name="PNET9", person="PNET9"))


# The other company


def test_hr_takes_in_orders_that_touch_its_side_and_no_others(world: World) -> None:
    for side in (NETWORK, AFFILIATE):
        mine = orders.import_orders(actor=actor(Role.HR, side), now=NOW, request=_file(side))
        assert (mine.accepted, mine.rejected) == (1, 0)
        models.Order.objects.filter(order_no="OX").delete()
        other = orders.import_orders(actor=actor(Role.HR, OTHER[side]), now=NOW, request=_file(side))
        assert (other.accepted, hr_files.reasons(other)[0][3]) == (0, "orders.other_side")


def test_a_move_across_the_wall_is_brought_by_either_side(world: World) -> None:
    row = ("OY", "NNET4", "", "2024-04-01", "異動", "UNET2", "UAFF2", "NW")
    request = orders.OrderRequest(name="y.csv", content=hr_files.csv_bytes([HEADER, row]), received_at=NOW)
    for side in (NETWORK, AFFILIATE):
        assert orders.import_orders(actor=actor(Role.HR, side), now=NOW, request=request).accepted == 1
        models.Order.objects.filter(order_no="OY").delete()


def test_a_file_is_no_way_to_ask_for_names_of_the_other_side(world: World) -> None:
    row = ("OY", "NAFF4", "誰か", "2024-04-01", "異動", "UAFF2", "UNET2", "EP")
    request = orders.OrderRequest(name="y.csv", content=hr_files.csv_bytes([HEADER, row]), received_at=NOW)
    asked = orders.import_orders(actor=actor(Role.HR, NETWORK), now=NOW, request=request)
    assert "nameAFF" not in repr(asked)
    models.Order.objects.filter(order_no="OY").delete()
    assert "nameAFF4" in repr(orders.import_orders(actor=actor(Role.HR, AFFILIATE), now=NOW, request=request))


@pytest.mark.parametrize(
    ("name", "role", "code"),
    [
        ("plans.make", Role.IT_OPERATION, "plans.may_not_plan"),
        ("plans.approve", Role.COMPLIANCE, "plans.may_not_approve"),
        ("cutover.run", Role.IT_OPERATION, "cutover.not_allowed"),
        ("grants.add", Role.IT_OPERATION, "grants.unknown_person"),
        ("grants.approve", Role.COMPLIANCE, "grants.unknown"),
        ("findings.close", Role.COMPLIANCE, "findings.unknown"),
        ("evidence.destroy_content", Role.COMPLIANCE, "ledger.no_such_entry"),
        ("people.link", Role.HR, "people.not_allowed"),
        ("folder.load_folder", Role.HR, "folder.other_side"),
    ],
)
def test_the_right_role_of_the_other_company_does_not_act(world: World, name: str, role: Role, code: str) -> None:
    with pytest.raises(SekishoError) as caught:
        DO[name](world, actor(role, AFFILIATE, name="of the other company"))
    assert caught.value.code == code
    assert not [one for one in ledger.last(count=500, sides=ledger.sides()) if one.actor == "of the other company"]


# Nobody confirms himself (law 13)


def user(name: str, person: str, role: str = "compliance") -> None:
    models.RoleAssignment.objects.create(
        user=name, person_id=person, role=role, side="both", start=make.LONG_AGO, recorded_at=sides.LOADED
    )


def linked(one: str, other: str) -> None:
    models.PersonLink.objects.create(
        person_id=other, same_as=one, reason="r", actor="hr", start=make.LONG_AGO, recorded_at=sides.LOADED
    )


OTHER_SELVES = ["the same user", "another user of the person", "a user of a linked id"]


def himself(how: str, name: str, person: str) -> Actor:
    """An actor who is the person behind the user `name`, in one of the ways in which he may come again."""
    user(name, person)
    match how:
        case "the same user":
            return actor(Role.COMPLIANCE, BOTH, name=name, person=person)
        case "another user of the person":
            return actor(Role.COMPLIANCE, BOTH, name="second-login", person=person)
        case _:
            linked(person, "PAFF8")
            return actor(Role.COMPLIANCE, BOTH, name="other-login", person="PAFF8")


@pytest.mark.parametrize("how", OTHER_SELVES)
def test_nobody_approves_his_own_plan(world: World, how: str) -> None:
    with pytest.raises(plans.OwnPlan):
        _approved(world, himself(how, "planner", "PNET8"))
    assert _approved(world, actor(Role.COMPLIANCE, BOTH, name="c", person="PNET1"))


@pytest.mark.parametrize("how", OTHER_SELVES)
def test_one_person_approves_a_plan_once(world: World, how: str) -> None:
    _approved(world, actor(Role.COMPLIANCE, BOTH, name="first", person="PNET4"))
    again = plans.approve(
        actor=himself(how, "first", "PNET4"), document=world.plan, method="cli", now=NOW, home=world.home
    )
    assert len(again.approvals) == 1


@pytest.mark.parametrize("how", OTHER_SELVES)
def test_nobody_approves_a_grant_that_he_asked_for_or_receives(world: World, how: str) -> None:
    asked = grants.add(actor=actor(Role.COMPLIANCE, BOTH, name="asker", person="PNET8"), request=_grant("NET"), now=NOW)
    with pytest.raises(grants.OwnGrant):
        grants.approve(actor=himself(how, "asker", "PNET8"), grant_id=asked.id, now=NOW)


def test_nobody_approves_a_grant_for_an_id_linked_to_him(world: World) -> None:
    linked("PNET1", "PAFF8")
    with pytest.raises(grants.OwnGrant):
        grants.approve(actor=actor(Role.COMPLIANCE, BOTH, person="PAFF8"), grant_id=world.grants[NETWORK], now=NOW)


@pytest.mark.parametrize("how", OTHER_SELVES)
def test_a_listed_approver_does_not_approve_what_he_asked_for_under_another_name(world: World, how: str) -> None:
    asker = actor(Role.COMPLIANCE, BOTH, name="asker", person="PNET9")
    approver = himself(how, "asker", "PNET9")
    with pytest.raises(exceptions.MayNot) as caught:
        exceptions.approve(actor=approver, now=NOW, exception_id=_excepted(asker).id)
    assert caught.value.code == "exceptions.himself"


def test_the_mover_does_not_approve_under_a_linked_id(world: World) -> None:
    linked("PNET1", "PNET9")
    with pytest.raises(exceptions.MayNot) as caught:
        exceptions.approve(actor=actor(Role.EMPLOYEE, person="PNET9"), now=NOW, exception_id=world.exceptions[NETWORK])
    assert caught.value.code == "exceptions.himself"


def test_two_linked_ids_are_one_approver(world: World) -> None:
    models.RuleApprovers.objects.filter(side="affiliate").update(persons=["PAFF8"])
    linked("PNET9", "PAFF8")
    for person in ("PNET9", "PAFF8"):
        approver = actor(Role.COMPLIANCE, BOTH, name=f"u-{person}", person=person)
        if person == "PNET9":
            state = exceptions.approve(actor=approver, now=NOW, exception_id=world.exceptions[NETWORK])
            continue
        with pytest.raises(exceptions.MayNot) as caught:
            exceptions.approve(actor=approver, now=NOW, exception_id=world.exceptions[NETWORK])
        assert caught.value.code == "exceptions.already"
    assert state.state == "requested"


@pytest.mark.parametrize("how", OTHER_SELVES)
def test_the_planners_own_list_of_movers_does_not_count(world: World, how: str) -> None:
    signer = himself(how, "planner", "PNET8")
    user(f"{signer.name}", str(signer.person_id), "hr")
    manifests.sign(
        actor=actor(Role.HR, BOTH, name=signer.name, person=str(signer.person_id)),
        now=NOW,
        name="m.csv",
        content=MANIFEST,
    )
    assert _guard(world, "manifest") == "absent"


def test_a_list_that_somebody_else_signed_counts(world: World) -> None:
    manifests.sign(actor=actor(Role.HR, BOTH, name="hr", person="PNET4"), now=NOW, name="m.csv", content=MANIFEST)
    assert _guard(world, "manifest") != "absent"


def _guard(world: World, name: str) -> str:
    plan = plans.make(
        actor=sides.actor_both(), as_of=AS_OF, known_at=NOW, expires_at=None, now=NOW + timedelta(0), home=world.home
    )
    return next(guard.state for guard in plan.guards if guard.id == name)


def test_the_executor_under_another_name_does_not_confirm_the_cutover(world: World) -> None:
    user("planner", "PNET8")
    linked("PNET8", "PAFF8")
    other = actor(Role.COMPLIANCE, BOTH, name="other", person="PAFF8")
    assert users.is_same_person(actor=other, name="planner", now=NOW)
    assert not users.is_same_person(actor=actor(Role.COMPLIANCE, BOTH, person="PNET1"), name="planner", now=NOW)
