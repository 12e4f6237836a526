"""The conduct rules, read aloud: every `[[case]]` of tests/cases/screening_*.toml is judged here.

A case says who sat where (`given`), what was ordered (`order`) and what the check must say (`then`).
The group it happens in is screening_world.toml. Periods without a start began in 2010.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sekisho.core.boundary import Boundary, Company, Inherited, Listed, Unclassified, Unit
from sekisho.core.kinds import (
    LAST_DAY_TYPES,
    CompanyStatus,
    EmploymentKind,
    OrderStatus,
    OrderType,
    PersonId,
    PostClass,
    PostKind,
    Side,
)
from sekisho.core.moves import History
from sekisho.core.orders import Order, OrderKey
from sekisho.core.parameters import Parameters, Setting
from sekisho.core.people import Post, RosterPost
from sekisho.core.periods import Period
from sekisho.core.rules import Approvers, RuleException, read_rule
from sekisho.core.screening import Rulebook, judge
from sekisho.core.timeline import fold

CASES = Path(__file__).parents[1] / "cases"
WORLD = tomllib.loads((CASES / "screening_world.toml").read_text("utf-8"))
LONG_AGO = date(2010, 1, 1)
MOVER = PersonId("MOVER")


def read(file: Path) -> list[Any]:
    document = tomllib.loads(file.read_text("utf-8"))
    return [pytest.param(case, id=f"{file.stem}: {case['name']}") for case in document["case"]]


ALL = [case for file in sorted(CASES.glob("screening_*.toml")) if file.stem != "screening_world" for case in read(file)]


@pytest.mark.parametrize("case", ALL)
def test_the_check_says_what_the_case_expects(case: dict[str, Any]) -> None:
    given, then = case["given"], case["then"]
    orders = [order(number, row) for number, row in enumerate(case["order"], 1)]
    book = rulebook(given)
    subject = orders[then.get("of", len(orders)) - 1]
    counting = [
        one
        for one in orders
        if one.status is OrderStatus.FINAL or (one.first_day == subject.first_day and subject.status is one.status)
    ]
    posts = [roster_post(number, row, book.boundary) for number, row in enumerate(given.get("held", []), 1)]
    timeline = fold(MOVER, posts, counting, book.boundary)

    verdict = judge(subject, timeline, book, on=then.get("by_the_rules_of"))

    assert verdict.outcome == then["outcome"], verdict
    if "rules" in then:
        assert [f"{ref.id} v{ref.version}" for ref in verdict.rules] == then["rules"]
    if "way" in then:
        assert [step.unit for step in verdict.path] == then["way"]
    if "because" in then:
        assert verdict.code == f"screening.{then['because']}"
    if "exception" in then:
        assert verdict.exceptions == (then["exception"],)


def test_there_are_cases_for_every_clause() -> None:
    assert len(ALL) >= 80


def rulebook(given: Mapping[str, Any]) -> Rulebook:
    rules = given.get("rules", WORLD["rule"]) + given.get("further_rules", [])
    settings = [Setting(name, value, Period(LONG_AGO)) for name, value in given.get("parameters", {}).items()]
    approvers = [
        Approvers(row["rule"], frozenset(map(PersonId, row["persons"])), Side(row["side"]), period(row))
        for row in given.get("approvers", WORLD["approver"])
    ]
    complete_from = given.get("history_complete_from", LONG_AGO)
    return Rulebook(
        boundary(given),
        tuple(read_rule(row, period(row)) for row in rules),
        Parameters(settings),
        History(None, given["roster_from"]) if "roster_from" in given else History(complete_from),
        {MOVER: tuple(exception(row) for row in given.get("exceptions", []))},
        tuple(approvers),
    )


def boundary(given: Mapping[str, Any]) -> Boundary:
    changed = {row["code"] for row in (*given.get("companies", []), *given.get("units", []))}
    companies = [row for row in WORLD["company"] if row["code"] not in changed] + given.get("companies", [])
    units = [row for row in WORLD["unit"] if row["code"] not in changed] + given.get("units", [])
    return Boundary(
        [
            Company(row["code"], row.get("name", ""), CompanyStatus(row["status"]), side(row), period(row))
            for row in companies
        ],
        [
            Unit(
                row["code"],
                row["code"],
                row["company"],
                row.get("parent"),
                classes(row["classes"]),
                side(row),
                None,
                None,
                row.get("successor"),
                period(row),
            )
            for row in units
        ],
    )


def classes(written: str) -> Listed | Inherited | Unclassified:
    match written:
        case "":
            return Inherited()
        case "?":
            return Unclassified()
        case "none":
            return Listed(frozenset())
        case names:
            return Listed(frozenset(names.split(";")))


def side(row: Mapping[str, Any]) -> Side | None:
    return Side(row["side"]) if "side" in row else None


def period(row: Mapping[str, Any]) -> Period:
    return Period(row.get("from", LONG_AGO), row.get("to"))


def exception(row: Mapping[str, Any]) -> RuleException:
    approved_by = frozenset(row["approved_by"])
    requested_by = row.get("requested_by", "HR")
    return RuleException(row["id"], row["rule"], MOVER, "handover", approved_by, period(row), requested_by)


def roster_post(number: int, row: Mapping[str, Any], where: Boundary) -> RosterPost:
    company = row["company"] if "company" in row else where.workplace(row["unit"], row.get("from", LONG_AGO))
    assert company is not None
    post = Post(
        MOVER,
        company,
        row["unit"],
        row.get("employer", company),
        PostKind(row.get("kind", "main")),
        row.get("post_no", ""),
        "",
        frozenset(map(PostClass, row.get("post_classes", []))),
        EmploymentKind(row.get("employment", "regular")),
        period(row),
        f"roster:{number}",
        contract_end=row.get("contract_end"),
    )
    return RosterPost(post, row.get("on_leave", False))


def order(number: int, row: Mapping[str, Any]) -> Order:
    kind = OrderType(row["type"])
    key = OrderKey(row.get("company", "NW"), f"A{number}", "1001", kind, row.get("post_no", ""))
    first_day = row["on"] + timedelta(days=int(kind in LAST_DAY_TYPES))
    return Order(
        f"{key.text()}#1",
        key,
        MOVER,
        OrderStatus(row.get("status", "final")),
        row["on"],
        first_day,
        datetime(2024, 3, 1, tzinfo=UTC),
        (0, number),
        from_unit=row.get("from"),
        to_unit=row.get("to"),
        title=row.get("title"),
        post_kind=PostKind(row.get("kind", "main")),
        host_company=row.get("host"),
        supersedes=row.get("supersedes"),
    )
