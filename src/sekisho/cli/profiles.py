"""`profile`: HR's layouts, saved by name and reused."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.cli.session import open_home
from sekisho.texts import reader_language, text

if TYPE_CHECKING:
    from sekisho.services.profiles import SavedProfile


def _t(name: str, /, **params: object) -> str:
    return text(f"cli_profiles.{name}", params, reader_language())


@click.group(name="profile", help=_t("help"))
def command() -> None:
    """Group the commands about mapping profiles."""


@command.command("save", help=_t("save_help"))
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--column", "columns", multiple=True, metavar="HEADER=FIELD", help=_t("column_help"))
@click.option("--width", "widths", multiple=True, metavar="FIELD=N", help=_t("width_help"))
@click.option("--date", "dates", multiple=True, metavar="TYPE=MEANING", help=_t("date_help"))
@click.option("--value", "values", multiple=True, metavar="FIELD:WORD=VALUE", help=_t("value_help"))
def save(
    name: str,
    file: Path | None,
    columns: tuple[str, ...],
    widths: tuple[str, ...],
    dates: tuple[str, ...],
    values: tuple[str, ...],
) -> Result:
    """Save a profile from a TOML file, from options, or from both."""
    with open_home() as session:
        from sekisho.intake.encodings import decode
        from sekisho.intake.profiles import parse, read_toml, with_options
        from sekisho.intake.sheets import read_bytes
        from sekisho.services import profiles

        document = read_toml(decode(read_bytes(file)).text) if file else {}
        profile = parse(with_options(document, columns, widths, dates, values))
        saved = profiles.save(actor=session.actor, now=session.now, name=name, profile=profile)
        entry = _entry(saved)
        return Result(entry, lambda: people.print(_t("saved", name=name), markup=False))


@command.command("list", help=_t("list_help"))
def list_() -> Result:
    """List the saved profiles."""
    with open_home() as session:
        from sekisho.services import profiles

        entries = [_entry(saved) for saved in profiles.listed(actor=session.actor, now=session.now)]

        def show() -> None:
            table = Table(title=_t("profiles"))
            for column in ("name", "columns", "widths", "dates", "saved_by"):
                table.add_column(_t(column), overflow="fold")
            for entry in entries:
                table.add_row(*(_shown(entry[column]) for column in ("name", "columns", "widths", "dates", "saved_by")))
            people.print(table)

        return Result({"profiles": entries}, show)


def _entry(saved: "SavedProfile") -> dict[str, object]:
    return {"name": saved.name, **saved.profile.document(), "saved_by": saved.saved_by, "saved_at": saved.saved_at}


def _shown(value: object) -> str:
    return "\n".join(f"{key} = {word}" for key, word in value.items()) if isinstance(value, dict) else str(value)
