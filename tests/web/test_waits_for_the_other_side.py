"""A grant that waits at the wall waits for something of the other side: what that is, no page tells."""

import json
from pathlib import Path

import pytest

import sides
import sites
import webrooms
from sekisho.core.kinds import AFFILIATE, Action
from sekisho.services.cutover_reach import AT_THE_WALL
from sekisho.store import models
from sekisho.web import pages

pytestmark = pytest.mark.django_db
pages.load()


@pytest.mark.parametrize("code", sorted(AT_THE_WALL))
@pytest.mark.parametrize("role", ["compliance", "it_operation", "internal_audit"])
def test_no_page_names_what_a_grant_waits_for_on_the_other_side(
    world: sides.World, at_the_day: Path, role: str, code: str
) -> None:
    plan = models.Plan.objects.get(sha256=json.loads(world.plan)["sha256"])
    waiting = next(
        one for one in plan.document["operations"] if (one["side"], one["action"]) == (AFFILIATE, Action.GRANT.value)
    )
    models.Cutover.objects.create(plan=plan, started_at=sides.NOW, started_by="planner", phase=2)
    models.OperationRecord.objects.create(
        plan=plan,
        operation_id=waiting["id"],
        person_id=waiting["person_id"],
        side=AFFILIATE,
        system_id=waiting["system"],
        account=waiting["account"],
        entitlement=waiting["entitlement"],
        action="grant",
        phase=2,
        state="held",
        error=code,
        detail="sysNET eNET",
        changed_at=sides.AS_OF,
    )
    order = models.Order.objects.filter(status="final", person_id__startswith="PAFF").latest("pk")
    models.OperationRecord.objects.update(person_id=order.person_id)
    client = sites.client("x", (role, AFFILIATE))
    for name, query in (("transfer", ""), ("plan", "?by=person"), ("plan", "?by=system"), ("board", "?day=2024-04-01")):
        path = webrooms.address(world, name, AFFILIATE).partition("?")[0]
        page = client.get(f"{path}{query}").content.decode()
        assert "sysNET" not in page, name
        assert "eNET" not in page, name
