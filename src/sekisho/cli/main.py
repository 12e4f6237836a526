"""The command line: one command a word, loaded only when called; the one handler of errors."""

import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path

import click
import django

from sekisho.cli.output import emit_error, emit_json, people
from sekisho.core.errors import SekishoError
from sekisho.texts import reader_language, text

COMMANDS = {
    "bench": "bench",
    "cutover": "cutover",
    "demo": "demo",
    "doctor": "doctor",
    "exception": "exceptions",
    "grant": "grants",
    "ledger": "ledger",
    "load": "load",
    "manage": "manage",
    "order": "orders",
    "person": "people",
    "plan": "plans",
    "profile": "profiles",
    "rehearse": "rehearse",
    "serve": "serve",
    "user": "users",
    "verify": "verification",
    "who": "who",
    "work": "work",
}
"""Command → module of `sekisho.cli`; the module has a click command or group named `command`."""


class Words(click.Group):
    """The group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"sekisho.cli.{COMMANDS[cmd_name]}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"sekisho.cli.{COMMANDS[cmd_name]}.command is not a command")
        return command


class Defect(SekishoError):
    """Something failed that nobody foresaw; what was not committed did not happen."""


class BadUsage(SekishoError):
    """The words of the command line are off."""


@click.group(cls=Words, help=text("cli.help", language=reader_language()), context_settings={"max_content_width": 100})
@click.option("--home", type=click.Path(path_type=Path), help=text("cli.home", language=reader_language()))
@click.option("--as", "user", metavar="USER", help=text("cli.as", language=reader_language()))
@click.option("--now", metavar="T", help=text("cli.now", language=reader_language()))
@click.version_option(package_name="sekisho")
@click.pass_context
def sekisho(ctx: click.Context, home: Path | None, user: str | None, now: str | None) -> None:
    """Take the words that stand before the command; only then may services be imported."""
    if home is not None:
        os.environ["SEKISHO_HOME"] = str(home.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.settings")
    django.setup()
    ctx.obj = {"user": user, "now": now}


COLLECT_AFTER = (100_000, 20, 50)
"""Objects between two runs of the cycle collector, and runs between those of its older generations.

The usual 700 make it walk all facts again and again while 20,000 people are loaded: a third of the time.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status (CONTRACT "Commands")."""
    gc.set_threshold(*COLLECT_AFTER)
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    if words[:1] != ["manage"]:
        words = [word for word in words if word != "--json"]
    sys.exit(_guarded(lambda: sekisho.main(args=words, standalone_mode=False), as_json=as_json))


def _guarded(run: Callable[[], object], *, as_json: bool) -> int:
    try:
        outcome = run()
    except SekishoError as error:
        return emit_error(error, as_json=as_json)
    except click.UsageError as error:
        if not as_json:
            error.show()
            return 2
        return emit_error(BadUsage("cli.usage", {"detail": error.format_message()}), as_json=True)
    except (click.Abort, KeyboardInterrupt):
        people.print(text("cli.stopped", language=reader_language()))
        return 130
    except Exception as error:  # noqa: BLE001 - a failure too is one document (CONTRACT); the trace goes to stderr
        traceback.print_exc()
        return emit_error(Defect("cli.defect", {"detail": f"{type(error).__name__}: {error}"}), as_json=as_json)
    if isinstance(outcome, Result):
        if as_json:
            emit_json(outcome.document)
        else:
            people.stderr = False  # a result is what the command is for; progress and errors stay on stderr
            try:
                outcome.show()
            finally:
                people.stderr = True
        return outcome.status
    return outcome if isinstance(outcome, int) else 0


class Result:
    """What a command found: the JSON document, the same for people, and the exit status.

    `found`: something to look at (status 1). `unreachable`: a system did not answer (3 beats 1).
    """

    def __init__(
        self,
        document: dict[str, object],
        show: Callable[[], None],
        *,
        found: bool = False,
        unreachable: bool = False,
    ) -> None:
        self.document = document
        self.show = show
        self.status = 3 if unreachable else int(found)


def parse_instant(value: str, zone_day: Callable[[str], datetime]) -> datetime:
    """Return the instant that `value` names: RFC 3339, or a date through `zone_day`.

    Raises:
        BadUsage: neither a date nor an instant with an offset.
    """
    try:
        if len(value) == 10:
            return zone_day(value)
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadUsage("cli.instant", {"value": value}) from error
    if at.tzinfo is None:
        raise BadUsage("cli.instant", {"value": value})
    return at
