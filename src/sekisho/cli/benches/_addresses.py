"""What the bench asks of each page: as it opens, sorted, on its second leaf, searched, for a day, as a sheet."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from sekisho.cli.benches._full_size import DAY, MORNING, OPERATOR

NOT_ASKED = {"tour", "tour_file", "ledger_pack", "rules_change", "rules_preview_result"}
"""The tour is there in a demo only; a pack is a file that background work made, handed out as it lies there; and in
the full home nobody has proposed a change of the rules yet."""


@dataclass(frozen=True, slots=True)
class Asking:
    """An address of a page. `variant` tells several of one page apart; `whole`: a list is taken away or printed."""

    page: str
    path: str
    variant: str = ""
    whole: bool = False

    @property
    def name(self) -> str:
        return f"pages.{self.page}" + (f".{self.variant}" if self.variant else "")


class NoAddress(RuntimeError):
    """A page is registered of which the bench does not know what to ask: name it in `addresses`."""


def complain(known: set[str]) -> None:
    """Refuse where a page is registered that the table of addresses lacks.

    Raises:
        NoAddress
    """
    from sekisho.web import pages as register

    register.load()
    lacking = {name for name, page in register.PAGES.items() if page.shows} - known - NOT_ASKED
    if lacking:
        raise NoAddress(", ".join(sorted(lacking)))


def addresses(sha256: str) -> Iterator[Asking]:
    """Yield what is asked of each page."""
    yield from _lists()
    yield from _plain()
    yield from _of_things(sha256)
    yield from _of_files()
    yield from _of_one()
    for page, path, table in (
        ("season", f"/season?day={DAY}", "moves"),
        ("plan", f"/plans/{sha256}", "changes"),
        ("verification", "/verification", "deviations"),
        ("ledger", "/ledger", "entries"),
        ("administration", "/administration", "users"),
        ("system_holders", "/systems/net01/holders", "holders"),
    ):
        joined = f"{path}{'&' if '?' in path else '?'}"
        yield Asking(page, f"{joined}sheet={table}", f"sheet_{table}", whole=True)
        yield Asking(page, f"{joined}print=1", f"print_{table}", whole=True)


def _plain() -> Iterator[Asking]:
    """Yield the pages that are of nothing in particular and have no long list."""
    for page, path in (
        ("home", "/"),
        ("account", "/account"),
        ("keys", "/keys"),
        ("tokens", "/account/tokens"),
        ("plans", "/plans"),
        ("systems", "/systems"),
        ("rules", "/rules"),
        ("rules_toml", "/rules/rules.toml"),
        ("rules_preview", "/rules/preview"),
        ("rules_changes", "/rules/changes"),
        ("work", "/work"),
        ("grants_ask", "/grants/ask"),
        ("import_sample", "/imports/sample"),
        ("import_movers", "/imports/movers"),
    ):
        yield Asking(page, path)
    for tab in ("parameters", "proposals", "calendar", "changes", "health", "tokens"):
        yield Asking(f"administration_{tab}", f"/administration/{tab}")
    yield Asking("board", f"/board?day={DAY}", "of_day")
    yield Asking("rules", "/rules?day=2023-04-01", "another_day")


def _lists() -> Iterator[Asking]:
    """Yield the rooms with a list."""
    yield from _table("board", "/board", "operations", "person", "P0")
    yield from _table("season", "/season", "moves", "person", "P0")
    yield from _table("season", f"/season?day={DAY}", "moves", "-person", "P000", "of_day")
    yield from _table("imports", "/imports", "files", "-accepted", "2016")
    yield from _table("verification", "/verification", "deviations", "person", "net")
    yield from _table("ledger", "/ledger", "entries", "kind", "plan")
    yield from _table("administration", "/administration", "users", "-user", "e00")
    yield from _table("exceptions", "/rules/exceptions", "exceptions", "person", "EX-00")
    for words in ("P0001", "髙橋", "R2004", "net0", "課"):
        yield Asking("search", f"/search?q={quote(words)}", f"for_{words}")
        yield Asking("people", f"/people?q={quote(words)}", f"for_{words}")
    yield Asking("people", "/people", "empty")


def _of_things(sha256: str) -> Iterator[Asking]:
    yield from _table("plan", f"/plans/{sha256}", "changes", "-what", "P000")
    yield Asking("plan_paper", f"/plans/{sha256}/paper", whole=True)
    yield Asking("plan_file", f"/plans/{sha256}/file", whole=True)
    for way in ("entitlement", "system"):
        yield Asking("plan", f"/plans/{sha256}?by={way}", f"by_{way}")
    yield Asking("person", "/people/P00040")
    yield Asking("person", "/people/P00040?known=2019-05-01", "known_then")
    yield from _table("unit", "/units/NW003", "members", "-person", "P0")
    yield from _table("company", "/companies/NW", "units", "name", "課")
    yield Asking("system", "/systems/net01")
    yield from _table("system_holders", "/systems/net01/holders", "holders", "person", "u00")
    yield Asking("system_holders", "/systems/net01/holders?day=2019-05-01", "day")
    yield Asking("rule", "/rules/rule/direct")
    yield Asking("exception", "/rules/exceptions/EX-0001")
    yield Asking("administration_user", "/administration/users/compliance")


def _of_files() -> Iterator[Asking]:
    from sekisho.services import order_files, order_uploads, users

    files, _ = order_files.files(actor=OPERATOR, now=MORNING)
    for one in files:
        if one.name in {"wrong.csv", "orders-2016.csv"}:
            name = one.name.split(".")[0]
            yield Asking("import_file", f"/imports/{one.id}", name)
            yield Asking("import_file", f"/imports/{one.id}?page=2", f"{name}_second")
            if one.rejected:
                yield Asking("import_rejected", f"/imports/{one.id}/rejected", whole=True)
    hr = users.command_line_actor(claimed="hr", os_user="bench", now=MORNING)
    for number, *_ in order_uploads.all_waiting(actor=hr):
        yield Asking("import_waiting", f"/imports/waiting/{number}")


def _of_one() -> Iterator[Asking]:
    """Yield the addresses that name one thing which is looked up in the home."""
    from django.urls import reverse

    from sekisho.core.kinds import OrderStatus, PersonId
    from sekisho.services import grants, jobs, orders

    mine = orders.orders(known_at=MORNING, statuses=list(OrderStatus), person_ids=[PersonId("P00040")])
    given = grants.grants(actor=OPERATOR, now=MORNING)
    yield Asking("transfer", f"/transfers/{quote(max(mine, key=lambda one: one.first_day).id, safe='/')}")
    yield Asking("ledger_entry", "/ledger/0")
    yield Asking("ledger_proof", "/ledger/0/proof")
    yield Asking("grant", f"/grants/{given[0].id}")
    yield Asking("work_job", reverse("work_job", kwargs={"job_id": jobs.jobs(actor=OPERATOR, now=MORNING)[0].id}))


def _table(page: str, path: str, table: str, sort: str, words: str, variant: str = "") -> Iterator[Asking]:
    """Yield the page as it opens, sorted, on its second leaf, and searched."""
    joined = f"{path}{'&' if '?' in path else '?'}{table}_"
    yield Asking(page, path, variant)
    for how, query in (("sorted", f"sort={sort}"), ("second", "page=2"), ("found", f"q={quote(words)}")):
        yield Asking(page, joined + query, f"{variant}_{how}" if variant else how)
