"""An application whose accounts and entitlements are rows: SQLite and PostgreSQL, through SQLAlchemy Core.

A batch is one transaction. It locks the rows of its accounts, compares, writes, and reads the versions
back, so it happens whole or not at all. Nobody but the application may define tables: every name in the
settings is looked up in the database, never pasted into SQL. Here: what is asked and what it means;
`sql_tables` finds the tables and turns the driver's errors into ours.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Column, Connection, Engine, bindparam, delete, false, insert, select, update

from sekisho.connectors.outcomes import Outcome, judge
from sekisho.connectors.protocol import (
    Capabilities,
    Change,
    ChangeResult,
    ChangeState,
    Precondition,
    Rejected,
)
from sekisho.connectors.readings import reading
from sekisho.connectors.settings import Settings
from sekisho.connectors.sql_tables import Native, Tables, engine_of, found_tables, native, translated
from sekisho.core.access import AccountState, Reading, System
from sekisho.core.kinds import Action

BATCH_SIZE = 1000
T = TypeVar("T")


class SqlConnector:
    """One application's tables, opened for one use."""

    def __init__(self, system: str, engine: Engine, tables: Tables) -> None:
        self._system = system
        self._engine = engine
        self._tables = tables
        versioned = tables.version is not None
        self.capabilities = Capabilities(
            write=True,
            read_back=True,
            precondition=Precondition.VERSION if versioned else Precondition.VALUE,
            atomic_batch=True,
            group_major=False,
            batch_size=BATCH_SIZE,
            disables_accounts=tables.active is not None,
        )

    def read(self, *, now: datetime) -> Reading:
        accounts = self._transaction(lambda connection: self._states(connection, None, lock=False), snapshot=True)
        return reading(self._system, accounts, now=now)

    def read_accounts(self, accounts: Sequence[str]) -> dict[str, AccountState]:
        return self._transaction(lambda connection: self._states(connection, accounts, lock=False), snapshot=True)

    def apply(self, changes: Sequence[Change], *, now: datetime) -> list[ChangeResult]:
        return self._transaction(lambda connection: self._batch(connection, changes), snapshot=False)

    def close(self) -> None:
        self._engine.dispose()

    def _transaction(self, work: Callable[[Connection], T], *, snapshot: bool) -> T:
        """Run `work` in one transaction; a read sees both tables as of one moment."""
        engine = self._engine
        if snapshot and engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with translated(self._system), engine.begin() as connection:
            return work(connection)

    def _batch(self, connection: Connection, changes: Sequence[Change]) -> list[ChangeResult]:
        tables = self._tables
        if self._engine.dialect.name == "sqlite":
            # SQLite has no row locks: a write that touches nothing takes the one write lock there is.
            connection.execute(delete(tables.entitlements).where(false()))
        refused = {place: result for place, change in enumerate(changes) if (result := self._refusal(change))}
        possible = [change for place, change in enumerate(changes) if place not in refused]
        before = self._states(connection, sorted({change.account for change in possible}), lock=True)
        outcome = judge(possible, before)
        self._write(connection, before, outcome)
        versions = self._versions(connection, outcome.after)
        judged = iter(
            replace(result, version=versions[change.account]) if change.account in versions else result
            for change, result in zip(possible, outcome.results, strict=True)
        )
        return [refused[place] if place in refused else next(judged) for place in range(len(changes))]

    def _refusal(self, change: Change) -> ChangeResult | None:
        """Return why these tables have no place for the change, or None."""
        if change.action in {Action.GRANT, Action.REVOKE}:
            if native(self._tables.entitlement, change.entitlement) is not None:
                return None
            code = "connectors.no_entitlement"
        elif self._tables.active is not None:
            return None
        else:
            code = "connectors.not_supported"
        return ChangeResult(change.operation_id, ChangeState.REJECTED, code, change.entitlement)

    def _states(self, connection: Connection, accounts: Sequence[str] | None, *, lock: bool) -> dict[str, AccountState]:
        """Return the accounts as they stand, all or some; those with entitlement rows only count as inactive."""
        tables = self._tables
        columns = [column for column in (tables.key, tables.active, tables.version) if column is not None]
        people = select(*columns).order_by(tables.key)
        holdings = select(tables.holder, tables.entitlement)
        if accounts is not None:
            people = people.where(tables.key.in_(_natives(tables.key, accounts)))
            holdings = holdings.where(tables.holder.in_(_natives(tables.holder, accounts)))
        if lock:
            holdings = holdings.with_for_update()
            people = people if len(columns) == 1 else people.with_for_update()
        held: dict[str, set[str]] = {}
        facts = {str(row[0]): row for row in connection.execute(people)}
        for account, entitlement in connection.execute(holdings):
            held.setdefault(str(account), set()).add(str(entitlement))
        none: frozenset[str] = frozenset()
        states = {
            name: AccountState(
                name,
                tables.active is None or row[1] != tables.off,
                frozenset(held.pop(name)) if name in held else none,
                "" if tables.version is None else str(row[-1]),
            )
            for name, row in facts.items()
        }
        return states | {
            name: AccountState(name, active=False, entitlements=frozenset(rest)) for name, rest in held.items()
        }

    def _write(self, connection: Connection, before: dict[str, AccountState], outcome: Outcome) -> None:
        """Write the difference, one statement a kind of change, each with all its rows."""
        tables = self._tables
        gone, new = [], []
        for name, state in outcome.after.items():
            gone += [self._pair(name, item) for item in sorted(before[name].entitlements - state.entitlements)]
            new += [self._pair(name, item) for item in sorted(state.entitlements - before[name].entitlements)]
        if gone:
            here = (tables.holder == bindparam("holder")) & (tables.entitlement == bindparam("item"))
            connection.execute(delete(tables.entitlements).where(here), gone)
        if new:
            row: dict[str, object] = {
                tables.holder.name: bindparam("holder"),
                tables.entitlement.name: bindparam("item"),
            }
            connection.execute(insert(tables.entitlements).values(row), new)
        self._write_accounts(connection, before, outcome.after)

    def _write_accounts(
        self, connection: Connection, before: dict[str, AccountState], after: dict[str, AccountState]
    ) -> None:
        """Set `active` and move the version on, where the row still has the version that was compared."""
        tables = self._tables
        bumped = tables.version if tables.version is not None and tables.version.type.python_type is int else None
        rows = [
            {
                "name": native(tables.key, name),
                "on": tables.on if state.active else tables.off,
                "old": native(bumped, before[name].version) if bumped is not None else None,
            }
            for name, state in after.items()
            if state.active != before[name].active or (bumped is not None and before[name].version)
        ]
        values: dict[str, object] = {}
        where = tables.key == bindparam("name")
        if tables.active is not None:
            values[tables.active.name] = bindparam("on")
        if bumped is not None:
            values[bumped.name] = bumped + 1
            where &= bumped == bindparam("old")
        if not rows or not values:
            return
        changed = connection.execute(update(tables.accounts).where(where).values(values), rows)
        if changed.rowcount != len(rows):
            raise Rejected("connectors.rejected", {"system": self._system, "detail": "a row changed under the batch"})

    def _versions(self, connection: Connection, names: Iterable[str]) -> dict[str, str]:
        """Return the versions after the batch: a trigger of the application's may have had its say."""
        tables = self._tables
        if tables.version is None:
            return {}
        wanted = tables.key.in_(_natives(tables.key, list(names)))
        rows = connection.execute(select(tables.key, tables.version).where(wanted))
        return {str(name): str(version) for name, version in rows}

    def _pair(self, account: str, entitlement: str) -> dict[str, Native]:
        return {
            "holder": native(self._tables.holder, account),
            "item": native(self._tables.entitlement, entitlement),
        }


def open_target(system: System, *, home: Path) -> SqlConnector:
    """Open the application's database and find its tables.

    Raises:
        BadSettings: a setting is missing, or names a table or column that is not there.
        Unreachable: the database does not answer.
    """
    settings = Settings(system.id, system.settings)
    engine = engine_of(settings, home)
    try:
        with translated(system.id):
            tables = found_tables(settings, engine)
    except BaseException:
        engine.dispose()
        raise
    return SqlConnector(system.id, engine, tables)


def _natives(column: Column[Native], names: Sequence[str]) -> list[Native]:
    return [value for name in names if (value := native(column, name)) is not None]
