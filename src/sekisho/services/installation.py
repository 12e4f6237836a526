"""The home: its schema, its zone, its clock, whether it is a rehearsal."""

import fcntl
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

from sekisho.core import periods
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.users import Actor
from sekisho.services import ledger
from sekisho.services.remembering import remembered
from sekisho.store.models import Installation

DEFAULT_ZONE = ZoneInfo("Asia/Tokyo")
REHEARSAL_MARK = "rehearsal"
CLOCK_FILE = "clock"
CACHE_TABLE = "sekisho_cache"
PREPARING = 0x5E_15_41
"""The number of PostgreSQL's advisory lock under which tables are changed."""


class ClockRefused(SekishoError):
    """`--now` was given outside a rehearsal."""


class AdministratorsOnly(SekishoError):
    """A command that is for administrators."""


def prepare(*, home: Path) -> None:
    """Make the home's folder and bring its tables up to date; of several processes that start at once, one does."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _migrated():
        return
    with _alone(home):
        if not _migrated():
            call_command("migrate", verbosity=0, interactive=False)
            call_command("createcachetable", verbosity=0)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep other processes from changing the tables meanwhile: by a lock of the database, or of the home's file."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARING])
        return
    with (home / "prepare.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _migrated() -> bool:
    """Tell by their names whether all migrations are applied; Django's own plan would be a tenth of every command."""
    ours = {
        (app.label, module.name)
        for app in apps.get_app_configs()
        for module in pkgutil.iter_modules([str(Path(app.path) / "migrations")])
    }
    with connection.cursor() as cursor:
        if "django_migrations" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("SELECT app, name FROM django_migrations")
        return ours <= set(cursor.fetchall())


def mark_rehearsal(*, home: Path, made_by: str = "rehearse") -> None:
    """Make this home a rehearsal, in which the clock may be set; `made_by` says whose it is to replace."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / REHEARSAL_MARK).write_text(made_by + "\n", "utf-8")


def is_rehearsal(*, home: Path) -> bool:
    """Tell whether the home was made by `demo` or `rehearse`."""
    return (home / REHEARSAL_MARK).exists()


def clock(*, home: Path) -> datetime:
    """Return the time that the site and its background work go by: now, or a rehearsal's own time, running on."""
    now = datetime.now(UTC)
    file = home / CLOCK_FILE
    if not file.exists() or not is_rehearsal(home=home):
        return now
    return now + timedelta(seconds=float(file.read_text("utf-8")))


@transaction.atomic
def set_clock(*, actor: Actor, home: Path, claimed: datetime) -> datetime:
    """Let a rehearsal's clock show `claimed` from now on, running; return it.

    Raises:
        ClockRefused: the home is not a rehearsal.
    """
    if not is_rehearsal(home=home):
        raise ClockRefused("installation.clock_refused")
    ledger.record(kind="clock.set", actor=actor.name, now=claimed, facts={"claimed": claimed.isoformat()})
    (home / CLOCK_FILE).write_text(str((claimed - datetime.now(UTC)).total_seconds()), "utf-8")
    return claimed


@transaction.atomic
def rehearsed_clock(*, home: Path, claimed: datetime) -> datetime:
    """Return the claimed time and record that it was claimed.

    Raises:
        ClockRefused: the home is not a rehearsal.
    """
    if not is_rehearsal(home=home):
        raise ClockRefused("installation.clock_refused")
    ledger.record(kind="clock.set", actor="system", now=claimed, facts={"claimed": claimed.isoformat()})
    return claimed


@transaction.atomic
def managed(*, actor: Actor, now: datetime, command: str) -> None:
    """Record that a command of Django's was called by an administrator.

    Raises:
        AdministratorsOnly: the actor is none.
    """
    if not actor.has(Role.ADMINISTRATOR, on=today(now=now)):
        raise AdministratorsOnly("installation.administrators_only", {"actor": actor.name, "command": command})
    ledger.record(kind="installation.managed", actor=actor.name, now=now, facts={"command": command})


@remembered
def zone(*, known_at: datetime) -> ZoneInfo:
    """Return the company's zone as known; Asia/Tokyo until a company folder says otherwise."""
    row = Installation.objects.as_known_at(known_at).order_by("-recorded_at").first()
    return ZoneInfo(row.timezone) if row else DEFAULT_ZONE


def midnight(*, day: date, known_at: datetime) -> datetime:
    """Return the instant at which the day begins for the company."""
    return periods.midnight(day, zone(known_at=known_at))


def today(*, now: datetime) -> date:
    """Return the company's day at `now`."""
    return periods.local_day(now, zone(known_at=now))
