"""Law 8 over every page: each role of each side, the page itself, its sheets and its tables, as pages.toml reads aloud.

A page that is not in the table fails. Nothing of the other side may stand in any answer, refusals included,
unless the table says that the page tells of moves, which both offices know once released.
"""

import re
from dataclasses import dataclass
from html import escape
from itertools import product
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

import sides
import sites
import webrooms
from refusals import says_no
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, Role, Side
from sekisho.store import models
from sekisho.web import pages

pytestmark = [pytest.mark.django_db, pytest.mark.long]
pages.load()
CASES = webrooms.CASES
ACTS = [(name, act) for name, page in pages.PAGES.items() for act in page.acts]
ROLES = [role for role in Role if role is not Role.CROSS_SIDE]
GET = sorted(name for name, page in pages.PAGES.items() if "GET" in page.methods)
TOKENS = webrooms.TOKENS


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world, with another user whom the administration may change."""
    sites.user(webrooms.OTHER_USER)


def told(answer: HttpResponse) -> str:
    """Return what an answer tells: its body without the random words of its forms."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode(errors="replace"))


def test_every_page_has_its_row() -> None:
    assert sorted(CASES) == sorted(pages.PAGES)
    for name, page in pages.PAGES.items():
        assert sorted(CASES[name].get("acts", {})) == sorted(page.acts), name
    assert sorted(webrooms.BODIES) == sorted(" ".join(one) for one in ACTS), "tests/webrooms.py says what forms send"


def test_every_form_of_a_template_names_an_act_of_some_page() -> None:
    templates = (Path(pages.__file__).parent / "templates").rglob("*.html")
    words = {word for file in templates for word in re.findall(r'name="do" value="(\w+)"', file.read_text("utf-8"))}
    assert words <= {act for _, act in ACTS}


def test_no_address_of_ours_stands_outside_the_register() -> None:
    registered = {page.path for page in pages.PAGES.values()}
    ours = {str(one.pattern) for one in get_resolver().url_patterns if isinstance(one, URLPattern)}
    assert {path for path in ours if not path.startswith("^accounts/")} == registered


@pytest.mark.parametrize(("name", "role", "side"), list(product(GET, ROLES, (NETWORK, AFFILIATE))))
def test_a_role_of_one_side_opens_what_the_table_says_and_nothing_of_the_other_side_leaks(
    world: sides.World, name: str, role: Role, side: Side
) -> None:
    client = sites.client(webrooms.WHO, (role.value, side))
    own = client.get(webrooms.address(world, name, side))
    assert (own.status_code < 400) == (role.value in CASES[name]["open"]), own.content.decode()[-600:]
    if role.value in CASES[name].get("tells_moves", []):
        return
    other = TOKENS[AFFILIATE if side == NETWORK else NETWORK]
    shown = told(own)
    for word in (f"U{other}", f"unit{other}") if CASES[name].get("tells_chart") else ():
        shown = shown.replace(word, "")
    assert other not in shown
    path = webrooms.address(world, name, AFFILIATE if side == NETWORK else NETWORK)
    body = told(client.get(path))
    for asked in (path, unquote(path)):
        body = body.replace(escape(asked), "")  # the question is no answer
    assert f"a{other}" not in body
    assert f"e{other}" not in body
    assert f"N{other}" not in body


@pytest.mark.parametrize(("name", "role"), list(product(GET, ROLES)))
def test_a_sheet_leaves_the_house_only_with_who_may_export(world: sides.World, name: str, role: Role) -> None:
    client = sites.client("somebody", (role.value, "network"))
    path = webrooms.address(world, name, NETWORK)
    page = client.get(path)
    tables = [word.split('"')[0] for word in page.content.decode(errors="replace").split('id="table-')[1:]]
    for table in [one for one in tables if not one.endswith("-body")]:
        answer = client.get(f"{path}{'&' if '?' in path else '?'}sheet={table}")
        taken = answer.status_code == 200
        assert not taken or role in {Role.HR, Role.COMPLIANCE, Role.INTERNAL_AUDIT}, table
        assert (f"sheet={table}" in page.content.decode()) <= taken


def spelled(words: str) -> set[str]:
    """Return every word in which something of the affiliate's is spelled."""
    return set(re.findall(r"[A-Za-z]*AFF\w*", words))


@dataclass(frozen=True)
class Acted:
    """What a form sent, in one text, and the page that came of it."""

    sent: str
    status: int
    page: str


def act_on(client: Client, world: sides.World, name: str, act: str, side: Side) -> Acted:
    """Send a form about something of the side, and follow the redirect it leads to."""
    path = webrooms.address(world, name, side)
    body = {"do": act, **webrooms.BODIES[f"{name} {act}"](world, side)}
    sent = [value.read().decode() if isinstance(value, SimpleUploadedFile) else str(value) for value in body.values()]
    for value in body.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    answer = client.post(path, body, follow=True)
    return Acted("\n".join([path, *sent]), answer.status_code, told(answer))


@pytest.mark.parametrize(("name", "act", "role"), [(*one, role) for one, role in product(ACTS, ROLES)])
def test_an_act_is_done_by_the_roles_that_the_table_names(world: sides.World, name: str, act: str, role: Role) -> None:
    done = act_on(sites.client(webrooms.WHO, (role.value, BOTH)), world, name, act, NETWORK)
    refused = done.status in {403, 404} or says_no(done.page)
    assert refused == (role.value not in CASES[name]["acts"][act]), done.page[-1500:]


@pytest.mark.parametrize(("name", "act", "role"), [(*one, role) for one, role in product(ACTS, ROLES)])
def test_an_act_on_the_other_side_changes_nothing_there_and_tells_nothing_of_it(
    world: sides.World, name: str, act: str, role: Role
) -> None:
    client = sites.client(webrooms.WHO, (role.value, NETWORK))
    last = models.LedgerEntry.objects.latest("pk").pk
    done = act_on(client, world, name, act, AFFILIATE)
    if role.value not in CASES[name].get("tells_moves", []):
        assert spelled(done.page) <= spelled(done.sent), "an answer repeats at most what was asked"
    across = role.value in CASES[name].get("across", {}).get(act, [])
    if act not in CASES[name].get("whole", []) and not across:
        written = models.LedgerEntry.objects.filter(side=AFFILIATE, pk__gt=last)
        assert not [one for one in written if webrooms.WHO.encode() in bytes(one.leaf)]


@pytest.mark.parametrize("name", sorted({name for name, _ in ACTS}))
def test_a_form_that_asks_for_no_act_of_the_page_is_turned_away(world: sides.World, name: str) -> None:
    client = sites.client(webrooms.WHO, *((role.value, BOTH) for role in Role))
    path = webrooms.address(world, name, NETWORK)
    assert client.post(path, {"do": "nothing of the kind"}).status_code == 400
