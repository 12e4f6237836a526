"""The matrix of a day, the days on which it changes, and rules of the site laid over those of the folder."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

import make
from sekisho.core.kinds import RuleKind, RuleType
from sekisho.core.parameters import Parameters, Setting
from sekisho.core.periods import Period
from sekisho.core.rule_matrix import change_days, changed, in_force, matrix
from sekisho.core.rules import (
    PROGRAMME_FROM,
    PROGRAMME_TO,
    Rule,
    Written,
    body_of,
    differences,
    laid_over,
    read_rule,
    with_change,
)

NONE = Parameters()
FIRST = date(2014, 4, 1)


def rule(start: str = "2014-04-01", end: str | None = None, *, name: str = "direct", **keys: object) -> Rule:
    facts: dict[str, object] = {
        "from_classes": frozenset(PROGRAMME_FROM[:3]),
        "to_classes": frozenset(PROGRAMME_TO),
        "type": RuleType.POLICY_STOP,
        "kind": RuleKind.DIRECT_TRANSFER,
        "version": start,
    } | keys
    return Rule(id=name, period=Period(make.day(start), make.day(end) if end else None), **facts)


OLD = rule(end="2024-04-01")
NEW = rule("2024-04-01", from_classes=frozenset(PROGRAMME_FROM))


def test_the_programme_has_twelve_pairs_and_sixteen_once_balancing_is_listed() -> None:
    before = matrix([OLD, NEW], RuleKind.DIRECT_TRANSFER, make.day("2024-03-31"))
    after = matrix([OLD, NEW], RuleKind.DIRECT_TRANSFER, make.day("2024-04-01"))
    assert (before.starts, before.goals) == (PROGRAMME_FROM, PROGRAMME_TO)
    assert before.spoken_of(RuleType.POLICY_STOP) == 12
    assert after.spoken_of(RuleType.POLICY_STOP) == after.pairs == 16
    assert before.rows[3][0].marks == ()


def test_since_when_reaches_back_over_versions_without_a_gap() -> None:
    shown = matrix([OLD, NEW], RuleKind.DIRECT_TRANSFER, make.day("2024-05-01"))
    assert [row[0].marks[0].since for row in shown.rows] == [FIRST, FIRST, FIRST, make.day("2024-04-01")]
    gap = [rule(end="2020-04-01"), NEW]
    assert matrix(gap, RuleKind.DIRECT_TRANSFER, make.day("2024-05-01")).rows[0][0].marks[0].since == NEW.period.start


def test_types_stand_apart_in_a_cell_and_an_open_end_has_its_own_column() -> None:
    wide = rule(name="wide", type=RuleType.REVIEW, to_classes=frozenset())
    shown = matrix([NEW, wide], RuleKind.DIRECT_TRANSFER, make.day("2024-05-01"))
    assert [mark.type for mark in shown.rows[0][0].marks] == [RuleType.POLICY_STOP, RuleType.REVIEW]
    assert shown.goals[-1] == ""
    assert [mark.type for mark in shown.rows[0][-1].marks] == [RuleType.REVIEW]


def test_a_rule_without_classes_stands_beside_the_matrix() -> None:
    bare = rule(name="bare", from_classes=frozenset(), to_classes=frozenset())
    shown = matrix([bare], RuleKind.DIRECT_TRANSFER, make.day("2024-05-01"))
    assert shown.apart == (bare,)
    assert shown.spoken_of(RuleType.POLICY_STOP) == 0


def test_a_day_tells_what_it_changes() -> None:
    days = change_days([OLD, NEW], NONE)
    assert days == (FIRST, make.day("2024-04-01"))
    (began,), (widened,) = (changed([OLD, NEW], NONE, day) for day in days)
    assert (began.before, began.after) == (None, OLD)
    assert widened.keys == ("from_classes",)


def test_a_parameter_that_a_rule_leaves_its_days_to_changes_it_too() -> None:
    day = make.day("2020-04-01")
    stay = Parameters([Setting("neutral_stay_days", 90, Period(day))])
    assert day in change_days([OLD], stay)
    assert changed([OLD], stay, day)[0].keys == ("neutral_stay_days",)
    assert day not in change_days([rule(neutral_stay_days=0)], stay)


def test_a_version_of_the_site_ends_the_folders_and_lasts_until_the_folders_next() -> None:
    site = rule("2023-04-01", version="site")
    assert [
        (one.version, one.period) for one in laid_over([Written(OLD), Written(NEW), Written(site, entered=True)])
    ] == [
        (OLD.version, Period(FIRST, site.period.start)),
        ("site", Period(site.period.start, NEW.period.start)),
        (NEW.version, NEW.period),
    ]


def test_an_empty_period_of_the_site_ends_the_rule() -> None:
    ended = rule("2025-04-01", "2025-04-01")
    known = with_change([NEW], ended)
    assert in_force(known, make.day("2025-03-31"))[0].version == NEW.version
    assert in_force(known, make.day("2025-04-01")) == ()


days = st.integers(0, 12).map(lambda months: FIRST + timedelta(days=31 * months))
versions = st.lists(days, min_size=1, max_size=4, unique=True).map(
    lambda starts: [
        rule(start.isoformat(), end.isoformat() if end else None)
        for start, end in zip(sorted(starts), [*sorted(starts)[1:], None], strict=True)
    ]
)
entries = st.lists(
    st.tuples(days, st.booleans()).map(
        lambda one: Written(
            rule(one[0].isoformat(), one[0].isoformat() if one[1] else None, version="site"), entered=True
        )
    ),
    max_size=3,
)


@given(folder=versions)
def test_a_folder_alone_is_left_as_it_is_written(folder: list[Rule]) -> None:
    assert laid_over([Written(one) for one in folder]) == tuple(folder)


@given(folder=versions, site=entries, day=days)
def test_one_version_of_a_rule_at_most_is_in_force_on_any_day(folder, site, day) -> None:
    known = laid_over([*(Written(one) for one in folder), *site])
    assert len(in_force(known, day)) <= 1


@given(folder=versions, site=entries, further=entries.filter(bool), day=days)
def test_a_change_over_what_holds_is_the_same_as_over_what_is_written(folder, site, further, day) -> None:
    written = [*(Written(one) for one in folder), *site]
    new = further[0].rule
    assert in_force(with_change(laid_over(written), new), day) == in_force(laid_over([*written, further[0]]), day)


@given(folder=versions, site=entries, further=entries.filter(bool), day=days)
def test_a_change_leaves_the_days_before_it_as_they_were(folder, site, further, day) -> None:
    known = laid_over([*(Written(one) for one in folder), *site])
    new = further[0].rule
    if day < new.period.start:
        after = in_force(with_change(known, new), day)
        assert [one.version for one in after] == [one.version for one in in_force(known, day)]


def test_a_rule_reads_back_as_it_is_written() -> None:
    whole = rule(
        reverse=True,
        neutral_stay_days=0,
        lookback_days=30,
        text_ja="文",
        text_en="text",
        source="s",
        approved_by="a",
        approved_on=FIRST,
    )
    for one in (whole, NEW):
        again = read_rule({**body_of(one), "id": one.id, "version": one.version}, one.period)
        assert differences(one, again) == ()
        assert again == one
