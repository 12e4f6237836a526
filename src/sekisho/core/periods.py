"""Half-open periods of days, `[start, end)`, and the only bridge between days and instants.

Days are days in the company's zone (orders name days); instants are aware UTC. No clock here.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FOREVER = date.max
"""Stands for an open end where two ends must be compared; never stored or shown."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start` (inclusive) to `end` (exclusive); `end` is None while it lasts."""

    start: date
    end: date | None = None

    @property
    def until(self) -> date:
        """Return the end, or `FOREVER` where it is open."""
        return self.end or FOREVER

    def holds(self, day: date) -> bool:
        """Tell whether `day` lies inside."""
        return self.start <= day and (self.end is None or day < self.end)

    def overlap(self, other: "Period") -> "Period | None":
        """Return the days in both, or None; an empty period overlaps nothing."""
        start, until = max(self.start, other.start), min(self.until, other.until)
        if start >= until:
            return None
        return Period(start, None if until == FOREVER else until)


YEARS = range(1900, 2200)
"""Years that anybody may ask for: what is counted from their days stays within the calendar."""


def day_before(day: date) -> date:
    """Return the calendar day before."""
    return day - timedelta(days=1)


def day_after(day: date) -> date:
    """Return the calendar day after."""
    return day + timedelta(days=1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `day` begins in `zone`: the moment of the cutover."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the day that it is in `zone` at `at`."""
    return at.astimezone(zone).date()


def next_time(at: time, zone: ZoneInfo, *, after: datetime) -> datetime:
    """Return the first UTC instant after `after` at which the clock of `zone` shows `at`.

    Once a local day: a time that daylight saving shows twice counts the first time, one that it leaves out counts as
    the same interval after midnight would.
    """
    day = local_day(after, zone) - timedelta(days=1)
    while True:
        found = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
        if found > after:
            return found
        day = day_after(day)
