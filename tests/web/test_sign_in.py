"""Signing in: who gets in, by which way, and what is written down."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.cache import cache
from django.test import Client

import servers
import sites
from sekisho.services import installation
from sekisho.store.models import LedgerEntry

pytestmark = pytest.mark.django_db

WORDS = {"login": "suzuki", "password": sites.PASSWORD}


@pytest.fixture(autouse=True)
def no_attempts_yet() -> None:
    cache.clear()


def browser(language: str = "ja") -> Client:
    return Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)


def kinds() -> list[str]:
    return list(LedgerEntry.objects.filter(kind__startswith="user.").order_by("id").values_list("kind", flat=True))


def test_nobody_passes_the_gate_unknown() -> None:
    for path in ("/", "/ledger", "/account", "/nowhere"):
        answer = browser().get(path)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/"), path


def test_the_sign_in_page_puts_the_passkey_first_in_both_languages() -> None:
    for language, passkey, password in (
        ("ja", "パスキーでサインイン", "パスワードでサインイン"),
        ("en", "Sign in with a passkey", "With a password"),
    ):
        page = browser(language).get("/accounts/login/").content.decode()
        assert 0 < page.index(passkey) < page.index(password)
        assert f'<html lang="{language}">' in page


def test_nobody_signs_up_and_nothing_is_reset_by_mail() -> None:
    for path in (
        "signup/",
        "email/",
        "password/reset/",
        "password/set/",
        "confirm-email/",
        "3rdparty/",
        "3rdparty/signup/",
    ):
        assert browser().get(f"/accounts/{path}").status_code == 404, path


def test_a_password_alone_leads_to_the_account_page_until_a_second_step_is_set_up() -> None:
    sites.user("suzuki", ("internal_audit", "both"))
    client = browser()
    client.post("/accounts/login/", WORDS)
    assert client.get("/ledger")["Location"] == "/account"
    assert "パスキーも認証アプリも登録されていません" in client.get("/account").content.decode()


def test_a_rehearsal_takes_a_password_alone() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    sites.user("suzuki", ("internal_audit", "both"))
    client = browser()
    client.post("/accounts/login/", WORDS)
    assert client.get("/ledger").status_code == 200


def test_a_password_with_a_code_opens_the_rooms() -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(sites.user("suzuki", ("internal_audit", "both")), secret)
    client = browser()
    second = client.post("/accounts/login/", WORDS)
    assert second["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/ledger").status_code == 302, "the password alone lets nobody in"
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.get("/ledger").status_code == 200


def test_a_sign_in_a_refusal_and_a_sign_out_are_entries_without_secrets() -> None:
    sites.user("suzuki", ("internal_audit", "both"))
    client = browser()
    client.post("/accounts/login/", {**WORDS, "password": "wrong"})
    client.post("/accounts/login/", WORDS)
    client.post("/accounts/logout/")
    assert kinds() == ["user.refused", "user.signed_in", "user.signed_out"]
    leaves = b"".join(bytes(entry.leaf) for entry in LedgerEntry.objects.all())
    assert sites.PASSWORD.encode() not in leaves
    assert b"127.0.0.1" not in leaves


def test_a_name_that_is_no_users_is_refused_and_not_written_down() -> None:
    browser().post("/accounts/login/", {"login": "nobody", "password": "wrong"})
    assert kinds() == []


def test_many_wrong_passwords_stop_the_sign_in_for_a_while() -> None:
    sites.user("suzuki", ("internal_audit", "both"))
    client = browser("en")
    for _ in range(6):
        client.post("/accounts/login/", {**WORDS, "password": "wrong"})
    answer = client.post("/accounts/login/", WORDS)
    assert answer.status_code == 200
    assert client.get("/ledger").status_code == 302


def test_a_user_who_was_switched_off_is_refused() -> None:
    user = sites.user("suzuki", ("internal_audit", "both"))
    user.is_active = False
    user.save()
    client = browser()
    client.post("/accounts/login/", WORDS)
    assert client.get("/ledger")["Location"].startswith("/accounts/login/")


def test_other_sessions_can_be_ended() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    sites.user("suzuki", ("internal_audit", "both"))
    here, there = browser(), browser()
    for client in (here, there):
        client.post("/accounts/login/", WORDS)
        client.get("/ledger")
    here.post("/accounts/sessions/")
    assert here.get("/ledger").status_code == 200
    assert there.get("/ledger").status_code == 302


def test_a_language_is_kept_with_the_user() -> None:
    client = sites.client("suzuki", ("internal_audit", "both"))
    client.post("/language", {"language": "en", "next": "/ledger"})
    other = sites.client("suzuki")
    assert "Can an outsider verify this" in other.get("/ledger").content.decode()


def test_a_language_choice_leads_nowhere_else() -> None:
    client = sites.client("suzuki", ("internal_audit", "both"))
    assert client.post("/language", {"language": "en", "next": "//elsewhere.example"})["Location"] == "/"


def test_who_has_no_role_is_told_what_to_do() -> None:
    page = sites.client("suzuki").get("/").content.decode()
    assert "管理者に、役割の付与を依頼してください" in page


def test_every_answer_carries_a_strict_policy_and_is_kept_by_nobody() -> None:
    answer = browser().get("/accounts/login/")
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


@pytest.fixture
def provider(settings: Any) -> Iterator[None]:
    """Run a real OpenID provider on loopback and let the site know it."""
    with servers.openid_provider({"1": "suzuki", "2": "nobody"}) as url:
        app = {
            "provider_id": "company",
            "name": "Company",
            "client_id": "sekisho",
            "secret": "of-a-test",
            "settings": {"server_url": url},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"OAUTH_PKCE_ENABLED": True, "SCOPE": ["openid", "profile"], "APPS": [app]}
        }
        yield


def through_the_provider(client: Client, sub: str) -> Any:
    start = client.post("/accounts/oidc/company/login/")
    assert "code_challenge=" in start["Location"], "the flow is bound with PKCE"
    back = httpx2.post(start["Location"], data={"sub": sub})
    where = re.sub(r"^https?://[^/]+", "", back.headers["location"])
    return client.get(where)


def test_the_companys_provider_lets_a_known_user_in(provider: None) -> None:
    sites.user("suzuki", ("internal_audit", "both"))
    client = browser()
    through_the_provider(client, "1")
    assert client.get("/ledger").status_code == 200


def test_whom_only_the_provider_knows_is_told_whom_to_ask(provider: None) -> None:
    sites.user("suzuki", ("internal_audit", "both"))
    client = browser()
    answer = through_the_provider(client, "2")
    assert answer.status_code == 403
    assert "「nobody」" in answer.content.decode()
    assert client.get("/ledger").status_code == 302


@pytest.mark.parametrize("known_before", [True, False])
def test_the_companys_provider_lets_nobody_in_who_was_switched_off(provider: None, known_before: bool) -> None:
    user = sites.user("suzuki", ("internal_audit", "both"))
    if known_before:
        through_the_provider(browser(), "1")
    user.is_active = False
    user.save()
    client = browser()
    answer = client.get(through_the_provider(client, "1")["Location"])
    assert "この利用者は停止されています" in answer.content.decode()
    assert client.get("/ledger").status_code == 302


def test_the_claim_that_names_the_user_is_a_setting(provider: None, settings: Any) -> None:
    settings.SEKISHO_OIDC_CLAIM = "sub"
    sites.user("1", ("internal_audit", "both"))
    client = browser()
    through_the_provider(client, "1")
    assert client.get("/account").context["caller"].actor.name == "1"


def test_what_the_provider_answers_to_another_sign_in_is_refused(provider: None) -> None:
    sites.user("suzuki", ("internal_audit", "both"))
    start = browser().post("/accounts/oidc/company/login/")
    back = httpx2.post(start["Location"], data={"sub": "1"})
    where = re.sub(r"^https?://[^/]+", "", back.headers["location"])
    thief = browser()
    assert thief.get(where).status_code == 401
    assert thief.get("/ledger").status_code == 302


def test_who_signs_out_comes_back_through_the_provider_again(provider: None) -> None:
    sites.user("suzuki", ("internal_audit", "both"))
    client = browser()
    through_the_provider(client, "1")
    client.post("/accounts/logout/")
    assert client.get("/ledger").status_code == 302
    assert kinds()[-1] == "user.signed_out"
    through_the_provider(client, "1")
    assert client.get("/ledger").status_code == 200
