"""Errors as pages: what happened, where, what to do. One handler, whatever the page."""

from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseServerError
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from sekisho.core.errors import SekishoError
from sekisho.http.problems import status_of
from sekisho.web import forms
from sekisho.web.words import language, say

HEADED = {400, 403, 404, 409, 422, 502}
"""Statuses with a heading of their own."""


def page_of(request: HttpRequest, error: SekishoError) -> HttpResponse:
    """Return the page of an error of ours."""
    return _page(request, forms.sentence(error), status_of(error))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page of a request that makes no sense; of one to a name that is not ours, a bare sentence."""
    if isinstance(exception, DisallowedHost):  # the frame names the host, which nobody believes
        return HttpResponseBadRequest(say("page_errors.bad_request"), content_type="text/plain; charset=utf-8")
    return _page(request, say("page_errors.bad_request"), 400)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the page of a refusal."""
    return _page(request, say("page_errors.refused"), 403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the page of a form that did not come from this site, or whose sign-in ended meanwhile."""
    return _page(request, say("page_errors.forged"), 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the page of an address that is none."""
    return _page(request, say("page_errors.not_found"), 404)


def failed(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the page of a defect of ours; it reads nothing, for reading may be what failed."""
    heading, sentence, home = (say(f"page_errors.{name}") for name in ("title_500", "failed", "home"))
    page = (
        f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8"><title>{heading}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/static/vendor/digital-agency-tokens.css">'
        '<link rel="stylesheet" href="/static/css/base.css">'
        '<link rel="stylesheet" href="/static/css/layout.css"></head>'
        f'<body><main><h1>{heading}</h1><p>{sentence}</p><p><a href="/">{home}</a></p></main></body></html>'
    )
    return HttpResponseServerError(page)


def _page(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    caller = getattr(request, "caller", None)
    context: dict[str, Any] = {
        "sentence": sentence,
        "heading": say(f"page_errors.title_{status}" if status in HEADED else "page_errors.title"),
        "at": caller.now if caller else timezone.now(),
        "back": _back(request),
    }
    return render(request, "error.html", context, status=status)


def _back(request: HttpRequest) -> str:
    """Return the page of this site from which somebody came, if it is another one."""
    came = request.headers.get("Referer", "")
    here = url_has_allowed_host_and_scheme(came, allowed_hosts={request.get_host()})
    return came if here and came != request.build_absolute_uri() else ""
