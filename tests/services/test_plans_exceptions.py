"""An exception lets protected access be given while it is in force, not before and not afterwards."""

from datetime import date, datetime
from pathlib import Path

import pytest

import make
import plantings
from sekisho.core.plans import Plan
from sekisho.core.users import Actor
from sekisho.services import plans
from sekisho.store import models

pytestmark = pytest.mark.django_db
MOVED = date(2026, 4, 1)
RULE = {
    "id": "desks",
    "version": "1",
    "kind": "direct_transfer",
    "type": "policy_stop",
    "from_classes": ["central_dispatch"],
    "to_classes": ["retail_sales"],
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Path:
    """P1 moves from A to X on 1 April, against a rule to which N1 approves exceptions."""
    plantings.plant()
    plantings.settle(tmp_path)
    fact = {"start": date(2018, 4, 1), "recorded_at": plantings.KNOWN}
    models.Rule.objects.create(rule_id="desks", version="1", body=RULE, **fact)
    models.RuleApprovers.objects.create(rule_id="desks", persons=["N1"], side="network", **fact)
    models.Stint.objects.filter(person_id="P1").update(end=MOVED)
    plantings.stint("P1", "X", "AF", MOVED, origin=transfer())
    return tmp_path


def transfer() -> str:
    file = models.OrderFile.objects.create(
        sha256="0" * 64, name="f", kind="orders", received_at=plantings.NOW, actor="hr", rows_in=1, accepted=1,
        rejected=0, ignored=0, defects=[],
    )  # fmt: skip
    order_id = "NW/O-1/P1/transfer/#1"
    models.Order.objects.create(
        order_id=order_id, file=file, row=2, company="NW", order_no="O-1", employee_no="P1", order_type="transfer",
        person_id="P1", status="final", effective_date=MOVED, first_day=MOVED, from_unit="A", to_unit="X",
        post_kind="main", content_sha256="0" * 64, recorded_at=plantings.NOW,
    )  # fmt: skip
    return order_id


def excepted(start: date, end: date) -> None:
    models.RuleException.objects.create(
        exception_id="E1",
        rule_id="desks",
        person_id="P1",
        reason="handover",
        requested_by="hr",
        approvals=[{"by": "N1", "person_id": "N1", "side": "network", "at": "2026-03-01"}],
        state="approved",
        start=start,
        end=end,
        recorded_at=plantings.KNOWN,
    )


def plan_of(home: Path, day: str) -> Plan:
    at = datetime.fromisoformat(f"{day}T00:00:00+09:00")
    actor = Actor("alice", trusted=True)
    return plans.make(actor=actor, as_of=at, known_at=at, expires_at=None, now=at, home=home)


def held(plan: Plan) -> list[str]:
    return [f"{one.entitlement} {one.code}" for part in plan.parts for one in part.held]


@pytest.mark.parametrize(
    ("day", "waits"),
    [
        ("2026-04-01", ["a1 plans.held_violation"]),
        ("2026-04-10", []),
        ("2026-04-14", []),
        ("2026-04-15", ["a1 plans.held_violation"]),
    ],
)
def test_the_exception_covers_its_own_days_only(home: Path, day: str, waits: list[str]) -> None:
    excepted(date(2026, 4, 10), date(2026, 4, 15))
    assert held(plan_of(home, day)) == waits


def test_an_exception_that_ended_gives_nothing_though_it_covered_the_day_of_the_move(home: Path) -> None:
    excepted(make.day("2026-03-01"), date(2026, 4, 15))
    assert held(plan_of(home, "2026-04-01")) == []
    assert held(plan_of(home, "2026-05-01")) == ["a1 plans.held_violation"]
