"""No conduit, the strict way: what a role is shown does not change when only what it may not know of changes.

The world is built again and again: with more people, systems, moves, deviations and work on one side, and with and
without advance notices. Every page is then compared, word for word, in every role that the change is no business of.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

import otherworlds
import sides
import sites
import webrooms
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, Role, Side
from sekisho.services import installation
from sekisho.web import pages
from sides import OTHER, TRUSTED

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1200), pytest.mark.long(0)]
pages.load()
ROLES = [role for role in Role if role is not Role.CROSS_SIDE]
Shown = Mapping[str, str]
Reader = tuple[Role, Side]
World = Mapping[Reader, Shown]
SEEING_BOTH = (Role.IT_OPERATION, Role.INTERNAL_AUDIT, Role.EXECUTIVE)
READERS: list[Reader] = [(role, side) for side in (NETWORK, AFFILIATE) for role in ROLES]
READERS += [(role, BOTH) for role in SEEING_BOTH]
CASES = webrooms.CASES
QUERIES = {
    "board": ("?day=2024-04-01",),
    "season": ("?from=2024-01-01", "?from=2024-03-01&day=2024-04-01", "?from=2024-03-01&day=2024-04-15"),
    "search": ("?q=name", "?q=sys", "?q=PA", "?q=NN", "?q=OA", "?q=unit"),
    "people": ("?q=PN",),
    "plan": ("?by=person", "?by=system"),
    "unit": ("?day=2024-04-20",),
}
COUNTING = ("ledger", "administration_health")
OWN = ("ledger_entry", "ledger_proof")
"""Pages of one entry: its place in the ledger is everybody's to know, and moves with every other entry."""
NAMED = (Role.HR, Role.COMPLIANCE)
"""Who is told of an advance notice of his side before its release."""
UNTOLD = [(role, side) for role, side in READERS if role not in NAMED and side != AFFILIATE]
NOTICES = [(role, side, "notices") for role, side in UNTOLD]
NOTICES += [(role, side, f"notice {OTHER[side]}") for role in NAMED for side in (NETWORK, AFFILIATE)]
"""Role, side, and the notices that are none of his business."""


def of(side: Side) -> list[Reader]:
    return [one for one in READERS if one[1] == side]


VARIANTS: Mapping[str, tuple[Mapping[str, Any], list[Reader]]] = {
    "plain": ({}, READERS),
    "more network": ({"more": NETWORK}, [*of(AFFILIATE), (Role.COMPLIANCE, NETWORK)]),
    "more affiliate": ({"more": AFFILIATE}, [*of(NETWORK), (Role.COMPLIANCE, AFFILIATE)]),
    "notices": ({"drafts": (NETWORK, AFFILIATE)}, UNTOLD),
    "notice network": ({"drafts": (NETWORK,)}, [(role, side) for role in NAMED for side in (NETWORK, AFFILIATE)]),
    "notice affiliate": ({"drafts": (AFFILIATE,)}, [(role, side) for role in NAMED for side in (NETWORK, AFFILIATE)]),
}
"""How each world is made, and who looks at it."""


def plain(text: str) -> str:
    """Return what a page says, without hashes, the keys of rows, and the random words of its forms."""
    for pattern, word in (
        (r'name="csrfmiddlewaretoken" value="\w+"', ""),
        (r"[0-9a-f]{8,}", "#"),
        (r"X\d{4}", "X#"),
        (r"証跡台帳 \d+ 番", "証跡台帳 # 番"),
        (r'data-now="[^"]*"', ""),
        (r"/\d+(?=[/?\"]|$)", "/#"),
        (r'(name="(?:job|run)"(?: value)?=?"?)\d*', r"\1"),
        (r'value="\d+"', ""),
    ):
        text = re.sub(pattern, word, text)
    return text


def read(client: Client, path: str) -> str:
    kept = (otherworlds.NOW - datetime.now(UTC)).total_seconds()
    (settings.HOME / installation.CLOCK_FILE).write_text(str(kept), "utf-8")  # it is the same minute on every page
    answer = client.get(path)
    if not answer["Content-Type"].startswith("text/html"):
        return f"{answer.status_code} a file"  # what files take away is what pages show: tests/web/test_no_conduit.py
    return f"{answer.status_code} {plain(answer.content.decode(errors='replace'))}"


