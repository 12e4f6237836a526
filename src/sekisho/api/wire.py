"""How things read on the wire: days, moments, numbers, words; and what every question and answer is made of.

Answers are made from the services' dataclasses, field by field of the same name; `start`/`end` are `from`/`to` there
(CONTRACT). Questions are read strictly: a number is no text, a day no number, and what nobody asked for is refused.
What each field means stands in `texts/*/api_fields.toml`, under its name on the wire.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from django.utils import timezone
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.json_schema import WithJsonSchema

from sekisho.core.periods import YEARS
from sekisho.texts import both

_DAY = re.compile(r"(\d{4})-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"(19|2[01])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and (read := _DAY.fullmatch(value)) and int(read[1]) in YEARS:
        return value
    raise ValueError("a day as 2027-04-01")


def _moment(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise ValueError("an instant as 2027-04-01T00:00:00+09:00")


def whole_number(value: object) -> object:
    """Let pass a whole number, or its digits as an address has them.

    Raises:
        ValueError: anything else.
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole or (isinstance(value, float) and value.is_integer()):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    raise ValueError("a whole number")


def _counted(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("a whole number")  # noqa: TRY004 - pydantic takes no other
    return whole_number(value)


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    if value in {"true", "false"}:
        return value == "true"
    raise ValueError("true or false")


def _local(value: datetime) -> str:
    """Return an instant as the company's clock shows it, with its offset."""
    return timezone.localtime(value).isoformat()


_DAY_IN = {"type": "string", "format": "date", "pattern": r"^(19|2[01])\d\d-", "examples": ["2027-04-01"]}
_MOMENT_IN = {**_DAY_IN, "format": "date-time", "examples": ["2027-04-01T00:00:00+09:00"]}
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema(_DAY_IN, mode="validation"),
    WithJsonSchema({"type": "string", "format": "date"}, mode="serialization"),
]
"""A day of the company's calendar; one before 1900 is known here (always), and not asked for."""
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(_local, return_type=str),
    WithJsonSchema(_MOMENT_IN, mode="validation"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""An instant, RFC 3339 with its offset; it goes out as the company's clock shows it."""
Flag = Annotated[bool, BeforeValidator(_flag)]
Id = Annotated[int, Field(ge=1, le=2**53 - 1, examples=[1]), BeforeValidator(whole_number)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1, examples=[3]), BeforeValidator(_counted)]
"""A number in a body, where digits in quotation marks are none."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/]+$")]
"""An id or code in an address."""
Words = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
"""What somebody writes."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(examples=["0" * 64])]


class Answer(BaseModel):
    """What goes out, read from a dataclass with the same names."""

    model_config = ConfigDict(from_attributes=True, frozen=True, validate_by_name=True, serialize_by_alias=True)


class Question(BaseModel):
    """What comes in as a JSON body."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=False, validate_by_alias=True)


class Said(Answer):
    """A sentence in both languages, and the code that it stands for, which never changes."""

    code: str
    ja: str
    en: str


def said(code: str, params: Mapping[str, Any] | None = None) -> Said:
    """Return the sentence behind a code."""
    return Said(code=code, **both(code, params))
