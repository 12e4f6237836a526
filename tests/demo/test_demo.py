"""The made-up utility says what it plants, and the product, a hand-written list and the oracle agree on it."""

import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from demo import oracle
from sekisho.core.kinds import Outcome
from sekisho.core.users import Actor
from sekisho.demo.group import Planted, write_folder
from sekisho.demo.stream import write_large
from sekisho.services import folder, orders, screening

TRUSTED = Actor(name="cli:test", trusted=True)
SEASON = date(2024, 4, 1)
PEOPLE = 300


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Planted:
    return write_folder(into=tmp_path_factory.mktemp("group"), people=PEOPLE, seed=7)


@pytest.fixture(scope="module")
def truth(planted):
    return json.loads(planted.truth.read_text("utf-8"))


@pytest.fixture(scope="module")
def world(planted):
    return oracle.read_world(planted.folder, [*planted.history, *planted.orders])


def imported(file: Path, at: datetime):
    request = orders.OrderRequest(name=file.name, content=file.read_bytes(), received_at=at)
    return orders.import_orders(actor=TRUSTED, now=at, request=request)


def load_all(group: Planted):
    """Load and import everything, each file at its time."""
    folder.load_folder(folder=group.folder, actor=TRUSTED, now=datetime(2014, 4, 2, tzinfo=UTC))
    for file in group.history:
        imported(file, datetime(int(file.stem[-4:]) + 1, 3, 20, tzinfo=UTC))
    return [imported(file, datetime(2024, 3, 21, tzinfo=UTC)) for file in group.orders]


@pytest.fixture
def loaded(planted, db):
    return load_all(planted)


def product_says() -> dict[tuple[str, date], str]:
    """Return the worst outcome of each person's day."""
    now = datetime(2024, 3, 22, tzinfo=UTC)
    said: dict[tuple[str, date], str] = {}
    for one in screening.check(actor=TRUSTED, now=now, as_of=now, known_at=now).results:
        key = (one.order.person_id, one.order.first_day)
        said[key] = max(said.get(key, ""), one.verdict.outcome.value, key=oracle.STRENGTH.index)
    return said


def oracle_says(world: oracle.World) -> dict[tuple[str, date], str]:
    said: dict[tuple[str, date], str] = {}
    for person in world.rows:
        for row in oracle.standing(world, person):
            key = (person, row.first)
            said[key] = max(said.get(key, ""), oracle.judge(world, person, row)[0], key=oracle.STRENGTH.index)
    return said


def test_equal_seeds_write_equal_files(planted, tmp_path):
    again = write_folder(into=tmp_path, people=PEOPLE, seed=7)
    for one, other in zip([*planted.history, *planted.orders], [*again.history, *again.orders], strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    assert planted.truth.read_text() == again.truth.read_text()


def test_each_of_the_sixteen_pairs_and_every_edge_case_is_planted(truth):
    kinds = [case["kind"] for case in truth["plants"]]
    assert len([kind for kind in kinds if kind.startswith("pair:")]) == 16
    assert len(kinds) == len(set(kinds))
    assert {"via_leave", "same_day_chain", "subsidiary", "unclassified_unit", "day_before_the_rule"} <= set(kinds)


def test_the_oracle_finds_what_is_planted_and_nothing_else(world, truth):
    cases = {case["person_id"]: case for case in truth["plants"]}
    for person in world.rows:
        rows = [row for row in oracle.standing(world, person) if row.day >= date(2024, 1, 15)]
        said = [oracle.judge(world, person, row) for row in rows]
        worst = max((outcome for outcome, _ in said), key=oracle.STRENGTH.index, default="")
        expected = cases[person]["outcome"] if person in cases else "allowed"
        assert worst == expected or (person not in cases and not rows), (person, cases.get(person), worst)


def test_the_oracle_takes_and_rejects_the_same_rows(world, truth):
    for file in truth["files"]:
        assert world.rejected[file["name"]] == len(file["rejected"])
        assert world.ignored[file["name"]] == file["ignored"]


def test_the_product_takes_and_rejects_the_rows_that_are_planted(loaded, truth):
    for result, file in zip(loaded, truth["files"], strict=True):
        ignored = sum(result.ignored_by_reason.values())
        assert result.rows_in == file["rows_in"] == result.accepted + len(result.rejected_rows) + ignored
        places = {(defect.row, defect.column) for row in result.rejected_rows for defect in row}
        assert places == {tuple(place) for place in file["rejected"]}
        assert (result.accepted, ignored) == (file["accepted"], file["ignored"])


def test_the_product_judges_every_order_as_the_oracle_does(loaded, world):
    said, expected = product_says(), oracle_says(world)
    assert said == expected
    assert {Outcome.VIOLATION, Outcome.UNKNOWN, Outcome.NEEDS_REVIEW, Outcome.ALLOWED} == set(said.values())


def test_a_second_load_after_all_orders_changes_nothing(loaded, planted):
    again = folder.load_folder(folder=planted.folder, actor=TRUSTED, now=datetime(2024, 3, 23, tzinfo=UTC))
    assert (again.changed, again.rejected) == (0, 0)


def test_nobody_holds_both_sides_before_the_day(planted):
    held = {}
    for system in ("hn-operations", "hk-sales"):
        with sqlite3.connect(planted.targets / f"{system}.db") as db:
            held[system] = {login for (login,) in db.execute("SELECT DISTINCT login FROM rights")}
        db.close()
    assert held["hn-operations"]
    assert held["hk-sales"]
    assert not held["hn-operations"] & held["hk-sales"]


def test_reckless_moves_are_judged_as_the_oracle_judges_them(tmp_path, db):
    group = write_folder(into=tmp_path, people=600, seed=11, reckless=0.7)
    world = oracle.read_world(group.folder, [*group.history, *group.orders])
    load_all(group)
    said, expected = product_says(), oracle_says(world)
    assert said == expected
    assert sum(outcome == "violation" for outcome in said.values()) > 40


def test_a_large_group_is_streamed_and_loads(tmp_path, db):
    large = write_large(into=tmp_path, people=500, seed=3, movers=50)
    load = folder.load_folder(folder=large.folder, actor=TRUSTED, now=datetime(2024, 1, 1, tzinfo=UTC))
    assert (load.people, load.systems, load.rejected) == (500, 3, 0)
    taken = imported(large.orders, datetime(2024, 3, 1, tzinfo=UTC))
    assert (taken.accepted, taken.rejected_rows) == (50, ())
