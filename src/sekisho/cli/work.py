"""`sekisho work`: do what is due in the background, job after job, until told to stop."""

import signal
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.cli.session import prepared_home
from sekisho.core.errors import SekishoError
from sekisho.texts import reader_language, text

POLL_SECONDS = 2.0
TROUBLE_SECONDS = 10.0


def _t(name: str, **params: object) -> str:
    return text(f"cli_serve.{name}", params, reader_language())


@click.command("work", help=_t("work_help"))
@click.option("--once", is_flag=True, help=_t("once"))
def command(once: bool) -> Result:  # noqa: FBT001 - click passes options so
    """Work until there is nothing due (`--once`) or until told to stop."""
    done = run(prepared_home(), once=once)
    return Result({"jobs": done}, lambda: people.print(_t("worked", jobs=done)))


def run(home: Path, *, once: bool) -> int:
    """Do job after job; return how many there were.

    A signal to stop lets the job under way finish; a switch stops at its next step, and another worker goes on there.
    """
    from sekisho.services import installation, work, workers

    stop, done = threading.Event(), 0
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())

    def clock() -> datetime:
        return installation.clock(home=home)

    with workers.Heart(clock=clock) as heart:
        me = work.Worker(heart.hold, stop.is_set)
        if once:
            while not stop.is_set() and work.step(home=home, clock=clock, worker=me):
                done += 1
            return done
        while not stop.is_set():
            found = _in_any_weather(lambda: work.step(home=home, clock=clock, worker=me))
            done += bool(found)
            if not found:
                stop.wait(POLL_SECONDS if found is not None else TROUBLE_SECONDS)
    return done


def _in_any_weather(step: Callable[[], bool]) -> bool | None:
    """Return what the step returns; where the database or the ledger is in trouble, say so and return None.

    The worker stays: what it would have to do waits in its row, and the other workers' too.
    """
    from django.db import InterfaceError, OperationalError, connection

    try:
        return step()
    except (OperationalError, InterfaceError) as error:
        connection.close()
        people.print(_t("database_away", detail=str(error).strip()), markup=False)
    except SekishoError as error:
        people.print(text(error.code, error.params, reader_language()), markup=False)
    return None
