"""No page asks the database more often for many rows than for few, whoever looks.

Two small homes like the bench's full one, the second four times the first in people, orders, operations, deviations,
entries and jobs. Systems are as many in both: a person's page asks each of his own. Times are never asserted;
`sekisho bench pages` measures them.
"""

import logging
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sekisho.cli.benches._addresses import Asking, NoAddress, addresses, complain
from sekisho.cli.benches._full_home import build
from sekisho.cli.benches._full_size import USERS, FullHome
from sekisho.web import pages

pytestmark = pytest.mark.long(0)

SMALL = {"people": 120, "movers": 30, "crossing": 8, "notices": 20, "bad_lines": 30, "entries": 1_000, "jobs": 5}
LARGE = {name: number * (1 if name == "crossing" else 4) for name, number in SMALL.items()}

Counts = dict[tuple[str, str], int]


def counts(home: Path, size: dict[str, int]) -> Counts:
    """Build a home, ask for every page in every role that may open it, and take all of it back.

    Sorted, searched and on its second leaf a page is asked for by one who sees everything.
    """
    found: Counts = {}
    with transaction.atomic():
        sha256 = build(FullHome(home, years=1, systems=6, **size))
        known = list(addresses(sha256))
        complain({one.page for one in known})
        asked = [one for one in known if not one.whole]
        for user in USERS:
            client = Client(HTTP_HOST="localhost")
            client.force_login(get_user_model().objects.get(username=user))
            client.get("/account")
            mine = asked if user == "cross-side" else [one for one in asked if not one.variant]
            found |= {(one.name, user): number for one in mine if (number := _queries(client, one)) is not None}
        transaction.set_rollback(True)
    return found


def _queries(client: Client, one: Asking) -> int | None:
    with CaptureQueriesContext(connection) as queries:
        status = client.get(one.path).status_code
    return len(queries) if status == 200 else None


@pytest.mark.django_db
def test_four_times_the_rows_take_no_query_more(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)
    found = []
    for size in (SMALL, LARGE):
        settings.HOME = tmp_path / str(size["people"])
        settings.HOME.mkdir()
        found.append(counts(settings.HOME, size))
    small, large = found
    assert small.keys() == large.keys()
    assert {name: (number, large[name]) for name, number in small.items() if large[name] > number} == {}


def test_a_page_without_an_address_fails_the_bench() -> None:
    pages.load()
    with pytest.raises(NoAddress, match="board"):
        complain(set(pages.PAGES) - {"board"})
