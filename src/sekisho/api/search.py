"""Search: persons, units, orders and systems by a word, of those that the caller may see; others are not counted."""

from typing import Annotated

from pydantic import Field, StringConstraints

from sekisho.api.calls import Request, call
from sekisho.api.wire import Answer
from sekisho.services import search as services

Wanted = Annotated[
    str, StringConstraints(min_length=2, max_length=100, pattern=r"^[^\x00]*$"), Field(examples=["P00123"])
]


class Hit(Answer):
    """Something found: its id, how it reads, and what tells it apart."""

    id: str
    title: str
    note: str


class Found(Answer):
    """What was found; `more` tells that a longer word would find better."""

    persons: list[Hit]
    units: list[Hit]
    orders: list[Hit]
    systems: list[Hit]
    more: bool


@call("GET search", scope="search:read", needs=())
def search(request: Request, q: Wanted) -> Found:
    """Find what the words name: at least two characters."""
    return Found.model_validate(services.search(actor=request.caller.actor, now=request.caller.now, words=q))
