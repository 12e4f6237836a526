"""One transfer day at the command line, as an outsider runs it who has read the contract only.

A small company folder and HR's file are written by hand here; the targets are SQLite applications.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import commands

SEKISHO = str(Path(sys.executable).parent / "sekisho")

COMPANY = """
name = "Kitakaze group"
timezone = "Asia/Tokyo"
sides = ["network", "affiliate"]
history_complete_from = 2015-04-01

[parameters]
accept_cli_approval = true
"""
COMPANIES = """company_code,name,status,side,from,to
NW,Kitakaze Network,network,network,2015-04-01,
EP,Kitakaze Electric,affiliate,affiliate,2015-04-01,
"""
UNITS = """unit_code,name,company_code,parent_code,classes,side,head_person_id,from,to
N000,Network head office,NW,,none,,P9,2015-04-01,
N100,Network service center,NW,N000,network_service_center,,P9,2015-04-01,
N110,Service center section 1,NW,N100,,,P9,2015-04-01,
N200,General affairs,NW,N000,none,,P9,2015-04-01,
E000,Electric head office,EP,,none,,P8,2015-04-01,
E100,Retail sales,EP,E000,retail_sales,,P8,2015-04-01,
E200,Personnel,EP,E000,none,,P8,2015-04-01,
"""
PEOPLE = """person_id,employee_no,name,company_code,unit_code,title,post_kind,from,to
P1,000101,髙橋 一,NW,N110,staff,main,2018-04-01,
P2,000102,山﨑 二,NW,N200,staff,main,2018-04-01,
P3,000103,渡邉 三,NW,N100,staff,main,2018-04-01,
P4,000104,佐藤 四,EP,E100,staff,main,2018-04-01,
P8,000801,長田 八,EP,E000,head,main,2016-04-01,
P9,000901,長井 九,NW,N000,head,main,2016-04-01,
"""
RULES = """
[[rule]]
id = "direct"
version = "1"
kind = "direct_transfer"
type = "policy_stop"
from_classes = ["network_service_center", "central_dispatch", "trunk_planning", "balancing_procurement"]
to_classes = ["retail_sales", "power_trading", "generation_planning", "specified_wholesale"]
from = 2020-04-01
text.ja = "対象部署間の直接異動は行わない。"
text.en = "No direct transfer between listed units."
source = "code of conduct"
approved_by = "presidents"
approved_on = 2020-03-01

[[approver]]
rule = "direct"
person_ids = ["P9"]
side = "network"
from = 2020-04-01
"""
ACCESS = """
[[system]]
id = "nwapp"
name = "Network customers"
side = "network"
protected = true
connector = "sql"
url = "sqlite:///{nw}"
accounts = {{ table = "users", key = "login", active = {{ column = "enabled", on = 1, off = 0 }} }}
entitlements = {{ table = "roles", account = "login", entitlement = "role" }}

[[system]]
id = "epapp"
name = "Retail customers"
side = "affiliate"
protected = true
connector = "sql"
url = "sqlite:///{ep}"
accounts = {{ table = "users", key = "login", active = {{ column = "enabled", on = 1, off = 0 }} }}
entitlements = {{ table = "roles", account = "login", entitlement = "role" }}

[[entitlement]]
system = "nwapp"
id = "view_all"
side = "network"
protected = true
owned = "authoritative"

[[entitlement]]
system = "epapp"
id = "sales"
side = "affiliate"
protected = true
owned = "authoritative"

[[entitlement]]
system = "epapp"
id = "portal"
protected = false
owned = "authoritative"

[[bundle]]
system = "nwapp"
entitlements = ["view_all"]
for = {{ classes = ["network_service_center"] }}

[[bundle]]
system = "epapp"
entitlements = ["sales"]
for = {{ classes = ["retail_sales"] }}

