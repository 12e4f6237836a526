"""Lists in pages: every item once, whatever is added meanwhile; cursors that cannot be made up; few questions asked."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import sides
from programs import Program, program, read
from sekisho.api.calls import CALLS
from sekisho.core.scopes import SCOPES
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def houmu(world: sides.World, at_the_day: Path) -> Program:
    return program("houmu", ("compliance", "both"))


def findings(count: int, start: int = 0) -> None:
    made = [
        models.Finding(
            kind="deviation_excess", key=f"k{start + one:04}", params={}, side="network", raised_at=sides.NOW
        )
        for one in range(count)
    ]
    models.Finding.objects.bulk_create(made)


def test_a_list_is_walked_once_and_whole(houmu: Program) -> None:
    findings(23)
    keys: list[str] = []
    cursor = ""
    for _ in range(20):
        page = read(houmu.get("findings", limit="10", **({"cursor": cursor} if cursor else {})))
        assert len(page["items"]) <= 10
        assert page["total"] == models.Finding.objects.filter(closed_at=None).count()
        keys += [one["key"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert cursor is None
    assert len(keys) == len(set(keys)) == models.Finding.objects.filter(closed_at=None).count()


def test_what_is_added_before_moves_nothing(houmu: Program) -> None:
    findings(6, start=100)
    first = read(houmu.get("findings", limit="4", kind="deviation_excess"))
    models.Finding.objects.create(
        kind="deviation_excess", key="earlier", params={}, side="network", raised_at=sides.NOW - timedelta(days=300)
    )
    second = read(houmu.get("findings", limit="4", kind="deviation_excess", cursor=first["next"]))
    seen = [one["key"] for one in (*first["items"], *second["items"])]
    assert len(seen) == len(set(seen))
    assert "earlier" not in seen


def test_a_cursor_serves_its_own_list_and_question_only(houmu: Program) -> None:
    findings(6)
    cursor = read(houmu.get("findings", limit="2"))["next"]
    assert houmu.get("findings", limit="5", cursor=cursor).status_code == 200
    assert read(houmu.get("findings", closed="true", cursor=cursor), 422)["code"] == "api.bad_cursor"
    assert read(houmu.get("grants", cursor=cursor), 422)["code"] == "api.bad_cursor"
    assert read(houmu.get("findings", cursor=cursor[:-1] + "0"), 422)["code"] == "api.bad_cursor"


def _more(name: str, start: int) -> None:
    for one in range(start, start + 20):
        match name:
            case "findings":
                findings(1, start=one)
            case "jobs":
                words = {"kind": "cutover", "requested_by": "x", "requested_at": sides.NOW, "due_at": sides.NOW}
                models.Job.objects.create(key=f"j{one}", side="network", state="done", **words)
            case "verifications":
                row = models.VerificationRun.objects.latest("pk")
                row.pk = None
                row.save(force_insert=True)
            case "orders/files":
                words = {"kind": "orders", "received_at": sides.NOW, "actor": "x", "rows_in": 0}
                models.OrderFile.objects.create(
                    sha256=f"{one:064}", name="f", accepted=0, rejected=0, ignored=0, defects=[], **words
                )
            case "users":
                models.User.objects.create(username=f"u{one}")
            case "tokens":
                row = models.ApiToken.objects.first()
                row.pk, row.sha256 = None, f"{one:064}"
                row.save(force_insert=True)


@pytest.mark.parametrize("name", ["findings", "jobs", "verifications", "orders/files", "users", "tokens"])
def test_a_list_asks_as_many_questions_whatever_its_length(houmu: Program, name: str) -> None:
    houmu.get(name)  # the last use of the token is kept, once a minute
    asked = []
    for start in (1000, 2000):
        _more(name, start)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert houmu.get(name, limit="200").status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]
    assert asked[0] < 40


def test_every_call_has_a_scope_that_is_one_and_its_way_fits_its_method() -> None:
    for call in CALLS.values():
        assert call.scope in SCOPES
        assert call.scope.endswith(":write") == call.changes, call.name
