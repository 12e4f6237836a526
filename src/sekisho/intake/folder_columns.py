"""What stands in each file of the company folder: columns, kinds of cell, closed sets of words.

Here: the layout of CONTRACT "The company folder" as data. Not here: reading cells by it
(`folder_tables`, `folder_toml`), what holds between files (`folder_checks`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum, auto
from typing import Any

from sekisho.core.kinds import CompanyStatus, EmploymentKind, PostClass, PostKind, Role

EVER = date.min
"""The start of a fact whose file states none: it has held for as long as anyone asks."""


class Kind(Enum):
    """How a cell reads."""

    TEXT = auto()
    DAY = auto()
    MOMENT = auto()
    FLAG = auto()
    SHARE = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `bold`: a file without it is refused, and so is a row that leaves it blank. `filled`: the column may be
    missing by CONTRACT, yet a row says nothing without it. `words`: the closed set, where there is one.
    """

    name: str
    kind: Kind = Kind.TEXT
    bold: bool = False
    filled: bool = False
    words: frozenset[str] = frozenset()
    default: object = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row that reads well: the line a person sees in the file, and its values by column name."""

    number: int
    values: dict[str, Any]


def _words(kind: type[StrEnum]) -> frozenset[str]:
    return frozenset(member.value for member in kind)


def bold(name: str, kind: Kind = Kind.TEXT, words: frozenset[str] = frozenset()) -> Column:
    """Return a column without which the file is refused."""
    return Column(name, kind, bold=True, words=words)


def filled(name: str, kind: Kind = Kind.TEXT) -> Column:
    """Return a column that each row must fill."""
    return Column(name, kind, filled=True)


_FROM, _TO = bold("from", Kind.DAY), Column("to", Kind.DAY, default=None)
_SINCE = Column("from", Kind.DAY, default=EVER)
_PERSON, _SYSTEM, _CREDENTIAL, _DEVICE = (
    filled("person_id"),
    filled("system"),
    filled("credential_id"),
    filled("device_id"),
)

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "companies.csv": (
        bold("company_code"),
        bold("name"),
        bold("status", words=_words(CompanyStatus)),
        Column("side"),
        _FROM,
        _TO,
    ),
    "units.csv": (
        bold("unit_code"),
        bold("name"),
        bold("company_code"),
        Column("parent_code"),
        Column("classes"),
        Column("side"),
        Column("head_person_id"),
        Column("deputy_person_id"),
        Column("successor_code"),
        _FROM,
        _TO,
    ),
    "people.csv": (
        bold("person_id"),
        bold("employee_no"),
        bold("name"),
        Column("kana"),
        Column("former_name"),
        bold("company_code"),
        bold("unit_code"),
        Column("employer_company"),
        Column("title"),
        Column("post_kind", words=_words(PostKind), default=PostKind.MAIN.value),
        Column("post_no"),
        Column("post_classes", Kind.LIST, words=_words(PostClass), default=()),
        Column("share", Kind.SHARE),
        Column("employment_kind", words=_words(EmploymentKind), default=EmploymentKind.REGULAR.value),
        Column("absence", words=frozenset({"none", "leave"}), default="none"),
        Column("sponsor_person_id"),
        Column("contract_end", Kind.DAY, default=None),
        _FROM,
        _TO,
    ),
    "numbers.csv": (bold("person_id"), bold("company_code"), bold("employee_no"), _SINCE, _TO),
    "users.csv": (
        bold("user"),
        bold("person_id"),
        bold("role", words=_words(Role)),
        bold("side"),
        _SINCE,
        _TO,
    ),
    "accounts.csv": (_PERSON, _SYSTEM, filled("account"), _SINCE, _TO),
    "grants.csv": (
        Column("grant_id"),
        _PERSON,
        _SYSTEM,
        filled("entitlement"),
        filled("reason"),
        filled("approver"),
        filled("from", Kind.DAY),
        filled("to", Kind.DAY),
    ),
    "protected_accounts.csv": (_SYSTEM, filled("account"), Column("why"), _SINCE, _TO),
    "devices.csv": (
        bold("device_id"),
        Column("side"),
        Column("zone", words=frozenset({"network", "shared", "affiliate"})),
        Column("os"),
        _SINCE,
        _TO,
    ),
    "device_users.csv": (_DEVICE, _PERSON, _SINCE, _TO),
    "credentials.csv": (
        bold("credential_id"),
        Column("system"),
        Column("shared", Kind.FLAG, default=False),
        Column("external", Kind.FLAG, default=False),
        _SINCE,
        _TO,
    ),
    "credential_knows.csv": (_CREDENTIAL, _PERSON, _SINCE, _TO),
    "credential_changes.csv": (_CREDENTIAL, filled("changed_at", Kind.MOMENT)),
    "exceptions.csv": (
        filled("exception_id"),
        filled("rule"),
        _PERSON,
        filled("reason"),
        Column("requested_by"),
        Column("approved_by", Kind.LIST, filled=True),
        filled("from", Kind.DAY),
        filled("to", Kind.DAY),
    ),
    "holidays.csv": (filled("date", Kind.DAY), Column("name")),
    "holds.csv": (_PERSON, filled("reason"), Column("ordered_by"), _SINCE, _TO),
    "emergencies.csv": (
        filled("emergency_id"),
        Column("name"),
        Column("side"),
        Column("scope"),
        Column("declared_by"),
        _SINCE,
        _TO,
    ),
}
"""In the order in which the files must be read: what is referred to comes before what refers."""
