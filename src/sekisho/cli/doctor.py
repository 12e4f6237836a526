"""`doctor`: examine the installation. Needs no role, changes nothing, works on a broken home too."""

import os
from datetime import UTC, datetime

import click
import django
from rich.table import Table

from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.texts import both, reader_language, text

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command(help=text("cli_doctor.help", language=reader_language()))
def command() -> Result:
    """Print what was examined; what fails is status 1, a database that does not answer 3."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.settings")
    django.setup()
    from sekisho.services import doctor

    checks = doctor.examine(now=datetime.now(UTC))
    document: dict[str, object] = {
        "ok": all(check.state is not doctor.State.FAIL for check in checks),
        "checks": [
            {"name": check.name, "state": check.state.value, "message": both(check.code, check.params)}
            for check in checks
        ],
    }

    def show() -> None:
        table = Table(box=None, show_header=False)
        table.add_column()
        table.add_column(overflow="fold")
        for check in checks:
            mark = text(f"cli_doctor.state_{check.state.value}", language=reader_language())
            table.add_row(f"[{STYLES[check.state.value]}]{mark}[/]", text(check.code, check.params, reader_language()))
        people.print(table)

    return Result(
        document,
        show,
        found=any(check.state is doctor.State.FAIL for check in checks),
        unreachable=any(check.unreachable for check in checks),
    )
