from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.core.calendar import Calendar

WEEKDAYS_ONLY = Calendar(lambda _: False)
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2023, 4, 1), date(2023, 3, 31), date(2023, 4, 3)),  # a Saturday
        (date(2024, 3, 31), date(2024, 3, 29), date(2024, 4, 1)),  # a Sunday
        (date(2028, 7, 1), date(2028, 6, 30), date(2028, 7, 3)),  # a Saturday
    ],
)
def test_what_is_owed_moves_to_the_business_day_beside(day, before, after):
    assert not WEEKDAYS_ONLY.is_business_day(day)
    assert WEEKDAYS_ONLY.previous_business_day(day) == before
    assert WEEKDAYS_ONLY.next_business_day(day) == after
    assert WEEKDAYS_ONLY.on_or_after(day) == after


def test_holidays_are_days_off():
    golden_week = Calendar(lambda day: date(2024, 5, 3) <= day <= date(2024, 5, 6))
    assert golden_week.add_business_days(date(2024, 5, 2), 1) == date(2024, 5, 7)
    assert golden_week.previous_business_day(date(2024, 5, 7)) == date(2024, 5, 2)


@given(DAYS, st.integers(1, 60))
def test_going_forth_and_back_over_business_days_returns(day, count):
    start = WEEKDAYS_ONLY.on_or_after(day)
    assert WEEKDAYS_ONLY.add_business_days(WEEKDAYS_ONLY.add_business_days(start, count), -count) == start


@given(DAYS)
def test_no_business_day_is_skipped(day):
    after = WEEKDAYS_ONLY.next_business_day(day)
    between = [day + timedelta(days=step) for step in range(1, (after - day).days)]
    assert not any(WEEKDAYS_ONLY.is_business_day(one) for one in between)
