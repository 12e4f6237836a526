"""A home as full as the budgets name it: 20,000 people, 200,000 orders in ten years, one switch that touched 5,000.

Built through the services, as operators build it, only in few and large files. Everybody moves once a year
within his company; on the day 5,000 go on, some of them across the wall.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sekisho.cli.benches import _full_home_files as files
from sekisho.cli.benches._full_size import (
    CLASSES,
    DAY,
    HEAD,
    MIDNIGHT,
    MORNING,
    OPENED,
    OPERATOR,
    SECOND,
    USERS,
    FullHome,
    account,
    units_of,
)
from sekisho.core.access import AccountState
from sekisho.core.kinds import OrderStatus, PersonId
from sekisho.core.parts import written


def build(full: FullHome) -> str:
    """Fill an empty home, set its clock to the morning of the day; return the hash of the plan that was carried out."""
    from sekisho.services import folder, installation

    installation.mark_rehearsal(home=full.home, made_by="bench")
    files.write_company(full, full.home / "company")
    folder.load_folder(folder=full.home / "company", actor=OPERATOR, now=OPENED, received_at=OPENED)
    _orders(full)
    sha256 = _switch(full)
    _afterwards(full)
    return sha256


def _orders(full: FullHome) -> None:
    """Import ten years of orders, the day's, the next season's advance notices, and a file of wrong rows."""
    from sekisho.services import screening

    received = OPENED
    for name, received, rows in files.history(full):
        _import(name, received, OrderStatus.FINAL, [HEAD, *rows])
    now = received + timedelta(days=1)
    screening.check(actor=OPERATOR, now=now, as_of=now, known_at=now)
    announced = MIDNIGHT - timedelta(days=17)
    _import("season-2024-04.csv", announced, OrderStatus.FINAL, [HEAD, *files.season(full)])
    _import("notices-2024-07.csv", announced, OrderStatus.DRAFT, [HEAD, *files.notices(full)])
    _import("wrong.csv", announced, OrderStatus.FINAL, [HEAD, *files.wrong(full)])
    now = announced + timedelta(days=1)
    screening.check(actor=OPERATOR, now=now, as_of=now, known_at=now)


def _import(name: str, received: datetime, status: OrderStatus, lines: list[str]) -> None:
    from sekisho.services import order_files
    from sekisho.services.order_import import OrderRequest

    content = "\n".join([*lines, ""]).encode()
    order_files.take(actor=OPERATOR, now=received, request=OrderRequest(name, content, received, status))


def _switch(full: FullHome) -> str:
    """Plan, approve, carry out while two systems refuse half of their accounts; verify; plan the night after."""
    from sekisho.connectors.memory import Faults, MemoryTarget
    from sekisho.services import cutover, plans, verification

    _fill_targets(full)
    eve, later = MIDNIGHT - timedelta(hours=6), MIDNIGHT + timedelta(days=60)
    made = plans.make(actor=OPERATOR, as_of=MIDNIGHT, known_at=eve, expires_at=later, now=eve, home=full.home)
    text = written(made)
    plans.approve(actor=SECOND, document=text, method="demo", now=eve, home=full.home)
    refusing = [full.own_systems(side)[0] for side in CLASSES]
    half = frozenset(account(number) for number in range(full.people) if number // 2 % 2)
    for system in refusing:
        MemoryTarget(system, home=full.home).fail(Faults(refused=half))
    cutover.run(document=text, actor=OPERATOR, now=MIDNIGHT, home=full.home)
    for system in refusing:
        MemoryTarget(system, home=full.home).fail(Faults())
    _drift(full)
    as_of, now = MIDNIGHT, MIDNIGHT + timedelta(hours=8)
    verification.verify(actor=OPERATOR, as_of=as_of, now=now, home=full.home)
    night = MIDNIGHT + timedelta(days=1)
    plans.make(actor=OPERATOR, as_of=night, known_at=now, expires_at=later, now=now, home=full.home)
    return made.sha256


def _fill_targets(full: FullHome) -> None:
    """Let every system hold what its people need on the day before; who comes has an account and nothing else."""
    from sekisho.connectors.memory import MemoryTarget

    held: dict[str, dict[str, set[str]]] = {}
    for number in range(full.people):
        for moves in (0, 1):
            pairs = full.brought(full.unit(number, full.moves_before(number) + moves))
            for system, entitlement in pairs:
                mine = held.setdefault(system, {}).setdefault(account(number), set())
                if not moves:
                    mine.add(entitlement)
    for system, accounts in held.items():
        states = [AccountState(name, active=True, entitlements=frozenset(has)) for name, has in accounts.items()]
        MemoryTarget(system, home=full.home).put(states)


def _drift(full: FullHome) -> None:
    """Give a fifth of the accounts of some systems what they should not have, so that a verification finds much."""
    from sekisho.connectors.memory import MemoryTarget

    for side in CLASSES:
        for system in full.own_systems(side)[1:4]:
            target = MemoryTarget(system, home=full.home)
            states = sorted(target.state().accounts.values(), key=lambda one: one.account)[::5]
            extra = next(name for unit in units_of(full, side) for owner, name in full.brought(unit) if owner == system)
            target.put([replace(one, entitlements=one.entitlements | {extra}) for one in states])


def _afterwards(full: FullHome) -> None:
    """Ask for grants and work, fill the ledger, give the users their logins, and set the clock."""
    from django.db import transaction

    from sekisho.services import administration, grants, installation, jobs, ledger, order_uploads, users
    from sekisho.services.order_import import OrderRequest

    for number in range(20):
        unit = full.unit(number + 1000 % full.people, 0)
        system, name = next(full.brought(unit))
        person = PersonId(f"P{number:05d}")
        asked = grants.Request(person, system, name, "応援", DAY, DAY + timedelta(days=30))
        grants.add(actor=OPERATOR, request=asked, now=MORNING + timedelta(seconds=number))
    for number in range(full.jobs):
        wanted = jobs.NewJob("check", f"check {number}", {}, MORNING)
        jobs.enqueue(actor=OPERATOR, now=MORNING, asked=wanted)
    hr = users.command_line_actor(claimed="hr", os_user="bench", now=MORNING)
    unknown = OrderRequest("unknown.csv", b"number,who,when,what\n1,2,2024-04-01,x\n", MORNING)
    order_uploads.receive(actor=hr, now=MORNING, request=unknown, snapshot=False, look=True)
    sides = ("", "network", "affiliate")
    for _ in range(full.entries // 1_000):
        with transaction.atomic():
            many = [ledger.NewEntry("bench.made", {"order": f"R{n}"}, side=sides[n % 3]) for n in range(1_000)]
            ledger.record_many(many, actor="bench", now=MORNING)
    ledger.sequence(now=MORNING)
    for name in USERS:
        administration.add_user(actor=OPERATOR, now=MORNING, name=name)
    with transaction.atomic():
        installation.set_clock(actor=OPERATOR, home=full.home, claimed=MORNING)
