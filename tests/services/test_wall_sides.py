"""Law 1 and law 3 over access that is there already: more sides than two, dual holdings, access whose order waits."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import make
import plantings
from sekisho.core.plans import Plan
from sekisho.core.users import Actor
from sekisho.services import plans, verification
from sekisho.services.verification import Verification
from sekisho.store import models

pytestmark = pytest.mark.django_db(transaction=True)
MOVED = date(2026, 4, 1)
FACT = {"start": make.LONG_AGO, "recorded_at": plantings.KNOWN}


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Path:
    plantings.plant()
    plantings.settle(tmp_path)
    return tmp_path


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+09:00")


def plan_of(home: Path, day: str = "2026-04-01") -> Plan:
    return plans.make(
        actor=Actor("alice", trusted=True), as_of=at(day), known_at=at(day), expires_at=None, now=at(day), home=home
    )


def steps(plan: Plan) -> list[str]:
    found = (one for part in plan.parts for one in part.operations)
    return sorted(f"{one.action.value} {one.person_id} {one.system}/{one.entitlement}" for one in found)


def holds(plan: Plan) -> dict[str, str]:
    found = (one for part in plan.parts for one in part.held)
    return {f"{one.person_id} {one.entitlement}": one.code.removeprefix("plans.held_") for one in found}


def verify(home: Path, day: str = "2026-04-01") -> Verification:
    now = at(day) + timedelta(hours=1)
    return verification.verify(actor=Actor("bob", trusted=True), as_of=at(day), now=now, home=home)


def deviations(found: Verification) -> list[str]:
    return [
        f"{one.kind.value} {one.person_id} {one.account} {one.side} {one.entitlement} {one.code}"
        for one in found.deviations
    ]


def rule(name: str, kind: str, approvers: dict[str, str]) -> None:
    fact = {"start": date(2018, 4, 1), "recorded_at": plantings.KNOWN}
    body = {
        "id": name, "version": "1", "kind": kind, "type": "policy_stop",
        "from_classes": ["central_dispatch"], "to_classes": ["retail_sales"],
    }  # fmt: skip
    models.Rule.objects.create(rule_id=name, version="1", body=body, **fact)
    for side, person in approvers.items():
        models.RuleApprovers.objects.create(rule_id=name, persons=[person], side=side, **fact)


def excepted(name: str, *approvers: str, start: date = date(2026, 3, 1), end: date = date(2026, 7, 1)) -> None:
    models.RuleException.objects.create(
        exception_id=f"E-{name}",
        rule_id=name,
        person_id="P1",
        reason="handover",
        requested_by="folder:hr",
        approvals=[{"by": one, "person_id": one, "side": "", "at": "2026-03-01"} for one in approvers],
        state="approved",
        start=start,
        end=end,
        recorded_at=plantings.KNOWN,
    )


def a_third_side(home: Path) -> None:
    models.Company.objects.create(code="GE", name="GE", status="affiliate", side="generation", **FACT)
    models.Unit.objects.create(code="G", name="G", company="GE", classes="generation_planning", **FACT)
    models.System.objects.create(
        system_id="gen", name="gen", side="generation", protected=True, connector="memory", settings={}, **FACT
    )
    models.Entitlement.objects.create(
        system_id="gen", entitlement="g1", side="", protected=True, owned="authoritative", info_classes=[], **FACT
    )
    models.Bundle.objects.create(
        bundle_id="bg", system_id="gen", entitlements=["g1"], condition={"units": ["G"]}, **FACT
    )
    models.Account.objects.create(person_id="P1", system_id="gen", account="p1", **FACT)
    plantings.put(home, "gen", p1="")
    plantings.stint("P1", "G", "GE", kind="concurrent")


def moves() -> None:
    """P1 moves from A to X on 1 April."""
    file = models.OrderFile.objects.create(
        sha256="0" * 64, name="f", kind="orders", received_at=plantings.NOW, actor="hr", rows_in=1, accepted=1,
        rejected=0, ignored=0, defects=[],
    )  # fmt: skip
    models.Order.objects.create(
        order_id="NW/O-1/P1/transfer/#1", file=file, row=2, company="NW", order_no="O-1", employee_no="P1",
        order_type="transfer", person_id="P1", status="final", effective_date=MOVED, first_day=MOVED, from_unit="A",
        to_unit="X", post_kind="main", content_sha256="0" * 64, recorded_at=plantings.NOW,
    )  # fmt: skip
    models.Stint.objects.filter(person_id="P1").update(end=MOVED)
    plantings.stint("P1", "X", "AF", MOVED, origin="NW/O-1/P1/transfer/#1")


def has_moved(home: Path) -> None:
    plantings.put(home, "cis", p1="", p2="", p3="n1")
    plantings.put(home, "crm", p1="a1", p2="a1", p3="")


def test_an_exception_for_two_sides_gives_nothing_of_a_third(home: Path) -> None:
    a_third_side(home)
    rule("desks", "concurrent_posts", {"network": "N1", "affiliate": "A1"})
    excepted("desks", "N1", "A1")

    found = plan_of(home)

    assert (steps(found), holds(found)) == ([], {"P1 g1": "dual_holding"})


def test_an_exception_for_two_sides_still_gives_the_second(home: Path) -> None:
    plantings.stint("P1", "X", "AF", kind="concurrent")
    rule("desks", "concurrent_posts", {"network": "N1", "affiliate": "A1"})
    excepted("desks", "N1", "A1")
    assert steps(plan_of(home)) == ["grant P1 crm/a1"]


def test_two_exceptions_that_share_a_side_do_not_cover_the_other_two_together(home: Path) -> None:
    a_third_side(home)
    plantings.stint("P1", "X", "AF", kind="concurrent")
    models.Stint.objects.filter(person_id="P1", unit="A").delete()
    plantings.put(home, "cis", p1="", p2="", p3="n1")
    rule("desks", "concurrent_posts", {"network": "N1", "affiliate": "A1"})
    rule("plants", "concurrent_posts", {"network": "N1", "generation": "G1"})
    excepted("desks", "N1", "A1")
    excepted("plants", "N1", "G1")

    found = plan_of(home)

    assert (steps(found), set(holds(found).values())) == ([], {"both_sides_wanted"})


def test_a_dual_holding_that_nothing_excepts_is_never_verified(home: Path) -> None:
    plantings.stint("P1", "X", "AF", kind="concurrent")
    before = verify(home).verified
    plantings.put(home, "crm", p1="a1", p2="a1", p3="")

    found = verify(home)

    assert deviations(found) == [
        "excess P1 p1 network n1 verification.dual_holding",
        "excess P1 p1 affiliate a1 verification.dual_holding",
    ]
    assert found.verified == before - 1


def test_a_dual_holding_under_an_exception_is_verified_until_it_ends(home: Path) -> None:
    plantings.stint("P1", "X", "AF", kind="concurrent")
    plantings.put(home, "crm", p1="a1", p2="a1", p3="")
    rule("desks", "concurrent_posts", {"network": "N1", "affiliate": "A1"})
    excepted("desks", "N1", "A1", end=date(2026, 4, 15))

    assert deviations(verify(home, "2026-04-14")) == []
    assert len(deviations(verify(home, "2026-04-15"))) == 2


def test_access_whose_order_nobody_could_judge_is_excess_and_goes(home: Path) -> None:
    moves()
    has_moved(home)

    found, plan = verify(home), plan_of(home)

    assert deviations(found) == ["excess P1 p1 affiliate a1 verification.waits"]
    assert (steps(plan), holds(plan)) == (["revoke P1 crm/a1"], {"P1 a1": "unknown"})


def test_access_whose_order_waits_and_that_is_not_there_is_held_not_missing(home: Path) -> None:
    moves()
    plantings.put(home, "cis", p1="", p2="", p3="n1")
    found = verify(home)
    assert (found.held, deviations(found)) == (1, [])


def test_access_given_under_an_exception_goes_on_the_day_it_ends(home: Path) -> None:
    rule("leaving", "direct_transfer", {"network": "N1"})
    excepted("leaving", "N1", end=date(2026, 4, 15))
    moves()
    has_moved(home)
    models.Screening.objects.create(
        order_id="NW/O-1/P1/transfer/#1", screened_at=at("2026-03-25"), actor="hr", outcome="allowed", verdict={}
    )

    assert (deviations(verify(home, "2026-04-14")), steps(plan_of(home, "2026-04-14"))) == ([], [])
    assert deviations(verify(home, "2026-04-15")) == ["excess P1 p1 affiliate a1 verification.waits"]
    assert steps(plan_of(home, "2026-04-15")) == ["revoke P1 crm/a1"]


def test_an_order_that_the_rules_allow_leaves_access_alone(home: Path) -> None:
    rule("elsewhere", "direct_transfer", {"network": "N1"})
    models.Rule.objects.update(body={**models.Rule.objects.get().body, "to_classes": ["generation_planning"]})
    moves()
    has_moved(home)
    assert (deviations(verify(home)), steps(plan_of(home))) == ([], [])
