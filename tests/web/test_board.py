"""The board: one sentence first, each side its own, and work that can be paused."""

from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

import sides
import sites
from sekisho.core.kinds import BOTH, Role
from sekisho.services import cutover, installation, job_claims, jobs, plans, verification
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
    assert "計画が承認者を待っています" in shown


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
