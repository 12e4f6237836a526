"""One move on a line of days: left the old unit, right the new, the day between them; what happened in its lane.

SVG, the same on page and paper. Each mark is a link to its item in the list beneath, reached by keyboard; its state
is a sign, never a colour alone. The words come from the caller: no language here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

LEFT, WIDTH, LANE, TOP, FOOT = 118, 900, 46, 56, 44
BEFORE, AFTER = 60, 30
STEP = 10
SIGNS = {"stop": "!", "unknown": "▨", "wait": "", "ok": "✓"}
HOURGLASS = "M1 1h8M1 11h8M2 1c0 4 6 6 6 10M8 1c0 4-6 6-6 10"
ORDER = ("ok", "wait", "unknown", "stop")
"""Of several marks on one place the worst is shown."""
NEAR = 24
"""Marks nearer than this stand together, with their number."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: on which day, in which lane, its state, where it leads, what a reader hears."""

    day: date
    lane: str
    state: str
    href: str
    says: str


@dataclass(frozen=True, slots=True)
class Words:
    """The caller's words: title, the units left and right, the day itself, today, how days before and after read."""

    title: str
    old: str
    new: str
    day: str
    today: str
    lanes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Spot:
    """Marks that stand together."""

    at: float
    marks: tuple[Mark, ...]

    @property
    def state(self) -> str:
        return max((one.state for one in self.marks), key=ORDER.index)


def line(marks: Sequence[Mark], *, day: date, today: date, words: Words) -> str:
    """Return the picture of a move that takes effect on `day`."""
    lanes = list(words.lanes)
    height = TOP + LANE * len(lanes) + FOOT
    middle = _place(day, day)
    old = f'<rect class="old" x="{LEFT}" y="22" width="{middle - LEFT}" height="{height - 22 - FOOT}"/>'
    new = f'<rect class="new" x="{middle}" y="22" width="{WIDTH - middle}" height="{height - 22 - FOOT}"/>'
    heads = f'<text x="{LEFT + 8}" y="40" class="unit">{escape(words.old)}</text>'
    heads += f'<text x="{middle + 10}" y="40" class="unit">{escape(words.new)}</text>'
    cut = f'<line class="cut" x1="{middle}" x2="{middle}" y1="18" y2="{height - FOOT}"/>'
    cut += f'<text x="{middle}" y="13" class="mid strong">{escape(words.day)}</text>'
    rows = "".join(_lane(number, name, lanes, words) for number, name in enumerate(lanes))
    spots = "".join(
        _spot(spot, TOP + LANE * number + LANE / 2)
        for number, name in enumerate(lanes)
        for spot in _spots([one for one in marks if one.lane == name], day)
    )
    now = _today(day, today, height, words) if -BEFORE <= (today - day).days <= AFTER else ""
    opening = (
        f'<svg class="transfer-line" viewBox="0 0 {WIDTH} {height}" role="group" aria-label="{escape(words.title)}">'
    )
    return f"{opening}{old}{new}{heads}{rows}{_ticks(day, height)}{now}{cut}{spots}</svg>"


def _place(on: date, day: date) -> float:
    """Return where a day stands from the left; what lies outside stands at the edge."""
    days = min(max((on - day).days, -BEFORE), AFTER)
    return round(LEFT + 14 + (WIDTH - LEFT - 28) * (days + BEFORE) / (BEFORE + AFTER), 1)


def _lane(number: int, name: str, lanes: Sequence[str], words: Words) -> str:
    top = TOP + LANE * number
    text = f'<text x="4" y="{top + LANE / 2 + 4}" class="lane">{escape(words.lanes[name])}</text>'
    rule = (
        f'<line class="rule" x1="{LEFT}" x2="{WIDTH}" y1="{top + LANE}" y2="{top + LANE}"/>'
        if name != lanes[-1]
        else ""
    )
    return text + rule


def _ticks(day: date, height: int) -> str:
    found = []
    for days in range(-BEFORE, AFTER + 1, STEP):
        on = day + timedelta(days=days)
        at = _place(on, day)
        found.append(f'<line class="tick" x1="{at}" x2="{at}" y1="{height - FOOT}" y2="{height - FOOT + 5}"/>')
        found.append(f'<text x="{at}" y="{height - 26}" class="mid small">{on.month}/{on.day}</text>')
    return "".join(found)


def _today(day: date, today: date, height: int, words: Words) -> str:
    at = _place(today, day)
    line_ = f'<line class="now" x1="{at}" x2="{at}" y1="22" y2="{height - FOOT}"/>'
    return line_ + f'<text x="{at}" y="{height - 8}" class="mid small strong">{escape(words.today)}</text>'


def _spots(marks: Sequence[Mark], day: date) -> list[Spot]:
    """Return the marks of one lane, those that would cover one another together."""
    found: list[Spot] = []
    for one in sorted(marks, key=lambda mark: mark.day):
        at = _place(one.day, day)
        if found and at - found[-1].at < NEAR:
            found[-1] = Spot(found[-1].at, (*found[-1].marks, one))
        else:
            found.append(Spot(at, (one,)))
    return found


def _spot(spot: Spot, middle: float) -> str:
    state, first = spot.state, next(one for one in spot.marks if one.state == spot.state)
    says = escape(" / ".join(one.says for one in spot.marks))
    sign = (
        f'<path class="glass" transform="translate({spot.at - 5} {middle - 6})" d="{HOURGLASS}"/>'
        if state == "wait"
        else f'<text x="{spot.at}" y="{middle + 4}" class="mid sign">{SIGNS[state]}</text>'
    )
    count = (
        f'<text x="{spot.at + 13}" y="{middle + 15}" class="small">×{len(spot.marks)}</text>'
        if len(spot.marks) > 1
        else ""
    )
    circle = f'<circle cx="{spot.at}" cy="{middle}" r="11"/>'
    opening = f'<a class="pill {state}" href="{escape(first.href)}" aria-label="{says}"><title>{says}</title>'
    return f"{opening}{circle}{sign}{count}</a>"
