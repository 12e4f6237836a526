"""Users, their roles, and who is acting."""

from datetime import datetime

from sekisho.core.kinds import PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.store.models import RoleAssignment


def command_line_actor(*, claimed: str | None, os_user: str, now: datetime) -> Actor:
    """Return the actor of a command: the claimed user, else the operating-system user as `cli:NAME`.

    A home without any user trusts whoever runs it with every role (CONTRACT).
    """
    name = claimed or f"cli:{os_user}"
    rows = list(RoleAssignment.objects.as_known_at(now))
    if not rows:
        return Actor(name=name, trusted=True)
    mine = [row for row in rows if row.user == name]
    return Actor(
        name=name,
        roles=tuple(RoleGrant(Role(row.role), Side(row.side), Period(row.start, row.end)) for row in mine),
        person_id=PersonId(mine[0].person_id) if mine and mine[0].person_id else None,
    )
