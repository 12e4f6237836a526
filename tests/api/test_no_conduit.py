"""Law 8 over every call: each role of each side, what it reads and what it changes, as calls.toml reads aloud.

A call that is not in the table fails. Nothing of the other side may stand in any answer, refusals included, unless the
table says that the call tells of moves, which both offices know once released.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

import callrooms
import programs
import sides
import sites
from programs import Program
from sekisho.api import addresses
from sekisho.api.calls import CALLS
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, Role, Side
from sekisho.store import models
from webrooms import OTHER_USER, TOKENS

pytestmark = [pytest.mark.django_db, pytest.mark.long]
CASES = tomllib.loads((Path(__file__).parents[1] / "cases/calls.toml").read_text("utf-8"))["call"]
ROLES = [role for role in Role if role is not Role.CROSS_SIDE]
READS = sorted(name for name, call in CALLS.items() if not call.changes)
CHANGES = sorted(name for name, call in CALLS.items() if call.changes)
OTHER = {NETWORK: AFFILIATE, AFFILIATE: NETWORK}
NOWHERE: Mapping[str, tuple[str, str]] = {
    "entry_show": ("entries/[^/]+", "entries/0f0f"),
    "exception_show": ("exceptions/.+", "exceptions/X9999"),
    "grant_end": ("grants/[^/]+", "grants/GR-9999"),
    "grant_show": ("grants/.+", "grants/GR-9999"),
    "system_coverage": ("systems/[^/]+", "systems/0-0"),
    "exception_approve": ("exceptions/[^/]+", "exceptions/X9999"),
    "exception_withdraw": ("exceptions/[^/]+", "exceptions/X9999"),
    "grant_approve": ("grants/[^/]+", "grants/GR-9999"),
    "holder_list": ("systems/[^/]+", "systems/0-0"),
    "person": ("people/.+", "people/P9999"),
    "system_show": ("systems/.+", "systems/0-0"),
    "transfer": ("transfers/.+", "transfers/0-0"),
}
"""Calls by whose answer nobody may tell what is hidden from what is not there, and how to ask for the latter."""
ASKED = re.compile(r"^(?:ledger/)?\w+/(.+?)(?:/(?:approve|withdraw|holders|coverage|end))?$")
"""What a path names: the question is no answer."""


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


@pytest.fixture(scope="module")
def callers(world: sides.World, django_db_blocker: DjangoDbBlocker) -> Mapping[tuple[Role, Side], Program]:
    """Return a program for each role of each side, and of both; and another user whom the administration may change."""
    made = {}
    with django_db_blocker.unblock():
        sites.user(OTHER_USER)
        for role in ROLES:
            for side in (NETWORK, AFFILIATE, BOTH):
                name = who(role, side)
                sites.user(name, (role.value, side))
                made[role, side] = Program(programs.token(name, now=sides.NOW))
    return made


def who(role: Role, side: Side) -> str:
    return f"{role.value}.{ {NETWORK: 'n', AFFILIATE: 'a', BOTH: 'b'}[side] }"


@contextmanager
def undone() -> Iterator[None]:
    """Let nothing of it stay."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def spelled(words: str, side: Side) -> set[str]:
    """Return every word in which something of the side's is spelled."""
    return set(re.findall(rf"[A-Za-z]*{TOKENS[side]}\w*", words))


def changed(
    program: Program, name: str, world: sides.World, side: Side, user: str
) -> tuple[str, programs.HttpResponse]:
    """Make a call that changes something; return what was sent in one text, and the answer."""
    path, body = callrooms.address(world, name, side, user), callrooms.body(world, name, side, user)
    answer = program.send(CALLS[name].method, path, body)
    sent = body.decode() if isinstance(body, bytes) else json.dumps(body)
    return f"{path}\n{sent}", answer


def test_every_call_has_its_row() -> None:
    assert sorted(CASES) == sorted(CALLS)


