"""Applications whose accounts are rows keep the contract: SQLite always, PostgreSQL where it is asked for."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

import servers
from connectors.contract import NOW, Contract, account, change, connector, held, states
from sekisho.connectors.protocol import BadSettings, ChangeState, Precondition, Rejected, Unreachable
from sekisho.connectors.registry import open_connector
from sekisho.core.access import System
from sekisho.core.kinds import Action

__all__ = ["connector"]

TABLES = """
create table {schema}staff (login {text} primary key, status {text} not null, edition integer not null);
create table {schema}staff_role (login {text} not null, role {text} not null, primary key (login, role));
"""


@dataclass
class Target:
    """An application with a version a row; without `version` in the settings it is one without."""

    home: Path
    engine: Engine
    settings: dict[str, object]
    schema: str = ""
    nowhere: dict[str, object] = field(default_factory=dict)

    def put(self, accounts):
        with self.engine.begin() as connection:
            for state in accounts:
                row = {"login": state.account, "status": "在籍" if state.active else "停止"}
                connection.execute(text(f"insert into {self.schema}staff values (:login, :status, 1)"), row)
                for role in state.entitlements:
                    held_row = {"login": state.account, "role": role}
                    connection.execute(text(f"insert into {self.schema}staff_role values (:login, :role)"), held_row)

    def offer(self, entitlements):
        """Roles are only what rows say."""

    def open(self, settings=None):
        system = System("billing", "料金", None, protected=True, connector="sql", settings=settings or self.settings)
        return open_connector(system, home=self.home)

    def open_nowhere(self):
        return self.open(self.settings | self.nowhere)

    def open_without(self, key):
        return self.open({name: value for name, value in self.settings.items() if name != key})


def settings(url: str, *, version: str = "edition", schema: str = "") -> dict[str, object]:
    active = {"column": "status", "on": "在籍", "off": "停止"}
    accounts: dict[str, object] = {"table": "staff", "key": "login", "active": active}
    holdings: dict[str, object] = {"table": "staff_role", "account": "login", "entitlement": "role"}
    if version:
        accounts["version"] = version
    if schema:
        accounts["schema"] = holdings["schema"] = schema
    return {"url": url, "accounts": accounts, "entitlements": holdings}


def sqlite_target(home: Path, version: str) -> Target:
    with sqlite3.connect(home / "billing.db") as database:
        database.executescript(TABLES.format(schema="", text="text"))
    database.close()
    engine = create_engine(f"sqlite:///{home}/billing.db", poolclass=NullPool)
    nowhere = {"url": "sqlite:///{home}/gone.db"}
    return Target(home, engine, settings("sqlite:///{home}/billing.db", version=version), nowhere=nowhere)


@pytest.fixture
def target(tmp_path):
    return sqlite_target(tmp_path, "edition")


class TestSqlite(Contract):
    required_setting = "accounts"


class TestSqliteWithoutVersions(Contract):
    required_setting = "url"

    @pytest.fixture
    def target(self, tmp_path):
        return sqlite_target(tmp_path, "")


@pytest.fixture(scope="module")
def server():
    with servers.postgres() as url:
        yield url


@pytest.mark.real
class TestPostgres(Contract):
    required_setting = "entitlements"

    @pytest.fixture
    def target(self, tmp_path, server):
        engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("drop schema if exists app cascade"))
            connection.execute(text("create schema app"))
            for statement in TABLES.format(schema="app.", text="text").strip().split("\n"):
                connection.execute(text(statement))
        nowhere = {"url": f"postgresql://app@127.0.0.1:{servers.free_port()}/postgres"}
        return Target(tmp_path, engine, settings(server, schema="app"), "app.", nowhere)


def test_an_absent_sqlite_file_is_unreachable_and_not_made(target):
    with pytest.raises(Unreachable):
        target.open_nowhere()
    assert not (target.home / "gone.db").exists()


@pytest.mark.parametrize(
    ("table", "key", "code"),
    [("accounts", "table", "connectors.no_table"), ("entitlements", "entitlement", "connectors.no_column")],
)
def test_a_name_that_is_not_in_the_database_is_refused(target, table, key, code):
    hostile = target.settings[table] | {key: "staff; drop table staff"}
    with pytest.raises(BadSettings) as caught:
        target.open(target.settings | {table: hostile})
    assert caught.value.code == code
    assert caught.value.params["key"] == f"{table}.{key}"


def test_capabilities_follow_the_settings(target):
    plain = {"table": "staff", "key": "login"}
    opened = target.open(target.settings | {"accounts": plain})
    assert opened.capabilities.precondition is Precondition.VALUE
    assert not opened.capabilities.disables_accounts
    target.put([account("a", "g")])
    refused = opened.apply([change(Action.DISABLE, "a"), change(Action.REVOKE, "a", "g")], now=NOW)
    assert [result.state for result in refused] == [ChangeState.REJECTED, ChangeState.APPLIED]
    assert refused[0].code == "connectors.not_supported"
    opened.close()


def test_a_batch_the_database_refuses_leaves_nothing(target, connector):
    target.put([account("a", "g"), account("b")])
    with target.engine.begin() as database:
        database.execute(text("create unique index one_night_shift on staff_role (role) where role = 'night'"))
    batch = [change(Action.REVOKE, "a", "g"), change(Action.GRANT, "a", "night"), change(Action.GRANT, "b", "night")]
    with pytest.raises(Rejected):
        connector.apply(batch, now=NOW)
    assert held(connector) == {"a": (True, frozenset({"g"})), "b": (True, frozenset())}


def test_our_changes_move_the_version_on(target, connector):
    target.put([account("a", "g")])
    result = connector.apply([change(Action.REVOKE, "a", "g", "1")], now=NOW)[0]
    assert result.version == "2"
    assert connector.read_accounts(["a"])["a"].version == "2"


def test_rows_of_an_account_without_a_row_of_its_own_are_seen_and_can_go(target, connector):
    with target.engine.begin() as database:
        database.execute(text("insert into staff_role values ('ghost', 'g')"))
    assert held(connector) == {"ghost": (False, frozenset({"g"}))}
    assert states(connector, change(Action.REVOKE, "ghost", "g")) == [ChangeState.APPLIED]
    assert held(connector) == {}


def test_keys_may_be_numbers_and_flags_booleans(tmp_path):
    with sqlite3.connect(tmp_path / "n.db") as database:
        database.executescript(
            "create table u (id integer primary key, enabled boolean not null);"
            "create table r (id integer not null, role integer not null);"
            "insert into u values (7, 1), (8, 0); insert into r values (7, 40), (7, 40), (8, 41);"
        )
    database.close()
    numbers = {
        "url": f"sqlite:///{tmp_path}/n.db",
        "accounts": {"table": "u", "key": "id", "active": {"column": "enabled", "on": True, "off": False}},
        "entitlements": {"table": "r", "account": "id", "entitlement": "role"},
    }
    opened = open_connector(System("n", "N", None, protected=False, connector="sql", settings=numbers), home=tmp_path)
    assert held(opened) == {"7": (True, frozenset({"40"})), "8": (False, frozenset({"41"}))}
    batch = [
        change(Action.REVOKE, "7", "40"),
        change(Action.GRANT, "8", "42"),
        change(Action.ENABLE, "8"),
        change(Action.GRANT, "07", "40"),
        change(Action.GRANT, "7", "forty"),
    ]
    results = opened.apply(batch, now=NOW)
    assert [result.state for result in results] == [ChangeState.APPLIED] * 3 + [ChangeState.REJECTED] * 2
    assert [result.code for result in results[3:]] == ["connectors.no_account", "connectors.no_entitlement"]
    assert held(opened) == {"7": (True, frozenset()), "8": (True, frozenset({"41", "42"}))}
    opened.close()


def test_a_value_that_is_neither_on_nor_off_counts_as_active(target, connector):
    target.put([account("a")])
    with target.engine.begin() as database:
        database.execute(text("update staff set status = '休職'"))
    assert held(connector)["a"][0]


def test_secrets_come_from_the_environment_and_never_show(target, monkeypatch):
    given = {name: value for name, value in target.settings.items() if name != "url"} | {"url_env": "BILLING_URL"}
    with pytest.raises(BadSettings) as caught:
        target.open(given)
    assert caught.value.params["named"] == "BILLING_URL"
    monkeypatch.setenv("BILLING_URL", f"sqlite:///{target.home}/billing.db")
    opened = target.open(given)
    assert held(opened) == {}
    opened.close()


@pytest.mark.real
def test_a_writer_that_locks_us_out_makes_the_target_unreachable(server, tmp_path):
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("create table if not exists k (id uuid primary key, on_duty boolean)"))
        connection.execute(text("create table if not exists kr (id uuid, role varchar(20))"))
        connection.execute(text("insert into k values ('6f1b2c3d-0000-4000-8000-000000000001', true)"))
    rows = {
        "url": server,
        "accounts": {"table": "k", "key": "id", "active": {"column": "on_duty", "on": True, "off": False}},
        "entitlements": {"table": "kr", "account": "id", "entitlement": "role"},
        "timeout_seconds": 1,
    }
    opened = open_connector(System("k", "K", None, protected=False, connector="sql", settings=rows), home=tmp_path)
    key = str(UUID("6f1b2c3d-0000-4000-8000-000000000001"))
    with engine.begin() as other:
        other.execute(text("select * from k for update"))
        with pytest.raises(Unreachable):
            opened.apply([change(Action.DISABLE, key)], now=NOW)
    assert states(opened, change(Action.DISABLE, key)) == [ChangeState.APPLIED]
    opened.close()
