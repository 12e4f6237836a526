"""The pages of the sign-in: those of the library that the house opens are its own, in both languages; no others are."""

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

import sites

pytestmark = pytest.mark.django_db
WORDS = {"login": "suzuki", "password": sites.PASSWORD}
ROLE = ("internal_audit", "both")


@pytest.fixture(autouse=True)
def no_attempts_yet() -> None:
    cache.clear()


def browser(language: str = "ja") -> Client:
    return Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)


OPEN = {
    "login/", "logout/", "inactive/", "reauthenticate/", "password/change/", "sessions/", "2fa/authenticate/",
    "2fa/", "2fa/reauthenticate/", "2fa/totp/activate/", "2fa/totp/deactivate/", "2fa/recovery-codes/",
    "2fa/recovery-codes/generate/", "2fa/recovery-codes/download/", "2fa/webauthn/", "2fa/webauthn/add/",
    "2fa/webauthn/reauthenticate/", "2fa/webauthn/keys/<int:pk>/remove/", "2fa/webauthn/keys/<int:pk>/edit/",
    "2fa/webauthn/login/", "3rdparty/login/cancelled/", "3rdparty/login/error/",
}  # fmt: skip


def addresses(resolver: URLResolver, before: str = "") -> list[str]:
    found = []
    for one in resolver.url_patterns:
        path = before + str(one.pattern)
        found += [path] if isinstance(one, URLPattern) else addresses(one, path)
    return found


def test_what_the_library_offers_beyond_the_house_is_closed() -> None:
    offered = [path.removeprefix("accounts/") for path in addresses(get_resolver()) if path.startswith("accounts/")]
    assert set(offered) >= OPEN
    for path in sorted({one for one in offered if "^" not in one} - OPEN):
        assert browser().get(f"/accounts/{path}").status_code == 404, path


OURS = {
    "reauthenticate/": ("ご本人ですか。", "Is it still you?"),
    "password/change/": ("パスワードを変更する", "Change the password"),
    "inactive/": ("この利用者は停止されています", "This user is switched off"),
    "3rdparty/login/cancelled/": ("サインインを取りやめました", "You stopped signing in"),
    "3rdparty/login/error/": ("会社の認証基盤でサインインできませんでした", "Your company’s sign-in did not work"),
    "2fa/": ("パスキーが使えないとき", "when no passkey is at hand"),
    "2fa/webauthn/": ("どのパスキーで", "Which passkeys sign me in"),
    "sessions/": ("どこでサインインしているか", "Where am I signed in now?"),
    "logout/": ("サインアウト", "Sign out"),
}


@pytest.mark.parametrize(("path", "place"), [(path, place) for path in OURS for place in (0, 1)])
def test_the_pages_of_the_sign_in_are_the_houses_in_both_languages(path: str, place: int) -> None:
    sites.user("suzuki", ROLE)
    client = browser(("ja", "en")[place])
    client.post("/accounts/login/", WORDS)
    page = client.get(f"/accounts/{path}").content.decode()
    assert OURS[path][place] in page
    assert f'<html lang="{("ja", "en")[place]}">' in page
    assert "password/reset" not in page
    assert not re.search(r'style="|\son\w+="|<script(?![^>]*(?:src=|application/json))', page), "nothing inline"
