"""A small group whose moves are checked: units, people, orders and the check, in a line each."""

from datetime import date, datetime
from typing import Any

import make
from sekisho.core.kinds import BOTH, OrderType, PersonId, Role, Side
from sekisho.core.orders import OrderKey
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import screening
from sekisho.store import models

T = OrderType
TRUSTED = Actor("cli:someone", trusted=True)
BEGAN = make.at("2024-01-05")
MARCH = make.at("2024-03-10")
MAY = make.at("2024-05-10")
APRIL_1 = "2024-04-01"


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
