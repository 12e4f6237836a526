from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from sekisho.intake.sheets import Cell, Unreadable, read_sheets, read_table, sheets_of


def texts(content: bytes) -> list[tuple[int, list[str]]]:
    return [(row.number, [cell.text for cell in row.cells]) for row in sheets_of(content, "x.csv")[0].rows]


def test_a_line_break_inside_quotes_does_not_shift_the_row_numbers():
    assert texts(b'a,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n') == [
        (1, ["a", "b"]),
        (2, ["1", "x\r\ny"]),
        (4, []),
        (5, ["2", "z"]),
    ]


def test_line_endings_of_every_kind_give_the_same_rows():
    for ending in (b"\n", b"\r\n", b"\r"):
        assert texts(b"a,b" + ending + b"1,2" + ending) == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_a_tab_separated_file_is_read_as_well():
    assert texts("社員番号\t氏名\n001\t山田, 太郎\n".encode()) == [
        (1, ["社員番号", "氏名"]),
        (2, ["001", "山田, 太郎"]),
    ]


def test_a_quote_that_never_closes_is_refused_with_its_line():
    with pytest.raises(Unreadable) as caught:
        texts(b'a,b\n1,"x\n2,y\n')
    assert caught.value.params["row"] == 2


def test_a_workbook_keeps_types_row_numbers_and_error_cells(tmp_path: Path):
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("隠し").hide()
    sheet = book.add_worksheet("発令")
    sheet.activate()
    sheet.set_first_sheet()
    sheet.merge_range(1, 0, 1, 2, "所属")
    sheet.write(3, 0, "00123")
    sheet.write(3, 1, 12345)
    sheet.write_datetime(3, 2, date(2024, 4, 1), book.add_format({"num_format": "yyyy/mm/dd"}))
    sheet.write_formula(5, 2, "=NA()", None, "#N/A")
    book.close()
    (only,) = read_sheets(path)
    assert only.name == "発令"
    assert only.merged == (((1, 0), (1, 2)),)
    assert [row.number for row in only.rows] == [1, 2, 3, 4, 5, 6]
    assert only.rows[3].cells == [Cell("00123"), Cell(12345.0), Cell(date(2024, 4, 1))]
    assert only.rows[3].cells[1].text == "12345"
    assert only.rows[5].cell(2) == Cell("", "#N/A")
    assert not only.rows[5].is_blank
    assert only.rows[2].is_blank


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path):
    with pytest.raises(Unreadable) as caught:
        read_table(tmp_path / "none.csv")
    assert caught.value.params["file"] == "none.csv"


def test_a_broken_workbook_is_refused():
    with pytest.raises(Unreadable):
        sheets_of(b"PK\x03\x04 and nothing more", "x.xlsx")
