"""The check as a service: what is kept, what is found, who sees it, what today's rules say of the past."""

import json
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import make
from sekisho.core.kinds import BOTH, NETWORK, OrderStatus, OrderType, Outcome, PersonId, Role, Side
from sekisho.core.orders import OrderKey
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import findings, screening
from sekisho.services.orders import orders
from sekisho.services.visibility import NotVisible
from sekisho.store import models

T = OrderType
TRUSTED = Actor("cli:someone", trusted=True)
BEGAN = make.at("2024-01-05")
MARCH = make.at("2024-03-10")
MAY = make.at("2024-05-10")
APRIL_1 = "2024-04-01"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_group() -> None:
    """Trunk planning (TP), a general unit (NG) and one nobody classified (N?); retail sales (RS) at the affiliate."""
    models.Installation.objects.create(
        name="Group", timezone="Asia/Tokyo", sides=[], calendar=[], start=make.LONG_AGO, recorded_at=BEGAN
    )
    a_company("NW", "network", "network")
    a_company("AF", "affiliate", "affiliate")
    a_unit("TP", "NW", "trunk_planning")
    a_unit("NG", "NW", "none")
    a_unit("N?", "NW", "?")
    a_unit("RS", "AF", "retail_sales")
    a_rule()


def a_company(code: str, status: str, side: str = "", *, start: date = make.LONG_AGO, end: date | None = None) -> None:
    models.Company.objects.create(
        code=code, name=code, status=status, side=side, start=start, end=end, recorded_at=BEGAN
    )


def a_unit(code: str, company: str, classes: str, *, start: date = make.LONG_AGO, end: date | None = None) -> None:
    models.Unit.objects.create(
        code=code, name=f"Unit {code}", company=company, classes=classes, start=start, end=end, recorded_at=BEGAN
    )


def a_rule(rule: str = "direct", start: str = "2018-04-01", **keys: Any) -> None:
    body = {
        "kind": "direct_transfer",
        "type": "policy_stop",
        "from_classes": ["trunk_planning"],
        "to_classes": ["retail_sales"],
        "to_status": ["affiliate"],
    } | keys
    models.Rule.objects.create(rule_id=rule, version="1", body=body, start=make.day(start), recorded_at=BEGAN)


def a_person(person: str, unit: str, **facts: Any) -> None:
    models.Person.objects.create(person_id=person, recorded_at=BEGAN)
    row = {"post_kind": "main", "company": "NW", "start": make.day("2010-04-01")} | facts
    models.RosterPost.objects.create(
        person_id=person, unit=unit, employer="NW", employment_kind="regular", on_leave=False, recorded_at=BEGAN, **row
    )


def an_order(
    person: str,
    to_unit: str,
    on: str = APRIL_1,
    *,
    no: str = "A1",
    kind: OrderType = T.TRANSFER,
    status: str = "final",
    at: datetime = MARCH,
    **facts: Any,
) -> str:
    file = models.OrderFile.objects.create(
        sha256="0",
        name="orders.csv",
        kind="orders",
        received_at=at,
        actor="hr",
        rows_in=1,
        accepted=1,
        rejected=0,
        ignored=0,
        defects=[],
    )
    key = OrderKey("NW", no, person, kind, facts.pop("post_no", ""))
    revision = models.Order.objects.filter(order_id__startswith=f"{key.text()}#").count() + 1
    row = models.Order.objects.create(
        order_id=f"{key.text()}#{revision}",
        file=file,
        row=1,
        company=key.company,
        order_no=no,
        employee_no=person,
        order_type=kind.value,
        post_no=key.post_no,
        person_id=person,
        status=status,
        effective_date=make.day(on),
        first_day=make.day(on),
        to_unit=to_unit,
        post_kind=facts.pop("post_kind", "main"),
        recorded_at=at,
        **facts,
    )
    return row.order_id


def a_check(actor: Actor = TRUSTED, now: datetime = MARCH, known_at: datetime | None = None) -> screening.CheckResult:
    return screening.check(actor=actor, now=now, as_of=now, known_at=known_at or now)


def outcomes(result: screening.CheckResult) -> dict[str, str]:
    return {one.order.key.order_no: one.verdict.outcome.value for one in result.results}