[[bundle]]
system = "epapp"
entitlements = ["portal"]
for = {{ companies = ["EP"] }}
"""
ORDERS = """発令番号,社員番号,氏名,発令日,発令区分,新所属コード,会社コード
2024-001,000101,高橋　一,令和6年4月1日,異動,E100,NW
2024-001,000102,山崎 二,2024/4/1,異動,E100,NW
2024-001,000103,渡邉 三,R6.4.1,異動,N200,NW
2024-001,000999,誰か,2024/4/1,異動,N200,NW
2024-001,000104,佐藤 四,4/1,異動,E200,EP
"""


class Shell:
    """Runs commands in one home and returns exit status and JSON document; the first starts the installed program."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started = False

    def __call__(self, *words: str | Path, user: str = "") -> tuple[int, dict[str, Any]]:
        before: Sequence[str] = ["--as", user] if user else []
        said = ["--home", str(self.home), *before, *map(str, words), "--json"]
        env = {**os.environ, "SEKISHO_HOME": str(self.home)}
        if self.started:
            done = commands.call(*said, env=env)
        else:
            done = subprocess.run([SEKISHO, *said], capture_output=True, text=True, check=False, env=env)
        self.started = True
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


def application(file: Path, held: dict[str, list[str]], people: list[str]) -> None:
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE users (login TEXT PRIMARY KEY, enabled INTEGER NOT NULL)")
        db.execute("CREATE TABLE roles (login TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (login, role))")
        db.executemany("INSERT INTO users VALUES (?, 1)", [(person,) for person in people])
        db.executemany(
            "INSERT INTO roles VALUES (?, ?)", [(who, role) for who, roles in held.items() for role in roles]
        )


