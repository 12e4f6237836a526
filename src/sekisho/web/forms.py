"""What people type into forms: days and words, read or refused with the field's name."""

from datetime import date

from django.http import QueryDict

from sekisho.core.errors import SekishoError


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


def day(posted: QueryDict, field: str) -> date | None:
    """Return the day that a date field holds; None where it is empty.

    Raises:
        BadField: it is no day.
    """
    written = posted.get(field, "").strip()
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise BadField("page_errors.bad_day", {"field": field, "value": written}) from error
