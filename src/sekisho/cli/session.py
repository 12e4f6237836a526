"""Open the home for a command: database ready, actor and clock known, ledger sequenced at the end."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click

from sekisho.cli.main import parse_instant
from sekisho.core.users import Actor


@dataclass(frozen=True, slots=True)
class Session:
    """What every command needs: who, when, where."""

    home: Path
    actor: Actor
    now: datetime

    def instant(self, value: str | None) -> datetime:
        """Return the instant a command-line word names; a date is 00:00 in the company's zone; None is now."""
        from sekisho.services import installation

        if value is None:
            return self.now
        return parse_instant(value, lambda day: installation.midnight(day=date.fromisoformat(day), known_at=self.now))


def prepared_home() -> Path:
    """Return the home with its tables up to date, for what acts in nobody's name: the site and its worker."""
    from django.conf import settings

    from sekisho.services import installation

    installation.prepare(home=settings.HOME)
    return Path(settings.HOME)


@contextmanager
def open_home(*, sequencing: bool = True) -> Iterator[Session]:
    """Open `SEKISHO_HOME` for the running command.

    The schema is brought up to date, the actor found (CONTRACT: a home without users trusts whoever runs
    the command line), and what the command wrote to the ledger is sequenced before it returns, unless
    the command only looks at the ledger and must report a damaged one.
    """
    words = click.get_current_context().find_root().obj
    from django.conf import settings

    from sekisho.services import installation, ledger, users

    installation.prepare(home=settings.HOME)
    now = datetime.now(UTC)
    if words["now"] is not None:
        claimed = parse_instant(
            words["now"], lambda day: installation.midnight(day=date.fromisoformat(day), known_at=now)
        )
        now = installation.rehearsed_clock(home=settings.HOME, claimed=claimed)
    actor = users.command_line_actor(claimed=words["user"], os_user=getpass.getuser(), now=now)
    users.need_role(actor=actor, now=now)
    try:
        yield Session(home=settings.HOME, actor=actor, now=now)
    finally:
        if sequencing:
            ledger.sequence(now=now)
