"""Finding an application's tables by the names in its settings, and the driver's errors in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import Column, Connection, Engine, MetaData, Table, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    NoSuchModuleError,
    NoSuchTableError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from sekisho.connectors.protocol import Rejected, Unreachable
from sekisho.connectors.settings import Settings

BUSY_SECONDS = 30
CONNECT_SECONDS = 10
REFUSED_BY_SQLITE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_PERM}
Native = str | int | bool | UUID | None


@dataclass(frozen=True, slots=True)
class Tables:
    """The two tables and the columns that matter. `on` and `off` are the values of `active`."""

    accounts: Table
    key: Column[Native]
    active: Column[Native] | None
    on: Native
    off: Native
    version: Column[Native] | None
    entitlements: Table
    holder: Column[Native]
    entitlement: Column[Native]


def engine_of(settings: Settings, home: Path) -> Engine:
    """Return an engine for `url` or `url_env`; `{home}` in it stands for the home.

    An absent SQLite file is unreachable: SQLite would make an empty one, and an empty target looks like
    one in which everybody has lost everything.
    """
    key = "url_env" if settings.has("url_env") else "url"
    written = settings.secret("url") if settings.has("url_env") else settings.text("url")
    try:
        url = make_url(written.replace("{home}", str(home)))
        patience = settings.number("timeout_seconds", BUSY_SECONDS)
        if url.get_backend_name() == "postgresql":
            limits = f"-c lock_timeout={patience}s -c statement_timeout={patience * 10}s"
            options = {"connect_timeout": CONNECT_SECONDS, "options": limits}
            return create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool, connect_args=options)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise settings.bad(key)
    except (ArgumentError, NoSuchModuleError) as error:
        raise settings.bad(key) from error
    if not Path(url.database).is_file():
        raise Unreachable("connectors.unreachable", {"system": settings.system, "detail": url.database})
    arguments = {"timeout": patience, "isolation_level": None}
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Begin by hand: the driver would begin only at the first write, and a read would be no snapshot."""
    connection.exec_driver_sql("BEGIN")


def found_tables(settings: Settings, engine: Engine) -> Tables:
    """Look up the tables and columns that the settings name.

    Raises:
        BadSettings: one of them is not in the database.
    """
    accounts, entitlements = settings.table("accounts"), settings.table("entitlements")
    metadata = MetaData()
    people = _table(accounts, engine, metadata)
    holdings = _table(entitlements, engine, metadata)
    active, on, off = None, None, None
    if "active" in accounts.values:
        flag = accounts.table("active")
        active = _column(flag, "column", people)
        on, off = (_native_setting(flag, word, active) for word in ("on", "off"))
    version = None
    if accounts.has("version") or settings.has("version"):
        version = _column(accounts if accounts.has("version") else settings, "version", people)
    return Tables(
        accounts=people,
        key=_column(accounts, "key", people),
        active=active,
        on=on,
        off=off,
        version=version,
        entitlements=holdings,
        holder=_column(entitlements, "account", holdings),
        entitlement=_column(entitlements, "entitlement", holdings),
    )


def _table(settings: Settings, engine: Engine, metadata: MetaData) -> Table:
    schema = settings.text("schema", "") or None
    try:
        return Table(settings.text("table"), metadata, schema=schema, autoload_with=engine, resolve_fks=False)
    except NoSuchTableError as error:
        raise settings.bad("table", "connectors.no_table", named=settings.text("table")) from error


def _column(settings: Settings, key: str, table: Table) -> Column[Native]:
    name = settings.text(key)
    if name not in table.columns:
        raise settings.bad(key, "connectors.no_column", named=f"{table.name}.{name}")
    return table.columns[name]


def _native_setting(settings: Settings, key: str, column: Column[Native]) -> Native:
    written = settings.value(key)
    value = native(column, written) if isinstance(written, str) else written
    if value is None:
        raise settings.bad(key)
    return value


def native(column: Column[Native], text: str) -> Native:
    """Return the text as the column's own type, or None where no value of it is spelled so."""
    kind = column.type.python_type
    if kind is int or kind is bool:
        return int(text) if text.removeprefix("-").isdecimal() and str(int(text)) == text else None
    if kind is UUID:
        try:
            return UUID(text)
        except ValueError:
            return None
    # PostgreSQL's text holds no NUL, so no account or entitlement there is spelled with one.
    return None if "\0" in text else text


@contextmanager
def translated(system: str) -> Iterator[None]:
    """Turn the driver's errors into Unreachable (may be tried again) or Rejected (may not)."""
    try:
        yield
    except DBAPIError as error:
        facts = {"system": system, "detail": str(error.orig).strip()}
        if _lost(error):
            raise Unreachable("connectors.unreachable", facts) from error
        raise Rejected("connectors.rejected", facts) from error
    except DisconnectionError as error:
        raise Unreachable("connectors.unreachable", {"system": system, "detail": str(error)}) from error
    except SQLAlchemyError as error:
        raise Rejected("connectors.rejected", {"system": system, "detail": type(error).__name__}) from error


def _lost(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF not in REFUSED_BY_SQLITE
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
