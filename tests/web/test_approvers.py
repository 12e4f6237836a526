"""Who stands behind an approval by passkey: not the planner under another name, and since when the key is his."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

import authenticators
import sides
import sites
from sekisho.core.cutover import Unapproved
from sekisho.services import cutover, passkeys, plan_approvals, plans
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def sha256(world: sides.World, at_the_day: Path) -> str:
    return str(json.loads(world.plan)["sha256"])


def approver(name: str, person: str = "") -> tuple[Client, authenticators.Passkey]:
    client = sites.client(name, ("compliance", "both"), person=person)
    key = authenticators.Passkey()
    key.register(models.User.objects.get(username=name))
    return client, key


def approve(client: Client, key: authenticators.Passkey, sha256: str) -> str:
    words = {"do": "approve", "assertion": key.sign(passkeys.challenge(plan_sha256=sha256))}
    return client.post(f"/plans/{sha256}", words, follow=True).content.decode()


def test_a_passkey_of_today_is_named_beside_the_approval(sha256: str) -> None:
    client, key = approver("houmu")
    for since, told in ((sides.NOW - timedelta(minutes=5), True), (sides.NOW - timedelta(days=9), False)):
        models.PlanApproval.objects.all().delete()
        Authenticator.objects.update(created_at=since)
        assert ("登録されたばかりのパスキー" in approve(client, key, sha256)) == told


def test_the_planners_other_self_is_refused(sha256: str) -> None:
    sites.user(models.Plan.objects.get(sha256=sha256).planned_by, ("it_operation", "both"), person="PNET8")
    link(sides.LOADED)
    assert "作成者以外の方が承認してください" in approve(*approver("second-login", "PAFF8"), sha256)


def test_who_is_found_to_be_the_planner_later_has_approved_nothing(sha256: str, at_the_day: Path) -> None:
    sites.user(models.Plan.objects.get(sha256=sha256).planned_by, ("it_operation", "both"), person="PNET8")
    approve(*approver("second-login", "PAFF8"), sha256)
    assert plan_approvals.given(sha256=sha256, now=sides.NOW) == 1
    link(sides.NOW)
    assert plan_approvals.given(sha256=sha256, now=sides.NOW) == 0
    document = plans.stored(sha256=sha256)
    with pytest.raises(Unapproved):
        cutover.run(document=document, actor=sides.actor_both(), now=sides.AS_OF, home=at_the_day)


def link(at: object) -> None:
    models.PersonLink.objects.create(
        person_id="PAFF8", same_as="PNET8", reason="r", actor="hr", start=date(2010, 4, 1), recorded_at=at
    )
