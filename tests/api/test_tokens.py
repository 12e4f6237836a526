"""A token never does more than its user's roles and its scopes; it ends, and takes nothing with it that is wider."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

import programs
import sides
import sites
from programs import Program, program, read
from sekisho.core import scopes
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def day(world: sides.World, at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def test_a_scope_is_needed_and_is_not_enough() -> None:
    narrow = program("joshisu", ("it_operation", "both"), scopes=("plans:read",))
    assert narrow.get("plans").status_code == 200
    assert read(narrow.get("jobs"), 403)["code"] == "api.no_scope"
    assert read(narrow.post("plans", {"day": "2024-05-01"}), 403)["code"] == "api.no_scope"
    clerk = program("shain", ("employee", "network"))
    assert read(clerk.get("plans"), 403)["code"] == "visibility.refused"


def test_reading_and_writing_are_apart() -> None:
    assert scopes.covers({"*:read"}, "plans:read")
    assert not scopes.covers({"*:read"}, "plans:write")
    assert not scopes.covers({"plans:write"}, "plans:read")


def test_a_token_ends_with_its_day_with_its_revocation_and_with_its_user() -> None:
    mine = program("houmu", ("compliance", "both"))
    assert mine.get("account").status_code == 200
    models.ApiToken.objects.update(expires_at=sides.NOW - timedelta(seconds=1))
    assert mine.get("account").status_code == 401
    mine.secret = programs.token("houmu")
    token = models.ApiToken.objects.latest("pk")
    assert read(mine.send("DELETE", f"tokens/{token.pk}"))["revoked_at"] is not None
    assert mine.get("account").status_code == 401
    mine.secret = programs.token("houmu")
    models.User.objects.filter(username="houmu").update(is_active=False)
    assert mine.get("account").status_code == 401


def test_what_a_role_loses_its_tokens_lose_at_once() -> None:
    mine = program("houmu", ("compliance", "both"))
    assert mine.get("plans").status_code == 200
    models.RoleAssignment.objects.filter(user="houmu").update(end=sides.NOW.date())
    assert mine.get("plans").status_code == 403


def test_a_token_makes_none_that_is_wider_or_lives_longer() -> None:
    narrow = program("houmu", ("compliance", "both"), scopes=("tokens:write", "plans:read"))
    soon = (sides.NOW + timedelta(days=9)).date().isoformat()
    late = (sides.NOW + timedelta(days=90)).date().isoformat()
    wider = narrow.post("tokens", {"name": "n", "scopes": ["plans:write"], "to": soon})
    assert read(wider, 403)["code"] == "tokens.wider"
    longer = narrow.post("tokens", {"name": "n", "scopes": ["plans:read"], "to": late})
    assert read(longer, 403)["code"] == "tokens.wider"
    made = read(narrow.post("tokens", {"name": "n", "scopes": ["plans:read"], "to": soon}), 201)
    assert Program(made["secret"]).get("plans").status_code == 200


def test_nobody_ends_anothers_token_but_an_administrator() -> None:
    programs.program("houmu", ("compliance", "both"))
    token = models.ApiToken.objects.latest("pk")
    other = program("suzuki", ("compliance", "both"))
    assert read(other.send("DELETE", f"tokens/{token.pk}"), 404)["code"] == "tokens.unknown"
    assert read(other.send("DELETE", "tokens/4711"), 404)["code"] == "tokens.unknown"
    administrator = program("kanri", ("administrator", "both"))
    assert read(administrator.get("tokens", every="true"))["total"] == 3
    assert administrator.send("DELETE", f"tokens/{token.pk}").status_code == 200


def test_the_last_use_is_kept() -> None:
    mine = program("houmu", ("compliance", "both"))
    assert models.ApiToken.objects.get().last_used_at is None
    mine.get("account")
    assert models.ApiToken.objects.get().last_used_at is not None


def test_a_header_that_is_no_bearer_token_is_never_let_in() -> None:
    secret = program("houmu", ("compliance", "both")).secret
    client = Client(HTTP_HOST="localhost")
    for header in ("", "Bearer", "Bearer ", f"Basic {secret}", secret, f"Token {secret}", f"Bearer x{secret}"):
        assert client.get("/api/v1/account", headers={"Authorization": header}).status_code == 401, header
    assert client.get("/api/v1/account", headers={"Authorization": f"bearer {secret}"}).status_code == 200


def test_one_has_so_many_tokens_and_no_more() -> None:
    sites.user("houmu", ("compliance", "both"))
    for _ in range(50):
        programs.token("houmu")
    mine = Program(models.ApiToken.objects.first() and programs_secret())
    soon = (sides.NOW + timedelta(days=9)).date().isoformat()
    answer = mine.post("tokens", {"name": "n", "scopes": ["plans:read"], "to": soon})
    assert read(answer, 409)["code"] == "tokens.too_many"


def programs_secret() -> str:
    """Return the secret of a token that takes the place of one that was revoked."""
    models.ApiToken.objects.filter(pk=models.ApiToken.objects.latest("pk").pk).update(revoked_at=sides.NOW)
    return programs.token("houmu")
