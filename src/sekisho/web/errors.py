"""Errors as pages: what happened, where, what to do. One handler, whatever the page."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render

from sekisho.core.errors import SekishoError
from sekisho.http.problems import status_of
from sekisho.web import forms
from sekisho.web.words import say


def page_of(request: HttpRequest, error: SekishoError) -> HttpResponse:
    """Return the page of an error of ours."""
    return _page(request, forms.sentence(error), status_of(error))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the page of a request that makes no sense."""
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
    sentence = f"<!doctype html><meta charset=utf-8><title>Sekisho</title><p>{say('page_errors.failed')}</p>"
    return HttpResponseServerError(sentence)


def _page(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    context: dict[str, Any] = {"sentence": sentence, "status": status}
    return render(request, "error.html", context, status=status)
