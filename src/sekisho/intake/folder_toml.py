"""company.toml, rules.toml and access.toml -> typed lines, each with the line a person sees.

Here: keys, closed sets, dates, dated parameters, what must never stand in a file under version control.
A bad `[[rule]]` refuses the whole load: a rule set with a hole would call moves allowed (law 3). Not
here: csv files (`folder_tables`), what holds between files (`folder_checks`).
"""

import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import CompanyStatus, Ownership, PostClass, RuleKind, RuleType
from sekisho.core.parameters import BadParameter, UnknownParameter, checked
from sekisho.intake.dates import Day, read_day
from sekisho.intake.defects import Defect, Note
from sekisho.intake.folder_columns import EVER, Line
from sekisho.intake.folder_tables import FileRead, bad_period
from sekisho.intake.sheets import Cell

CONNECTORS = frozenset({"memory", "sql", "scim", "ldap", "worklist"})
_SECRET_KEY = re.compile(r"(password|passwd|secret|token|api_?key|private_?key|credential)s?$", re.IGNORECASE)
_URL_WITH_PASSWORD = re.compile(r"^[a-z][a-z0-9+.\-]*://[^/@:\s]*:[^/@\s]+@", re.IGNORECASE)


class UnreadableToml(SekishoError):
    """The file is not TOML; the message names the place."""


class MissingKey(SekishoError):
    """An entry lacks a required key."""


class BadKey(SekishoError):
    """A key's value does not fit, and without it the file must not be taken."""


class TwoVersions(SekishoError):
    """Two versions of one rule are in force on one day."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an entry. `kind` is the type it must have; `words` the closed set of a text or list."""

    kind: type[Any]
    required: bool = False
    words: frozenset[str] = frozenset()
    default: object = None


_DAY = Key(date)
_PERIOD = {"from": Key(date, default=EVER), "to": _DAY}
_TEXT, _LIST, _FLAG = Key(str, default=""), Key(list, default=()), Key(bool)


def _all(kind: type[Any]) -> frozenset[str]:
    return frozenset(member.value for member in kind)


RULE: Mapping[str, Key] = {
    "id": Key(str, required=True),
    "version": Key(str, required=True),
    "kind": Key(str, required=True, words=_all(RuleKind)),
    "type": Key(str, required=True, words=_all(RuleType)),
    "from_classes": _LIST,
    "to_classes": _LIST,
    "from_post_classes": Key(list, words=_all(PostClass), default=()),
    "to_post_classes": Key(list, words=_all(PostClass), default=()),
    "to_status": Key(list, words=_all(CompanyStatus), default=()),
    "neutral_stay_days": Key(int),
    "lookback_days": Key(int),
    "reverse": _FLAG,
    "from": Key(date, required=True),
    "to": _DAY,
    "text": Key(dict),
    "source": _TEXT,
    "approved_by": _TEXT,
    "approved_on": _DAY,
}
APPROVER: Mapping[str, Key] = {
    "rule": Key(str, required=True),
    "person_ids": Key(list, required=True),
    "side": _TEXT,
    **_PERIOD,
}
SYSTEM: Mapping[str, Key] = {
    "id": Key(str, required=True),
    "name": Key(str, required=True),
    "side": _TEXT,
    "protected": _FLAG,
    "connector": Key(str, required=True, words=CONNECTORS),
    **_PERIOD,
}
ENTITLEMENT: Mapping[str, Key] = {
    "system": Key(str, required=True),
    "id": Key(str, required=True),
    "side": _TEXT,
    "protected": _FLAG,
    "info_classes": _LIST,
    "owned": Key(str, words=_all(Ownership), default=Ownership.AUTHORITATIVE.value),
    **_PERIOD,
}
CONDITION: Mapping[str, Key] = {"classes": _LIST, "units": _LIST, "companies": _LIST, "titles": _LIST}
BUNDLE: Mapping[str, Key] = {
    "id": _TEXT,
    "system": Key(str, required=True),
    "entitlements": Key(list, required=True),
    "for": Key(dict),
    **CONDITION,
    **_PERIOD,
}
TABLES: Mapping[str, Mapping[str, Mapping[str, Key]]] = {
    "rules.toml": {"rule": RULE, "approver": APPROVER},
    "access.toml": {"system": SYSTEM, "entitlement": ENTITLEMENT, "bundle": BUNDLE},
}
COMPANY: Mapping[str, Key] = {
    "name": Key(str, required=True),
    "timezone": Key(str, default="Asia/Tokyo"),
    "sides": _LIST,
    "calendar": Key(object, default="jp"),
    "history_complete_from": _DAY,
    "parameters": Key(dict),
}


