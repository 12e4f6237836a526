"""The OpenAPI 3.1 document: ninja's, with the house's sentences, its problems, its token and its keys.

What a call does and what a field means stands in `texts` in both languages (`api_calls`, `api_fields`); a test finds a
call or a field without its text.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from sekisho.api import problems
from sekisho.api.calls import CALLS, KEY_HEADER, LONGEST_KEY, Call
from sekisho.http.callers import language_of
from sekisho.texts import text

BASE = "/api/v1"
TOKEN = "token"  # noqa: S105 - the name of the security scheme
ALWAYS = (401, 403, 422, 429, 500)
Node = dict[str, Any]


def sources(call: Call) -> Mapping[str, frozenset[str]]:
    """Return where a call's parameters come from (path, query, body), each with their names on the wire."""
    operation: Any = call.view._ninja_operation  # type: ignore[attr-defined]  # noqa: SLF001 - ninja keeps it there
    found = {}
    for model in operation.models:
        names = getattr(model, "__ninja_flatten_map__", {})
        found[model.__ninja_param_source__] = frozenset(names)
    return found


def response(request: HttpRequest, ninja: NinjaAPI) -> HttpResponse:
    """Return the document as an answer, in the reader's language."""
    content = json.dumps(document(ninja, language_of(request)), ensure_ascii=False)
    return HttpResponse(content, content_type="application/json", headers={"Vary": "Accept-Language"})


@cache
def document(ninja: NinjaAPI, language: str) -> Node:
    """Return the whole document in one language."""
    made: Node = json.loads(json.dumps(ninja.get_openapi_schema(path_prefix=f"{BASE}/"), default=str))
    made["info"]["description"] = text("api.about", None, language)
    made["servers"] = [{"url": settings.URL}]
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            _complete(operation, CALLS[operation["operationId"]], path, language)
            methods[method] = operation
    components = made["components"]
    components["securitySchemes"] = {
        TOKEN: {"type": "http", "scheme": "bearer", "description": text("api.about_token", None, language)}
    }
    components["responses"] = {
        _name(status): {
            "description": text(f"api.meaning_{word.replace('-', '_')}", None, language),
            "content": {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, word in problems.KINDS.items()
    }
    components["schemas"]["Problem"] = _problem()
    for schema in components["schemas"].values():
        _describe(schema, language)
    made["tags"] = [
        {"name": word, "description": text(f"api.word_{word}", None, language)}
        for word in sorted({call.scope.partition(":")[0] for call in CALLS.values()})
    ]
    return made


def statuses(call: Call, path: str) -> list[int]:
    """Return with which statuses a call may be refused or fail."""
    more = {404} if "{" in path or call.changes else set()
    if call.changes:
        more |= {400, 409}
    if call.takes_file or "body" in sources(call):
        more |= {400, 413, 415}
    return sorted({*ALWAYS, *more})


def _complete(operation: Node, call: Call, path: str, language: str) -> None:
    operation["summary"] = text(f"api_calls.{call.name}", None, language)
    operation["description"] = _decision(call, language)
    operation["security"] = [{TOKEN: [call.scope]}]
    for status in statuses(call, path):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
    operation["responses"][str(call.status)]["description"] = text("api.answered", None, language)
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _without_null(parameter["schema"])
        parameter["description"] = text(f"api_fields.{parameter['name']}", None, language)
        parameter.pop("examples", None)  # they stand in the schema, where 3.1 has a list of them
        _plain(parameter["schema"])
    if call.takes_file:
        file = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
        operation["requestBody"] = {"content": {"application/octet-stream": file}, "required": True}
    if call.changes:
        operation.setdefault("parameters", []).append(_key(language))


def _decision(call: Call, language: str) -> str:
    """Return in words what the call needs: its scope, and who sees enough."""
    facts = {
        "scope": call.scope,
        "kinds": ", ".join(kind.value for kind in call.needs),
        "least": call.least.name.lower(),
    }
    return text("api.needs" if call.needs else "api.needs_none", facts, language)


def _key(language: str) -> Node:
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"}
    schema["examples"] = ["4f6c1c5e-0f35-4f8e-9f0e-6b3a6d0f8b1a"]
    about = text("api.about_key", None, language)
    return {"in": "header", "name": KEY_HEADER, "required": True, "schema": schema, "description": about}


def _problem() -> Node:
    words = {"type": "object", "properties": {"ja": {"type": "string"}, "en": {"type": "string"}}}
    words["required"] = ["ja", "en"]
    text_ = {"type": "string"}
    field = {"type": "object", "properties": {"in": text_, "name": text_, "problem": text_}}
    return {
        "title": "Problem",
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "message"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": dict(text_),
            "status": {"type": "integer"},
            "detail": dict(text_),
            "code": dict(text_),
            "message": words,
            "fields": {"type": "array", "items": field},
        },
    }


def _describe(node: Node, language: str) -> None:
    """Say of every property what it means; titles that only repeat a name go."""
    _plain(node)
    for name, schema in node.get("properties", {}).items():
        if isinstance(schema, dict):
            _describe(schema, language)
            schema["description"] = text(f"api_fields.{name}", None, language)
    for inner in (node.get("items"), *node.get("anyOf", [])):
        if isinstance(inner, dict):
            _describe(inner, language)


def _plain(schema: Node) -> None:
    schema.pop("title", None)
    schema.pop("description", None)  # docstrings are for those who read the code


def _without_null(schema: Node) -> Node:
    """Return a parameter's schema without null: one that is not given is left out."""
    kept = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    return {**kept[0], **{k: v for k, v in schema.items() if k != "anyOf"}} if len(kept) == 1 else schema


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in problems.KINDS[status].split("-"))
