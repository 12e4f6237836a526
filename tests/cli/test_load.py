import json
import os
from pathlib import Path
from typing import Any

import pytest

import commands


def run(home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = commands.call("--home", str(home), *words, "--json", env={**os.environ, "SEKISHO_HOME": str(home)})
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "company"
    path.mkdir()
    (path / "companies.csv").write_text("company_code,name,status,from\nNW,n,network,2015-04-01\n")
    (path / "units.csv").write_text(
        "unit_code,name,company_code,from,note\nN1,u,NW,2015-04-01,x\nN2,u,XX,2015-04-01,y\n"
    )
    return path


def test_rejected_rows_are_status_1_and_say_row_column_value_and_reason(tmp_path, folder):
    status, document = run(tmp_path / "home", "load", str(folder))
    assert (status, document["companies"], document["units"]) == (1, 1, 1)
    units = next(file for file in document["files"] if file["file"] == "units.csv")
    assert (units["rows_in"], units["accepted"], units["rejected"], units["ignored"]) == (2, 1, 1, 0)
    assert units["unknown_columns"] == ["note"]
    [rejection] = units["rejections"]
    assert (rejection["row"], rejection["column"], rejection["value"]) == (3, "company_code", "XX")
    assert set(rejection["reason"]) == {"ja", "en"}


def test_a_missing_column_is_status_2_and_one_document(tmp_path, folder):
    (folder / "units.csv").write_text("unit_code,name\n")
    status, document = run(tmp_path / "home", "load", str(folder))
    assert (status, document["error"]["code"]) == (2, "folder.missing_column")
    assert "company_code" in document["error"]["message"]["en"]


def test_the_clock_may_be_set_in_a_rehearsal_only(tmp_path, folder):
    status, document = run(tmp_path / "practice", "rehearse")
    assert (status, document["rehearsal"]) == (0, True)
    assert run(tmp_path / "practice", "--now", "2024-01-10", "load", str(folder))[0] == 1
    run(tmp_path / "real", "load", str(folder))
    status, document = run(tmp_path / "real", "--now", "2024-01-10", "load", str(folder))
    assert (status, document["error"]["code"]) == (2, "installation.clock_refused")
    assert run(tmp_path / "real", "rehearse")[1]["error"]["code"] == "cli_load.refused_home"
