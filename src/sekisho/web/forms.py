"""What people type into forms: days and words, read or refused with the field's name; errors for beside the field."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.http import QueryDict

from sekisho.core.errors import SekishoError
from sekisho.core.periods import YEARS
from sekisho.services import installation
from sekisho.texts import catalogue
from sekisho.web.words import language, say

if TYPE_CHECKING:
    from sekisho.web.pages import Request


class BadField(SekishoError):
    """A field of a form was left empty or cannot be read."""


def needed_day(posted: QueryDict, field: str) -> date:
    """Return the day that a date field holds.

    Raises:
        BadField: it is empty or no day.
    """
    found = day(posted, field)
    if found is None:
        raise BadField("page_errors.no_day", {"field": field})
    return found


def needed(posted: QueryDict, field: str) -> str:
    """Return the words that a field holds, without the space around them.

    Raises:
        BadField: there are none.
    """
    written = posted.get(field, "").strip()
    if not written:
        raise BadField("page_errors.no_words", {"field": field})
    return written


def day(posted: QueryDict, field: str) -> date | None:
    """Return the day that a date field holds; None where it is empty.

    Raises:
        BadField: it is no day, or one of a year that nobody asks for.
    """
    written = posted.get(field, "").strip()
    if not written:
        return None
    try:
        found = date.fromisoformat(written)
    except ValueError as error:
        raise BadField("page_errors.bad_day", {"field": field, "value": written}) from error
    if found.year not in YEARS:
        raise BadField("page_errors.bad_day", {"field": field, "value": written})
    return found


def whole(written: str, *, digits: int = 9) -> int | None:
    """Return the whole number that plain digits write; None where they are others, none, or too many."""
    return int(written) if written.isascii() and written.isdigit() and len(written) <= digits else None


def known(request: "Request") -> tuple[date | None, datetime]:
    """Return the day up to whose end `?known=` asks what was known, and that moment; now where it asks for nothing."""
    now = request.caller.now
    asked = day(request.GET, "known")
    if asked is None:
        return None, now
    end = installation.midnight(day=asked, known_at=now) + timedelta(days=1, microseconds=-1)
    return asked, min(end, now)


def labels(page: str, *names: str) -> dict[str, str]:
    """Return the words of a page for its fields' labels and helps, by name."""
    return {name: say(f"{page}.{name}") for name in names}


def sentence(error: SekishoError) -> str:
    """Return what an error says to people; a field is called as its label calls it."""
    params = {name: str(value) for name, value in error.params.items()}
    if "field" in params and params["field"] in catalogue(language(), "page_fields"):
        params["field"] = say(f"page_fields.{params['field']}")
    return say(error.code, **params)


def errors(error: SekishoError, fields: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the error's sentence under the field that it is about, for the page's `errors`.

    `fields` names, by the error's code, the field to mend; "" is the whole form.
    """
    about = str(error.params.get("field", "")) if isinstance(error, BadField) else (fields or {}).get(error.code, "")
    return {about: sentence(error)}
