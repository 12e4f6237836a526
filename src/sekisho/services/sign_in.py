"""Signing in: which ways a user has, and an entry for everything that happens to them.

The doing is django-allauth's (ADR 19); its signals end here (`web.sign_in_events`). An entry names the user
and the kind of thing, never a secret, an address or a browser.
"""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.users import Actor
from sekisho.services import ledger, tokens
from sekisho.store.models import User

SECOND_STEPS = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)
"""What opens a session beside a password; recovery codes only stand in for one of them."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in which a user can take the second step."""

    passkeys: int
    has_code_generator: bool

    @property
    def second_steps(self) -> int:
        return self.passkeys + self.has_code_generator


def ways(*, name: str) -> Ways:
    """Return which second steps the user has set up."""
    kinds = list(Authenticator.objects.filter(user__username=name).values_list("type", flat=True))
    return Ways(kinds.count(Authenticator.Type.WEBAUTHN), Authenticator.Type.TOTP in kinds)


def is_user(*, name: str) -> bool:
    """Tell whether there is a user of that name."""
    return User.objects.filter(username=name).exists()


def end_sessions(*, name: str) -> None:
    """Sign a user out everywhere."""
    for session in UserSession.objects.filter(user__username=name):
        session.end()


def end_others(*, name: str, key: str) -> None:
    """End every session of the user but that of the key: a new passkey or code generator is to close old doors."""
    for session in UserSession.objects.filter(user__username=name).exclude(session_key=key):
        session.end()


@transaction.atomic
def close_doors(*, name: str, key: str, now: datetime) -> None:
    """End every session of the user but that of the key, and every token: his sign-in is another from now on."""
    end_others(name=name, key=key)
    tokens.revoke_all(actor=Actor(name), now=now, name=name)


@transaction.atomic
def happened(*, kind: str, name: str, now: datetime, method: str = "", key: str = "") -> None:
    """Record what happened to a user's sign-in, as `user.<past participle>`; `key` is the hash of a public key."""
    facts: dict[str, Json] = {"user": name}
    facts |= {word: value for word, value in (("method", method), ("key", key)) if value}
    ledger.record(kind=f"user.{kind}", actor=name, now=now, facts=facts)
