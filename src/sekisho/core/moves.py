"""What a move is: the posts it comes from and the posts it leads to. 異動元・異動先.

Here: how CONTRACT "How a move is judged" finds source and destination on a timeline. Not here: what
the rules say of them (`screening`), how orders become a timeline (`timeline`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sekisho.core.kinds import OrderType, PostKind
from sekisho.core.orders import Order
from sekisho.core.people import Absence, Post, Timeline
from sekisho.core.periods import FOREVER, day_before

OPENS_NOTHING = frozenset(
    {OrderType.LEAVE, OrderType.LEAVE_COMPANY, OrderType.END_CONCURRENT, OrderType.CANCEL, OrderType.CORRECT}
)
_OF_NAMED_KIND = frozenset({OrderType.TRANSFER, OrderType.PROMOTION, OrderType.DEMOTION})


@dataclass(frozen=True, slots=True)
class History:
    """From when on somebody without a known post is known to have had none.

    `complete_from` is what company.toml says; where it says nothing, the opening roster's earliest
    start, and a person who first appears after that day is new.
    """

    complete_from: date | None = None
    roster_from: date | None = None

    def reaches(self, day: date, window_start: date) -> bool:
        """Tell whether nothing can have been missed between `window_start` and `day`."""
        if self.complete_from is not None:
            return self.complete_from <= window_start
        return self.roster_from is not None and self.roster_from < day


@dataclass(frozen=True, slots=True)
class Sources:
    """The posts a move comes from, oldest first; `complete` is False where there may be one nobody knows of."""

    posts: tuple[Post, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Move:
    """One order as the net move of its day: a chain of orders on one day leads to where it ends.

    `destinations` are the posts that begin for the holder on the day; a post that merely goes on
    (a new title in the same unit) is none. `passed` are the posts entered and left on that day.
    """

    order: Order
    timeline: Timeline
    day: date
    destinations: tuple[Post, ...]
    passed: tuple[Post, ...]
    applied: bool
    """False where the order names a unit and the timeline could not put the person there."""


def move_of(order: Order, timeline: Timeline) -> Move:
    """Return the net move that the order takes part in; `timeline` has the order applied."""
    day = order.first_day
    begun = _begun(order, timeline)
    new = tuple(post for post in begun if not _goes_on(post, timeline))
    passed = tuple(post for post in timeline.passed if post.period.start == day)
    return Move(order, timeline, day, new, passed, applied=_applied(order, timeline, begun, passed))


def _begun(order: Order, timeline: Timeline) -> tuple[Post, ...]:
    """Return the posts of the order's kind that begin on its first day."""
    if order.order_type in OPENS_NOTHING:
        return ()
    kind = _kind(order)
    begun = tuple(post for post in timeline.posts if post.period.start == order.first_day and post.kind is kind)
    if kind is PostKind.MAIN:
        return begun
    own = tuple(post for post in begun if post.origin == order.id)
    return own or tuple(post for post in begun if post.post_no == order.key.post_no)


def _kind(order: Order) -> PostKind:
    if order.order_type is OrderType.CONCURRENT:
        return PostKind.CONCURRENT
    return order.post_kind if order.order_type in _OF_NAMED_KIND else PostKind.MAIN


def _goes_on(post: Post, timeline: Timeline) -> bool:
    """Tell whether the holder sat there the day before already, in the same kind of post and with its classes."""
    return any(
        (earlier.kind, earlier.post_no, earlier.company, earlier.unit)
        == (post.kind, post.post_no, post.company, post.unit)
        and post.classes <= earlier.classes
        for earlier in timeline.held_on(day_before(post.period.start))
    )


def _applied(order: Order, timeline: Timeline, begun: tuple[Post, ...], passed: tuple[Post, ...]) -> bool:
    if begun or order.order_type in OPENS_NOTHING or any(post.origin == order.id for post in passed):
        return True
    held = timeline.held_on(order.first_day)
    if order.to_unit is None:
        return not any(problem.order_id == order.id for problem in timeline.problems)
    return any(post.unit == order.to_unit for post in held)


def sources(move: Move, *, lookback_days: int, stay_days: int, history: History) -> Sources:
    """Return where the move comes from (CONTRACT "How a move is judged").

    The posts of the last day before the move on which there was any, unless that day lies further back
    than `lookback_days`; the posts left fewer than `stay_days` ago; and where the last day fell into a
    leave, the posts of the last day at work, however long ago: leave is no post and no stay.
    """
    day, absences = move.day, move.timeline.absences
    earlier = [post for post in move.timeline.posts if post.period.start < day]
    recent = _last_held(earlier, absences, day, lookback_days)
    found = {id(post): post for post in (*recent, *_passed_through(earlier, absences, day, stay_days))}
    ordered = sorted(found.values(), key=lambda post: (post.period.start, post.period.until, post.unit))
    complete = bool(recent) or history.reaches(day, day - timedelta(days=lookback_days))
    return Sources(tuple(ordered), complete and _stay_known(earlier, day, stay_days, history))


def _last_held(earlier: list[Post], absences: tuple[Absence, ...], day: date, lookback_days: int) -> tuple[Post, ...]:
    """Return the posts of the last day with any, and those of the last day at work where that was before a leave."""
    if not earlier:
        return ()
    ended = min(max(post.period.until for post in earlier), day)
    if (day - ended).days > lookback_days:
        return ()
    last = day_before(ended)
    held = [post for post in earlier if post.period.holds(last)]
    at_work = _last_at_work(absences, last)
    if at_work != last:
        held += [post for post in earlier if post.period.holds(at_work) and post not in held]
    return tuple(held)


def _last_at_work(absences: tuple[Absence, ...], day: date) -> date:
    """Return the day, else the day before the leave that covers it; leaves may follow one another."""
    covering = next((leave for leave in absences if leave.period.holds(day)), None)
    return day if covering is None else _last_at_work(absences, day_before(covering.period.start))


def _passed_through(earlier: list[Post], absences: tuple[Absence, ...], day: date, stay_days: int) -> tuple[Post, ...]:
    """Return the posts left so recently that the stay since then is too short; leave is no stay."""
    if stay_days == 0:
        return ()
    return tuple(
        post
        for post in earlier
        if post.period.end is not None
        and post.period.end <= day
        and _days_at_work(absences, post.period.end, day) < stay_days
    )


def _days_at_work(absences: tuple[Absence, ...], start: date, end: date) -> int:
    away = 0
    covered = start
    for leave in sorted(absences, key=lambda leave: leave.period.start):
        begins, ends = max(leave.period.start, covered), min(leave.period.end or FOREVER, end)
        if begins < ends:
            away += (ends - begins).days
            covered = ends
    return (end - start).days - away


def _stay_known(earlier: list[Post], day: date, stay_days: int, history: History) -> bool:
    """Tell whether the posts within the stay asked for are all known."""
    if stay_days == 0 or history.complete_from is None:
        return True
    window_start = day - timedelta(days=stay_days)
    first = min((post.period.start for post in earlier), default=day)
    return history.complete_from <= window_start or first <= window_start
