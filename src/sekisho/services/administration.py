"""Running the installation: logins, roles, parameters. Administrators read no business facts here.

Roles and parameters also come with the company folder; what was entered here is marked `site`, and
each source changes only its own. Nobody gives himself a role or renews his own sign-in (law 13); a role that reads or
approves, a guarding parameter, a renewed sign-in wait for a compliance office (`installation_proposals`).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.db import transaction

from sekisho.core import parameters as core
from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import BOTH, NETWORK, Role
from sekisho.core.parameters import ParameterValue
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.services import installation, installation_proposals, ledger, rules, sign_in, tokens, users, visibility
from sekisho.services.installation_proposals import PARAMETER, ROLE, SIGN_IN, Proposed
from sekisho.services.logins import SITE, UnknownUser, login
from sekisho.store import models

PASSWORD_BYTES = 12
FREE = users.FREE
"""Roles that read and approve nothing of the business: given by the administrator alone."""
APPROVING = (Role.COMPLIANCE, Role.IT_OPERATION, Role.CROSS_SIDE)
"""Roles that approve: never a login's of which nobody knows whose it is (law 13)."""


class AdministratorsOnly(SekishoError):
    """Only an administrator changes the installation."""


class Himself(SekishoError):
    """Nobody gives himself a role or renews his own sign-in (law 13)."""


class UserThere(SekishoError):
    """There is a login of that name already."""


class BadRole(SekishoError):
    """The role, its side or its days make no sense."""


class FromFolder(SekishoError):
    """It came with the company folder, and is changed there."""


class NoReason(SekishoError):
    """A changed parameter changes what is judged or held; without a reason nobody can judge it later."""


@dataclass(frozen=True, slots=True)
class SettingShown:
    """A parameter: its value today, the domain's default, since when, and what is set to follow."""

    name: str
    value: ParameterValue
    default: ParameterValue
    since: date | None
    entered: bool
    following: tuple[tuple[date, ParameterValue], ...]


@transaction.atomic
def add_user(*, actor: Actor, now: datetime, name: str) -> str:
    """Make a login and return its first password, which is shown once and kept nowhere.

    Raises:
        AdministratorsOnly, UserThere, BadRole: no name.
    """
    need(actor, now)
    name = name.strip()
    if not name or len(name) > 150 or not name.isprintable():
        raise BadRole("administration.no_name", {"name": name})
    if models.User.objects.filter(username=name).exists():
        raise UserThere("administration.user_there", {"name": name})
    password = new_password()
    models.User.objects.create_user(name, password)
    _record("user.added", actor, now, {"user": name})
    return password


@transaction.atomic
def renew_sign_in(*, actor: Actor, now: datetime, name: str) -> str:
    """Give a user a new password, remove his passkeys and codes, end his sessions and tokens; return the password.

    His roles rest, but for those that read nothing, until the compliance offices of their sides have confirmed it.

    Raises:
        AdministratorsOnly, UnknownUser
        Himself: that is another administrator's to do.
    """
    need(actor, now)
    _not_himself(actor, name, now)
    user = _user(name)
    password = new_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user_id=user.pk).delete()
    sign_in.end_sessions(name=name)
    tokens.revoke_all(actor=actor, now=now, name=name)
    _record("user.renewed", actor, now, {"user": name})
    if sides := _resting_sides(name, actor, now):
        asked = Proposed(SIGN_IN, name, {"user": name}, sides)
        installation_proposals.propose(actor=actor, now=now, asked=asked)
    return password


@transaction.atomic
def switch(*, actor: Actor, now: datetime, name: str, active: bool) -> None:
    """Let a user sign in or not; switched off, his sessions and tokens end at once.

    Raises:
        AdministratorsOnly, UnknownUser, Himself
    """
    need(actor, now)
    _not_himself(actor, name, now)
    user = _user(name)
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        sign_in.end_sessions(name=name)
        tokens.revoke_all(actor=actor, now=now, name=name)
    _record("user.switched", actor, now, {"user": name, "active": active})


@transaction.atomic
def give_role(  # noqa: PLR0913 - the columns of users.csv
    *, actor: Actor, now: datetime, name: str, role: str, side: str, start: date, end: date | None
) -> None:
    """Give a user a role for one side, or both, from a day on; one that reads or approves is proposed.

    Raises:
        AdministratorsOnly, UnknownUser, Himself
        BadRole: no such role or side, an end before the start, or an approving role without a person.
    """
    need(actor, now)
    _not_himself(actor, name, now)
    held = login(actor=actor, now=now, name=name)
    sides = {BOTH, *_sides(now)}
    if role not in list(Role) or side not in sides or (end is not None and end <= start):
        raise BadRole("administration.bad_role", {"role": role, "side": side, "known": ", ".join(sorted(sides))})
    if Role(role) in APPROVING and not held.person_id:
        raise BadRole("administration.no_person", {"user": name})
    body: dict[str, Json] = {"user": name, "person_id": held.person_id, "role": role, "side": side}
    body |= {"from": start.isoformat(), "to": end.isoformat() if end else None}
    if Role(role) in FREE or actor.trusted:
        installation_proposals.enter_role(body=body, by=actor.name, now=now)
        return
    offices = installation_proposals.sides_of(role=role, side=side, known=tuple(_sides(now)))
    installation_proposals.propose(actor=actor, now=now, asked=Proposed(ROLE, name, body, offices))


