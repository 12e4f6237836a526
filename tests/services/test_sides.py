"""Law 8 over every reading service: each role, each side, each question, as tests/cases/sides.toml reads aloud."""

import ast
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

import make
import sekisho.services
import siderooms
import sides
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, OrderStatus, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor
from sekisho.services import (
    entries,
    evidence,
    exceptions,
    findings,
    grants,
    ledger,
    orders,
    packs,
    person_story,
    plans,
    screening,
    verification,
    who,
)
from sekisho.services.verification_runs import Run
from sekisho.texts import LANGUAGES, text
from sides import NOW, OTHER, TOKEN, TRUSTED, World, actor

CASES = tomllib.loads((Path(__file__).parents[1] / "cases/sides.toml").read_text("utf-8"))
READS, ROLES = CASES["reads"], [role for role in Role if role is not Role.CROSS_SIDE]
CLI = Path(sekisho.services.__file__).parents[1] / "cli"

pytestmark = [pytest.mark.django_db, pytest.mark.long]
Ask = Callable[[World, Actor, Side], object]


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield sides.build(tmp_path_factory.mktemp("sides"))
        transaction.set_rollback(True)


def _entry(side: Side) -> str:
    """Return an entry of the side: what was read of its system."""
    seen = ledger.last(count=500, sides=[side])
    return next(entry.id for entry in seen if entry.kind == "system.read")


def _pack(world: World, who_asks: Actor, side: Side) -> object:
    folder = world.home / f"pack-{who_asks.name}"
    for file in sorted(folder.rglob("*"), reverse=True) if folder.exists() else []:
        file.rmdir() if file.is_dir() else file.unlink()
    packs.export(folder=folder, actor=who_asks, now=NOW, side=side)
    return (folder / "entries.jsonl").read_bytes() + (folder / "contents.jsonl").read_bytes()


def _who(world: World, who_asks: Actor, side: Side) -> object:
    period = Period(NOW.date().replace(day=1), NOW.date())
    return who.who(actor=who_asks, system=f"sys{TOKEN[side]}", period=period, known_at=NOW, now=NOW).holders


def _moves(status: OrderStatus) -> Ask:
    return lambda _, a, side: [
        order
        for order in orders.visible_orders(actor=a, now=NOW, statuses=[status])
        if TOKEN[side] in order.key.order_no
    ]


def _checked(word: str) -> Ask:
    def ask(_: World, a: Actor, side: Side) -> object:
        found = screening.check(actor=a, now=NOW, as_of=NOW, known_at=NOW)
        assert found.checked == len(found.results)
        return [one for one in found.results if word in one.order.key.order_no]

    return ask


ASKS: dict[str, Ask] = {
    **siderooms.ASKS,
    "who.who": _who,
    "grants.grants": lambda _, a, side: grants.grants(actor=a, now=NOW),
    "exceptions.exceptions": lambda _, a, side: exceptions.exceptions(actor=a, now=NOW),
    "findings.findings": lambda _, a, side: findings.findings(actor=a, now=NOW),
    "findings.visible_keys": lambda _, a, side: findings.visible_keys(
        keys=[one.key for one in findings.findings(actor=TRUSTED, now=NOW)], actor=a, now=NOW
    ),
    "person_story.story": lambda _, a, side: person_story.story(
        actor=a, person_id=PersonId(f"P{TOKEN[side]}2"), known_at=NOW, now=NOW
    ),
    "orders.visible_orders": _moves(OrderStatus.FINAL),
    "orders.visible_orders before release": _moves(OrderStatus.DRAFT),
    "screening.check": _checked("FIN"),
    "screening.check before release": _checked("DRAFT"),
    "screening.rescreen": lambda _, a, side: (
        screening.rescreen(actor=a, now=NOW, since=make.day("2024-01-15")).looked_at
    ),
    "plans.show": lambda w, a, side: plans.show(actor=a, document=w.plan, now=NOW),
    "verification.verify": lambda w, a, side: verification.verify(actor=a, as_of=NOW, now=NOW, home=w.home),
    "entries.show": lambda _, a, side: entries.show(actor=a, count=500, now=NOW).entries,
    "entries.show before release": lambda _, a, side: [
        f"{TOKEN[one.side]} {one.kind}"
        for one in entries.show(actor=a, count=500, now=NOW).entries
        if "embargo" in one.facts and one.side in TOKEN
    ],
    "entries.prove": lambda _, a, side: f"{TOKEN[side]} {entries.prove(actor=a, entry=_entry(side), now=NOW)[0]}",
    "packs.export": _pack,
}


