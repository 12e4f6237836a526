"""Every page of the site on a full home, in every role that may open it, through the whole WSGI stack in this process.

Asked by Django's test client: middleware, sessions, gate, services, templates; no network and no compression.
A figure is the p95 of the slowest role. Sheets and prints of whole lists stand apart: they may take longer.
A page that the table of addresses lacks fails the bench, and so does an answer other than the page.
"""

import logging
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from sekisho.cli.benches._addresses import Asking, NoAddress, addresses, complain
from sekisho.cli.benches._full_home import build
from sekisho.cli.benches._full_size import USERS, FullHome
from sekisho.cli.measure import Bench, Measure

if TYPE_CHECKING:
    from django.test import Client

ASKED, WHOLE_ASKED = 20, 2
LIMIT_MS = 300.0
BUDGET = "any page at 20,000 people, 200,000 orders: p95 < 300 ms"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one role saw: milliseconds of each request, the queries and bytes of one."""

    user: str
    took: tuple[float, ...]
    queries: int
    size: int

    @property
    def p95(self) -> float:
        return quantiles(self.took, n=20, method="inclusive")[-1] if len(self.took) > 2 else max(self.took)


def pages(home: Path) -> list[Bench]:
    """Build the home and ask for every page."""
    started = time.monotonic()
    sha256 = build(FullHome(home))
    return [*_built(time.monotonic() - started), *measured(list(addresses(sha256)))]


def _built(took: float) -> list[Bench]:
    from sekisho.services import ledger

    entries = ledger.count(sides=ledger.sides())
    size = f"20,000 people, 200,000 orders, {entries:,} entries"
    return [Bench("pages.home_built", took, "s", None, "no limit: what the pages are measured on", "", size)]


def measured(known: Sequence[Asking]) -> list[Bench]:
    """Ask for every page of the home that stands there.

    Raises:
        NoAddress: a page is not among them, or an address leads to no page.
    """
    complain({one.page for one in known})
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # refusals are asked for here
    clients = {name: _client(name) for name in USERS}
    return [bench(one, clients) for one in known]


def _client(name: str) -> "Client":
    from django.contrib.auth import get_user_model
    from django.test import Client

    made = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="ja")
    made.force_login(get_user_model().objects.get(username=name))
    return made


def bench(one: Asking, clients: "dict[str, Client]") -> Bench:
    """Ask in every role that may, and return the figure of the slowest."""
    found = [taken for name, client in clients.items() if (taken := _taken(one, name, client)) is not None]
    if not found:
        raise NoAddress(f"{one.name}: {one.path} opens to nobody")
    worst = max(found, key=lambda taken: taken.p95)
    queries = "–".join(map(str, sorted({min(t.queries for t in found), max(t.queries for t in found)})))
    every = [each for taken in found for each in taken.took]
    size = f"p50 {median(every):.0f} ms · {queries} queries · {worst.size:,} bytes · {worst.user} of {len(found)} users"
    if one.whole:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return Bench(one.name, worst.p95, "ms", None, "no limit: a whole list", "", f"{size} · process {used} MiB")
    return Bench(one.name, worst.p95, "ms", LIMIT_MS, "the budget", BUDGET, size)


def _taken(one: Asking, user: str, client: "Client") -> Taken | None:
    """Ask as one user; None where the page is not open to him."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        first = client.get(one.path)
    queries = len(asked)
    if first.status_code in {403, 404}:
        return None
    if first.status_code not in {200, 302}:
        raise NoAddress(f"{one.name}: {one.path} answered {first.status_code} to {user}")
    took = []
    for _ in range(WHOLE_ASKED if one.whole else ASKED):
        start = time.perf_counter()
        client.get(one.path)
        took.append(1_000 * (time.perf_counter() - start))
    return Taken(user, tuple(took), queries, len(first.content))


BENCHES: dict[str, Measure] = {"pages": pages}
