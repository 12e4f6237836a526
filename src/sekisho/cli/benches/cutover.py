"""The cutover of 2,000 movers beside a bare client that makes the same changes on the same target.

Ours is the whole run: the journal, its ledger entries, the wall, the calls, and the read at the end. The
bare client knows every name beforehand, groups the changes as ours does, and undoes what ours did, so
that each round starts from the same content. Both are durable, on the disk of SEKISHO_HOME.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from sekisho.cli.benches import _slapd
from sekisho.cli.benches._company import MIDNIGHT, OPERATOR, SYSTEM, Company, approved_plan
from sekisho.cli.measure import Bench, Measure, best_seconds, not_run, seconds
from sekisho.connectors.protocol import Change
from sekisho.core.kinds import Action
from sekisho.core.plans import Operation

BUDGET = "≥ 85 % of the raw rate of the same changes, by group, in RFC 5805 transactions, durable"
START = MIDNIGHT + timedelta(minutes=1)
ORDERED = MIDNIGHT - timedelta(days=14)
Undo = Callable[[Sequence[Operation]], None]


@dataclass(frozen=True, slots=True)
class _Rates:
    """Movers a second: the whole run, our connector's calls alone, and the bare client."""

    run: float
    connector: float
    bare: float


def on_ldap(home: Path) -> list[Bench]:
    """Measure on OpenLDAP, in RFC 5805 transactions (two threads, see ADR 16) and as it is by default."""
    names = ("cutover", "cutover.plain")
    why = _slapd.why_not()
    if why:
        return [not_run(name, "people/s", why, budget=BUDGET) for name in names]
    company = Company(home / "company")
    found = []
    start = START
    for name, transactions, threads, rounds in ((names[0], True, 2, 3), (names[1], False, 16, 1)):
        folder = home / name
        with _slapd.running(folder, company.accounts(), company.groups(), threads=threads) as url:
            company.write('connector = "ldap"\n' + _slapd.settings(url, folder, transactions=transactions))
            rates = _rounds(home, company, _bare_ldap(url, transactions=transactions), start, rounds)
            start += timedelta(days=1)
        against = "bare python-ldap, " + ("RFC 5805 transactions" if transactions else "one MODIFY a group, pipelined")
        found += _figures(name, rates, against, BUDGET if transactions else "", company)
    return found


def on_sql(home: Path) -> list[Bench]:
    """Measure on an application in SQLite beside the same statements."""
    company = Company(home / "company")
    file = home / "target.sqlite3"
    _fill(file, company)
    company.write(_SQL.format(url=f"sqlite:///{file}"))
    rates = _rounds(home, company, _bare_sql(file), START, 3)
    return _figures("cutover-sql", rates, "the same statements, bare sqlite3, a transaction a phase", "", company)


def verification(home: Path) -> list[Bench]:
    """Measure the verification of 25,000 memberships beyond the bare read of the application."""
    from sekisho.connectors.registry import open_connector
    from sekisho.services import access
    from sekisho.services import verification as checking

    company = Company(home / "company", people=8_334, movers=100)
    file = home / "target.sqlite3"
    _fill(file, company)
    company.write(_SQL.format(url=f"sqlite:///{file}"))
    company.load(now=ORDERED)
    system = access.catalogue(known_at=START).systems[SYSTEM]

    def read() -> None:
        connector = open_connector(system, home=home)
        connector.read(now=START)
        connector.close()

    def verify() -> None:
        checking.verify(actor=OPERATOR, as_of=START, now=START, home=home)

    verify()
    value = best_seconds(verify) - best_seconds(read)
    budget, size = "25,000 memberships < 1 s beyond the bare read", f"{3 * company.people:,} memberships"
    return [Bench("verification", value, "s", 1.0, "the budget, beyond the bare read", budget, size)]


def _rounds(home: Path, company: Company, undo: Undo, start: datetime, rounds: int) -> _Rates:
    """Return the medians over rounds of the whole run, of our connector alone, and of the bare client.

    `start` is another one each time: a plan of the same moment over the same content would be the same
    plan, and carried out already.
    """
    company.load(now=start - timedelta(seconds=30))
    if start == START:
        company.order(now=start - timedelta(seconds=20))
    ours, connector, bare = [], [], []
    for number in range(rounds):
        now = start + timedelta(hours=number)
        plan, text = approved_plan(home, now=now)
        operations = [one for part in plan.parts for one in part.operations]
        ours.append(company.movers / seconds(partial(_carry, home, text, now)))
        bare.append(company.movers / seconds(partial(undo, operations)))
        connector.append(company.movers / seconds(partial(_send, home, operations, now)))
        bare.append(company.movers / seconds(partial(undo, operations)))
    return _Rates(median(ours), median(connector), median(bare))


