"""Reads kept as dated facts."""

from datetime import timedelta
from pathlib import Path

import pytest

import plantings
from sekisho.connectors.memory import Faults, MemoryTarget
from sekisho.core.access import Reading, Unread
from sekisho.core.guards import Before
from sekisho.services import access, observations
from sekisho.store import models

pytestmark = pytest.mark.django_db
NOW, DAY = plantings.NOW, timedelta(days=1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Path:
    plantings.plant()
    plantings.settle(tmp_path)
    return tmp_path


def read(home: Path, days: int = 0) -> Reading | Unread:
    system = access.catalogue(known_at=NOW).systems["cis"]
    return observations.read_system(system=system, now=NOW + days * DAY, purpose="plan", home=home)


def intervals() -> set[tuple[str, str, int, int | None]]:
    """(account, entitlement, first seen, absent), in days after NOW."""
    return {
        (row.account, row.entitlement, (row.first_seen_at - NOW).days, row.absent_at and (row.absent_at - NOW).days)
        for row in models.ObservedHolding.objects.all()
    }


def test_a_first_read_begins_an_interval_for_all_it_shows(home: Path) -> None:
    read(home)
    assert intervals() == {("p1", "n1", 0, None), ("p3", "n1", 0, None)}


def test_a_read_that_shows_the_same_writes_only_its_own_row(home: Path) -> None:
    read(home)
    read(home, 1)
    assert models.ObservedHolding.objects.count() == 2
    assert models.SystemRead.objects.count() == 2


def test_what_a_read_misses_ends_and_may_begin_again(home: Path) -> None:
    read(home)
    plantings.put(home, "cis", p1="", p2="n1")
    read(home, 1)
    plantings.put(home, "cis", p1="n1")
    read(home, 2)
    assert intervals() == {
        ("p1", "n1", 0, 1),
        ("p1", "n1", 2, None),
        ("p2", "n1", 1, None),
        ("p3", "n1", 0, None),
    }


def test_an_incomplete_read_ends_nothing_and_begins_what_it_shows(home: Path) -> None:
    read(home)
    plantings.put(home, "cis", p1="", p2="n1")
    MemoryTarget("cis", home=home).fail(Faults(incomplete=True))
    read(home, 1)
    assert intervals() == {("p1", "n1", 0, None), ("p2", "n1", 1, None), ("p3", "n1", 0, None)}


def test_a_complete_read_after_an_incomplete_one_counts_anew_even_if_equal(home: Path) -> None:
    read(home)
    plantings.put(home, "cis", p1="")
    MemoryTarget("cis", home=home).fail(Faults(incomplete=True))
    read(home, 1)
    MemoryTarget("cis", home=home).fail(Faults())
    read(home, 2)
    assert ("p1", "n1", 0, 2) in intervals()


def test_a_system_that_does_not_answer_is_a_fact_too(home: Path) -> None:
    MemoryTarget("cis", home=home).fail(Faults(unreachable=True))
    assert read(home) == Unread("cis", NOW, "connectors.unreachable", "told to fail")
    assert models.SystemRead.objects.get().failure == "connectors.unreachable"
    assert intervals() == set()


def test_each_read_has_its_entry_on_the_side_of_the_system(home: Path) -> None:
    read(home)
    MemoryTarget("cis", home=home).fail(Faults(unreachable=True))
    read(home, 1)
    entries = models.LedgerEntry.objects.order_by("id").values_list("kind", "side")
    assert list(entries) == [("system.read", "network"), ("system.unread", "network")]


def test_what_a_cutover_took_since_is_not_missed(home: Path) -> None:
    read(home)
    plan = models.Plan.objects.create(
        sha256="0" * 64, as_of=NOW, known_at=NOW, planned_by="a", planned_at=NOW, expires_at=NOW, document={}
    )
    models.OperationRecord.objects.create(
        plan=plan, operation_id="x", person_id="P1", side="network", system_id="cis", account="p1",
        entitlement="n1", action="revoke", phase=1, state="applied", changed_at=NOW + DAY,
    )  # fmt: skip
    assert observations.sizes(systems=["cis", "never"]) == {"cis": Before(accounts=3, holdings=1)}


def size() -> Before:
    return observations.sizes(systems=["cis"])["cis"]


def test_a_read_that_shrank_does_not_become_the_measure_of_the_next(home: Path) -> None:
    read(home)
    MemoryTarget("cis", home=home).remove("p1")
    read(home, 1)
    read(home, 2)
    assert size() == Before(accounts=3, holdings=2)


def test_a_read_that_grew_is_the_measure_of_the_next(home: Path) -> None:
    read(home)
    plantings.put(home, "cis", p4="n1")
    read(home, 1)
    assert size() == Before(accounts=4, holdings=3)


def test_an_empty_first_read_measures_nothing(home: Path) -> None:
    for account in ("p1", "p2", "p3"):
        MemoryTarget("cis", home=home).remove(account)
    read(home)
    assert observations.sizes(systems=["cis"]) == {}