def _deviating(found: Run) -> int:
    return found.total - found.verified - sum(side.held for side in found.sides)


COUNTS: dict[str, Callable[[object], int]] = {
    "verification.verify": lambda found: sum(found.counts.values()),
    "verification_reading.read": lambda found: _deviating(found.run),
    "verification_counts.last": lambda found: found.left_over + found.missing + found.unknown if found else -1,
    "verification_runs.latest": _deviating,
    "verification_runs.last": _deviating,
    "verification_runs.run": _deviating,
    "screening.rescreen": lambda looked_at: looked_at,
    "rules_shown.units": lambda people: people,
}
"""Services whose answer has numbers: how to read them. The sides' numbers differ, so that each shows in a sum."""


def seen(world: World, name: str, asking: Actor, side: Side) -> str:
    """How much of the side the answer shows: `detail` by its spelling, `count` by its numbers, else `none`.

    A refusal may repeat what was asked for and nothing else of the side.
    """
    try:
        answer = ASKS[name](world, asking, side)
    except SekishoError as error:
        told = repr(error.params).replace(f"sys{TOKEN[side]}", "").replace(f"P{TOKEN[side]}2", "")
        return "detail" if TOKEN[side] in told else "none"
    if re.search(TOKEN[side], answer.decode() if isinstance(answer, bytes) else repr(answer)):
        return "detail"
    if name in COUNTS:
        return "count" if COUNTS[name](answer) in _sums_with(world, name, side) else "none"
    return "none"


def _sums_with(world: World, name: str, side: Side) -> set[int]:
    own = {NETWORK: CASES["numbers"][name][0], AFFILIATE: CASES["numbers"][name][1]}
    return {own[side], own[NETWORK] + own[AFFILIATE]}


def expected(name: str, role: Role) -> tuple[str, str]:
    own, other = READS[name].get(role.value, ["none", "none"])
    return own, other


def test_every_question_is_asked_and_every_case_is_a_question() -> None:
    assert set(READS) == set(ASKS)


@pytest.mark.parametrize(("name", "role", "side"), list(product(ASKS, ROLES, (NETWORK, AFFILIATE))))
def test_a_role_of_one_side_sees_what_the_table_read_aloud_says(
    world: World, name: str, role: Role, side: Side
) -> None:
    asking = actor(role, side)
    assert (seen(world, name, asking, side), seen(world, name, asking, OTHER[side])) == expected(name, role)


@pytest.mark.parametrize(("name", "role"), list(product(ASKS, ROLES)))
def test_a_role_for_both_sides_sees_on_each_what_it_sees_of_its_own(world: World, name: str, role: Role) -> None:
    for side in (NETWORK, AFFILIATE):
        assert seen(world, name, actor(role, BOTH), side) == expected(name, role)[0]


@pytest.mark.parametrize("name", ASKS)
def test_named_people_and_a_home_without_users_see_everything_and_nobody_nothing(world: World, name: str) -> None:
    for side in (NETWORK, AFFILIATE):
        most = CASES["most"].get(name, "detail")
        assert seen(world, name, actor(Role.CROSS_SIDE, BOTH), side) == most
        assert seen(world, name, TRUSTED, side) == most
        assert seen(world, name, actor(None), side) == "none"


