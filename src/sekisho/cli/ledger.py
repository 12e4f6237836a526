"""`ledger`: verify everything, export the evidence pack, show entries, prove one, order a destruction."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table

from sekisho.cli import words
from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.cli.session import open_home
from sekisho.texts import both, reader_language, text

LANGUAGE = reader_language()


def _say(name: str, **facts: object) -> str:
    return text(f"cli_ledger.{name}", facts, reader_language())


@click.group(help=text("cli_ledger.help", language=LANGUAGE))
def command() -> None:
    """Group the ledger's commands."""


@command.command(help=text("cli_ledger.verify", language=LANGUAGE))
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=text("cli_ledger.checkpoint", language=LANGUAGE),
)
def verify(checkpoint: Path | None) -> Result:
    """Check the whole ledger; a fault is status 1."""
    with open_home(sequencing=False) as session:
        from sekisho.services import entries, signing

        with people.status(_say("checking")):
            against = checkpoint.read_bytes().decode() if checkpoint else None
            found = entries.verify(actor=session.actor, now=session.now, against=against)
        keys = [key.text() for key in signing.verifier_keys()]
    fault = found.fault
    document: dict[str, object] = {
        "entries": found.entries,
        "unsequenced": found.unsequenced,
        "checkpoints": found.checkpoints,
        "root": found.root,
        "ok": found.ok,
        "first_bad": fault
        and {
            "position": fault.position,
            "id": fault.entry,
            "code": fault.code,
            "differs": both(fault.code, fault.params),
        },
        "keys": keys,
    }

    def show() -> None:
        if fault:
            people.print(text(fault.code, fault.params, reader_language()), style="bold red", markup=False)
        else:
            people.print(_say("holds", entries=found.entries, checkpoints=found.checkpoints, root=found.root))
        if found.unsequenced:
            people.print(_say("waiting", unsequenced=found.unsequenced))

    return Result(document, show, found=not found.ok)


@command.command(help=text("cli_ledger.export", language=LANGUAGE))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--side", help=text("cli_ledger.side", language=LANGUAGE))
@click.option("--proof", "entries", metavar="ENTRY", multiple=True, help=text("cli_ledger.proof", language=LANGUAGE))
def export(folder: Path, side: str | None, entries: Sequence[str]) -> Result:
    """Write the evidence pack into a new folder."""
    with open_home() as session:
        from sekisho.services import packs

        with people.status(_say("exporting", folder=folder)):
            pack = packs.export(folder=folder, actor=session.actor, now=session.now, side=side, entries=entries)
    document: dict[str, object] = {
        "folder": str(pack.folder),
        "files": list(pack.files),
        "entries": pack.entries,
        "disclosed": pack.disclosed,
        "proofs": pack.proofs,
        "root": pack.root,
        "side": pack.side,
    }
    return Result(
        document,
        lambda: people.print(
            _say("exported", folder=pack.folder, entries=pack.entries, disclosed=pack.disclosed, proofs=pack.proofs)
        ),
    )


@command.command(help=text("cli_ledger.show", language=LANGUAGE))
@click.option("--last", default=20, show_default=True, metavar="N", type=click.IntRange(min=1), help=_say("last"))
def show(last: int) -> Result:
    """Print the last entries of the sides the actor reads in detail; of the others, how many there are."""
    with open_home() as session:
        from sekisho.services import entries, ledger

        ledger.sequence(now=session.now)
        shown = entries.show(actor=session.actor, count=last, now=session.now)
    document: dict[str, object] = {
        "checkpoint": shown.checkpoint,
        "entries": list(shown.entries),
        "entries_of_other_sides": shown.others,
    }

    def table() -> None:
        rows = Table()
        for name in ("position", "at", "kind", "actor", "side", "facts"):
            rows.add_column(_say(f"column_{name}"), overflow="fold", no_wrap=name in {"position", "at", "side"})
        for entry in shown.entries:
            position = "" if entry.position is None else str(entry.position)
            facts = "  ".join(f"{key}={value}" for key, value in entry.facts.items())
            rows.add_row(
                position, entry.at[:19].replace("T", " "), entry.kind, entry.actor, words.side(entry.side), facts
            )
        people.print(rows)
        people.print(shown.checkpoint or "", markup=False, soft_wrap=True)

    return Result(document, table)


@command.command(help=text("cli_ledger.prove", language=LANGUAGE))
@click.argument("entry", metavar="ENTRY")
def prove(entry: str) -> Result:
    """Print one entry's proof."""
    with open_home() as session:
        from sekisho.services import entries, ledger

        ledger.sequence(now=session.now)
        found, proof = entries.prove(actor=session.actor, entry=entry, now=session.now)
    document: dict[str, object] = {"position": found.position, "id": found.id, "proof": proof.text()}
    return Result(document, lambda: click.echo(proof.text(), nl=False))


@command.command(help=text("cli_ledger.key", language=LANGUAGE))
def key() -> Result:
    """Print the verifier key to hand to outsiders."""
    with open_home() as session:
        from sekisho.services import entries

        line = entries.key(actor=session.actor, now=session.now)
    return Result({"key": line}, lambda: click.echo(line))


@command.command(help=text("cli_ledger.destroy", language=LANGUAGE))
@click.argument("entry", metavar="ENTRY")
@click.option("--reason", required=True, help=text("cli_ledger.reason", language=LANGUAGE))
def destroy(entry: str, reason: str) -> Result:
    """Destroy an entry's personal content by order."""
    with open_home() as session:
        from sekisho.services import evidence

        order = evidence.destroy_content(entry_id=entry, reason=reason, actor=session.actor, now=session.now)
    return Result({"order": order, "entry": entry}, lambda: people.print(_say("destroyed", entry=entry, order=order)))
