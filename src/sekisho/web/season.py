"""Season 異動計画: what is coming, and what stands in its way? A calendar by effective date; then a day's moves."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import quote

from sekisho.core.kinds import OrderStatus, Outcome
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, transfers
from sekisho.services.transfers import Move
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
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
    found = transfers.moves(actor=caller.actor, now=caller.now, days=(start, end))
    ahead = [one for one in found if one.order.first_day >= today]
    stands = [one for one in ahead if one.outcome in {Outcome.VIOLATION, Outcome.UNKNOWN, Outcome.NEEDS_REVIEW}]
    unchecked = [one for one in ahead if one.outcome is None]
    shown = [one for one in found if one.order.first_day == chosen] if chosen else stands
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


def _calendar(request: Request, found: Sequence[Move]) -> Table:
    """Return a row for each day on which something takes effect."""
    days = sorted({one.order.first_day for one in found})
    columns = [Column("day", say("page_season.day"), "day"), Column("moves", say("page_season.moves"), "number")]
    columns += [Column("drafts", say("page_season.drafts"), "number")]
    columns += [Column(one.value, say(f"screening.outcome_{one.value}"), "number") for one in OUTCOMES]
    columns += [Column("unchecked", say("page_season.unchecked"), "number")]
    rows = [_day_row(day, [one for one in found if one.order.first_day == day]) for day in days]
    caption, empty = say("page_season.calendar"), say("page_season.empty")
    return table(request, "calendar", caption=caption, columns=columns, rows=rows, empty=empty)


def _day_row(day: date, moves: Sequence[Move]) -> Row:
    counts = Counter(one.outcome for one in moves)
    drafts = sum(one.order.status is OrderStatus.DRAFT for one in moves)
    href = f"?day={day.isoformat()}"
    cells = [Cell(day, written_day(day), href=href), Cell(len(moves)), Cell(drafts)]
    for outcome, state in OUTCOMES.items():
        number = counts[outcome]
        cells.append(Cell(number, str(number), state=state if number and state != "ok" else ""))
    unchecked = counts[None]
    cells.append(Cell(unchecked, str(unchecked), state="unknown" if unchecked else ""))
    return Row(tuple(cells), href)


def moves_table(request: Request, moves: Sequence[Move], caption: str) -> Table:
    """Return a table of moves, each leading to its own page."""
    keys = ("day", "person", "order", "type", "from", "to", "status", "outcome")
    return table(
        request,
        "moves",
        caption=caption,
        columns=[Column(key, say(f"page_season.{key}"), "day" if key == "day" else "text") for key in keys],
        rows=[_row(one) for one in moves],
        empty=say("page_season.none"),
    )


def _row(one: Move) -> Row:
    href = f"/transfers/{quote(one.order.id, safe='/')}"
    outcome = say(f"screening.outcome_{one.outcome.value}") if one.outcome else say("page_season.unchecked")
    order = one.order
    return Row(
        (
            Cell(order.first_day, written_day(order.first_day)),
            Cell(one.name, one.name, href=href, note=order.person_id),
            Cell(order.key.order_no),
            Cell(order.order_type.value, say(f"page_words.type_{order.order_type.value}")),
            Cell(one.from_name, one.from_name or "—"),
            Cell(one.to_name, one.to_name or "—"),
            Cell(order.status.value, say(f"page_words.status_{order.status.value}")),
            Cell(outcome, outcome, state=OUTCOMES[one.outcome] if one.outcome else "unknown"),
        ),
        href,
    )
