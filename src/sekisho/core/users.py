"""Who is asking: the actor, the roles and their sides."""

from dataclasses import dataclass
from datetime import date

from sekisho.core.kinds import BOTH, PersonId, Role, Side
from sekisho.core.periods import Period


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role held for one side, or `both`, for a period."""

    role: Role
    side: Side
    period: Period

    def covers(self, side: Side | None) -> bool:
        """Tell whether the role reaches facts of that side; neutral facts are reached from any."""
        return side is None or self.side in {BOTH, side}


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone acting. `name` is what the ledger says: `cli:NAME`, a user's name or `system`.

    `trusted` is the home without users, where the command line has every role and says so.
    """

    name: str
    roles: tuple[RoleGrant, ...] = ()
    person_id: PersonId | None = None
    trusted: bool = False

    def has(self, role: Role, *, on: date, side: Side | None = None) -> bool:
        """Tell whether the actor holds the role on the day for the side."""
        if self.trusted:
            return True
        return any(grant.role is role and grant.period.holds(on) and grant.covers(side) for grant in self.roles)