def an_actor(role: Role, side: Side = BOTH, person: str | None = None) -> Actor:
    grant = RoleGrant(role, side, Period(make.LONG_AGO))
    return Actor(f"user-{role.value}", (grant,), PersonId(person) if person else None)


def test_drafts_and_final_orders_are_checked_and_the_worst_comes_first() -> None:
    for number, unit in enumerate(("NG", "N?", "TP"), 1):
        a_person(f"P{number}", unit)
        an_order(f"P{number}", "RS", no=f"A{number}", status="draft" if number == 3 else "final")

    result = a_check()

    assert [(one.order.key.order_no, one.verdict.outcome.value) for one in result.results] == [
        ("A3", "violation"),
        ("A2", "unknown"),
        ("A1", "allowed"),
    ]
    assert result.checked == 3


def test_a_reason_names_units_classes_rule_and_version_in_both_languages() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS")

    reason = a_check().results[0].reason

    for word in ("Unit TP", "Unit RS", "direct", "基幹系統の計画策定", "電力小売営業"):
        assert word in reason["ja"]
    for word in ("Unit TP", "Unit RS", "direct", "version 1", "trunk grid planning", "retail sales"):
        assert word in reason["en"]
    assert "?" not in reason["ja"] + reason["en"]


def test_the_words_of_the_rule_and_of_further_rules_stand_in_the_reason() -> None:
    a_rule("look", type="review", text={"ja": "業務を確かめる", "en": "Look at the work"})
    a_rule("zone", text={"ja": "直接の異動を控える", "en": "No direct move"})
    models.Rule.objects.filter(rule_id="direct").delete()
    a_person("P1", "TP")
    an_order("P1", "RS")

    reason = a_check().results[0].reason

    assert "直接の異動を控える。" in reason["ja"]
    assert reason["ja"].endswith("このほかに当たる規則：look。")
    assert "No direct move. " in reason["en"]
    assert reason["en"].endswith("Other rules that apply: look.")


def test_the_same_check_twice_keeps_one_verdict_and_writes_an_entry_each_time() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS")

    a_check()
    a_check()

    assert models.Screening.objects.count() == 1
    entries = [json.loads(bytes(one.leaf)) for one in models.LedgerEntry.objects.filter(kind="verdicts.kept")]
    assert [entry["facts"]["changed"] for entry in entries] == [1, 0]
    assert entries[0]["facts"]["violation"] == 1


def test_a_verdict_that_changes_is_kept_beside_the_old_one() -> None:
    a_person("P1", "N?")
    an_order("P1", "RS")
    a_check()
    models.Unit.objects.filter(code="N?").update(superseded_at=MAY)
    models.Unit.objects.create(code="N?", name="N?", company="NW", classes="none", start=make.LONG_AGO, recorded_at=MAY)

    a_check(now=MAY)

    assert list(models.Screening.objects.order_by("id").values_list("outcome", flat=True)) == ["unknown", "allowed"]
    assert outcomes(a_check(now=MAY, known_at=MARCH)) == {"A1": "unknown"}


def test_a_check_of_what_was_known_in_the_past_keeps_nothing() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS")

    a_check(now=MAY, known_at=MARCH)

    assert not models.Screening.objects.exists()
    assert not models.Finding.objects.exists()


def test_two_drafts_of_one_day_are_judged_as_one_move_and_do_not_touch_the_final_order() -> None:
    a_person("P1", "TP")
    an_order("P1", "NG", no="A1", status="draft", sequence=1)
    an_order("P1", "RS", no="A2", status="draft", sequence=2)
    a_person("P2", "TP")
    an_order("P2", "NG", no="A3")
    an_order("P2", "RS", no="A4", status="draft")

    assert outcomes(a_check()) == {"A1": "violation", "A2": "violation", "A3": "allowed", "A4": "violation"}


def test_a_cancelled_order_is_not_checked_and_a_corrected_one_as_corrected() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS", no="A1")
    an_order("P1", "", no="A2", kind=T.CANCEL, supersedes="A1")
    a_person("P2", "TP")
    an_order("P2", "RS", no="A3")
    an_order("P2", "NG", no="A4", kind=T.CORRECT, supersedes="A3")

    assert outcomes(a_check()) == {"A4": "allowed"}


