"""What goes wrong is a problem document with its code and both languages, whatever goes wrong."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

import programs
import sides
import sites
from programs import BASE, Program, program, read
from sekisho.api import admission
from sekisho.api.problems import KINDS
from sekisho.http.counted import Counted
from sekisho.services import ledger
from sekisho.store import models

pytestmark = pytest.mark.django_db
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


@pytest.fixture
def it(world: sides.World, at_the_day: Path) -> Program:
    cache.clear()
    return program("joshisu", ("it_operation", "both"))


@pytest.mark.parametrize(
    ("status", "code", "ask"),
    [
        (401, "api.no_token", lambda it: Program("").get("plans")),
        (401, "api.bad_token", lambda it: Program("sekisho_nobodys").get("plans")),
        (403, "visibility.refused", lambda it: it.get("users")),
        (404, "api.not_found", lambda it: it.get("nothing")),
        (404, "jobs.unknown", lambda it: it.get("jobs/4711")),
        (405, "api.method", lambda it: it.send("DELETE", "plans")),
        (409, "passkeys.none", lambda it: it.get("plans/{sha256}/challenge")),
        (415, "api.media_type", lambda it: it.send("POST", "plans", {"day": "2024-05-01"}, kind="text/plain")),
        (400, "api.unreadable", lambda it: it.send("POST", "plans", b"{", kind="application/json")),
        (422, "api.invalid", lambda it: it.post("plans", {"day": "tomorrow"})),
        (422, "api.invalid", lambda it: it.post("plans", {"day": "2024-05-01", "side": "network"})),
        (422, "api.invalid", lambda it: it.get("plans", limit="201")),
        (422, "api.bad_query", lambda it: it.get("plans", closed="false")),
        (422, "api.bad_cursor", lambda it: it.get("plans", cursor="made-up")),
    ],
)
def test_each_way_of_going_wrong(it: Program, world: sides.World, status: int, code: str, ask: object) -> None:
    it.get = _filled(it, world)  # type: ignore[method-assign]
    document = read(ask(it), status)  # type: ignore[operator]
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"] == f"{settings.URL}/api/v1/problems/{KINDS[status]}"
    assert JAPANESE.search(document["message"]["ja"])
    assert not JAPANESE.search(document["message"]["en"])


def _filled(it: Program, world: sides.World) -> object:
    import json

    ask, sha256 = Program.get, json.loads(world.plan)["sha256"]
    return lambda path, **query: ask(it, path.replace("{sha256}", sha256), **query)


def test_a_parameter_given_twice_is_refused_and_named(it: Program) -> None:
    answer = it.client.get(f"{BASE}plans?limit=1&limit=2", headers=it.headers())
    assert read(answer, 422)["fields"] == [{"in": "query", "name": "limit", "problem": "unknown_or_twice"}]


def test_a_refusal_repeats_nothing_of_what_was_sent(it: Program) -> None:
    assert "xyzzy" not in it.post("plans", {"day": "xyzzy"}).content.decode()


def test_the_detail_is_in_the_readers_language(it: Program) -> None:
    for language, word in (("ja", "トークン"), ("en", "token")):
        answer = it.client.get(f"{BASE}plans", headers={"Accept-Language": language})
        assert word in read(answer, 401)["detail"]


def test_every_type_of_problem_leads_to_what_it_means() -> None:
    client = Client(HTTP_HOST="localhost")
    for status, word in KINDS.items():
        said = read(client.get(f"{BASE}problems/{word}"))
        assert said["status"] == status
        assert JAPANESE.search(said["meaning"]["ja"])
    assert read(client.get(f"{BASE}problems/none"), 404)["code"] == "api.not_found"


def test_a_file_too_large_is_refused(it: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATA_UPLOAD_MAX_MEMORY_SIZE", 10)
    hr = program("jinji", ("hr", "both"))
    assert read(hr.send("POST", "orders/files?name=f.csv", b"x" * 11), 413)["code"] == "api.too_large"


def test_a_defect_of_ours_tells_nothing_of_itself(it: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr("sekisho.api.plans.plan_review.plan_lines", broken)
    it.client.raise_request_exception = False
    answer = it.get("plans")
    assert read(answer, 500)["code"] == "api.failed"
    assert "secret words" not in answer.content.decode()


def test_the_cookie_of_a_signed_in_browser_opens_nothing(world: sides.World, at_the_day: Path) -> None:
    client = sites.client("houmu", ("compliance", "both"))
    assert client.get("/plans").status_code == 200
    assert read(client.get(f"{BASE}plans"), 401)["code"] == "api.no_token"
    assert client.get(f"{BASE}openapi.json").status_code == 200, "the description is open to whoever is signed in"
    assert Client(HTTP_HOST="localhost").get(f"{BASE}openapi.json").status_code == 401


def test_wrong_tokens_are_counted_and_leave_one_entry_while_right_ones_pass(it: Program) -> None:
    wrong = Program("sekisho_wrong")
    for _ in range(admission.MOST_FAILURES):
        assert wrong.get("plans").status_code == 401
    answer = wrong.get("plans")
    assert read(answer, 429)["code"] == "api.too_many"
    assert answer["Retry-After"] == str(admission.PER_SECONDS)
    assert it.get("plans").status_code == 200
    assert programs.read(it.get("account"))["user"] == "joshisu"
    told = [one for one in ledger.last(count=50, sides=[""]) if one.kind == "token.refused"]
    assert len(told) == 1, "at most one entry a minute for each address"
    assert (told[0].actor, dict(told[0].facts)) == ("unknown", {})


def test_an_ended_token_that_comes_again_is_written_down_with_its_user(it: Program) -> None:
    token = models.ApiToken.objects.latest("pk")
    models.ApiToken.objects.update(revoked_at=sides.NOW)
    assert it.get("plans").status_code == 401
    (told,) = [one for one in ledger.last(count=50, sides=[""]) if one.kind == "token.refused"]
    assert (told.actor, dict(told.facts)) == ("joshisu", {"token": token.pk, "user": "joshisu"})


def test_one_token_calls_so_often_in_a_minute_and_others_are_not_kept_waiting(
    it: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "_calls", Counted(most=2, seconds=60))
    monkeypatch.setattr(admission, "monotonic", lambda: 90.5)
    assert [it.get("plans").status_code for _ in range(2)] == [200, 200]
    answer = it.get("plans")
    assert read(answer, 429)["code"] == "api.too_fast"
    assert answer["Retry-After"] == "30"
    assert Program(programs.token("joshisu")).get("plans").status_code == 200
    monkeypatch.setattr(admission, "monotonic", lambda: 120.0)
    assert it.get("plans").status_code == 200
