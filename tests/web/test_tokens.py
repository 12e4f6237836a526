"""Tokens on the account page: made and shown once, ended by oneself or an administrator, behind the second step."""

import re
from datetime import timedelta

import pytest
from django.conf import settings

import programs
import sites
from sekisho.services import installation
from sekisho.store import models

pytestmark = pytest.mark.django_db


def form(**changed: object) -> dict[str, object]:
    today = installation.today(now=installation.clock(home=settings.HOME))
    return {
        "do": "make",
        "name": "nightly figures",
        "scope": ["plans:read", "account:read"],
        "end": (today + timedelta(days=30)).isoformat(),
    } | changed


def test_a_token_is_shown_once_kept_as_a_hash_and_works() -> None:
    client = sites.client("tanaka", ("compliance", "both"))
    page = client.post("/account/tokens", form()).content.decode()
    secret = re.findall(r"<code>(sekisho_[^<]+)</code>", page)[0]
    assert secret not in client.get("/account/tokens").content.decode()
    row = models.ApiToken.objects.get()
    assert secret not in repr(vars(row))
    assert (row.user, row.scopes) == ("tanaka", ["account:read", "plans:read"])
    assert programs.read(programs.Program(secret).get("account"))["user"] == "tanaka"
    assert models.LedgerEntry.objects.filter(kind="token.made").count() == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"scope": []}, "スコープを一つ以上選んでください"),
        ({"scope": ["plans:erase"]}, "plans:erase"),
        ({"end": "2030-01-01"}, "までの日にしてください"),
        ({"end": ""}, "終了日"),
        ({"name": " "}, "名称"),
    ],
)
def test_what_makes_no_token_is_said_beside_its_field(changed: dict[str, object], sentence: str) -> None:
    client = sites.client("tanaka", ("compliance", "both"))
    answer = client.post("/account/tokens", form(**changed))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not models.ApiToken.objects.exists()


def test_one_ends_ones_own_tokens_and_an_administrator_everybodys() -> None:
    mine = sites.client("tanaka", ("compliance", "both"))
    mine.post("/account/tokens", form())
    token = models.ApiToken.objects.get()
    other = sites.client("suzuki", ("compliance", "both"))
    assert (
        "そのトークンはありません"
        in other.post("/account/tokens", {"do": "revoke", "token": token.pk}, follow=True).content.decode()
    )
    administrator = sites.client("kanri", ("administrator", "both"))
    page = administrator.post("/administration/tokens", {"token": token.pk}, follow=True).content.decode()
    assert "失効させました" in page
    assert models.ApiToken.objects.get().revoked_at is not None
    assert models.LedgerEntry.objects.filter(kind="token.revoked").count() == 1


def test_with_a_password_alone_nobody_makes_a_token() -> None:
    client = sites.client("tanaka", ("compliance", "both"))
    (settings.HOME / "rehearsal").unlink()
    answer = client.post("/account/tokens", form())
    assert (answer.status_code, answer["Location"]) == (302, "/account")
    assert not models.ApiToken.objects.exists()
    assert client.get("/account").status_code == 200


def test_a_renewed_or_ended_sign_in_takes_the_tokens_with_it() -> None:
    sites.user("tanaka", ("compliance", "both"))
    administrator = sites.client("kanri", ("administrator", "both"))
    for act in ("off", "renew"):  # after a renewal the roles rest
        program = programs.program("tanaka")
        assert program.get("account").status_code == 200
        administrator.post("/administration/users/tanaka", {"do": act})
        assert program.get("account").status_code == 401
        models.User.objects.update(is_active=True)
