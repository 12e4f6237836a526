"""取消, 訂正 and replacements: what leaves the set in force, and what comes back."""

import make
from sekisho.core.kinds import OrderStatus, OrderType
from sekisho.core.order_effects import resolve
from sekisho.core.timeline import fold, in_force

T = OrderType
MOVE = make.order(T.TRANSFER, "2024-04-01", "X", no="N-1")


def numbers(*orders):
    return [order.key.order_no for order in in_force(orders)]


def codes(*orders):
    return [problem.code for problem in resolve(orders).problems]


def test_a_cancelled_order_is_out_of_force_past_or_future():
    assert numbers(MOVE, make.order(T.CANCEL, "2024-03-25", no="N-2", supersedes="N-1")) == []
    assert numbers(MOVE, make.order(T.CANCEL, "2024-06-01", no="N-2", supersedes="N-1")) == []


def test_a_cancel_may_come_first_in_the_file():
    cancel = make.order(T.CANCEL, "2024-03-25", no="N-2", supersedes="N-1")
    assert numbers(cancel, MOVE) == []


def test_a_cancel_touches_that_employee_only():
    other = make.order(T.TRANSFER, "2024-04-01", "X", no="N-1", person="P2")
    cancel = make.order(T.CANCEL, "2024-03-25", no="N-2", supersedes="N-1")
    assert [order.person_id for order in in_force([MOVE, other, cancel])] == ["P2"]


def test_a_cancel_takes_all_rows_of_the_number_or_the_post_it_names():
    concurrent = make.order(T.CONCURRENT, "2024-04-01", "B", no="N-1", post_no="1")
    whole = make.order(T.CANCEL, "2024-03-25", no="N-2", supersedes="N-1")
    part = make.order(T.CANCEL, "2024-03-25", no="N-2", supersedes="N-1", post_no="1")
    assert in_force([MOVE, concurrent, whole]) == ()
    assert in_force([MOVE, concurrent, part]) == (MOVE,)


def test_a_cancelled_cancellation_brings_the_order_back():
    first = make.order(T.CANCEL, "2024-03-25", no="N-2", supersedes="N-1")
    second = make.order(T.CANCEL, "2024-03-26", no="N-3", supersedes="N-2")
    assert in_force([second, first, MOVE]) == (MOVE,)


def test_a_correction_lays_its_cells_over_the_order_and_keeps_the_type():
    move = make.order(T.LEAVE_COMPANY, "2024-03-31", no="N-1", title="主任")
    correct = make.order(T.CORRECT, "2024-04-30", no="N-2", supersedes="N-1", note="日付の誤り")
    (whole,) = in_force([correct, move])
    assert (whole.order_type, whole.effective_date, whole.first_day) == (
        T.LEAVE_COMPANY,
        make.day("2024-04-30"),
        make.day("2024-05-01"),
    )
    assert (whole.title, whole.note, whole.id) == ("主任", "日付の誤り", correct.id)


def test_corrections_apply_in_the_order_in_which_they_were_received():
    first = make.order(T.CORRECT, "2024-04-01", "Y", no="N-2", supersedes="N-1", received="2024-03-02")
    second = make.order(T.CORRECT, "2024-04-01", "B", no="N-3", supersedes="N-1", received="2024-03-03")
    assert [order.to_unit for order in in_force([second, first, MOVE])] == ["B"]


def test_a_cancelled_correction_leaves_the_order_as_it_was():
    correct = make.order(T.CORRECT, "2024-04-01", "Y", no="N-2", supersedes="N-1")
    cancel = make.order(T.CANCEL, "2024-03-25", no="N-3", supersedes="N-2")
    assert in_force([MOVE, correct, cancel]) == (MOVE,)


def test_a_corrected_order_can_be_cancelled_by_its_own_number():
    correct = make.order(T.CORRECT, "2024-04-01", "Y", no="N-2", supersedes="N-1")
    cancel = make.order(T.CANCEL, "2024-03-25", no="N-3", supersedes="N-1")
    assert in_force([MOVE, correct, cancel]) == ()


def test_a_correction_of_a_correction_is_laid_over_both():
    first = make.order(T.CORRECT, "2024-04-01", "Y", no="N-2", supersedes="N-1", received="2024-03-02")
    second = make.order(T.CORRECT, "2024-05-01", no="N-3", supersedes="N-2", received="2024-03-03")
    (whole,) = in_force([MOVE, first, second])
    assert (whole.to_unit, whole.first_day) == ("Y", make.day("2024-05-01"))


