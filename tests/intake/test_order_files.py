from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hr_files
from sekisho.core.kinds import OrderStatus, OrderType
from sekisho.intake.order_files import MissingColumns, OrderFileReading, read_order_file
from sekisho.intake.profiles import PLAIN, Profile, parse
from sekisho.intake.sheets import Unreadable

TOKYO = ZoneInfo("Asia/Tokyo")
GOOD = ("A1", "00101", "高橋 一郎", "2024/4/1", "異動", "N1", "N2")


def read(content: bytes, profile: Profile = PLAIN) -> OrderFileReading:
    return read_order_file(content, "orders", profile, TOKYO)


def read_rows(*rows: tuple[str, ...], header: tuple[str, ...] = hr_files.HEADER) -> OrderFileReading:
    return read(hr_files.csv_bytes([header, *rows]))


def places(reading: OrderFileReading) -> list[tuple[int, str, str, str]]:
    return [(row[0].row, row[0].column, row[0].value, row[0].note.code) for row in reading.rejected]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_same_orders_are_read_from_every_encoding_and_line_ending(encoding: str, ending: str):
    named = (*GOOD[:2], "髙橋﨑", *GOOD[3:])
    reading = read(hr_files.csv_bytes([hr_files.HEADER, named], encoding, ending))
    assert [(row.number, row.name, row.employee_no) for row in reading.rows] == [(2, "髙橋﨑", "00101")]


def test_a_workbook_with_a_title_merged_headers_and_merged_cells_is_read():
    rows: list[list[object]] = [
        ["令和6年4月1日付 人事異動", "", "", "", "", ""],
        ["発令番号", "社員番号", "発令日", "発令区分", "所属", ""],
        ["", "", "", "", "旧所属コード", "新所属コード"],
        ["A1", "00101", date(2024, 4, 1), "異動", "N1", "N2"],
        ["", "00102", 45383, "異動", "N1", "N2"],
        ["", "", "", "", "", ""],
        ["A2", "00103", "㋿6年4月1日", "退職", "N1", ""],
    ]
    merged = [(0, 0, 0, 5), (1, 0, 2, 0), (1, 1, 2, 1), (1, 2, 2, 2), (1, 3, 2, 3), (1, 4, 1, 5), (3, 0, 4, 0)]
    reading = read(hr_files.xlsx_bytes(rows, merged))
    assert places(reading) == []
    assert [(row.number, row.order_no, row.employee_no, row.effective_date) for row in reading.rows] == [
        (4, "A1", "00101", date(2024, 4, 1)),
        (5, "A1", "00102", date(2024, 4, 1)),
        (7, "A2", "00103", date(2024, 4, 1)),
    ]
    assert reading.rows_in == 3
    assert reading.blank == 1


@pytest.mark.parametrize(("word", "order_type"), [
    ("採用", "hire"), ("異動", "transfer"), ("昇格", "promotion"), ("降格", "demotion"), ("出向", "secondment"),
    ("転籍", "employer_change"), ("復帰", "return"), ("兼務", "concurrent"), ("兼務解除", "end_concurrent"),
    ("休職", "leave"), ("復職", "reinstate"), ("退職", "leave_company"), ("再雇用", "rehire"), ("取消", "cancel"),
    ("訂正", "correct"), ("transfer", "transfer"), (" 異動　", "transfer"),
])  # fmt: skip
def test_every_order_type_of_the_contract_is_known(word: str, order_type: str):
    (row,) = read_rows((*GOOD[:4], word, *GOOD[5:])).rows
    assert row.order_type is OrderType(order_type)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (0, "", "intake.empty"),
        (1, "　", "intake.empty"),
        (1, "1.23E+11", "intake.code_damaged"),
        (3, "", "intake.empty"),
        (3, "6.4.1", "intake.date_ambiguous"),
        (3, "2024/2/30", "intake.date_impossible"),
        (4, "", "intake.empty"),
        (4, "昇天", "intake.unknown_order_type"),
        (6, "N" * 65, "intake.too_long"),
    ],
)
def test_a_bad_cell_rejects_its_row_by_name_of_the_column(column: int, value: str, code: str):
    row = [*GOOD]
    row[column] = value
    reading = read_rows(GOOD, tuple(row))
    assert [(place[0], place[1], place[3]) for place in places(reading)] == [(3, hr_files.HEADER[column], code)]
    assert len(reading.rows) == 1


def test_a_row_with_two_bad_cells_is_one_rejection_that_names_both():
    reading = read_rows((*GOOD[:3], "4/1", "謎", *GOOD[5:]))
    assert [[defect.column for defect in row] for row in reading.rejected] == [["発令日", "発令区分"]]


def test_undecodable_bytes_reject_the_row_even_in_a_column_that_is_not_read():
    content = hr_files.csv_bytes([[*hr_files.HEADER, "謎"], [*GOOD, "x"]], "cp932").replace(b",x", b",x\xff")
    reading = read(content)
    assert places(reading) == [(2, "謎", "x\\xff", "intake.undecodable")]


def test_a_failed_lookup_in_a_workbook_is_not_an_empty_cell():
    content = hr_files.xlsx_bytes([list(hr_files.HEADER), [*GOOD[:6], "=NA()"]])
    content_with_error = _with_error_value(content)
    assert [place[1:] for place in places(read(content_with_error))] == [("新所属コード", "#N/A", "intake.error_cell")]


