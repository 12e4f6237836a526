"""A call repeated with its key gets its answer again and does nothing; another call with that key is refused."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

import programs
import sides
from programs import Program, program, read
from sekisho.services import installation, replies
from sekisho.services.replies import Once, Reply
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def kanri(world: sides.World, at_the_day: Path) -> Program:
    return program("kanri", ("administrator", "both"))


def test_the_same_call_again_gets_the_same_answer_and_does_nothing(kanri: Program) -> None:
    first = kanri.post("users", {"name": "tanaka"}, key="one")
    again = kanri.post("users", {"name": "tanaka"}, key="one")
    assert (again.status_code, again.content) == (201, first.content)
    assert models.LedgerEntry.objects.filter(kind="user.added").count() == 1


def test_what_is_kept_can_be_read_by_nobody_but_the_caller(kanri: Program) -> None:
    password = read(kanri.post("users", {"name": "tanaka"}, key="one"), 201)["password"]
    kept = models.KeptReply.objects.get()
    assert password.encode() not in bytes(kept.body)
    other = Program(programs.token("kanri"))
    assert read(other.post("users", {"name": "tanaka"}, key="one"), 422)["code"] == "api.other_request"


def test_another_call_with_the_key_is_refused(kanri: Program) -> None:
    kanri.post("users", {"name": "tanaka"}, key="one")
    assert read(kanri.post("users", {"name": "suzuki"}, key="one"), 422)["code"] == "api.other_request"
    assert read(kanri.post("users/tanaka/renew", key="one"), 422)["code"] == "api.other_request"


def test_each_user_has_keys_of_his_own(kanri: Program) -> None:
    kanri.post("users", {"name": "tanaka"}, key="one")
    other = program("kanri2", ("administrator", "both"))
    assert other.post("users", {"name": "suzuki"}, key="one").status_code == 201


def test_a_call_that_was_refused_may_try_again(kanri: Program) -> None:
    assert kanri.post("users", {"name": ""}, key="one").status_code == 422
    assert kanri.post("users", {"name": "tanaka"}, key="one").status_code == 201


def test_after_a_day_the_key_is_free(kanri: Program) -> None:
    kanri.post("users", {"name": "tanaka"}, key="one")
    models.KeptReply.objects.update(kept_at=sides.NOW - replies.KEPT)
    assert read(kanri.post("users", {"name": "tanaka"}, key="one"), 409)["code"] == "administration.user_there"


@pytest.mark.parametrize("key", ["", "x" * 201, "an\tother", "ключ"])
def test_without_a_good_key_nothing_is_changed(kanri: Program, key: str) -> None:
    headers = kanri.headers() | {"Idempotency-Key": key}
    body = b'{"name": "tanaka"}'
    answer = kanri.client.generic("POST", "/api/v1/users", body, content_type="application/json", headers=headers)
    assert read(answer, 400)["code"] == "api.no_key"
    assert not models.User.objects.filter(username="tanaka").exists()


def test_change_and_answer_are_kept_together_or_not_at_all(kanri: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(replies, "_cipher", broken)
    kanri.client.raise_request_exception = False
    assert kanri.post("users", {"name": "tanaka"}, key="one").status_code == 500
    assert not models.User.objects.filter(username="tanaka").exists()
    assert not models.LedgerEntry.objects.filter(kind="user.added").exists()


@pytest.fixture
def emptied(django_db_serialized_rollback: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.mark.django_db(transaction=True)
def test_of_two_calls_at_once_one_is_done_and_the_other_is_told_to_wait(emptied: None) -> None:
    """Two connections: the second call comes while the first is at work; both know the same key."""
    asked = Once("kanri", "one", sha256(b"x").hexdigest(), "a token")
    now = installation.clock(home=settings.HOME)
    begun, told = threading.Event(), threading.Event()
    done: list[str] = []
    second: list[object] = []

    def work() -> Reply:
        models.User.objects.create_user("tanaka")
        begun.set()
        assert told.wait(20)
        done.append("first")
        return Reply(201, "application/json", b"{}")

    def come_second() -> None:
        assert begun.wait(20)
        try:
            replies.once(asked=asked, now=now, do=lambda: Reply(201, "application/json", b"done twice"))
        except replies.UnderWay as error:
            second.append(error.code)
        finally:
            told.set()
            connection.close()

    thread = threading.Thread(target=come_second)
    thread.start()
    first = replies.once(asked=asked, now=now, do=work)
    thread.join()
    assert (done, second) == (["first"], ["api.under_way"])
    again = replies.once(asked=asked, now=now + timedelta(minutes=1), do=lambda: Reply(500, "", b""))
    assert again == first
