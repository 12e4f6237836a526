"""What django-allauth says of signing in, written down. Imported with the pages."""

from typing import Any

from allauth.account.signals import password_changed, user_logged_in
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.conf import settings
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver

from sekisho.services import installation, passkeys, sign_in

SET_UP_HERE = "sekisho_second_step"
"""The mark of a session in which a second step was set up: it need not be taken again there."""


def _close(name: str, key: str) -> None:
    sign_in.close_doors(name=name, key=key, now=installation.clock(home=settings.HOME))


def _record(kind: str, name: str, method: str = "", key: str = "") -> None:
    sign_in.happened(kind=kind, name=name, now=installation.clock(home=settings.HOME), method=method, key=key)


@receiver(user_logged_in)
def signed_in(request: Any, user: Any, **_: object) -> None:
    """Record a sign-in with the methods it took."""
    steps = request.session.get("account_authentication_methods", [])
    _record("signed_in", user.get_username(), "+".join(str(step.get("method", "")) for step in steps))


@receiver(user_logged_out)
def signed_out(user: Any, **_: object) -> None:
    """Record a sign-out; a session that had ended already is nobody's."""
    if user is not None:
        _record("signed_out", user.get_username())


@receiver(user_login_failed)
def refused(credentials: dict[str, Any], **_: object) -> None:
    """Record a refused sign-in under the name that was tried, if there is such a user."""
    if sign_in.is_user(name=str(credentials.get("username", ""))):
        _record("refused", str(credentials["username"]))


@receiver(authenticator_added)
def way_added(request: Any, user: Any, authenticator: Any, **_: object) -> None:
    """Record a new passkey or code generator, and end the sessions and tokens that were opened without it."""
    name = user.get_username()
    if authenticator.type in sign_in.SECOND_STEPS:
        request.session[SET_UP_HERE] = True
        _close(name, request.session.session_key or "")
    _record("way_added", name, str(authenticator.type), passkeys.fingerprint(authenticator=authenticator))


@receiver(authenticator_removed)
def way_removed(request: Any, user: Any, authenticator: Any, **_: object) -> None:
    """Record that a passkey or code generator was removed, and end what else it may have opened."""
    name = user.get_username()
    if authenticator.type in sign_in.SECOND_STEPS:
        _close(name, request.session.session_key or "")
    _record("way_removed", name, str(authenticator.type), passkeys.fingerprint(authenticator=authenticator))


@receiver(password_changed)
def password_renewed(request: Any, user: Any, **_: object) -> None:
    """Record a changed password, and end what the one before may have opened."""
    _close(user.get_username(), request.session.session_key or "")
    _record("password_changed", user.get_username())
