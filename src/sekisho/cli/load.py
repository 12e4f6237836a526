"""`sekisho load DIR`: a company folder into the store."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.main import Result
from sekisho.cli.output import people, table
from sekisho.cli.session import Session, open_home
from sekisho.texts import both, reader_language, text

if TYPE_CHECKING:
    from rich.table import Table

    from sekisho.services.folder import FileLoad, LoadResult

LANGUAGE = reader_language()
SHOWN = 20
"""Rejections shown to people; all of them are in --json."""


def word(name: str, **params: object) -> str:
    """Return one text of these commands in the reader's language."""
    return text(f"cli_load.{name}", params, LANGUAGE)


@click.command("load", help=word("help"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--received-at", metavar="T", help=word("received_at"))
def command(folder: Path, received_at: str | None) -> Result:
    """Load the company folder DIR."""
    with open_home() as session:
        return result(loaded(session, folder, received_at))


def loaded(session: Session, folder: Path, received_at: str | None = None) -> "LoadResult":
    """Load with a sign of life on stderr: a large roster takes seconds."""
    from sekisho.services.folder import load_folder

    at = session.instant(received_at) if received_at else None
    with people.status(str(folder)):
        return load_folder(folder=folder, actor=session.actor, now=session.now, received_at=at)


def result(load: "LoadResult") -> Result:
    """Return the load as CONTRACT's document."""
    counts = {name: getattr(load, name) for name in ("companies", "units", "people", "systems", "rules", "devices")}
    document: dict[str, object] = {
        **counts,
        "changed": load.changed,
        "files": [_file(file) for file in load.files],
        "unknown_files": list(load.unknown_files),
    }
    return Result(document, lambda: show(load), found=load.rejected > 0)


def _file(file: "FileLoad") -> dict[str, object]:
    rejections = [
        {
            "row": defect.row,
            "column": defect.column,
            "value": defect.value,
            "code": defect.note.code,
            "reason": both(defect.note.code, {"value": defect.value, **defect.note.params}),
        }
        for defect in file.rejections
    ]
    return {**asdict(file), "rejections": rejections, "unknown_columns": list(file.unknown_columns)}


def show(load: "LoadResult") -> None:
    """Print the load for people."""
    columns = ("rows_in", "accepted", "rejected", "ignored", "changed")
    rows = table(word("file"), *(word(name) for name in columns), title=word("title"))
    for file in load.files:
        rows.add_row(file.file, *(str(getattr(file, name)) for name in columns))
    people.print(rows)
    if load.rejected:
        people.print(_rejections(load))
    for file in load.files:
        if file.unknown_columns:
            people.print(word("unknown_columns", file=file.file, columns=", ".join(file.unknown_columns)), markup=False)
    if load.unknown_files:
        people.print(word("unknown_files", files=", ".join(load.unknown_files)), markup=False)
    people.print(word("summary", **asdict(load)), markup=False)


def _rejections(load: "LoadResult") -> "Table":
    names = ("file", "row", "column", "value", "reason")
    rows = table(*(word(name) for name in names), title=word("rejections"))
    cells = [(file.file, defect) for file in load.files for defect in file.rejections]
    for name, defect in cells[:SHOWN]:
        params = {"value": defect.value, **defect.note.params}
        rows.add_row(name, str(defect.row), defect.column, defect.value, text(defect.note.code, params, LANGUAGE))
    if len(cells) > SHOWN:
        rows.caption = word("more", count=len(cells) - SHOWN)
    return rows
