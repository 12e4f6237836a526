"""Plans and `who` at full size, on people generated in a stream: no database for plans, one for `who`.

Half of a person's entitlements hang on the unit and change with it, half are everyone's. A mover goes to
the next unit of the same side, so nothing is held.
"""

import resource
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from sekisho.cli.measure import Bench, Measure, best_seconds, seconds
from sekisho.core.access import AccountState, Bundle, Catalogue, Entitlement, Key, Reading, System
from sekisho.core.boundary import Boundary
from sekisho.core.desired import Matcher, Place, stream
from sekisho.core.guards import GuardFacts, judge
from sekisho.core.kinds import NETWORK, Ownership, PersonId
from sekisho.core.parts import Head, build
from sekisho.core.periods import Period, day_after
from sekisho.core.planning import Linked, Presence, Subject, Targets, plan_operations
from sekisho.core.plans import Plan

UNITS, SYSTEMS = 300, 5
DAY, NOW = date(2024, 4, 1), datetime(2024, 3, 31, 15, tzinfo=UTC)
ALWAYS = Period(date(2010, 4, 1))
GIB = 2**30
PEOPLE, YEARS = 20_000, range(2014, 2025)
_ACCESS = """
[[system]]
id = "cis"
name = "Customer system"
side = "network"
protected = true
connector = "memory"
[[entitlement]]
system = "cis"
id = "read"
protected = true
owned = "authoritative"
[[bundle]]
system = "cis"
entitlements = ["read"]
classes = ["central_dispatch"]
"""


def plan_day(_home: Path) -> list[Bench]:
    """20,000 people with 40 entitlements each, 5,000 of whom move."""
    taken = _planned(people=20_000, entitlements=40, movers=5_000)
    return [Bench("plan.20k", taken, "s", 5.0, "the budget", "20,000 people × 40 entitlements, 5,000 movers < 5 s")]


def plan_million(_home: Path) -> list[Bench]:
    """1,000,000 people with 10 entitlements each, 50,000 of whom move; memory includes the systems' readings."""
    taken = _planned(people=1_000_000, entitlements=10, movers=50_000)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    budget = "1,000,000 people × 10 entitlements < 60 s, < 4 GiB"
    return [
        Bench("plan.1m", taken, "s", 60.0, "the budget", budget),
        Bench("plan.1m_memory", used, "GiB", 4.0, "the budget", budget),
    ]


