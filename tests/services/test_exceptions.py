"""Exceptions as a service: who asks, who approves, when they hold."""

from dataclasses import replace
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

import make
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, PersonId, Role
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import exceptions
from sekisho.services.exceptions import BadRequest, MayNot, NotOpen, Request, UnknownException
from sekisho.store import models

BEGAN, NOW, LATER = make.at("2024-01-05"), make.at("2024-03-10"), make.at("2024-05-10")
TRUSTED = Actor("cli:hr", trusted=True)
MOVER = PersonId("MOVER")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_rule_with_two_approving_sides() -> None:
    models.Installation.objects.create(
        name="Group", timezone="Asia/Tokyo", sides=[], calendar=[], start=make.LONG_AGO, recorded_at=BEGAN
    )
    body = {"kind": "concurrent_posts", "type": "policy_stop"}
    models.Rule.objects.create(rule_id="desks", version="1", body=body, start=make.day("2018-04-01"), recorded_at=BEGAN)
    for side, persons in (("network", ["N1", "N2", "MOVER"]), ("affiliate", ["A1"])):
        models.RuleApprovers.objects.create(
            rule_id="desks", persons=persons, side=side, start=make.day("2018-04-01"), recorded_at=BEGAN
        )
    for person in ("MOVER", "N1", "N2", "A1", "X1"):
        models.Person.objects.create(person_id=person, recorded_at=BEGAN)


def asked(**facts: object) -> Request:
    values = {
        "rule": "desks",
        "person_id": MOVER,
        "reason": "handover",
        "start": make.day("2024-04-01"),
        "end": make.day("2024-07-01"),
    } | facts
    return Request(**values)


def person(name: str, role: Role = Role.COMPLIANCE) -> Actor:
    return Actor(f"user-{name}", (RoleGrant(role, BOTH, Period(make.LONG_AGO)),), PersonId(name))


def requested(actor: Actor = TRUSTED, now: datetime = NOW) -> str:
    return exceptions.request(actor=actor, now=now, asked=asked()).id


def covered(on: str = "2024-04-01", known_at: datetime = LATER) -> frozenset[PersonId]:
    return frozenset(exceptions.covered(kind="concurrent_posts", on=make.day(on), known_at=known_at))


def test_a_request_waits_for_each_side_the_networks_first() -> None:
    state = exceptions.request(actor=TRUSTED, now=NOW, asked=asked())

    assert state.state == "requested"
    assert state.open_sides == (NETWORK, AFFILIATE)
    assert covered() == frozenset()


def test_it_holds_once_a_listed_person_of_each_side_has_approved() -> None:
    number = requested()

    first = exceptions.approve(actor=person("A1"), now=NOW, exception_id=number)
    second = exceptions.approve(actor=person("N1"), now=NOW, exception_id=number)

    assert (first.state, first.open_sides) == ("requested", (NETWORK,))
    assert (second.state, second.approved_by) == ("approved", ("A1", "N1"))
    assert covered() == {MOVER}


def test_it_holds_from_its_first_day_to_the_day_before_its_end() -> None:
    number = requested()
    for name in ("A1", "N1"):
        exceptions.approve(actor=person(name), now=NOW, exception_id=number)

    assert covered("2024-03-31") == frozenset()
    assert covered("2024-06-30") == {MOVER}
    assert covered("2024-07-01") == frozenset()


def test_what_was_known_before_the_approval_stays_so() -> None:
    number = requested()
    for name in ("A1", "N1"):
        exceptions.approve(actor=person(name), now=LATER, exception_id=number)

    assert covered(known_at=NOW) == frozenset()
    assert covered(known_at=LATER) == {MOVER}


def test_two_approvers_of_one_side_are_not_two_sides() -> None:
    number = requested()
    exceptions.approve(actor=person("N1"), now=NOW, exception_id=number)

    state = exceptions.approve(actor=person("N2"), now=NOW, exception_id=number)

    assert (state.state, state.open_sides) == ("requested", (AFFILIATE,))


def test_one_person_listed_on_both_sides_counts_for_one() -> None:
    models.RuleApprovers.objects.filter(side="affiliate").update(persons=["A1", "N1"])
    number = requested()

    state = exceptions.approve(actor=person("N1"), now=NOW, exception_id=number)

    assert state.state == "requested"
    assert len(state.open_sides) == 1


@pytest.mark.parametrize(
    ("name", "code"), [("MOVER", "exceptions.himself"), ("N2", "exceptions.himself"), ("X1", "exceptions.not_listed")]
)
def test_mover_requester_and_strangers_do_not_approve(name: str, code: str) -> None:
    models.RoleAssignment.objects.create(
        user="user-N2", person_id="N2", role="compliance", side="both", start=make.LONG_AGO, recorded_at=BEGAN
    )
    number = requested(person("N2"))

    with pytest.raises(MayNot) as refused:
        exceptions.approve(actor=person(name), now=NOW, exception_id=number)
    assert refused.value.code == code


@pytest.mark.parametrize(("asked_by", "code"), [("N2", "exceptions.himself"), ("A1", "")])
def test_a_user_with_roles_under_two_persons_is_one_person(asked_by: str, code: str) -> None:
    for human in ("N1", asked_by):
        models.RoleAssignment.objects.create(
            user="twice", person_id=human, role="compliance", side="both", start=make.LONG_AGO, recorded_at=BEGAN
        )
    himself = replace(person("N1"), name="twice")
    number = requested(replace(person(asked_by), name="twice") if code else TRUSTED)
    if code:
        with pytest.raises(MayNot) as refused:
            exceptions.approve(actor=himself, now=NOW, exception_id=number)
        assert refused.value.code == code
        return
    exceptions.approve(actor=himself, now=NOW, exception_id=number)
    with pytest.raises(MayNot) as refused:
        exceptions.approve(actor=replace(person("A1"), name="twice"), now=NOW, exception_id=number)
    assert refused.value.code == "exceptions.already"
    assert exceptions.exceptions(actor=person("A1"), now=NOW)[0].open_sides == (AFFILIATE,)


