from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.intake.dates import Day, Moment, read_day, read_moment
from sekisho.intake.defects import Note
from sekisho.intake.sheets import Cell

TOKYO = ZoneInfo("Asia/Tokyo")
FIRST = date(2024, 4, 1)


@pytest.mark.parametrize(
    "written",
    [
        "2024/4/1",
        "2024/04/01",
        "2024-04-01",
        "2024.4.1",
        "20240401",
        "2024年4月1日",
        "２０２４年４月１日",
        "２０２４／４／１",
        " 2024/4/1 ",
        "令和6年4月1日",
        "令和 6年 4月 1日",
        "令和６年４月１日",
        "㋿6年4月1日",
        "R6.4.1",
        "R06.04.01",
        "Ｒ６．４．１",
        "r6/4/1",
        "R060401",
        "令6.4.1",
        "2024/4/1 0:00",
        "2024-04-01T00:00:00",
        "2024/4/1(月)",
        "2024年4月1日（月曜日）",
        "45383",
        45383.0,
        20240401.0,
        FIRST,
        datetime(2024, 4, 1),  # noqa: DTZ001 - a workbook's cells have no zone
    ],
)
def test_every_way_to_write_a_day_is_read_as_that_day(written: str | float | date):
    assert read_day(Cell(written)) == Day(FIRST)


def test_the_first_year_of_an_era_may_be_written_as_gannen():
    assert read_day(Cell("令和元年5月1日")) == Day(date(2019, 5, 1))


@pytest.mark.parametrize(("written", "meant"), [("平成31年5月1日", date(2019, 5, 1)), ("昭和99年4月1日", FIRST)])
def test_a_day_outside_its_era_is_read_with_a_warning(written: str, meant: date):
    found = read_day(Cell(written))
    assert isinstance(found, Day)
    assert found.day == meant
    assert found.warning is not None
    assert found.warning.code == "intake.date_outside_era"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("6.4.1", "ambiguous"),
        ("6/4/1", "ambiguous"),
        ("4/1", "ambiguous"),
        ("4/1/2024", "ambiguous"),
        ("24/4/1", "ambiguous"),
        ("6年4月1日", "ambiguous"),
        ("4月1日", "ambiguous"),
        ("240401", "ambiguous"),
        (2024.0, "ambiguous"),
        (240401.0, "ambiguous"),
        ("2024/2/30", "impossible"),
        ("20240231", "impossible"),
        ("2024年13月1日", "impossible"),
        ("令和0年4月1日", "impossible"),
        ("令和7年2月29日", "impossible"),
        ("0024/4/1", "impossible"),
        ("2024/4", "incomplete"),
        ("令和6年4月", "incomplete"),
        ("令和元年", "incomplete"),
        ("2024/4/1(火)", "weekday"),
        ("未定", "unreadable"),
        (True, "unreadable"),
    ],
)
def test_what_is_no_single_day_is_refused_by_its_kind(written: str | float | bool, code: str):
    found = read_day(Cell(written))
    assert isinstance(found, Note)
    assert found.code == f"intake.date_{code}"


def test_a_time_of_day_beside_an_order_date_is_said_to_be_left_out():
    found = read_day(Cell("2024/4/1 9:30"))
    assert isinstance(found, Day)
    assert found.warning is not None
    assert found.warning.code == "intake.date_with_time"


@pytest.mark.parametrize(
    "written",
    [
        "2024/3/20 17:00",
        "2024年3月20日17時00分",
        "令和6年3月20日 17時",
        "2024-03-20T17:00:00+09:00",
        "2024-03-20T08:00:00Z",
        45371 + 17 / 24,
        datetime(2024, 3, 20, 17),  # noqa: DTZ001 - a workbook's cells have no zone
    ],
)
def test_a_release_time_is_an_instant_of_the_companys_zone(written: str | float | datetime):
    assert read_moment(Cell(written), TOKYO) == Moment(datetime(2024, 3, 20, 8, 0, tzinfo=UTC))


def test_a_release_day_begins_at_midnight_of_the_companys_zone():
    assert read_moment(Cell("2024/3/20"), TOKYO) == Moment(datetime(2024, 3, 19, 15, 0, tzinfo=UTC))


def test_an_impossible_release_time_is_refused():
    assert isinstance(read_moment(Cell("2024/3/20 25:00"), TOKYO), Note)


REIWA = st.dates(min_value=date(2019, 5, 1), max_value=date(2099, 12, 31))


@given(REIWA)
def test_a_day_is_the_same_day_in_every_form(day: date):
    era = day.year - 2018
    forms = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日({'月火水木金土日'[day.weekday()]})",
        f"令和{'元' if era == 1 else era}年{day.month}月{day.day}日",
        f"R{era}.{day.month}.{day.day}",
        f"R{era:02}{day:%m%d}",
        f"{day.year}/{day.month}/{day.day}".translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
    ]
    serial = float((day - date(1899, 12, 30)).days)
    assert {read_day(Cell(form)) for form in forms} == {Day(day)}
    if serial <= 73_050:
        assert read_day(Cell(serial)) == Day(day)


@given(st.text())
def test_no_text_makes_reading_a_day_fail(text: str):
    assert isinstance(read_day(Cell(text)), Day | Note)
    assert isinstance(read_moment(Cell(text), TOKYO), Moment | Note)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_no_number_makes_reading_a_day_fail(number: float):
    assert isinstance(read_day(Cell(number)), Day | Note)
    assert isinstance(read_moment(Cell(number), TOKYO), Moment | Note)
