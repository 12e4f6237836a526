"""Who may sign in, and as what: logins with their roles, in lists. Changing them is `administration`'s.

A company's every employee may have a login, so lists are cut by the database.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, Q, QuerySet

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.services import visibility
from sekisho.store import models

SITE = "site"
MANY = 5_000


class UnknownUser(SekishoError):
    """No login has that name."""


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role of a user; `entered` tells that it was given here and may be ended here."""

    id: int
    role: Role
    side: str
    start: date
    end: date | None
    entered: bool


@dataclass(frozen=True, slots=True)
class Login:
    """A user as the administration knows him; `has_login` False: users.csv names him, nobody can sign in so far."""

    name: str
    person_id: str
    has_login: bool
    is_active: bool
    second_steps: int
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which logins a list wants: by words in name or person, or by roles that the words name; which rows of these."""

    words: str = ""
    roles: Collection[Role] = ()
    descending: bool = False
    rows: tuple[int, int | None] = (0, None)


@dataclass(frozen=True, slots=True)
class Protection:
    """Of all who can sign in: how many, and how many of them have no second step."""

    total: int
    unprotected: int


def logins(*, actor: Actor, now: datetime, wanted: Wanted = Wanted()) -> tuple[tuple[Login, ...], int]:
    """Return the users wanted, by name, and how many fit in all.

    Raises:
        NotVisible: the actor has no business with the installation.
    """
    visibility.need_some(actor=actor, kind=FactKind.INSTALLATION, now=now)
    known = models.RoleAssignment.objects.as_known_at(now)
    named, users = known, models.User.objects.all()
    of_roles = Q(role__in=[role.value for role in wanted.roles])
    for word in wanted.words.split():
        fits = Q(user__icontains=word) | Q(person_id__icontains=word) | of_roles
        named, users = named.filter(fits), users.filter(username__icontains=word)
    names = named.values_list("user", flat=True).union(users.values_list("username", flat=True))
    ordered = names.order_by("-user" if wanted.descending else "user")
    return _logins(list(ordered[wanted.rows[0] : wanted.rows[1]]), now), names.count()


def login(*, actor: Actor, now: datetime, name: str) -> Login:
    """Return one user.

    Raises:
        UnknownUser, NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.INSTALLATION, now=now)
    found = _logins([name], now)[0]
    if not found.roles and not models.User.objects.filter(username=name).exists():
        raise UnknownUser("administration.unknown_user", {"name": name})
    return found


def protection(*, actor: Actor, now: datetime) -> Protection:
    """Return how many can sign in, and how many of them by a password alone.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.INSTALLATION, now=now)
    can = models.User.objects.filter(is_active=True).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return Protection(can.count(), can.exclude(Exists(_steps().filter(user_id=OuterRef("pk")))).count())


def _steps() -> "QuerySet[Authenticator]":
    found: QuerySet[Authenticator] = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    return found


def _logins(names: Sequence[str], now: datetime) -> tuple[Login, ...]:
    """Return the logins of these names: three queries, however many they are."""
    roles: dict[str, list[models.RoleAssignment]] = {name: [] for name in names}
    rows = models.RoleAssignment.objects.as_known_at(now)
    known = {user.username: user for user in _of(models.User.objects.all(), "username", names)}
    for row in _of(rows.order_by("start", "role"), "user", names):
        roles[row.user].append(row)
    steps: dict[int, int] = {}
    for owner in _steps().values_list("user_id", flat=True):
        steps[owner] = steps.get(owner, 0) + 1
    return tuple(_login(name, known.get(name), roles[name], steps) for name in names)


def _of(rows: "QuerySet[Any]", column: str, names: Sequence[str]) -> "Iterable[Any]":
    """Return the rows of these names; of so many that a list of them is too long, all that there are."""
    if len(names) <= MANY:
        return rows.filter(**{f"{column}__in": names})
    wanted = set(names)
    return (row for row in rows.iterator(chunk_size=MANY) if getattr(row, column) in wanted)


def _login(name: str, user: models.User | None, rows: list[models.RoleAssignment], steps: dict[int, int]) -> Login:
    return Login(
        name=name,
        person_id=next((row.person_id for row in rows if row.person_id), ""),
        has_login=user is not None and user.has_usable_password(),
        is_active=user is not None and user.is_active,
        second_steps=steps.get(user.pk, 0) if user is not None else 0,
        roles=tuple(HeldRole(row.pk, Role(row.role), row.side, row.start, row.end, row.origin == SITE) for row in rows),
    )
