"""Examine the installation: what it runs on, whether its home is sound. Reads only, and makes nothing.

Each finding is a code with facts, `ok`, `warn` or `fail`. No business fact is read here, so that
anyone may ask (CONTRACT: `doctor` needs no role). Whether the ledger holds: `ledger verify`.
"""

import importlib.util
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from sekisho.services import installation, sequencer, signing, workers
from sekisho.store.models import LedgerEntry, RoleAssignment

LEAST_PYTHON = (3, 11)
EXTRAS = {"ldap": "ldap"}
"""Extra of the package → the module that it brings."""


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing examined; `unreachable` where another machine did not answer."""

    name: str
    state: State
    code: str
    params: dict[str, object] = field(default_factory=dict)
    unreachable: bool = False


def examine(*, now: datetime) -> tuple[Check, ...]:
    """Return all checks, in the order in which one would mend them."""
    home = Path(settings.HOME)
    return (*_machine(), *_home(home), *_keys(home), *_database(now))


def _machine() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    enough = sys.version_info >= LEAST_PYTHON
    yield Check("python", State.OK if enough else State.FAIL, f"doctor.python_{_word(enough)}", {"version": version})
    for extra, module in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        yield Check(extra, State.OK if there else State.WARN, f"doctor.extra_{_word(there)}", {"extra": extra})
    zone = str(installation.DEFAULT_ZONE)
    try:
        ZoneInfo(zone)
        yield Check("time_zone", State.OK, "doctor.zone_good", {"zone": zone})
    except ZoneInfoNotFoundError:
        yield Check("time_zone", State.FAIL, "doctor.zone_bad", {"zone": zone})


def _home(home: Path) -> Iterator[Check]:
    if not home.is_dir():
        yield Check("home", State.WARN, "doctor.home_missing", {"home": str(home)})
        return
    kind = "rehearsal" if installation.is_rehearsal(home=home) else "production"
    yield Check("home", State.OK, f"doctor.home_{kind}", {"home": str(home)})
    open_to_others = home.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IXOTH)
    if open_to_others:
        yield Check("home_mode", State.WARN, "doctor.home_open", {"home": str(home)})


def _keys(home: Path) -> Iterator[Check]:
    if not (home / "keys" / signing.SECRET).exists():
        yield Check("keys", State.WARN if home.is_dir() else State.OK, "doctor.keys_missing")
        return
    loose = [file.name for file in (home / "keys").iterdir() if _readable_by_others(file)]
    if loose:
        yield Check("keys", State.FAIL, "doctor.keys_open", {"files": ", ".join(sorted(loose))})
        return
    try:
        key = signing.signer().public.text()
    except (signing.BadKey, ValueError):
        yield Check("keys", State.FAIL, "doctor.keys_bad", {"folder": str(home / "keys")})
        return
    yield Check("keys", State.OK, "doctor.keys_good", {"key": key})


def _readable_by_others(file: Path) -> bool:
    return file.name != signing.PUBLIC and bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _database(now: datetime) -> Iterator[Check]:
    file = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite" and isinstance(file, Path) and not file.exists():
        yield Check("database", State.WARN, "doctor.database_missing", {"file": str(file)})
        return
    try:
        connection.ensure_connection()
        facts = {"vendor": connection.vendor, "version": ".".join(map(str, connection.get_database_version()))}
        yield Check("database", State.OK, "doctor.database_good", dict(facts))
        yield from _tables(now)
    except DatabaseError as error:
        params: dict[str, object] = {"vendor": connection.vendor, "detail": str(error).strip()}
        yield Check("database", State.FAIL, "doctor.database_bad", params, unreachable=True)


def _tables(now: datetime) -> Iterator[Check]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in waiting)
        yield Check("migrations", State.WARN, "doctor.migrations_waiting", {"names": names})
        return
    yield Check("migrations", State.OK, "doctor.migrations_good")
    users = RoleAssignment.objects.as_known_at(now).values("user").distinct().count()
    yield Check("users", State.OK if users else State.WARN, f"doctor.users_{_word(users > 0)}", {"users": users})
    entries, last = LedgerEntry.objects.count(), sequencer.last_checkpoint()
    signed = last.size if last else 0
    params: dict[str, object] = {"entries": entries, "waiting": entries - signed}
    yield Check(
        "ledger", State.OK if entries == signed else State.WARN, f"doctor.ledger_{_word(entries == signed)}", params
    )
    yield from _background()


def _background() -> Iterator[Check]:
    """Look whether somebody does the background work, and whether any of it should have begun."""
    found = workers.health(now=now_of_home())
    state = State.OK if found.alive else State.WARN
    yield Check("worker", state, f"doctor.worker_{_word(found.alive)}", {"alive": found.alive})
    if found.overdue:
        since = found.overdue_since.isoformat(timespec="minutes") if found.overdue_since else "-"
        yield Check("overdue", State.FAIL, "doctor.overdue", {"overdue": found.overdue, "since": since})


def now_of_home() -> datetime:
    """Return the time that the site and its workers go by: in a rehearsal its own, whatever the caller's clock."""
    return installation.clock(home=Path(settings.HOME))


def _word(good: object) -> str:
    return "good" if good else "bad"
