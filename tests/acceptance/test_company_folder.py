"""The company folder as an outsider loads it: what one bad row may and may not do."""

from pathlib import Path

import pytest

import outside
from outside import COMPANY, call, folder

pytestmark = pytest.mark.django_db


def posts(person: str) -> list[tuple[str, str]]:
    return [(post["unit"], post["from"]) for post in call("person", "show", person)[1]["posts"]]


def test_a_row_that_cannot_be_read_this_time_does_not_end_what_is_known_of_the_person(tmp_path: Path) -> None:
    call("load", folder(tmp_path / "company"), "--received-at", "2023-01-01")
    people = COMPANY["people.csv"].replace("N1,2018-04-01", "N1,4/1")
    status, loaded = call("load", folder(tmp_path / "company", people_csv=people), "--received-at", "2023-02-01")
    assert (status, loaded["changed"]) == (1, 0)
    assert posts("P1") == [("N1", "2018-04-01")]


def test_one_bad_unit_does_not_end_the_posts_of_everyone_in_it(tmp_path: Path) -> None:
    call("load", folder(tmp_path / "company"), "--received-at", "2023-01-01")
    units = COMPANY["units.csv"].replace("network_service_center,2015-04-01", "network_service_center,someday")
    status, loaded = call("load", folder(tmp_path / "company", units_csv=units), "--received-at", "2023-02-01")
    assert (status, loaded["changed"]) == (1, 0)
    assert posts("P1") == [("N1", "2018-04-01")]


def test_a_parameter_that_cannot_be_read_keeps_its_last_value(tmp_path: Path) -> None:
    company = COMPANY["company.toml"] + "lookback_days = {}\n"
    call("load", folder(tmp_path / "company", company_toml=company.format(30)), "--received-at", "2023-01-01")
    bad = folder(tmp_path / "company", company_toml=company.format('"many"'))
    status, loaded = call("load", bad, "--received-at", "2023-02-01")
    assert (status, loaded["changed"]) == (1, 0)


def test_another_row_of_the_same_person_replaces_what_was_known(tmp_path: Path) -> None:
    call("load", folder(tmp_path / "company"), "--received-at", "2023-01-01")
    people = COMPANY["people.csv"] + "P1,000101,One,NW,N1,4/1\n"
    people = people.replace("N1,2018-04-01", "N0,2018-04-01")
    call("load", folder(tmp_path / "company", people_csv=people), "--received-at", "2023-02-01")
    assert posts("P1") == [("N0", "2018-04-01")]


def test_a_row_that_is_gone_is_gone_whatever_else_was_rejected(tmp_path: Path) -> None:
    call("load", folder(tmp_path / "company"), "--received-at", "2023-01-01")
    people = COMPANY["people.csv"].replace("P2,000102,Two,NW,N0,2018-04-01\n", "P9,000109,Nine,NW,N0,4/1\n")
    status, loaded = call("load", folder(tmp_path / "company", people_csv=people), "--received-at", "2023-02-01")
    assert (status, loaded["changed"]) == (1, 1)
    assert posts("P2") == []


def test_nul_in_a_cell_rejects_the_row_and_is_shown_as_written(tmp_path: Path) -> None:
    people = COMPANY["people.csv"].replace("Two", "T\0wo")
    status, loaded = call("load", folder(tmp_path / "company", people_csv=people))
    defects = [found for file in loaded["files"] for found in file["rejections"]]
    assert (status, [(found["row"], found["column"], found["value"]) for found in defects]) == (
        1,
        [(3, "name", "T\\x00wo")],
    )
    file = outside.orders(tmp_path / "orders.csv", "A,0001\0,2024/4/1,異動,E0,NW")
    status, taken = call("order", "import", file)
    assert (status, taken["rejected"], taken["rejections"][0]["value"]) == (1, 1, "0001\\x00")
