"""Half-open periods and the bridge between days and instants."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

import make
from sekisho.core.periods import FOREVER, Period, day_after, day_before, local_day, midnight

TOKYO = ZoneInfo("Asia/Tokyo")
days = st.dates(date(2000, 1, 1), date(2040, 12, 31))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(days)
    length = draw(st.none() | st.integers(1, 2000))
    return Period(start, None if length is None else start + timedelta(days=length))


def test_the_first_day_is_in_and_the_end_is_out():
    period = Period(make.day("2024-04-01"), make.day("2024-07-01"))
    assert period.holds(make.day("2024-04-01"))
    assert period.holds(make.day("2024-06-30"))
    assert not period.holds(make.day("2024-07-01"))


@given(one=periods(), other=periods(), day=days)
def test_the_overlap_holds_the_days_that_both_hold(one: Period, other: Period, day: date):
    both = one.overlap(other)
    assert (both is not None and both.holds(day)) == (one.holds(day) and other.holds(day))
    assert both == other.overlap(one)


@given(day=days)
def test_an_empty_period_holds_nothing_and_overlaps_nothing(day: date):
    empty = Period(day, day)
    assert not empty.holds(day)
    assert empty.overlap(Period(date(1999, 1, 1))) is None


def test_an_open_period_never_shows_the_stand_in_for_its_end():
    assert Period(make.day("2024-04-01")).overlap(Period(make.day("2023-04-01"))) == Period(make.day("2024-04-01"))
    assert Period(make.day("2024-04-01")).until == FOREVER


@given(day=days)
def test_midnight_is_the_first_moment_of_the_day_in_the_zone(day: date):
    start = midnight(day, TOKYO)
    assert local_day(start, TOKYO) == day
    assert local_day(start - timedelta(microseconds=1), TOKYO) == day_before(day)
    assert day_after(day_before(day)) == day


def test_midnight_in_tokyo_is_15_utc_of_the_day_before_whatever_the_weekday():
    for day in ("2023-04-01", "2024-03-31", "2028-07-01"):
        assert midnight(make.day(day), TOKYO) == make.at(day) - timedelta(hours=9)
