"""What a reader may be told of a journal row that waits at the wall (law 8): nothing that names the other side.

The whole cause stays in the row and in the other side's ledger; `cutover_reach` does the same for who runs a plan.
"""

from dataclasses import dataclass
from datetime import datetime

from sekisho.core.causes import codes_of
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import visibility
from sekisho.services.cutover_reach import AT_THE_WALL
from sekisho.store import models

OTHER_SIDE = "cutover.other_side"


@dataclass(frozen=True, slots=True)
class Told:
    """The systems of the sides that the reader reads; `whole`: he reads every side."""

    systems: frozenset[str]
    whole: bool

    def codes(self, cause: str) -> frozenset[str]:
        """Return the codes that are listed for a cause: of those that may not be told apart, all."""
        found, wall = codes_of(cause), AT_THE_WALL | {OTHER_SIDE}
        return found if self.whole or not found & wall else found | wall

    def code(self, code: str, detail: str) -> str:
        """Return the code, or that it waits for the other side, where the detail names a system of another's side."""
        if code not in AT_THE_WALL or detail.partition(" ")[0] in self.systems:
            return code
        return OTHER_SIDE


def told(*, actor: Actor, now: datetime) -> Told:
    """Return what the actor may be told."""
    purpose, kind = visibility.purpose(actor=actor, now=now), FactKind.SYSTEM
    rows = list(models.System.objects.as_known_at(now).values_list("system_id", "side"))
    seen = {
        side: visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now) is Depth.DETAIL
        for side in sorted({side for _, side in rows})
    }
    return Told(frozenset(system for system, side in rows if seen[side]), all(seen.values()))
