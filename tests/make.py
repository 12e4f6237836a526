"""Plain builders for tests: give what matters, the rest is ordinary."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sekisho.core.boundary import Boundary, Company, Inherited, Listed, Unclassified, Unit, UnitClasses
from sekisho.core.kinds import (
    CompanyStatus,
    EmploymentKind,
    OrderStatus,
    OrderType,
    PersonId,
    PostClass,
    PostKind,
    Side,
)
from sekisho.core.orders import Order, OrderKey
from sekisho.core.people import Post, RosterPost
from sekisho.core.periods import Period, day_after

LONG_AGO = date(2000, 4, 1)
P = PersonId("P1")


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def company(code: str, status: CompanyStatus = CompanyStatus.NETWORK, side: str | None = None) -> Company:
    return Company(code, code, status, Side(side) if side else None, Period(LONG_AGO))


def classes(written: str) -> UnitClasses:
    match written:
        case "":
            return Inherited()
        case "?":
            return Unclassified()
        case "none":
            return Listed(frozenset())
        case _:
            return Listed(frozenset(written.split(";")))


def unit(
    code: str,
    company: str = "NW",
    written: str = "none",
    *,
    parent: str | None = None,
    side: str | None = None,
    successor: str | None = None,
    start: date = LONG_AGO,
    end: date | None = None,
) -> Unit:
    its_side = Side(side) if side else None
    return Unit(code, code, company, parent, classes(written), its_side, None, None, successor, Period(start, end))


def boundary() -> Boundary:
    """A network company (units A, B, C) and its affiliate (units X, Y)."""
    return Boundary(
        [company("NW", CompanyStatus.NETWORK, "network"), company("AF", CompanyStatus.AFFILIATE, "affiliate")],
        [unit("A"), unit("B"), unit("C"), unit("X", "AF"), unit("Y", "AF")],
    )


def post(
    unit: str = "A",
    start: str = "2010-04-01",
    end: str | None = None,
    *,
    person: PersonId = P,
    company: str = "NW",
    employer: str | None = None,
    kind: PostKind = PostKind.MAIN,
    post_no: str = "",
    title: str = "",
    post_classes: Iterable[PostClass] = (),
    employment: EmploymentKind = EmploymentKind.REGULAR,
    contract_end: str | None = None,
    sponsor: PersonId | None = None,
    origin: str = "roster:1",
) -> Post:
    return Post(
        person,
        company,
        unit,
        employer or company,
        kind,
        post_no,
        title,
        frozenset(post_classes),
        employment,
        Period(day(start), day(end) if end else None),
        origin,
        None,
        sponsor,
        day(contract_end) if contract_end else None,
    )


def roster(unit: str = "A", start: str = "2010-04-01", *, on_leave: bool = False, **facts: object) -> RosterPost:
    return RosterPost(post(unit, start, **facts), on_leave)


def order(
    order_type: OrderType,
    on: str,
    to_unit: str | None = None,
    *,
    no: str | None = None,
    place: int = 0,
    sequence: int = 0,
    company: str = "NW",
    post_no: str = "",
    person: PersonId = P,
    status: OrderStatus = OrderStatus.FINAL,
    received: str = "2024-01-01",
    **facts: object,
) -> Order:
    """An order dated `on`; 退職 and 兼務解除 are first felt the day after."""
    effective = day(on)
    last_day = order_type in {OrderType.LEAVE_COMPANY, OrderType.END_CONCURRENT}
    number = no or f"{order_type.value}-{on}-{place}"
    key = OrderKey(company, number, f"E-{person}", order_type, post_no)
    return Order(
        id=f"{key.text()}#1",
        key=key,
        person_id=person,
        status=status,
        effective_date=effective,
        first_day=day_after(effective) if last_day else effective,
        received_at=at(received),
        position=(sequence, place),
        to_unit=to_unit,
        **facts,
    )


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
