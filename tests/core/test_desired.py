"""What posts and grants bring."""

from datetime import date

import make
from sekisho.core.access import Bundle, Grant
from sekisho.core.boundary import Boundary
from sekisho.core.desired import desired
from sekisho.core.kinds import PersonId
from sekisho.core.periods import Period

DAY = date(2026, 4, 1)


def bundle(name: str = "b", *, end: date | None = None, **condition: set[str]) -> Bundle:
    found = {key: frozenset(value) for key, value in condition.items()}
    return Bundle(name, "cis", frozenset({"read"}), Period(date(2020, 1, 1), end), **found)


def grant(person: str = "P1", start: date = date(2026, 3, 1), end: date = date(2026, 5, 1)) -> Grant:
    return Grant("G1", PersonId(person), "cis", "write", "handover", "boss", Period(start, end))


def boundary() -> Boundary:
    return Boundary(
        [make.company("NW")],
        [
            make.unit("A", written="network_service_center"),
            make.unit("A1", written="", parent="A"),
            make.unit("U", written="?"),
        ],
    )


def held(*posts: object, bundles: tuple[Bundle, ...] = (), grants: tuple[Grant, ...] = ()) -> object:
    return desired(posts, bundles, grants, boundary(), DAY)


def test_a_class_reaches_the_units_below_it() -> None:
    found = held(make.post("A1"), bundles=(bundle(classes={"network_service_center"}),))
    assert found == {"P1": {("cis", "read"): ("bundle:b", "unit:A1")}}


def test_an_unclassified_unit_brings_nothing_by_class() -> None:
    assert held(make.post("U"), bundles=(bundle(classes={"network_service_center"}),)) == {"P1": {}}


def test_between_the_keys_of_a_bundle_all_must_fit() -> None:
    narrow = bundle(units={"A"}, titles={"chief"})
    assert held(make.post("A"), bundles=(narrow,)) == {"P1": {}}
    assert held(make.post("A", title="chief"), bundles=(narrow,))["P1"] != {}


def test_a_bundle_without_conditions_is_for_every_post() -> None:
    assert held(make.post("U"), bundles=(bundle(),))["P1"] != {}


def test_the_company_of_a_bundle_is_the_workplace_not_the_employer() -> None:
    seconded = make.post("A", company="NW", employer="AF")
    assert held(seconded, bundles=(bundle(companies={"AF"}),)) == {"P1": {}}
    assert held(seconded, bundles=(bundle(companies={"NW"}),))["P1"] != {}


def test_a_bundle_that_has_ended_brings_nothing() -> None:
    assert held(make.post("A"), bundles=(bundle(end=DAY),)) == {"P1": {}}


def test_two_posts_that_bring_the_same_give_both_reasons() -> None:
    found = held(make.post("A"), make.post("A1"), bundles=(bundle(),))
    assert found["P1"][("cis", "read")] == ("bundle:b", "unit:A", "unit:A1")


def test_a_grant_counts_from_its_first_day_to_the_day_before_its_end() -> None:
    assert held(grants=(grant(start=DAY),)) == {"P1": {("cis", "write"): ("grant:G1",)}}
    assert held(grants=(grant(end=DAY),)) == {}


def test_a_grant_adds_to_what_the_post_brings() -> None:
    found = held(make.post("A"), bundles=(bundle(),), grants=(grant(),))
    assert sorted(found["P1"]) == [("cis", "read"), ("cis", "write")]
