"""What a run may tell its actor of the other side (law 8). 実行者に知らせる範囲.

Here: which systems the actor is told of, and what a hold at the wall says where he is not. Not here: who may
run a plan at all (`cutover`). The whole cause stays in the journal's row and the other side's ledger.
"""

from dataclasses import dataclass, replace
from datetime import date

from sekisho.core.access import Catalogue
from sekisho.core.kinds import NEUTRAL, Role, Side
from sekisho.core.users import Actor
from sekisho.services.cutover_steps import Outcome

AT_THE_WALL = frozenset({"cutover.other_side_unread", "cutover.other_side_present", "cutover.residue"})
"""Codes of holds that law 1 gives; their detail begins with a system of the other side."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The systems of which the actor may be told."""

    systems: frozenset[str]

    def told(self, outcome: Outcome) -> Outcome:
        """Return the outcome as the actor is told it: of a side that he does not operate, only that it waits."""
        if outcome.code not in AT_THE_WALL or outcome.detail.partition(" ")[0] in self.systems:
            return outcome
        return replace(outcome, code="cutover.other_side", detail="")


def reach(catalogue: Catalogue, actor: Actor, *, day: date) -> Reach:
    """Return the systems on which the actor operates every side: the system's own, and those of what it can give."""
    sides = {name: {catalogue.system_side(name)} for name in catalogue.systems}
    for key in catalogue.entitlements:
        sides.setdefault(key[0], set()).add(catalogue.side(key))
    operated = {side for side in set().union(*sides.values()) if _operates(actor, side, day)}
    return Reach(frozenset(name for name, mine in sides.items() if mine <= operated))


def _operates(actor: Actor, side: Side, day: date) -> bool:
    roles = (Role.IT_OPERATION, Role.CROSS_SIDE)
    return side == NEUTRAL or any(actor.has(role, on=day, side=side) for role in roles)
