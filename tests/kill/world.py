"""The world that a kill campaign runs in: a home, two applications, one plan with every kind of outcome.

The applications watch themselves: triggers write down each effect, and each moment at which someone held
protected access of both sides. What stands there was not counted by the code under test.
"""

import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections

import cutover_homes as homes
import cutovers as make
from sekisho.core.kinds import Action, PersonId
from sekisho.core.plans import GuardResult, Operation
from sekisho.services import installation

HELD_ALREADY = "d1"
"""Holds the network side throughout, by no doing of ours; may never be given the other."""

SCHEMA = """
CREATE TABLE nw_account (login TEXT PRIMARY KEY, active INTEGER NOT NULL, version INTEGER NOT NULL);
CREATE TABLE nw_role (login TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (login, role));
CREATE TABLE ep_account (login TEXT PRIMARY KEY, active INTEGER NOT NULL);
CREATE TABLE ep_role (login TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (login, role));
CREATE TABLE effects (what TEXT NOT NULL, login TEXT NOT NULL, role TEXT NOT NULL);
CREATE TABLE broken (login TEXT NOT NULL, role TEXT NOT NULL);
"""

PEOPLE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...] | None]] = {
    "c1": (("view", "portal"), ()),
    "c2": (("view",), ("mail",)),
    "c3": (("view", "portal"), ()),
    "b1": ((), ("sell", "mail")),
    "b2": (("portal",), ("sell",)),
    "l1": (("view", "portal"), ()),
    "r1": ((), ()),
    "x1": (("view",), None),
    "g1": (("view",), ()),
    HELD_ALREADY: (("view",), ()),
    "s1": ((), ()),
}
"""Account → what it holds on nw and on ep; None: no account there."""


def take(person: str, name: str, system: str = "nw") -> Operation:
    return operation(person, Action.REVOKE, name, system)


def give(person: str, name: str, system: str = "ep") -> Operation:
    return operation(person, Action.GRANT, name, system)


ACCOUNT_GONE = "x1"
"""Linked to an account of the affiliate's application that is not there."""


def operation(person: str, action: Action, name: str, system: str, version: str = "") -> Operation:
    protected = name in homes.PROTECTED[system]
    side = homes.SIDES[system]
    return make.operation(person.upper(), action, name, system=system, side=side, protected=protected, version=version)


def planned(stale: str) -> list[Operation]:
    """Return what the plan holds: crossings both ways, a leaver, and each way of not going through.

    `stale` is a version that S1's account no longer has, "" on a target without versions.
    """
    crossing = [one for person in ("c1", "c2", "c3") for one in (take(person, "view"), give(person, "sell"))]
    returning = [one for person in ("b1", "b2") for one in (take(person, "sell", "ep"), give(person, "view", "nw"))]
    return [
        *crossing,
        *returning,
        take("c1", "portal"),
        take("c3", "portal"),
        give("c1", "mail"),
        take("b1", "mail", "ep"),
        take("l1", "view"),
        take("l1", "portal"),
        operation("l1", Action.DISABLE, "", "nw"),
        operation("r1", Action.ENABLE, "", "nw"),
        give("r1", "portal", "nw"),
        take("x1", "view"),
        give("x1", "mail"),
        take("g1", "view"),
        give(HELD_ALREADY, "sell"),
        operation("s1", Action.GRANT, "portal", "nw", version=stale),
    ]


@dataclass(frozen=True)
class Outcome:
    """What a point ended in, comparable between runs."""

    held: Mapping[str, tuple[str, ...]]
    states: Mapping[str, str]
    effects: Mapping[str, int]


