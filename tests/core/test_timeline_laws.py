"""Laws of the fold, over any roster and any orders."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

import make
from sekisho.core.kinds import OrderType, PostKind
from sekisho.core.orders import Order
from sekisho.core.people import RosterPost, Timeline
from sekisho.core.periods import day_after
from sekisho.core.timeline import fold, in_force

UNITS = st.sampled_from(["A", "B", "C", "X", "Y"])
PLAIN = [kind for kind in OrderType if kind not in {OrderType.CANCEL, OrderType.CORRECT}]
FIRST = make.day("2023-01-01")
GROUP = make.boundary()


@st.composite
def an_order(draw: st.DrawFn, place: int, types: list[OrderType], targets: bool) -> Order:
    day = FIRST + timedelta(days=draw(st.integers(0, 12)) * 30)
    supersedes = st.none() | st.integers(0, 6).map(lambda n: f"N-{n}") if targets else st.none()
    return make.order(
        draw(st.sampled_from(types)),
        day.isoformat(),
        draw(st.none() | UNITS),
        no=f"N-{place}",
        place=place,
        company=draw(st.sampled_from(["NW", "NW", "AF"])) if not targets else "NW",
        post_no=draw(st.sampled_from(["", "1", "2"])),
        from_unit=draw(st.none() | UNITS),
        title=draw(st.sampled_from([None, "課長"])),
        post_kind=draw(st.sampled_from(PostKind)),
        host_company=draw(st.sampled_from([None, None, "AF"])),
        supersedes=draw(supersedes),
        received=(FIRST + timedelta(days=draw(st.integers(0, 5)))).isoformat(),
    )


@st.composite
def some_orders(draw: st.DrawFn, *, targets: bool = False) -> list[Order]:
    types = list(OrderType) if targets else PLAIN
    return [draw(an_order(place, types, targets)) for place in range(draw(st.integers(0, 7)))]


@st.composite
def some_roster(draw: st.DrawFn) -> list[RosterPost]:
    rows = []
    for place in range(draw(st.integers(0, 3))):
        start = make.day("2022-01-01") + timedelta(days=draw(st.integers(0, 8)) * 90)
        length = draw(st.none() | st.integers(1, 8).map(lambda n: n * 90))
        unit = draw(UNITS)
        row = make.roster(
            unit,
            start.isoformat(),
            end=None if length is None else (start + timedelta(days=length)).isoformat(),
            company="AF" if unit in "XY" else "NW",
            kind=draw(st.sampled_from([PostKind.MAIN, PostKind.MAIN, PostKind.CONCURRENT])),
            on_leave=draw(st.sampled_from([False, False, True])),
            contract_end=draw(st.sampled_from([None, None, "2023-06-30"])),
            origin=f"roster:{place}",
        )
        rows.append(row)
    return rows


def folded(roster: list[RosterPost], orders: list[Order]) -> Timeline:
    return fold(make.P, roster, orders, GROUP)


def without_problems(timeline: Timeline) -> Timeline:
    return replace(timeline, problems=())


@given(roster=some_roster(), orders=some_orders(targets=True), data=st.data())
def test_the_fold_does_not_depend_on_the_order_in_which_facts_arrive(roster, orders, data):
    shuffled = folded(data.draw(st.permutations(roster)), data.draw(st.permutations(orders)))
    straight = folded(roster, orders)
    assert without_problems(shuffled) == without_problems(straight)
    assert set(shuffled.problems) == set(straight.problems)


@given(roster=some_roster(), orders=some_orders(targets=True))
def test_main_posts_never_overlap_and_no_post_held_is_empty(roster, orders):
    timeline = folded(roster, orders)
    assert all(post.period.start < post.period.until for post in timeline.posts)
    assert all(absence.period.start < absence.period.until for absence in timeline.absences)
    mains = [post.period for post in timeline.posts if post.kind is PostKind.MAIN]
    assert all(earlier.until <= later.start for earlier, later in pairwise(mains))


@given(roster=some_roster(), orders=some_orders(), data=st.data())
def test_a_cancellation_restores_exactly_what_would_be_without_the_order(roster, orders, data):
    gone = data.draw(st.sampled_from([*orders, make.order(OrderType.TRANSFER, "2023-05-01", "X", no="N-9")]))
    rest = [order for order in orders if order.id != gone.id]
    key = replace(gone.key, order_no="N-99", order_type=OrderType.CANCEL, post_no="")
    cancel = replace(gone, id="cancel", key=key, supersedes=gone.key.order_no)
    assert folded(roster, [*rest, gone, cancel]) == folded(roster, rest)


@given(roster=some_roster(), orders=some_orders(targets=True))
def test_folding_what_is_in_force_is_folding_everything(roster, orders):
    assert without_problems(folded(roster, list(in_force(orders)))) == without_problems(folded(roster, orders))
    assert in_force(in_force(orders)) == in_force(orders)


@given(roster=some_roster(), orders=some_orders())
def test_every_order_shows_in_the_timeline_or_among_its_problems(roster, orders):
    timeline = folded(roster, orders)
    said = {problem.order_id for problem in timeline.problems}
    for order in orders:
        rest = folded(roster, [other for other in orders if other.id != order.id])
        assert order.id in said or rest != timeline  # of two equal orders the second is among the problems


@given(roster=some_roster(), orders=some_orders(targets=True), later=some_orders())
def test_what_happens_later_never_changes_who_held_what_before(roster, orders, later):
    """An order is first felt on its first day: the days before it stay as they were.

    One thing may: a roster says only that somebody is on leave, and a later leave order says since when.
    """
    roster = [replace(row, on_leave=False) for row in roster]
    day = make.day("2025-01-01")
    late = [
        replace(order, id=f"late-{place}", key=replace(order.key, order_no="LATE"), first_day=day_after(day))
        for place, order in enumerate(later)
    ]
    before, after = folded(roster, orders), folded(roster, [*orders, *late])
    for past in (FIRST, make.day("2023-08-15"), make.day("2024-12-31")):
        here = {(post.kind, post.unit, post.origin) for post in before.held_on(past)}
        assert here == {(post.kind, post.unit, post.origin) for post in after.held_on(past)}
        assert before.on_leave(past) == after.on_leave(past)


@settings(max_examples=30)
@given(orders=some_orders(targets=True))
def test_nothing_of_the_fold_touches_its_facts(orders):
    copies = [replace(order) for order in orders]
    folded([], orders)
    assert orders == copies
