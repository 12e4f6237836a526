"""The gate under attack: sessions, second steps, forged forms, addresses that lead away, what every answer carries."""

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import auth as recovery_codes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.cache import cache
from django.test import Client

import authenticators
import programs
import sides
import sites
import webrooms
from programs import Program
from sekisho.core.kinds import NETWORK, Role
from sekisho.services import installation
from sekisho.store import models
from sekisho.web import pages

pytestmark = [pytest.mark.django_db, pytest.mark.long]
pages.load()
WORDS = {"login": "suzuki", "password": sites.PASSWORD}
ROLE = ("internal_audit", "both")
AWAY = [
    "//elsewhere.example",
    "https://elsewhere.example/x",
    "/\\elsewhere.example",
    "javascript:alert(1)",
    "///x.example",
]


@pytest.fixture(autouse=True)
def no_attempts_yet() -> None:
    cache.clear()


def browser(**more: object) -> Client:
    return Client(HTTP_HOST="localhost", **more)  # type: ignore[arg-type]  # headers and flags of Django's client


def signed_in() -> Client:
    client = browser()
    client.post("/accounts/login/", WORDS)
    return client


def opens(client: Client) -> bool:
    return client.get("/ledger").status_code == 200


def code(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


# The second step


def test_who_knew_the_password_before_there_was_a_passkey_gains_nothing_from_it() -> None:
    user = sites.user("suzuki", ROLE)
    thief = signed_in()
    assert thief.get("/ledger")["Location"] == "/account"
    authenticators.Passkey().register(user)
    assert not opens(thief)
    assert thief.get("/account")["Location"].startswith("/accounts/login/"), "that session is over"


@pytest.mark.django_db(transaction=True)
def test_setting_up_a_second_step_ends_the_other_sessions_and_opens_the_rooms_here() -> None:
    sites.user("suzuki", ROLE)
    here, there = signed_in(), signed_in()
    there.get("/account")
    here.post("/accounts/reauthenticate/", {"password": sites.PASSWORD})
    here.get("/accounts/2fa/totp/activate/")
    secret = here.session["mfa.totp.secret"]
    here.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert opens(here)
    assert there.get("/account").status_code == 302


def test_recovery_codes_alone_are_no_second_step() -> None:
    user = sites.user("suzuki", ROLE)
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x", "used_mask": 0})
    client = signed_in()
    assert not opens(client)


def test_between_password_and_code_no_door_is_open() -> None:
    totp.TOTP.activate(sites.user("suzuki", ROLE), totp.generate_totp_secret())
    client = signed_in()
    for path in ("/account", "/accounts/sessions/", "/accounts/2fa/", "/accounts/password/change/", "/search?q=ab"):
        assert client.get(path).status_code == 302, path


def test_a_recovery_code_opens_once() -> None:
    user = sites.user("suzuki", ROLE)
    totp.TOTP.activate(user, totp.generate_totp_secret())
    codes = recovery_codes.RecoveryCodes.activate(user)
    one = codes.get_unused_codes()[0]
    for expected in (True, False):
        client = signed_in()
        client.post("/accounts/2fa/authenticate/", {"code": one})
        assert opens(client) == expected


def test_guessing_codes_is_stopped_even_with_the_right_one_at_the_end() -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(sites.user("suzuki", ROLE), secret)
    for _ in range(3):  # a new sign-in does not begin the count again
        client = signed_in()
        for _ in range(3):
            client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert not opens(client)


def test_guessing_passwords_of_many_users_from_one_place_is_stopped() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    sites.user("suzuki", ROLE)
    for number in range(62):
        browser().post("/accounts/login/", {"login": f"user-{number}", "password": "wrong"})
    assert not opens(signed_in())


@pytest.mark.parametrize("change", ["remove", "add"])
def test_a_stolen_session_changes_no_passkey_without_the_password(change: str) -> None:
    user = sites.user("suzuki", ROLE)
    client = signed_in()
    authenticators.Passkey().register(user)
    key = Authenticator.objects.get(user=user)
    path = "/accounts/2fa/webauthn/add/" if change == "add" else f"/accounts/2fa/webauthn/keys/{key.pk}/remove/"
    for answer in (client.get(path), client.post(path)):
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert Authenticator.objects.filter(user=user).count() == 1


def test_nobody_removes_somebody_elses_passkey() -> None:
    authenticators.Passkey().register(sites.user("houmu"))
    sites.user("suzuki", ROLE)
    client = signed_in()
    client.post("/accounts/reauthenticate/", {"password": sites.PASSWORD})
    key = Authenticator.objects.get(user__username="houmu")
    assert client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


# Signing in by passkey


def by_passkey(key: authenticators.Passkey, user: models.User, **how: object) -> Client:
    client = browser()
    asked = client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"}).json()[
        "request_options"
    ]["publicKey"]
    client.post("/accounts/2fa/webauthn/login/", {"credential": key.sign_in(asked["challenge"], user.pk, **how)})
    return client