class SqlWorld:
    """Both applications in one SQLite file, so that a trigger sees both sides."""

    name = "sqlite"
    stale = "99"

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template"
        self.content = ""

    def build(self) -> None:
        """Make the template: a migrated home with systems, accounts and the approved plan; the applications."""
        self.template.mkdir(parents=True)
        use(self.template)
        installation.prepare(home=self.template)
        for name in homes.SIDES:
            homes.system(name, *self.target(name))
        for name, place in (("nw", 0), ("ep", 1)):
            linked = [one for one, held in PEOPLE.items() if held[place] is not None or one == ACCOUNT_GONE]
            homes.accounts((one.upper() for one in linked), (name,))
        guard = GuardResult("manifest", "hold", "plans.guard_manifest_hold", persons=(PersonId("G1"),))
        self.content = homes.keep(make.plan(planned(self.stale), guards=[guard]))
        self.fill()
        with connections["default"].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections.close_all()

    def target(self, name: str) -> tuple[str, dict[str, object]]:
        """Return the connector of a system and its settings."""
        accounts: dict[str, object] = {
            "table": f"{name}_account",
            "key": "login",
            "active": {"column": "active", "on": 1, "off": 0},
        }
        version: dict[str, object] = {"version": "version"} if name == "nw" else {}
        entitlements = {"table": f"{name}_role", "account": "login", "entitlement": "role"}
        return "sql", {"url": self.url(), "accounts": accounts | version, "entitlements": entitlements}

    def url(self) -> str:
        return "sqlite:///{home}/app.db"

    def fill(self) -> None:
        """Make the applications of the template as they stand before the cutover, with the triggers that watch."""
        with sqlite3.connect(self.template / "app.db") as database:
            database.executescript("PRAGMA journal_mode=WAL;" + SCHEMA)
            for statement, row in rows():
                database.execute(statement, row)
            database.executescript(triggers())
        database.close()

    def fresh(self, folder: Path) -> None:
        """Give a point its own copy."""
        shutil.copytree(self.template, folder)

    def misbehave(self, how_much: float) -> None:
        """Let the way to the targets be bad, where there is one that can be."""

    def behave(self) -> None:
        """Let the way to the targets be good again."""

    def remarks(self) -> str:
        """Return what else the campaign's end should say."""
        return ""

    def holdings(self, folder: Path) -> dict[str, set[str]]:
        """Return account → `system:role`, with `off` for an account that is switched off."""
        return gathered(self.query(folder, question) for question in HOLDINGS)

    def effects(self, folder: Path) -> Counter[str]:
        return Counter(" ".join(row) for row in self.query(folder, "SELECT what, login, role FROM effects"))

    def broken(self, folder: Path) -> list[tuple[Any, ...]]:
        """Return the moments at which law 1 was broken, as the applications saw them."""
        return self.query(folder, "SELECT login, role FROM broken")

    def query(self, folder: Path, question: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(folder / "app.db")
        try:
            return database.execute(question).fetchall()
        finally:
            database.close()


HOLDINGS = (
    "SELECT login, 'nw:' || role FROM nw_role",
    "SELECT login, 'ep:' || role FROM ep_role",
    "SELECT login, 'nw:off' FROM nw_account WHERE active = 0",
)


def gathered(answers: Iterable[Iterable[Sequence[str]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for answer in answers:
        for login, held in answer:
            found.setdefault(login, set()).add(held)
    return found


def rows() -> list[tuple[str, tuple[object, ...]]]:
    """Return the statements and rows of everyone as they stand before the cutover."""
    found: list[tuple[str, tuple[object, ...]]] = []
    for login, (network, affiliate) in PEOPLE.items():
        found.append(("INSERT INTO nw_account VALUES (?, ?, 1)", (login, int(login != "r1"))))
        found += [("INSERT INTO nw_role VALUES (?, ?)", (login, role)) for role in network]
        if affiliate is not None:
            found.append(("INSERT INTO ep_account VALUES (?, 1)", (login,)))
            found += [("INSERT INTO ep_role VALUES (?, ?)", (login, role)) for role in affiliate]
    return found


def triggers() -> str:
    """Return the triggers of SQLite that count effects and watch the wall."""
    found = []
    for name in ("nw", "ep"):
        table = f"{name}_role"
        for verb, row in (("INSERT", "NEW"), ("DELETE", "OLD")):
            what = f"{name} {verb.lower()}"
            body = f"INSERT INTO effects VALUES ('{what}', {row}.login, {row}.role);"
            found.append(f"CREATE TRIGGER {table}_{verb} AFTER {verb} ON {table} BEGIN {body} END;")
        body = f"INSERT INTO effects VALUES ('{name} active', NEW.login, NEW.active);"
        when = "WHEN OLD.active <> NEW.active"
        found.append(f"CREATE TRIGGER {name}_active AFTER UPDATE ON {name}_account {when} BEGIN {body} END;")
    for name, other in (("nw", "ep"), ("ep", "nw")):
        mine, theirs = homes.PROTECTED[name][0], homes.PROTECTED[other][0]
        both = f"EXISTS (SELECT 1 FROM {other}_role WHERE login = NEW.login AND role = '{theirs}')"
        body = "INSERT INTO broken VALUES (NEW.login, NEW.role);"
        when = f"WHEN NEW.role = '{mine}' AND {both}"
        found.append(f"CREATE TRIGGER {name}_wall AFTER INSERT ON {name}_role {when} BEGIN {body} END;")
    return "\n".join(found)


def use(folder: Path) -> None:
    """Point Django at the store of one home."""
    connections.close_all()
    connections["default"].settings_dict["NAME"] = str(folder / "sekisho.sqlite3")
    os.environ["SEKISHO_HOME"] = str(folder)


def store(folder: Path, question: str) -> list[tuple[Any, ...]]:
    """Ask the store of a home, past all of our code."""
    database = sqlite3.connect(folder / "sekisho.sqlite3")
    try:
        return database.execute(question).fetchall()
    finally:
        database.close()


def both_sides(holdings: Mapping[str, set[str]]) -> list[str]:
    """Return who holds protected access of both sides."""
    wall = {f"{name}:{homes.PROTECTED[name][0]}" for name in homes.SIDES}
    return [login for login, held in holdings.items() if wall <= held]


def outcome(world: SqlWorld, folder: Path) -> Outcome:
    """Return what a point ended in; applied and found done are the same end."""
    states = dict(store(folder, "SELECT operation_id, state FROM store_operationrecord"))
    return Outcome(
        {login: tuple(sorted(held)) for login, held in sorted(world.holdings(folder).items())},
        {key: "done" if state in {"applied", "already"} else state for key, state in states.items()},
        dict(world.effects(folder)),
    )


ACTIONS = {"insert": "grant", "delete": "revoke"}


def behind(effect: str) -> str:
    """Return the id of the operation that alone explains an effect such as `nw delete c1 view`."""
    system, what, login, role = effect.split(" ")
    if what == "active":
        return f"{login.upper()}-{system}-{'enable' if role == '1' else 'disable'}-"
    return f"{login.upper()}-{system}-{ACTIONS[what]}-{role}"


def ledger_defects(folder: Path, effects: Iterable[str]) -> list[str]:
    """Return what in the ledger does not fit the journal, or the effects that the applications saw."""
    defects = []
    intended: set[str] = set()
    told: dict[str, str] = {}
    started = 0
    for kind, leaf in store(folder, "SELECT kind, leaf FROM store_ledgerentry ORDER BY id"):
        facts = json.loads(leaf)["facts"]
        started += kind == "cutover.started"
        if kind == "operations.intended":
            intended.update(facts["operations"])
        elif kind == "operations.recorded":
            told.update(facts["states"])
    defects += [f"{one} happened without an intent" for one in effects if behind(one) not in intended]
    if started != 1:
        defects.append(f"the cutover began {started} times")
    for key, state, attempts in store(folder, "SELECT operation_id, state, attempts FROM store_operationrecord"):
        if state != told.get(key):
            defects.append(f"{key} is {state} in the journal and {told.get(key)} in the ledger")
        if attempts and key not in intended:
            defects.append(f"{key} was sent without an intent")
    return defects
