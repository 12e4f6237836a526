"""An order changes between the plan's approval and its cutover: what it no longer gives is not given."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import outside
from outside import HEADER, call, folder

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = """
[[system]]
id = "{id}"
name = "{id}"
side = "{side}"
protected = true
connector = "sql"
url = "sqlite:///{file}"
accounts = {{ table = "users", key = "login" }}
entitlements = {{ table = "roles", account = "login", entitlement = "role" }}
[[entitlement]]
system = "{id}"
id = "view"
[[bundle]]
system = "{id}"
entitlements = ["view"]
for = {{ classes = ["{unit_class}"] }}
"""
APPS = {"nwapp": ("network", "network_service_center"), "epapp": ("affiliate", "retail_sales")}
Given = Callable[[], set[tuple[str, str]]]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """P1 (center) and P2 (general affairs) before a move on 2024-04-01, approved: P1 to general, P2 to sales."""
    access = ""
    for name, (side, unit_class) in APPS.items():
        file = tmp_path / f"{name}.db"
        with sqlite3.connect(file) as db:
            db.execute("CREATE TABLE users (login TEXT PRIMARY KEY)")
            db.execute("CREATE TABLE roles (login TEXT NOT NULL, role TEXT NOT NULL)")
            db.execute("INSERT INTO users VALUES ('p1'), ('p2')")
            if name == "nwapp":
                db.execute("INSERT INTO roles VALUES ('p1', 'view')")
        access += SYSTEM.format(id=name, side=side, unit_class=unit_class, file=file)
    links = "".join(f"P{n},{name},p{n}\n" for n in (1, 2) for name in APPS)
    company = folder(tmp_path / "company", access_toml=access, accounts_csv="person_id,system,account\n" + links)
    call("load", company, "--received-at", "2023-01-01")
    rows = ("A,000101,2024/4/1,異動,N0,NW", "A,000102,2024/4/1,異動,E1,NW")
    call("order", "import", outside.orders(tmp_path / "a.csv", *rows), "--received-at", "2024-03-01")
    plan = ("plan", "--as-of", "2024-04-01", "--expires", "2099-01-01", "--out", str(tmp_path / "plan.json"))
    assert len(call("--as", "planner", *plan)[1]["operations"]) == 2
    assert call("--as", "second", "plan", "approve", tmp_path / "plan.json")[0] == 0

    def cutover() -> set[tuple[str, str]]:
        _, done = call("--as", "planner", "cutover", tmp_path / "plan.json")
        return {
            (one["person_id"], one["error"]["code"] if one["error"] else one["state"]) for one in done["operations"]
        }

    return cutover


def change(file: Path, row: str, *words: str) -> None:
    changed = outside.orders(file, row, header=HEADER + ",対象発令番号")
    assert call("order", "import", changed, *words)[0] == 0


def test_nothing_learned_lets_the_approved_plan_run(given: Given) -> None:
    assert given() == {("P1", "applied"), ("P2", "applied")}


def test_a_cancelled_order_takes_but_no_longer_gives(given: Given, tmp_path: Path) -> None:
    change(tmp_path / "c.csv", "C,000102,2024/4/1,取消,,NW,A")
    assert given() == {("P1", "applied"), ("P2", "cutover.withdrawn")}


def test_a_cancellation_that_was_received_before_the_plan_counts_as_well(given: Given, tmp_path: Path) -> None:
    change(tmp_path / "c.csv", "C,000102,2024/4/1,取消,,NW,A", "--received-at", "2024-03-02")
    assert given() == {("P1", "applied"), ("P2", "cutover.withdrawn")}


def test_a_rule_that_the_move_breaks_by_now_holds_what_the_plan_would_give(given: Given, tmp_path: Path) -> None:
    rules = outside.COMPANY["rules.toml"].replace('from_classes = ["network_service_center"]\n', "")
    (tmp_path / "company" / "rules.toml").write_text(rules)
    assert call("load", tmp_path / "company")[1]["changed"] == 1
    assert given() == {("P1", "applied"), ("P2", "cutover.withdrawn")}
