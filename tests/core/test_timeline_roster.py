"""The roster beside the orders: what it adds, and what it may not override."""

from decimal import Decimal

import make
from sekisho.core.kinds import EmploymentKind, OrderType, PostClass, PostKind
from sekisho.core.people import Post, Timeline
from sekisho.core.timeline import fold

T = OrderType


def fold_of(roster=(), orders=()) -> Timeline:
    return fold(make.P, list(roster), list(orders), make.boundary())


def spell(post: Post) -> tuple[str, str, str | None]:
    end = post.period.end
    return (post.unit, post.period.start.isoformat(), end.isoformat() if end else None)


def spells(timeline: Timeline, kind: PostKind = PostKind.MAIN) -> list[tuple[str, str, str | None]]:
    return [spell(post) for post in timeline.posts if post.kind is kind]


def codes(timeline: Timeline) -> list[str]:
    return [problem.code for problem in timeline.problems]


def test_a_reloaded_roster_that_agrees_with_the_orders_changes_nothing():
    moved = make.order(T.TRANSFER, "2024-04-01", "B", from_unit="A")
    before = fold_of([make.roster("A")], [moved])
    after = fold_of([make.roster("A", end="2024-04-01"), make.roster("B", "2024-04-01", origin="roster:2")], [moved])
    assert spells(after) == spells(before)
    assert after.posts[0].ended_by == moved.id
    assert after.problems == ()


def test_a_reloaded_roster_never_overrides_an_order_and_the_difference_is_said():
    moved = make.order(T.TRANSFER, "2024-04-01", "B")
    rows = [make.roster("A"), make.roster("X", "2024-05-01", company="AF", origin="roster:2")]
    timeline = fold_of(rows, [moved])
    assert spells(timeline)[-1] == ("B", "2024-04-01", None)
    assert codes(timeline) == ["timeline.roster_overruled"]


def test_the_affiliates_roster_counts_after_the_networks_retirement_order_and_its_orders_go_on_from_there():
    rows = [make.roster("A"), make.roster("X", "2023-10-01", company="AF", origin="roster:2")]
    orders = [make.order(T.LEAVE_COMPANY, "2023-03-31"), make.order(T.TRANSFER, "2024-04-01", "Y", company="AF")]
    timeline = fold_of(rows, orders)
    assert spells(timeline) == [
        ("A", "2010-04-01", "2023-04-01"),
        ("X", "2023-10-01", "2024-04-01"),
        ("Y", "2024-04-01", None),
    ]
    assert timeline.problems == ()


def test_a_concurrent_post_that_only_the_roster_knows_is_not_hidden_by_orders_for_others():
    row = make.roster("X", "2023-04-01", company="AF", kind=PostKind.CONCURRENT, origin="roster:2")
    orders = [
        make.order(T.CONCURRENT, "2018-04-01", "B", post_no="1"),
        make.order(T.END_CONCURRENT, "2019-03-31", post_no="1"),
    ]
    timeline = fold_of([make.roster("A"), row], orders)
    assert {post.unit for post in timeline.held_on(make.day("2024-04-01"))} == {"A", "X"}


def test_a_reloaded_roster_tells_what_an_order_cannot():
    moved = make.order(T.TRANSFER, "2024-04-01", "B")
    row = make.roster("B", "2024-04-01", origin="roster:2", post_classes=[PostClass.IMPORTANT_ROLE])
    timeline = fold_of([make.roster("A"), row], [moved])
    assert timeline.posts[-1].classes == {PostClass.IMPORTANT_ROLE}
    assert timeline.posts[-1].origin == moved.id


def test_two_main_posts_in_one_companys_roster_follow_each_other():
    rows = [make.roster("A"), make.roster("B", "2020-04-01", origin="roster:2")]
    timeline = fold_of(rows)
    assert spells(timeline) == [("A", "2010-04-01", "2020-04-01"), ("B", "2020-04-01", None)]
    assert codes(timeline) == ["timeline.roster_two_mains"]


def test_two_companies_that_both_claim_a_person_are_both_believed():
    rows = [make.roster("A"), make.roster("X", "2020-04-01", company="AF", origin="roster:2")]
    timeline = fold_of(rows)
    assert {post.unit for post in timeline.held_on(make.day("2024-04-01"))} == {"A", "X"}
    assert spells(timeline) == [("A", "2010-04-01", None)]


def test_a_share_and_the_executives_own_row_come_from_the_roster():
    row = make.roster("A", employment=EmploymentKind.OFFICER, post_classes=[PostClass.OFFICER])
    (post,) = fold_of([row]).posts
    assert (post.employment, post.classes, post.share) == (EmploymentKind.OFFICER, {PostClass.OFFICER}, None)
    assert post.share != Decimal(1)


def test_after_a_reinstatement_with_a_new_title_a_later_row_makes_no_second_main_post():
    rows = [make.roster("A", "2022-01-01", origin="roster:0"), make.roster("A", "2023-03-27", origin="roster:1")]
    back = make.order(T.REINSTATE, "2023-01-01", title="課長")
    timeline = fold_of(rows, [back])
    assert [(post.period.start.isoformat(), post.title) for post in timeline.posts] == [
        ("2022-01-01", ""),
        ("2023-01-01", "課長"),
    ]