def roles(file: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with sqlite3.connect(file) as db:
        for login, role in db.execute("SELECT login, role FROM roles"):
            found.setdefault(login, set()).add(role)
    return found


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    folder.mkdir()
    everyone = ["p1", "p2", "p3", "p4", "p8", "p9"]
    application(tmp_path / "nw.db", {"p1": ["view_all"], "p3": ["view_all"]}, everyone)
    application(tmp_path / "ep.db", {"p4": ["sales", "portal"], "p8": ["portal"]}, everyone)
    (folder / "company.toml").write_text(COMPANY)
    (folder / "companies.csv").write_text(COMPANIES)
    (folder / "units.csv").write_text(UNITS)
    (folder / "people.csv").write_text(PEOPLE)
    (folder / "rules.toml").write_text(RULES)
    (folder / "access.toml").write_text(ACCESS.format(nw=tmp_path / "nw.db", ep=tmp_path / "ep.db"))
    links = [f"{name.upper()},{system},{name}" for name in everyone for system in ("nwapp", "epapp")]
    (folder / "accounts.csv").write_text("person_id,system,account\n" + "\n".join(links) + "\n")
    return folder


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    file.write_bytes(ORDERS.encode("cp932"))
    return file


def test_a_transfer_day_from_hrs_file_to_verified_access(company: Path, orders: Path, tmp_path: Path) -> None:
    run = Shell(tmp_path / "home")

    status, loaded = run("load", company, "--received-at", "2024-01-10")
    assert (status, loaded["people"], loaded["systems"], loaded["rules"]) == (0, 6, 2, 1)
    status, again = run("load", company, "--received-at", "2024-01-11")
    assert (status, again["changed"]) == (0, 0)

    status, taken = run("order", "import", orders, "--received-at", "2024-03-01")
    assert status == 1
    assert (taken["rows_in"], taken["accepted"], taken["rejected"], taken["ignored"]) == (5, 3, 2, 0)
    assert [(defect["row"], defect["column"], defect["value"]) for defect in taken["rejections"]] == [
        (5, "社員番号", "000999"),
        (6, "発令日", "4/1"),
    ]
    assert all(defect["reason"]["ja"] and defect["reason"]["en"] for defect in taken["rejections"])

    status, checked = run("order", "check")
    assert (status, checked["checked"]) == (1, 3)
    outcomes = {result["person_id"]: result["outcome"] for result in checked["results"]}
    assert outcomes == {"P1": "violation", "P2": "allowed", "P3": "allowed"}
    violation = next(result for result in checked["results"] if result["outcome"] == "violation")
    assert violation["rules"] == [{"id": "direct", "version": "1", "type": "policy_stop"}]
    assert (violation["order_no"], violation["effective_date"], violation["status"]) == (
        "2024-001",
        "2024-04-01",
        "final",
    )

    plan_file = tmp_path / "plan.json"
    status, planned = run(
        "plan", "--as-of", "2024-04-01", "--expires", "2099-01-01", "--out", plan_file, user="planner"
    )
    assert status in {0, 1}, planned
    wanted = {(op["person_id"], op["action"], op["entitlement"]) for op in planned["operations"]}
    assert wanted == {
        ("P1", "revoke", "view_all"),
        ("P1", "grant", "portal"),
        ("P2", "grant", "portal"),
        ("P2", "grant", "sales"),
        ("P3", "revoke", "view_all"),
    }
    assert planned["unknown_systems"] == []
    assert {part["side"] for part in planned["parts"]} >= {"network", "affiliate"}

    status, refused = run("plan", "approve", plan_file, user="planner")
    assert (status, "error" in refused) == (2, True)
    status, _ = run("cutover", plan_file, user="planner")
    assert status == 2
    status, approved = run("plan", "approve", plan_file, user="second")
    assert (status, approved["sha256"]) == (0, planned["sha256"])

    status, done = run("cutover", plan_file, user="planner")
    assert (status, done["applied"], done["failed"], done["held"]) == (1, 5, 0, 1), done
    assert roles(tmp_path / "nw.db") == {}
    assert roles(tmp_path / "ep.db") == {
        "p1": {"portal"},
        "p2": {"sales", "portal"},
        "p4": {"sales", "portal"},
        "p8": {"portal"},
    }
    status, repeated = run("cutover", plan_file, user="planner")
    assert (repeated["applied"], repeated["already"], repeated["failed"]) == (0, 5, 0)

    status, verified = run("verify", "--as-of", "2024-04-01", user="third")
    assert (verified["left_over"], verified["missing"], verified["excess"], verified["unknown"]) == (0, 0, 0, 0), (
        verified
    )
    assert verified["verified"] > 0

    status, who = run("who", "--system", "epapp", "--on", "2024-04-02")
    assert {holder["person_id"] for holder in who["holders"] if holder["entitlement"] == "sales"} >= {"P2", "P4"}
    assert "P1" not in {holder["person_id"] for holder in who["holders"] if holder["entitlement"] == "sales"}

    status, ledger = run("ledger", "verify")
    assert (status, ledger["ok"], ledger["unsequenced"]) == (0, True, 0)
    status, pack = run("ledger", "export", tmp_path / "pack")
    assert status == 0
    assert pack["files"]
    offline = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "pack" / "verify.py")], capture_output=True, text=True, check=False
    )
    assert offline.returncode == 0, offline.stdout + offline.stderr


def test_the_same_file_again_changes_nothing(company: Path, orders: Path, tmp_path: Path) -> None:
    run = Shell(tmp_path / "home")
    run("load", company)
    run("order", "import", orders)
    _, again = run("order", "import", orders)
    assert (again["accepted"], again["ignored"], again["rejected"]) == (0, 3, 2)


def test_a_missing_required_column_takes_nothing_and_is_named(company: Path, tmp_path: Path) -> None:
    run = Shell(tmp_path / "home")
    run("load", company)
    file = tmp_path / "short.csv"
    file.write_text("発令番号,社員番号,発令区分,新所属コード\n1,000101,異動,E100\n", "utf-8-sig")
    status, refused = run("order", "import", file)
    assert status == 2
    assert "発令日" in refused["error"]["message"]["ja"]


def test_a_system_that_cannot_be_read_is_unknown_and_its_grants_are_held(
    company: Path, orders: Path, tmp_path: Path
) -> None:
    run = Shell(tmp_path / "home")
    run("load", company)
    run("order", "import", orders)
    (tmp_path / "nw.db").rename(tmp_path / "away.db")
    status, planned = run("plan", "--as-of", "2024-04-01", "--out", tmp_path / "plan.json", user="planner")
    assert planned["unknown_systems"] == ["nwapp"]
    assert status == 3
