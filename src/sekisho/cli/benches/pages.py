"""Every page of the site on a full home, in every role that may open it, through the whole WSGI stack in this process.

Asked by Django's test client: middleware, sessions, gate, services, templates; no network and no compression.
A figure is the p95 of the slowest role. Sheets of whole lists stand apart: they may take longer, in bounded memory.
A page that the table of addresses lacks fails the bench, and so does an answer other than the page.
"""

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING
from urllib.parse import quote

from sekisho.cli.benches._full_home import build
from sekisho.cli.benches._full_size import DAY, MORNING, OPERATOR, USERS, FullHome
from sekisho.cli.measure import Bench, Measure

if TYPE_CHECKING:
    from django.test import Client

ASKED, SHEET_ASKED = 20, 2
LIMIT_MS = 300.0
BUDGET = "any page at 20,000 people, 200,000 orders: p95 < 300 ms"


@dataclass(frozen=True, slots=True)
class Asking:
    """An address of a page. `variant` tells several of one page apart; `sheet`: a whole list is taken away."""

    page: str
    path: str
    variant: str = ""
    sheet: bool = False

    @property
    def name(self) -> str:
        return f"pages.{self.page}" + (f".{self.variant}" if self.variant else "")


class NoAddress(RuntimeError):
    """A page is registered of which the bench does not know what to ask: name it in `addresses`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one role saw: milliseconds of each request, the queries and bytes of one."""

    user: str
    took: tuple[float, ...]
    queries: int
    size: int

    @property
    def p95(self) -> float:
        return quantiles(self.took, n=20)[-1] if len(self.took) > 2 else max(self.took)


def pages(home: Path) -> list[Bench]:
    """Build the home and ask for every page."""
    full = FullHome(home)
    started = time.monotonic()
    sha256 = build(full)
    took = time.monotonic() - started
    built = f"built in {took:.0f} s: 20,000 people, 200,000 orders, {full.entries:,} entries of the bench and the day's"
    return [Bench("pages.home", took, "s", took, "itself", "", built), *measured(sha256)]


def measured(sha256: str) -> list[Bench]:
    """Ask for every page of the home that stands there."""
    known = list(addresses(sha256))
    complain(known)
    clients = {name: _client(name) for name in USERS}
    return [_bench(one, clients) for one in known]


def complain(known: Sequence[Asking]) -> None:
    """Refuse where a page is registered that the table of addresses lacks.

    Raises:
        NoAddress
    """
    from sekisho.web import pages as register

    register.load()
    lacking = {name for name, page in register.PAGES.items() if page.shows}
    lacking -= {one.page for one in known}
    if lacking:
        raise NoAddress(", ".join(sorted(lacking)))


def addresses(sha256: str) -> Iterator[Asking]:
    """Yield what is asked of each page; variants where sorting, searching, turning pages or a day matters."""
    yield from _rooms()
    yield from _of_one(sha256)
    for page, path, table in (
        ("board", "/board", "unfinished"),
        ("season", f"/season?day={DAY}", "moves"),
        ("plan", f"/plans/{sha256}", "changes"),
        ("verification", "/verification", "deviations"),
        ("ledger", "/ledger", "entries"),
        ("administration", "/administration", "users"),
    ):
        yield Asking(page, f"{path}{'&' if '?' in path else '?'}sheet={table}", f"sheet_{table}", sheet=True)


def _rooms() -> Iterator[Asking]:
    """Yield the addresses that are of nothing in particular."""
    for page, path in (
        ("home", "/"),
        ("account", "/account"),
        ("keys", "/keys"),
        ("plans", "/plans"),
        ("systems", "/systems"),
    ):
        yield Asking(page, path)
    yield from _table("board", "/board", "unfinished", "person", "P0")
    yield from _table("season", "/season", "moves", "person", "P0")
    yield from _table("season", f"/season?day={DAY}", "moves", "-person", "髙橋", "of_day")
    yield from _table("imports", "/imports", "files", "-accepted", "2016")
    yield from _table("verification", "/verification", "deviations", "person", "excess")
    yield from _table("ledger", "/ledger", "entries", "kind", "plan")
    yield from _table("administration", "/administration", "users", "-user", "e00")
    for tab in ("parameters", "calendar", "health"):
        yield Asking(f"administration_{tab}", f"/administration/{tab}")
    for words in ("P0012", "髙橋", "R2004", "net0", "課"):
        yield Asking("search", f"/search?q={quote(words)}", f"for_{words}")
        yield Asking("people", f"/people?q={quote(words)}", f"for_{words}")
    yield Asking("people", "/people", "empty")


