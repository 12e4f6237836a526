"""Who is calling: the signed-in user as an actor, the clock of the home, the reader's language."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest

from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, purpose_of, widest
from sekisho.services import installation, users

LANGUAGE_COOKIE = "sekisho_language"


@dataclass(frozen=True, slots=True)
class Caller:
    """What every page and every call needs: who, when, where, in which language."""

    actor: Actor
    now: datetime
    home: Path
    language: str


def opens(who: Caller, *, needs: tuple[FactKind, ...], least: Depth) -> bool:
    """Tell whether the caller sees any of such facts, of some side, at least to that depth; without needs, everybody.

    What every page and every call asks before it looks anything up; what is then seen the services decide.
    """
    on = installation.today(now=who.now)
    purpose = purpose_of(who.actor, on=on)
    return not needs or any(widest(who.actor, kind=kind, purpose=purpose, on=on) >= least for kind in needs)


def caller(request: HttpRequest, *, username: str | None = None) -> Caller:
    """Return the caller of a request: the signed-in user, or `username` where a token has named one.

    Nobody is trusted here: a home without users has no roles to give, unlike at the command line.
    """
    now = installation.clock(home=settings.HOME)
    name = username or request.user.get_username()
    language = language_of(request)
    return Caller(users.signed_in_actor(name=name, now=now), now, settings.HOME, language)


def language_of(request: HttpRequest) -> str:
    """Return `ja` or `en`: the user's own choice, else the choice of this browser, else what it asks for."""
    known = {code for code, _ in settings.LANGUAGES}
    chosen = [getattr(getattr(request, "user", None), "language", ""), request.COOKIES.get(LANGUAGE_COOKIE, "")]
    asked = [part.strip()[:2].lower() for part in request.headers.get("Accept-Language", "").split(",")]
    return next((code for code in [*chosen, *asked] if code in known), settings.LANGUAGE_CODE)
