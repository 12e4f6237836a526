"""`sekisho cutover FILE`: carry an approved plan out, or go on with it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import Progress

from sekisho.cli.main import Result
from sekisho.cli.output import listing, people
from sekisho.cli.session import open_home
from sekisho.texts import both, reader_language, text

if TYPE_CHECKING:
    from sekisho.services.cutover import CutoverResult, OperationReport

LANGUAGE = reader_language()
SHOWN = 50
"""Rows of the table for people; everything is in --json."""


def _word(name: str, **params: object) -> str:
    return text(f"cli_cutover.{name}", params, LANGUAGE)


@click.command("cutover", help=_word("help"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def command(file: Path) -> Result:
    """Carry out the plan in FILE."""
    content = file.read_bytes()
    with open_home() as session, _bar() as progress:
        from sekisho.services import cutover

        result = cutover.run(
            document=content, actor=session.actor, now=session.now, home=session.home, progress=progress
        )
    return _result(result)


def _result(result: "CutoverResult") -> Result:
    operations = [_operation(one) for one in result.operations]
    counts = Counter(str(one["state"]) for one in operations)
    document: dict[str, object] = {
        "sha256": result.sha256,
        **{name: counts[name] for name in ("applied", "already", "failed", "held", "unknown")},
        "unreachable": list(result.unreachable),
        "operations": operations,
    }
    open_ones = counts["failed"] + counts["held"] + counts["unknown"]
    return Result(
        document, lambda: _show(document, operations), found=open_ones > 0, unreachable=bool(result.unreachable)
    )


def _operation(one: "OperationReport") -> dict[str, object]:
    facts = {"system": one.system, "account": one.account, "entitlement": one.entitlement}
    facts |= {"detail": one.detail, "order_no": one.detail}
    return {
        "id": one.id,
        "state": one.state.value,
        "error": {"code": one.code, **both(one.code, facts)} if one.code else None,
        "person_id": one.person_id,
        "side": one.side,
        "system": one.system,
        "action": one.action.value,
        "entitlement": one.entitlement,
    }


def _show(document: dict[str, object], operations: list[dict[str, object]]) -> None:
    people.print(_word("title", sha256=document["sha256"]), style="bold")
    for name in ("applied", "already", "failed", "held", "unknown"):
        people.print(f"  {_word(name)}: {document[name]}")
    waiting = [one for one in operations if one["error"]]
    if waiting:
        _show_waiting(waiting)
    else:
        people.print(_word("finished"))
    unreachable = document["unreachable"]
    if isinstance(unreachable, list) and unreachable:
        people.print(_word("unreachable", systems=", ".join(unreachable)), style="bold red")


def _show_waiting(waiting: list[dict[str, object]]) -> None:
    listing((_why(one), _what(one)) for one in waiting[:SHOWN])
    if len(waiting) > SHOWN:
        people.print(_word("more", count=len(waiting) - SHOWN))


def _why(one: dict[str, object]) -> str:
    error = one["error"]
    return f"{_word(str(one['state']))}: {error[LANGUAGE] if isinstance(error, dict) else ''}"


def _what(one: dict[str, object]) -> str:
    action = text(f"plans.action_{one['action']}", language=LANGUAGE)
    words = (one["person_id"], one["system"], action, one["entitlement"])
    return " · ".join(str(word) for word in words if word)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Show how many operations have an outcome, on stderr."""
    with Progress(console=people, transient=True) as progress:
        task = progress.add_task(_word("progress"), total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
