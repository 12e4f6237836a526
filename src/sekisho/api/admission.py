"""Who calls: the token in the `Authorization` header and nothing else. No cookie opens the API, so none can be forged.

In this order, before anything is looked up: a token of ours, its scope, law 8's decision of the call, then whether the
call was asked for in words that it knows. Wrong tokens are counted by where they come from and leave an entry; right
ones pass `MOST_CALLS` times a minute each.
"""

from time import monotonic

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from sekisho.api.calls import JSON, Call, Request
from sekisho.api.problems import Problem
from sekisho.core.scopes import covers
from sekisho.http.callers import caller
from sekisho.http.counted import Counted
from sekisho.services import installation, tokens, visibility
from sekisho.services.tokens import Bearer

FILE = "application/octet-stream"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="sekisho"'}
MOST_FAILURES, PER_SECONDS = 30, 60
MOST_CALLS = 600
"""Calls of one token in a minute, for each process of the site: counted in memory, for a read writes nothing."""
_calls = Counted(most=MOST_CALLS, seconds=PER_SECONDS)


def admit(request: Request, call: Call) -> Bearer:
    """Let the request pass and say on it who calls.

    Raises:
        Problem: 401 no token of ours, 403 its scope does not reach, 429 too many wrong ones or calls.
        NotVisible: the user's roles do not reach.
    """
    request.token = presented(request)
    request.bearer = known(request, request.token)
    wait = _calls.wait(request.bearer.id, at=monotonic())
    if wait:
        raise Problem(429, "api.too_fast", params={"most": MOST_CALLS}, headers={"Retry-After": str(wait)})
    request.caller = caller(request, username=request.bearer.user)
    if not covers(request.bearer.scopes, call.scope):
        raise Problem(403, "api.no_scope", params={"scope": call.scope})
    if not call.open_to(request.caller):
        kinds = ", ".join(kind.value for kind in call.needs)
        raise visibility.NotVisible(
            "visibility.refused", {"actor": request.caller.actor.name, "kind": kinds, "side": "-"}
        )
    return request.bearer


def presented(request: HttpRequest) -> str:
    """Return the token of the header.

    Raises:
        Problem: there is none.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Problem(401, "api.no_token", headers=CHALLENGE)
    return secret.strip()


def known(request: HttpRequest, secret: str) -> Bearer:
    """Return whose token it is.

    Raises:
        Problem: nobody's; after too many such from one address, only that they are too many.
    """
    now, where = installation.clock(home=settings.HOME), _where_from(request)
    found = tokens.bearer(secret=secret, now=now)
    if found is not None:
        return found
    if cache.add(f"wrong-token-told:{where}", 1, PER_SECONDS):  # once a minute and address, or it would fill the ledger
        tokens.refused(secret=secret, now=now)
    mark = f"wrong-tokens:{where}"
    cache.add(mark, 0, PER_SECONDS)
    if int(cache.get(mark, 0)) >= MOST_FAILURES:
        raise Problem(429, "api.too_many", headers={"Retry-After": str(PER_SECONDS)})
    try:
        cache.incr(mark)
    except ValueError:  # it ran out between the two lines
        cache.add(mark, 1, PER_SECONDS)
    raise Problem(401, "api.bad_token", headers=CHALLENGE)


def _where_from(request: HttpRequest) -> str:
    """Return the address that a request comes from; one that names none, as over a socket file, is one of all such."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return "nowhere"


def well_asked(request: Request, call: Call, *, query: frozenset[str], body: bool) -> None:
    """Let pass only parameters that the call knows, each once, and a body of the kind that it takes.

    Raises:
        Problem: 415 another kind of body, 422 an unknown parameter.
    """
    wanted = FILE if call.takes_file else JSON if body else ""
    if wanted and request.content_type != wanted:
        raise Problem(415, "api.media_type", params={"wanted": wanted})
    odd = sorted(name for name in request.GET if name not in query or len(request.GET.getlist(name)) > 1)
    if odd:
        fields = [{"in": "query", "name": name, "problem": "unknown_or_twice"} for name in odd]
        raise Problem(422, "api.bad_query", params={"known": ", ".join(sorted(query)) or "-"}, fields=fields)