def test_verdicts_of_orders_that_do_not_count_say_nothing_against_them() -> None:
    a_person("P1", "TP")
    cancelled = an_order("P1", "RS", no="A1")
    an_order("P1", "", no="A2", kind=T.CANCEL, supersedes="A1")
    asked = orders(known_at=MARCH, statuses=[OrderStatus.FINAL])

    said = screening.verdicts(orders=asked, known_at=MARCH)

    assert said[cancelled].outcome is Outcome.ALLOWED
    assert said[cancelled].code == "screening.not_in_force"


def test_verdicts_keep_nothing() -> None:
    a_person("P1", "TP")
    order_id = an_order("P1", "RS")
    asked = orders(known_at=MARCH, statuses=[OrderStatus.FINAL])

    assert screening.verdicts(orders=asked, known_at=MARCH)[order_id].outcome is Outcome.VIOLATION
    assert not models.Screening.objects.exists()
    assert not models.LedgerEntry.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_orders() -> None:
    def queries(count: int) -> int:
        asked = orders(known_at=MARCH, statuses=[OrderStatus.FINAL])
        assert len(asked) == count
        with CaptureQueriesContext(connection) as captured:
            screening.verdicts(orders=asked, known_at=MARCH)
        return len(captured)

    a_person("P0", "TP")
    an_order("P0", "RS", no="A0")
    few = queries(1)
    for number in range(1, 30):
        a_person(f"P{number}", "TP")
        an_order(f"P{number}", "RS", no=f"A{number}")
    assert queries(30) == few


def test_a_final_order_that_took_effect_unchecked_is_a_finding_once() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS")

    first = a_check(now=MAY)
    second = a_check(now=MAY)

    assert len(first.raised) == 1
    assert first.raised[0].startswith("unscreened_final:")
    assert second.raised == ()
    assert models.LedgerEntry.objects.filter(kind="finding.raised").count() == 1


def test_a_final_order_checked_before_its_day_is_no_finding() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS")
    a_check(now=MARCH)

    assert a_check(now=MAY).raised == ()


def test_a_final_order_checked_as_a_draft_is_no_finding() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS", status="draft")
    a_check(now=MARCH)
    models.Order.objects.update(superseded_at=make.at("2024-03-20"))
    an_order("P1", "RS", at=make.at("2024-03-20"))

    assert a_check(now=MAY).raised == ()


def test_history_that_came_in_before_the_first_check_is_no_finding_and_a_late_order_after_it_is() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS", no="A1", on="2024-02-01")
    assert a_check(now=MARCH).raised == ()
    a_person("P2", "NG")
    late = an_order("P2", "RS", no="A2", on="2024-02-01", at=make.at("2024-03-20"))

    assert a_check(now=MAY).raised == (f"unscreened_final:{late}",)


def test_an_order_of_the_time_before_this_home_is_no_finding() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS", on="2022-04-01")

    assert a_check(now=MAY).raised == ()


def test_an_advance_notice_is_seen_by_hr_and_compliance_only_until_its_release() -> None:
    a_person("P1", "TP")
    an_order("P1", "RS", no="A1", status="draft", release_at=make.at("2024-03-20"))
    a_person("P2", "NG")
    an_order("P2", "RS", no="A2")
    before, after = MARCH, make.at("2024-03-21")

    assert set(outcomes(a_check(an_actor(Role.COMPLIANCE), before))) == {"A1", "A2"}
    assert set(outcomes(a_check(an_actor(Role.HR), before))) == {"A1", "A2"}
    auditor = an_actor(Role.EMPLOYEE, person="P1")
    with pytest.raises(NotVisible):
        a_check(auditor, before)
    cross = an_actor(Role.CROSS_SIDE)
    assert set(outcomes(a_check(cross, after))) == {"A1", "A2"}


def test_hr_of_one_side_sees_the_moves_that_touch_its_side() -> None:
    a_unit("R2", "AF", "none")
    a_person("P1", "RS", company="AF")
    an_order("P1", "R2", no="A1")
    a_person("P2", "TP")
    an_order("P2", "RS", no="A2")

    seen = a_check(an_actor(Role.HR, NETWORK))

    assert outcomes(seen) == {"A2": "violation"}
    assert seen.checked == 1


def test_somebody_without_a_role_checks_nothing() -> None:
    with pytest.raises(NotVisible):
        a_check(Actor("nobody"))
    assert not models.LedgerEntry.objects.exists()