def test_no_address_of_the_api_stands_outside_the_register() -> None:
    ours = {str(one.pattern) for one in addresses.patterns()}
    calls = {
        re.sub(r"\{(?:(\w+):)?(\w+)\}", r"<\1:\2>", f"v1/{call.path}").replace("<:", "<") for call in CALLS.values()
    }
    assert ours - calls == {"v1/openapi.json", "v1/problems/<str:kind>", ""}


@pytest.mark.parametrize("name", READS)
def test_a_role_of_one_side_reads_what_the_table_says_and_nothing_of_the_other_side_leaks(
    world: sides.World, callers: Mapping[tuple[Role, Side], Program], name: str
) -> None:
    for role in ROLES:
        for side in (NETWORK, AFFILIATE):
            program, user = callers[role, side], who(role, side)
            with undone():
                own = program.get(callrooms.address(world, name, side, user))
                opened = own.status_code < 400
                assert opened == (role.value in CASES[name]["open"]), (role, side, own.content.decode())
                if role.value in CASES[name].get("tells_moves", []):
                    continue
                assert spelled(own.content.decode(), OTHER[side]) <= CHART[OTHER[side]], (role, side)
                path = callrooms.address(world, name, OTHER[side], user)
                told = program.get(path).content.decode()
                assert spelled(told, OTHER[side]) <= spelled(path, OTHER[side]) | CHART[OTHER[side]], (role, side)


CHART = {side: {f"U{word}1", f"U{word}2", f"unit{word}"} for side, word in TOKENS.items()}
"""The company's chart is known to everybody (law 8: boundary)."""


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_made_by_the_roles_that_the_table_names(
    world: sides.World, callers: Mapping[tuple[Role, Side], Program], name: str
) -> None:
    for role in ROLES:
        with undone():
            _, answer = changed(callers[role, BOTH], name, world, NETWORK, who(role, BOTH))
            assert (answer.status_code < 400) == (role.value in CASES[name]["open"]), (role, answer.content.decode())


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_asked_of_the_other_side_changes_nothing_there_and_tells_nothing_of_it(
    world: sides.World, callers: Mapping[tuple[Role, Side], Program], name: str
) -> None:
    for role in ROLES:
        with undone():
            last = models.LedgerEntry.objects.latest("pk").pk
            sent, answer = changed(callers[role, NETWORK], name, world, AFFILIATE, who(role, NETWORK))
            told = spelled(answer.content.decode(), AFFILIATE)
            if role.value not in CASES[name].get("tells_moves", []):
                assert told <= spelled(sent, AFFILIATE), (role, answer.content.decode())
            written = models.LedgerEntry.objects.filter(side=AFFILIATE, pk__gt=last)
            mine = who(role, NETWORK).encode()
            assert not [one for one in written if mine in bytes(one.leaf)] or CASES[name].get("tells_moves"), role


@pytest.mark.parametrize("name", sorted(NOWHERE))
def test_what_is_hidden_is_answered_as_what_is_not_there(
    world: sides.World, callers: Mapping[tuple[Role, Side], Program], name: str
) -> None:
    pattern, replacement = NOWHERE[name]
    for role in ROLES:
        if role.value in CASES[name].get("tells_moves", []):
            continue
        program, user = callers[role, NETWORK], who(role, NETWORK)
        hidden = callrooms.address(world, name, AFFILIATE, user)
        nowhere = re.sub(pattern, replacement, hidden) if name != "holder_list" else "systems/0-0/holders"
        method = CALLS[name].method
        answers = []
        for path in (hidden, nowhere):
            with undone():
                body = callrooms.body(world, name, AFFILIATE, user)
                answer = program.get(path) if method == "GET" else program.send(method, path, body)
            document = programs.read(answer, answer.status_code)
            said = json.dumps({key: document[key] for key in ("status", "code", "message")}, ensure_ascii=False)
            answers.append(said.replace(ASKED.sub(r"\1", path), "…"))
        assert answers[0] == answers[1], role
