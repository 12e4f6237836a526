"""The real scim2-server keeps the contract; services that lie are seen through."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest

import servers
from connectors.contract import NOW, Contract, account, change, connector, held, states
from sekisho.connectors.protocol import BadSettings, ChangeState, Precondition, Rejected, Unreachable
from sekisho.connectors.registry import open_connector
from sekisho.core.access import System
from sekisho.core.kinds import Action

__all__ = ["connector"]

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def system(settings: dict[str, object]) -> System:
    return System("portal", "ポータル", None, protected=True, connector="scim", settings=settings)


@dataclass
class Target:
    """A service that is emptied for each test."""

    home: Path
    url: str
    key: str = "userName"
    entitlements: str = "groups"

    def __post_init__(self):
        self.http = httpx2.Client(base_url=f"{self.url}/", headers={"Content-Type": "application/scim+json"})
        for kind in ("Users", "Groups"):
            while found := self.http.get(kind, params={"count": 100}).json().get("Resources"):
                for resource in found:
                    self.http.delete(f"{kind}/{resource['id']}")

    def put(self, accounts):
        members: dict[str, list[str]] = {}
        for number, state in enumerate(accounts):
            identifier = self.user(state, number)
            for entitlement in state.entitlements:
                members.setdefault(entitlement, []).append(identifier)
        if self.entitlements == "groups":
            for entitlement, identifiers in members.items():
                self.group(entitlement, identifiers)

    def user(self, state, number: int) -> str:
        name = state.account if self.key == "userName" else f"user{number}"
        content = {"schemas": [USER], "userName": name, "externalId": state.account, "active": state.active}
        if self.entitlements != "groups":
            content["entitlements"] = [{"value": value} for value in sorted(state.entitlements)]
        answer = self.http.post("Users", json=content)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def group(self, name: str, identifiers: list[str]) -> None:
        members = [{"value": identifier} for identifier in identifiers]
        content = {"schemas": [GROUP], "displayName": name, "members": members}
        answer = self.http.post("Groups", json=content)
        assert answer.status_code == 201, answer.text

    def offer(self, entitlements):
        if self.entitlements == "groups":
            for entitlement in entitlements:
                self.group(entitlement, [])

    def settings(self, **more: object) -> dict[str, object]:
        own = {"base_url": self.url, "account_key": self.key, "entitlements": self.entitlements, "timeout_seconds": 5}
        return own | more

    def open(self, **more: object):
        return open_connector(system(self.settings(**more)), home=self.home)

    def open_nowhere(self):
        return self.open(base_url=f"http://127.0.0.1:{servers.free_port()}/v2")

    def open_without(self, key):
        return self.open(**{key: ""})


@pytest.fixture(scope="module")
def service():
    with servers.scim() as url:
        yield url


@pytest.fixture
def target(tmp_path, service):
    return Target(tmp_path, service)


class TestScimGroups(Contract):
    required_setting = "base_url"


class TestScimEntitlements(Contract):
    many = 100

    @pytest.fixture
    def target(self, tmp_path, service):
        return Target(tmp_path, service, "externalId", "entitlements")


def test_versions_make_the_precondition(target):
    by_groups, by_attribute = target.open(), target.open(entitlements="entitlements")
    assert by_groups.capabilities.precondition is Precondition.VALUE
    assert by_attribute.capabilities.precondition is Precondition.VERSION
    by_groups.close()
    by_attribute.close()


def test_a_group_the_service_does_not_have_is_refused_alone(target, connector):
    target.put([account("a", "g")])
    results = connector.apply([change(Action.GRANT, "a", "none"), change(Action.REVOKE, "a", "g")], now=NOW)
    assert [result.state for result in results] == [ChangeState.REJECTED, ChangeState.APPLIED]
    assert results[0].code == "connectors.no_entitlement"


def test_a_token_does_not_travel_unencrypted_to_another_machine(target, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret")
    with pytest.raises(BadSettings) as caught:
        target.open(base_url="http://192.0.2.1/v2", token_env="TOKEN")
    assert caught.value.code == "connectors.unsafe_url"


# Services that lie: a small server whose answers a test makes up.

Answer = tuple[int, object]


@dataclass
class Liar:
    """One user `a` in one group `g` with `b`; `patched` is what PATCH does to the state, and answers."""

    patched: Callable[[dict[str, object], str, dict[str, object]], Answer]
    state: dict[str, object]
    page: Callable[[list[object], int], dict[str, object]] | None = None

    def answer(self, method: str, path: str, body: dict[str, object], start: int) -> Answer:
        if path == "/ServiceProviderConfig":
            return 200, {"etag": {"supported": False}}
        if method == "PATCH":
            return self.patched(self.state, path, body)
        if path in self.state:
            return 200, self.state[path]
        found = [resource for name, resource in self.state.items() if name.startswith(f"{path}/")]
        if self.page:
            return 200, self.page(found, start)
        return 200, {"totalResults": len(found), "Resources": found[start - 1 :]}


def liar_state() -> dict[str, object]:
    members = [{"value": "1"}, {"value": "2"}]
    return {
        "/Users/1": {"id": "1", "userName": "a", "active": "True"},
        "/Users/2": {"id": "2", "userName": "b", "active": "False"},
        "/Groups/9": {"id": "9", "displayName": "g", "members": members},
    }


@pytest.fixture
def lying(tmp_path):
    """Return a function that serves a liar and opens a connector to it."""
    running: list[HTTPServer] = []

    def serve(liar: Liar):
        class Handler(BaseHTTPRequestHandler):
            def handled(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else {}
                path, _, query = self.path.partition("?")
                start = next((int(part[11:]) for part in query.split("&") if part.startswith("startIndex=")), 1)
                status, content = liar.answer(self.command, path, body, start)
                written = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

            do_GET = do_PATCH = handled  # noqa: N815  names of http.server

            def log_message(self, *words):
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        return open_connector(system({"base_url": url}), home=tmp_path)

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


def test_booleans_sent_as_text_are_understood(lying):
    opened = lying(Liar(lambda state, path, body: (204, b""), liar_state()))
    assert held(opened) == {"a": (True, frozenset({"g"})), "b": (False, frozenset({"g"}))}
    opened.close()


def test_a_change_that_was_accepted_and_ignored_is_not_applied(lying):
    opened = lying(Liar(lambda state, path, body: (204, b""), liar_state()))
    results = opened.apply([change(Action.REVOKE, "a", "g"), change(Action.DISABLE, "a")], now=NOW)
    assert [(result.state, result.code) for result in results] == [(ChangeState.REJECTED, "connectors.no_effect")] * 2
    opened.close()


def test_a_service_that_empties_the_group_is_found_out(lying):
    def empty(state, path, body):
        state[path]["members"] = []
        return 204, b""

    opened = lying(Liar(empty, liar_state()))
    result = opened.apply([change(Action.REVOKE, "a", "g")], now=NOW)[0]
    assert (result.state, result.code) == (ChangeState.UNKNOWN, "connectors.collateral")
    opened.close()


def test_disabling_sends_a_real_boolean(lying):
    sent = []

    def remember(state, path, body):
        sent.extend(body["Operations"])
        state[path]["active"] = False
        return 200, {}

    opened = lying(Liar(remember, liar_state()))
    assert states(opened, change(Action.DISABLE, "a")) == [ChangeState.APPLIED]
    assert sent == [{"op": "replace", "path": "active", "value": False}]
    opened.close()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_in_trouble_is_unreachable_not_refusing(lying, status):
    opened = lying(Liar(lambda state, path, body: (status, {}), liar_state()))
    with pytest.raises(Unreachable):
        opened.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    opened.close()


def test_a_refusal_is_told_with_the_services_own_words(lying):
    opened = lying(Liar(lambda state, path, body: (403, {"detail": "not yours"}), liar_state()))
    result = opened.apply([change(Action.REVOKE, "a", "g")], now=NOW)[0]
    assert result.state is ChangeState.REJECTED
    assert "not yours" in result.detail
    opened.close()


def test_an_answer_that_is_no_json_is_no_answer(lying):
    liar = Liar(lambda state, path, body: (204, b""), liar_state())
    opened = lying(liar)
    liar.state["/Users"] = b"<html>"
    with pytest.raises(Unreachable):
        opened.read(now=NOW)
    opened.close()


def test_a_service_that_repeats_its_first_page_is_incomplete(lying):
    def repeated(found, start):
        return {"totalResults": 5, "Resources": found}

    opened = lying(Liar(lambda state, path, body: (204, b""), liar_state(), repeated))
    assert not opened.read(now=NOW).complete
    with pytest.raises(Rejected):
        opened.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    opened.close()