# No oracle: what is hidden is answered as what is not there


def _error(ask: Callable[[], object], word: str) -> tuple[type, str, str]:
    with pytest.raises(SekishoError) as refused:
        ask()
    said = refused.value
    words = " ".join(text(said.code, dict(said.params), language) for language in LANGUAGES)
    for other in (words, repr(said.params)):
        assert TOKEN[AFFILIATE] not in other.replace(word, "").replace(word.replace("sys", "e"), "")
    asked = f"{said.params} {words}".replace(word, "ASKED").replace(word.replace("sys", "e"), "ASKED")
    return type(said), said.code, asked


def _doors(world: World, asking: Actor) -> dict[str, tuple[Callable[[str], object], str, str]]:
    """Return for each question about one thing: how to ask, a hidden thing of the affiliate, one that is nowhere."""
    day = make.day("2024-05-01")
    period = Period(make.day("2024-03-01"), make.day("2024-03-02"))

    def asked(person: str, system: str, entitlement: str) -> object:
        request = grants.Request(PersonId(person), system, entitlement, "r", make.day("2024-04-01"), day)
        return grants.add(actor=asking, request=request, now=NOW)

    def excepted(person: str) -> object:
        wanted = exceptions.Request("desk", PersonId(person), "r", make.day("2024-04-01"), day)
        return exceptions.request(actor=asking, now=NOW, asked=wanted)

    finding = next(one.key for one in findings.findings(actor=TRUSTED, now=NOW) if one.side == AFFILIATE)
    return {
        "who": (
            lambda name: who.who(actor=asking, system=name, period=period, known_at=NOW, now=NOW),
            "sysAFF",
            "sysX",
        ),
        "grant of an entitlement": (lambda name: asked("PNET1", name, name.replace("sys", "e")), "sysAFF", "sysX"),
        "grant to a person": (lambda name: asked(name, "sysNET", "eNET"), "PAFF1", "PX"),
        "grant approved": (
            lambda name: grants.approve(actor=asking, grant_id=name, now=NOW),
            world.grants[AFFILIATE],
            "GR-0",
        ),
        "exception for a person": (excepted, "PAFF1", "PX"),
        "exception approved": (
            lambda name: exceptions.approve(actor=asking, now=NOW, exception_id=name),
            world.exceptions[AFFILIATE],
            "X0099",
        ),
        "exception withdrawn": (
            lambda name: exceptions.withdraw(actor=asking, now=NOW, exception_id=name),
            world.exceptions[AFFILIATE],
            "X0099",
        ),
        "finding closed": (
            lambda name: findings.close(actor=asking, now=NOW, key=name, disposition="d"),
            finding,
            "left_over:x",
        ),
        "person": (
            lambda name: person_story.story(actor=asking, person_id=PersonId(name), known_at=NOW, now=NOW),
            "PAFF1",
            "PX",
        ),
        "proof": (lambda name: entries.prove(actor=asking, entry=name, now=NOW), _entry(AFFILIATE), "0" * 32),
        "destruction": (
            lambda name: evidence.destroy_content(entry_id=name, reason="r", actor=asking, now=NOW),
            _entry(AFFILIATE),
            "0" * 32,
        ),
        "pack": (
            lambda name: packs.export(folder=world.home / "none", actor=asking, now=NOW, side=name),
            "affiliate",
            "elsewhere",
        ),
    }


KNOWN_TO_BOTH_OFFICES = {"exception for a person", "exception approved", "exception withdrawn", "grant to a person"}
"""HR and compliance know of moves on both sides, and compliance of exceptions: to them these are not hidden."""


@pytest.mark.parametrize("role", ROLES)
def test_what_is_hidden_is_answered_as_what_is_not_there(world: World, role: Role) -> None:
    for name, (ask, hidden, nowhere) in _doors(world, actor(role)).items():
        if name in KNOWN_TO_BOTH_OFFICES and role in {Role.HR, Role.COMPLIANCE}:
            continue
        assert _error(lambda ask=ask, hidden=hidden: ask(hidden), hidden) == _error(
            lambda ask=ask, nowhere=nowhere: ask(nowhere), nowhere
        ), name


