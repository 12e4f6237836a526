"""Every way HR writes a day, read exactly or refused by name.

Here: real date cells, Excel serials, western and Japanese forms, full width, and the instant of
内示解禁日時. Refused: what could be two days ("6.4.1", "4/1") and what is none ("2024/2/30"). Whether
a day is the first or the last one is the profile's matter, not this module's.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from sekisho.intake.defects import Note
from sekisho.intake.sheets import Cell

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
_EXCEL_DAY_0 = date(1899, 12, 30)
_SERIALS = range(20_000, 73_051)
"""1954-10-03 to 2099-12-31: the days that a bare number is believed to name."""

_ERAS = {
    "明治": (1868, date(1868, 1, 25), date(1912, 7, 29)),
    "大正": (1912, date(1912, 7, 30), date(1926, 12, 24)),
    "昭和": (1926, date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (1989, date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (2019, date(2019, 5, 1), date.max),
}
_ERA_LETTERS = {
    letter: era for era, letters in zip(_ERAS, ("明M", "大T", "昭S", "平H", "令R"), strict=True) for letter in letters
}

_WEEKDAY = re.compile(r"\(?([月火水木金土日])(?:曜日?)?\)?$")
_WEEKDAYS = "月火水木金土日"
_WESTERN = re.compile(r"(\d{4})(?:[/.\-](\d{1,2})[/.\-](\d{1,2})|年(\d{1,2})月(\d{1,2})日)")
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.0+)?")
_ERA = re.compile(
    r"(明治|大正|昭和|平成|令和|[明大昭平令MTSHR])(元|\d{1,2})(?:年(\d{1,2})月(\d{1,2})日|[/.\-](\d{1,2})[/.\-](\d{1,2}))",
    re.IGNORECASE,
)
_ERA_SIX = re.compile(r"(明治|大正|昭和|平成|令和|[MTSHR])(\d{2})(\d{2})(\d{2})", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"\d{1,2}[/.\-]\d{1,2}(?:[/.\-]\d{1,4})?|\d{1,2}年\d{1,2}月\d{1,2}日|\d{1,2}月\d{1,2}日|\d{6}")
_INCOMPLETE = re.compile(r".*\d+年(?:\d{1,2}月)?(?:度)?|\d{4}[/.\-]\d{1,2}|令和元年|.*元年")
_TIME = re.compile(
    r"(?:[T ]+|(?<=日)|(?<=\)))(\d{1,2})(?::|時)(\d{2})?分?(?::?(\d{2})(?:\.\d+)?秒?)?(Z|[+\-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was read; `warning` says what was odd about how it was written."""

    day: date
    warning: Note | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that was read, in UTC."""

    at: datetime


def read_day(cell: Cell) -> Day | Note:
    """Return the day that the cell names, or why it names none."""
    match cell.value:
        case datetime() as at:
            return _within(at.date(), cell, _time_note(at.time(), cell))
        case date() as day:
            return _within(day, cell)
        case bool() | time() | timedelta():
            return Note("intake.date_unreadable", {"value": cell.text})
        case int() | float() as number:
            return _from_number(number, cell)
        case str() as text:
            return _from_text(text, cell)
        case never:
            assert_never(never)


def read_moment(cell: Cell, zone: ZoneInfo) -> Moment | Note:
    """Return the instant that the cell names; a bare day is its 00:00, no offset is the company's zone."""
    match cell.value:
        case datetime() as at:
            return Moment(at.replace(tzinfo=zone).astimezone(UTC))
        case float() as number if not number.is_integer() and int(number) in _SERIALS:
            minutes = round((number - int(number)) * 24 * 60)
            start = datetime.combine(_EXCEL_DAY_0 + timedelta(days=int(number)), time.min)
            return Moment((start + timedelta(minutes=minutes)).replace(tzinfo=zone).astimezone(UTC))
        case str() as text:
            return _moment_from_text(text, cell, zone)
        case _:
            return _midnight(read_day(cell), zone)


def _midnight(found: Day | Note, zone: ZoneInfo) -> Moment | Note:
    if isinstance(found, Note):
        return found
    return Moment(datetime.combine(found.day, time.min, tzinfo=zone).astimezone(UTC))


