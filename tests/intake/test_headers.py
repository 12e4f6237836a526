import pytest

import hr_files
from sekisho.intake.headers import Layout, find_layout
from sekisho.intake.order_words import REQUIRED
from sekisho.intake.profiles import PLAIN, parse
from sekisho.intake.sheets import sheets_of


def layout_of(content: bytes, columns: dict[str, str] | None = None) -> Layout:
    profile = parse({"columns": columns}) if columns else PLAIN
    return find_layout(sheets_of(content, "x")[0], REQUIRED, profile)


def fields(layout: Layout) -> dict[str, int]:
    return {column.field: column.index for column in layout.columns}


def test_a_header_below_title_lines_is_found():
    layout = layout_of(hr_files.csv_bytes([["令和6年4月1日付 人事異動"], [], ["部外秘"], hr_files.HEADER, ["A1"]]))
    assert layout.header_row == 4
    assert layout.first_row == 4
    assert fields(layout)["order_type"] == 4


def test_headers_may_be_english():
    layout = layout_of(b"order_no,employee_no,effective_date,order_type,to_unit,Release At\n")
    assert set(fields(layout)) == {"order_no", "employee_no", "effective_date", "order_type", "to_unit", "release_at"}


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("発令№", "order_no"),
        ("社員番号（必須）", "employee_no"),
        ("発令日 (yyyy/mm/dd)", "effective_date"),
        ("社 員\n番 号", "employee_no"),
        ("辞令", "order_type"),
        ("発令年月日", "effective_date"),
        ("本務／兼務", "post_kind"),
        ("※氏名", "name"),
        ("兼務所属コード３", "concurrent_unit3"),
        ("組織コード1", "to_unit"),
        ("組織コード2", "concurrent_unit1"),
    ],
)
def test_a_column_is_known_by_the_names_real_files_use(written: str, field: str):
    content = hr_files.xlsx_bytes([[written, "備考"]])
    assert field in fields(layout_of(content))


def test_a_header_of_two_rows_with_merged_cells_is_read_through_both():
    rows = [
        ["人事発令一覧", "", "", "", "", ""],
        ["発令番号", "社員番号", "発令", "", "所属", ""],
        ["", "", "日", "区分", "旧コード", "新コード"],
    ]
    merged = [(0, 0, 0, 5), (1, 0, 2, 0), (1, 1, 2, 1), (1, 2, 1, 3), (1, 4, 1, 5)]
    layout = layout_of(hr_files.xlsx_bytes(rows, merged))
    assert fields(layout) == {
        "order_no": 0, "employee_no": 1, "effective_date": 2, "order_type": 3, "from_unit": 4, "to_unit": 5,
    }  # fmt: skip
    assert layout.first_row == 3
    assert next(column for column in layout.columns if column.field == "from_unit").header == "所属 旧コード"


def test_a_two_row_header_saved_as_csv_has_lost_its_merges_and_is_still_read():
    content = hr_files.csv_bytes(
        [["発令番号", "社員番号", "発令", "", "所属", "", "備考"], ["", "", "日", "区分", "旧コード", "新コード", ""]]
    )
    assert fields(layout_of(content)) == {
        "order_no": 0, "employee_no": 1, "effective_date": 2, "order_type": 3, "from_unit": 4, "to_unit": 5, "note": 6,
    }  # fmt: skip


def test_a_columns_own_name_wins_over_an_alias_and_the_other_is_told():
    layout = layout_of(hr_files.csv_bytes([["辞令番号", "発令番号", "社員番号", "発令日", "発令区分"]]))
    assert fields(layout)["order_no"] == 1
    assert [column.header for column in layout.repeated] == ["辞令番号"]


def test_an_unknown_column_is_told_with_its_header():
    layout = layout_of(hr_files.csv_bytes([[*hr_files.HEADER, "評価", ""]]))
    assert [column.header for column in layout.unknown] == ["評価"]


def test_a_profile_names_the_columns_of_a_layout_of_its_own():
    content = hr_files.csv_bytes([["番号", "異動者", "いつ", "何", "極秘"]])
    named = {
        "番号": "order_no",
        "異動者": "employee_no",
        "いつ": "effective_date",
        "何": "order_type",
        "極秘": "ignore",
    }
    layout = layout_of(content, named)
    assert layout.missing(REQUIRED) == ()
    assert layout.unknown == ()


def test_what_is_missing_is_named():
    layout = layout_of(hr_files.csv_bytes([["発令番号", "社員番号", "発令区分"]]))
    assert layout.missing(REQUIRED) == ("effective_date",)
