"""What each type of order makes of posts (domain §3.1)."""

from dataclasses import replace

import make
from sekisho.core.kinds import EmploymentKind, OrderType, PersonId, PostClass, PostKind
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


def test_a_roster_alone_is_the_timeline():
    timeline = fold_of([make.roster("A")])
    assert spells(timeline) == [("A", "2010-04-01", None)]
    assert timeline.problems == ()


def test_a_transfer_ends_the_post_and_begins_the_next_on_its_day():
    timeline = fold_of([make.roster("A")], [make.order(T.TRANSFER, "2024-04-01", "X", from_unit="A")])
    assert spells(timeline) == [("A", "2010-04-01", "2024-04-01"), ("X", "2024-04-01", None)]
    old, new = timeline.posts
    assert old.ended_by == new.origin
    assert (new.company, new.employer) == ("AF", "NW")
    assert timeline.problems == ()


def test_the_title_stays_on_a_transfer_that_names_none_and_changes_on_promotion():
    orders = [make.order(T.TRANSFER, "2023-04-01", "B"), make.order(T.PROMOTION, "2024-04-01", title="課長")]
    timeline = fold_of([make.roster("A", title="係長")], orders)
    assert [(post.unit, post.title) for post in timeline.posts] == [("A", "係長"), ("B", "係長"), ("B", "課長")]


def test_an_important_role_stays_with_its_unit_and_an_officer_with_the_person():
    row = make.roster("A", post_classes=[PostClass.IMPORTANT_ROLE, PostClass.OFFICER])
    orders = [make.order(T.PROMOTION, "2023-04-01", title="部長"), make.order(T.TRANSFER, "2024-04-01", "X")]
    before, promoted, moved = fold_of([row], orders).posts
    assert promoted.classes == before.classes
    assert moved.classes == {PostClass.OFFICER}


def test_hire_opens_a_post_employed_by_the_company_that_orders_it():
    (post,) = fold_of([], [make.order(T.HIRE, "2024-04-01", "A", title="主任")]).posts
    assert (post.company, post.employer, post.title, post.kind) == ("NW", "NW", "主任", PostKind.MAIN)


def test_retirement_names_the_last_day_and_rehire_at_the_affiliate_keeps_the_person():
    orders = [
        make.order(T.LEAVE_COMPANY, "2023-03-31"),
        make.order(T.REHIRE, "2023-10-01", "X", company="AF"),
    ]
    timeline = fold_of([make.roster("A")], orders)
    assert spells(timeline) == [("A", "2010-04-01", "2023-04-01"), ("X", "2023-10-01", None)]
    assert timeline.held_on(make.day("2023-03-31")) != ()
    assert timeline.held_on(make.day("2023-04-01")) == ()


def test_retired_on_31_march_and_rehired_on_1_april_leaves_no_gap_whatever_the_order_in_the_file():
    rehired = make.order(T.REHIRE, "2024-04-01", "X", place=1, company="AF")
    retired = make.order(T.LEAVE_COMPANY, "2024-03-31", place=2)
    timeline = fold_of([make.roster("A")], [rehired, retired])
    assert spells(timeline) == [("A", "2010-04-01", "2024-04-01"), ("X", "2024-04-01", None)]
    assert timeline.problems == ()


def test_a_leaving_dated_by_its_first_day_still_precedes_the_rehire_of_that_day():
    day = make.day("2024-04-01")
    rehired = make.order(T.REHIRE, "2024-04-01", "X", place=1, company="AF")
    retired = replace(make.order(T.LEAVE_COMPANY, "2024-04-01", place=2), first_day=day)
    assert spells(fold_of([make.roster("A")], [rehired, retired]))[-1] == ("X", "2024-04-01", None)


def test_concurrent_posts_run_beside_the_main_one_and_end_by_their_number():
    orders = [
        make.order(T.CONCURRENT, "2023-04-01", "B", post_no="1"),
        make.order(T.CONCURRENT, "2023-07-01", "X", post_no="2"),
        make.order(T.END_CONCURRENT, "2024-03-31", post_no="1"),
    ]
    timeline = fold_of([make.roster("A")], orders)
    assert spells(timeline) == [("A", "2010-04-01", None)]
    assert spells(timeline, PostKind.CONCURRENT) == [("B", "2023-04-01", "2024-04-01"), ("X", "2023-07-01", None)]


