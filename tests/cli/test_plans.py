"""`plan`, `grant` and `who` as an outsider calls them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import commands
from sekisho.connectors.memory import Faults, MemoryTarget
from sekisho.core.access import AccountState

T = "2026-04-01"
FILES = {
    "company.toml": 'name = "Sample"\nsides = ["network", "affiliate"]\n[parameters]\naccept_cli_approval = true\n',
    "companies.csv": "company_code,name,status,side,from\nNW,Network,network,network,2000-04-01\n"
    "AF,Retail,affiliate,affiliate,2000-04-01\n",
    "units.csv": "unit_code,name,company_code,classes,from\nA,Dispatch,NW,central_dispatch,2000-04-01\n"
    "B,General,NW,none,2000-04-01\nX,Sales,AF,retail_sales,2000-04-01\n",
    "people.csv": "person_id,employee_no,name,company_code,unit_code,post_kind,employment_kind,from,to\n"
    f"P1,001,One,NW,A,main,regular,2020-04-01,{T}\nP1,001,One,NW,B,main,regular,{T},\n"
    "P2,002,Two,NW,A,main,regular,2020-04-01,\n",
    "access.toml": """
[[system]]
id = "cis"
name = "Customer system"
side = "network"
protected = true
connector = "memory"
[[entitlement]]
system = "cis"
id = "read"
side = "network"
protected = true
owned = "authoritative"
[[bundle]]
system = "cis"
entitlements = ["read"]
classes = ["central_dispatch"]
from = 2020-04-01
""",
    "accounts.csv": "person_id,system,account,from\nP1,cis,p1,2020-04-01\nP2,cis,p2,2020-04-01\n",
}


def run(home: Path, *words: str, status: int = 0) -> dict[str, Any]:
    done = commands.call("--home", str(home), *words, "--json", env={**os.environ, "SEKISHO_HOME": str(home)})
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)


def shown(home: Path, language: str, *words: str) -> str:
    env = {**os.environ, "SEKISHO_HOME": str(home), "SEKISHO_LANG": language, "COLUMNS": "160"}
    return commands.call("--home", str(home), *words, env=env).stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content, "utf-8")
    home = tmp_path / "home"
    run(home, "load", str(folder))
    accounts = [AccountState("p1", active=True, entitlements=frozenset({"read"}))]
    accounts.append(AccountState("p2", active=True, entitlements=frozenset()))
    MemoryTarget("cis", home=home).put(accounts)
    return home


def test_a_plan_is_made_approved_by_someone_else_and_shown(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    plan = run(home, "--as", "alice", "plan", "--as-of", T, "--expires", "2100-01-01", "--out", str(file))
    steps = [(one["person_id"], one["action"], one["phase"], one["because"]) for one in plan["operations"]]
    assert steps == [("P1", "revoke", 1, ["not_wanted"]), ("P2", "grant", 2, plan["operations"][1]["because"])]
    assert plan["as_of"] == "2026-03-31T15:00:00Z"
    assert json.loads(file.read_text("utf-8")) == plan
    approved = run(home, "--as", "bob", "plan", "approve", str(file))
    assert (approved["sha256"], approved["approvals"][0]["by"]) == (plan["sha256"], "bob")
    assert run(home, "plan", "show", str(file))["approvals"] == approved["approvals"]


def test_the_planner_and_a_changed_file_are_refused_with_status_2(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    run(home, "--as", "alice", "plan", "--as-of", T, "--expires", "2100-01-01", "--out", str(file))
    refused = run(home, "--as", "alice", "plan", "approve", str(file), status=2)
    assert refused["error"]["code"] == "plans.own_plan"
    file.write_text(file.read_text("utf-8").replace("P1", "P2"), "utf-8")
    refused = run(home, "--as", "bob", "plan", "approve", str(file), status=2)
    assert refused["error"]["code"] == "plans.part_changed"
    assert set(refused["error"]["message"]) == {"ja", "en"}


def test_a_system_that_cannot_be_reached_is_status_3_and_unknown(home: Path, tmp_path: Path) -> None:
    MemoryTarget("cis", home=home).fail(Faults(unreachable=True))
    plan = run(home, "plan", "--as-of", T, "--out", str(tmp_path / "plan.json"), status=3)
    assert (plan["unknown_systems"], plan["operations"]) == (["cis"], [])


def test_a_plan_without_a_day_or_a_writable_file_changes_nothing(home: Path, tmp_path: Path) -> None:
    assert run(home, "plan", "--as-of", T, status=2)["error"]["code"] == "cli.usage"
    nowhere = str(tmp_path / "no" / "plan.json")
    assert run(home, "plan", "--as-of", T, "--out", nowhere, status=2)["error"]["code"] == "cli_plans.not_writable"
    assert (
        run(home, "plan", "--as-of", "soon", "--out", str(tmp_path / "p"), status=2)["error"]["code"] == "cli.instant"
    )


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("Guards", "revoke", "By person")), ("ja", ("安全確認", "解除"))]
)
def test_people_read_the_plan_in_their_language(
    home: Path, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    text = shown(home, language, "plan", "--as-of", T, "--out", str(tmp_path / "plan.json"))
    assert [word for word in words if word not in text] == []


def test_who_answers_from_what_should_be_and_what_was_seen(home: Path, tmp_path: Path) -> None:
    run(home, "plan", "--as-of", T, "--out", str(tmp_path / "plan.json"))
    answer = run(home, "who", "--system", "cis", "--from", "2026-03-01", "--to", "2026-05-01")
    desired = {(one["person_id"], one["from"], one["to"]) for one in answer["holders"] if one["basis"] == "desired"}
    assert ("P1", "2026-03-01", T) in desired
    assert ("P2", "2026-03-01", "2026-05-01") in desired
    assert [one["person_id"] for one in run(home, "who", "--system", "cis", "--on", T)["holders"]] == ["P2"]
    assert run(home, "who", "--system", "cis", status=2)["error"]["code"] == "cli.usage"


def test_a_grant_is_asked_for_and_approved_by_two_people(home: Path) -> None:
    words = ("--person", "P1", "--system", "cis", "--entitlement", "read", "--reason", "handover", "--to", "2027-05-01")
    asked = run(home, "--as", "alice", "grant", "add", *words)
    assert asked["state"] == "requested"
    refused = run(home, "--as", "alice", "grant", "approve", asked["id"], status=2)
    assert refused["error"]["code"] == "grants.own"
    assert run(home, "--as", "bob", "grant", "approve", asked["id"])["state"] == "approved"
    assert [one["state"] for one in run(home, "grant", "list")["grants"]] == ["approved"]
