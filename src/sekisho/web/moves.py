"""Moves in tables: what the rules said of each in words, and the row that leads to its own page."""

from collections.abc import Sequence
from functools import cache
from urllib.parse import quote

from sekisho.core.kinds import Outcome
from sekisho.services import season
from sekisho.services.season import HIDDEN, UNCHECKED, Planned
from sekisho.web.pages import Request
from sekisho.web.tables import Cell, Column, Made, Row, Table, table
from sekisho.web.words import day as written_day
from sekisho.web.words import say

OUTCOMES = {Outcome.VIOLATION: "stop", Outcome.UNKNOWN: "unknown", Outcome.NEEDS_REVIEW: "wait", Outcome.ALLOWED: "ok"}
STATES = {outcome.value: state for outcome, state in OUTCOMES.items()} | {UNCHECKED: "unknown", HIDDEN: ""}
KEYS = ("day", "person", "order", "type", "from", "to", "status", "outcome")


def standing_word(standing: str) -> str:
    """Return the words for what the rules said of a move."""
    return say(f"page_season.{standing}") if standing in {UNCHECKED, HIDDEN} else say(f"screening.outcome_{standing}")


def address(order_id: str) -> str:
    """Return the address of a move's own page."""
    return f"/transfers/{quote(order_id, safe='/')}"


class _Words:
    """What a table of moves says of each: names asked for at once, words made once."""

    def __init__(self, request: Request, moves: Sequence[Planned]) -> None:
        self._now = request.caller.now
        self._moves = moves
        self.unit = season.unit_names(known_at=self._now)
        self.type = cache(lambda kind: say(f"page_words.type_{kind}"))
        self.status = cache(lambda status: say(f"page_words.status_{status}"))
        self.day = cache(written_day)
        self.standing = cache(standing_word)
        self._all: dict[str, str] | None = None
        self._alike: dict[tuple[object, ...], str] = {}

    def names(self, moves: Sequence[Planned]) -> dict[str, str]:
        return season.names(persons=[one.move.person_id for one in moves], now=self._now)

    def name(self, one: Planned) -> str:
        """Return a person's name for sorting and searching, which need everybody's."""
        if self._all is None:
            self._all = self.names(self._moves)
        return self._all.get(one.move.person_id, one.move.person_id)

    def units(self, one: Planned) -> tuple[str, str]:
        move = one.move
        left, right = (self.unit(code, move.first_day) if code else "" for code in (move.from_unit, move.to_unit))
        return left, right

    def everything(self, one: Planned) -> str:
        """Return what a search looks through: what stands in the row; what many rows share is spelled once."""
        move = one.move
        shared = (move.first_day, move.order_type, move.status, move.from_unit, move.to_unit, one.standing, one.rules)
        if shared not in self._alike:
            day = (self.day(move.first_day), move.first_day.isoformat())
            words = (*day, self.type(move.order_type), self.status(move.status), self.standing(one.standing))
            self._alike[shared] = " ".join((*words, *self.units(one), *one.rules)).casefold()
        return f"{self._alike[shared]} {self.name(one)} {move.person_id} {move.order_no}".casefold()


def moves_table(request: Request, moves: Sequence[Planned], caption: str) -> Table:
    """Return a table of moves, each leading to its own page; of thousands only the rows shown are made."""
    words = _Words(request, moves)
    values = {
        "day": lambda one: one.day,
        "person": words.name,
        "order": lambda one: one.move.order_no,
        "type": lambda one: one.move.order_type,
        "from": lambda one: words.units(one)[0],
        "to": lambda one: words.units(one)[1],
        "status": lambda one: one.move.status,
        "outcome": lambda one: words.standing(one.standing),
    }

    def make(some: Sequence[Planned]) -> list[Row]:
        names = words.names(some)
        return [_row(one, names.get(one.move.person_id, one.move.person_id), words) for one in some]

    return table(
        request,
        "moves",
        caption=caption,
        columns=[Column(key, say(f"page_season.{key}"), "day" if key == "day" else "text") for key in KEYS],
        rows=Made(moves, make, values, words.everything),
        empty=say("page_season.none"),
    )


def _row(one: Planned, name: str, words: _Words) -> Row:
    move, (left, right) = one.move, words.units(one)
    href, standing = address(move.id), words.standing(one.standing)
    return Row(
        (
            Cell(move.first_day, words.day(move.first_day)),
            Cell(name, name, href=href, note=move.person_id),
            Cell(move.order_no),
            Cell(move.order_type, words.type(move.order_type)),
            Cell(left, left or "—"),
            Cell(right, right or "—"),
            Cell(move.status, words.status(move.status)),
            Cell(standing, standing, state=STATES[one.standing], note="、".join(one.rules)),
        ),
        href,
    )