@transaction.atomic
def end_role(*, actor: Actor, now: datetime, role_id: int, end: date) -> None:
    """End a role that was given here, on a day (the first on which it no longer holds).

    Raises:
        AdministratorsOnly, UnknownUser
        FromFolder: it stands in users.csv.
        BadRole: the end lies before the start.
    """
    need(actor, now)
    row = models.RoleAssignment.objects.current().filter(pk=role_id).first()
    if row is None:
        raise UnknownUser("administration.unknown_role", {"id": role_id})
    if row.origin != SITE:
        raise FromFolder("administration.role_from_folder", {"user": row.user})
    if end < row.start:
        raise BadRole("administration.bad_end", {"start": row.start.isoformat()})
    models.RoleAssignment.objects.filter(pk=row.pk).update(superseded_at=now)
    row.pk, row.end, row.recorded_at, row.superseded_at = None, end, now, None
    row.save(force_insert=True)
    _record("role.ended", actor, now, {"user": row.user, "role": row.role, "side": row.side, "to": end.isoformat()})


def settings(*, actor: Actor, now: datetime) -> tuple[SettingShown, ...]:
    """Return every parameter with its value today, in the order of the domain's list.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.INSTALLATION, now=now)
    today = installation.today(now=now)
    known, rows = rules.parameters(known_at=now), models.Parameter.objects.as_known_at(now).order_by("-start", "-id")
    mine: dict[str, list[models.Parameter]] = {}
    for row in rows:
        mine.setdefault(row.name, []).append(row)
    return tuple(_setting(name, known.get(name, today), mine.get(name, []), today) for name in core.DEFAULTS)


@transaction.atomic
def change_setting(*, actor: Actor, now: datetime, name: str, written: str, start: date, reason: str) -> None:
    """Set a parameter from a day on; what held before that day stays as it was. A guarding one is proposed.

    Raises:
        AdministratorsOnly, UnknownParameter, BadParameter
        NoReason: no reason is given.
        BadRole: the day lies in the past, whose judgements stand.
    """
    need(actor, now)
    if not reason.strip():
        raise NoReason("administration.no_reason")
    if start < installation.today(now=now):
        raise BadRole("administration.past_day", {"day": start.isoformat()})
    value, reason = core.checked(name, _typed(name, written)), reason.strip()
    if name in core.GUARDING:
        asked = Proposed(PARAMETER, name, {"value": value, "from": start.isoformat()}, (NETWORK,), reason)
        installation_proposals.propose(actor=actor, now=now, asked=asked)
        return
    installation_proposals.enter_setting(name=name, value=value, start=start, reason=reason, by=actor.name, now=now)


@transaction.atomic
def set_clock(*, actor: Actor, home: Path, now: datetime, claimed: datetime) -> None:
    """Set a rehearsal's clock.

    Raises:
        AdministratorsOnly, ClockRefused
    """
    need(actor, now)
    installation.set_clock(actor=actor, home=home, claimed=claimed)


def sides(*, now: datetime) -> Sequence[str]:
    """Return what a role may be held for: each side of the company, and both."""
    return (*_sides(now), BOTH)


def may_change(*, actor: Actor, now: datetime) -> bool:
    """Tell whether the actor is an administrator today."""
    return actor.has(Role.ADMINISTRATOR, on=installation.today(now=now))


def rests(*, name: str) -> bool:
    """Tell whether the user's roles rest since the sign-in was renewed."""
    return users.rests(name=name)


def new_password() -> str:
    """Return a password that nobody can guess and everybody can type."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _sides(now: datetime) -> list[str]:
    row = models.Installation.objects.as_known_at(now).order_by("-recorded_at").first()
    return [str(side) for side in row.sides] if row else []


def _resting_sides(name: str, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Return whose offices confirm a renewed sign-in: those of all roles that the user holds, now or later."""
    known, today = tuple(_sides(now)), installation.today(now=now)
    held = [one for one in login(actor=actor, now=now, name=name).roles if one.role not in FREE]
    sides = {
        side
        for one in held
        if one.end is None or one.end > today
        for side in installation_proposals.sides_of(role=one.role, side=one.side, known=known)
    }
    return tuple(sorted(sides))


def need(actor: Actor, now: datetime) -> None:
    """Let pass only an administrator.

    Raises:
        AdministratorsOnly
    """
    if not may_change(actor=actor, now=now):
        raise AdministratorsOnly("administration.administrators_only", {"actor": actor.name})


def _not_himself(actor: Actor, name: str, now: datetime) -> None:
    if users.is_same_person(actor=actor, name=name, now=now):
        raise Himself("administration.himself", {"actor": actor.name})


def _user(name: str) -> models.User:
    user = models.User.objects.filter(username=name).first()
    if user is None:
        raise UnknownUser("administration.unknown_user", {"name": name})
    return user


def _setting(name: str, value: ParameterValue, rows: list[models.Parameter], today: date) -> SettingShown:
    now_on = next((row for row in rows if row.start <= today and (row.end is None or today < row.end)), None)
    following = sorted((row.start, row.value) for row in rows if row.start > today)
    since = now_on.start if now_on and now_on.start > date.min else None
    return SettingShown(name, value, core.DEFAULTS[name], since, now_on is not None, tuple(following))


def _typed(name: str, written: str) -> object:
    """Return what was written as the parameter's type; what does not read so stays text and is refused."""
    kind = type(core.DEFAULTS.get(name, ""))
    if kind is bool:
        return {"true": True, "false": False}.get(written.strip().lower(), written)
    if kind is int and written.strip().isascii() and written.strip().isdigit():
        return int(written)
    return written.strip()


def _record(kind: str, actor: Actor, now: datetime, facts: dict[str, Json]) -> None:
    ledger.record(kind=kind, actor=actor.name, now=now, facts=facts)
