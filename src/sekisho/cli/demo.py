"""`sekisho demo`: the made-up utility, from HR's file to the evidence pack."""

import os
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from sekisho.cli.main import Result
from sekisho.cli.output import people as console
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import DeviationKind, Outcome
from sekisho.texts import reader_language, text

if TYPE_CHECKING:
    from sekisho.demo.day import Day

LANGUAGE = reader_language()
MARK = "demo"
NOT_BUILT = ("erased",)


class NotADemo(SekishoError):
    """The home holds something else: the demo would destroy it."""


def word(name: str, **params: object) -> str:
    """Return one text of this command in the reader's language."""
    return text(f"cli_demo.{name}", params, LANGUAGE)


@click.command("demo", help=word("help"))
@click.option("--no-serve", is_flag=True, help=word("no_serve"))
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help=word("port"))
@click.option("--people", default=2000, show_default=True, type=click.IntRange(200, 100_000), help=word("people"))
@click.option("--seed", default=1, show_default=True, help=word("seed"))
def command(no_serve: bool, port: int, people: int, seed: int) -> Result:  # noqa: FBT001 - click passes options so
    """Build the utility, take it through its transfer day, and open the site on it unless told not to."""
    started = time.monotonic()
    home = Path(os.environ.get("SEKISHO_HOME", "var")).absolute()
    make_room(home)
    from sekisho.demo.day import staged
    from sekisho.services import installation

    installation.mark_rehearsal(home=home, made_by=MARK)
    installation.prepare(home=home)
    with ExitStack() as stack:
        with console.status(word("step_build")) as status:
            playing = staged(home=home, people=people, seed=seed, step=lambda step: status.update(step_text(step)))
            day = stack.enter_context(playing)
        seconds = time.monotonic() - started
        if not no_serve:
            _serve(day, home, seconds, port)
            return Result(report(day, seconds), lambda: None)
    return Result(report(day, seconds), lambda: show(day, home, seconds))


def _serve(day: "Day", home: Path, seconds: float, port: int) -> None:
    """Print the result and who may sign in, then serve until told to stop."""
    from sekisho.cli import serve
    from sekisho.demo.day import open_site
    from sekisho.demo.offices import USERS

    passwords = open_site(home=home)
    show(day, home, seconds)
    rows = Table(title=word("sign_in"), title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name in ("user", "role", "side", "password"):
        rows.add_column(word(f"column_{name}"), no_wrap=True)
    rows.add_column(word("column_try"), overflow="fold")
    for user, (role, side) in USERS.items():
        side_word = text(f"page_words.side_{side}", language=LANGUAGE)
        rows.add_row(user, text(f"roles.{role}", language=LANGUAGE), side_word, passwords[user], word(f"try_{role}"))
    console.print(rows)
    serve.serve(home, port=port)


def make_room(home: Path) -> None:
    """Empty a home that an earlier demo made.

    Raises:
        NotADemo: the folder is in use for something else, and stays as it is.
    """
    mark = home / "rehearsal"
    if mark.exists() and mark.read_text("utf-8").strip() == MARK:
        shutil.rmtree(home)
    elif home.exists() and any(home.iterdir()):
        raise NotADemo("cli_demo.not_a_demo", {"home": str(home)})


def step_text(step: str) -> str:
    """Return the sentence of one step; a file is named by itself."""
    return word("step_file", file=step) if "." in step else word(f"step_{step}")


def report(day: "Day", seconds: float) -> dict[str, object]:
    """Return CONTRACT's document; the times of a run are in `seconds` alone."""
    return {
        "people": day.people,
        "orders": day.orders,
        "rows_in": day.rows_in,
        "rejected": day.rejected,
        "ignored": day.ignored,
        "checked": day.checked,
        "violations": day.outcomes.get(Outcome.VIOLATION, 0),
        "needs_review": day.outcomes.get(Outcome.NEEDS_REVIEW, 0),
        "unknown_orders": day.outcomes.get(Outcome.UNKNOWN, 0),
        "planned": day.planned,
        "applied": day.applied,
        "failed": day.failed,
        "held": day.held,
        "verified": day.verified,
        **{kind.value: day.deviations.get(kind, 0) for kind in DeviationKind},
        "erased": None,
        "ledger_entries": day.ledger_entries,
        "ledger_ok": day.ledger_ok,
        "seconds": round(seconds),
        "not_built": list(NOT_BUILT),
    }


def show(day: "Day", home: Path, seconds: float) -> None:
    """Print the day as a result that reads by itself."""
    console.print()
    console.print(word("title", people=day.people, seconds=round(seconds)), style="bold")
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name in ("file", "checked", "plan", "cutover", "verified", "ledger"):
        table.add_row(word(f"{name}_head"), word(f"{name}_line", **_facts(day)))
    table.columns[1].overflow = "fold"
    console.print(table)
    where = {"home": _shown(home), "company": _shown(day.company), "pack": _shown(day.pack)}
    console.print(word("next", **where), markup=False, soft_wrap=True)


def _facts(day: "Day") -> dict[str, object]:
    return {
        **report(day, 0),
        "plan_held": day.plan_held,
        "guards": ", ".join(_guard(name, state) for name, state in sorted(day.guards.items()) if state != "ok") or "—",
        "sha256": day.plan_sha256[:16],
        "ok": "✓" if day.ledger_ok else "!",
    }


def _guard(name: str, state: str) -> str:
    return f"{text(f'plans.guard_{name}', language=LANGUAGE)} ({text(f'plans.state_{state}', language=LANGUAGE)})"


def _shown(path: Path) -> Path:
    """Return the path as one would type it here: lines to copy stay short."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
