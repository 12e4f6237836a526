"""The register of calls: each says where it is, which scope and which facts it needs, and what it answers.

A call is a function from a request to an `Answer`. The decorator is the only way to add an address, so a call without
its decision about law 8 cannot exist; `tests/api` tries every one in every role. Who calls is settled before a call is
reached (`admission`); one that changes something happens once for each idempotency key (`services.replies`).
"""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from importlib import import_module
from typing import Any, TypeVar, get_type_hints

from django.http import HttpRequest, HttpResponse

from sekisho import api
from sekisho.api.problems import Problem
from sekisho.api.wire import Answer
from sekisho.core.scopes import SCOPES
from sekisho.core.visibility import Depth, FactKind
from sekisho.http.callers import Caller, opens
from sekisho.services import replies
from sekisho.services.replies import Once, Reply
from sekisho.services.tokens import Bearer

JSON = "application/json"
KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 200


class Request(HttpRequest):
    """A request that was admitted: somebody's token was presented."""

    caller: Caller
    bearer: Bearer
    token: str


View = TypeVar("View", bound=Callable[..., Answer])


@dataclass(frozen=True, slots=True)
class Call:
    """One call and its decision: `scope` of the token, and any of `needs` at least to `least`; no needs, everybody."""

    name: str
    method: str
    path: str
    scope: str
    needs: tuple[FactKind, ...]
    least: Depth
    status: int
    takes_file: bool
    answers: type[Answer]
    view: Callable[..., HttpResponse]

    @property
    def changes(self) -> bool:
        return self.method != "GET"

    def open_to(self, caller: Caller) -> bool:
        """Tell whether the caller may make the call at all; what he then sees the services decide."""
        return opens(caller, needs=self.needs, least=self.least)


CALLS: dict[str, Call] = {}


def call(
    where: str,
    *,
    scope: str,
    needs: tuple[FactKind, ...],
    least: Depth = Depth.DETAIL,
    status: int = 200,
    takes_file: bool = False,
) -> Callable[[View], View]:
    """Register a view as the call `where` ("GET plans"), under its own name; its return type is what it answers."""
    method, _, path = where.partition(" ")

    def register(view: View) -> View:
        name = view.__name__
        if name in CALLS or scope not in SCOPES:
            raise ValueError(f"{name}: a name twice, or no scope of ours")

        @wraps(view)
        def asked(request: Request, **words: object) -> HttpResponse:
            def do() -> Reply:
                return Reply(status, JSON, view(request, **words).model_dump_json().encode())

            reply = replies.once(asked=_once(request), now=request.caller.now, do=do) if method != "GET" else do()
            return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)

        answers: Any = get_type_hints(view)["return"]
        CALLS[name] = Call(name, method, path, scope, needs, least, status, takes_file, answers, asked)
        return view

    return register


def load() -> None:
    """Import every module of the floor, so that all calls are registered."""
    for module in pkgutil.iter_modules(api.__path__):
        import_module(f"{api.__name__}.{module.name}")


def _once(request: Request) -> Once:
    key = request.headers.get(KEY_HEADER, "")
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Problem(400, "api.no_key", params={"most": LONGEST_KEY})
    words = sha256(f"{request.method}\n{request.get_full_path()}\n{request.content_type}\n".encode())
    words.update(request.body)
    return Once(request.bearer.user, key, words.hexdigest(), request.token)
