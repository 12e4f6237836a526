"""What a change of the rules does to moves: nothing where nothing changes, and just what a check says afterwards."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

import make
from sekisho.core.kinds import OrderType, Outcome, RuleKind, RuleType
from sekisho.core.periods import Period
from sekisho.core.rule_preview import Effect, effect, spoken_of
from sekisho.core.rules import Rule, RuleRef, Written, laid_over, with_change
from sekisho.core.screening import Rulebook, judge
from sekisho.core.timeline import fold
from sekisho.core.verdicts import Verdict

DAY = date(2024, 4, 1)
CLASSES = ("source", "goal", "other")
UNITS = {"A": "source", "B": "goal", "C": "none", "X": "goal", "Y": "source;other", "Z": "?"}
HOME = {"A": "NW", "B": "NW", "C": "NW", "X": "AF", "Y": "AF", "Z": "AF"}
TOWN = make.Boundary(
    [make.company("NW"), make.company("AF", make.CompanyStatus.AFFILIATE)],
    [make.unit(code, HOME[code], written) for code, written in UNITS.items()],
)


def rule(start: date = date(2014, 4, 1), name: str = "direct", **keys: object) -> Rule:
    facts: dict[str, object] = {
        "kind": RuleKind.DIRECT_TRANSFER,
        "type": RuleType.POLICY_STOP,
        "from_classes": frozenset({"source"}),
        "to_classes": frozenset({"goal"}),
        "version": start.isoformat(),
    } | keys
    return Rule(id=name, period=Period(start), **facts)


some = st.frozensets(st.sampled_from(CLASSES), max_size=2)
rules = st.builds(
    rule,
    st.integers(-40, 40).map(lambda days: DAY + timedelta(days=days)),
    st.sampled_from(["direct", "further"]),
    kind=st.sampled_from(RuleKind),
    type=st.sampled_from(RuleType),
    from_classes=some,
    to_classes=some,
    neutral_stay_days=st.sampled_from([None, 0, 90]),
    reverse=st.booleans(),
)
moves = st.tuples(st.sampled_from(list(UNITS)), st.sampled_from(list(UNITS)), st.booleans())


def said(move: tuple[str, str, bool], book: tuple[Rule, ...]) -> Verdict:
    start, goal, beside = move
    kind = OrderType.CONCURRENT if beside else OrderType.TRANSFER
    order = make.order(kind, DAY.isoformat(), goal, post_no="1" if beside else "")
    timeline = fold(make.P, [make.roster(start, company=HOME[start])], [order], TOWN)
    return judge(order, timeline, Rulebook(TOWN, book))


@given(move=moves, book=st.lists(rules, min_size=1, max_size=3, unique_by=lambda one: one.id))
def test_a_change_that_says_the_same_does_nothing(move, book) -> None:
    same = replace(book[0], version="again", period=Period(max(book[0].period.start, DAY)))
    known = tuple(book)
    if book[0].period.start <= same.period.start:
        assert effect(said(move, known), said(move, with_change(known, same))) is None


@given(move=moves, book=st.lists(rules, min_size=1, max_size=3, unique_by=lambda one: one.id), new=rules)
def test_what_a_preview_says_is_what_a_check_says_once_the_change_is_loaded(move, book, new) -> None:
    before, previewed = said(move, tuple(book)), said(move, with_change(book, new))
    loaded = said(move, laid_over([*(Written(one) for one in book), Written(new, entered=True)]))
    assert previewed == loaded
    does = effect(before, loaded)
    newly = before.outcome is Outcome.ALLOWED and loaded.outcome is not Outcome.ALLOWED
    assert (does is Effect.NEWLY) == newly
    no_longer = loaded.outcome is Outcome.ALLOWED and before.outcome is not Outcome.ALLOWED
    assert (does is Effect.NO_LONGER) == no_longer


@given(move=moves, book=st.lists(rules, min_size=1, max_size=3, unique_by=lambda one: one.id), new=rules)
def test_there_and_back_is_the_opposite(move, book, new) -> None:
    before, after = said(move, tuple(book)), said(move, with_change(book, new))
    opposite = {Effect.NEWLY: Effect.NO_LONGER, Effect.NO_LONGER: Effect.NEWLY}
    there = effect(before, after)
    assert effect(after, before) == opposite.get(there, there)


def verdict(outcome: Outcome, *types: RuleType) -> Verdict:
    return Verdict(outcome, tuple(RuleRef("r", "1", one) for one in types), (), "screening.policy_move")


def test_a_stop_that_becomes_one_of_the_law_is_told_apart() -> None:
    policy = verdict(Outcome.VIOLATION, RuleType.POLICY_STOP)
    assert effect(policy, verdict(Outcome.VIOLATION, RuleType.LEGAL_STOP)) is Effect.OTHERWISE
    assert effect(policy, policy) is None


def test_two_verdicts_that_know_nothing_are_alike() -> None:
    one = verdict(Outcome.UNKNOWN, RuleType.POLICY_STOP)
    assert effect(one, verdict(Outcome.UNKNOWN, RuleType.REVIEW)) is None


def test_posts_that_a_rule_leads_away_from_are_spoken_of_and_with_reverse_both_ends() -> None:
    book = Rulebook(TOWN, ())
    here, there = make.post("A"), make.post("X", company="AF", kind=make.PostKind.CONCURRENT)
    assert spoken_of(rule(), [here, there], book, DAY) == (here,)
    assert spoken_of(rule(reverse=True), [here, there], book, DAY) == (here, there)


def test_posts_held_at_once_are_spoken_of_together_and_unclassified_ones_are_not() -> None:
    book, both = Rulebook(TOWN, ()), rule(kind=RuleKind.CONCURRENT_POSTS)
    here, there = make.post("A"), make.post("X", company="AF", kind=make.PostKind.CONCURRENT)
    assert spoken_of(both, [here, there], book, DAY) == (here, there)
    assert spoken_of(both, [here], book, DAY) == ()
    assert spoken_of(both, [here, make.post("Z", company="AF")], book, DAY) == ()
