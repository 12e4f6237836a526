"""Lists in pages, one way everywhere: `limit` and an opaque `cursor` in, `{items, next, total}` out.

A cursor names the last item shown, signed and bound to its list and its question: what is added before or after
moves nothing that was not shown yet, and nobody makes one up.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from django.core import signing
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from sekisho.api.calls import Request
from sekisho.api.problems import Problem
from sekisho.api.wire import Answer, whole_number

LIMIT, MOST = 50, 200
Given = TypeVar("Given")
Made = TypeVar("Made", bound=Answer)
_SALT = "the place in a list"


class Paging(BaseModel):
    """Which part of a list is asked for."""

    limit: Annotated[int, Field(ge=1, le=MOST, examples=[LIMIT]), BeforeValidator(whole_number)] = LIMIT
    cursor: Annotated[str, StringConstraints(max_length=2000, pattern=r"^[A-Za-z0-9_:.=-]*$")] = ""


class Listed(Answer, Generic[Made]):
    """A part of a list: its items, the cursor of the next part (null at the end), and how many there are in all."""

    items: list[Made]
    next: str | None
    total: int


def listed(
    request: Request,
    paging: Paging,
    found: Sequence[Given],
    *,
    key: Callable[[Given], object],
    made: Callable[[Given], Made],
) -> Listed[Made]:
    """Return the part of `found` that is asked for; `key` tells its items apart.

    Raises:
        Problem: the cursor is none of this list's.
    """
    start = _after(request, paging.cursor, found, key) if paging.cursor else 0
    shown = found[start : start + paging.limit]
    end = start + len(shown)
    following = _cursor(request, end, key(shown[-1])) if shown and end < len(found) else None
    return Listed(items=[made(one) for one in shown], next=following, total=len(found))


def turned(
    request: Request,
    paging: Paging,
    fetch: Callable[[int, int], tuple[Sequence[Given], int]],
    *,
    made: Callable[[Given], Made],
) -> Listed[Made]:
    """Return a part of a list that is too long to be held whole: `fetch` gives the items from one place to another.

    Raises:
        Problem: the cursor is none of this list's.
    """
    start = _after(request, paging.cursor, (), str) if paging.cursor else 0
    shown, total = fetch(start, start + paging.limit)
    end = start + len(shown)
    following = _cursor(request, end, "") if shown and end < total else None
    return Listed(items=[made(one) for one in shown], next=following, total=total)


def _cursor(request: Request, end: int, key: object) -> str:
    return signing.dumps([_question(request), end, str(key)], salt=_SALT)


def _after(request: Request, cursor: str, found: Sequence[Given], key: Callable[[Given], object]) -> int:
    """Return the place behind the item that the cursor names; where it has gone, the place where it stood."""
    try:
        question, end, last = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise Problem(422, "api.bad_cursor") from error
    if question != _question(request):
        raise Problem(422, "api.bad_cursor")
    if 0 < end <= len(found) and str(key(found[end - 1])) == last:
        return int(end)
    return next((place + 1 for place, one in enumerate(found) if str(key(one)) == last), int(end))


def _question(request: Request) -> list[Any]:
    """Return what a list was asked: its address and its parameters but for the part."""
    words = sorted((name, value) for name, value in request.GET.items() if name not in {"limit", "cursor"})
    return [request.path, *map(list, words)]
