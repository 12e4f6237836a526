"""A group of 20,000 people with ten years of orders: loading it, importing HR's files, checking every order.

The group is the demo's, so careers, units and rules are the usual mixture. The transfer day has some 5,000
orders; before it, the history was imported year by year and checked once.
"""

import csv
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.cli.measure import Bench, Measure, best_seconds, seconds
from sekisho.core.kinds import OrderStatus
from sekisho.core.users import Actor

if TYPE_CHECKING:
    from sekisho.core.orders import Order
    from sekisho.demo.group import Planted

PEOPLE, SHARE = 20_000, 0.235
ACTOR = Actor("bench", trusted=True)
OPENED = datetime(2014, 3, 31, 15, tzinfo=UTC)
ANNOUNCED = datetime(2024, 3, 14, tzinfo=UTC)
BUDGET = "5,000 orders, 20,000 people with 10 years of history < 2 s"
BARE = "csv read and bare durable insert, one transaction"


def check(home: Path) -> list[Bench]:
    """Measure the load, the import of the day's orders, the check of these, and that of all orders there ever were."""
    from sekisho.demo.group import write_folder
    from sekisho.services import people, screening

    planted = write_folder(into=home / "group", people=PEOPLE, share=SHARE)
    loaded = seconds(lambda: _load(planted))
    for file in planted.history:
        _import(file, datetime(int(file.stem[-4:]), 3, 31, 16, tzinfo=UTC), OrderStatus.FINAL)
    past = _check(ANNOUNCED - timedelta(days=1))
    rows: list[int] = []
    imported = seconds(lambda: rows.extend(_import(file, ANNOUNCED, None) for file in planted.orders))
    now = ANNOUNCED + timedelta(days=1)
    day = _orders_of_the_day(now)
    judged = best_seconds(lambda: screening.verdicts(orders=day, known_at=now))
    first = seconds(lambda: _check(now))
    again = seconds(lambda: _check(now + timedelta(days=1)))
    refolded = seconds(lambda: people.refold(person_ids=None, now=now + timedelta(days=2)))
    bare = _bare_rate(home, planted.folder / "people.csv")
    everyone, all_orders = f"{PEOPLE:,} people", f"{past:,} orders of ten years and {len(day):,} new ones"
    return [
        Bench("check", judged, "s", 2.0, "the budget", BUDGET, f"{len(day):,} of {past + len(day):,} orders"),
        Bench("check.all", first, "s", 2.0, "the budget, which is for 5,000 orders", BUDGET, all_orders),
        Bench("check.again", again, "s", 2.0, "the budget, which is for 5,000 orders", BUDGET, all_orders),
        Bench("import", sum(rows) / imported, "rows/s", bare, BARE, "", f"{sum(rows):,} rows"),
        Bench("load", PEOPLE / loaded, "people/s", bare, BARE, "", everyone),
        Bench("refold", PEOPLE / refolded, "people/s", bare, BARE, "", f"{everyone}, {past + len(day):,} orders"),
    ]


def _load(planted: "Planted") -> None:
    from sekisho.services import folder

    folder.load_folder(folder=planted.folder, actor=ACTOR, now=ANNOUNCED, received_at=OPENED)


def _import(file: Path, received: datetime, status: OrderStatus | None) -> int:
    from sekisho.services import order_import

    request = order_import.OrderRequest(file.name, file.read_bytes(), received, status)
    return order_import.import_orders(actor=ACTOR, now=received, request=request).rows_in


def _check(now: datetime) -> int:
    from sekisho.services import screening

    return screening.check(actor=ACTOR, now=now, as_of=now, known_at=now).checked


def _orders_of_the_day(known_at: datetime) -> "list[Order]":
    from sekisho.demo.units import SEASON
    from sekisho.services import orders

    both = (OrderStatus.DRAFT, OrderStatus.FINAL)
    return [one for one in orders.orders(known_at=known_at, statuses=both) if one.first_day >= SEASON]


def _bare_rate(home: Path, file: Path) -> float:
    """Return rows a second of a csv file read and put into a table, all in one durable transaction."""
    with closing(sqlite3.connect(home / "bare.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

        def insert() -> None:
            rows = list(csv.reader(file.read_text("utf-8").splitlines()))
            connection.execute(f"CREATE TABLE bare ({', '.join(f'c{place}' for place in range(len(rows[0])))})")
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(f"INSERT INTO bare VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608 - marks only
            connection.execute("COMMIT")

        return PEOPLE / seconds(insert)


BENCHES: dict[str, Measure] = {"check": check}