def _moment_from_text(text: str, cell: Cell, zone: ZoneInfo) -> Moment | Note:
    plain = unicodedata.normalize("NFKC", text).strip()
    clock = _TIME.search(plain)
    if clock is None:
        return _midnight(read_day(cell), zone)
    found = read_day(Cell(plain[: clock.start()]))
    if isinstance(found, Note):
        return found
    try:
        moment = time(int(clock[1]), int(clock[2] or 0), int(clock[3] or 0))
    except ValueError:
        return Note("intake.date_impossible", {"value": cell.text})
    offset = datetime.fromisoformat(f"2000-01-01T00:00:00{clock[4].upper()}").tzinfo if clock[4] else zone
    return Moment(datetime.combine(found.day, moment, tzinfo=offset).astimezone(UTC))


def _time_note(clock: time, cell: Cell) -> Note | None:
    return None if clock == time.min else Note("intake.date_with_time", {"value": cell.text})


def _within(day: date, cell: Cell, warning: Note | None = None) -> Day | Note:
    if not EARLIEST <= day <= LATEST:
        return Note("intake.date_impossible", {"value": cell.text})
    return Day(day, warning)


def _from_number(number: float, cell: Cell) -> Day | Note:
    whole = int(number)
    if whole in _SERIALS:
        return Day(_EXCEL_DAY_0 + timedelta(days=whole))
    if number == whole and _EIGHT.fullmatch(str(whole)):
        return _from_text(str(whole), cell)
    return Note("intake.date_ambiguous", {"value": cell.text})


def _from_text(text: str, cell: Cell) -> Day | Note:
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).strip().replace("−", "-").replace("‐", "-"))
    clock = _TIME.search(plain)
    warning = None
    if clock is not None:
        midnight = {clock[1].lstrip("0"), (clock[2] or "").strip("0"), (clock[3] or "").strip("0")} == {""}
        warning = None if midnight else Note("intake.date_with_time", {"value": cell.text})
        plain = plain[: clock.start()]
    return _checked_weekday(plain.replace(" ", ""), cell, warning)


def _checked_weekday(plain: str, cell: Cell, warning: Note | None) -> Day | Note:
    """Read the day, then hold a weekday written behind it against the calendar."""
    found = _plain_day(plain, cell)
    if isinstance(found, Day):
        return Day(found.day, found.warning or warning)
    weekday = _WEEKDAY.search(plain)
    if weekday is None:
        return found
    before = _plain_day(plain[: weekday.start()], cell)
    if isinstance(before, Day) and _WEEKDAYS[before.day.weekday()] != weekday[1]:
        return Note("intake.date_weekday", {"value": cell.text})
    return before if isinstance(before, Day) else found


def _plain_day(plain: str, cell: Cell) -> Day | Note:
    if found := _WESTERN.fullmatch(plain) or _EIGHT.fullmatch(plain):
        year, month, day = (int(part) for part in found.groups() if part is not None)
        return _calendar_day(year, month, day, cell)
    if found := _ERA.fullmatch(plain) or _ERA_SIX.fullmatch(plain):
        era, *parts = (part for part in found.groups() if part is not None)
        return _era_day(era, parts, cell)
    if (found := _SERIAL.fullmatch(plain)) and int(found[1]) in _SERIALS:
        return Day(_EXCEL_DAY_0 + timedelta(days=int(found[1])))
    if _AMBIGUOUS.fullmatch(plain):
        return Note("intake.date_ambiguous", {"value": cell.text})
    if _INCOMPLETE.fullmatch(plain):
        return Note("intake.date_incomplete", {"value": cell.text})
    return Note("intake.date_unreadable", {"value": cell.text})


def _calendar_day(year: int, month: int, day: int, cell: Cell) -> Day | Note:
    try:
        return _within(date(year, month, day), cell)
    except ValueError:
        return Note("intake.date_impossible", {"value": cell.text})


def _era_day(written: str, parts: list[str], cell: Cell) -> Day | Note:
    era = _ERA_LETTERS.get(written.upper(), written)
    first_year, begins, ends = _ERAS[era]
    year = 1 if parts[0] == "元" else int(parts[0])
    if year == 0:
        return Note("intake.date_impossible", {"value": cell.text})
    found = _calendar_day(first_year + year - 1, int(parts[1]), int(parts[2]), cell)
    if isinstance(found, Day) and not begins <= found.day <= ends:
        return Day(found.day, Note("intake.date_outside_era", {"value": cell.text, "day": found.day.isoformat()}))
    return found
