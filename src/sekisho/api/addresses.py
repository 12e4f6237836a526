"""The addresses under /api/v1/: the register's calls, the OpenAPI document, what kinds of problem mean; no other."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from sekisho.api import admission, openapi, problems
from sekisho.api.calls import CALLS, Call, Request, load

load()
ninja = NinjaAPI(title="Sekisho", version="1", openapi_url=None, docs_url=None, urls_namespace="api")
for _kind in (Exception, ValidationError, HttpError, Http404):  # ninja has handlers of its own for the last three
    ninja.exception_handler(_kind)(problems.on_exception)


def _admission(call: Call) -> Callable[[Request], Any]:
    def admit(request: Request) -> Any:
        bearer = admission.admit(request, call)
        sources = openapi.sources(call)
        admission.well_asked(request, call, query=sources.get("query", frozenset()), body="body" in sources)
        return bearer

    return admit


for _call in CALLS.values():
    ninja.api_operation(
        [_call.method],
        f"/{_call.path}",
        auth=_admission(_call),
        response={_call.status: _call.answers},
        operation_id=_call.name,
        tags=[_call.scope.partition(":")[0]],
        by_alias=True,
    )(_call.view)


def document(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI document in the reader's language: to whoever has a token or is signed in."""
    if request.method != "GET":
        raise problems.Problem(405, "api.method", headers={"Allow": "GET"})
    if not request.user.is_authenticated:
        admission.known(request, admission.presented(request))
    return openapi.response(request, ninja)


def patterns() -> list[URLPattern]:
    """Return every address under /api/, each of which leaves errors as problem documents only."""
    calls = [
        path(f"v1/{one.pattern}", problems.guarded(one.callback), name=one.name)
        for one in ninja.urls[0]
        if isinstance(one, URLPattern) and one.name != "api-root"
    ]
    return [
        path("v1/openapi.json", problems.guarded(document), name="api-openapi"),
        path("v1/problems/<str:kind>", problems.guarded(problems.explained), name="api-problem"),
        *calls,
        re_path("", problems.nowhere),
    ]
