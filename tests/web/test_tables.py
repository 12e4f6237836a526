"""Tables as sheets: every row, and where a service's list is longer than a sheet takes, a last row that says so."""

import pytest
from django.test import RequestFactory
from django.utils import translation

from sekisho.web import tables
from sekisho.web.tables import Cell, Column, Row, table

COLUMNS = [Column("one", "One"), Column("two", "Two", "number")]


def made(total: int | None, rows: int = 3) -> tables.Table:
    request = RequestFactory().get("/x?sheet=t")
    shown = [Row((Cell(f"r{n}"), Cell(n))) for n in range(rows)]
    return table(request, "t", caption="c", columns=COLUMNS, rows=shown, empty="", total=total)


def test_a_sheet_takes_every_row_and_says_nothing_more() -> None:
    assert made(None).values() == made(3).values() == [["r0", 0], ["r1", 1], ["r2", 2]]


@pytest.mark.parametrize(("language", "words"), [("ja", "7行のうち、最初の3行です"), ("en", "The first 3 of 7 rows")])
def test_a_sheet_that_is_cut_says_so_in_its_last_row(language: str, words: str) -> None:
    with translation.override(language):
        *rows, last = made(7).values()
    assert len(rows) == 3
    assert words in str(last[0])
    assert last[1] is None


def test_services_are_asked_for_as_many_rows_as_a_sheet_takes() -> None:
    for address, rows in (("/x", tables.PAGE_ROWS), ("/x?print=1", tables.PRINT_ROWS), ("/x?sheet=t", 100_000)):
        assert tables.page_rows(RequestFactory().get(address)) == rows
