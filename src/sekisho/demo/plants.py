"""What is planted to be found on the transfer day: one small career a case, with what must come out.

Each case is written down by hand from CONTRACT "How a move is judged" and the domain's edge cases, not
asked of the code under test. The tests' oracle judges them a second time from the written files alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from sekisho.demo.history import HrRow, Member, member
from sekisho.demo.units import AFFILIATE, DESTINATIONS, NETWORK, SEASON, SOURCES, UNIT

EVE = SEASON - timedelta(days=1)
VIOLATION, ALLOWED, UNKNOWN, REVIEW = "violation", "allowed", "unknown", "needs_review"
NOTHING = ""
"""No order of the person is left in force."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A planted case: who, the orders before the season by year, the season's rows, what is expected.

    `outcome` is that of the last row; `rules` are the ids of the rules that must be named.
    """

    kind: str
    member: Member
    season: tuple[HrRow, ...]
    outcome: str
    rules: tuple[str, ...] = ()
    before: tuple[HrRow, ...] = ()
    excepted: bool = False
    """An exception to the rule stands in exceptions.csv."""


@dataclass(slots=True)
class _Story:
    """Makes the members of plants; their numbers follow those of the ordinary staff."""

    dice: Random
    next_place: int
    plants: list[Plant] = field(default_factory=list)

    def person(self, unit: str, *, title: str = "主任", post_classes: str = "") -> Member:
        """Return a new person who has been in the unit since the opening."""
        one = member(self.dice, self.next_place, UNIT[unit].company, unit)
        one.title = one.first_title = title
        one.post_classes = post_classes
        self.next_place += 1
        return one


def plants(dice: Random, first_place: int) -> list[Plant]:
    """Return every planted case, one of each kind and one of each of the sixteen pairs."""
    story = _Story(dice, first_place)
    found = [plant for make in CASES for plant in make(story)]
    return sorted(found, key=lambda plant: plant.member.person_id)


def _move(one: Member, to_unit: str, day: date = SEASON, **more: Any) -> HrRow:
    """Return the order that brings a person to a unit: of another company, by secondment."""
    away = UNIT[to_unit].company != UNIT[one.unit].company
    row = one.row(f"{one.company}-{day:%y%m}", day, "出向" if away else "異動")
    host = UNIT[to_unit].company if away else ""
    row = replace(row, to_unit=to_unit, title=one.title, host_company=host)
    return replace(row, **more)


def _pairs(story: _Story) -> Iterator[Plant]:
    for source, listed in SOURCES.items():
        for destination, target in DESTINATIONS.items():
            one = story.person(source)
            yield Plant(f"pair:{listed}:{target}", one, (_move(one, destination),), VIOLATION, ("direct",))


def _subsidiary(story: _Story) -> Iterator[Plant]:
    one = story.person("N300")
    yield Plant("subsidiary", one, (_move(one, "B100"),), VIOLATION, ("direct",))


def _sub_units(story: _Story) -> Iterator[Plant]:
    one = story.person("N120")
    yield Plant("sub_unit_inherits", one, (_move(one, "K120"),), VIOLATION, ("direct",))


def _via_leave(story: _Story) -> Iterator[Plant]:
    one = story.person("N110")
    leave = replace(one.row("R2210", date(2022, 10, 1), "休職"), note="留学")
    back = replace(one.row("HN-2404", SEASON, "復職"), to_unit="K110", title=one.title, host_company=AFFILIATE)
    yield Plant("via_leave", one, (back,), VIOLATION, ("direct",), (leave,))


def _rehire(story: _Story) -> Iterator[Plant]:
    for kind, last_day, outcome, rules in (
        ("rehire_within_a_year", date(2023, 12, 31), VIOLATION, ("direct",)),
        ("rehire_after_years", date(2021, 12, 31), ALLOWED, ()),
    ):
        one = story.person("N200")
        left = one.row("R" + f"{last_day:%y%m}", last_day, "退職")
        number = f"9{one.number[1:]}"
        again = HrRow(
            "HK-2404",
            AFFILIATE,
            number,
            one.name,
            one.kana,
            SEASON,
            "再雇用",
            to_unit="K200",
            title="担当",
            previous_no=one.number,
        )
        yield Plant(kind, one, (again,), outcome, rules, (left,))


def _same_day_chain(story: _Story) -> Iterator[Plant]:
    one = story.person("N400")
    first = _move(one, "N500", sequence="1", order_no="HN-2404-1")
    second = replace(_move(one, "K300", sequence="2", order_no="HN-2404-2"), from_unit="N500")
    yield Plant("same_day_chain", one, (first, second), VIOLATION, ("direct",))


def _concurrent(story: _Story) -> Iterator[Plant]:
    one = story.person("N300")
    row = replace(
        one.row("HN-2404", SEASON, "兼務"),
        from_unit="",
        to_unit="K100",
        title="担当",
        post_kind="兼務",
        post_no="1",
        host_company=AFFILIATE,
    )
    yield Plant("concurrent_posts", one, (row,), VIOLATION, ("concurrent_work",))
    officer = story.person("N000", title="取締役", post_classes="officer")
    row = replace(
        officer.row("HN-2404", SEASON, "兼務"),
        from_unit="",
        to_unit="K000",
        title="取締役",
        post_kind="兼務",
        post_no="1",
        host_company=AFFILIATE,
    )
    yield Plant("concurrent_officer", officer, (row,), VIOLATION, ("concurrent_officer",))


def _kept_concurrent_post(story: _Story) -> Iterator[Plant]:
    one = story.person("N500")
    one.extra.append("N200")
    taken = replace(
        one.row("R2304", date(2023, 4, 1), "兼務"),
        from_unit="",
        to_unit="N200",
        title="担当",
        post_kind="兼務",
        post_no="1",
    )
    row = _move(one, "K400")
    yield Plant("source_is_a_concurrent_post", one, (row,), VIOLATION, ("direct",), (taken,))


def _secondment_return(story: _Story) -> Iterator[Plant]:
    one = story.person("K700")
    lent = replace(one.row("R2104", date(2021, 4, 1), "出向"), to_unit="N300", title=one.title, host_company=NETWORK)
    back = replace(one.row("HK-2404", SEASON, "復帰"), from_unit="N300", to_unit="K300", title=one.title)
    yield Plant("secondment_return", one, (back,), VIOLATION, ("direct",), (lent,))


def _employer_change(story: _Story) -> Iterator[Plant]:
    one = story.person("N200")
    number = f"8{one.number[1:]}"
    row = replace(
        one.row("HN-2404", SEASON, "転籍"),
        to_unit="K200",
        title=one.title,
        host_company=AFFILIATE,
        new_no=number,
    )
    yield Plant("employer_change", one, (row,), VIOLATION, ("direct",))


def _pass_through(story: _Story) -> Iterator[Plant]:
    one = story.person("N110")
    neutral = _move(one, "N500", date(2024, 1, 1), order_no="R2401")
    onward = replace(_move(one, "K110"), from_unit="N500")
    yield Plant("pass_through", one, (onward,), REVIEW, ("via_neutral",), (neutral,))


def _stayed_long_enough(story: _Story) -> Iterator[Plant]:
    one = story.person("N110")
    neutral = _move(one, "N500", date(2022, 4, 1), order_no="R2204")
    onward = replace(_move(one, "K110"), from_unit="N500")
    yield Plant("long_neutral_stay", one, (onward,), ALLOWED, (), (neutral,))


def _unclassified(story: _Story) -> Iterator[Plant]:
    one = story.person("N900")
    yield Plant("unclassified_unit", one, (_move(one, "K100"),), UNKNOWN)


def _before_the_rule(story: _Story) -> Iterator[Plant]:
    one = story.person("N400")
    yield Plant("day_before_the_rule", one, (_move(one, "K200", EVE, order_no="HN-2403"),), ALLOWED)


def _one_way_only(story: _Story) -> Iterator[Plant]:
    one = story.person("K100")
    yield Plant("other_direction", one, (_move(one, "N110"),), ALLOWED)


def _excepted(story: _Story) -> Iterator[Plant]:
    one = story.person("N300")
    yield Plant("exception", one, (_move(one, "K300"),), ALLOWED, ("direct",), excepted=True)


def _draft(story: _Story) -> Iterator[Plant]:
    one = story.person("N200")
    row = _move(one, "K100", date(2024, 7, 1), status="内示", order_no="HN-2407", release_at="2024-06-20 09:00")
    yield Plant("draft", one, (row,), VIOLATION, ("direct",))


def _corrected(story: _Story) -> Iterator[Plant]:
    one = story.person("N120")
    wrong = _move(one, "K120", order_no="HN-2404-3")
    right = replace(one.row("HN-2404-4", SEASON, "訂正"), to_unit="N500", title=one.title, supersedes="HN-2404-3")
    yield Plant("corrected", one, (wrong, right), ALLOWED)


def _cancelled(story: _Story) -> Iterator[Plant]:
    one = story.person("N300")
    wrong = _move(one, "K300", order_no="HN-2404-5")
    gone = replace(one.row("HN-2404-6", SEASON, "取消"), supersedes="HN-2404-5")
    yield Plant("cancelled", one, (wrong, gone), NOTHING)


def _retroactive(story: _Story) -> Iterator[Plant]:
    one = story.person("K500")
    yield Plant("retroactive", one, (_move(one, "K600", date(2024, 2, 1), order_no="HK-2402"),), ALLOWED)


CASES: tuple[Callable[[_Story], Iterator[Plant]], ...] = (
    _pairs,
    _subsidiary,
    _sub_units,
    _via_leave,
    _rehire,
    _same_day_chain,
    _concurrent,
    _kept_concurrent_post,
    _secondment_return,
    _employer_change,
    _pass_through,
    _stayed_long_enough,
    _unclassified,
    _before_the_rule,
    _one_way_only,
    _excepted,
    _draft,
    _corrected,
    _cancelled,
    _retroactive,
)