def _with_error_value(content: bytes) -> bytes:
    """XlsxWriter stores 0 as the result of a formula; Excel stores the error itself."""
    import io
    import zipfile

    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(memory, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                part = part.replace(b'<c r="G2">', b'<c r="G2" t="e">').replace(b"<v>0</v>", b"<v>#N/A</v>")
            new.writestr(name, part)
    return memory.getvalue()


def test_a_number_in_a_code_column_has_no_point_and_is_padded_only_by_a_declared_width():
    content = hr_files.xlsx_bytes([list(hr_files.HEADER), ["A1", 101, "x", "2024/4/1", "異動", "N1", "N2"]])
    plain = read(content)
    assert [row.employee_no for row in plain.rows] == ["101"]
    assert plain.warnings == ()
    padded = read(content, parse({"widths": {"employee_no": 5}}))
    assert [row.employee_no for row in padded.rows] == ["00101"]
    assert [(warning.column, warning.note.code) for warning in padded.warnings] == [("社員番号", "intake.code_padded")]


def test_a_text_cell_of_a_workbook_is_never_padded():
    content = hr_files.xlsx_bytes([list(hr_files.HEADER), ["A1", "101", "x", "2024/4/1", "異動", "N1", "N2"]])
    assert [row.employee_no for row in read(content, parse({"widths": {"employee_no": 5}})).rows] == ["101"]


def test_a_code_that_a_spreadsheet_turned_into_a_date_is_refused():
    content = hr_files.xlsx_bytes([list(hr_files.HEADER), [date(2024, 4, 1), *GOOD[1:]]])
    assert places(read(content)) == [(2, "発令番号", "2024-04-01", "intake.code_damaged")]


def test_a_missing_required_column_stops_the_file_by_its_name():
    with pytest.raises(MissingColumns) as caught:
        read(hr_files.csv_bytes([["発令番号", "社員番号", "氏名", "発令区分"], ["A1", "1", "x", "異動"]]))
    assert caught.value.params["columns"] == "発令日 (effective_date)"


def test_a_file_without_any_known_header_names_all_required_columns():
    with pytest.raises(MissingColumns) as caught:
        read(b"a,b\n1,2\n")
    assert "発令番号" in str(caught.value.params["columns"])
    assert "発令区分" in str(caught.value.params["columns"])


def test_an_empty_file_is_a_file_without_columns():
    with pytest.raises(MissingColumns):
        read(b"")


def test_an_encrypted_or_broken_workbook_is_unreadable():
    with pytest.raises(Unreadable):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)


def test_the_header_of_a_printed_page_in_between_is_a_row_in_and_ignored():
    reading = read_rows(GOOD, hr_files.HEADER, GOOD)
    assert (reading.rows_in, len(reading.rows), reading.headers_again) == (3, 2, 1)


def test_status_release_time_and_sequence_are_read():
    header = (*hr_files.HEADER, "状態", "内示解禁日時", "発令順", "終了予定日")
    (row,) = read_rows((*GOOD, "内示", "2024/3/20 17:00", "２", "9999-12-31"), header=header).rows
    assert row.status is OrderStatus.DRAFT
    assert row.release_at is not None
    assert row.release_at.isoformat() == "2024-03-20T08:00:00+00:00"
    assert (row.sequence, row.planned_end) == (2, None)


def test_a_profile_maps_columns_and_words():
    profile = parse({"columns": {"誰": "employee_no"}, "values": {"order_type": {"10": "transfer"}}})
    content = hr_files.csv_bytes([["発令番号", "誰", "発令日", "発令区分"], ["A1", "00101", "20240401", "10"]])
    (row,) = read(content, profile).rows
    assert (row.employee_no, row.order_type) == ("00101", OrderType.TRANSFER)


def test_a_sheet_that_holds_no_orders_is_told():
    import io

    import xlsxwriter

    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory)
    book.add_worksheet("表紙").write(0, 0, "人事異動のお知らせ")
    sheet = book.add_worksheet("発令")
    sheet.write_row(0, 0, hr_files.HEADER)
    sheet.write_row(1, 0, GOOD)
    book.close()
    reading = read(memory.getvalue())
    assert len(reading.rows) == 1
    assert [(warning.value, warning.note.code) for warning in reading.warnings] == [("表紙", "intake.sheet_not_read")]


CELLS = st.text(alphabet=st.sampled_from('A10/.年月異動退職 　"\n,令和R'), max_size=8) | st.sampled_from(GOOD)


@given(st.lists(st.lists(CELLS, max_size=9), max_size=8))
def test_nothing_is_lost_at_the_door_whatever_the_table(rows: list[list[str]]):
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    reading = read(hr_files.csv_bytes([hr_files.HEADER, *quoted]))
    seen = [row for row in rows if any(cell.strip(" \n　") for cell in row)]
    assert reading.rows_in == len(seen)
    assert reading.rows_in == len(reading.rows) + len(reading.rejected) + reading.headers_again
    for defects in reading.rejected:
        assert all(defect.row > 1 and defect.column and defect.note.code for defect in defects)