def test_a_concurrent_post_without_a_number_ends_by_its_unit():
    orders = [
        make.order(T.CONCURRENT, "2023-04-01", "B", place=1),
        make.order(T.CONCURRENT, "2023-04-01", "C", place=2),
        make.order(T.END_CONCURRENT, "2024-03-31", from_unit="C"),
    ]
    timeline = fold_of([make.roster("A")], orders)
    assert spells(timeline, PostKind.CONCURRENT) == [("B", "2023-04-01", None), ("C", "2023-04-01", "2024-04-01")]


def test_an_order_that_ends_no_particular_concurrent_post_is_said_and_ends_none():
    orders = [
        make.order(T.CONCURRENT, "2023-04-01", "B", place=1),
        make.order(T.CONCURRENT, "2023-04-01", "C", place=2),
        make.order(T.END_CONCURRENT, "2024-03-31"),
    ]
    timeline = fold_of([make.roster("A")], orders)
    assert len(timeline.held_on(make.day("2024-04-01"))) == 3
    assert codes(timeline) == ["timeline.no_concurrent_post"]


def test_ending_the_main_post_while_the_concurrent_one_goes_on_is_not_leaving():
    concurrent = make.roster("B", kind=PostKind.CONCURRENT, post_no="1", origin="roster:2")
    timeline = fold_of([make.roster("A"), concurrent], [make.order(T.TRANSFER, "2024-04-01", "X")])
    assert {post.unit for post in timeline.held_on(make.day("2024-04-01"))} == {"X", "B"}


def test_a_transfer_of_the_concurrent_post_leaves_the_main_one_alone():
    concurrent = make.roster("B", kind=PostKind.CONCURRENT, post_no="1", origin="roster:2")
    moved = make.order(T.TRANSFER, "2024-04-01", "X", post_kind=PostKind.CONCURRENT, post_no="1")
    timeline = fold_of([make.roster("A"), concurrent], [moved])
    assert spells(timeline) == [("A", "2010-04-01", None)]
    assert spells(timeline, PostKind.CONCURRENT) == [("B", "2010-04-01", "2024-04-01"), ("X", "2024-04-01", None)]


def test_a_secondee_works_at_the_host_is_employed_at_home_and_returns_to_the_post_kept():
    orders = [
        make.order(T.SECONDMENT, "2022-04-01", "X", host_company="AF"),
        make.order(T.RETURN, "2024-04-01"),
    ]
    away = fold_of([make.roster("A")], orders[:1])
    (host,) = away.held_on(make.day("2023-01-01"))
    assert (host.unit, host.company, host.employer) == ("X", "AF", "NW")
    assert [spell(post) for post in away.home_posts] == [("A", "2022-04-01", None)]
    back = fold_of([make.roster("A")], orders)
    assert spells(back)[-1] == ("A", "2024-04-01", None)
    assert back.home_posts[0].period.end == make.day("2024-04-01")
    assert back.problems == ()


def test_a_return_may_lead_elsewhere_and_from_a_second_host_the_first_home_is_kept():
    orders = [
        make.order(T.SECONDMENT, "2020-04-01", "X"),
        make.order(T.SECONDMENT, "2022-04-01", "Y"),
        make.order(T.RETURN, "2024-04-01", "B"),
    ]
    timeline = fold_of([make.roster("A")], orders)
    assert [unit for unit, _, _ in spells(timeline)] == ["A", "X", "Y", "B"]
    assert [post.unit for post in timeline.home_posts] == ["A"]
    assert timeline.posts[-1].employer == "NW"


def test_a_secondment_to_a_company_without_a_unit_has_an_unknown_unit_and_says_so():
    timeline = fold_of([make.roster("A")], [make.order(T.SECONDMENT, "2024-04-01", host_company="AF")])
    post = timeline.posts[-1]
    assert (post.unit, post.company, post.employer) == ("", "AF", "NW")
    assert codes(timeline) == ["timeline.no_unit"]


def test_a_secondee_in_the_roster_returns_without_a_problem():
    row = make.roster("X", company="AF", employer="NW")
    timeline = fold_of([row], [make.order(T.RETURN, "2024-04-01", "A")])
    assert (timeline.posts[-1].unit, timeline.posts[-1].company, timeline.posts[-1].employer) == ("A", "NW", "NW")
    assert timeline.problems == ()