def test_a_passkey_alone_opens_the_rooms() -> None:
    user, key = sites.user("suzuki", ROLE), authenticators.Passkey()
    key.register(user)
    assert opens(by_passkey(key, user))


@pytest.mark.parametrize(
    "how", [{"origin": "https://elsewhere.example"}, {"flags": authenticators.PRESENT}, {"kind": "webauthn.create"}]
)
def test_a_passkey_that_was_asked_elsewhere_or_by_nobody_opens_nothing(how: dict[str, object]) -> None:
    user, key = sites.user("suzuki", ROLE), authenticators.Passkey()
    key.register(user)
    assert not opens(by_passkey(key, user, **how))


def test_the_passkey_of_one_who_was_switched_off_opens_nothing() -> None:
    user, key = sites.user("suzuki", ROLE), authenticators.Passkey()
    key.register(user)
    models.User.objects.update(is_active=False)
    assert not opens(by_passkey(key, user))


def test_one_users_passkey_does_not_open_anothers_rooms() -> None:
    user, key = sites.user("suzuki", ROLE), authenticators.Passkey()
    key.register(sites.user("houmu"))
    assert not opens(by_passkey(key, user))


def test_a_signature_for_a_plan_signs_nobody_in() -> None:
    user, key = sites.user("suzuki", ROLE), authenticators.Passkey()
    key.register(user)
    client = browser()
    client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"})
    client.post("/accounts/2fa/webauthn/login/", {"credential": key.sign_in(authenticators.b64(b"x" * 32), user.pk)})
    assert not opens(client)


# Sessions


def test_a_session_begins_anew_with_the_sign_in() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    sites.user("suzuki", ROLE)
    client = browser()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted = session.session_key
    client.post("/accounts/login/", WORDS)
    assert opens(client)
    assert client.session.session_key != planted


def test_a_new_password_ends_every_other_session() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    sites.user("suzuki", ROLE)
    here, there = signed_in(), signed_in()
    new = "another long word for a test"
    here.post(
        "/accounts/password/change/", {"oldpassword": sites.PASSWORD, "password1": new, "password2": new}, follow=True
    )
    assert (opens(here), opens(there)) == (True, False)


def _token() -> Program:
    found = Program(programs.token("suzuki"))
    assert found.get("account").status_code == 200
    return found


@pytest.mark.django_db(transaction=True)
def test_tokens_end_with_the_password_and_with_every_second_step_that_comes_or_goes() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    user = sites.user("suzuki", ROLE)
    here, new, before = signed_in(), "another long word for a test", _token()
    here.post(
        "/accounts/password/change/", {"oldpassword": sites.PASSWORD, "password1": new, "password2": new}, follow=True
    )
    assert before.get("account").status_code == 401
    before = _token()
    here.post("/accounts/reauthenticate/", {"password": new})
    here.get("/accounts/2fa/totp/activate/")
    here.post("/accounts/2fa/totp/activate/", {"code": code(here.session["mfa.totp.secret"])})
    assert before.get("account").status_code == 401
    before, there = _token(), Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
    assert there.exists()
    here.post("/accounts/2fa/totp/deactivate/", follow=True)
    assert not there.exists()
    assert before.get("account").status_code == 401


def test_a_renewed_sign_in_ends_every_session() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    sites.user("suzuki", ROLE)
    there = signed_in()
    sites.client("kanri", ("administrator", "both")).post("/administration/users/suzuki", {"do": "renew"})
    assert not opens(there)


def test_a_role_ended_yesterday_or_begun_tomorrow_opens_nothing() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    today = installation.today(now=installation.clock(home=settings.HOME))
    sites.user("suzuki", ROLE, end=today)
    late = signed_in()
    assert late.get("/ledger").status_code == 403
    models.RoleAssignment.objects.update(start=today + timedelta(days=1), end=None)
    assert late.get("/ledger").status_code == 403
    models.RoleAssignment.objects.update(start=today)
    assert opens(late)


# Addresses that lead away, forged forms, other methods


@pytest.mark.parametrize("away", AWAY)
def test_no_address_leads_away_from_the_site(away: str) -> None:
    installation.mark_rehearsal(home=settings.HOME)
    sites.user("suzuki", ROLE)
    client = browser()
    for answer in (
        client.post(f"/accounts/login/?next={away}", {**WORDS, "next": away}),
        client.post("/accounts/reauthenticate/", {"password": sites.PASSWORD, "next": away}),
        client.post("/language", {"language": "en", "next": away}),
        client.post("/accounts/logout/", {"next": away}),
    ):
        where = answer["Location"]
        assert where.startswith("/"), where
        assert not where.startswith(("//", "/\\")), where


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost.elsewhere.example", "localhost:80@elsewhere.example"])
def test_another_hosts_name_is_no_name_of_ours(host: str) -> None:
    assert Client(HTTP_HOST=host).get("/accounts/login/").status_code == 400


