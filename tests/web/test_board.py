"""The board: one sentence first, each side its own, and work that can be paused."""

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
from sekisho.services import cutover, installation, job_claims, jobs, leases, plans, verification
from sekisho.store import models

pytestmark = pytest.mark.django_db
LATER = sides.AS_OF
IT = sides.actor(Role.IT_OPERATION, BOTH, name="joshisu")


def room(client: Client, query: str = "") -> str:
    answer = client.get(f"/board{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def switched(world: sides.World) -> None:
    """Carry the plan out on its day, and let the site stand there."""
    compliance = sides.actor(Role.COMPLIANCE, BOTH, name="houmu")
    plans.approve(actor=compliance, document=world.plan, method="passkey", now=sides.NOW, home=world.home)
    cutover.run(document=world.plan, actor=IT, now=LATER, home=world.home)
    with transaction.atomic():
        installation.set_clock(actor=sides.TRUSTED, home=world.home, claimed=LATER)


def test_an_unapproved_plan_is_said_to_wait_for_its_approver(at_the_day: Path) -> None:
    shown = room(sites.client("x", ("compliance", "both")))
    assert "まだです。計画が承認を待っています" in shown
    assert "計画が承認を待っています" in shown


def test_the_first_line_reads_in_english_too(at_the_day: Path) -> None:
    assert "Not yet. The plan waits for approval." in room(sites.client("x", ("compliance", "both"), language="en"))


def test_after_the_switch_the_board_is_not_green_before_it_is_verified(world: sides.World, at_the_day: Path) -> None:
    switched(world)
    client = sites.client("x", ("compliance", "both"))
    assert "事後確認がまだです" in room(client) or "実行中です" in room(client)
    verification.verify(actor=sides.TRUSTED, as_of=LATER, now=LATER, home=world.home)
    assert "事後確認がまだです" not in room(client)


@pytest.mark.parametrize(("side", "own", "other"), [("network", "NET", "AFF"), ("affiliate", "AFF", "NET")])
def test_each_side_sees_its_own_systems_and_people(
    world: sides.World, at_the_day: Path, side: str, own: str, other: str
) -> None:
    switched(world)
    for role in ("compliance", "it_operation", "unit_head"):
        shown = room(sites.client(f"{role}-{side}", (role, side)))
        assert f"sys{own}" in shown
        assert other not in shown


def test_who_has_no_business_with_plans_is_refused(at_the_day: Path) -> None:
    for role in ("hr", "employee", "administrator"):
        assert sites.client(role, (role, "both")).get("/board").status_code == 403


def test_a_day_without_a_plan_says_what_to_do(at_the_day: Path) -> None:
    shown = room(sites.client("x", ("it_operation", "both")), "?day=2030-04-01")
    assert "この日の計画がまだありません" in shown
    assert "計画を作る" in shown


def test_work_is_paused_and_resumed_by_it_operation_only(world: sides.World, at_the_day: Path) -> None:
    asked = jobs.NewJob("verification", "k", {}, sides.NOW)
    job = str(jobs.enqueue(actor=IT, now=sides.NOW, asked=asked))
    client = sites.client("x", ("it_operation", "both"))
    client.post("/board", {"do": "pause", "job": job})
    assert models.Job.objects.get().state == jobs.PAUSED
    executive = sites.client("y", ("executive", "both"))
    assert "役割がありません" in executive.post("/board", {"do": "resume", "job": job}, follow=True).content.decode()
    client.post("/board", {"do": "resume", "job": job})
    assert models.Job.objects.get().state == jobs.WAITING


def test_progress_renews_itself_while_work_runs(world: sides.World, at_the_day: Path) -> None:
    jobs.enqueue(actor=IT, now=sides.NOW, asked=jobs.NewJob("cutover", "k", {"sha256": "x"}, sides.NOW))
    client = sites.client("x", ("it_operation", "both"))
    assert 'data-hx-trigger="load delay:2s"' not in room(client)
    job_claims.claim(now=sides.NOW)
    assert 'data-hx-trigger="load delay:2s"' in room(client)
    part = client.get("/board?only=progress", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="progress"')


def journal(world: sides.World, *rows: tuple[str, str, str, str, str]) -> models.Plan:
    """Begin the switch and let its operations stand so: (side, person, state, code, detail)."""
    plan = models.Plan.objects.get(sha256=str(json.loads(world.plan)["sha256"]))
    models.Cutover.objects.get_or_create(plan=plan, defaults={"started_at": LATER, "started_by": "joshisu", "phase": 1})
    tokens = {"network": "NET", "affiliate": "AFF"}
    for number, (side, person, state, code, detail) in enumerate(rows):
        models.OperationRecord.objects.create(
            plan=plan,
            operation_id=f"t{number}",
            person_id=person,
            side=side,
            system_id=f"sys{tokens[side]}",
            entitlement=f"e{tokens[side]}",
            action="revoke" if state == "applied" else "grant",
            phase=1 if state == "applied" else 2,
            state=state,
            error=code,
            detail=detail,
            changed_at=LATER,
        )
    with transaction.atomic():
        installation.set_clock(actor=sides.TRUSTED, home=world.home, claimed=LATER + timedelta(hours=2))
    return plan


def test_hundreds_who_wait_for_one_thing_are_one_line_that_opens(world: sides.World, at_the_day: Path) -> None:
    journal(world, *[("network", f"PNET{n % 4 + 1}", "unknown", "connectors.not_confirmed", "") for n in range(30)])
    client = sites.client("x", ("compliance", "both"))
    shown = room(client)
    assert shown.count("作業依頼の結果が、まだ戻っていない</strong>") == 1
    assert "送配電側のシステム運用待ち" in shown
    assert "作業者が結果ファイルを置くか" in shown
    assert "/systems/sysNET" in shown
    assert "残り20件も一覧で見る" in shown


def test_the_worst_stands_first(world: sides.World, at_the_day: Path) -> None:
    journal(
        world,
        ("network", "PNET1", "held", "cutover.guard_group_share", ""),
        ("network", "PNET2", "failed", "cutover.rejected", "no"),
        ("network", "PNET3", "unknown", "connectors.not_confirmed", ""),
    )
    shown = room(sites.client("x", ("compliance", "both"), language="en"))
    places = [
        shown.index(f"{words}</strong>")
        for words in (
            "The system or its operator refused the change",
            "The result of a work order has not come back yet",
            "Too many holders of an entitlement would change at once",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("code", ["cutover.other_side_present", "cutover.other_side_unread", "cutover.residue"])
def test_what_waits_at_the_wall_names_nothing_of_the_other_side(
    world: sides.World, at_the_day: Path, code: str
) -> None:
    journal(world, ("affiliate", "PAFF1", "held", code, "sysNET"), ("affiliate", "PAFF2", "held", code, "sysNET"))
    client = sites.client("x", ("compliance", "affiliate"))
    for query in ("", "?state=held", "?cause=other_side", "?cause=residue"):
        shown = room(client, query)
        assert "sysNET" not in shown, query
        assert "他方の側の権限がなくなったことを、確認できていない" in shown
    assert "sysNET" in room(sites.client("y", ("compliance", "both")), "?state=held")


def test_every_number_leads_to_its_list_which_is_taken_away_by_compliance(world: sides.World, at_the_day: Path) -> None:
    journal(
        world,
        ("network", "PNET1", "held", "cutover.guard_group_share", ""),
        ("network", "PNET2", "applied", "", ""),
    )
    client = sites.client("x", ("compliance", "network"))
    shown = room(client)
    assert "state=held#list" in shown
    listed = room(client, "?state=held&side=network&system=sysNET")
    assert "一覧：送配電側 sysNET 保留" in listed
    table = listed[listed.index('id="table-operations"') :]
    table = table[: table.index("</table>")]
    assert "PNET1" in table
    assert "PNET2" not in table
    filtered = room(client, "?state=held&operations_q=nobody")
    assert "PNET1" not in filtered[filtered.index('id="table-operations"') : filtered.index('id="groups"')]
    assert client.get("/board?state=held&sheet=operations").content[:2] == b"PK"


def test_who_only_counts_is_told_numbers_and_who_knows_more(world: sides.World, at_the_day: Path) -> None:
    journal(world, ("network", "PNET1", "held", "cutover.guard_group_share", ""))
    shown = room(sites.client("y", ("executive", "both")), "?state=held")
    assert "PNET1" not in shown
    assert "ここには件数だけを表示しています" in shown


def test_before_the_night_it_says_what_is_missing_and_then_that_there_is_nothing_to_do(
    world: sides.World, at_the_day: Path
) -> None:
    compliance = sides.actor(Role.COMPLIANCE, BOTH, name="houmu")
    plans.approve(actor=compliance, document=world.plan, method="passkey", now=sides.NOW, home=world.home)
    client = sites.client("x", ("it_operation", "both"))
    assert "切替の予約がありません" in room(client)
    sha256 = str(json.loads(world.plan)["sha256"])
    client.post(f"/plans/{sha256}", {"do": "switch"})
    shown = room(client)
    assert "に自動で切り替えます" in shown
    assert "バックグラウンド処理の実行プロセスが動いていません" in shown
    models.Worker.objects.create(mark=leases.mark(), started_at=sides.NOW, seen_at=sides.NOW)
    assert "いま、することはありません" in room(client)
    one_side = room(sites.client("y", ("it_operation", "network")))
    assert "いま、することはありません" in one_side


def test_the_clock_is_right_without_a_script(world: sides.World, at_the_day: Path) -> None:
    assert "あと 11日 " in room(sites.client("x", ("compliance", "both")))
    assert "in 11 d " in room(sites.client("y", ("compliance", "both"), language="en"))


def test_the_numbers_take_the_same_queries_however_many_there_are(world: sides.World, at_the_day: Path) -> None:
    client = sites.client("x", ("compliance", "network"))
    states = ("held", "failed", "unknown")
    codes = ("cutover.guard_group_share", "cutover.rejected", "connectors.not_confirmed")
    journal(world, *[("network", "PNET1", state, code, "") for state, code in zip(states, codes, strict=True)])
    room(client)
    with CaptureQueriesContext(connection) as few:
        room(client)
    plan = models.Plan.objects.get()
    models.OperationRecord.objects.bulk_create(
        [
            models.OperationRecord(
                plan=plan,
                operation_id=f"m{n}",
                person_id=f"PNET{n % 4 + 1}",
                side="network",
                system_id="sysNET",
                entitlement=f"e{n}",
                action="grant",
                phase=2,
                state=states[n % 3],
                error=codes[n % 3],
                changed_at=LATER,
            )
            for n in range(500)
        ]
    )
    with CaptureQueriesContext(connection) as many:
        room(client)
    assert len(many) == len(few)


def test_without_any_order_it_says_where_to_begin(at_the_day: Path) -> None:
    for emptied in (models.OperationRecord, models.Cutover, models.PlanApproval, models.Plan, models.Order):
        emptied.objects.all().delete()
    client = sites.client("x", ("compliance", "both"))
    shown = room(client)
    assert "まだ何も始まっていません" in shown
    assert "/imports" in shown


def test_a_day_leads_to_the_one_before_and_the_one_after(world: sides.World, at_the_day: Path) -> None:
    shown = room(sites.client("x", ("compliance", "both")), "?day=2024-03-20")
    assert "前の切替日 2024年3月1日（金）" in shown
    assert "次の切替日 2024年4月1日（月）" in shown


def test_days_on_which_somebody_moves_are_told_to_who_may_know_of_every_sides_moves(
    world: sides.World, at_the_day: Path
) -> None:
    models.Order.objects.filter(person_id__startswith="PAFF", status="final").update(first_day="2024-03-08")
    assert "3月8日" in room(sites.client("a", ("compliance", "network")), "?day=2024-03-20")
    assert "3月8日" not in room(sites.client("b", ("it_operation", "network")), "?day=2024-03-20")
    assert "3月8日" in room(sites.client("c", ("it_operation", "both")), "?day=2024-03-20")


def test_an_advance_notice_makes_no_day(world: sides.World, at_the_day: Path) -> None:
    models.Order.objects.filter(status="draft").update(first_day="2024-05-07", release_at=None)
    shown = room(sites.client("a", ("compliance", "both")), "?day=2024-04-20")
    assert "5月7日" not in shown


def test_a_page_that_follows_a_switch_is_made_anew_when_there_is_nothing_more_to_follow(
    world: sides.World, at_the_day: Path
) -> None:
    jobs.enqueue(actor=IT, now=sides.NOW, asked=jobs.NewJob("cutover", "k", {"sha256": "x"}, sides.NOW))
    client = sites.client("x", ("it_operation", "both"))
    held = job_claims.claim(now=sides.NOW)
    assert held is not None
    asked = {"HX-Request": "true"}
    assert "HX-Refresh" not in client.get("/board?only=progress", headers=asked)
    models.Job.objects.update(state=jobs.DONE)
    assert client.get("/board?only=progress", headers=asked)["HX-Refresh"] == "true"


def test_the_numbers_of_the_page_are_no_logged_reads_and_its_people_are(world: sides.World, at_the_day: Path) -> None:
    journal(world, ("network", "PNET1", "held", "cutover.guard_group_share", ""))
    executive = sites.client("y", ("executive", "both"))
    reads = models.LedgerEntry.objects.filter(kind="fact.read")
    before = reads.count()
    room(executive)
    assert reads.count() == before
    room(sites.client("x", ("compliance", "both")))
    assert reads.count() > before
