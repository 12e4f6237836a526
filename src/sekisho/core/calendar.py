"""Business days: due dates of people's work. 営業日.

Here: counting over a set of days off. Not here: which days are holidays (`services.calendar`). What
Sekisho does by itself happens at 00:00 on the effective date whatever the weekday; only what people owe
moves to a business day (domain §3.1).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

_WEEKEND = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Calendar:
    """Saturdays, Sundays and `is_holiday` are days off."""

    is_holiday: Callable[[date], bool]

    def is_business_day(self, day: date) -> bool:
        """Tell whether people work on the day."""
        return day.weekday() not in _WEEKEND and not self.is_holiday(day)

    def previous_business_day(self, day: date) -> date:
        """Return the last business day before the day: when something owed "before leaving" is due."""
        return self.add_business_days(day, -1)

    def next_business_day(self, day: date) -> date:
        """Return the first business day after the day."""
        return self.add_business_days(day, 1)

    def on_or_after(self, day: date) -> date:
        """Return the day itself if people work on it, else the next business day."""
        return day if self.is_business_day(day) else self.next_business_day(day)

    def add_business_days(self, day: date, count: int) -> date:
        """Return the day `count` business days later, or earlier where negative; 0 is the day itself."""
        step = timedelta(days=1 if count > 0 else -1)
        for _ in range(abs(count)):
            day += step
            while not self.is_business_day(day):
                day += step
        return day
