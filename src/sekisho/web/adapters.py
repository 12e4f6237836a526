"""What of signing in is ours to decide: who may, under which name, and with which passkey."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.shortcuts import redirect, render


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up: users come from users.csv or the administration."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """A company's own provider says who somebody is; what he may do is said here."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Take the provider's user for ours of the same name, or refuse with a page that says what to do."""
        if sociallogin.is_existing:
            return
        claims = sociallogin.account.extra_data
        claims = claims.get("userinfo", claims) | claims.get("id_token", {}) if "userinfo" in claims else claims
        name = str(claims.get(settings.SEKISHO_OIDC_CLAIM, ""))
        user = get_user_model().objects.filter(username=name).first() if name else None
        if user is not None and not user.is_active:
            raise ImmediateHttpResponse(redirect("account_inactive"))
        if user is None:
            raise ImmediateHttpResponse(render(request, "account/unknown_user.html", {"name": name}, status=403))
        sociallogin.connect(request, user)


class MfaAdapter(DefaultMFAAdapter):
    """Passkeys hang on the host of the site, and show the user's own name."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.URL).hostname or "localhost", "name": "Sekisho 関所"}
