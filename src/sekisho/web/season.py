"""Season 異動計画: what is coming, and what stands in its way? A calendar by effective date; then a day's moves."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from urllib.parse import quote

from sekisho.core.kinds import OrderStatus, Outcome
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, transfers
from sekisho.services import verification_runs as runs
from sekisho.services.person_facts import Glimpse
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Made, Row, Table, table
from sekisho.web.words import day as written_day
from sekisho.web.words import say

BEFORE, AFTER = timedelta(days=31), timedelta(days=120)
OUTCOMES = {Outcome.VIOLATION: "stop", Outcome.UNKNOWN: "unknown", Outcome.NEEDS_REVIEW: "wait", Outcome.ALLOWED: "ok"}


@page("season", "season", needs=(FactKind.MOVE,), least=Depth.DETAIL)
def season(request: Request) -> Shown:
    """Show the months around now; with `?day=` the moves of one day."""
    caller = request.caller
    today = installation.today(now=caller.now)
    start = forms.day(request.GET, "from") or today - BEFORE
    chosen = forms.day(request.GET, "day")
    end = start + BEFORE + AFTER
    found = transfers.glimpses(actor=caller.actor, now=caller.now, days=(start, end))
    ahead = [one for one in found if one.first_day >= today]
    stands = [one for one in ahead if one.outcome in {Outcome.VIOLATION, Outcome.UNKNOWN, Outcome.NEEDS_REVIEW}]
    unchecked = [one for one in ahead if one.outcome is None]
    shown = [one for one in found if one.first_day == chosen] if chosen else stands
    caption = say("page_season.of_day", day=written_day(chosen)) if chosen else say("page_season.in_the_way")
    context = {
        "ahead": len(ahead),
        "stands": len(stands),
        "unchecked": len(unchecked),
        "start": start,
        "end": end,
        "earlier": start - BEFORE - AFTER,
        "today": today,
        "chosen": chosen,
    }
    return Shown("season/season.html", context, (_calendar(request, found), moves_table(request, shown, caption)))


def _calendar(request: Request, found: Sequence[Glimpse]) -> Table:
    """Return a row for each day on which something takes effect."""
    by_day: dict[date, list[Glimpse]] = {}
    for one in found:
        by_day.setdefault(one.first_day, []).append(one)
    columns = [Column("day", say("page_season.day"), "day"), Column("moves", say("page_season.moves"), "number")]
    columns += [Column("drafts", say("page_season.drafts"), "number")]
    columns += [Column(one.value, say(f"screening.outcome_{one.value}"), "number") for one in OUTCOMES]
    columns += [Column("unchecked", say("page_season.unchecked"), "number")]
    rows = [_day_row(day, by_day[day]) for day in sorted(by_day)]
    caption, empty = say("page_season.calendar"), say("page_season.empty")
    return table(request, "calendar", caption=caption, columns=columns, rows=rows, empty=empty)


def _day_row(day: date, moves: Sequence[Glimpse]) -> Row:
    counts = Counter(one.outcome for one in moves)
    drafts = sum(one.status == OrderStatus.DRAFT.value for one in moves)
    href = f"?day={day.isoformat()}"
    cells = [Cell(day, written_day(day), href=href), Cell(len(moves)), Cell(drafts)]
    for outcome, state in OUTCOMES.items():
        number = counts[outcome]
        cells.append(Cell(number, str(number), state=state if number and state != "ok" else ""))
    unchecked = counts[None]
    cells.append(Cell(unchecked, str(unchecked), state="unknown" if unchecked else ""))
    return Row(tuple(cells), href)


class _Words:
    """What a table of moves says of each: names asked for at once, words made once."""

    def __init__(self, request: Request, moves: Sequence[Glimpse]) -> None:
        self._now = request.caller.now
        self._moves = moves
        self.unit = transfers.unit_names(known_at=self._now)
        self.type = cache(lambda kind: say(f"page_words.type_{kind}"))
        self.status = cache(lambda status: say(f"page_words.status_{status}"))
        self.day = cache(written_day)
        self.outcome = cache(lambda one: say(f"screening.outcome_{one.value}" if one else "page_season.unchecked"))
        self._all: dict[str, str] | None = None

    def names(self, moves: Sequence[Glimpse]) -> dict[str, str]:
        return runs.names(person_ids=sorted({one.person_id for one in moves}), known_at=self._now)

    def name(self, one: Glimpse) -> str:
        """Return a person's name for sorting and searching, which need everybody's."""
        if self._all is None:
            self._all = self.names(self._moves)
        return self._all.get(one.person_id, one.person_id)

    def everything(self, one: Glimpse) -> str:
        """Return what a search looks through: what stands in the row."""
        day = one.first_day
        units = (self.unit(code, day) for code in (one.from_unit, one.to_unit) if code)
        words = (self.day(day), day.isoformat(), self.name(one), one.person_id, one.order_no, self.type(one.order_type))
        return " ".join((*words, *units, self.status(one.status), self.outcome(one.outcome))).casefold()


def moves_table(request: Request, moves: Sequence[Glimpse], caption: str) -> Table:
    """Return a table of moves, each leading to its own page."""
    keys = ("day", "person", "order", "type", "from", "to", "status", "outcome")
    words = _Words(request, moves)
    values = {
        "day": lambda one: one.first_day,
        "person": words.name,
        "order": lambda one: one.order_no,
        "type": lambda one: one.order_type,
        "from": lambda one: words.unit(one.from_unit, one.first_day) if one.from_unit else "",
        "to": lambda one: words.unit(one.to_unit, one.first_day) if one.to_unit else "",
        "status": lambda one: one.status,
        "outcome": lambda one: words.outcome(one.outcome),
    }

    def make(some: Sequence[Glimpse]) -> list[Row]:
        names = words.names(some)
        return [_row(one, names.get(one.person_id, one.person_id), words) for one in some]

    return table(
        request,
        "moves",
        caption=caption,
        columns=[Column(key, say(f"page_season.{key}"), "day" if key == "day" else "text") for key in keys],
        rows=Made(moves, make, values, words.everything),
        empty=say("page_season.none"),
    )


def _row(one: Glimpse, name: str, words: _Words) -> Row:
    href = f"/transfers/{quote(one.id, safe='/')}"
    outcome, day = words.outcome(one.outcome), one.first_day
    from_name, to_name = (words.unit(code, day) if code else "" for code in (one.from_unit, one.to_unit))
    return Row(
        (
            Cell(day, words.day(day)),
            Cell(name, name, href=href, note=one.person_id),
            Cell(one.order_no),
            Cell(one.order_type, words.type(one.order_type)),
            Cell(from_name, from_name or "—"),
            Cell(to_name, to_name or "—"),
            Cell(one.status, words.status(one.status)),
            Cell(outcome, outcome, state=OUTCOMES[one.outcome] if one.outcome else "unknown"),
        ),
        href,
    )
