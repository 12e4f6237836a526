"""Tokens of programs: which of mine may do what, until when; made and ended by oneself, ended by administrators.

They stand behind the second step: with a password alone nobody makes a token (`middleware.Gate`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from sekisho.core import scopes
from sekisho.core.errors import SekishoError
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import administration, installation, tokens
from sekisho.services.tokens import NewToken, TokenShown
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.words import say

USUAL = timedelta(days=90)
WRONG = {"tokens.no_name": "name", "tokens.bad_scopes": "scopes", "tokens.bad_end": "end"}


@dataclass(frozen=True, slots=True)
class Line:
    """A token and how it stands: `ok` it can be used, `unknown` it has ended or was ended."""

    token: TokenShown
    open: bool


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One word of the API and what a token may be allowed of it; each scope with whether it is chosen."""

    word: str
    read: tuple[str, bool]
    write: tuple[str, bool] | None


@page("account/tokens", "tokens", needs=(), acts=("make", "revoke"))
def own(request: Request) -> HttpResponse | Shown:
    """List one's own tokens; make one, which is shown once; end one."""
    caller, posted = request.caller, request.POST
    errors: dict[str, str] = {}
    secret = ""
    if request.method == "POST" and request.act == "revoke":
        return _revoked(request, "tokens")
    if request.method == "POST":
        try:
            wanted = NewToken(
                forms.needed(posted, "name"), tuple(posted.getlist("scope")), forms.needed_day(posted, "end")
            )
            _, secret = tokens.make(actor=caller.actor, now=caller.now, asked=wanted)
        except SekishoError as error:
            errors = forms.errors(error, WRONG)
    lines = _lines(request, tokens.own(actor=caller.actor, now=caller.now))
    today = installation.today(now=caller.now)
    context = {
        "lines": lines,
        "open": sum(one.open for one in lines),
        "secret": secret,
        "rows": _rows(posted.getlist("scope") if errors else ()),
        "first": today + timedelta(days=1),
        "last": today + tokens.LONGEST,
        "usual": today + USUAL,
        "posted": posted if errors else {},
        "errors": errors,
    }
    return Shown("tokens/own.html", context, status=422 if errors else 200)


@page(
    "administration/tokens",
    "administration_tokens",
    needs=(FactKind.INSTALLATION,),
    least=Depth.DETAIL,
    acts=("revoke",),
)
def every(request: Request) -> HttpResponse | Shown:
    """List the tokens of all users; end one."""
    caller = request.caller
    if request.method == "POST" and request.act == "revoke":
        return _revoked(request, "administration_tokens")
    lines = _lines(request, tokens.every(actor=caller.actor, now=caller.now))
    context = {
        "tab": "tokens",
        "lines": lines,
        "open": sum(one.open for one in lines),
        "may_change": administration.may_change(actor=caller.actor, now=caller.now),
    }
    return Shown("tokens/every.html", context)


def _revoked(request: Request, where: str) -> HttpResponse:
    caller, written = request.caller, request.POST.get("token", "")
    number = forms.whole(written, digits=15) or 0
    try:
        ended = tokens.revoke(actor=caller.actor, now=caller.now, token_id=number)
        messages.success(request, say("page_tokens.revoked_now", name=ended.name))
    except SekishoError as error:
        messages.error(request, forms.sentence(error))
    return redirect(where)


def _lines(request: Request, found: Collection[TokenShown]) -> list[Line]:
    now = request.caller.now
    return [Line(one, one.revoked_at is None and one.expires_at > now) for one in found]


def _rows(chosen: Collection[str]) -> list[ScopeRow]:
    pairs = [(word, f"{word}:{scopes.READ}", f"{word}:{scopes.WRITE}") for word in ("*", *scopes.WORDS)]
    return [
        ScopeRow(
            say("page_tokens.everything") if word == "*" else say(f"api.word_{word}"),
            (read, read in chosen),
            (write, write in chosen) if write in scopes.SCOPES else None,
        )
        for word, read, write in pairs
    ]
