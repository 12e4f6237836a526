"""A mapping profile: how one HR department's layout is to be read.

Here: its shape and the check of one that a person wrote (TOML or options). Not here: saving it
(`services.profiles`), using it (`headers`, `order_rows`). In TOML:

    [columns]               # header as it stands there = field, or "ignore"
    "異動者番号" = "employee_no"
    [widths]                # codes of fixed width, whose zeros a spreadsheet may have eaten
    employee_no = 8
    [dates]                 # what the date of an order type names: last_day or first_day
    leave_company = "first_day"
    [values.order_type]     # this layout's words = the house's
    "10" = "transfer"
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import LAST_DAY_TYPES, OrderType
from sekisho.intake.order_words import CODES, CONCURRENT_UNIT, NAMES, VALUES

DateMeaning = Literal["last_day", "first_day"]
_MEANINGS: dict[str, DateMeaning] = {"last_day": "last_day", "first_day": "first_day"}
IGNORE = "ignore"
_TABLES = ("columns", "widths", "dates", "values")


class BadProfile(SekishoError):
    """The profile says something that nothing can mean."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One layout's reading; the empty profile is CONTRACT's."""

    columns: Mapping[str, str] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    dates: Mapping[OrderType, DateMeaning] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def names_last_day(self, order_type: OrderType) -> bool:
        """Tell whether the date of such an order is the last day of the old state."""
        meaning = self.dates.get(order_type)
        return order_type in LAST_DAY_TYPES if meaning is None else meaning == "last_day"

    def width(self, name: str) -> int:
        """Return the declared width of a code, 0 where none is; a numbered column has its stem's."""
        return self.widths.get(name, 0)

    def document(self) -> dict[str, Json]:
        """Return the profile as JSON can carry it."""
        return {
            "columns": dict(self.columns),
            "widths": dict(self.widths),
            "dates": {kind.value: meaning for kind, meaning in self.dates.items()},
            "values": {name: dict(words) for name, words in self.values.items()},
        }


PLAIN = Profile()


def read_toml(text: str) -> dict[str, object]:
    """Return the document of a TOML text.

    Raises:
        BadProfile: not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadProfile("profiles.toml", {"detail": str(error)}) from error


def with_options(
    document: Mapping[str, object],
    columns: Sequence[str],
    widths: Sequence[str],
    dates: Sequence[str],
    values: Sequence[str],
) -> dict[str, object]:
    """Return the document with the command line's words (`HEADER=FIELD`, `FIELD:WORD=VALUE`) laid over it.

    Raises:
        BadProfile: a word without its `=` or `:`, or a width that is no number.
    """
    words = {table: dict(_table(document, table)) for table in _TABLES}
    words["columns"] |= dict(_pair(word, "HEADER=FIELD") for word in columns)
    words["dates"] |= dict(_pair(word, "TYPE=MEANING") for word in dates)
    for name, width in (_pair(word, "FIELD=N") for word in widths):
        if not width.isdecimal():
            raise BadProfile("profiles.bad_option", {"value": f"{name}={width}", "form": "FIELD=N"})
        words["widths"][name] = int(width)
    for place, value in (_pair(word, "FIELD:WORD=VALUE") for word in values):
        name, colon, word = place.partition(":")
        if not colon:
            raise BadProfile("profiles.bad_option", {"value": f"{place}={value}", "form": "FIELD:WORD=VALUE"})
        words["values"][name] = {**_table(words["values"], name), word: value}
    return {**document, **words}


def _pair(word: str, form: str) -> tuple[str, str]:
    name, equals, value = word.rpartition("=")
    if not equals or not name or not value:
        raise BadProfile("profiles.bad_option", {"value": word, "form": form})
    return name, value


def parse(document: Mapping[str, object]) -> Profile:
    """Return the profile that a document describes, every name in it checked.

    Raises:
        BadProfile: an unknown table, field, order type, meaning or value.
    """
    for table in document:
        if table not in _TABLES:
            raise BadProfile("profiles.unknown_table", {"name": table, "known": ", ".join(_TABLES)})
    return Profile(
        columns=_columns(_table(document, "columns")),
        widths=_widths(_table(document, "widths")),
        dates=_dates(_table(document, "dates")),
        values={name: _values(name, words) for name, words in _table(document, "values").items()},
    )


def _table(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise BadProfile("profiles.not_a_table", {"name": name})
    return table


def _columns(table: Mapping[str, object]) -> dict[str, str]:
    known = {*NAMES, IGNORE}
    for header, name in table.items():
        is_numbered = isinstance(name, str) and name.removeprefix(CONCURRENT_UNIT).isdecimal()
        if name not in known and not is_numbered:
            raise BadProfile(
                "profiles.unknown_field", {"header": header, "name": name, "known": ", ".join(sorted(known))}
            )
    return {header: str(name) for header, name in table.items()}


def _widths(table: Mapping[str, object]) -> dict[str, int]:
    widths: dict[str, int] = {}
    for name, width in table.items():
        if name not in CODES or not isinstance(width, int) or not 1 <= width <= 64:
            raise BadProfile("profiles.bad_width", {"name": name, "value": width, "known": ", ".join(sorted(CODES))})
        widths[name] = width
    return widths


def _dates(table: Mapping[str, object]) -> dict[OrderType, DateMeaning]:
    dates: dict[OrderType, DateMeaning] = {}
    for name, meaning in table.items():
        known = _MEANINGS.get(str(meaning))
        if name not in {kind.value for kind in OrderType} or known is None:
            raise BadProfile("profiles.bad_date", {"name": name, "value": meaning})
        dates[OrderType(name)] = known
    return dates


def _values(name: str, words: object) -> dict[str, str]:
    if name not in VALUES or not isinstance(words, Mapping):
        raise BadProfile("profiles.bad_values", {"name": name, "known": ", ".join(sorted(VALUES))})
    known = set(VALUES[name].values())
    for word, value in words.items():
        if value not in known:
            raise BadProfile(
                "profiles.bad_value", {"name": name, "word": word, "value": value, "known": ", ".join(sorted(known))}
            )
    return {str(word): str(value) for word, value in words.items()}
