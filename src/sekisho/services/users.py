"""Users, their roles, who is acting, and whether two names stand for one person (law 13)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import installation, person_facts
from sekisho.store.models import InstallationProposal, RoleAssignment, User

FREE = (Role.EMPLOYEE, Role.ADMINISTRATOR)
"""Roles that read nothing of the business but one's own: they need no compliance office's word, and never rest."""


class NoRole(SekishoError):
    """The home has users, and the actor is none of them today."""


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


def signed_in_actor(*, name: str, now: datetime) -> Actor:
    """Return the actor of a signed-in user, never trusted: a home without users gives the site no roles.

    After a renewed sign-in his roles rest until they are confirmed, but for those that read nothing.
    The person behind him is the one of his roles of today; who holds none any more reads nothing of himself either.
    """
    today = installation.today(now=now)
    mine = list(RoleAssignment.objects.as_known_at(now).filter(user=name).order_by("id"))
    if any(row.role not in FREE for row in mine) and rests(name=name):
        mine = [row for row in mine if row.role in FREE]
    roles = tuple(RoleGrant(Role(row.role), Side(row.side), Period(row.start, row.end)) for row in mine)
    persons = [
        row.person_id for row, role in zip(mine, roles, strict=True) if row.person_id and role.period.holds(today)
    ]
    return Actor(name=name, roles=roles, person_id=PersonId(persons[0]) if persons else None)


def rests(*, name: str) -> bool:
    """Tell whether a renewed sign-in waits to be confirmed, or was refused."""
    return InstallationProposal.objects.filter(kind="sign_in", subject=name, state__in=["proposed", "refused"]).exists()


def choose_language(*, name: str, language: str) -> None:
    """Keep the language in which a user reads; no fact of the business, so no entry."""
    User.objects.filter(username=name).update(language=language)


def need_role(*, actor: Actor, now: datetime) -> None:
    """Let pass only who has some role today: from the first user on, anybody else may only `doctor` (CONTRACT).

    Raises:
        NoRole: the actor has none.
    """
    today = installation.today(now=now)
    if not actor.trusted and not any(grant.period.holds(today) for grant in actor.roles):
        raise NoRole("users.no_role", {"actor": actor.name})


@dataclass(frozen=True, slots=True)
class Selves:
    """Who is whose other self: users, the persons behind them, ids linked to these (law 13). The one place of it."""

    persons: Mapping[str, frozenset[str]]
    """User → every person for whom he holds, or held, a role."""
    same_as: Mapping[PersonId, PersonId]

    @classmethod
    def known(cls, known_at: datetime, names: Collection[str] | None = None) -> "Selves":
        """Read what is known of these names, of everybody where none are named: a query, and one for the links."""
        rows = RoleAssignment.objects.as_known_at(known_at).exclude(person_id="")
        rows = rows if names is None else rows.filter(user__in=set(names))
        persons: dict[str, frozenset[str]] = {}
        for user, person in rows.values_list("user", "person_id"):
            persons[user] = persons.get(user, frozenset()) | {person}
        return cls(persons, person_facts.links(known_at=known_at))

    def of(self, name: str, also: str | None = None) -> frozenset[str]:
        """Return every id that stands for a user or person: the name, the persons behind it, the ids these are."""
        known = {name, *self.persons.get(name, ()), *([also] if also else [])}
        return frozenset(known | {self.same_as.get(PersonId(one), PersonId(one)) for one in known})


def identities(*, name: str, known_at: datetime, person_id: str | None = None) -> frozenset[str]:
    """Return every id that stands for a user: the name, the persons behind it, and the ids linked to these."""
    return Selves.known(known_at, [name]).of(name, person_id)


def same_as_actor(*, actor: Actor, names: Collection[str], now: datetime) -> frozenset[str]:
    """Return those of the names, users' or persons' ids, that stand for the actor: two queries for any number."""
    selves = Selves.known(now, [actor.name, *names])
    own = selves.of(actor.name, actor.person_id)
    return frozenset(name for name in names if own & selves.of(name))


def is_same_person(*, actor: Actor, name: str, now: datetime) -> bool:
    """Tell whether the name, a user's or a person's id, stands for the actor himself."""
    return bool(same_as_actor(actor=actor, names=[name], now=now))
