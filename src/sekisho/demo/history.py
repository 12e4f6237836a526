"""Ten years of careers before the transfer day: rosters and the orders HR wrote, seeded.

Ordinary careers only, none of which breaks a rule: people move within their company, a few are seconded
between units without a class and come back, some take leave. What is to be found is planted in `plants`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from sekisho.demo.names import draw
from sekisho.demo.units import COMPANY_WEIGHTS, NETWORK, NEUTRAL, OPENING, SEASON, UNIT, UNITS, open_units

TITLES = ("担当", "担当", "担当", "主任", "主任", "課長", "部長")


@dataclass(frozen=True, slots=True)
class HrRow:
    """One row of HR's order file in plain words; `writing` it with all its dirt is `season`'s."""

    order_no: str
    company: str
    employee_no: str
    name: str
    kana: str
    day: date
    kind: str
    from_unit: str = ""
    to_unit: str = ""
    title: str = ""
    post_kind: str = ""
    post_no: str = ""
    host_company: str = ""
    previous_no: str = ""
    new_no: str = ""
    sequence: str = ""
    status: str = ""
    supersedes: str = ""
    release_at: str = ""
    note: str = ""


@dataclass(slots=True)
class Member:
    """A person as the story goes on. `company` is the employer, `unit` where they work today, "" once gone."""

    person_id: str
    company: str
    number: str
    name: str
    kana: str
    start: date
    first_unit: str
    unit: str
    title: str
    first_title: str = ""
    post_classes: str = ""
    home: str = ""
    on_leave: bool = False
    extra: list[str] = field(default_factory=list)
    """Units of concurrent posts."""

    @property
    def workplace(self) -> str:
        """Return the company of the unit."""
        return UNIT[self.unit].company if self.unit else self.company

    def row(self, order_no: str, day: date, kind: str) -> HrRow:
        """Return an order of this person, its old unit filled in."""
        return HrRow(order_no, self.company, self.number, self.name, self.kana, day, kind, from_unit=self.unit)


def member(dice: Random, place: int, company: str, unit: str, start: date = OPENING) -> Member:
    """Return a new person, the `place`-th of the group; numbers are six digits, mostly with a leading zero."""
    name = draw(dice)
    title = dice.choice(TITLES)
    number = f"{place:06d}" if company != "HB" else f"B{place:05d}"
    return Member(f"P{place:06d}", company, number, name.name, name.kana, start, unit, unit, title, title)


def staff(dice: Random, people: int) -> list[Member]:
    """Return everyone on the roster: most from the opening day, a fifth joining over the ten years."""
    companies = list(COMPANY_WEIGHTS)
    weights = [COMPANY_WEIGHTS[code] for code in companies]
    everyone = []
    for place in range(1, people + 1):
        company = dice.choices(companies, weights)[0]
        start = OPENING if dice.random() < 0.8 else date(dice.randint(2015, 2023), 4, 1)
        units = [unit for unit in open_units(company, start) if unit.weight]
        unit = dice.choices(units, [unit.weight for unit in units])[0]
        everyone.append(member(dice, place, company, unit.code, start))
    return everyone


def past(dice: Random, everyone: list[Member]) -> Iterator[tuple[int, list[HrRow]]]:
    """Yield the orders of each fiscal year, 2014 to 2023, and move the members along."""
    for year in range(OPENING.year, SEASON.year):
        days = [date(year, 7, 1)] if year == OPENING.year else [date(year, 4, 1), date(year, 7, 1)]
        rows = [row for day in days for row in _one_day(dice, everyone, day)]
        yield year, rows


def _one_day(dice: Random, everyone: list[Member], day: date) -> Iterator[HrRow]:
    share = 0.16 if day.month == 4 else 0.05
    number = f"R{day:%y%m}"
    for one in everyone:
        if one.start >= day:
            continue
        if one.home or one.on_leave:
            if dice.random() < 0.6:
                yield come_back(one, number, day)
        elif _must_go(one, day) or dice.random() < share:
            yield _step(dice, one, number, day)


def _must_go(one: Member, day: date) -> bool:
    """Tell whether the unit ends on the day: its people go to the successor."""
    return UNIT[one.unit].end == day.isoformat()


def _step(dice: Random, one: Member, number: str, day: date) -> HrRow:
    if _must_go(one, day):
        return transfer(one, number, day, UNIT[one.unit].successor)
    draw_ = dice.random()
    if draw_ < 0.03:
        one.on_leave = True
        return replace(one.row(number, day, "休職"), note="育児休業")
    if draw_ < 0.08 and one.unit in NEUTRAL[one.company] and one.company in {"HN", "HK"}:
        return second(dice, one, number, day)
    if draw_ < 0.2:
        return promote(one, number, day)
    units = [unit for unit in open_units(one.company, day) if unit.code != one.unit]
    return transfer(one, number, day, dice.choices(units, [unit.weight + 1 for unit in units])[0].code)


def transfer(one: Member, number: str, day: date, unit: str) -> HrRow:
    """Move a member to a unit."""
    row = replace(one.row(number, day, "異動"), to_unit=unit, title=one.title)
    one.unit = unit
    return row


def promote(one: Member, number: str, day: date) -> HrRow:
    """Give a member the next title where they are."""
    ladder = ("担当", "主任", "課長", "部長")
    one.title = ladder[min(ladder.index(one.title) + 1, 3)]
    return replace(one.row(number, day, "昇格"), to_unit=one.unit, title=one.title)


def second(dice: Random, one: Member, number: str, day: date) -> HrRow:
    """Second a member from a unit without a class to one of the other company."""
    host = "HK" if one.company == NETWORK else "HN"
    unit = dice.choice(NEUTRAL[host])
    row = replace(one.row(number, day, "出向"), to_unit=unit, title=one.title, host_company=host)
    one.home, one.unit = one.unit, unit
    return row


def come_back(one: Member, number: str, day: date) -> HrRow:
    """End a member's leave or secondment; where the old unit is gone, its successor takes them."""
    if one.on_leave:
        one.on_leave = False
        ended = UNIT[one.unit].end and UNIT[one.unit].end <= day.isoformat()
        unit = UNIT[one.unit].successor if ended else one.unit
        row = replace(one.row(number, day, "復職"), to_unit=unit, title=one.title)
        one.unit = unit
        return row
    row = replace(one.row(number, day, "復帰"), to_unit=one.home, title=one.title)
    one.unit, one.home = one.home, ""
    return row


