"""People over two time axes in the tables: numbers, links, stints, reorganisations."""

from datetime import date, datetime

import pytest

import make
from sekisho.core.kinds import OrderStatus, OrderType, PersonId
from sekisho.core.orders import Order
from sekisho.core.users import Actor
from sekisho.services import people
from sekisho.store import models

T = OrderType
HR = Actor("cli:hr", trusted=True)
EARLY, MARCH, MAY = make.at("2024-01-10"), make.at("2024-03-10"), make.at("2024-05-10")
APRIL_1 = make.day("2024-04-01")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_group() -> None:
    """A network company (A, B, C) and its affiliate (X, Y), known since long ago."""
    known = make.at("2000-01-01")
    for code, status, side in (("NW", "network", "network"), ("AF", "affiliate", "affiliate")):
        models.Company.objects.create(
            code=code, name=code, status=status, side=side, start=make.LONG_AGO, recorded_at=known
        )
    for code, company in (("A", "NW"), ("B", "NW"), ("C", "NW"), ("X", "AF"), ("Y", "AF")):
        models.Unit.objects.create(
            code=code, name=code, company=company, classes="none", start=make.LONG_AGO, recorded_at=known
        )


def a_person(person: str, unit: str = "A", at: datetime = EARLY, **facts: object) -> None:
    models.Person.objects.get_or_create(person_id=person, defaults={"recorded_at": at})
    row = {"company": "NW", "employer": "NW", "start": make.day("2010-04-01")} | facts
    models.RosterPost.objects.create(
        person_id=person,
        unit=unit,
        post_kind=row.pop("post_kind", "main"),
        employment_kind="regular",
        on_leave=row.pop("on_leave", False),
        recorded_at=at,
        **row,
    )


def a_number(person: str, number: str, company: str = "NW", start: str = "2010-04-01", end: str | None = None) -> None:
    models.EmployeeNumber.objects.create(
        person_id=person,
        company=company,
        employee_no=number,
        start=make.day(start),
        end=make.day(end) if end else None,
        origin="numbers.csv",
        recorded_at=EARLY,
    )


def received(*orders: Order, at: datetime) -> None:
    """Write orders as an import would: one file, one record time, then the fold."""
    file = models.OrderFile.objects.create(
        sha256="0" * 64,
        name="orders.csv",
        kind="csv",
        received_at=at,
        actor="cli:hr",
        rows_in=len(orders),
        accepted=len(orders),
        rejected=0,
        ignored=0,
        defects=[],
    )
    models.Order.objects.bulk_create(order_row(order, file, line, at) for line, order in enumerate(orders, 2))
    people.refold(person_ids={order.person_id for order in orders}, now=at)


def order_row(order: Order, file: models.OrderFile, line: int, at: datetime) -> models.Order:
    return models.Order(
        order_id=order.id,
        file=file,
        row=line,
        company=order.key.company,
        order_no=order.key.order_no,
        employee_no=order.key.employee_no,
        order_type=order.key.order_type.value,
        post_no=order.key.post_no,
        person_id=order.person_id,
        status=order.status.value,
        effective_date=order.effective_date,
        first_day=order.first_day,
        from_unit=order.from_unit or "",
        to_unit=order.to_unit or "",
        title=order.title or "",
        post_kind=order.post_kind.value,
        host_company=order.host_company or "",
        new_employee_no=order.new_employee_no or "",
        planned_end=order.planned_end,
        supersedes=order.supersedes or "",
        content_sha256="0" * 64,
        recorded_at=at,
    )


def units_on(day: date, known_at: datetime) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for post in people.stints_on(day=day, known_at=known_at):
        found.setdefault(post.person_id, set()).add(post.unit)
    return found


def test_the_same_day_reads_differently_as_known_before_and_after_an_order_came():
    a_person("P1")
    people.refold(person_ids=["P1"], now=EARLY)
    received(make.order(T.TRANSFER, "2024-04-01", "X"), at=MARCH)
    assert units_on(APRIL_1, known_at=EARLY) == {"P1": {"A"}}
    assert units_on(APRIL_1, known_at=MARCH) == {"P1": {"X"}}
    assert units_on(make.day("2024-03-31"), known_at=MARCH) == {"P1": {"A"}}


def test_a_cancellation_leaves_what_was_known_before_it_readable():
    a_person("P1")
    people.refold(person_ids=["P1"], now=EARLY)
    received(make.order(T.TRANSFER, "2024-04-01", "X", no="N-1"), at=MARCH)
    received(make.order(T.CANCEL, "2024-05-01", no="N-2", supersedes="N-1"), at=MAY)
    assert units_on(APRIL_1, known_at=MARCH) == {"P1": {"X"}}
    assert units_on(APRIL_1, known_at=MAY) == {"P1": {"A"}}


def test_a_fold_of_equal_facts_changes_no_stint():
    a_person("P1")
    assert people.refold(person_ids=["P1"], now=EARLY) == 1
    assert people.refold(person_ids=["P1"], now=MARCH) == 0
    assert people.refold(person_ids=None, now=MAY) == 0


def test_a_draft_moves_nobody():
    a_person("P1")
    people.refold(person_ids=["P1"], now=EARLY)
    received(make.order(T.TRANSFER, "2024-04-01", "X", status=OrderStatus.DRAFT), at=MARCH)
    assert units_on(APRIL_1, known_at=MAY) == {"P1": {"A"}}


