from datetime import date
from pathlib import Path

import pytest

from sekisho.core.errors import SekishoError
from sekisho.intake import folder_checks
from sekisho.intake.folder import Folder, read_folder

FILES = {
    "company.toml": 'name = "北辰グループ"\nsides = ["network", "affiliate"]\n',
    "companies.csv": "company_code,name,status,side,from\nNW,北辰NW,network,network,2015-04-01\n",
    "units.csv": (
        "unit_code,name,company_code,parent_code,classes,from,to\n"
        "N0,本店,NW,,none,2015-04-01,\nN1,センター,NW,N0,network_service_center,2015-04-01,\n"
    ),
    "people.csv": (
        "person_id,employee_no,name,company_code,unit_code,from,to\n"
        "P1,000101,髙橋 一,NW,N1,2018-04-01,\nP2,000102,山﨑 二,NW,N0,2018-04-01,9999-12-31\n"
    ),
}
RULE = """
[[rule]]
id = "direct"
version = "1"
kind = "direct_transfer"
type = "policy_stop"
from_classes = ["network_service_center"]
from = 2020-04-01
"""


def write(folder: Path, **changed: str) -> Path:
    files = {**FILES, **{name.replace("__", "."): text for name, text in changed.items()}}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def read(folder: Path, **changed: str) -> Folder:
    found = read_folder(write(folder, **changed))
    folder_checks.check(found, folder_checks.Known())
    return found


def rejections(found: Folder, file: str) -> list[tuple[int, str, str]]:
    return [(defect.row, defect.column, defect.note.code) for defect in found.files[file].defects]


def refusal(folder: Path, **changed: str) -> SekishoError:
    with pytest.raises(SekishoError) as caught:
        read(folder, **changed)
    assert caught.value.exit_status == 2
    return caught.value


def test_codes_keep_their_zeros_and_names_their_characters(tmp_path):
    first = next(read(tmp_path).lines("people.csv")).values
    assert (first["employee_no"], first["name"], first["from"]) == ("000101", "髙橋 一", date(2018, 4, 1))
    assert (first["post_kind"], first["absence"], first["to"]) == ("main", "none", None)


def test_the_last_day_of_the_calendar_is_no_end(tmp_path):
    assert [line.values["to"] for line in read(tmp_path).lines("people.csv")] == [None, None]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_encodings_that_spreadsheets_write_are_read(tmp_path, encoding):
    write(tmp_path)
    (tmp_path / "people.csv").write_bytes(FILES["people.csv"].replace("\n", "\r\n").encode(encoding))
    assert [line.values["name"] for line in read_folder(tmp_path).lines("people.csv")] == ["髙橋 一", "山﨑 二"]


def test_a_missing_required_column_refuses_the_load_and_is_named(tmp_path):
    error = refusal(tmp_path, people__csv="person_id,employee_no,name,company_code,unit_code\nP1,1,a,NW,N1\n")
    assert (error.code, error.params) == ("folder.missing_column", {"file": "people.csv", "column": "from"})


def test_a_missing_optional_column_takes_its_default(tmp_path):
    found = read(tmp_path, units__csv="unit_code,name,company_code,from\nN0,a,NW,2015-04-01\nN1,b,NW,2015-04-01\n")
    assert [line.values["classes"] for line in found.lines("units.csv")] == ["", ""]


def test_unknown_columns_files_and_keys_are_reported(tmp_path):
    (tmp_path / "peoples.csv").write_text("x\n")
    found = read(
        tmp_path,
        companies__csv="company_code,name,status,from,capital\nNW,n,network,2015-04-01,5\n",
        company__toml='name = "g"\nnaem = "x"\n',
        rules__toml=RULE + 'colour = "red"\n',
    )
    assert found.unknown_files == ["peoples.csv"]
    assert found.files["companies.csv"].unknown_columns == ["capital"]
    assert found.files["company.toml"].unknown_columns == ["naem"]
    assert found.files["rules.toml"].unknown_columns == ["rule.colour"]


