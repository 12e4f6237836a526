"""The season's picture and its hindrances in the reader's words."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from sekisho.core.kinds import Outcome
from sekisho.core.rules import Rule
from sekisho.reports import calendars
from sekisho.services import calendar, season
from sekisho.services import rules as stored
from sekisho.services.season import STANDS, UNCHECKED, Hindrance, Planned
from sekisho.services.verdicts import advice
from sekisho.web.moves import address, standing_word
from sekisho.web.words import MONTHS, WEEKDAYS, language, say
from sekisho.web.words import day as written_day

STATES = {"violation": "stop", "unknown": "unknown", "needs_review": "wait", UNCHECKED: "unknown"}


def frame(start: date, count: int, today: date, chosen: date | None, now: datetime) -> calendars.Frame:
    """Return the weeks with the company's days off."""
    works = calendar.calendar(known_at=now)
    days = [start + timedelta(days=place) for place in range(7 * count)]
    return calendars.Frame(
        start, count, frozenset(day for day in days if not works.is_business_day(day)), today, chosen
    )


def weeks(found: Sequence[Planned], shown: calendars.Frame, query: Mapping[str, str]) -> str:
    """Return the picture of the weeks."""
    by_day: dict[date, list[Planned]] = {}
    for one in found:
        by_day.setdefault(one.day, []).append(one)
    days = {day: _day(day, mine, query) for day, mine in by_day.items()}
    sums = [_sum(by_day, shown.start + timedelta(days=7 * number)) for number in range(shown.weeks)]
    ja = language() == "ja"
    words = calendars.Words(
        title=say("page_season.picture"),
        weekdays=list(WEEKDAYS["ja"] if ja else WEEKDAYS["en"]),
        months=[f"{number}月" for number in range(1, 13)] if ja else MONTHS,
        off=say("page_season.off"),
        today=say("page_season.today"),
        sum=say("page_season.week"),
    )
    return calendars.weeks(days, sums, shown, words)


def _day(day: date, moves: Sequence[Planned], query: Mapping[str, str]) -> calendars.Day:
    counts = Counter(one.standing for one in moves)
    marks: Counter[str] = Counter()
    for standing in STANDS:
        marks[STATES[standing]] += counts[standing]
    said = [say("page_season.day_says", day=written_day(day), n=len(moves))]
    said += [say("page_season.part_says", what=standing_word(one), n=counts[one]) for one in STANDS if counts[one]]
    return calendars.Day(
        count=say("page_season.count", n=f"{len(moves):,}"),
        marks=tuple((state, marks[state]) for state in ("stop", "unknown", "wait") if marks[state]),
        href=f"?{urlencode({**query, 'day': day.isoformat()})}#moves",
        says="、".join(said) if language() == "ja" else ", ".join(said),
    )


def _sum(by_day: Mapping[date, Sequence[Planned]], first: date) -> str:
    """Return a week's total in words; "" for a week without moves."""
    moves = [one for place in range(7) for one in by_day.get(first + timedelta(days=place), ())]
    if not moves:
        return ""
    stands = sum(one.standing in STANDS for one in moves)
    return say("page_season.week_says", n=f"{stands:,}", total=f"{len(moves):,}")


def hindrances(ahead: Sequence[Planned], query: Mapping[str, str], now: datetime) -> list[dict[str, object]]:
    """Return what stands in the way of the moves ahead as the page shows it."""
    found = season.hindrances(found=ahead, now=now)
    if not found:
        return []
    known = {rule.id: rule for rule in stored.rules(known_at=now)}
    called = season.unit_names(known_at=now)
    return [_hindrance(one, len(ahead), query, known) | {"moves": _moves(one, called)} for one in found]


def _hindrance(one: Hindrance, total: int, query: Mapping[str, str], rules: Mapping[str, Rule]) -> dict[str, object]:
    mine = [rules[name] for name in one.rules if name in rules]
    texts = [rule.text_ja if language() == "ja" else rule.text_en for rule in mine]
    more = {**query, "verdict": one.standing} | ({"rule": one.rules[0]} if one.rules else {})
    return {
        "state": STATES[one.standing],
        "word": standing_word(one.standing),
        "title": " ".join(filter(None, texts)) or say(f"page_season.title_{_kind(one)}"),
        "rules": one.rules,
        "types": [say(f"rules.type_{rule.type.value}") for rule in mine],
        "n": one.count,
        "total": total,
        "ends": _ends(one),
        "waits": say(f"page_season.waits_{one.standing}"),
        "more": f"?{urlencode(more)}#moves" if one.count > len(one.first) else "",
    }


def _moves(one: Hindrance, called: Callable[[str, date], str]) -> list[dict[str, object]]:
    """Return the first of the moves: who, when, what, from where to where."""
    return [
        {
            "name": name,
            "href": address(each.move.id),
            "day": each.day,
            "type": say(f"page_words.type_{each.move.order_type}"),
            "from": called(each.move.from_unit, each.day),
            "to": called(each.move.to_unit, each.day),
        }
        for each, name in one.first
    ]


def _kind(one: Hindrance) -> str:
    return UNCHECKED if one.standing == UNCHECKED else "unknown" if one.standing == Outcome.UNKNOWN.value else "rule"


def _ends(one: Hindrance) -> str:
    """Return what ends it: what the verdict's own words advise, else what its kind asks for."""
    said = advice(one.code, language()) if one.code else ""
    return said or say(f"page_season.ends_{one.standing}")
