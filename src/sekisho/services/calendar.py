"""The company's calendar: Japan's national holidays and its own days off.

The official list ends (the equinoxes are fixed a year ahead), so jpholiday computes later years and
holidays.csv adds what the law or the company adds. 12/29 to 1/3 and the like stand in that file.
"""

from datetime import date, datetime

import jpholiday

from sekisho.core.calendar import Calendar
from sekisho.store.models import Holiday


def calendar(*, known_at: datetime) -> Calendar:
    """Return the calendar as known at `known_at`: one query, whatever is asked of it."""
    own = frozenset(Holiday.objects.as_known_at(known_at).values_list("day", flat=True))

    def is_holiday(day: date) -> bool:
        return day in own or bool(jpholiday.is_holiday(day))

    return Calendar(is_holiday)


def national(*, year: int) -> tuple[tuple[date, str], ...]:
    """Return Japan's national holidays of a year with their names, oldest first."""
    return tuple(sorted((day, str(name)) for day, name in jpholiday.year_holidays(year)))
