"""What people type: days that the calendar has room around, plain digits and nothing else."""

from pathlib import Path

import pytest
from django.http import QueryDict

import sites
from sekisho.api import wire
from sekisho.core.periods import YEARS
from sekisho.web import forms

ODD_DAYS = ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31", "²⁰²⁴")
PAGES = (
    "/ledger?from={day}", "/ledger?to={day}", "/board?day={day}", "/rules?day={day}", "/season?from={day}",
    "/season?day={day}", "/people?on={day}", "/people?known={day}", "/administration/parameters?day={day}",
    "/administration/calendar?year={day}",
)  # fmt: skip


@pytest.mark.parametrize("written", ODD_DAYS)
def test_a_day_out_of_range_is_no_day_on_pages_and_on_the_wire(written: str) -> None:
    with pytest.raises(forms.BadField):
        forms.day(QueryDict(f"day={written}"), "day")
    with pytest.raises(ValueError, match="a day"):
        wire._day(written)


@pytest.mark.parametrize("written", [f"{YEARS[0]}-01-01", f"{YEARS[-1]}-12-31"])
def test_pages_and_wire_know_the_same_days(written: str) -> None:
    assert forms.day(QueryDict(f"day={written}"), "day") is not None
    assert wire._day(written) == written


@pytest.mark.parametrize(
    ("written", "number"), [("7", 7), ("007", 7), ("²", None), ("٣", None), ("-1", None), ("", None), ("9" * 10, None)]
)
def test_a_number_is_plain_digits(written: str, number: int | None) -> None:
    assert forms.whole(written) == number


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1900-01-01", "2199-12-31", "²"])
def test_no_page_breaks_on_an_odd_day(at_the_day: Path, day: str) -> None:
    client = sites.client("houmu", ("compliance", "both"), ("administrator", "both"))
    for page in PAGES:
        assert client.get(page.format(day=day)).status_code < 500, page


@pytest.mark.django_db
def test_no_page_breaks_on_digits_that_are_none(at_the_day: Path) -> None:
    client = sites.client("kanri", ("administrator", "both"), ("it_operation", "both"))
    for path, act in (("/work", "pause"), ("/board", "pause"), ("/administration/calendar", "remove")):
        for odd in ("²", "9" * 30):
            answer = client.post(path, {"do": act, "job": odd, "day_id": odd})
            assert answer.status_code < 500, path
