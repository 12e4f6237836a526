"""What goes wrong, as RFC 9457 problem documents: one way, whatever the call.

`type` is an address of this site that says what the kind of problem means (`explained`), `code` names the very
refusal and never changes, `message` says it in both languages. A refusal repeats nothing of what was asked.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from ninja.errors import HttpError, ValidationError

from sekisho.core.errors import SekishoError
from sekisho.http.callers import language_of
from sekisho.http.problems import status_of
from sekisho.texts import both, text

CONTENT_TYPE = "application/problem+json"
HERE = "/api/v1/problems/"
KINDS: Mapping[int, str] = {
    400: "unreadable",
    401: "unauthorized",
    403: "refused",
    404: "not-found",
    405: "method",
    409: "conflict",
    413: "too-large",
    415: "media-type",
    422: "invalid",
    429: "too-many",
    500: "failed",
    502: "system",
}
"""Status → the last word of a problem's type."""
log = logging.getLogger("sekisho.api")


class Problem(SekishoError):
    """A problem of the call itself, with its status; `fields` are the parameters or fields at fault."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        params: Mapping[str, object] | None = None,
        fields: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, params)
        self.status, self.fields, self.headers = status, fields, dict(headers or {})


def answer(request: HttpRequest, error: Problem) -> HttpResponse:
    """Return the document of a problem."""
    message = both(error.code, {name: str(value) for name, value in error.params.items()})
    language = language_of(request)
    document: dict[str, Any] = {
        "type": settings.URL + HERE + KINDS[error.status],
        "title": text(f"api.kind_{KINDS[error.status].replace('-', '_')}", None, language),
        "status": error.status,
        "detail": message[language],
        "code": error.code,
        "message": message,
    }
    if error.fields:
        document["fields"] = list(error.fields)
    body = json.dumps(document, ensure_ascii=False)
    return HttpResponse(body, status=error.status, content_type=CONTENT_TYPE, headers=error.headers)


def problem_of(error: Exception) -> Problem:
    """Return what an exception is in HTTP; one that is none of ours is a defect, and tells nothing of itself."""
    match error:
        case Problem():
            return error
        case SekishoError():
            return Problem(status_of(error), error.code, params=error.params)
        case ValidationError():
            fields = [_field(one) for one in error.errors]
            names = ", ".join(sorted({one["name"] for one in fields}))
            return Problem(422, "api.invalid", params={"fields": names}, fields=fields)
        case RequestDataTooBig():
            return Problem(413, "api.too_large")
        case HttpError() | SuspiciousOperation():
            return Problem(400, "api.unreadable")
        case Http404():
            return Problem(404, "api.not_found")
        case _:
            return Problem(500, "api.failed")


def on_exception(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer whatever was raised; a defect is reported as Django reports one."""
    problem = problem_of(error)
    if problem.code == "api.failed":
        got_request_exception.send(sender=None, request=request)
        log.error("call.failed", exc_info=error)
    return answer(request, problem)


def guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return the view so that nothing leaves it as an error but a problem document; it takes no cookies (no CSRF)."""

    @wraps(view)
    def asked(request: HttpRequest, **words: object) -> HttpResponseBase:
        try:
            response = view(request, **words)
        except Exception as error:  # noqa: BLE001 - the one handler of the API: a defect too leaves as a problem
            return on_exception(request, error)
        if response.status_code == 405:
            return answer(request, Problem(405, "api.method", headers={"Allow": response["Allow"]}))
        return response

    asked.csrf_exempt = True  # type: ignore[attr-defined]  # Django reads it there
    return asked


def nowhere(request: HttpRequest, **_: object) -> HttpResponse:
    """Answer an address under /api/ that is none."""
    return answer(request, Problem(404, "api.not_found"))


def explained(request: HttpRequest, kind: str) -> HttpResponse:
    """Say, to anybody, what a kind of problem means and what to do: where its `type` leads."""
    known = {word: status for status, word in KINDS.items()}
    if kind not in known:
        return nowhere(request)
    word = kind.replace("-", "_")
    document = {"status": known[kind], "title": both(f"api.kind_{word}"), "meaning": both(f"api.meaning_{word}")}
    return HttpResponse(json.dumps(document, ensure_ascii=False), content_type="application/json")


def _field(error: Mapping[str, Any]) -> dict[str, str]:
    """Return where an error of pydantic's stands, without what was sent."""
    place, *path = [str(one) for one in error["loc"]]
    named = path[1:] if place == "body" else path  # a body stands below the name of its argument
    return {"in": place, "name": ".".join(named) or place, "problem": str(error["type"])}
