"""The worlds by name: SQLite, PostgreSQL, and slapd behind a proxy."""

import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from tests.kill import world
from tests.kill.bad_line import Proxy, proxied
from tests.kill.world import PEOPLE, SqlWorld

import cutover_homes as homes
import servers


@contextmanager
def sqlite_world(folder: Path) -> Iterator[SqlWorld]:
    yield SqlWorld(folder)


class PostgresWorld(SqlWorld):
    """Both applications in one PostgreSQL database; emptied and filled again for each point."""

    name = "postgres"

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self._url = url

    def url(self) -> str:
        return self._url

    def fill(self) -> None:
        with psycopg.connect(self._url) as database:
            for statement in world.SCHEMA.split(";"):
                database.execute(statement.encode())
            database.execute(FUNCTIONS.encode())

    def fresh(self, folder: Path) -> None:
        super().fresh(folder)
        tables = "nw_account, nw_role, ep_account, ep_role, effects, broken"
        with psycopg.connect(self._url) as database:
            database.execute(f"TRUNCATE {tables}".encode())
            for statement, row in world.rows():
                database.execute(statement.replace("?", "%s").encode(), row)
            database.execute(b"TRUNCATE effects, broken")

    def query(self, folder: Path, question: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as database:
            return database.execute(question.encode()).fetchall()


FUNCTIONS = """
CREATE FUNCTION effect() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE name text := left(TG_TABLE_NAME, 2);
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.active <> NEW.active THEN
      INSERT INTO effects VALUES (name || ' active', NEW.login, NEW.active::text);
    END IF;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO effects VALUES (name || ' delete', OLD.login, OLD.role);
  ELSE
    INSERT INTO effects VALUES (name || ' insert', NEW.login, NEW.role);
    IF NEW.role = 'view' AND EXISTS (SELECT 1 FROM ep_role WHERE login = NEW.login AND role = 'sell')
      OR NEW.role = 'sell' AND EXISTS (SELECT 1 FROM nw_role WHERE login = NEW.login AND role = 'view')
    THEN INSERT INTO broken VALUES (NEW.login, NEW.role); END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER watch AFTER INSERT OR DELETE ON nw_role FOR EACH ROW EXECUTE FUNCTION effect();
CREATE TRIGGER watch AFTER INSERT OR DELETE ON ep_role FOR EACH ROW EXECUTE FUNCTION effect();
CREATE TRIGGER watch AFTER UPDATE ON nw_account FOR EACH ROW EXECUTE FUNCTION effect();
CREATE TRIGGER watch AFTER UPDATE ON ep_account FOR EACH ROW EXECUTE FUNCTION effect();
"""


@contextmanager
def postgres_world(folder: Path) -> Iterator[SqlWorld]:
    with servers.postgres() as url:
        yield PostgresWorld(folder, url)


class DirectoryWorld(SqlWorld):
    """The network side in slapd behind a proxy that loses, delays and repeats; the affiliate in SQLite.

    A directory cannot count effects, but it refuses to set a membership twice. The wall is looked at after
    each kill. With RFC 5805 transactions slapd 2.5.13 itself falls (SIGSEGV) when a client vanishes while one
    is open; then it is started again, as an init system would, and the fall is counted.
    """

    stale = ""

    def __init__(self, folder: Path, directory: servers.Directory, proxy: Proxy, *, transactions: bool) -> None:
        super().__init__(folder)
        self.name = "slapd-transactions" if transactions else "slapd"
        self._directory = directory
        self._proxy = proxy
        self._transactions = transactions
        self._again: list[subprocess.Popen[bytes]] = []

    def target(self, name: str) -> tuple[str, dict[str, object]]:
        if name == "ep":
            return super().target(name)
        settings = self._directory.settings(f"ldap://127.0.0.1:{self._proxy.port}")
        return "ldap", {**settings, "timeout_seconds": 2, "transactions": self._transactions}

    def fill(self) -> None:
        """Keep the network side out of SQLite: it is in the directory."""
        super().fill()
        with sqlite3.connect(self.template / "app.db") as database:
            database.executescript("DELETE FROM nw_role; DELETE FROM effects;")
        database.close()

    def misbehave(self, how_much: float) -> None:
        self._proxy.set(how_much * 0.2)

    def behave(self) -> None:
        self._proxy.set(0.0)
        self.stand_up()

    def stand_up(self) -> None:
        """Start slapd again where it has fallen."""
        if servers.listening(self._directory.port):
            return
        config = str(self._directory.folder / "slapd.conf")
        command = ["slapd", "-d", "0", "-f", config, "-h", self._directory.url]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._again.append(process)
        servers.wait_until(lambda: servers.listening(self._directory.port), process, "slapd")

    def remarks(self) -> str:
        return f"slapd fell {len(self._again)} times" if self._again else ""

    def end(self) -> None:
        """End what was started again."""
        for process in self._again:
            servers.end(process)

    def fresh(self, folder: Path) -> None:
        super().fresh(folder)
        self.behave()
        with self._directory_open() as directory:
            for role in ("view", "portal"):
                members = [servers.person_dn(login) for login, held in PEOPLE.items() if role in held[0]]
                directory.replace(servers.group_dn(role), "member", [*members, "cn=nobody"])
            for login in PEOPLE:
                locked = ["000001010000Z"] if login == "r1" else []
                directory.replace(servers.person_dn(login), "pwdAccountLockedTime", locked)

    def holdings(self, folder: Path) -> dict[str, set[str]]:
        found = world.gathered([self.query(folder, world.HOLDINGS[1])])
        with self._directory_open() as directory:
            for login in PEOPLE:
                dn = servers.person_dn(login)
                for role in ("view", "portal"):
                    if dn in directory.values(servers.group_dn(role), "member"):
                        found.setdefault(login, set()).add(f"nw:{role}")
                if directory.values(dn, "pwdAccountLockedTime"):
                    found.setdefault(login, set()).add("nw:off")
        return found

    def effects(self, folder: Path) -> Counter[str]:
        return Counter({what: count for what, count in super().effects(folder).items() if what.startswith("ep")})

    @contextmanager
    def _directory_open(self) -> Iterator["Opened"]:
        self.stand_up()
        opened = Opened(self._directory)
        try:
            yield opened
        finally:
            opened.close()


class Opened:
    """A plain connection to slapd, past the proxy and past our connector."""

    def __init__(self, directory: servers.Directory) -> None:
        import ldap

        self._ldap = ldap
        self._link = ldap.initialize(directory.url)
        self._link.simple_bind_s(servers.ADMIN, servers.PASSWORD)

    def replace(self, dn: str, attribute: str, values: list[str]) -> None:
        encoded = [value.encode() for value in values] or None
        self._link.modify_s(dn, [(self._ldap.MOD_REPLACE, attribute, encoded)])

    def values(self, dn: str, attribute: str) -> set[str]:
        ((_, attributes),) = self._link.search_s(dn, self._ldap.SCOPE_BASE, attrlist=[attribute])
        return {value.decode() for value in attributes.get(attribute, [])}

    def close(self) -> None:
        self._link.unbind_s()


@contextmanager
def slapd_world(folder: Path, *, transactions: bool = False) -> Iterator[SqlWorld]:
    people = [servers.person(login) for login in PEOPLE]
    groups = [servers.group(role, []) for role in (*homes.PROTECTED["nw"], *homes.NEUTRAL["nw"])]
    with servers.slapd([*people, *groups]) as directory, proxied(directory.port) as proxy:
        made = DirectoryWorld(folder, directory, proxy, transactions=transactions)
        try:
            yield made
        finally:
            made.end()


WORLDS: dict[str, Callable[[Path], AbstractContextManager[SqlWorld]]] = {
    "sqlite": sqlite_world,
    "postgres": postgres_world,
    "slapd": slapd_world,
    "slapd-transactions": partial(slapd_world, transactions=True),
}
