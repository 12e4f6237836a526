"""The moves of some weeks with what the rules said of each, for whoever may know: counted, grouped, filtered. 異動計画.

Who may see that a move is, `orders` decides; of its verdict this asks again, side by side: HR of one side knows of
moves on the other and not what the rules say of them. A fixed number of queries; names only for what is shown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import NamedTuple

from django.db.models import F

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import NEUTRAL, OrderStatus, Outcome, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import orders, visibility
from sekisho.services import verification_runs as runs
from sekisho.services.boundary import boundary
from sekisho.services.person_facts import Glimpse
from sekisho.services.transfers import Move
from sekisho.store import models

UNCHECKED, HIDDEN = "unchecked", "hidden"
"""What stands in the place of an outcome: the rules were not asked; the answer is not this reader's to know."""
STANDS = (Outcome.VIOLATION.value, Outcome.UNKNOWN.value, Outcome.NEEDS_REVIEW.value, UNCHECKED)
"""What stands in the way, worst first."""
CHUNK = 5_000


class Planned(NamedTuple):
    """A move: its sides, and what the rules said (`standing` is an outcome's word, unchecked or hidden)."""

    move: Glimpse
    sides: frozenset[Side]
    standing: str
    rules: tuple[str, ...] = ()
    code: str = ""

    @property
    def day(self) -> date:
        return self.move.first_day

    @property
    def is_notice(self) -> bool:
        """Tell whether the move is only announced: 内示."""
        return self.move.status == OrderStatus.DRAFT.value


@dataclass(frozen=True, slots=True)
class Hindrance:
    """One thing that stands in the way of moves: an outcome and the rules that made it; the first of those moves."""

    standing: str
    rules: tuple[str, ...]
    code: str
    count: int
    first: tuple[tuple[Planned, str], ...]
    """The first of the moves, each with the person's name."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which moves are asked for; "" for any. As a standing, `stands` means everything in the way."""

    standing: str = ""
    side: str = ""
    unit: str = ""
    rule: str = ""


def season(*, actor: Actor, now: datetime, days: tuple[date, date]) -> list[Planned]:
    """Return the moves whose first day lies in `[from, to)` that the actor may see, by day.

    Raises:
        NotVisible: the actor's roles show no moves.
    """
    visibility.need_some(actor=actor, kind=FactKind.MOVE, now=now)
    found = orders.glimpses_between(actor=actor, now=now, days=days)
    placed, said = _placing(actor, now), _said(days)
    shown = []
    for one in found:
        released = one.status == OrderStatus.FINAL.value or (one.release_at is not None and one.release_at <= now)
        sides, reads = placed(one.company, one.from_unit, one.to_unit, one.host_company, one.first_day, released)
        may = reads or (released and one.person_id == actor.person_id)
        shown.append(Planned(one, sides, *(said.get(one.id, (UNCHECKED, (), "")) if may else (HIDDEN, (), ""))))
    return sorted(shown, key=lambda one: (one.move.first_day, one.move.order_no, one.move.person_id, one.move.id))


def of_move(move: Move) -> Planned:
    """Return a move of one person's as a table of moves takes it."""
    return Planned(orders.glimpse(move.order), frozenset(), move.standing)


def filtered(*, found: Iterable[Planned], wanted: Filter, now: datetime) -> list[Planned]:
    """Return those of the moves that are asked for."""
    standings = None if wanted.standing in {"", "all"} else {wanted.standing}
    standings = set(STANDS) if wanted.standing == "stands" else standings
    kept = [one for one in found if standings is None or one.standing in standings]
    if wanted.side:
        kept = [one for one in kept if wanted.side in one.sides]
    if wanted.rule:
        kept = [one for one in kept if wanted.rule in one.rules]
    if wanted.unit:
        called, typed = unit_names(known_at=now), wanted.unit.casefold()
        kept = [one for one in kept if _has_unit(one.move, typed, called)]
    return kept


