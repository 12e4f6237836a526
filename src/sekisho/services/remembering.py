"""Answers kept while one page is made: asked again with the same words, they are not read again.

Only where somebody opened `while_reading`, and that is for requests that change nothing: a page asks for the
company's zone or chart some thirty times, always as known at the one moment of the request. Commands, work and
forms read afresh each time. Nothing of that outlives the request, so nothing can be stale.

What can never change (a plan under its hash) is kept longer, in a `Lately`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Generic, ParamSpec, TypeVar

Words = ParamSpec("Words")
Answer = TypeVar("Answer")

_kept: ContextVar[dict[object, object] | None] = ContextVar("kept", default=None)


@contextmanager
def while_reading() -> Iterator[None]:
    """Keep the answers of what is `remembered` until the block ends."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def remembered(ask: Callable[Words, Answer]) -> Callable[Words, Answer]:
    """Let a service's answer be kept; its arguments must be hashable, and nobody may change what it returns."""

    @wraps(ask)
    def asked(*args: Words.args, **words: Words.kwargs) -> Answer:
        kept = _kept.get()
        if kept is None:
            return ask(*args, **words)
        key = (ask, args, tuple(sorted(words.items())))
        if key not in kept:
            kept[key] = ask(*args, **words)
        return kept[key]  # type: ignore[return-value]  # under this key stands only what this function returned

    return asked


class Lately(Generic[Answer]):
    """The last few answers that this process gave; the key must name everything the answer rests on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[object, Answer] = {}

    def of(self, key: object, make: Callable[[], Answer]) -> Answer:
        """Return what stands under the key, made now if need be. Two threads may both make it: the same twice."""
        try:
            found = self._kept.pop(key)
        except KeyError:
            found = make()
        self._kept[key] = found
        for eldest in list(self._kept)[: -self._most]:
            self._kept.pop(eldest, None)
        return found