POSTED = sorted(name for name, page in pages.PAGES.items() if page.acts)


@pytest.mark.parametrize("name", POSTED)
def test_no_form_is_taken_that_did_not_come_from_this_site(name: str, world: sides.World, at_the_day: Path) -> None:
    client = browser(enforce_csrf_checks=True)
    client.force_login(sites.user(webrooms.WHO, *((role.value, "both") for role in Role)))
    path = webrooms.address(world, name, NETWORK)
    before = models.LedgerEntry.objects.count()
    for act in pages.PAGES[name].acts:
        answer = client.post(path, {"do": act})
        assert answer.status_code == 403, act
    assert models.LedgerEntry.objects.count() == before


@pytest.mark.parametrize(
    "path", ["login/", "logout/", "2fa/webauthn/login/", "reauthenticate/", "password/change/", "sessions/"]
)
def test_no_form_of_the_sign_in_is_taken_from_elsewhere(path: str) -> None:
    installation.mark_rehearsal(home=settings.HOME)
    client = browser(enforce_csrf_checks=True)
    client.force_login(sites.user("suzuki", ROLE))
    assert client.post(f"/accounts/{path}", WORDS).status_code == 403


@pytest.mark.parametrize(("name", "method"), list(product(sorted(pages.PAGES), ["PUT", "PATCH", "DELETE", "TRACE"])))
def test_a_page_knows_its_methods_only(name: str, method: str, world: sides.World, at_the_day: Path) -> None:
    client = sites.client(webrooms.WHO, *((role.value, "both") for role in Role))
    path = webrooms.address(world, name, NETWORK)
    assert client.generic(method, path).status_code == 405
    told = {"X-HTTP-Method-Override": method, "HTTP_X_HTTP_METHOD": method}
    assert client.get(f"{path.partition('?')[0]}?_method={method}", headers=told).status_code != 405 or (
        not pages.PAGES[name].shows
    )


def test_a_head_tells_no_more_than_its_page(world: sides.World, at_the_day: Path) -> None:
    client = sites.client(webrooms.WHO, ("compliance", "network"))
    for name in sorted(name for name, page in pages.PAGES.items() if page.shows):
        path = webrooms.address(world, name, NETWORK)
        head = client.head(path)
        assert head.content == b"", name
        assert head.status_code == client.get(path).status_code, name


def test_every_answer_forbids_frames_scripts_from_elsewhere_and_keeping(world: sides.World, at_the_day: Path) -> None:
    client = sites.client(webrooms.WHO, *((role.value, "both") for role in Role))
    paths = [webrooms.address(world, name, NETWORK) for name, page in pages.PAGES.items() if page.shows]
    for path in [*paths, "/nowhere", "/accounts/login/", "/accounts/signup/", "/ledger?sheet=entries"]:
        answer = client.get(path)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], path
        assert "script-src 'self'" in answer["Content-Security-Policy"], path
        assert answer["X-Frame-Options"] == "DENY", path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["Referrer-Policy"] == "same-origin", path
        assert "no-store" in answer["Cache-Control"], path


def test_cookies_are_no_scripts_business() -> None:
    installation.mark_rehearsal(home=settings.HOME)
    sites.user("suzuki", ROLE)
    client = signed_in()
    client.get("/account")
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        assert client.cookies[name]["httponly"], name
        assert client.cookies[name]["samesite"] == "Lax", name


def test_who_has_no_role_any_more_reads_nothing_of_himself_either(world: sides.World, at_the_day: Path) -> None:
    sites.user("mover", ("employee", "network"), person="PNET2")
    client = sites.client("mover")
    own = [webrooms.address(world, name, NETWORK) for name in ("transfer", "person")]
    assert [client.get(path).status_code for path in own] == [200, 200]
    models.RoleAssignment.objects.filter(user="mover").update(end=sides.NOW.date())
    assert all(client.get(path).status_code in {403, 404} for path in own)


def test_a_user_name_given_to_somebody_else_shows_the_new_ones_facts_only(world: sides.World, at_the_day: Path) -> None:
    sites.user("desk", ("employee", "network"), person="PNET2", end=sides.NOW.date())
    models.RoleAssignment.objects.create(
        user="desk",
        person_id="PNET3",
        role="employee",
        side="network",
        start=sides.NOW.date(),
        recorded_at=sides.LOADED,
    )
    client = sites.client("desk")
    assert client.get("/people/PNET3").status_code == 200
    assert client.get("/people/PNET2").status_code in {403, 404}
