"""`sekisho work`: do what is due in the background, job after job, until told to stop."""

import signal
import threading
from pathlib import Path

import click

from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.cli.session import prepared_home
from sekisho.texts import reader_language, text

POLL_SECONDS = 2.0


def _t(name: str, **params: object) -> str:
    return text(f"cli_serve.{name}", params, reader_language())


@click.command("work", help=_t("work_help"))
@click.option("--once", is_flag=True, help=_t("once"))
def command(once: bool) -> Result:  # noqa: FBT001 - click passes options so
    """Work until there is nothing due (`--once`) or until told to stop."""
    done = run(prepared_home(), once=once)
    return Result({"jobs": done}, lambda: people.print(_t("worked", jobs=done)))


def run(home: Path, *, once: bool) -> int:
    """Do job after job; a signal to stop lets the one under way finish. Return how many there were."""
    from sekisho.services import installation, work

    stop, done = threading.Event(), 0
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    while not stop.is_set():
        if work.step(home=home, clock=lambda: installation.clock(home=home)):
            done += 1
        elif once:
            break
        else:
            stop.wait(POLL_SECONDS)
    return done
