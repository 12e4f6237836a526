"""`sekisho rehearse [DIR]`: a home in which the clock may be set."""

import os
from pathlib import Path

import click

from sekisho.cli.load import loaded, result, show, word
from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.cli.session import open_home
from sekisho.core.errors import SekishoError


class RealHome(SekishoError):
    """The home holds real records: a clock that can be set would make them worthless."""


@click.command("rehearse", help=word("rehearse"))
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
def command(folder: Path | None) -> Result:
    """Mark the home as a rehearsal and load DIR into it."""
    home = Path(os.environ.get("SEKISHO_HOME", "var")).absolute()
    mark(home)
    with open_home() as session:
        document: dict[str, object] = {"home": str(session.home), "rehearsal": True}
        if folder is None:
            return Result(document, lambda: people.print(word("rehearsal", home=session.home), markup=False))
        load = loaded(session, folder)
        found = result(load)

    def shown() -> None:
        people.print(word("rehearsal", home=home), markup=False)
        show(load)

    return Result({**document, **found.document}, shown, found=bool(found.status))


def mark(home: Path) -> None:
    """Mark the home.

    Raises:
        RealHome: it is a home already, and no rehearsal.
    """
    from sekisho.services import installation

    if (home / "sekisho.sqlite3").exists() and not installation.is_rehearsal(home=home):
        raise RealHome("cli_load.refused_home", {"home": str(home)})
    installation.mark_rehearsal(home=home)
