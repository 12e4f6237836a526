"""The one handler of results and errors at the command line: JSON on stdout, people's text beside it."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console

from sekisho.core.errors import SekishoError
from sekisho.texts import both, reader_language, text

people = Console(stderr=True, highlight=False)


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
        emit_json({"error": {"code": error.code, "message": both(error.code, error.params), **_facts(error)}})
    else:
        people.print(text(error.code, error.params, reader_language()), style="bold red", markup=False)
    return error.exit_status


def _facts(error: SekishoError) -> dict[str, object]:
    return {"params": plain(error.params)} if error.params else {}