def test_a_correction_may_carry_the_number_it_corrects():
    correct = make.order(T.CORRECT, "2024-04-01", "Y", no="N-1", supersedes="N-1")
    (whole,) = in_force([MOVE, correct])
    assert (whole.to_unit, whole.order_type) == ("Y", T.TRANSFER)


def test_another_order_with_a_target_replaces_it_and_its_corrections():
    correct = make.order(T.CORRECT, "2024-04-01", "Y", no="N-2", supersedes="N-1")
    replacement = make.order(T.SECONDMENT, "2024-04-01", "B", no="N-3", supersedes="N-2")
    assert [order.to_unit for order in in_force([MOVE, correct, replacement])] == ["B"]


def test_a_cancelled_replacement_brings_the_first_order_back():
    replacement = make.order(T.TRANSFER, "2024-04-01", "B", no="N-2", supersedes="N-1")
    cancel = make.order(T.CANCEL, "2024-03-25", no="N-3", supersedes="N-2")
    assert in_force([MOVE, replacement, cancel]) == (MOVE,)


def test_a_target_that_does_not_exist_is_said_and_never_swallowed():
    cancel = make.order(T.CANCEL, "2024-03-25", no="N-2", supersedes="N-9")
    assert codes(MOVE, cancel) == ["timeline.target_missing"]
    assert codes(make.order(T.CORRECT, "2024-03-25", no="N-2")) == ["timeline.target_unnamed"]
    assert [p.code for p in fold(make.P, [make.roster("A")], [cancel], make.boundary()).problems] == [
        "timeline.target_missing"
    ]


def test_a_correction_of_one_of_several_rows_must_name_the_post():
    one = make.order(T.CONCURRENT, "2024-04-01", "B", no="N-1", post_no="1")
    two = make.order(T.CONCURRENT, "2024-04-01", "C", no="N-1", post_no="2")
    vague = make.order(T.CORRECT, "2024-05-01", no="N-2", supersedes="N-1")
    exact = make.order(T.CORRECT, "2024-05-01", no="N-2", supersedes="N-1", post_no="2")
    assert codes(one, two, vague) == ["timeline.target_ambiguous"]
    assert [(o.to_unit, o.first_day.month) for o in in_force([one, two, exact])] == [("B", 4), ("C", 5)]


def test_a_correction_of_a_cancelled_correction_lapses_and_says_so():
    first = make.order(T.CORRECT, "2024-04-01", "Y", no="N-2", supersedes="N-1", received="2024-03-02")
    second = make.order(T.CORRECT, "2024-05-01", no="N-3", supersedes="N-2", received="2024-03-03")
    cancel = make.order(T.CANCEL, "2024-03-25", no="N-4", supersedes="N-2")
    assert in_force([MOVE, first, second, cancel]) == (MOVE,)
    assert codes(MOVE, first, second, cancel) == ["timeline.target_lapsed"]


def test_edits_that_lead_back_to_themselves_count_for_nothing():
    one = make.order(T.TRANSFER, "2024-04-01", "B", no="N-1", supersedes="N-2")
    two = make.order(T.TRANSFER, "2024-05-01", "X", no="N-2", supersedes="N-1")
    assert numbers(one, two) == ["N-1", "N-2"]
    assert codes(one, two) == ["timeline.chain_circular", "timeline.chain_circular"]


def test_drafts_are_never_in_force():
    assert in_force([make.order(T.TRANSFER, "2024-04-01", "X", status=OrderStatus.DRAFT)]) == ()


def test_a_fold_of_what_is_in_force_equals_the_fold_of_everything():
    correct = make.order(T.CORRECT, "2024-04-01", "Y", no="N-2", supersedes="N-1")
    roster = [make.roster("A")]
    everything = fold(make.P, roster, [MOVE, correct], make.boundary())
    assert fold(make.P, roster, in_force([MOVE, correct]), make.boundary()) == everything
    assert everything.posts[-1].unit == "Y"


def test_what_never_found_its_target_finds_none_among_the_rows_left_either():
    """N-1 and the 取消 N-2 name each other, so neither edits; with the 取消 gone, N-1 must not find the other N-2."""
    aims = make.order(T.TRANSFER, "2024-04-01", "B", no="N-1", supersedes="N-2")
    cancel = make.order(T.CANCEL, "2024-04-01", no="N-2", supersedes="N-1")
    other = make.order(T.HIRE, "2024-05-01", "X", no="N-2")
    left = in_force([aims, cancel, other])
    assert [(order.key.order_no, order.supersedes) for order in left] == [("N-1", None), ("N-2", None)]
    assert in_force(left) == left
