"""Tokens and one's own account: who one is here, which tokens one has; administrators see and end everybody's."""

from typing import Literal

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day, Flag, Id, Moment, Question, Words
from sekisho.core.kinds import Role
from sekisho.services import installation, tokens, users
from sekisho.services.tokens import NewToken


class OwnRole(Answer):
    """A role that one holds today."""

    role: Role
    side: str
    end: Day | None = Field(serialization_alias="to")


class Account(Answer):
    """Who the caller is, and what the token may be used for."""

    user: str
    person_id: str | None
    roles: list[OwnRole]
    scopes: list[str]
    expires_at: Moment


class Token(Answer):
    """A token, without its secret."""

    id: int
    name: str
    user: str
    scopes: list[str]
    created_at: Moment
    created_by: str
    expires_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class MadeToken(Answer):
    """A new token and its secret, which is shown once and kept nowhere."""

    token: Token
    secret: str


class TokenWanted(Question):
    """What the token is called, what it may be used for, and the day on which it ends."""

    name: Words = Field(examples=["nightly report"])
    scopes: list[Words] = Field(min_length=1, max_length=50, examples=[["plans:read"]])
    end: Day = Field(alias="to")


class Choice(Question):
    """The language of one's own pages."""

    language: Literal["ja", "en"]


@call("GET account", scope="account:read", needs=())
def account(request: Request) -> Account:
    """Return who the caller is, with the roles of today and the token's scopes."""
    actor, today = request.caller.actor, installation.today(now=request.caller.now)
    held = [one for one in actor.roles if one.period.holds(today)]
    return Account(
        user=actor.name,
        person_id=actor.person_id,
        roles=[OwnRole(role=one.role, side=one.side, end=one.period.end) for one in held],
        scopes=list(request.bearer.scopes),
        expires_at=request.bearer.expires_at,
    )


@call("PUT account/language", scope="account:write", needs=())
def language_choose(request: Request, body: Choice) -> Account:
    """Choose the language of one's own pages."""
    users.choose_language(name=request.caller.actor.name, language=body.language)
    return account(request)


@call("GET tokens", scope="tokens:read", needs=())
def token_list(request: Request, paging: Query[Paging], every: Flag = False) -> Listed[Token]:
    """List one's own tokens, the newest first; with `every=true` everybody's, for those who see the installation."""
    actor, now = request.caller.actor, request.caller.now
    found = tokens.every(actor=actor, now=now) if every else tokens.own(actor=actor, now=now)
    return listed(request, paging, found, key=lambda one: one.id, made=Token.model_validate)


@call("POST tokens", scope="tokens:write", needs=(), status=201)
def token_make(request: Request, body: TokenWanted) -> MadeToken:
    """Make a token of one's own, within the one that asks: no other scope, no later end."""
    asked = NewToken(body.name, tuple(body.scopes), body.end)
    made, secret = tokens.make(actor=request.caller.actor, now=request.caller.now, asked=asked, by=request.bearer)
    return MadeToken(token=Token.model_validate(made), secret=secret)


@call("DELETE tokens/{token_id}", scope="tokens:write", needs=())
def token_revoke(request: Request, token_id: Id) -> Token:
    """End a token: one's own, or as administrator anybody's."""
    made = tokens.revoke(actor=request.caller.actor, now=request.caller.now, token_id=token_id)
    return Token.model_validate(made)
