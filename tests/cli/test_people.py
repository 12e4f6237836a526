"""`sekisho person`, as somebody at the command line meets it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import commands


def run(home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = commands.call("--home", str(home), *words, "--json", env=os.environ)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def home(tmp_path):
    """A network company and its affiliate; P1 moved by an order, P2 retired, P3 is P2 hired again."""
    folder = tmp_path / "company"
    folder.mkdir()
    files = {
        "companies.csv": "company_code,name,status,side,from\n"
        "NW,送配電,network,network,2016-04-01\nAF,電力,affiliate,affiliate,2000-01-01\n",
        "units.csv": "unit_code,name,company_code,classes,from\n"
        "N1,ネットワークサービスセンター,NW,network_service_center,2016-04-01\nA1,営業部,AF,retail_sales,2000-01-01\n",
        "people.csv": "person_id,employee_no,name,company_code,unit_code,from\n"
        "P1,1001,髙橋,NW,N1,2018-04-01\nP2,1002,佐藤,NW,N1,2018-04-01\nP3,2001,佐藤,AF,A1,2023-10-01\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    (folder / "orders.csv").write_text(
        "発令番号,社員番号,発令日,発令区分,旧所属コード,新所属コード,会社コード\n"
        "H-1,1001,2024-04-01,異動,N1,A1,NW\nH-2,1002,2023-03-31,退職,N1,,NW\n",
        "utf-8",
    )
    place = tmp_path / "home"
    run(place, "load", str(folder), "--received-at", "2024-01-10")
    run(place, "order", "import", str(folder / "orders.csv"), "--received-at", "2024-03-10")
    return place


def spells(document: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(post["unit"], post["from"], post["to"]) for post in document["posts"]]


def test_a_story_is_told_as_known_then(home):
    status, document = run(home, "person", "show", "P1")
    assert (status, spells(document)) == (0, [("N1", "2018-04-01", "2024-04-01"), ("A1", "2024-04-01", None)])
    assert document["posts"][0]["ended_by"] == document["posts"][1]["origin"]
    status, document = run(home, "person", "show", "P1", "--known-at", "2024-02-01")
    assert (status, spells(document)) == (0, [("N1", "2018-04-01", None)])


def test_linked_ids_tell_one_story(home):
    status, document = run(home, "person", "link", "P2", "P3", "--reason", "再雇用")
    assert (status, document["state"], document["person_id"], document["absorbed"]) == (0, "linked", "P2", "P3")
    status, document = run(home, "person", "show", "P3")
    assert (status, document["person_id"], document["also"]) == (0, "P2", ["P3"])
    assert spells(document) == [("N1", "2018-04-01", "2023-04-01"), ("A1", "2023-10-01", None)]
    assert {number["employee_no"] for number in document["numbers"]} == {"1002", "2001"}


def test_refusals_are_status_2_and_change_nothing(home):
    for words, code in (
        (("show", "P9"), "people.unknown"),
        (("link", "P1", "P1", "--reason", "r"), "people.already_one"),
        (("link", "P1", "P9", "--reason", "r"), "people.unknown"),
        (("link", "P1", "P2", "--reason", " "), "people.no_reason"),
        (("link", "P1", "P2"), "cli.usage"),
    ):
        status, document = run(home, "person", *words)
        assert (status, document["error"]["code"]) == (2, code)
        assert set(document["error"]["message"]) == {"ja", "en"}
    assert spells(run(home, "person", "show", "P3")[1]) == [("A1", "2023-10-01", None)]
