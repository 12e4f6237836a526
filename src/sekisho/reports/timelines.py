"""Posts over time as a picture: SVG drawn here, the same on the page and on paper. A table stands beneath it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

Place = Callable[[date], float]
"""Where a day stands from the left."""

WIDTH, LANE, LABEL = 900, 30, 0
MOST_YEARS = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One post: its lane, its label, whose side, from, and the first day after it (None: it lasts)."""

    lane: str
    label: str
    side: str
    start: date
    end: date | None
    learned_later: bool = False
    """Whether it was not known yet at the moment asked about: drawn with a broken line."""


def posts(bars: Sequence[Bar], *, title: str, today: date) -> str:
    """Return an SVG of the bars, a lane for each kind of post, years below, today as a line; "" without bars."""
    if not bars:
        return ""
    last = max([today, *(bar.end for bar in bars if bar.end)])
    first = max(min(bar.start for bar in bars), date(last.year - MOST_YEARS, 1, 1))
    first = date(first.year, 1, 1)
    days = max(1, (date(last.year + 1, 1, 1) - first).days)

    def place(day: date) -> float:
        return round(LABEL + (WIDTH - LABEL) * min(max((day - first).days, 0), days) / days, 1)

    lanes = list(dict.fromkeys(sorted((bar.lane for bar in bars), key=lambda one: (one != "main", one))))
    height = LANE * len(lanes) + 34
    parts = [_bar(bar, lanes.index(bar.lane), place) for bar in bars]
    step = max(1, (last.year + 1 - first.year) // 8)
    ticks = "".join(
        f'<text x="{place(date(year, 1, 1))}" y="{height - 8}" font-size="11">{year}</text>'
        for year in range(first.year, last.year + 1, step)
    )
    now = f'<line class="today" x1="{place(today)}" x2="{place(today)}" y1="2" y2="{height - 26}"/>'
    head = f'<svg class="posts" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}{now}{ticks}</svg>"


def _bar(bar: Bar, lane: int, place: Place) -> str:
    left = place(bar.start)
    right = place(bar.end) if bar.end else float(WIDTH)
    width, top = max(2.0, round(right - left, 1)), 4 + LANE * lane
    room = int(width // 12)
    label = bar.label if len(bar.label) <= room else (bar.label[: room - 1] + "…" if room > 2 else "")
    side = bar.side if bar.side in {"network", "affiliate"} else "neutral"
    later = " later" if bar.learned_later else ""
    shape = f'<rect class="bar {side}{later}" x="{left}" y="{top}" width="{width}" height="{LANE - 8}"/>'
    full = f"<title>{escape(bar.label)} {bar.start.isoformat()} – {bar.end.isoformat() if bar.end else ''}</title>"
    return f'<g>{full}{shape}<text x="{left + 4}" y="{top + 15}" font-size="11">{escape(label)}</text></g>'
