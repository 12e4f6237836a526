"""Tokens with which a user's programs call the API: made by himself, ended at will, gone after a year at most.

Only the hash of a token is kept; the token is shown once. What it may do is decided at every call: its scopes, and
whatever its user's roles still are that day (law 8).
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Exists, OuterRef

from sekisho.core import scopes as core
from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.services import installation, ledger, users, visibility
from sekisho.store import models

PREFIX = "sekisho_"
LONGEST = timedelta(days=366)
USED_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept: a read should not write at every call."""
NOBODY = "unknown"
"""In whose name a call with a token that is none of ours stands in the ledger."""
MOST = 50
"""Tokens that one user may have at a time."""


class BadToken(SekishoError):
    """The token has no name, no scope that there is, or no end within a year."""


class TooManyTokens(SekishoError):
    """The user has as many tokens as one may have."""


class WiderToken(SekishoError):
    """A token may not make one that does more than itself, or lives longer."""


class UnknownToken(SekishoError):
    """There is no such token, or none that the actor may end; the answer is the same."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """What is asked for: it ends when the day `end` begins."""

    name: str
    scopes: tuple[str, ...]
    end: date


@dataclass(frozen=True, slots=True)
class TokenShown:
    """A token as lists show it, without its secret."""

    id: int
    name: str
    user: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token was presented, and what it may be used for."""

    id: int
    user: str
    scopes: tuple[str, ...]
    expires_at: datetime


@transaction.atomic
def make(*, actor: Actor, now: datetime, asked: NewToken, by: Bearer | None = None) -> tuple[TokenShown, str]:
    """Make a token of the actor's own; return it and its secret, which is kept nowhere.

    `by` is the token with which it is asked for, if one is: the new one stays within it.

    Raises:
        NoRole: the actor has no role today, so that a token could do nothing.
        BadToken, TooManyTokens, WiderToken
    """
    users.need_role(actor=actor, now=now)
    expires_at = _checked(asked, now)
    if by is not None and not (core.within(asked.scopes, by.scopes) and expires_at <= by.expires_at):
        raise WiderToken("tokens.wider")
    if models.ApiToken.objects.filter(user=actor.name, revoked_at=None, expires_at__gt=now).count() >= MOST:
        raise TooManyTokens("tokens.too_many", {"most": MOST})
    secret = PREFIX + secrets.token_urlsafe(32)
    row = models.ApiToken.objects.create(
        name=asked.name.strip(),
        user=actor.name,
        sha256=_hash(secret),
        scopes=sorted(set(asked.scopes)),
        created_at=now,
        created_by=actor.name,
        expires_at=expires_at,
    )
    _record("token.made", row, actor, now)
    return _shown(row), secret


def _checked(asked: NewToken, now: datetime) -> datetime:
    if not asked.name.strip() or len(asked.name) > 100 or not asked.name.isprintable():
        raise BadToken("tokens.no_name")
    unknown = sorted(set(asked.scopes) - set(core.SCOPES))
    if unknown or not asked.scopes:
        raise BadToken("tokens.bad_scopes", {"scopes": ", ".join(unknown) or "-"})
    today = installation.today(now=now)
    if not today < asked.end <= today + LONGEST:
        raise BadToken("tokens.bad_end", {"first": today + timedelta(days=1), "last": today + LONGEST})
    return installation.midnight(day=asked.end, known_at=now)


def own(*, actor: Actor, now: datetime) -> tuple[TokenShown, ...]:
    """Return the actor's own tokens, the newest first; ended ones too, so that a use can be explained later.

    Raises:
        NoRole
    """
    users.need_role(actor=actor, now=now)
    return tuple(map(_shown, models.ApiToken.objects.filter(user=actor.name, created_at__lte=now).order_by("-pk")))


def every(*, actor: Actor, now: datetime) -> tuple[TokenShown, ...]:
    """Return the tokens of all users, the newest first.

    Raises:
        NotVisible: the actor has no business with the installation.
    """
    visibility.need_some(actor=actor, kind=FactKind.INSTALLATION, now=now)
    return tuple(map(_shown, models.ApiToken.objects.filter(created_at__lte=now).order_by("-pk")))


@transaction.atomic
def revoke(*, actor: Actor, now: datetime, token_id: int) -> TokenShown:
    """End a token: one's own, or as administrator anybody's. One that has ended stays as it is.

    Raises:
        NoRole, UnknownToken
    """
    users.need_role(actor=actor, now=now)
    row = models.ApiToken.objects.select_for_update().filter(pk=token_id).first()
    administers = actor.has(Role.ADMINISTRATOR, on=installation.today(now=now))
    if row is None or not (administers or row.user == actor.name):
        raise UnknownToken("tokens.unknown")
    if row.revoked_at is None:
        _end(row, actor, now)
    return _shown(row)


def revoke_all(*, actor: Actor, now: datetime, name: str) -> None:
    """End every token of a user inside the caller's transaction: his sign-in is renewed or switched off."""
    for row in models.ApiToken.objects.select_for_update().filter(user=name, revoked_at=None):
        _end(row, actor, now)


def bearer(*, secret: str, now: datetime) -> Bearer | None:
    """Return whose token it is; None where it is none, has ended, or its user may not sign in."""
    active = models.User.objects.filter(username=OuterRef("user"), is_active=True)
    row = (
        models.ApiToken.objects.filter(Exists(active), sha256=_hash(secret), revoked_at=None, expires_at__gt=now)
        .order_by()
        .first()
    )
    if row is None:
        return None
    if row.last_used_at is None or now - row.last_used_at >= USED_EVERY:
        models.ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    return Bearer(row.pk, row.user, tuple(row.scopes), row.expires_at)


@transaction.atomic
def refused(*, secret: str, now: datetime) -> None:
    """Record that a token was refused: whose it was, if it is one that has ended; never the token itself."""
    row = models.ApiToken.objects.filter(sha256=_hash(secret)).first()
    facts: dict[str, Json] = {"token": row.pk, "user": row.user} if row is not None else {}
    ledger.record(kind="token.refused", actor=row.user if row is not None else NOBODY, now=now, facts=facts)


def _end(row: models.ApiToken, actor: Actor, now: datetime) -> None:
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    _record("token.revoked", row, actor, now)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _record(kind: str, row: models.ApiToken, actor: Actor, now: datetime) -> None:
    facts: dict[str, Json] = {"token": row.pk, "user": row.user, "scopes": list(row.scopes)}
    facts["expires_at"] = row.expires_at.isoformat()
    ledger.record(kind=kind, actor=actor.name, now=now, facts=facts, personal={"name": row.name})


def _shown(row: models.ApiToken) -> TokenShown:
    return TokenShown(
        row.pk,
        row.name,
        row.user,
        tuple(row.scopes),
        row.created_at,
        row.created_by,
        row.expires_at,
        row.last_used_at,
        row.revoked_at,
    )
