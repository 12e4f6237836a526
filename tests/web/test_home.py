"""The first page: what waits for each reader and for nobody else, in numbers of his own sides; and himself."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

import sides
import sites
from sekisho.core.kinds import BOTH, Role
from sekisho.services import installation, plans
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def home(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_plan_waits_for_an_approver_of_both_sides_and_not_for_its_planner(world: sides.World) -> None:
    approver = home(sites.client("houmu", ("compliance", "both")))
    assert "あなたの承認を待つ切替計画があります（承認待ち1件中1件）" in approver
    assert f"/plans/{json.loads(world.plan)['sha256']}" in approver
    planner = models.Plan.objects.get().planned_by
    for client in (
        sites.client(planner, ("it_operation", "both"), person="PNET8"),
        sites.client("again", ("it_operation", "both"), person="PNET8"),
        sites.client("one", ("compliance", "network")),
        sites.client("hr", ("hr", "both")),
    ):
        assert "あなたの承認を待つ切替計画" not in home(client)


def test_who_has_approved_is_not_asked_again(world: sides.World) -> None:
    client = sites.client("houmu", ("compliance", "both"))
    models.PlanApproval.objects.create(
        plan=models.Plan.objects.get(), by="houmu", method="passkey", at=sides.NOW - timedelta(hours=1)
    )
    models.Parameter.objects.create(
        name="approvals_required", value=2, start="2020-01-01", recorded_at="2020-01-01T00:00Z"
    )
    assert "あなたの承認を待つ切替計画" not in home(client)
    assert "あなたの承認を待つ切替計画" in home(sites.client("other", ("compliance", "both")))


def test_a_listed_approver_is_asked_and_neither_the_mover_nor_anybody_else(world: sides.World) -> None:
    assert "あなたの承認を待つ例外承認の申請" in home(sites.client("a", ("compliance", "network"), person="PNET9"))
    assert "あなたの承認を待つ例外承認の申請" not in home(sites.client("b", ("compliance", "network"), person="PNET1"))
    assert "あなたの承認を待つ例外承認の申請" not in home(sites.client("c", ("compliance", "both")))


@pytest.mark.parametrize(("side", "left", "unknown"), [("network", 1, 1), ("affiliate", 2, 1)])
def test_it_operation_is_told_the_numbers_of_its_own_side_alone(side: str, left: int, unknown: int) -> None:
    shown = home(sites.client("x", ("it_operation", side)))
    run = models.VerificationRun.objects.latest("pk").by_side
    own = {name: run[side][name] + run.get("neutral", {}).get(name, 0) for name in run[side]}
    total = f"{sum(own.values())}件中"
    for word, number in (
        ("切替後も残っている", own["left_over"] + own["excess"]),
        ("確認できないもの", own["unknown"]),
    ):
        assert (f"{total}{number}件" in shown) == bool(number), word
    assert ("NET" if side == "affiliate" else "AFF") not in shown


def test_a_grant_waits_for_its_own_sides_people_and_not_for_who_asked() -> None:
    for side in ("network", "affiliate"):
        shown = home(sites.client(f"it-{side}", ("it_operation", side)))
        assert "承認を待つ個別付与があります（1件中1件）" in shown
    assert "2件中2件" in home(sites.client("both", ("compliance", "both"), person="PNET9"))
    assert "承認を待つ個別付与" not in home(sites.client("jinji", ("hr", "both")))


def test_what_the_executor_verified_waits_for_anybody_but_him() -> None:
    models.VerificationRun.objects.update(needs_confirmation=True, executor="joshisu", verifier="joshisu")
    assert "あなたが追認できます" in home(sites.client("kansa", ("internal_audit", "both")))
    assert "あなたが追認できます" not in home(sites.client("joshisu", ("it_operation", "both")))
    assert "あなたが追認できます" not in home(sites.client("jinji", ("hr", "both")))


def test_an_administrator_is_told_of_users_without_a_second_step() -> None:
    shown = home(sites.client("kanri", ("administrator", "both")))
    assert "有効な利用者1名中1名" in shown
    assert "sysNET" not in shown


def test_an_approved_plan_that_nobody_set_to_run_waits_for_it_operation(world: sides.World) -> None:
    compliance = sides.actor(Role.COMPLIANCE, BOTH, name="houmu")
    plans.approve(actor=compliance, document=world.plan, method="passkey", now=sides.NOW, home=world.home)
    client = sites.client("x", ("it_operation", "both"))
    assert "切替の予約がないものがあります" in home(client)
    client.post(f"/plans/{json.loads(world.plan)['sha256']}", {"do": "switch"})
    assert "切替の予約がないものがあります" not in home(client)


def test_a_day_without_a_plan_waits_for_it_operation_of_all_sides(world: sides.World) -> None:
    models.Order.objects.filter(status="final").update(first_day="2024-05-01", effective_date="2024-05-01")
    assert "2024年5月1日（水） の計画が、まだありません" in home(sites.client("x", ("it_operation", "both")))
    for role, side in (("it_operation", "network"), ("compliance", "both")):
        assert "の計画が、まだありません" not in home(sites.client(f"{role}{side}", (role, side)))


def test_an_advance_notice_announces_no_day_to_anybody_on_the_first_page(world: sides.World) -> None:
    models.Order.objects.filter(status="final").delete()
    for role in ("it_operation", "executive", "unit_head", "employee"):
        assert "2024年4月1日" not in home(sites.client(role, (role, "both")))


@pytest.mark.parametrize("role", ["executive", "employee", "unit_head"])
def test_for_whom_nothing_waits_it_is_said_in_words(role: str) -> None:
    assert "いま、あなたの対応を待っているものはありません" in home(sites.client("x", (role, "network")))
    assert "Nothing is waiting for you." in home(sites.client("y", (role, "network"), language="en"))


def test_the_frame_shows_beside_each_room_how_many_things_wait_there() -> None:
    shown = sites.client("houmu", ("compliance", "both")).get("/plans").content.decode()
    assert "対応待ち1件" in shown
    assert "対応待ち" not in sites.client("y", ("executive", "both")).get("/plans").content.decode()


def test_an_employee_reads_his_own_posts_and_released_move_and_nobody_elses(world: sides.World) -> None:
    mine = models.Order.objects.filter(status="final", person_id="PNET2").latest("pk")
    models.Order.objects.filter(pk=mine.pk).update(first_day="2024-04-01")
    models.Order.objects.filter(status="draft").update(first_day="2024-04-08", effective_date="2024-04-08")
    shown = home(sites.client("shain", ("employee", "network"), person="PNET2"))
    assert "2024年4月1日（月）" in shown
    assert "unitNET" in shown
    assert "4月8日" not in shown, "the notice is not released"
    assert "AFF" not in shown
    assert "2024年4月1日（月）" not in home(sites.client("other", ("employee", "network"), person="PNET4"))


def test_an_employee_is_told_in_words_what_was_switched_and_what_remains(world: sides.World) -> None:
    plan = models.Plan.objects.get()
    models.Order.objects.filter(status="final", person_id="PNET2").update(first_day="2024-03-19")
    for number, (side, state) in enumerate((("network", "applied"), ("affiliate", "applied"))):
        models.OperationRecord.objects.create(
            plan=plan,
            operation_id=f"t{number}",
            person_id="PNET2",
            side=side,
            system_id=f"sys{'NET' if side == 'network' else 'AFF'}",
            action="revoke",
            phase=1,
            state=state,
            changed_at=sides.NOW,
        )
    shown = home(sites.client("shain", ("employee", "network"), person="PNET2"))
    assert "systemNET（送配電側）：1件の権限がなくなりました" in shown
    assert "AFF" not in shown


def test_a_head_reads_the_released_moves_of_his_unit_and_opens_them(world: sides.World) -> None:
    models.Unit.objects.filter(code="UNET2").update(head="PNET4")
    models.Order.objects.filter(status="final", person_id="PNET2").update(first_day="2024-03-28")
    head = sites.client("kacho", ("unit_head", "network"), person="PNET4")
    shown = home(head)
    assert "nameNET2" in shown
    order = models.Order.objects.filter(status="final", person_id="PNET2").latest("pk")
    assert head.get(f"/transfers/{order.order_id.replace('#', '%23')}").status_code == 200
    stranger = sites.client("other", ("unit_head", "network"), person="PNET3")
    assert "nameNET2" not in home(stranger)
    assert stranger.get(f"/transfers/{order.order_id.replace('#', '%23')}").status_code == 404


def test_the_page_takes_the_same_queries_however_much_waits() -> None:
    client = sites.client("houmu", ("compliance", "both"))
    home(client)
    with CaptureQueriesContext(connection) as few:
        home(client)
    for model in (models.RuleException, models.Grant):
        for number in range(20):
            row = model.objects.filter(state="requested").first()
            assert row is not None
            row.pk = None
            setattr(row, "exception_id" if model is models.RuleException else "grant_id", f"N{number}")
            row.save(force_insert=True)
    with CaptureQueriesContext(connection) as many:
        home(client)
    assert len(many) == len(few)


def test_nothing_read_for_the_numbers_is_logged_as_a_read() -> None:
    client = sites.client("joshisu", ("it_operation", "both"))
    before = models.LedgerEntry.objects.filter(kind="fact.read").count()
    home(client)
    assert models.LedgerEntry.objects.filter(kind="fact.read").count() == before


def test_the_day_is_the_companys(world: sides.World) -> None:
    with transaction.atomic():
        installation.set_clock(actor=sides.TRUSTED, home=world.home, claimed=sides.NOW + timedelta(hours=9))
    assert "2024年3月20日" in home(sites.client("x", ("employee", "network")))


def test_compliance_is_told_of_moves_in_the_way_and_of_those_nobody_checked() -> None:
    models.Order.objects.filter(status="final").update(first_day="2024-04-03", effective_date="2024-04-03")
    models.Screening.objects.all().delete()
    client = sites.client("houmu", ("compliance", "both"))
    shown = home(client)
    assert "まだ判定していない異動があります" in shown
    assert "/season?verdict=unchecked#moves" in shown
    assert "まだ判定していない異動" not in home(sites.client("joshisu", ("it_operation", "both")))