def _carry(home: Path, text: str, now: datetime) -> None:
    """Carry the plan out. Raises: RuntimeError where anything of it did not take effect."""
    from sekisho.services import cutover

    done = cutover.run(document=text, actor=OPERATOR, now=now, home=home)
    if not done.finished:
        raise RuntimeError(f"the cutover is not finished: {next(one for one in done.operations if one.code)}")


def _send(home: Path, operations: Sequence[Operation], now: datetime) -> None:
    """Send the operations through the connector as a cutover does, without journal, looks or read-back."""
    from sekisho.connectors.registry import open_connector
    from sekisho.core.cutover import batches
    from sekisho.services import access

    system = access.catalogue(known_at=now, accounts_of="").systems[SYSTEM]
    for phase in (1, 2):
        connector = open_connector(system, home=home)
        able = connector.capabilities
        mine = [one for one in operations if one.phase == phase]
        for batch in batches(mine, batch_size=able.batch_size, group_major=able.group_major):
            connector.apply([Change(one.id, one.account, one.action, one.entitlement) for one in batch], now=now)
        connector.close()


def _undone(operations: Iterable[Operation]) -> list[tuple[bool, list[Operation]]]:
    """Return what undoes the operations, phase by phase and by group: whether it adds, and what."""
    given = sorted((one for one in operations if one.action is Action.GRANT), key=lambda one: one.entitlement)
    taken = sorted((one for one in operations if one.action is Action.REVOKE), key=lambda one: one.entitlement)
    return [(False, given), (True, taken)]


def _bare_ldap(url: str, *, transactions: bool) -> Undo:
    """Return the bare client; its batches are as large as the connector's."""

    def undo(operations: Sequence[Operation]) -> None:
        import ldap

        from sekisho.connectors import ldap_transactions
        from sekisho.connectors.ldap import BATCH_SIZE

        connection = ldap.initialize(url)
        connection.simple_bind_s(_slapd.ADMIN, _slapd.PASSWORD)
        for adds, changes in _undone(operations):
            what = ldap.MOD_ADD if adds else ldap.MOD_DELETE
            for begin in range(0, len(changes), BATCH_SIZE):
                grouped: dict[str, list[bytes]] = defaultdict(list)
                for one in changes[begin : begin + BATCH_SIZE]:
                    grouped[one.entitlement].append(_slapd.person_dn(one.account).encode())
                controls = [ldap_transactions.start(connection)] if transactions else []
                sent = [
                    connection.modify_ext(_slapd.group_dn(group), [(what, "member", members)], controls)
                    for group, members in grouped.items()
                ]
                for number in sent:
                    connection.result3(number)
                if transactions:
                    ldap_transactions.end(connection, controls[0], commit=True)
        connection.unbind_s()

    return undo


_SQL = """\
connector = "sql"
url = "{url}"
accounts = {{ table = "accounts", key = "login", version = "version" }}
entitlements = {{ table = "rights", account = "login", entitlement = "name" }}
"""


def _fill(file: Path, company: Company) -> None:
    from sekisho.demo.targets import fill_sql

    held: dict[str, set[str]] = {account: set() for account in company.accounts()}
    for name, members in company.groups().items():
        for account in members:
            held[account].add(name)
    fill_sql(file, held)


_ADD, _TAKE = "INSERT INTO rights VALUES (?, ?)", "DELETE FROM rights WHERE login = ? AND name = ?"


def _bare_sql(file: Path) -> Undo:
    """Return the same statements on a bare connection, with SQLite's own durability."""

    def undo(operations: Sequence[Operation]) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            for adds, changes in _undone(operations):
                rows = [(one.account, one.entitlement) for one in changes]
                right = (
                    "INSERT INTO rights VALUES (?, ?)" if adds else "DELETE FROM rights WHERE login = ? AND name = ?"
                )
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(right, rows)
                moved = sorted({(account,) for account, _ in rows})
                connection.executemany("UPDATE accounts SET version = version + 1 WHERE login = ?", moved)
                connection.execute("COMMIT")

    return undo


def _figures(name: str, rates: _Rates, against: str, budget: str, company: Company) -> list[Bench]:
    size = f"{company.movers:,} movers of {company.people:,} people"
    return [
        Bench(name, rates.run, "people/s", rates.bare, against, budget, size),
        Bench(f"{name}.connector", rates.connector, "people/s", rates.bare, against, "", f"{size}; the calls alone"),
    ]


BENCHES: dict[str, Measure] = {"cutover": on_ldap, "cutover-sql": on_sql, "verification": verification}