def test_an_order_imported_with_an_earlier_time_of_receipt_is_known_from_then_on():
    a_person("P1")
    people.refold(person_ids=["P1"], now=EARLY)
    received(make.order(T.TRANSFER, "2024-05-01", "Y", no="N-2"), at=MAY)
    received(make.order(T.TRANSFER, "2024-04-01", "X", no="N-1"), at=MARCH)
    day = make.day("2024-05-02")
    assert units_on(day, known_at=EARLY) == {"P1": {"A"}}
    assert units_on(day, known_at=MARCH) == {"P1": {"X"}}
    assert units_on(day, known_at=MAY) == {"P1": {"Y"}}


def test_people_on_leave_hold_their_posts_and_are_named_absent():
    a_person("P1", on_leave=True)
    people.refold(person_ids=["P1"], now=EARLY)
    assert units_on(APRIL_1, known_at=EARLY) == {"P1": {"A"}}
    assert people.absent_on(day=APRIL_1, known_at=EARLY) == {"P1"}


def test_a_home_post_is_kept_and_not_held():
    a_person("P1")
    received(make.order(T.SECONDMENT, "2024-04-01", "X"), at=MARCH)
    assert units_on(APRIL_1, known_at=MARCH) == {"P1": {"X"}}
    assert models.Stint.objects.filter(kind="home", unit="A").exists()


def test_a_person_is_found_by_every_number_of_every_company():
    a_number("P1", "0012")
    a_number("P1", "9001", company="AF", start="2024-04-01")
    assert people.person_of(company="NW", employee_no="0012", on=APRIL_1, known_at=MAY) == "P1"
    assert people.person_of(company="AF", employee_no="9001", on=APRIL_1, known_at=MAY) == "P1"
    assert people.person_of(company="AF", employee_no="0012", on=APRIL_1, known_at=MAY) is None
    assert people.person_of(company="NW", employee_no="0012", on=APRIL_1, known_at=make.at("2023-01-01")) is None


def test_a_number_given_again_is_whose_it_is_on_the_day():
    a_number("P1", "0012", end="2015-04-01")
    a_number("P2", "0012", start="2018-04-01")
    book = people.numbers(known_at=MAY)
    assert book.person_of("NW", "0012", make.day("2012-01-01")) == "P1"
    assert book.person_of("NW", "0012", APRIL_1) == "P2"
    assert book.person_of("NW", "0012", make.day("2016-01-01")) is None


def test_a_number_that_two_persons_claim_is_nobodys():
    a_number("P1", "0012")
    a_number("P2", "0012")
    assert people.person_of(company="NW", employee_no="0012", on=APRIL_1, known_at=MAY) is None


def test_a_number_off_its_days_is_still_its_only_holders():
    a_number("P1", "0012", end="2015-04-01")
    assert people.person_of(company="NW", employee_no="0012", on=APRIL_1, known_at=MAY) == "P1"


def linked(person: str, other: str, at: datetime) -> people.Linked:
    return people.link(
        actor=HR, now=at, person_id=PersonId(person), other=PersonId(other), reason="再雇用（人事に確認済み）"
    )


def test_linked_ids_are_one_person_with_one_timeline_from_then_on():
    a_person("P1", end=make.day("2023-04-01"))
    a_person("P2", "X", company="AF", employer="AF", start=make.day("2023-10-01"))
    a_number("P2", "9001", company="AF")
    people.refold(person_ids=None, now=EARLY)
    done = linked("P1", "P2", at=MARCH)
    assert (done.person_id, done.absorbed) == ("P1", "P2")
    assert units_on(APRIL_1, known_at=EARLY) == {"P2": {"X"}}
    assert units_on(APRIL_1, known_at=MARCH) == {"P1": {"X"}}
    timeline = people.timeline(person_id=PersonId("P2"), known_at=MARCH)
    assert timeline.person_id == "P1"
    assert [post.unit for post in timeline.posts] == ["A", "X"]
    assert people.person_of(company="AF", employee_no="9001", on=APRIL_1, known_at=MARCH) == "P1"
    assert people.person_of(company="AF", employee_no="9001", on=APRIL_1, known_at=EARLY) == "P2"


def test_orders_under_either_id_move_the_one_person():
    a_person("P1", end=make.day("2023-04-01"))
    a_person("P2", "X", company="AF", employer="AF", start=make.day("2023-10-01"))
    linked("P1", "P2", at=EARLY)
    received(make.order(T.TRANSFER, "2024-04-01", "Y", person=PersonId("P2"), company="AF"), at=MARCH)
    assert units_on(APRIL_1, known_at=MARCH) == {"P1": {"Y"}}


def test_links_of_links_come_to_one_person():
    for person, unit in (("P1", "A"), ("P2", "B"), ("P3", "C")):
        a_person(person, unit)
    linked("P2", "P3", at=EARLY)
    linked("P1", "P3", at=MARCH)
    assert people.same_as(known_at=MAY) == {"P2": "P1", "P3": "P1"}
    assert set(units_on(APRIL_1, known_at=MAY)) == {"P1"}


def test_a_link_is_refused_without_reason_of_unknown_ids_and_of_one_person():
    a_person("P1")
    a_person("P2")
    with pytest.raises(people.NoReason):
        people.link(actor=HR, now=MARCH, person_id=PersonId("P1"), other=PersonId("P2"), reason=" ")
    with pytest.raises(people.UnknownPerson):
        linked("P1", "P9", at=MARCH)
    linked("P1", "P2", at=MARCH)
    with pytest.raises(people.AlreadyOne):
        linked("P2", "P1", at=MAY)


def test_a_link_leaves_an_entry_that_holds_no_reason_in_the_open():
    a_person("P1")
    a_person("P2")
    linked("P1", "P2", at=MARCH)
    entry = models.LedgerEntry.objects.get(kind="person.linked")
    assert "再雇用" not in bytes(entry.leaf).decode()