def read_toml(name: str, content: bytes) -> tuple[FileRead, dict[str, Any], str]:
    """Return an empty `FileRead`, the parsed document and the text.

    Raises:
        UnreadableToml: bytes that are not UTF-8, or not TOML.
    """
    found = FileRead(name, hashlib.sha256(content).hexdigest())
    try:
        text = content.decode("utf-8-sig")
        return found, tomllib.loads(text.replace("\r\n", "\n")), text
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableToml("folder.toml", {"file": name, "detail": str(error)}) from error


def read_entries(name: str, content: bytes) -> FileRead:
    """Return the entries of rules.toml or access.toml; each line's values have `table` beside the keys.

    Raises:
        UnreadableToml: not TOML.
        MissingKey: an entry lacks a required key.
        BadKey: a rule or its approvers hold a value that does not fit.
        TwoVersions: two versions of one rule are in force on one day.
    """
    found, document, text = read_toml(name, content)
    tables = TABLES[name]
    found.unknown_columns = sorted(set(document) - set(tables))
    for table, keys in tables.items():
        for number, entry in _entries(found, document, table, text):
            _read_entry(found, (table, number), entry, keys)
    if name == "rules.toml":
        _refuse_bad_rules(found)
    return found


def _entries(
    found: FileRead, document: Mapping[str, Any], table: str, text: str
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    entries = document.get(table, [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadKey("folder.not_a_table", {"file": found.name, "table": table})
    heads = [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if re.match(rf"\s*\[\[\s*[\"']?{table}[\"']?\s*\]\]", line)
    ]
    lines = heads if len(heads) == len(entries) else list(range(1, len(entries) + 1))
    return zip(lines, entries, strict=True)


def _read_entry(found: FileRead, place: tuple[str, int], entry: Mapping[str, Any], keys: Mapping[str, Key]) -> None:
    table, number = place
    found.rows_in += 1
    values: dict[str, Any] = {"table": table}
    settings = {key: value for key, value in entry.items() if key not in keys}
    defects = []
    for key, about in keys.items():
        value = read_key(about, entry.get(key))
        if about.required and entry.get(key) in (None, "", []):
            raise MissingKey("folder.missing_key", {"file": found.name, "row": number, "table": table, "key": key})
        if isinstance(value, Note):
            defects.append(Defect(number, f"{table}.{key}", str(entry.get(key)), value))
        else:
            values[key] = value
    if table == "system":
        values["settings"] = settings
        defects.extend(_plain_secrets(number, settings, f"{table}."))
    else:
        found.unknown_columns.extend(_new(found, (f"{table}.{key}" for key in sorted(settings))))
    if table == "bundle" and not defects:
        defects.extend(_condition(found, number, values))
    if not defects and (note := bad_period(values)):
        defects.append(Defect(number, f"{table}.to", str(values["to"]), note))
    if defects:
        found.defects.extend(defects)
        found.unread.append(frozenset(word for word in entry.values() if isinstance(word, str)))
    else:
        found.lines.append(Line(number, values))


def _new(found: FileRead, names: Iterator[str]) -> list[str]:
    return [name for name in names if name not in found.unknown_columns]


def read_key(about: Key, value: object) -> Any:
    """Return the value in the type the key must have, or a Note why it does not fit."""
    if value is None:
        return about.default
    if about.kind is date:
        return _day(value)
    if not isinstance(value, about.kind) or (about.kind is int and (isinstance(value, bool) or _negative(value))):
        return Note("folder.key_type", {"type": _TYPES.get(about.kind, about.kind.__name__)})
    if about.kind is list:
        return _list(about, value)
    if about.words and value not in about.words:
        return Note("folder.not_a_word", {"words": ", ".join(sorted(about.words))})
    return value


_TYPES = {str: "text", list: "list of texts", bool: "true/false", int: "whole number", dict: "table"}


def _negative(value: object) -> bool:
    return isinstance(value, int) and value < 0


def _list(about: Key, value: Any) -> tuple[str, ...] | Note:
    if not all(isinstance(word, str) for word in value):
        return Note("folder.key_type", {"type": _TYPES[list]})
    if about.words and not set(value) <= about.words:
        return Note("folder.not_a_word", {"words": ", ".join(sorted(about.words))})
    return tuple(value)


def _day(value: object) -> date | Note:
    if isinstance(value, datetime) or not isinstance(value, str | date):
        return Note("folder.key_type", {"type": "YYYY-MM-DD"})
    found = read_day(Cell(value))
    return found.day if isinstance(found, Day) else found


def _plain_secrets(number: int, settings: Mapping[str, Any], within: str) -> Iterator[Defect]:
    """Yield a defect for each secret that stands in the file itself; its value is not repeated."""
    for key, value in settings.items():
        name = f"{within}{key}"
        if isinstance(value, Mapping):
            yield from _plain_secrets(number, value, f"{name}.")
        elif isinstance(value, str) and (_SECRET_KEY.search(key) or _URL_WITH_PASSWORD.match(value)):
            yield Defect(number, name, "***", Note("folder.plain_secret", {"key": key}))


def _condition(found: FileRead, number: int, values: dict[str, Any]) -> Iterator[Defect]:
    """Fold `for` and the same keys beside it into `condition`."""
    inner = values.pop("for") or {}
    found.unknown_columns.extend(_new(found, (f"bundle.for.{key}" for key in sorted(set(inner) - set(BUNDLE)))))
    condition: dict[str, list[str]] = {}
    for key, about in CONDITION.items():
        value = read_key(about, inner.get(key))
        if isinstance(value, Note):
            yield Defect(number, f"bundle.for.{key}", str(inner.get(key)), value)
            return
        words = sorted({*value, *values.pop(key)})
        if words:
            condition[key] = words
    for key in ("from", "to"):
        if key in inner:
            value = _day(inner[key])
            if isinstance(value, Note):
                yield Defect(number, f"bundle.for.{key}", str(inner[key]), value)
                return
            values[key] = value
    values["condition"] = condition


def _refuse_bad_rules(found: FileRead) -> None:
    for defect in found.defects:
        facts = {"file": found.name, "row": defect.row, "key": defect.column, "value": defect.value}
        raise BadKey("folder.bad_rule", facts)
    rules = [line for line in found.lines if line.values["table"] == "rule"]
    rules.sort(key=lambda line: (line.values["id"], line.values["from"], line.number))
    for early, late in itertools.pairwise(rules):
        same = early.values["id"] == late.values["id"]
        if same and (early.values["to"] is None or late.values["from"] < early.values["to"]):
            facts = {
                "file": found.name,
                "rule": late.values["id"],
                "row": late.number,
                "versions": f"{early.values['version']}, {late.values['version']}",
                "day": late.values["from"].isoformat(),
            }
            raise TwoVersions("folder.two_versions", facts)


def read_company(content: bytes) -> FileRead:
    """Return company.toml: one line for its head, one a parameter and period.

    Raises:
        UnreadableToml: not TOML.
        MissingKey: no name.
        BadKey: a value that does not fit; half a head would be worse than none.
    """
    found, document, _ = read_toml("company.toml", content)
    found.unknown_columns = sorted(set(document) - set(COMPANY))
    head: dict[str, Any] = {"table": "company"}
    for key, about in COMPANY.items():
        value = read_key(about, document.get(key))
        if isinstance(value, Note) or (key == "timezone" and not _is_zone(value)):
            raise BadKey("folder.bad_key", {"file": found.name, "key": key, "value": str(document.get(key))})
        if about.required and not value:
            raise MissingKey("folder.missing_key", {"file": found.name, "row": 1, "table": "company", "key": key})
        head[key] = value
    found.rows_in, found.lines = 1, [Line(1, head)]
    for number, (name, entry) in enumerate(_parameters(head.pop("parameters") or {}), start=2):
        _read_parameter(found, number, name, entry)
    return found


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _parameters(table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each setting: a bare value has always held; a table, or a list of them, has from and to."""
    for name, written in table.items():
        for entry in written if isinstance(written, list) else [written]:
            yield name, entry if isinstance(entry, Mapping) else {"value": entry}


def _read_parameter(found: FileRead, number: int, name: str, entry: Mapping[str, Any]) -> None:
    found.rows_in += 1
    column = f"parameters.{name}"
    found.unknown_columns.extend(_new(found, (f"{column}.{key}" for key in sorted(set(entry) - {"value", *_PERIOD}))))
    values: dict[str, Any] = {"table": "parameter", "name": name}
    for key, about in _PERIOD.items():
        values[key] = read_key(about, entry.get(key))
    notes = [value for value in values.values() if isinstance(value, Note)]
    try:
        values["value"] = checked(name, entry.get("value"))
    except (UnknownParameter, BadParameter) as error:
        notes.append(Note(error.code, {key: str(value) for key, value in error.params.items()}))
    if not notes and (note := bad_period(values)):
        notes.append(note)
    if notes:
        found.defects.extend(Defect(number, column, str(entry.get("value")), note) for note in notes)
        found.unread.append(frozenset({name}))
    else:
        found.lines.append(Line(number, values))
