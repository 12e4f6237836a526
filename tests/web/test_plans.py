"""Plan review: guards first, what goes and what comes, approval by passkey and by another than the planner."""

import json
from pathlib import Path

import pytest
from django.test import Client

import authenticators
import sides
import sites
from sekisho.services import jobs, passkeys, verify_approval, work
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def sha256(world: sides.World, at_the_day: Path) -> str:
    return str(json.loads(world.plan)["sha256"])


def page(client: Client, sha256: str, query: str = "") -> str:
    answer = client.get(f"/plans/{sha256}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def approver(name: str = "houmu", side: str = "both") -> tuple[Client, authenticators.Passkey]:
    client = sites.client(name, ("compliance", side))
    key = authenticators.Passkey()
    key.register(models.User.objects.get(username=name))
    return client, key


def approve(client: Client, key: authenticators.Passkey, sha256: str) -> str:
    words = {"do": "approve", "assertion": key.sign(passkeys.challenge(plan_sha256=sha256))}
    return client.post(f"/plans/{sha256}", words, follow=True).content.decode()


@pytest.mark.parametrize(("side", "own", "other"), [("network", "NET", "AFF"), ("affiliate", "AFF", "NET")])
@pytest.mark.parametrize("way", ["person", "entitlement", "system"])
def test_each_side_reviews_its_own_parts_only(sha256: str, side: str, own: str, other: str, way: str) -> None:
    shown = page(sites.client("x", ("compliance", side)), sha256, f"?by={way}")
    assert f"sys{own}" in shown
    assert f"sys{other}" not in shown
    assert f"P{other}" not in shown


@pytest.mark.parametrize("role", ["hr", "employee", "administrator"])
def test_who_has_no_business_with_plans_is_refused(sha256: str, role: str) -> None:
    client = sites.client("x", (role, "both"))
    assert client.get("/plans").status_code == 403
    assert client.get(f"/plans/{sha256}").status_code == 403


def test_an_executive_sees_that_plans_are_and_not_what_they_change(sha256: str) -> None:
    client = sites.client("x", ("executive", "both"))
    assert sha256[:12] in client.get("/plans").content.decode()
    assert client.get(f"/plans/{sha256}").status_code == 403


def test_guards_stand_before_the_changes_in_both_languages(sha256: str) -> None:
    for language, guards, changes in (
        ("ja", "計画全体の点検", "変わること"),
        ("en", "Checks of the whole plan", "What changes"),
    ):
        shown = page(sites.client(f"x{language}", ("compliance", "both"), language=language), sha256)
        assert 0 < shown.index(guards) < shown.rindex(changes)


def test_a_plan_is_approved_by_a_passkey_and_can_be_checked_offline(sha256: str) -> None:
    client, key = approver()
    assert "承認しました" in approve(client, key, sha256)
    kept = models.PlanApproval.objects.get(plan__sha256=sha256, by="houmu")
    assert kept.method == "passkey"
    assert verify_approval.problem(kept.assertion) == ""


def test_without_an_assertion_nothing_is_approved(sha256: str) -> None:
    client, _ = approver()
    shown = client.post(f"/plans/{sha256}", {"do": "approve", "assertion": ""}, follow=True).content.decode()
    assert "署名を読み取れませんでした" in shown
    assert not models.PlanApproval.objects.filter(plan__sha256=sha256, by="houmu").exists()


def test_the_planner_is_not_offered_to_approve_and_is_refused(sha256: str) -> None:
    planner = models.Plan.objects.get(sha256=sha256).planned_by
    client = sites.client(planner, ("it_operation", "both"))
    key = authenticators.Passkey()
    key.register(models.User.objects.get(username=planner))
    assert "パスキーで承認する" not in page(client, sha256)
    assert "作成者以外の方が承認してください" in approve(client, key, sha256)


def test_one_side_alone_does_not_approve_a_plan_of_both(sha256: str) -> None:
    client, key = approver("houmu-hn", "network")
    assert "この計画を承認できません" in approve(client, key, sha256)


def test_who_has_no_passkey_is_led_to_one(sha256: str) -> None:
    shown = page(sites.client("x", ("compliance", "both")), sha256)
    assert "承認にはパスキーが必要です" in shown
    assert "/accounts/2fa/webauthn/add/" in shown


def test_an_approved_plan_is_switched_by_it_operation_at_its_time(sha256: str, at_the_day: Path) -> None:
    approve(*approver(), sha256)
    client = sites.client("joshisu", ("it_operation", "both"))
    assert "に切り替える" in page(client, sha256)
    client.post(f"/plans/{sha256}", {"do": "switch"})
    assert models.Schedule.objects.get().due_at == sides.AS_OF
    assert work.step(home=at_the_day, clock=lambda: sides.AS_OF)
    job = models.Job.objects.get(kind="cutover")
    assert (job.state, job.error) == (jobs.DONE, "")
    assert models.Job.objects.filter(kind="verification").exists(), "the verification follows by itself"
    assert "実行済" in page(client, sha256)


def test_a_plan_is_asked_for_by_it_operation_only(world: sides.World, at_the_day: Path) -> None:
    sites.client("joshisu", ("it_operation", "both")).post("/plans", {"day": "2024-05-01"})
    assert models.Job.objects.get().kind == "plan"
    shown = sites.client("houmu", ("compliance", "both")).post("/plans", {"day": "2024-05-01"}, follow=True)
    assert "役割がありません" in shown.content.decode()
    assert models.Job.objects.count() == 1


def test_a_day_that_is_none_is_refused_with_its_reason(world: sides.World, at_the_day: Path) -> None:
    client = sites.client("joshisu", ("it_operation", "both"))
    assert "日付として読み取れません" in client.post("/plans", {"day": "tomorrow"}, follow=True).content.decode()


def test_an_unknown_plan_is_not_found_out_about(world: sides.World, at_the_day: Path) -> None:
    assert sites.client("x", ("compliance", "both")).get(f"/plans/{'0' * 64}").status_code == 422