def _planned(*, people: int, entitlements: int, movers: int) -> float:
    known = _catalogue(entitlements // SYSTEMS)
    readings = _readings(known, people)

    def plan() -> Plan:
        matcher = Matcher(known.bundles, Boundary((), ()), DAY)
        found = plan_operations(_subjects(matcher, people, movers), Targets(known, readings, NOW.isoformat()))
        guards = judge(found.operations, GuardFacts(known, readings))
        return build(Head(NOW, NOW, "bench", NOW, NOW, guards=guards), found.operations, found.held)

    from sekisho.services.plans import uncollected

    with uncollected():
        return seconds(plan)


def _catalogue(a_system: int) -> Catalogue:
    """Even systems are everyone's, odd ones (and the unit's share of system 0) hang on the unit."""
    systems = {f"s{number}": _system(f"s{number}") for number in range(SYSTEMS)}
    entitlements: dict[Key, Entitlement] = {}
    bundles = []
    for number, system in enumerate(systems):
        by_unit = a_system if number % 2 else a_system // 4
        for unit in range(UNITS):
            names = frozenset(f"u{unit}-{right}" for right in range(by_unit))
            bundles.append(Bundle(f"{system}-{unit}", system, names, ALWAYS, units=frozenset({f"U{unit}"})))
        common = frozenset(f"all-{right}" for right in range(a_system - by_unit))
        bundles.append(Bundle(system, system, common, ALWAYS))
        for bundle in bundles:
            for name in bundle.entitlements if bundle.system == system else ():
                entitlements[(system, name)] = _entitlement(system, name)
    return Catalogue(systems, entitlements, tuple(bundles))


def _system(name: str) -> System:
    return System(name, name, NETWORK, protected=True, connector="memory")


def _entitlement(system: str, name: str) -> Entitlement:
    return Entitlement(system, name, NETWORK, protected=True, owned=Ownership.AUTHORITATIVE)


def _place(number: int, step: int = 0) -> Place:
    moved = 1 if step and number % step == 0 else 0
    return Place(PersonId(f"P{number:07d}"), "NW", f"U{(number + moved) % UNITS}", "", "roster")


def _readings(known: Catalogue, people: int) -> dict[str, Reading]:
    before = Matcher(known.bundles, Boundary((), ()), DAY)
    accounts: dict[str, dict[str, AccountState]] = {system: {} for system in known.systems}
    for number in range(people):
        held = before.of(_place(number)).by_system
        for system, states in accounts.items():
            name = f"p{number:07d}"
            states[name] = AccountState(name, active=True, entitlements=held.get(system, frozenset()))
    return {system: Reading(system, NOW, states, complete=True, digest="") for system, states in accounts.items()}


def _subjects(matcher: Matcher, people: int, movers: int) -> Iterator[Subject]:
    systems = [f"s{number}" for number in range(SYSTEMS)]
    places = (_place(number, people // movers) for number in range(people))
    for person_id, wanted, _ in stream(places, matcher, {}):
        account = f"p{person_id[1:]}"
        links = tuple(Linked(system, account) for system in systems)
        yield Subject(person_id, wanted, Presence.WORKING, links)


def who_on_a_day(home: Path) -> list[Bench]:
    """20,000 people with ten years of posts: who could see one system on one day, as known on another."""
    from sekisho.connectors.memory import MemoryTarget
    from sekisho.core.users import Actor
    from sekisho.services import access, folder, observations, who

    actor = Actor("bench", trusted=True)
    _write_ten_years(home / "company")
    folder.load_folder(folder=home / "company", actor=actor, now=NOW)
    right = frozenset({"read"})
    seen = [AccountState(f"p{number}", active=True, entitlements=right) for number in range(0, PEOPLE, 10)]
    MemoryTarget("cis", home=home).put(seen)
    system = access.catalogue(known_at=NOW).systems["cis"]
    observations.read_system(system=system, now=NOW, purpose="plan", home=home)

    def ask() -> None:
        who.who(actor=actor, system="cis", period=Period(DAY, day_after(DAY)), known_at=NOW, now=NOW)

    budget = "who could see system X on D, as known on E, 20,000 people × 10 years < 1 s"
    return [Bench("who", best_seconds(ask), "s", 1.0, "the budget", budget)]


def _write_ten_years(folder: Path) -> None:
    """Everyone changes units each April for ten years; a tenth of the units reaches the system."""
    folder.mkdir()
    write = {
        "company.toml": 'name = "Bench"\nsides = ["network", "affiliate"]\n',
        "companies.csv": "company_code,name,status,side,from\nNW,Network,network,network,2010-04-01\n",
        "units.csv": "unit_code,name,company_code,classes,from\n"
        + "".join(f"U{n},U{n},NW,{'none' if n % 10 else 'central_dispatch'},2010-04-01\n" for n in range(UNITS)),
        "access.toml": _ACCESS,
        "accounts.csv": "person_id,system,account,from\n"
        + "".join(f"P{n},cis,p{n},2010-04-01\n" for n in range(PEOPLE)),
        "people.csv": "person_id,employee_no,name,company_code,unit_code,from,to\n"
        + "".join(
            f"P{n},{n:06d},N,NW,U{(n + y) % UNITS},{_april(y)},{_april(y + 1)}\n" for n in range(PEOPLE) for y in YEARS
        ),
    }
    for name, content in write.items():
        (folder / name).write_text(content, "utf-8")


def _april(year: int) -> str:
    return f"{year}-04-01" if year in YEARS else ""


BENCHES: dict[str, Measure] = {"plan": plan_day, "plan-million": plan_million, "who": who_on_a_day}
