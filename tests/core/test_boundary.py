"""A unit's classes and side on a day, and what a reorganisation changes."""

import make
from sekisho.core.boundary import Boundary, Listed, Unclassified, changed_units
from sekisho.core.kinds import CompanyStatus

DAY = make.day("2024-04-01")
NSC = Listed(frozenset({"network_service_center"}))
NONE = Listed(frozenset())


def of(*units, companies=()) -> Boundary:
    return Boundary(companies or [make.company("NW", side="network")], units)


def test_a_units_own_list_counts():
    assert of(make.unit("A", written="network_service_center")).classes("A", DAY) == NSC


def test_none_is_a_looked_at_empty_list():
    assert of(make.unit("A", written="none")).classes("A", DAY) == NONE


def test_a_sub_unit_inherits_from_its_parents_as_of_the_same_day():
    top_before = make.unit("TOP", written="none", end=DAY)
    top_after = make.unit("TOP", written="network_service_center", start=DAY)
    units = of(
        top_before, top_after, make.unit("MID", written="", parent="TOP"), make.unit("A", written="", parent="MID")
    )
    assert units.classes("A", make.day("2024-03-31")) == NONE
    assert units.classes("A", DAY) == NSC


def test_a_question_mark_an_orphan_without_a_list_and_an_unheard_of_unit_are_unclassified():
    units = of(make.unit("A", written="?"), make.unit("B", written=""), make.unit("C", written="", parent="GONE"))
    assert {type(units.classes(code, DAY)) for code in ("A", "B", "C", "NEVER")} == {Unclassified}


def test_a_question_mark_is_not_answered_by_the_parent():
    units = of(make.unit("TOP", written="none"), make.unit("A", written="?", parent="TOP"))
    assert units.classes("A", DAY) == Unclassified()


def test_units_that_are_their_own_parents_are_unclassified():
    units = of(make.unit("A", written="", parent="B"), make.unit("B", written="", parent="A"))
    assert units.classes("A", DAY) == Unclassified()


def test_an_ended_unit_keeps_its_last_classes():
    ended = make.unit("A", written="network_service_center", end=make.day("2023-04-01"))
    assert of(ended).classes("A", DAY) == NSC


def test_an_ended_unit_nobody_looked_at_has_its_successors_classes():
    ended = make.unit("A", written="?", end=make.day("2023-04-01"), successor="B")
    units = of(ended, make.unit("B", written="network_service_center"))
    assert units.classes("A", DAY) == NSC


def test_the_successors_of_successors_are_followed_and_a_circle_is_unknown():
    end = make.day("2023-04-01")
    chain = of(
        make.unit("A", written="?", end=end, successor="B"),
        make.unit("B", written="?", end=end, successor="C"),
        make.unit("C", written="network_service_center"),
    )
    assert chain.classes("A", DAY) == NSC
    circle = of(
        make.unit("A", written="?", end=end, successor="B"), make.unit("B", written="?", end=end, successor="A")
    )
    assert circle.classes("A", DAY) == Unclassified()


def test_a_unit_that_does_not_exist_yet_is_unclassified():
    assert of(make.unit("A", start=make.day("2024-04-02"))).classes("A", DAY) == Unclassified()


def test_a_side_is_the_units_else_a_parents_else_the_companys():
    units = of(
        make.unit("TOP", side="affiliate"),
        make.unit("A", parent="TOP"),
        make.unit("B", side="network", parent="TOP"),
        make.unit("C"),
    )
    assert [units.side(code, "NW", DAY) for code in ("A", "B", "C", None)] == [
        "affiliate",
        "network",
        "network",
        "network",
    ]
    assert units.side("C", "ELSEWHERE", DAY) is None


def test_the_status_of_a_company_is_dated_and_unknown_outside_its_rows():
    companies = [make.company("S", CompanyStatus.SUBSIDIARY)]
    units = of(companies=companies)
    assert units.status("S", DAY) is CompanyStatus.SUBSIDIARY
    assert units.status("S", make.day("1999-01-01")) is None
    assert units.status("T", DAY) is None


def test_the_workplace_of_an_ended_unit_is_where_it_last_belonged():
    units = of(make.unit("A", "NW", end=make.day("2023-04-01")))
    assert units.workplace("A", DAY) == "NW"
    assert units.workplace("NEVER", DAY) is None


def test_a_reorganisation_lists_units_whose_classes_changed_with_the_inheriting_ones():
    top = [make.unit("TOP", written="none", end=DAY), make.unit("TOP", written="trunk_planning", start=DAY)]
    units = of(*top, make.unit("A", written="", parent="TOP"), make.unit("B", written="none", parent="TOP"))
    changes = changed_units(units, make.day("2024-03-31"), DAY)
    assert [change.unit for change in changes] == ["A", "TOP"]
    assert changes[0].classes_before == NONE
    assert changes[0].classes_after == Listed(frozenset({"trunk_planning"}))


def test_a_reorganisation_lists_units_whose_side_changed_by_their_new_company():
    companies = [make.company("NW", side="network"), make.company("AF", side="affiliate")]
    units = of(make.unit("A", "NW", end=DAY), make.unit("A", "AF", start=DAY), companies=companies)
    (change,) = changed_units(units, make.day("2024-03-31"), DAY)
    assert (change.side_before, change.side_after) == ("network", "affiliate")


def test_a_new_unit_and_an_unchanged_one_are_no_reorganisation():
    units = of(make.unit("NEW", start=DAY), make.unit("OLD", end=DAY), make.unit("SAME"))
    assert changed_units(units, make.day("2024-03-31"), DAY) == ()
