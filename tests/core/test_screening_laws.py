"""Laws of the check that hold for any rules and any career."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sekisho.core.boundary import Boundary, Company, Listed, Unclassified, Unit
from sekisho.core.kinds import (
    AFFILIATE,
    NETWORK,
    CompanyStatus,
    EmploymentKind,
    OrderStatus,
    OrderType,
    Outcome,
    PersonId,
    PostKind,
    RuleKind,
    RuleType,
)
from sekisho.core.moves import History
from sekisho.core.orders import Order, OrderKey
from sekisho.core.people import Post, RosterPost
from sekisho.core.periods import Period
from sekisho.core.rules import Rule
from sekisho.core.screening import STRENGTH, Rulebook, judge
from sekisho.core.timeline import fold
from sekisho.core.verdicts import Verdict

ALWAYS = Period(date(2010, 1, 1))
DAY = date(2024, 4, 1)
MOVER = PersonId("MOVER")
NETWORK_UNITS = ("N0", "N1", "N2")
OTHER_UNITS = ("A0", "A1", "A2")
CLASSES = ("source_a", "source_b", "goal_a", "goal_b")
COMPANIES = [
    Company("N", "N", CompanyStatus.NETWORK, NETWORK, ALWAYS),
    Company("A", "A", CompanyStatus.AFFILIATE, AFFILIATE, ALWAYS),
]

classes = st.one_of(st.none(), st.frozensets(st.sampled_from(CLASSES), max_size=2))
towns = st.fixed_dictionaries(dict.fromkeys(NETWORK_UNITS + OTHER_UNITS, classes))
rules = st.builds(
    Rule,
    id=st.uuids().map(str),
    version=st.just("1"),
    kind=st.sampled_from(RuleKind),
    type=st.sampled_from(RuleType),
    period=st.just(ALWAYS),
    from_classes=st.frozensets(st.sampled_from(CLASSES), max_size=2),
    to_classes=st.frozensets(st.sampled_from(CLASSES), max_size=2),
    to_status=st.frozensets(st.sampled_from([CompanyStatus.NETWORK, CompanyStatus.AFFILIATE]), max_size=1),
    neutral_stay_days=st.sampled_from([0, 0, 90]),
    lookback_days=st.sampled_from([30, 365]),
    reverse=st.booleans(),
)
units = st.sampled_from(NETWORK_UNITS + OTHER_UNITS)
steps = st.lists(
    st.tuples(
        st.sampled_from([OrderType.TRANSFER, OrderType.TRANSFER, OrderType.CONCURRENT, OrderType.LEAVE]),
        units,
        st.integers(0, 120),
    ),
    min_size=1,
    max_size=4,
)


def boundary(town: dict[str, frozenset[str] | None]) -> Boundary:
    return Boundary(
        COMPANIES,
        [
            Unit(
                code,
                code,
                code[0],
                None,
                Unclassified() if names is None else Listed(names),
                None,
                None,
                None,
                None,
                ALWAYS,
            )
            for code, names in town.items()
        ],
    )


def orders_of(career: Sequence[tuple[OrderType, str, int]]) -> list[Order]:
    orders = []
    day = DAY - timedelta(days=sum(days for _, _, days in career))
    for number, (kind, unit, days) in enumerate(career):
        day += timedelta(days=days)
        key = OrderKey("N", f"A{number}", "1", kind, str(number) if kind is OrderType.CONCURRENT else "")
        to_unit = None if kind is OrderType.LEAVE else unit
        received = datetime(2024, 1, 1, tzinfo=UTC)
        orders.append(
            Order(key.text(), key, MOVER, OrderStatus.FINAL, day, day, received, (0, number), to_unit=to_unit)
        )
    return orders


def roster(unit: str) -> list[RosterPost]:
    post = Post(
        MOVER, unit[0], unit, unit[0], PostKind.MAIN, "", "", frozenset(), EmploymentKind.REGULAR, ALWAYS, "roster:1"
    )
    return [RosterPost(post, on_leave=False)]


def verdict(
    career: Sequence[tuple[OrderType, str, int]], first: str, town: dict[str, frozenset[str] | None], book: list[Rule]
) -> Verdict:
    orders = orders_of(career)
    where = boundary(town)
    timeline = fold(MOVER, roster(first), orders, where)
    return judge(orders[-1], timeline, Rulebook(where, tuple(book), history=History(date(2015, 1, 1))))


def at_least(one: Outcome, other: Outcome) -> bool:
    return STRENGTH.index(one) <= STRENGTH.index(other)


@given(career=steps, first=units, town=towns, book=st.lists(rules, min_size=1, max_size=3), further=rules)
def test_a_further_rule_never_makes_an_outcome_weaker(career, first, town, book, further) -> None:
    before = verdict(career, first, town, book)
    after = verdict(career, first, town, [*book, further])
    assert at_least(after.outcome, before.outcome)


@given(career=steps, first=units, town=towns, book=st.lists(rules, min_size=1, max_size=3), data=st.data())
def test_what_nobody_classified_is_never_allowed_where_a_list_would_forbid_it(career, first, town, book, data) -> None:
    listed = {
        unit: data.draw(st.frozensets(st.sampled_from(CLASSES), max_size=2)) if names is None else names
        for unit, names in town.items()
    }
    if verdict(career, first, town, book).outcome is Outcome.ALLOWED:
        assert verdict(career, first, listed, book).outcome is Outcome.ALLOWED


@given(career=steps, first=units, town=towns, book=st.lists(rules, min_size=1, max_size=3), data=st.data())
def test_a_verdict_does_not_depend_on_the_order_of_the_facts(career, first, town, book, data) -> None:
    orders = orders_of(career)
    turned = dict(data.draw(st.permutations(list(town.items()))))
    where, other = boundary(town), boundary(turned)
    plain = judge(orders[-1], fold(MOVER, roster(first), orders, where), Rulebook(where, tuple(book)))
    shuffled = data.draw(st.permutations(orders))
    mixed = tuple(data.draw(st.permutations(book)))
    again = judge(orders[-1], fold(MOVER, roster(first), shuffled, other), Rulebook(other, mixed))
    assert again.outcome == plain.outcome
    assert again.rules == plain.rules
    assert set(again.path) == set(plain.path)


@given(start=st.sampled_from(NETWORK_UNITS), goal=st.sampled_from(OTHER_UNITS), reverse=st.booleans())
def test_a_rule_looks_from_the_network_to_the_affiliate_unless_it_says_both_ways(start, goal, reverse) -> None:
    town: dict[str, frozenset[str] | None] = {unit: frozenset({"source_a"}) for unit in NETWORK_UNITS}
    town |= {unit: frozenset({"goal_a"}) for unit in OTHER_UNITS}
    rule = Rule(
        "direct",
        "1",
        RuleKind.DIRECT_TRANSFER,
        RuleType.POLICY_STOP,
        ALWAYS,
        from_classes=frozenset({"source_a"}),
        to_classes=frozenset({"goal_a"}),
        reverse=reverse,
    )
    forth = verdict([(OrderType.TRANSFER, goal, 0)], start, town, [rule])
    back = verdict([(OrderType.TRANSFER, start, 0)], goal, town, [rule])
    assert forth.outcome is Outcome.VIOLATION
    assert back.outcome is (Outcome.VIOLATION if reverse else Outcome.ALLOWED)


stops = rules.filter(lambda rule: rule.type is not RuleType.REVIEW)
reviews = rules.map(lambda rule: replace(rule, type=RuleType.REVIEW))


@given(career=steps, first=units, town=towns, rule=stops, days=st.integers(1, 400))
def test_a_longer_stay_asked_for_never_makes_an_outcome_weaker(career, first, town, rule, days) -> None:
    short, long = replace(rule, neutral_stay_days=0), replace(rule, neutral_stay_days=days)
    assert at_least(
        verdict(career, first, town, [long]).outcome,
        verdict(career, first, town, [short]).outcome,
    )


@given(career=steps, first=units, town=towns, rule=reviews, days=st.integers(1, 400))
def test_a_longer_stay_asked_for_never_makes_a_review_less_certain(career, first, town, rule, days) -> None:
    """A review can end no worse than in a review, so a post that is sure to match settles what another left open.

    Between rules "unknown" is the stronger, since the unknown rule may be a stop; within one review it is the
    weaker. Hence the order here.
    """
    certainty = [Outcome.NEEDS_REVIEW, Outcome.UNKNOWN, Outcome.ALLOWED]
    short, long = replace(rule, neutral_stay_days=0), replace(rule, neutral_stay_days=days)
    before, after = verdict(career, first, town, [short]).outcome, verdict(career, first, town, [long]).outcome
    assert certainty.index(after) <= certainty.index(before)
