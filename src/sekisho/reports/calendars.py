"""Weeks as a picture: a row a week, a cell a day, what happens on it in numbers. SVG, the same on page and paper.

Each day that has something is a link, reached by keyboard; its state is a sign and a number, never a colour alone.
The words come from the caller: no language here. A table stands beneath.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

LEFT, COLUMN, SUM, HEAD = 62, 104, 110, 24
FULL, QUIET = 66, 28
"""A week in which something happens is high, a quiet one low."""
WIDTH = LEFT + 7 * COLUMN + SUM
SIGNS = {"stop": "!", "unknown": "▨", "wait": "", "ok": "✓"}
HOURGLASS = "M1 1h8M1 11h8M2 1c0 4 6 6 6 10M8 1c0 4-6 6-6 10"


@dataclass(frozen=True, slots=True)
class Day:
    """What a day shows: its number in words, marks (state, number), where it leads, what a reader hears."""

    count: str
    marks: tuple[tuple[str, int], ...]
    href: str
    says: str


@dataclass(frozen=True, slots=True)
class Words:
    """The caller's words: the picture's title, the weekdays from Monday, month names, `off`, `today`, `sum`."""

    title: str
    weekdays: Sequence[str]
    months: Sequence[str]
    off: str
    today: str
    sum: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Which weeks: `start` is a Monday; days off, today, and the day that is chosen."""

    start: date
    weeks: int
    off: frozenset[date]
    today: date
    chosen: date | None = None


def weeks(days: Mapping[date, Day], sums: Sequence[str], frame: Frame, words: Words) -> str:
    """Return the picture; `sums` says each week's total."""
    heights = [FULL if total else QUIET for total in sums]
    tops = [HEAD + sum(heights[:number]) for number in range(frame.weeks)]
    height = HEAD + sum(heights) + 4
    heads = "".join(
        f'<text x="{LEFT + COLUMN * place + 8}" y="16" class="head">{escape(word)}</text>'
        for place, word in enumerate(words.weekdays)
    )
    heads += f'<text x="{WIDTH - 6}" y="16" class="head end">{escape(words.sum)}</text>'
    rows = "".join(
        _week(_Week(number, top, high, sums[number]), days, frame, words)
        for number, (top, high) in enumerate(zip(tops, heights, strict=True))
    )
    pattern = (
        '<defs><pattern id="off" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line x1="0" y1="0" x2="0" y2="6" class="hatch"/></pattern></defs>'
    )
    opening = f'<svg class="calendar" viewBox="0 0 {WIDTH} {height}" role="group" aria-label="{escape(words.title)}">'
    return f"{opening}{pattern}{heads}{rows}</svg>"


@dataclass(frozen=True, slots=True)
class _Week:
    """Where a week stands, how high it is, and its total in words."""

    number: int
    top: int
    high: int
    total: str


def _week(week: _Week, days: Mapping[date, Day], frame: Frame, words: Words) -> str:
    number, top, total = week.number, week.top, week.total
    first = frame.start + timedelta(days=7 * number)
    dates = [first + timedelta(days=place) for place in range(7)]
    month = next((day for day in dates if day.day == 1), first if number == 0 else None)
    label = f'<text x="4" y="{top + 18}" class="month">{escape(words.months[month.month - 1])}</text>' if month else ""
    cells = "".join(
        _cell(day, (LEFT + COLUMN * place, week), days.get(day), frame, words) for place, day in enumerate(dates)
    )
    sums = f'<text x="{WIDTH - 6}" y="{top + 38}" class="end sum">{escape(total)}</text>' if total else ""
    return label + cells + sums


def _cell(day: date, place: tuple[int, _Week], what: Day | None, frame: Frame, words: Words) -> str:
    left, top, high = place[0], place[1].top, place[1].high
    off, today = day in frame.off, day == frame.today
    classes = " ".join(
        ["day", *(["off"] if off else []), *(["today"] if today else []), *(["chosen"] if day == frame.chosen else [])]
    )
    box = f'<rect class="{classes}" x="{left}" y="{top}" width="{COLUMN}" height="{high}"/>'
    if off:
        box += f'<rect class="shade" x="{left}" y="{top}" width="{COLUMN}" height="{high}" fill="url(#off)"/>'
    note = words.today if today else words.off if off else ""
    written = f"{day.month}/{day.day}" if day.day == 1 else str(day.day)
    text = f'<text x="{left + 8}" y="{top + 17}" class="date">{written}</text>'
    if note:
        text += f'<text x="{left + COLUMN - 6}" y="{top + 17}" class="end small">{escape(note)}</text>'
    if what is None:
        return box + text
    inside = f'<text x="{left + 8}" y="{top + 38}" class="count">{escape(what.count)}</text>' + _marks(what, left, top)
    says = escape(what.says)
    opening = f'<a href="{escape(what.href)}" aria-label="{says}"><title>{says}</title>'
    return f"{opening}{box}{text}{inside}</a>"


def _marks(what: Day, left: int, top: int) -> str:
    """Return the marks from the right: the worst stands outermost."""
    right, found = left + COLUMN - 4, []
    for state, number in what.marks:
        wide = 22 + 7 * len(str(number))
        found.append(_mark(state, number, right - wide, top + 44, wide))
        right -= wide + 3
    return "".join(found)


def _mark(state: str, number: int, left: int, top: int, wide: int) -> str:
    sign = (
        f'<path class="glass" transform="translate({left + 4} {top + 3})" d="{HOURGLASS}"/>' if state == "wait" else ""
    )
    words = f"{SIGNS[state]} {number}" if SIGNS[state] else str(number)
    at = left + wide - 4
    box = f'<rect x="{left}" y="{top}" width="{wide}" height="18" rx="3"/>'
    return f'<g class="pill {state}">{box}{sign}<text x="{at}" y="{top + 13}" class="end">{words}</text></g>'