def test_nobody_approves_twice() -> None:
    number = requested()
    exceptions.approve(actor=person("N1"), now=NOW, exception_id=number)

    with pytest.raises(MayNot) as refused:
        exceptions.approve(actor=person("N1"), now=NOW, exception_id=number)
    assert refused.value.code == "exceptions.already"


def test_an_approved_exception_is_approved_no_more() -> None:
    number = requested()
    for name in ("A1", "N1"):
        exceptions.approve(actor=person(name), now=NOW, exception_id=number)

    with pytest.raises(NotOpen):
        exceptions.approve(actor=person("N2"), now=NOW, exception_id=number)


def test_an_unknown_exception_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownException):
        exceptions.approve(actor=person("N1"), now=NOW, exception_id="X9999")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"reason": "  "}, "exceptions.no_reason"),
        ({"end": make.day("2024-04-01")}, "exceptions.no_end"),
        ({"person_id": PersonId("NOBODY")}, "exceptions.unknown_person"),
        ({"rule": "other"}, "exceptions.unknown_rule"),
    ],
)
def test_a_request_that_lacks_something_names_it(facts: dict[str, object], code: str) -> None:
    with pytest.raises(BadRequest) as refused:
        exceptions.request(actor=TRUSTED, now=NOW, asked=asked(**facts))
    assert refused.value.code == code
    assert not models.RuleException.objects.exists()
    assert not models.LedgerEntry.objects.exists()


def test_a_rule_without_an_approver_of_the_network_has_no_exceptions() -> None:
    models.RuleApprovers.objects.filter(side="network").delete()

    with pytest.raises(BadRequest) as refused:
        requested()
    assert refused.value.code == "exceptions.no_network_approver"


def test_an_employee_does_not_request() -> None:
    with pytest.raises(MayNot):
        requested(person("X1", Role.EMPLOYEE))


def test_a_withdrawn_exception_ends_today_and_stays_true_for_the_days_before() -> None:
    number = requested()
    for name in ("A1", "N1"):
        exceptions.approve(actor=person(name), now=NOW, exception_id=number)

    state = exceptions.withdraw(actor=TRUSTED, now=LATER, exception_id=number)

    assert state.state == "withdrawn"
    assert covered("2024-05-09") == {MOVER}
    assert covered("2024-05-10") == frozenset()
    assert covered("2024-05-10", known_at=make.at("2024-05-09")) == {MOVER}


def test_only_the_requester_or_compliance_withdraws() -> None:
    number = requested()

    with pytest.raises(MayNot):
        exceptions.withdraw(actor=person("X1", Role.HR), now=NOW, exception_id=number)
    exceptions.withdraw(actor=person("X1"), now=NOW, exception_id=number)
    with pytest.raises(NotOpen):
        exceptions.withdraw(actor=person("X1"), now=NOW, exception_id=number)


def test_each_step_is_an_entry_of_the_ledger() -> None:
    number = requested()
    exceptions.approve(actor=person("N1"), now=NOW, exception_id=number)
    exceptions.withdraw(actor=TRUSTED, now=NOW, exception_id=number)

    kinds = list(models.LedgerEntry.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["exception.requested", "exception.approved", "exception.withdrawn"]


def test_an_exception_of_the_folder_holds_with_the_right_approvers_only() -> None:
    def row(number: str, approved_by: list[str]) -> None:
        models.RuleException.objects.create(
            exception_id=number,
            rule_id="desks",
            person_id=MOVER,
            reason="handover",
            requested_by="folder:hr",
            approvals=[{"by": name, "person_id": name, "side": "", "at": "2024-03-01"} for name in approved_by],
            state="approved",
            start=make.day("2024-04-01"),
            end=make.day("2024-07-01"),
            recorded_at=BEGAN,
        )

    row("E1", ["A1"])
    assert covered() == frozenset()
    assert exceptions.exceptions(actor=TRUSTED, now=NOW)[0].state == "requested"
    row("E2", ["A1", "N1"])
    assert covered() == {MOVER}


def test_the_mover_sees_his_own_and_others_see_none() -> None:
    requested()

    assert len(exceptions.exceptions(actor=person("MOVER", Role.EMPLOYEE), now=NOW)) == 1
    assert exceptions.exceptions(actor=person("X1", Role.EMPLOYEE), now=NOW) == ()
    assert len(exceptions.exceptions(actor=person("X1", Role.COMPLIANCE), now=NOW)) == 1


def test_of_an_exception_one_row_stands_at_a_time() -> None:
    row = models.RuleException.objects.get(exception_id=requested())
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_number_that_somebody_took_meanwhile_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL two requests may draw the same number before either is there."""
    first, drawn = requested(), iter(["X0001", "X0001"])
    real = exceptions._next_id
    monkeypatch.setattr(exceptions, "_next_id", lambda: next(drawn, None) or real())
    assert (first, requested()) == ("X0001", "X0002")


def test_who_comes_second_to_an_exception_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    number, real = requested(), exceptions.core.open_sides

    def meanwhile(*rows: object, **words: object) -> object:
        models.RuleException.objects.filter(exception_id=number).update(superseded_at=NOW)
        return real(*rows, **words)

    monkeypatch.setattr(exceptions.core, "open_sides", meanwhile)
    with pytest.raises(NotOpen) as refused:
        exceptions.approve(actor=person("N1"), now=NOW, exception_id=number)
    assert refused.value.code == "exceptions.changed"