def test_an_employer_change_keeps_the_person_and_changes_the_employer():
    moved = make.order(T.EMPLOYER_CHANGE, "2024-04-01", "X", new_employee_no="9001")
    timeline = fold_of([make.roster("A")], [moved])
    post = timeline.posts[-1]
    assert (post.person_id, post.unit, post.company, post.employer) == (make.P, "X", "AF", "AF")


def test_a_secondee_taken_over_by_the_host_stays_in_the_unit_and_has_no_home():
    orders = [
        make.order(T.SECONDMENT, "2022-04-01", "X"),
        make.order(T.EMPLOYER_CHANGE, "2024-04-01", host_company="AF"),
    ]
    timeline = fold_of([make.roster("A")], orders)
    assert (timeline.posts[-1].unit, timeline.posts[-1].employer) == ("X", "AF")
    assert timeline.home_posts[0].period.end == make.day("2024-04-01")


def test_the_old_companys_retirement_order_after_an_employer_change_ends_nothing_at_the_new_one():
    orders = [
        make.order(T.EMPLOYER_CHANGE, "2024-04-01", "X", company="AF"),
        make.order(T.LEAVE_COMPANY, "2024-04-01", company="NW"),
    ]
    timeline = fold_of([make.roster("A")], orders)
    assert spells(timeline)[-1] == ("X", "2024-04-01", None)
    assert codes(timeline) == ["timeline.not_at_company"]


def test_posts_go_on_through_leave_and_nobody_works_in_them():
    orders = [make.order(T.LEAVE, "2023-06-01"), make.order(T.REINSTATE, "2024-06-01")]
    timeline = fold_of([make.roster("A")], orders)
    assert spells(timeline) == [("A", "2010-04-01", None)]
    assert timeline.held_on(make.day("2023-12-01")) != ()
    assert timeline.active_on(make.day("2023-12-01")) == ()
    assert timeline.active_on(make.day("2024-06-01")) != ()


def test_reinstatement_at_another_unit_moves_the_main_post():
    orders = [make.order(T.LEAVE, "2023-06-01"), make.order(T.REINSTATE, "2024-06-01", "X")]
    timeline = fold_of([make.roster("A")], orders)
    assert spells(timeline) == [("A", "2010-04-01", "2024-06-01"), ("X", "2024-06-01", None)]
    assert timeline.absences[0].period.end == make.day("2024-06-01")


def test_a_roster_on_leave_is_an_absence_until_reinstated():
    timeline = fold_of([make.roster("A", on_leave=True)], [make.order(T.REINSTATE, "2024-06-01")])
    assert timeline.on_leave(make.day("2024-05-31"))
    assert not timeline.on_leave(make.day("2024-06-01"))
    assert timeline.problems == ()


def test_a_roster_written_during_a_leave_does_not_move_its_beginning():
    timeline = fold_of([make.roster("A", on_leave=True)], [make.order(T.LEAVE, "2024-06-01")])
    assert not timeline.on_leave(make.day("2024-05-31"))
    assert timeline.on_leave(make.day("2024-06-01"))


def test_leaving_the_company_ends_every_post_the_home_and_the_leave():
    concurrent = make.roster("B", kind=PostKind.CONCURRENT, origin="roster:2")
    orders = [
        make.order(T.SECONDMENT, "2022-04-01", "X"),
        make.order(T.LEAVE, "2023-04-01"),
        make.order(T.LEAVE_COMPANY, "2024-03-31"),
    ]
    timeline = fold_of([make.roster("A"), concurrent], orders)
    day = make.day("2024-04-01")
    assert timeline.held_on(day) == ()
    assert not timeline.on_leave(day)
    assert not any(post.period.holds(day) for post in timeline.home_posts)


def test_a_chain_on_one_day_comes_to_the_net_move_and_keeps_the_post_passed_through():
    orders = [
        make.order(T.TRANSFER, "2024-04-01", "B", place=1),
        make.order(T.TRANSFER, "2024-04-01", "X", place=2),
    ]
    timeline = fold_of([make.roster("A")], orders)
    assert spells(timeline) == [("A", "2010-04-01", "2024-04-01"), ("X", "2024-04-01", None)]
    assert [spell(post) for post in timeline.passed] == [("B", "2024-04-01", "2024-04-01")]


def test_orders_of_one_day_apply_by_sequence_before_the_place_in_the_file():
    orders = [
        make.order(T.TRANSFER, "2024-04-01", "X", sequence=2, place=1),
        make.order(T.TRANSFER, "2024-04-01", "B", sequence=1, place=2),
    ]
    assert spells(fold_of([make.roster("A")], orders))[-1] == ("X", "2024-04-01", None)


