"""`order check`, `order rescreen` and `exception`, as an outsider calls them: files in, JSON and status out."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import commands

FOLDER = {
    "company.toml": 'name = "Group"\nhistory_complete_from = 2015-04-01\n',
    "companies.csv": """company_code,name,status,side,from,to
NW,Network,network,network,2015-04-01,
EP,Power,affiliate,affiliate,2015-04-01,
X,Other,other,,2015-04-01,2024-02-01
X,Other,affiliate,affiliate,2024-02-01,
""",
    "units.csv": """unit_code,name,company_code,parent_code,classes,from,to
N1,Planning,NW,,trunk_planning,2015-04-01,
N2,General,NW,,none,2015-04-01,
N3,Unseen,NW,,?,2015-04-01,
E1,Sales,EP,,retail_sales,2015-04-01,
X1,Sales of X,X,,retail_sales,2015-04-01,
""",
    "people.csv": """person_id,employee_no,name,company_code,unit_code,from,to
P1,001,山田太郎,NW,N1,2015-04-01,
P2,002,髙橋花子,NW,N2,2015-04-01,
P3,003,佐藤一,NW,N3,2015-04-01,
P4,004,鈴木二,NW,N1,2015-04-01,
P8,008,承認一,NW,N2,2015-04-01,
P9,009,承認二,EP,E1,2015-04-01,
""",
    "rules.toml": """[[rule]]
id = "direct"
version = "2024"
kind = "direct_transfer"
type = "policy_stop"
from_classes = ["trunk_planning"]
to_classes = ["retail_sales"]
to_status = ["affiliate", "subsidiary"]
from = 2020-04-01
text = { ja = "直接異動の自主規制", en = "No direct transfer" }

[[approver]]
rule = "direct"
person_ids = ["P8"]
side = "network"
from = 2020-04-01

[[approver]]
rule = "direct"
person_ids = ["P9"]
side = "affiliate"
from = 2020-04-01
""",
}
ORDERS = """発令番号,社員番号,発令日,発令区分,新所属コード,状態,会社コード
A1,001,2024-04-01,異動,E1,発令,NW
A2,002,2024-04-01,異動,E1,発令,NW
A3,003,2024-04-01,異動,E1,内示,NW
A4,004,2023-07-01,異動,X1,発令,NW
"""


def run(home: Path, *words: str, language: str = "en") -> tuple[int, str, str]:
    environment = {**os.environ, "SEKISHO_HOME": str(home), "SEKISHO_LANG": language, "COLUMNS": "200"}
    environment.pop("SEKISHO_DATABASE_URL", None)
    done = commands.call(*words, env=environment)
    return done.returncode, done.stdout, done.stderr


def document(home: Path, *words: str, status: int) -> dict[str, Any]:
    got, out, err = run(home, *words, "--json")
    assert got == status, out + err
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("screening")
    (place / "folder").mkdir()
    for name, content in FOLDER.items():
        (place / "folder" / name).write_text(content, "utf-8")
    (place / "orders.csv").write_text(ORDERS, "utf-8")
    home = place / "home"
    assert run(home, "load", str(place / "folder"))[0] == 0
    assert run(home, "order", "import", str(place / "orders.csv"))[0] == 0
    return home


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(loaded, tmp_path / "home")


def test_check_lists_every_draft_and_final_order_and_exits_1(home: Path) -> None:
    found = document(home, "order", "check", status=1)

    assert found["checked"] == 4
    assert {one["order_no"]: (one["status"], one["outcome"]) for one in found["results"]} == {
        "A1": ("final", "violation"),
        "A2": ("final", "allowed"),
        "A3": ("draft", "unknown"),
        "A4": ("final", "allowed"),
    }
    first = found["results"][0]
    assert first["rules"] == [{"id": "direct", "version": "2024", "type": "policy_stop"}]
    assert [step["unit"] for step in first["path"]] == ["N1", "E1"]
    assert (first["person_id"], first["effective_date"]) == ("P1", "2024-04-01")
    assert set(first["reason"]) == {"ja", "en"}


def test_people_read_a_table_the_worst_first_and_in_their_language(home: Path) -> None:
    status, out, _ = run(home, "order", "check", language="ja")

    assert status == 1
    assert out.index("規則に該当") < out.index("判定不能") < out.index("該当なし")
    assert "直接異動の自主規制" in out


def test_an_approved_exception_makes_the_order_allowed(home: Path) -> None:
    words = ("--rule", "direct", "--person", "P1", "--reason", "handover", "--from", "2024-04-01", "--to", "2024-07-01")
    asked = document(home, "--as", "hr", "exception", "request", *words, status=0)
    assert (asked["state"], asked["open_sides"]) == ("requested", ["network", "affiliate"])
    assert document(home, "--as", "P1", "exception", "approve", asked["id"], status=2)["error"]["code"] == (
        "exceptions.himself"
    )
    document(home, "--as", "P9", "exception", "approve", asked["id"], status=0)
    approved = document(home, "--as", "P8", "exception", "approve", asked["id"], status=0)
    assert approved["state"] == "approved"

    found = document(home, "order", "check", status=1)

    one = next(one for one in found["results"] if one["order_no"] == "A1")
    assert (one["outcome"], one["exceptions"]) == ("allowed", [asked["id"]])
    assert [row["id"] for row in document(home, "exception", "list", status=0)["exceptions"]] == [asked["id"]]


def test_rescreen_lists_whom_the_companys_new_status_affects(home: Path) -> None:
    found = document(home, "order", "rescreen", "--since", "2023-01-01", status=1)

    assert [(one["person_id"], one["order_no"], one["rule"], one["since"]) for one in found["affected"]] == [
        ("P4", "A4", "direct", "2024-02-01")
    ]
    assert document(home, "order", "rescreen", "--since", "2024-06-01", status=0)["affected"] == []


def test_a_day_that_is_none_is_bad_usage(home: Path) -> None:
    assert document(home, "order", "rescreen", "--since", "soon", status=2)["error"]["code"] == (
        "cli_screening.not_a_day"
    )
