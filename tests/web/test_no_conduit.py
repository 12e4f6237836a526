"""Law 8 over every page: each role of each side, the page itself, its sheets and its tables, as pages.toml reads aloud.

A page that is not in the table fails. Nothing of the other side may stand in any answer, refusals included,
unless the table says that the page tells of moves, which both offices know once released.
"""

import json
import tomllib
from html import escape
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
from django.urls import URLPattern, get_resolver

import sides
import sites
from sekisho.core.kinds import AFFILIATE, NETWORK, Role, Side
from sekisho.store import models
from sekisho.web import pages

pytestmark = pytest.mark.django_db
pages.load()
CASES = tomllib.loads((Path(__file__).parents[1] / "cases/pages.toml").read_text("utf-8"))["page"]
ROLES = [role for role in Role if role is not Role.CROSS_SIDE]
GET = sorted(name for name, page in pages.PAGES.items() if "GET" in page.methods)
TOKENS = {NETWORK: "NET", AFFILIATE: "AFF"}


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def address(world: sides.World, name: str, side: Side) -> str:
    """Return the page's address, about something of that side."""
    token = TOKENS[side]
    order = models.Order.objects.filter(status="final", person_id__startswith=f"P{token}").latest("pk")
    file = models.OrderFile.objects.order_by("pk").first()
    entry = models.LedgerEntry.objects.filter(side=side, position__isnull=False).order_by("pk").first()
    parts = {
        "<str:sha256>": str(json.loads(world.plan)["sha256"]),
        "<str:entry>": entry.entry_id if entry else "0",
        "<str:name>": "somebody",
        "<int:file_id>": str(file.pk if file else 0),
        "<path:order>": quote(order.order_id, safe="/"),
        "<str:person>": f"P{token}2",
        "<str:code>": f"U{token}1",
        "<str:system>": f"sys{token}",
    }
    path = pages.PAGES[name].path
    for mark, value in parts.items():
        path = path.replace(mark, value)
    query = {"search": f"?q=P{token}", "people": f"?q=P{token}", "season": "?from=2024-01-01"}.get(name, "")
    return f"/{path}{query}"


def test_every_page_has_its_row() -> None:
    assert sorted(CASES) == sorted(pages.PAGES)


def test_no_address_of_ours_stands_outside_the_register() -> None:
    registered = {page.path for page in pages.PAGES.values()}
    ours = {str(one.pattern) for one in get_resolver().url_patterns if isinstance(one, URLPattern)}
    assert {path for path in ours if not path.startswith("^accounts/")} == registered


@pytest.mark.parametrize(("name", "role", "side"), list(product(GET, ROLES, (NETWORK, AFFILIATE))))
def test_a_role_of_one_side_opens_what_the_table_says_and_nothing_of_the_other_side_leaks(
    world: sides.World, name: str, role: Role, side: Side
) -> None:
    client = sites.client("somebody", (role.value, side))
    own = client.get(address(world, name, side))
    assert (own.status_code < 400) == (role.value in CASES[name]["open"]), own.content.decode()[-600:]
    if role.value in CASES[name].get("tells_moves", []):
        return
    other = TOKENS[AFFILIATE if side == NETWORK else NETWORK]
    assert other not in own.content.decode(errors="replace")
    path = address(world, name, AFFILIATE if side == NETWORK else NETWORK)
    body = client.get(path).content.decode(errors="replace").replace(escape(path), "")  # the question is no answer
    assert f"a{other}" not in body
    assert f"e{other}" not in body
    assert f"N{other}" not in body


@pytest.mark.parametrize(("name", "role"), list(product(GET, ROLES)))
def test_a_sheet_leaves_the_house_only_with_who_may_export(world: sides.World, name: str, role: Role) -> None:
    client = sites.client("somebody", (role.value, "network"))
    path = address(world, name, NETWORK)
    page = client.get(path)
    tables = [word.split('"')[0] for word in page.content.decode(errors="replace").split('id="table-')[1:]]
    for table in [one for one in tables if not one.endswith("-body")]:
        answer = client.get(f"{path}{'&' if '?' in path else '?'}sheet={table}")
        taken = answer.status_code == 200
        assert not taken or role in {Role.HR, Role.COMPLIANCE, Role.INTERNAL_AUDIT}, table
        assert (f"sheet={table}" in page.content.decode()) <= taken
