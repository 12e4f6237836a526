"""Season 異動計画: what is coming, and what stands in its way? What stands there by rule, the weeks, a day's moves."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from sekisho.core.kinds import Outcome
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, transfer_days
from sekisho.services import season as services
from sekisho.services.season import HIDDEN, STANDS, UNCHECKED, Filter, Planned
from sekisho.web import board_answers, forms, season_pictures
from sekisho.web.moves import OUTCOMES, STATES, moves_table, standing_word
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import day as written_day
from sekisho.web.words import say, side_name

BEFORE, WEEKS = timedelta(days=14), 16


@page("season", "season", needs=(FactKind.MOVE,), least=Depth.DETAIL)
def season(request: Request) -> Shown:
    """Show some weeks; with `?day=` the moves of one day, with a filter those that are asked for."""
    caller = request.caller
    today = installation.today(now=caller.now)
    start, chosen = _start(request, today), forms.day(request.GET, "day")
    end = start + timedelta(days=7 * WEEKS)
    found = services.season(actor=caller.actor, now=caller.now, days=(start, end))
    ahead = [one for one in found if one.day >= today]
    counts = Counter(one.standing for one in ahead)
    wanted = _wanted(request)
    asked = chosen is not None or wanted != Filter()
    query = {"from": start.isoformat()} if "from" in request.GET else {}
    frame = season_pictures.frame(start, WEEKS, today, chosen, caller.now)
    context = {
        "ahead": len(ahead),
        "stands": sum(counts[one] for one in STANDS if one != UNCHECKED),
        "unchecked": counts[UNCHECKED],
        "hidden": counts[HIDDEN],
        "hindrances": season_pictures.hindrances(ahead, query, caller.now),
        "picture": season_pictures.weeks(found, frame, query),
        "start": start,
        "end": end - timedelta(days=1),
        "earlier": start - timedelta(days=7 * WEEKS),
        "later": end,
        "beyond": transfer_days.around(actor=caller.actor, now=caller.now, day=end, planned=()).next,
        "chosen": chosen,
        "asked": asked,
        "wanted": wanted,
        "filters": _choices(found, request),
        "imports": board_answers.link("imports", request),
        "board": board_answers.link("board", request),
        "any_shown": bool(found),
        "legend": [(state, outcome.value) for outcome, state in OUTCOMES.items() if outcome is not Outcome.ALLOWED],
    }
    tables = [_calendar(request, found, query)]
    if asked or "sheet" in request.GET:
        mine = [one for one in found if chosen is None or one.day == chosen]
        kept = services.filtered(found=mine, wanted=wanted, now=caller.now)
        caption = say("page_season.of_day", day=written_day(chosen)) if chosen else say("page_season.of_weeks")
        tables.insert(0, moves_table(request, _worst_first(kept), caption))
    return Shown("season/season.html", context, tuple(tables))


def _start(request: Request, today: date) -> date:
    """Return the Monday with which the weeks begin: two before this one, unless the address says otherwise."""
    start = forms.day(request.GET, "from") or today - BEFORE
    return start - timedelta(days=start.weekday())


def _wanted(request: Request) -> Filter:
    words = {key: request.GET.get(key, "").strip()[:100] for key in ("verdict", "side", "unit", "rule")}
    return Filter(words["verdict"], words["side"], words["unit"], words["rule"])


def _worst_first(found: Sequence[Planned]) -> list[Planned]:
    """Return the moves as they stand by themselves: what is in the way first."""
    order = {standing: place for place, standing in enumerate((*STANDS, Outcome.ALLOWED.value, HIDDEN))}
    return sorted(found, key=lambda one: order[one.standing])


def _choices(found: Sequence[Planned], request: Request) -> dict[str, Any]:
    """Return what the filters offer: only what occurs."""
    seen = {one.standing for one in found}
    order = [*(one.value for one in OUTCOMES), UNCHECKED, HIDDEN]
    sides = sorted({side for one in found for side in one.sides})
    kept = [(key, value) for key, value in request.GET.items() if key in {"from", "day", "rule"} and value]
    return {
        "standings": [(one, standing_word(one)) for one in order if one in seen],
        "sides": [(side, side_name(side)) for side in sides],
        "kept": kept,
    }


def _calendar(request: Request, found: Sequence[Planned], query: dict[str, str]) -> Table:
    """Return a row for each day on which something takes effect: the picture in words."""
    columns = [Column("day", say("page_season.day"), "day"), Column("moves", say("page_season.moves"), "number")]
    columns += [Column("drafts", say("page_season.drafts"), "number")]
    standings = [*(one.value for one in OUTCOMES), UNCHECKED]
    columns += [Column(one, standing_word(one), "number") for one in standings]
    by_day: dict[date, list[Planned]] = {}
    for one in found:
        by_day.setdefault(one.day, []).append(one)
    rows = [_day_row(day, mine, standings, query) for day, mine in by_day.items()]
    caption, empty = say("page_season.calendar"), say("page_season.empty")
    return table(request, "calendar", caption=caption, columns=columns, rows=rows, empty=empty)


def _day_row(day: date, moves: Sequence[Planned], standings: Sequence[str], query: dict[str, str]) -> Row:
    counts = Counter(one.standing for one in moves)
    href = f"?{urlencode(query | {'day': day.isoformat()})}#moves"
    cells = [Cell(day, written_day(day), href=href), Cell(len(moves)), Cell(sum(one.is_notice for one in moves))]
    for standing in standings:
        number = counts[standing]
        state = STATES[standing] if number and STATES[standing] != "ok" else ""
        cells.append(Cell(number, say("page_words.n_of_n", n=number, total=len(moves)) if number else "0", state=state))
    return Row(tuple(cells), href)
