"""The one handler of results and errors at the command line: JSON on stdout, people's text beside it."""

import dataclasses
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sekisho.cli import words
from sekisho.core.errors import SekishoError
from sekisho.texts import LANGUAGES, reader_language, text

people = Console(stderr=True, highlight=False)


def table(*columns: str, title: str | None = None) -> Table:
    """Return an empty table whose cells fold: an ellipsis would hide what was found."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def listing(found: Iterable[tuple[str, str]]) -> None:
    """Print each sentence once, and below it every item that it was said of."""
    gathered: defaultdict[str, list[str]] = defaultdict(list)
    for sentence, item in found:
        gathered[sentence].append(item)
    for sentence, items in gathered.items():
        people.print(f"\n{sentence}", markup=False)
        for item in items:
            people.print(Padding(Text(item), (0, 0, 0, 2)))


def because(reasons: Iterable[str]) -> str:
    """Return the reasons of an entitlement for people: the post says what its bundles' identifiers cannot."""
    kinds = [word.partition(":") for word in reasons]
    named = [(kind, name) for kind, _, name in kinds if kind != "bundle"] or [(kind, name) for kind, _, name in kinds]
    return " · ".join(text(f"plans.because_{kind}", {"name": name}, reader_language()) for kind, name in named)


def local(at: datetime, zone: tzinfo) -> str:
    """Return an instant as the company's clock shows it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def plain(value: object) -> Any:
    """Return `value` as JSON can carry it; instants as RFC 3339 in UTC."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case set() | frozenset():
            return sorted(plain(inner) for inner in value)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return value


def emit_json(document: Mapping[str, object]) -> None:
    """Print the one JSON document of this command."""
    sys.stdout.write(json.dumps(plain(document), ensure_ascii=False, indent=2) + "\n")


def emit_error(error: SekishoError, *, as_json: bool) -> int:
    """Say what went wrong, where and what to do; return the exit status."""
    if as_json:
        params = _shown(error)
        message = {each: text(error.code, words.shown(error.code, params, each), each) for each in LANGUAGES}
        emit_json({"error": {"code": error.code, "message": message, **_facts(error)}})
    else:
        language = reader_language()
        sentence = text(error.code, words.shown(error.code, _shown(error), language), language)
        people.print(sentence, style="bold red", markup=False)
    return error.exit_status


def _shown(error: SekishoError) -> dict[str, object]:
    """Return the facts of an error for a sentence: instants by the company's clock, once there is a company."""
    moments = {name: at for name, value in error.params.items() if (at := _moment(value)) is not None}
    if not moments:
        return error.params
    from django.db import DatabaseError

    from sekisho.services import installation

    try:
        zone = installation.zone(known_at=datetime.now(UTC))
    except DatabaseError:
        return error.params
    return error.params | {name: local(at, zone) for name, at in moments.items()}


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _facts(error: SekishoError) -> dict[str, object]:
    return {"params": plain(error.params)} if error.params else {}
