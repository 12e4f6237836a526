"""SCIM 2.0 over HTTP: requests, pages, versions, and what the server's answers mean in our words.

Plain JSON on purpose, without the typed models of scim2-models: they refuse what real servers send
(`"active": "False"`, missing schemas), and it is those answers that have to be understood.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast
from urllib.parse import quote, urlsplit

import httpx2

from sekisho.connectors.protocol import NotFound, Rejected, Unreachable
from sekisho.connectors.settings import Settings, is_loopback

PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PAGE = 200
ANSWER_SECONDS = 30
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

Resource = dict[str, object]


class Changed(Exception):
    """The resource is no longer at the version the change was meant for (412); nothing happened."""


class Link:
    """The HTTP client of one SCIM service."""

    def __init__(self, settings: Settings) -> None:
        self.system = settings.system
        url = settings.text("base_url").rstrip("/")
        headers = {"Accept": "application/scim+json", "Content-Type": "application/scim+json"}
        if settings.has("token_env") or settings.has("token_file"):
            _refuse_bare_token(settings, url)
            headers["Authorization"] = f"Bearer {settings.secret('token')}"
        seconds = settings.number("timeout_seconds", ANSWER_SECONDS)
        try:
            self._http = httpx2.Client(base_url=f"{url}/", headers=headers, timeout=seconds)
        except httpx2.InvalidURL as error:
            raise settings.bad("base_url") from error

    def close(self) -> None:
        self._http.close()

    def versions(self) -> bool:
        """Tell whether the service says that it keeps resource versions (ETags)."""
        try:
            said = self._asked("GET", "ServiceProviderConfig")
        except NotFound:
            return False
        etag = said.get("etag")
        return isinstance(etag, Mapping) and etag.get("supported") is True

    def get(self, kind: str, identifier: str) -> Resource:
        """Return one resource. Raises: NotFound."""
        return self._asked("GET", f"{kind}/{quote(identifier, safe='')}")

    def patch(self, kind: str, identifier: str, operations: Sequence[Resource], *, version: str) -> None:
        """Change one resource, if it is still at `version` ("": whatever its version).

        Raises: Changed, NotFound, Rejected, Unreachable (unknown what happened).
        """
        headers = {"If-Match": version} if version else {}
        body = {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
        self._asked("PATCH", f"{kind}/{quote(identifier, safe='')}", body=body, headers=headers)

    def all(self, kind: str, *, wanted: str = "", without: str = "") -> tuple[list[Resource], bool]:
        """Return every resource of a kind, page by page, and whether that is all of them.

        Services repeat pages, skip some or miscount; only as many different resources as they announce
        are all.
        """
        found: dict[str, Resource] = {}
        facts = {name: value for name, value in (("filter", wanted), ("excludedAttributes", without)) if value}
        start = 1
        while True:
            page = self._asked("GET", kind, params={**facts, "startIndex": str(start), "count": str(PAGE)})
            resources = _resources(page)
            before = len(found)
            found.update({str(resource.get("id")): resource for resource in resources})
            announced = page.get("totalResults")
            total = announced if isinstance(announced, int) else -1
            if len(found) >= total or len(found) == before:
                return list(found.values()), len(found) == total
            start += len(resources)

    def _asked(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Resource:
        with self._translated():
            content = None if body is None else json.dumps(body).encode()
            answer = self._http.request(method, path, params=params, content=content, headers=headers)
        facts = {"system": self.system, "detail": f"{method} {path}: {answer.status_code} {_detail(answer)}".strip()}
        if answer.status_code == 412:
            raise Changed(facts["detail"])
        if answer.status_code in TRY_AGAIN:
            raise Unreachable("connectors.unreachable", facts)
        if answer.status_code == 404:
            raise NotFound("connectors.not_found", facts)
        if not answer.is_success:
            raise Rejected("connectors.rejected", facts)
        if answer.status_code == 204:
            return {}
        return self._decoded(answer)

    def _decoded(self, answer: httpx2.Response) -> Resource:
        try:
            content = answer.json()
        except ValueError as error:
            facts = {"system": self.system, "detail": f"{answer.url.path}: no JSON"}
            raise Unreachable("connectors.unreachable", facts) from error
        if not isinstance(content, dict):
            raise Unreachable(
                "connectors.unreachable", {"system": self.system, "detail": f"{answer.url.path}: no object"}
            )
        meta = content.get("meta")
        if "etag" in answer.headers and isinstance(meta, dict):
            meta.setdefault("version", answer.headers["etag"])
        return cast("Resource", content)  # JSON objects have text keys

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx2.RequestError as error:
            facts = {"system": self.system, "detail": str(error) or type(error).__name__}
            raise Unreachable("connectors.unreachable", facts) from error


def quoted(value: str) -> str:
    """Return a value as it stands in a filter: a JSON string (RFC 7644 §3.4.2.2)."""
    return json.dumps(value)


def truth(value: object, *, default: bool) -> bool:
    """Return a boolean that some services send as text."""
    if isinstance(value, str):
        return value.strip().lower() not in {"false", "0", ""}
    return default if value is None else bool(value)


def items(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a multi-valued attribute; absent and null are none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def version_of(resource: Resource) -> str:
    """Return the resource's version, "" where the service tells none."""
    meta = resource.get("meta")
    return str(meta.get("version") or "") if isinstance(meta, Mapping) else ""


def _resources(page: Resource) -> list[Resource]:
    found = page.get("Resources", page.get("resources"))
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _detail(answer: httpx2.Response) -> str:
    """Return the service's own words, never its whole page."""
    try:
        content = answer.json()
    except ValueError:
        return ""
    return str(content.get("detail") or "")[:300] if isinstance(content, dict) else ""


def _refuse_bare_token(settings: Settings, url: str) -> None:
    """Refuse to send the token unencrypted to another machine, unless the settings accept it."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not settings.flag("allow_plain") and not is_loopback(parts.hostname or ""):
        raise settings.bad("base_url", "connectors.unsafe_url")
