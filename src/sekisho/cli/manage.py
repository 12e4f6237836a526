"""`manage`: Django's own commands, for administrators; each call is an entry of the ledger."""

import click

from sekisho.cli.session import open_home
from sekisho.texts import reader_language, text


@click.command(
    help=text("cli_manage.help", language=reader_language()),
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> None:
    """Hand the words to Django."""
    from django.core.management import execute_from_command_line

    with open_home() as session:
        from sekisho.services import installation

        if words and words[0] not in {"--help", "-h", "help", "--version", "version"}:
            installation.managed(actor=session.actor, now=session.now, command=words[0])
        execute_from_command_line(["sekisho manage", *words])