def test_rows_in_are_accepted_rejected_or_ignored(tmp_path):
    people = FILES["people.csv"] + (
        "P2,000102,山﨑 二,NW,N0,2018-04-01,9999-12-31\n"
        "P3,,blank,NW,N1,2018-04-01,\n"
        "P4,000104,date,NW,N1,4/1,\n"
        "P5,000105,unit,NW,N9,2018-04-01,\n"
        "\n"
        "P6,000106,period,NW,N1,2018-04-01,2018-04-01\n"
        "P7,000101,number,NW,N1,2019-04-01,\n"
    )
    found = read(tmp_path, people__csv=people)
    file = found.files["people.csv"]
    assert (file.rows_in, len(file.lines), file.rejected, file.ignored) == (8, 2, 5, 1)
    assert sorted(rejections(found, "people.csv")) == [
        (5, "employee_no", "folder.blank"),
        (6, "from", "intake.date_ambiguous"),
        (7, "unit_code", "folder.unknown_unit"),
        (9, "to", "folder.period"),
        (10, "employee_no", "folder.number_taken"),
    ]


def test_undecodable_bytes_reject_the_row_by_name_of_the_column(tmp_path):
    write(tmp_path)
    (tmp_path / "people.csv").write_bytes(FILES["people.csv"].encode("cp932").replace("一".encode("cp932"), b"\xff"))
    assert rejections(read_folder(tmp_path), "people.csv") == [(2, "name", "folder.unreadable_cell")]


def test_more_cells_than_headers_are_not_dropped_in_silence(tmp_path):
    found = read(tmp_path, companies__csv="company_code,name,status,from\nNW,a,b,network,2015-04-01\n")
    assert ("folder.extra_cells" in {code for _, _, code in rejections(found, "companies.csv")}) is True


def test_overlapping_rows_of_one_unit_leave_the_earlier_one(tmp_path):
    units = FILES["units.csv"] + "N1,センター,NW,N0,none,2016-04-01,\n"
    found = read(tmp_path, units__csv=units)
    assert rejections(found, "units.csv") == [(4, "from", "folder.overlap")]
    assert found.files["units.csv"].defects[0].note.params == {"row": "3"}


def test_a_unit_code_used_again_after_its_end_is_history(tmp_path):
    units = FILES["units.csv"].replace("2015-04-01,\nN1", "2015-04-01,2016-04-01\nN1") + "N0,新,NW,,none,2016-04-01,\n"
    assert rejections(read(tmp_path, units__csv=units), "units.csv") == []


def test_a_number_may_pass_to_another_person_afterwards(tmp_path):
    people = "person_id,employee_no,name,company_code,unit_code,from,to\nP1,1,a,NW,N1,2015-04-01,2018-04-01\n"
    assert rejections(read(tmp_path, people__csv=people + "P2,1,b,NW,N1,2018-04-01,\n"), "people.csv") == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("post_kind", "side"), ("employment_kind", "boss"), ("absence", "ill"), ("post_classes", "officer;king")],
)
def test_words_outside_a_closed_set_are_rejected(tmp_path, column, value):
    people = f"person_id,employee_no,name,company_code,unit_code,from,{column}\nP1,1,a,NW,N1,2018-04-01,{value}\n"
    assert rejections(read(tmp_path, people__csv=people), "people.csv") == [(2, column, "folder.not_a_word")]


def test_a_side_that_company_toml_does_not_know_is_rejected(tmp_path):
    users = "user,person_id,role,side\nh,P1,hr,both\nx,P1,hr,netwrok\n"
    assert rejections(read(tmp_path, users__csv=users), "users.csv") == [(3, "side", "folder.unknown_side")]


def test_two_versions_of_a_rule_on_one_day_are_refused(tmp_path):
    error = refusal(tmp_path, rules__toml=RULE + RULE.replace('"1"', '"2"').replace("2020", "2021"))
    assert (error.code, error.params["rule"], error.params["row"]) == ("folder.two_versions", "direct", 10)


