"""The same group at any size, streamed: one person in memory at a time, for the bench's 1,000,000 people.

No history and no plants: a roster, its accounts, filled SQL targets, and the orders of one transfer day in
plain csv. For up to some 20,000 people `group.write_folder` gives the full story.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from sekisho.demo import access, targets
from sekisho.demo.folder import ROSTER_HEADER, RosterLine, roster_row, write_company, write_table, write_units
from sekisho.demo.history import HrRow, Member, member
from sekisho.demo.rules import write_rules
from sekisho.demo.sheets import HEADERS, written
from sekisho.demo.units import COMPANY_WEIGHTS, OPENING, SEASON, open_units

BATCH = 50_000


@dataclass(frozen=True, slots=True)
class Streamed:
    """Where the large group was written."""

    folder: Path
    orders: Path
    targets: Path


def members(*, people: int, seed: int) -> Iterator[Member]:
    """Yield the people of the opening roster by number; equal arguments yield equal people."""
    dice = Random(seed)
    companies, weights = list(COMPANY_WEIGHTS), list(COMPANY_WEIGHTS.values())
    units = {company: [unit for unit in open_units(company, OPENING) if unit.weight] for company in companies}
    shares = {company: [unit.weight for unit in units[company]] for company in companies}
    for place in range(1, people + 1):
        company = dice.choices(companies, weights)[0]
        yield member(dice, place, company, dice.choices(units[company], shares[company])[0].code)


def moves(*, people: int, seed: int, movers: int) -> Iterator[HrRow]:
    """Yield `movers` orders for the transfer day, evenly over the roster, each within its company."""
    dice = Random(seed + 1)
    step = max(1, people // movers)
    for place, one in enumerate(members(people=people, seed=seed)):
        if place % step == 0 and place // step < movers:
            units = [unit for unit in open_units(one.company, SEASON) if unit.code != one.unit]
            row = one.row(f"{one.company}-2404", SEASON, "異動")
            yield replace(row, to_unit=dice.choice(units).code, title=one.title)


def write_large(*, into: Path, people: int, seed: int = 1, movers: int = 5000) -> Streamed:
    """Write `company/`, `orders.csv` and filled SQL targets for a group of any size, in little memory."""
    company, stores = into / "company", into / "targets"
    company.mkdir(parents=True)
    stores.mkdir()
    write_company(company)
    write_units(company, {})
    write_rules(company, {"network": "P000001", "affiliate": "P000002"}, [])
    urls = {system: f"sqlite:///{(stores / f'{system}.db').absolute()}" for system in access.SQL_APPS}
    (company / "access.toml").write_text(access.sql_toml(urls), encoding="utf-8")
    _write_people(company, stores, people, seed)
    orders = into / "orders.csv"
    write_table(orders, HEADERS, (written(row) for row in moves(people=people, seed=seed, movers=movers)))
    return Streamed(company, orders, stores)


def _write_people(company: Path, stores: Path, people: int, seed: int) -> None:
    """Write people.csv and accounts.csv and fill the targets in one pass over the people."""
    with (
        (company / "people.csv").open("w", encoding="utf-8", newline="") as roster_file,
        (company / "accounts.csv").open("w", encoding="utf-8", newline="") as accounts_file,
    ):
        roster, accounts = csv.writer(roster_file), csv.writer(accounts_file)
        roster.writerow(ROSTER_HEADER)
        accounts.writerow(["person_id", "system", "account"])
        for batch in _batches(members(people=people, seed=seed)):
            roster.writerows(roster_row(_line(one)) for one in batch)
            for system in access.SQL_APPS:
                held = _held(batch, system)
                accounts.writerows([f"P{name[1:]}", system, name] for name in held)
                targets.fill_sql(stores / f"{system}.db", held)


def _batches(people: Iterator[Member]) -> Iterator[list[Member]]:
    batch: list[Member] = []
    for one in people:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _line(one: Member) -> RosterLine:
    return RosterLine(
        one.person_id, one.number, one.name, one.kana, one.company, one.unit, one.title, "", one.start
    )  # fmt: skip


def _held(batch: list[Member], system: str) -> dict[str, set[str]]:
    """Return what the people hold on one system; everyone of its side has an account there, others none."""
    held: dict[str, set[str]] = {}
    for one in batch:
        rights = {right for where, right in access.brought([(one.unit, one.title)]) if where == system}
        if rights or access.belongs(system, one.company):
            held[access.account(one.person_id)] = rights
    return held
