"""What stands around every page: the content security policy, the gate, and what the frame needs to know."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from sekisho.core.errors import SekishoError
from sekisho.http.callers import Caller, caller, language_of
from sekisho.services import installation, lasting, sign_in, tour, waiting
from sekisho.services.remembering import while_reading
from sekisho.services.waiting import Wait
from sekisho.web import errors, rooms, sign_in_events

Next = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; script-src 'self'; style-src 'self'"
)
_OPEN = ("/accounts/", "/static/")
_PROGRAMS = "/api/"
"""Where programs come in with tokens of their own (`sekisho.api.admission`): no session counts there."""
_BEFORE_SECOND_STEP = ("/accounts/", "/static/")
_ALWAYS = frozenset({"/language", "/account"})
"""Beside those, what a password alone opens to somebody without a passkey or a code generator."""
_READING = {"GET", "HEAD"}


class ContentSecurityPolicy:
    """No inline script, no inline style, nothing from elsewhere."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")  # what one user saw is not the next one's
        return response


class Gate:
    """Nobody passes unknown. Sets the language, the company's zone, and `request.caller`; shows errors as pages."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        by_program = request.path.startswith(_PROGRAMS)
        if request.method == "GET" and not by_program and _is_other_name_of_here(request):
            return HttpResponseRedirect(settings.URL + request.get_full_path())
        translation.activate(language_of(request))
        now = installation.clock(home=settings.HOME)
        timezone.activate(installation.zone(known_at=now))
        if by_program:
            return self._answered(request)
        if request.user.is_authenticated:
            request.caller = caller(request)  # type: ignore[attr-defined]  # declared on pages.Request
            if _lacks_second_step(request):
                return _to_second_step(request)
        elif not request.path.startswith(_OPEN) and request.path != "/language":
            return _to_sign_in(request)
        return self._answered(request)

    def _answered(self, request: HttpRequest) -> HttpResponse:
        try:
            with while_reading() if request.method in _READING else lasting.kept():
                return self.get_response(request)
        finally:
            translation.deactivate()
            timezone.deactivate()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer an error of ours with its page; anything else is Django's to report."""
        return errors.page_of(request, error) if isinstance(error, SekishoError) else None


def site(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of every page shows: the rooms open to the reader, the rehearsal's clock."""
    who: Caller | None = getattr(request, "caller", None)
    found: dict[str, Any] = {"language": language_of(request), "path": request.get_full_path(), "caller": who}
    if who is not None:
        found |= {
            "rooms": SimpleLazyObject(lambda: rooms.open_to(who, _waits(request))),
            "rehearsal": installation.is_rehearsal(home=who.home),
        }
        found["tour"] = tour.is_there(home=who.home)
        found |= {"here_room": rooms.room_of(request.path), "print_href": _to_print(request)}
    return found


def _waits(request: HttpRequest) -> tuple[Wait, ...]:
    """Return what waits for the reader; asked once a request, by the frame or by the first page before it."""
    who: Caller = request.caller  # type: ignore[attr-defined]  # declared on pages.Request
    found: tuple[Wait, ...] | None = getattr(request, "waits", None)
    return waiting.waiting(actor=who.actor, now=who.now) if found is None else found


def _to_print(request: HttpRequest) -> str:
    query = request.GET.copy()
    query["print"] = "1"
    return f"?{query.urlencode()}"


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    where = f"/accounts/login/?{urlencode({'next': request.get_full_path()})}"
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": where})
    return HttpResponseRedirect(where)


def _is_other_name_of_here(request: HttpRequest) -> bool:
    """Tell whether somebody came by this machine's number: passkeys hang on the name `localhost`."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    return host in {"127.0.0.1", "[::1]"} and settings.URL.startswith("http://localhost")


def _lacks_second_step(request: HttpRequest) -> bool:
    """Tell whether a password alone has let somebody in where it is not enough: everywhere but in a rehearsal.

    What counts is what this session took, not what its user has: who knew the password before there was a passkey
    gains nothing from it.
    """
    if request.path.startswith(_BEFORE_SECOND_STEP) or request.path in _ALWAYS:
        return False
    took = {step.get("method") for step in request.session.get(_STEPS, [])}
    if took & {"mfa", "socialaccount"} or request.session.get(sign_in_events.SET_UP_HERE):
        return False
    return not installation.is_rehearsal(home=settings.HOME)


def _to_second_step(request: HttpRequest) -> HttpResponse:
    """Lead to the account page where there is no second step yet; where there is one, have it taken."""
    if not sign_in.ways(name=request.user.get_username()).second_steps:
        return HttpResponseRedirect("/account")
    logout(request)
    return _to_sign_in(request)


_STEPS = "account_authentication_methods"
"""Where allauth keeps by which methods the session was opened."""
