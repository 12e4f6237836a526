"""Programs that call the API in tests: a user with roles, his token, and what is read from an answer."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

import sites
from sekisho.services import installation, tokens, users
from sekisho.services.tokens import NewToken
from sekisho.store.models import User

BASE = "/api/v1/"
EVERYTHING = ("*:read", "*:write", "administration:write")
_keys = count(1)


@dataclass
class Program:
    """A program with a token; every change it asks for carries a fresh idempotency key unless one is given."""

    secret: str
    client: Client = field(default_factory=lambda: Client(HTTP_HOST="localhost", raise_request_exception=True))

    def get(self, path: str, **query: str) -> HttpResponse:
        return self.client.get(f"{BASE}{path}", query, headers=self.headers())

    def send(self, method: str, path: str, body: object = None, *, key: str = "", kind: str = "") -> HttpResponse:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = kind or ("application/octet-stream" if isinstance(body, bytes) else "application/json")
        headers = self.headers() | {"Idempotency-Key": key or f"key-{next(_keys)}"}
        return self.client.generic(method, f"{BASE}{path}", content, content_type=kind, headers=headers)

    def post(self, path: str, body: object = None, *, key: str = "") -> HttpResponse:
        return self.send("POST", path, body, key=key)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"} if self.secret else {}


def program(name: str, *roles: tuple[str, str], person: str = "", scopes: tuple[str, ...] = EVERYTHING) -> Program:
    """Return a program of a user, who is made with these roles where there is none of that name."""
    if not User.objects.filter(username=name).exists():
        sites.user(name, *roles, person=person)
    return Program(token(name, scopes))


def token(name: str, scopes: tuple[str, ...] = EVERYTHING, *, days: int = 30, now: datetime | None = None) -> str:
    """Make a token of a user's own and return its secret."""
    now = now or installation.clock(home=settings.HOME)
    end = installation.today(now=now) + timedelta(days=days)
    _, secret = tokens.make(
        actor=users.signed_in_actor(name=name, now=now), now=now, asked=NewToken("a test", scopes, end)
    )
    return secret


def read(answer: HttpResponse, status: int = 200) -> Any:
    """Return the document of an answer that came with the status."""
    assert answer.status_code == status, answer.content.decode()
    assert answer["Content-Type"] == ("application/json" if status < 400 else "application/problem+json")
    return json.loads(answer.content)