def _of_one(sha256: str) -> Iterator[Asking]:
    """Yield the addresses that name one thing, each looked up in the home."""
    from sekisho.core.kinds import OrderStatus, PersonId
    from sekisho.services import entries, order_files, orders

    entry = next(one for one in reversed(entries.show(actor=OPERATOR, count=50, now=MORNING).entries) if one.position)
    files, _ = order_files.files(actor=OPERATOR, now=MORNING)
    mine = orders.orders(known_at=MORNING, statuses=list(OrderStatus), person_ids=[PersonId("P00040")])
    yield from _table("plan", f"/plans/{sha256}", "changes", "-what", "髙橋")
    for way in ("entitlement", "system"):
        yield Asking("plan", f"/plans/{sha256}?by={way}", f"by_{way}")
    for one in files:
        if one.name in {"wrong.csv", "orders-2016.csv"}:
            yield from _table("import_file", f"/imports/{one.id}", "rejected", "-row", "ZZ9", one.name.split(".")[0])
    yield Asking("transfer", f"/transfers/{quote(max(mine, key=lambda one: one.first_day).id, safe='/')}")
    yield Asking("person", "/people/P00040")
    yield Asking("person", "/people/P00040?known=2019-05-01", "known_then")
    yield from _table("unit", "/units/NW003", "members", "-person", "P0")
    yield from _table("system", "/systems/net01", "holders", "person", "u00")
    yield Asking("administration_user", "/administration/users/compliance")
    yield Asking("ledger_entry", f"/ledger/{entry.id}")
    yield Asking("ledger_proof", f"/ledger/{entry.id}/proof")


def _table(page: str, path: str, table: str, sort: str, words: str, variant: str = "") -> Iterator[Asking]:
    """Yield the page as it opens, sorted, on its second leaf, and searched."""
    joined = f"{path}{'&' if '?' in path else '?'}{table}_"
    yield Asking(page, path, variant)
    for how, query in (("sorted", f"sort={sort}"), ("second", "page=2"), ("found", f"q={quote(words)}")):
        yield Asking(page, joined + query, f"{variant}_{how}" if variant else how)


def _client(name: str) -> "Client":
    from django.contrib.auth import get_user_model
    from django.test import Client

    made = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="ja")
    made.force_login(get_user_model().objects.get(username=name))
    return made


def _bench(one: Asking, clients: "dict[str, Client]") -> Bench:
    """Ask in every role that may, and return the figure of the slowest."""
    found = [taken for name, client in clients.items() if (taken := _taken(one, name, client)) is not None]
    if not found:
        raise NoAddress(f"{one.name}: {one.path} opens to nobody")
    worst = max(found, key=lambda taken: taken.p95)
    queries = "–".join(str(number) for number in sorted({min(t.queries for t in found), max(t.queries for t in found)}))
    every = [each for taken in found for each in taken.took]
    size = (
        f"p50 {median(every):.0f} ms · {queries} queries · {worst.size:,} bytes · slowest {worst.user} of {len(found)}"
    )
    if one.sheet:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return Bench(one.name, worst.p95, "ms", None, "no limit: a whole list as a sheet", "", f"{size} · {used} MiB")
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
    for _ in range(SHEET_ASKED if one.sheet else ASKED):
        start = time.perf_counter()
        client.get(one.path)
        took.append(1_000 * (time.perf_counter() - start))
    return Taken(user, tuple(took), queries, len(first.content))


BENCHES: dict[str, Measure] = {"pages": pages}
