"""Looking again at past moves by today's rules, and what is done with findings."""

import pytest

import make
from screenings import BEGAN, MARCH, MAY, TRUSTED, T, a_check, a_company, a_person, a_rule, a_unit, an_actor, an_order
from screenings import the_group as found_group
from sekisho.core.kinds import Outcome, Role
from sekisho.services import findings, screening
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_group() -> None:
    found_group()


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


def test_a_class_corrected_in_place_puts_past_moves_on_the_list_from_their_own_day() -> None:
    a_person("P1", "NG")
    an_order("P1", "RS", on="2024-02-01", at=make.at("2024-01-20"))
    assert a_check().results[0].verdict.outcome is Outcome.ALLOWED
    models.Unit.objects.filter(code="NG").update(superseded_at=make.at("2024-04-10"))
    models.Unit.objects.create(
        code="NG",
        name="NG",
        company="NW",
        classes="trunk_planning",
        start=make.LONG_AGO,
        recorded_at=make.at("2024-04-10"),
    )

    found = screening.rescreen(actor=TRUSTED, now=MAY, since=make.day("2024-01-01"))

    assert [(one.person_id, one.rule.id, one.since) for one in found.affected] == [
        ("P1", "direct", make.day("2024-02-01"))
    ]
    a_check(now=MAY)
    assert screening.rescreen(actor=TRUSTED, now=MAY, since=make.day("2024-01-01")).affected == ()


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