# Counts of entries; reads that need both sides


@pytest.mark.parametrize("role", [Role.HR, Role.IT_OPERATION, Role.EXECUTIVE, Role.ADMINISTRATOR])
def test_who_may_count_entries_counts_those_of_his_side(world: World, role: Role) -> None:
    shown = entries.show(actor=actor(role), count=500, now=NOW)
    assert (shown.entries, shown.others) == ((), ledger.count(sides=["", "network"]))


LOGGED = {
    "who.who": "holding",
    "grants.grants": "holding",
    "exceptions.exceptions": "exception",
    "findings.findings": "finding",
    "person_story.story": "move",
    "orders.visible_orders": "move",
    "orders.visible_orders before release": "move",
    "screening.check": "verdict",
    "screening.rescreen": "verdict",
    "plans.show": "plan",
    "verification.verify": "deviation",
    "entries.show": "entry",
    "entries.prove": "entry",
    "packs.export": "entry",
}


@pytest.mark.parametrize(("name", "kind"), LOGGED.items())
def test_each_read_by_named_people_is_an_entry_on_the_side_that_was_read(world: World, name: str, kind: str) -> None:
    named = actor(Role.CROSS_SIDE, BOTH, name="auditor-general")
    for side in (NETWORK, AFFILIATE):
        ASKS[name](world, named, side)
        read = [one for one in ledger.last(count=100, sides=[side]) if one.kind == "fact.read"]
        mine = [one for one in read if one.actor == named.name and one.facts["kind"] == kind]
        assert mine, (name, side)


def test_a_read_on_the_own_side_is_no_entry(world: World) -> None:
    ASKS["who.who"](world, actor(Role.COMPLIANCE, name="plain"), NETWORK)
    read = ledger.last(count=500, sides=ledger.sides())
    assert not [one for one in read if one.kind == "fact.read" and one.actor == "plain"]


def test_neutral_entries_name_nothing_of_a_side(world: World) -> None:
    for entry in ledger.last(count=1000, sides=["", "both"]):
        if entry.kind in {"order.accepted", "moves.rescreened"}:
            continue  # released moves: both compliance offices may know them
        assert not re.search("NET|AFF", repr(entry.facts)), entry


# Nothing is left out of the table


def _public() -> Iterator[tuple[str, Callable[..., object]]]:
    for found in pkgutil.iter_modules(sekisho.services.__path__):
        module = import_module(f"sekisho.services.{found.name}")
        for name, function in vars(module).items():
            if not name.startswith("_") and inspect.isfunction(function) and function.__module__ == module.__name__:
                yield f"{found.name}.{name}", function


def test_every_service_with_an_actor_is_read_aloud() -> None:
    named = {name.split()[0] for name in READS} | set(CASES["acts"]) | set(CASES["inner"])
    assert {name for name, function in _public() if "actor" in inspect.signature(function).parameters} == named


def _called_by_the_command_line() -> set[str]:
    """Return module.function of every service function that a command calls; demo and bench own their homes."""
    public, called = dict(_public()), set()
    for file in CLI.glob("*.py"):
        if file.stem in {"demo", "bench", "measure"}:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called.add(f"{node.value.id}.{node.attr}")
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sekisho.services."):
                called |= {f"{str(node.module).rpartition('.')[2]}.{name.name}" for name in node.names}
    return called & set(public)


def test_no_command_reads_past_the_services_that_ask_who_is_reading() -> None:
    public = dict(_public())
    plain = {
        name for name in _called_by_the_command_line() if "actor" not in inspect.signature(public[name]).parameters
    }
    assert plain == set(CASES["without_actor"])
    assert not _called_by_the_command_line() & set(CASES["inner"]) - {"users.need_role"}
