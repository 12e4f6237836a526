import json
import os
from pathlib import Path
from typing import Any

import pytest

import commands
import hr_files


def run(home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = commands.call("--home", str(home), *words, "--json", env={**os.environ, "SEKISHO_HOME": str(home)})
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    folder.mkdir()
    (folder / "companies.csv").write_text("company_code,name,status,from\nNW,n,network,2015-04-01\n")
    (folder / "units.csv").write_text(
        "unit_code,name,company_code,classes,from\nN1,u,NW,none,2015-04-01\nN2,v,NW,none,2015-04-01\n"
    )
    (folder / "people.csv").write_text(
        "person_id,employee_no,name,company_code,unit_code,from\nP1,00101,高橋,NW,N1,2015-04-01\n", "utf-8"
    )
    path = tmp_path / "home"
    assert run(path, "load", str(folder))[0] == 0
    return path


def write(path: Path, *rows: tuple[str, ...], encoding: str = "cp932") -> str:
    path.write_bytes(hr_files.csv_bytes([hr_files.HEADER, *rows], encoding))
    return str(path)


def test_a_good_file_is_status_0_and_again_changes_nothing(tmp_path: Path, home: Path):
    file = write(tmp_path / "o.csv", ("A1", "00101", "髙橋", "令和6年4月1日", "異動", "N1", "N2"))
    status, document = run(home, "order", "import", file)
    assert status == 0
    assert (document["rows_in"], document["accepted"], document["rejected"], document["ignored"]) == (1, 1, 0, 0)
    assert {warning["column"] for warning in document["warnings"]} == {"氏名", "発令日"}
    status, document = run(home, "order", "import", file)
    assert (status, document["ignored_by_reason"]) == (0, {"same_row": 1})


def test_rejected_rows_are_status_1_and_say_row_column_value_and_reason(tmp_path: Path, home: Path):
    file = write(tmp_path / "o.csv", ("A1", "00101", "", "6.4.1", "異動", "N1", "N2"))
    status, document = run(home, "order", "import", file)
    assert status == 1
    [rejection] = document["rejections"]
    assert (rejection["row"], rejection["column"], rejection["value"]) == (2, "発令日", "6.4.1")
    assert set(rejection["reason"]) == {"ja", "en"}


def test_a_missing_required_column_is_status_2_and_named(tmp_path: Path, home: Path):
    file = tmp_path / "o.csv"
    file.write_text("発令番号,社員番号,発令区分\nA1,00101,異動\n", "utf-8")
    status, document = run(home, "order", "import", str(file))
    assert status == 2
    assert "発令日" in document["error"]["message"]["ja"]
    assert "effective_date" in document["error"]["message"]["en"]


def test_a_file_that_is_not_there_is_status_2(tmp_path: Path, home: Path):
    status, document = run(home, "order", "import", str(tmp_path / "none.xlsx"))
    assert (status, document["error"]["code"]) == (2, "intake.not_there")


def test_a_snapshot_that_loses_people_is_status_2_until_confirmed(tmp_path: Path, home: Path):
    file = tmp_path / "all.csv"
    file.write_text("社員番号,所属コード\n", "utf-8")
    status, document = run(home, "order", "import", str(file), "--snapshot")
    assert (status, document["error"]["code"]) == (2, "orders.vanished")
    status, document = run(home, "order", "import", str(file), "--snapshot", "--confirm-vanished", "1")
    assert (status, document["generated"]) == (0, {"leave_company": 1})


def test_a_profile_is_saved_listed_and_used(tmp_path: Path, home: Path):
    profile = tmp_path / "p.toml"
    profile.write_text('[columns]\n"誰" = "employee_no"\n', "utf-8")
    status, document = run(home, "profile", "save", "旧人事", str(profile), "--width", "employee_no=5")
    assert (status, document["widths"]) == (0, {"employee_no": 5})
    assert [saved["name"] for saved in run(home, "profile", "list")[1]["profiles"]] == ["旧人事"]
    file = tmp_path / "o.csv"
    file.write_text("発令番号,誰,発令日,発令区分,新所属コード\nA1,101,20240401,異動,N2\n", "utf-8")
    status, document = run(home, "order", "import", str(file), "--profile", "旧人事")
    assert (status, document["accepted"]) == (0, 1)


def test_a_manifest_is_signed_by_its_hash(tmp_path: Path, home: Path):
    file = tmp_path / "m.csv"
    file.write_text("order_no,employee_no,effective_date\nA1,00101,2024-04-01\n", "utf-8")
    status, document = run(home, "order", "manifest", str(file))
    assert (status, document["movers"], len(document["sha256"])) == (0, 1, 64)
    assert document["signed_by"].startswith("cli:")
