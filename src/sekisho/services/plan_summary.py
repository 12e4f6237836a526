"""What a plan comes to, without its operations: read once, for its content never changes. 計画の要約.

A plan's document is megabytes; pages that only count it ask here. Kept by the root hash in this process: equal
hash, equal plan, so nothing here can be outdated. Who may see which side of it, the callers ask.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sekisho.core.kinds import Action, PersonId, Side
from sekisho.core.plans import HeldGrant
from sekisho.services.plans import BadPlan
from sekisho.store import models

KEPT = 32


@dataclass(frozen=True, slots=True)
class GuardLine:
    """A guard's word and state; `sides` are those of what it names (none: it names nothing, everybody may know)."""

    id: str
    state: str
    sides: frozenset[Side]


@dataclass(frozen=True, slots=True)
class Summary:
    """A plan in numbers. `operations`: (side, system, phase) → how many; `persons`: whom each side's part changes."""

    operations: Mapping[tuple[Side, str, int], int]
    held: tuple[HeldGrant, ...]
    persons: Mapping[Side, frozenset[PersonId]]
    guards: tuple[GuardLine, ...]

    @property
    def sides(self) -> frozenset[Side]:
        """Return every side of which the plan has a part."""
        return frozenset(self.persons)


@lru_cache(maxsize=KEPT)
def summary(sha256: str) -> Summary:
    """Return a plan's summary.

    Raises:
        BadPlan: no such plan was made here.
    """
    document = models.Plan.objects.filter(sha256=sha256).values_list("document", flat=True).first()
    if document is None:
        raise BadPlan("plans.not_made_here", {"sha256": sha256})
    changes: list[dict[str, Any]] = document["operations"]
    held = tuple(_held(one) for one in document["held"])
    operations: Counter[tuple[Side, str, int]] = Counter()
    persons: dict[Side, set[PersonId]] = {Side(part["side"]): set() for part in document["parts"]}
    for one in changes:
        operations[Side(one["side"]), one["system"], Action(one["action"]).phase] += 1
        persons[Side(one["side"])].add(PersonId(one["person_id"]))
    for grant in held:
        persons[grant.side].add(grant.person_id)
    return Summary(
        operations=dict(operations),
        held=held,
        persons={side: frozenset(mine) for side, mine in persons.items()},
        guards=tuple(_guard(one, changes) for one in document["guards"]),
    )


def _held(one: Mapping[str, Any]) -> HeldGrant:
    return HeldGrant(
        PersonId(one["person_id"]), Side(one["side"]), one["system"], one["entitlement"], one["code"], one["order_no"]
    )


def _guard(one: Mapping[str, Any], changes: list[dict[str, Any]]) -> GuardLine:
    """Return the guard with the sides on which it names somebody or something."""
    persons, systems = set(one["persons"]), set(one["systems"])
    keys = {tuple(pair) for pair in one["entitlements"]} | {tuple(pair) for pair in one["accounts"]}
    sides = {
        Side(change["side"])
        for change in changes
        if change["person_id"] in persons
        or change["system"] in systems
        or (change["system"], change["entitlement"]) in keys
        or (change["system"], change["account"]) in keys
    }
    return GuardLine(one["id"], one["state"], frozenset(sides))