def season(dice: Random, everyone: list[Member], share: float, *, reckless: float = 0.0) -> Iterator[HrRow]:
    """Yield the ordinary orders of the transfer day: moves, secondments, returns, leaves, leavers.

    `reckless` is the share of people whom HR, with no wall in mind, sends anywhere in the group.
    """
    for one in everyone:
        if reckless and not one.home and not one.on_leave and dice.random() < reckless:
            yield _anywhere(dice, one)
            continue
        if one.home or one.on_leave:
            if dice.random() < 0.5:
                yield come_back(one, f"{one.company}-2404", SEASON)
        elif dice.random() < share:
            if dice.random() < 0.06:
                row = one.row(f"{one.company}-2404", SEASON - timedelta(days=1), "退職")
                one.unit = ""
                yield row
            else:
                yield _step(dice, one, f"{one.company}-2404", SEASON)


def _anywhere(dice: Random, one: Member) -> HrRow:
    unit = dice.choice([unit for unit in UNITS if not unit.end and unit.code != one.unit])
    away = unit.company != one.company
    row = one.row(f"{one.company}-2404", SEASON, "出向" if away else "異動")
    if away:
        one.home = one.unit
    one.unit = unit.code
    return replace(row, to_unit=unit.code, title=one.title, host_company=unit.company if away else "")
