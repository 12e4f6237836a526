"""A small ledger of three sides, and a flipped bit."""

from datetime import UTC, date, datetime

from sekisho.core.kinds import Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import ledger, sequencer
from sekisho.services.ledger import NewEntry

NOW = datetime(2024, 4, 1, tzinfo=UTC)
ANYBODY = Actor(name="cli:a", trusted=True)
BATCHES = (3, 1, 5, 4)


def actor_with(role: Role, side: str) -> Actor:
    return Actor(name=f"{role}-{side}", roles=(RoleGrant(role, Side(side), Period(date(2020, 1, 1))),))


def fill() -> None:
    """Make a ledger of 13 entries in four batches; every third is network's, then affiliate's, then neutral."""
    number = 0
    for count in BATCHES:
        for _ in range(count):
            side = ("network", "affiliate", "")[number % 3]
            entry = NewEntry(
                "entry.made", {"n": number, "mark": f"fact-{side}"}, {"name": f"secret-{side}-{number}"}, side
            )
            ledger.record_many([entry], actor="a", now=NOW)
            number += 1
        sequencer.sequence(now=NOW)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return bytes(changed)