def test_a_retroactive_order_takes_its_place_before_a_later_one():
    later = make.order(T.TRANSFER, "2024-04-01", "X", received="2024-03-01")
    back = make.order(T.TRANSFER, "2024-02-01", "B", received="2024-05-01")
    timeline = fold_of([make.roster("A")], [later, back])
    assert [unit for unit, _, _ in spells(timeline)] == ["A", "B", "X"]
    assert timeline.problems == ()


def test_a_contractors_posts_end_the_day_after_the_contract():
    row = make.roster(
        "A",
        employment=EmploymentKind.CONTRACTOR,
        employer="VENDOR",
        contract_end="2024-03-31",
        sponsor=PersonId("P9"),
    )
    timeline = fold_of([row])
    assert spells(timeline) == [("A", "2010-04-01", "2024-04-01")]
    assert timeline.posts[0].ended_by is None
    assert timeline.posts[0].sponsor == "P9"


def test_a_contractor_moved_inside_keeps_sponsor_and_contract_end():
    row = make.roster("A", employment=EmploymentKind.CONTRACTOR, contract_end="2024-12-31", sponsor=PersonId("P9"))
    timeline = fold_of([row], [make.order(T.TRANSFER, "2024-04-01", "B")])
    assert spells(timeline)[-1] == ("B", "2024-04-01", "2025-01-01")
    assert timeline.posts[-1].sponsor == "P9"


def test_a_move_after_the_contracts_end_is_a_problem():
    row = make.roster("A", employment=EmploymentKind.CONTRACTOR, contract_end="2024-03-31")
    timeline = fold_of([row], [make.order(T.TRANSFER, "2024-04-01", "B")])
    assert timeline.held_on(make.day("2024-04-01")) == ()
    assert codes(timeline) == ["timeline.contract_over"]


def test_a_roster_row_that_begins_after_its_contract_is_a_problem_without_any_order_too():
    row = make.roster("A", "2024-09-01", contract_end="2024-06-30")
    cancelled = make.order(T.TRANSFER, "2024-05-01", "B", no="N-1")
    cancel = make.order(T.CANCEL, "2024-05-01", no="N-2", supersedes="N-1")
    for orders in ([], [cancelled, cancel]):
        timeline = fold_of([row], orders)
        assert (timeline.posts, codes(timeline)) == ((), ["timeline.roster_contract_over"])


def test_a_contractor_hired_regularly_is_no_problem():
    row = make.roster("A", employment=EmploymentKind.CONTRACTOR, contract_end="2025-03-31")
    timeline = fold_of([row], [make.order(T.HIRE, "2024-04-01", "A")])
    assert timeline.problems == ()
    assert timeline.posts[-1].employment is EmploymentKind.REGULAR
    assert timeline.posts[-1].contract_end is None


def test_an_order_for_someone_without_a_post_is_said_and_its_own_words_stand_for_the_day_before():
    timeline = fold_of([], [make.order(T.TRANSFER, "2024-04-01", "X", from_unit="A")])
    assert codes(timeline) == ["timeline.no_post"]
    assert spells(timeline) == [("A", "2024-03-31", "2024-04-01"), ("X", "2024-04-01", None)]


def test_an_order_from_another_unit_than_the_one_held_is_said_and_done():
    timeline = fold_of([make.roster("A")], [make.order(T.TRANSFER, "2024-04-01", "X", from_unit="C")])
    assert codes(timeline) == ["timeline.other_origin"]
    assert spells(timeline)[-1] == ("X", "2024-04-01", None)


def test_a_unit_nobody_knows_is_said():
    timeline = fold_of([make.roster("A")], [make.order(T.TRANSFER, "2024-04-01", "NOWHERE")])
    assert codes(timeline) == ["timeline.unknown_unit"]


def test_orders_that_find_nothing_to_do_are_said():
    orders = [
        make.order(T.REINSTATE, "2024-01-01"),
        make.order(T.RETURN, "2024-02-01", "A"),
        make.order(T.TRANSFER, "2024-03-01"),
        make.order(T.END_CONCURRENT, "2024-03-31"),
    ]
    assert codes(fold_of([make.roster("A")], orders)) == [
        "timeline.not_on_leave",
        "timeline.not_seconded",
        "timeline.nothing_changes",
        "timeline.no_concurrent_post",
    ]
