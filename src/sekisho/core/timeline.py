"""The fold: roster and orders become one person's posts over time. 発令の積み上げ.

Here: how the orders in force are laid on the roster, one after the other. The types of order are
in `order_types`, chains of 取消 and 訂正 in `order_effects`. Pure: equal facts give an equal timeline,
in whatever order they arrive. What an order says and the timeline cannot do is a `Problem`, never lost.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sekisho.core.boundary import Boundary
from sekisho.core.careers import Career
from sekisho.core.kinds import OrderType, PersonId, PostKind
from sekisho.core.order_effects import in_force, resolve
from sekisho.core.order_types import apply, touched
from sekisho.core.orders import Order
from sekisho.core.people import Post, Problem, RosterPost, Timeline
from sekisho.core.periods import Period, day_after

__all__ = ["fold", "in_force"]


def fold(person_id: PersonId, roster: Sequence[RosterPost], orders: Sequence[Order], boundary: Boundary) -> Timeline:
    """Return the person's timeline from the roster's rows and the person's orders.

    All `orders` given count, drafts too: the caller says which ones to try. Cancellations, corrections
    and replacements among them are resolved here (`resolve`); an already resolved list stays as it is.
    The roster never overrides an order: from the first order on that touches its kind of post, a row counts
    only where orders leave room for it, such as a post at the affiliate after the network's 退職.
    """
    if not orders and len(roster) == 1 and not roster[0].on_leave:
        alone = _alone(roster[0].post)
        if alone is not None:
            return Timeline(person_id, (alone,))
    resolution = resolve(orders)
    career = Career(person_id, boundary)
    career.problems.extend(resolution.problems)
    opening, later = _split(roster, resolution.orders)
    for row in opening:
        career.take(row)
    overruled = _apply_all(career, resolution.orders, later)
    timeline = career.timeline()
    unexplained = [_not_counted(post) for post in overruled if not _explained(post, timeline)]
    if unexplained:
        return replace(timeline, problems=(*timeline.problems, *unexplained))
    return timeline


def _apply_all(career: Career, orders: Sequence[Order], later: Sequence[RosterPost]) -> list[Post]:
    """Apply the orders, and offer each later row of the roster on its day; return the posts not taken."""
    career.expect(row.post for row in later)
    overruled: list[Post] = []
    waiting = deque(later)
    for order in orders:
        while waiting and waiting[0].post.period.start < order.first_day:
            overruled.extend(career.offer(waiting.popleft()))
        apply(career, order)
    for row in waiting:
        overruled.extend(career.offer(row))
    return overruled


def _alone(post: Post) -> Post | None:
    """Return the post of someone without orders, the most frequent case; None where the contract was over by then."""
    if post.contract_end is None:
        return post
    until = day_after(post.contract_end)
    if post.period.end is not None and post.period.end <= until:
        return post
    if until <= post.period.start:
        return None
    return replace(post, period=Period(post.period.start, until))


def _split(roster: Sequence[RosterPost], orders: Sequence[Order]) -> tuple[list[RosterPost], list[RosterPost]]:
    """Return the rows from before any order touched their kind, and the later ones, both sorted by start."""
    first = first_touch(orders)
    on_leave_by_order = _first_leave(orders)
    opening: list[RosterPost] = []
    later: list[RosterPost] = []
    for row in sorted(roster, key=lambda row: _place(row.post)) if len(roster) > 1 else roster:
        limit = first.get(row.post.kind)
        if limit is not None and row.post.period.start >= limit:
            later.append(row)
        elif row.on_leave and on_leave_by_order is not None and row.post.period.holds(on_leave_by_order):
            opening.append(RosterPost(row.post, on_leave=False))
        else:
            opening.append(row)
    return opening, later


def _first_leave(orders: Sequence[Order]) -> date | None:
    """Return the day of the first leave, where no reinstatement precedes it: before it nobody was on leave.

    A roster says only that the holder is on leave when it was written, not since when.
    """
    for order in orders:
        if order.key.order_type is OrderType.REINSTATE:
            return None
        if order.key.order_type is OrderType.LEAVE:
            return order.first_day
    return None


def _place(post: Post) -> tuple[date, date, str, str, str, str, str]:
    return (post.period.start, post.period.until, post.company, post.unit, post.post_no, post.title, post.origin)


def first_touch(orders: Sequence[Order]) -> dict[PostKind, date]:
    """Return, per kind of post, the first day of the first order that changes posts of that kind."""
    first: dict[PostKind, date] = {}
    for order in orders:
        for kind in touched(order):
            first.setdefault(kind, order.first_day)
    return first


def _explained(post: Post, timeline: Timeline) -> bool:
    """Tell whether the orders too put the person there at some time from the row's start on."""
    return any(
        held.unit == post.unit and held.company == post.company and held.period.until > post.period.start
        for held in timeline.posts
    )


def _not_counted(post: Post) -> Problem:
    facts = (("date", post.period.start.isoformat()), ("order_no", post.origin), ("unit", post.unit))
    return Problem(post.origin, "timeline.roster_overruled", facts)