def test_a_company_that_became_an_affiliate_puts_past_moves_on_the_list() -> None:
    a_company("OUT", "other", end=make.day("2024-04-15"))
    a_company("OUT", "affiliate", start=make.day("2024-04-15"))
    a_unit("OS", "OUT", "retail_sales")
    for number, (source, goal) in enumerate((("TP", "OS"), ("TP", "RS"), ("NG", "OS")), 1):
        a_person(f"P{number}", source)
        an_order(f"P{number}", goal, no=f"A{number}", on="2024-02-01", at=make.at("2024-01-20"))

    found = screening.rescreen(actor=TRUSTED, now=MAY, since=make.day("2023-04-01"))

    assert [(one.person_id, one.order_no, one.rule.id, one.since) for one in found.affected] == [
        ("P1", "A1", "direct", make.day("2024-04-15"))
    ]
    assert found.looked_at == 3
    assert [one.kind for one in findings.findings(actor=TRUSTED, now=MAY)] == ["newly_affected"]


def test_a_new_rule_puts_past_moves_on_the_list_from_the_day_it_holds() -> None:
    a_rule("wider", "2024-05-01", from_classes=[], to_classes=["retail_sales"])
    a_person("P1", "NG")
    an_order("P1", "RS", on="2024-02-01", at=make.at("2024-01-20"))

    found = screening.rescreen(actor=TRUSTED, now=MAY, since=make.day("2024-01-01"))

    assert [(one.person_id, one.rule.id, one.since) for one in found.affected] == [
        ("P1", "wider", make.day("2024-05-01"))
    ]


def test_moves_before_the_day_asked_for_and_moves_to_come_are_not_rescreened() -> None:
    a_rule("wider", "2024-05-01", from_classes=[], to_classes=["retail_sales"])
    a_person("P1", "NG")
    an_order("P1", "RS", on="2024-02-01", at=make.at("2024-01-20"))
    a_person("P2", "NG")
    an_order("P2", "RS", on="2024-07-01")

    found = screening.rescreen(actor=TRUSTED, now=MAY, since=make.day("2024-03-01"))

    assert found.looked_at == 0
    assert found.affected == ()


def test_a_unit_with_new_classes_puts_its_people_in_conflict_without_a_move() -> None:
    a_rule("desks", kind="concurrent_posts", type="legal_stop", to_status=[])
    models.Unit.objects.filter(code="NG").update(end=make.day("2024-05-01"))
    a_unit("NG", "NW", "trunk_planning", start=make.day("2024-05-01"))
    a_person("P1", "NG")
    models.RosterPost.objects.create(
        person_id="P1",
        company="AF",
        unit="RS",
        employer="NW",
        post_kind="concurrent",
        employment_kind="regular",
        on_leave=False,
        start=make.day("2020-04-01"),
        recorded_at=BEGAN,
    )
    a_person("P2", "NG")
    an_order("P2", "NG", kind=T.LEAVE)
    people_refold()

    raised = a_check(now=MAY).raised

    assert [key for key in raised if key.startswith("unit_reclassified")] == [
        "unit_reclassified:NG:2024-05-01:desks:P1"
    ]
    assert findings.findings(actor=TRUSTED, now=MAY, kind="unit_reclassified")[0].side == "network"


def people_refold() -> None:
    from sekisho.services import people

    people.refold(person_ids=None, now=MARCH)


def test_a_finding_is_closed_by_compliance_with_words_and_only_once() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS")
    key = a_check(now=MAY).raised[0]
    compliance = an_actor(Role.COMPLIANCE)

    with pytest.raises(findings.MayNotClose):
        findings.close(actor=an_actor(Role.HR), now=MAY, key=key, disposition="looked at it")
    with pytest.raises(findings.NoDisposition):
        findings.close(actor=compliance, now=MAY, key=key, disposition="  ")
    findings.close(actor=compliance, now=MAY, key=key, disposition="looked at it")
    with pytest.raises(findings.ClosedAlready):
        findings.close(actor=compliance, now=MAY, key=key, disposition="again")
    assert findings.findings(actor=compliance, now=MAY) == ()
    assert findings.findings(actor=compliance, now=MAY, closed=True)[0].disposition == "looked at it"