def hindrances(*, found: Sequence[Planned], now: datetime, most: int = 10) -> tuple[Hindrance, ...]:
    """Return what stands in the way of the moves, worst and most first; of each the first `most` moves."""
    groups: dict[tuple[str, tuple[str, ...], str], list[Planned]] = {}
    for one in found:
        if one.standing in STANDS:
            groups.setdefault((one.standing, one.rules, "" if one.rules else one.code), []).append(one)
    named = names(persons=[one.move.person_id for mine in groups.values() for one in mine[:most]], now=now)
    made = [
        Hindrance(
            standing,
            refs,
            mine[0].code,
            len(mine),
            tuple((one, named.get(one.move.person_id, one.move.person_id)) for one in mine[:most]),
        )
        for (standing, refs, _), mine in groups.items()
    ]
    return tuple(sorted(made, key=lambda one: (STANDS.index(one.standing), -one.count, one.rules, one.code)))


def names(*, persons: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the names of persons whose moves stand on a page already."""
    unique = sorted(set(persons))
    found: dict[str, str] = {}
    for start in range(0, len(unique), CHUNK):
        found.update(runs.names(person_ids=unique[start : start + CHUNK], known_at=now))
    return found


def unit_names(*, known_at: datetime) -> Callable[[str, date], str]:
    """Return what tells how a unit was called on a day; the company's chart is no secret (law 8: boundary)."""
    where = boundary(known_at=known_at)

    @cache
    def called(code: str, day: date) -> str:
        unit = where.unit_or_last(code, day) if code else None
        return unit.name if unit else code

    return called


def _placing(actor: Actor, now: datetime) -> Callable[..., tuple[frozenset[Side], bool]]:
    """Return the question which sides a move has, and whether the actor reads verdicts of one; asked once a place."""
    where: Boundary = boundary(known_at=now)
    purpose, kind = visibility.purpose(actor=actor, now=now), FactKind.VERDICT
    reads: dict[tuple[Side | None, bool], bool] = {}

    @cache
    def placed(
        company: str,
        left: str,
        right: str,
        host: str,
        day: date,
        released: bool,  # noqa: FBT001 - part of the key
    ) -> tuple[frozenset[Side], bool]:
        sides = where.sides((left or None, right or None), company, day, host=host or None)
        for side in sides:
            if (side, released) not in reads:
                depth = visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, released=released)
                reads[side, released] = depth is Depth.DETAIL
        return frozenset(side or NEUTRAL for side in sides), any(reads[side, released] for side in sides)

    return placed


def _said(days: tuple[date, date]) -> Mapping[str, tuple[str, tuple[str, ...], str]]:
    """Return the last kept verdict of each order of the days: outcome, rules, code. Two queries.

    Most are allowed, and of those nothing more is read than that.
    """
    there = models.Order.objects.filter(first_day__gte=days[0], first_day__lt=days[1]).values("order_id")
    rows = models.Screening.objects.filter(order_id__in=there).order_by("id")
    last = {order: (key, outcome) for order, key, outcome in rows.values_list("order_id", "id", "outcome")}
    caught = rows.exclude(outcome=Outcome.ALLOWED.value)
    named = caught.annotate(refs=F("verdict__rules"), why=F("verdict__code")).values_list("id", "refs", "why")
    why = {key: (tuple(str(ref["id"]) for ref in refs or ()), str(code or "")) for key, refs, code in named}
    return {order: (outcome, *why.get(key, ((), ""))) for order, (key, outcome) in last.items()}


def _has_unit(one: Glimpse, typed: str, called: Callable[[str, date], str]) -> bool:
    """Tell whether a unit that the move leaves or enters has this code, or these words in its name."""
    codes = [code for code in (one.from_unit, one.to_unit) if code]
    return any(typed == code.casefold() or typed in called(code, one.first_day).casefold() for code in codes)