def test_versions_that_follow_each_other_are_taken(tmp_path):
    later = RULE.replace('"1"', '"2"').replace("2020-04-01", "2024-04-01")
    found = read(tmp_path, rules__toml=RULE + "to = 2024-04-01\n" + later)
    assert [line.values["version"] for line in found.lines("rules.toml", "rule")] == ["1", "2"]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (RULE.replace('type = "policy_stop"\n', ""), "folder.missing_key"),
        (RULE.replace("policy_stop", "advice"), "folder.bad_rule"),
        (RULE.replace("[[rule]]", "[[rule]"), "folder.toml"),
        (RULE + "neutral_stay_days = -1\n", "folder.bad_rule"),
    ],
)
def test_a_rule_that_cannot_be_read_refuses_the_whole_load(tmp_path, rules, code):
    assert refusal(tmp_path, rules__toml=rules).code == code


def test_unreadable_toml_names_file_and_place(tmp_path):
    error = refusal(tmp_path, company__toml='name = "a\n')
    assert error.params["file"] == "company.toml"
    assert "line 1" in str(error.params["detail"])


@pytest.mark.parametrize(
    "setting",
    ['password = "x"', 'token = "t"', 'url = "postgresql://u:secret@db/x"', 'inner = { bind_password = "x" }'],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path, setting):
    system = f'[[system]]\nid = "s"\nname = "S"\nconnector = "sql"\n{setting}\n'
    found = read(tmp_path, access__toml=system)
    assert [code for _, _, code in rejections(found, "access.toml")] == ["folder.plain_secret"]
    assert found.files["access.toml"].defects[0].value == "***"


def test_a_named_secret_is_a_setting(tmp_path):
    system = '[[system]]\nid = "s"\nname = "S"\nconnector = "sql"\nurl_env = "DB"\npassword_file = "/run/x"\n'
    found = read(tmp_path, access__toml=system)
    assert next(found.lines("access.toml", "system")).values["settings"] == {
        "url_env": "DB",
        "password_file": "/run/x",
    }


def test_a_bundle_of_an_undeclared_entitlement_is_rejected(tmp_path):
    access = (
        '[[system]]\nid = "s"\nname = "S"\nconnector = "memory"\n'
        '[[entitlement]]\nsystem = "s"\nid = "e"\n'
        '[[bundle]]\nsystem = "s"\nentitlements = ["e", "f"]\nfor = { classes = ["retail_sales"] }\n'
        '[[bundle]]\nsystem = "s"\nentitlements = ["e"]\nunits = ["N1"]\n'
    )
    found = read(tmp_path, access__toml=access)
    assert rejections(found, "access.toml") == [(8, "entitlements", "folder.unknown_entitlement")]
    assert [line.values["condition"] for line in found.lines("access.toml", "bundle")] == [{"units": ["N1"]}]


def test_a_parameter_may_be_dated_and_a_wrong_one_is_rejected_by_name(tmp_path):
    company = (
        'name = "g"\n[parameters]\nlookback_days = 100\nretention_yeers = 7\n'
        "[[parameters.neutral_stay_days]]\nvalue = 30\nfrom = 2024-04-01\n"
    )
    found = read(tmp_path, company__toml=company)
    settings = [(line.values["name"], line.values["value"]) for line in found.lines("company.toml", "parameter")]
    assert settings == [("lookback_days", 100), ("neutral_stay_days", 30)]
    assert [column for _, column, _ in rejections(found, "company.toml")] == ["parameters.retention_yeers"]


def test_nobody_approves_his_own_exception(tmp_path):
    rows = "exception_id,rule,person_id,reason,approved_by,from,to\nX,direct,P1,r,P2;P1,2024-04-01,2024-05-01\n"
    found = read(tmp_path, rules__toml=RULE, exceptions__csv=rows)
    assert rejections(found, "exceptions.csv") == [(2, "approved_by", "folder.own_approval")]


def test_an_exception_without_an_end_is_rejected(tmp_path):
    rows = "exception_id,rule,person_id,reason,approved_by,from,to\nX,direct,P1,r,P2,2024-04-01,\n"
    found = read(tmp_path, rules__toml=RULE, exceptions__csv=rows)
    assert rejections(found, "exceptions.csv") == [(2, "to", "folder.blank")]


def test_a_folder_with_none_of_our_files_is_refused(tmp_path):
    with pytest.raises(SekishoError) as caught:
        read_folder(tmp_path)
    assert caught.value.code == "folder.nothing"
