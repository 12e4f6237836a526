"""The rooms in the order in which they stand in the frame, for those to whom they are open."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from sekisho.http.callers import Caller
from sekisho.services import waiting
from sekisho.services.waiting import Wait
from sekisho.web import pages
from sekisho.web.words import say

ORDER = (
    "home",
    "board",
    "season",
    "imports",
    "plans",
    "verification",
    "rules",
    "people",
    "systems",
    "ledger",
    "administration",
)
"""Names of the rooms' first pages; `page_rooms.<name>` is each one's word."""

KEYS = dict(zip(ORDER, "hbsipvruylm", strict=True))
"""After `g`, the letter that leads to each room: the keys page shows them."""

_BELONGS = {"": "home", "units": "people", "transfers": "season", "companies": "people", "grants": "systems"}
"""Pages that stand under another address than their room's."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room that the reader may enter."""

    name: str
    title: str
    path: str
    href: str
    key: str
    waits: int = 0
    """How many things wait there for the reader."""


def room_of(path: str) -> str:
    """Return the room to which an address belongs, by its first word."""
    first = path.strip("/").partition("/")[0]
    return _BELONGS.get(first, first)


def open_to(caller: Caller, waits: Iterable[Wait] = ()) -> list[Room]:
    """Return the rooms that the caller may enter, in order; one who has no role has none."""
    known = pages.PAGES
    names = [name for name in ORDER if name in known and known[name].open_to(caller)]
    if not caller.actor.roles:
        return []
    counted = waiting.by_room(waits)
    return [
        Room(
            name,
            say(f"page_rooms.{name}"),
            known[name].path.partition("/")[0],
            reverse(name),
            KEYS[name],
            counted.get(name, 0),
        )
        for name in names
    ]