Addresses = Mapping[Side, Mapping[str, str]]


def addresses(world: sides.World) -> Addresses:
    """Return where each page is about something of a side; asking makes some of what is asked about, so only once."""
    shown = sorted(name for name, page in pages.PAGES.items() if page.shows and name not in OWN)
    return {side: {name: webrooms.address(world, name, side) for name in shown} for side in (NETWORK, AFFILIATE)}


def everything(where_is: Addresses, role: Role, side: Side) -> Shown:
    """Return every page that is open to the role, about its own side, by address; refusals are another test's."""
    client = sites.client(f"{role}-{side}")
    found = {}
    for name, path in where_is[NETWORK if side == BOTH else side].items():
        if role.value not in CASES[name]["open"]:
            continue
        for query in QUERIES.get(name, ("",)):
            where = path.partition("?")[0] + query
            found[plain(where)] = _uncounted(read(client, where)) if name in COUNTING else read(client, where)
    return found


def _uncounted(page: str) -> str:
    """Return the page without what every entry moves: the ledger's size, places in it, and its checkpoint."""
    return re.sub(r"\d[\d,]*", "#", re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL))


@pytest.fixture(scope="module")
def worlds(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, World]:
    made: dict[str, World] = {}
    kept = settings.HOME
    with django_db_blocker.unblock():
        for name, (how, readers) in VARIANTS.items():
            with transaction.atomic():
                world = otherworlds.build(tmp_path_factory.mktemp("other"), **how)
                settings.HOME = world.home
                installation.mark_rehearsal(home=world.home)
                installation.set_clock(actor=TRUSTED, home=world.home, claimed=otherworlds.NOW)
                sites.user(webrooms.OTHER_USER)
                for role, side in READERS:
                    sites.user(f"{role}-{side}", (role.value, side))
                where_is = addresses(world)
                made[name] = {one: everything(where_is, *one) for one in readers}
                transaction.set_rollback(True)
    settings.HOME = kept
    return made


def differing(one: Shown, other: Shown) -> str:
    """Return where two worlds differ, in words that lead to the cause."""
    assert one.keys() == other.keys()
    found = []
    for where in one:
        before, after = (re.split(r"(?<=>)\s*", text[where]) for text in (one, other))
        found += [f"{where}: {line}" for line in before if line not in after]
        found += [f"{where}: + {line}" for line in after if line not in before]
        if before != after and not found:
            found.append(f"{where}: another order")
    return "\n".join(found)


def without_moves(role: Role, shown: Shown) -> Shown:
    """Leave out the pages on which the role reads moves of both sides, as the table says, and where they lead from."""
    telling = [name for name, row in CASES.items() if role in row.get("tells_moves", [])]
    if not telling:
        return shown
    begin = tuple("/" + pages.PAGES[name].path.partition("<")[0] for name in telling)
    return {
        where: text
        for where, text in shown.items()
        if where.partition("?")[0] != "/" and "?q=O" not in where and not where.startswith(begin)
    }


@pytest.mark.parametrize(("role", "side"), list(product(ROLES, (NETWORK, AFFILIATE))))
def test_more_on_the_other_side_changes_nothing_that_one_side_sees(
    worlds: Mapping[str, World], role: Role, side: Side
) -> None:
    one, other = (without_moves(role, worlds[name][role, side]) for name in ("plain", f"more {OTHER[side]}"))
    assert differing(one, other) == ""


@pytest.mark.parametrize(("role", "side", "notices"), NOTICES)
def test_an_advance_notice_changes_nothing_before_its_release_but_for_those_who_are_told(
    worlds: Mapping[str, World], role: Role, side: Side, notices: str
) -> None:
    assert differing(worlds["plain"][role, side], worlds[notices][role, side]) == ""


@pytest.mark.parametrize("side", [NETWORK, AFFILIATE])
def test_the_two_worlds_do_differ_for_those_whose_they_are(worlds: Mapping[str, World], side: Side) -> None:
    for change in ("more", "notice"):
        assert worlds["plain"][Role.COMPLIANCE, side] != worlds[f"{change} {side}"][Role.COMPLIANCE, side]
