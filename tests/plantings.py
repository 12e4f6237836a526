"""A small home for tests of access: a network company and its affiliate, three systems, three people.

P1 and P3 work in A (network), P2 in X (affiliate). Bundles: A brings cis/n1 and mail/box, X brings crm/a1
and mail/box. The accounts are p1, p2 and p3 on every system.
"""

from datetime import date, datetime
from pathlib import Path

import make
from sekisho.connectors.memory import MemoryTarget
from sekisho.core.access import AccountState
from sekisho.store import models

KNOWN = make.at("2020-01-01")
AS_OF = datetime.fromisoformat("2026-04-01T00:00:00+09:00")
NOW = make.at("2026-03-20")
SYSTEMS = {"cis": ("network", True), "crm": ("affiliate", True), "mail": ("", False)}
ENTITLEMENTS = [("cis", "n1", True), ("crm", "a1", True), ("mail", "box", False)]


def plant() -> None:
    fact = {"start": make.LONG_AGO, "recorded_at": KNOWN}
    for code, status, side in (("NW", "network", "network"), ("AF", "affiliate", "affiliate")):
        models.Company.objects.create(code=code, name=code, status=status, side=side, **fact)
    for code, company, classes in (("A", "NW", "central_dispatch"), ("B", "NW", "none"), ("X", "AF", "retail_sales")):
        models.Unit.objects.create(code=code, name=code, company=company, classes=classes, **fact)
    for system, (side, protected) in SYSTEMS.items():
        models.System.objects.create(
            system_id=system, name=system, side=side, protected=protected, connector="memory", settings={}, **fact
        )
    for system, name, protected in ENTITLEMENTS:
        models.Entitlement.objects.create(
            system_id=system,
            entitlement=name,
            side="",
            protected=protected,
            owned="authoritative",
            info_classes=[],
            **fact,
        )
    for number, (unit, system, name) in enumerate(
        [("A", "cis", "n1"), ("X", "crm", "a1"), ("A", "mail", "box"), ("X", "mail", "box")]
    ):
        models.Bundle.objects.create(
            bundle_id=f"b{number}", system_id=system, entitlements=[name], condition={"units": [unit]}, **fact
        )
    for person, unit, company in (("P1", "A", "NW"), ("P2", "X", "AF"), ("P3", "A", "NW")):
        models.Person.objects.create(person_id=person, recorded_at=KNOWN)
        stint(person, unit, company)
        for system in SYSTEMS:
            models.Account.objects.create(person_id=person, system_id=system, account=person.lower(), **fact)


def stint(
    person: str, unit: str, company: str, start: date = make.LONG_AGO, end: date | None = None, **facts: object
) -> None:
    given = {"kind": "main", "origin": "roster:1", "recorded_at": KNOWN, **facts}
    models.Stint.objects.create(
        person_id=person, unit=unit, company=company, employer=company, start=start, end=end, **given
    )


def put(home: Path, system: str, **accounts: str) -> None:
    """`p1="n1 n2"`: an active account with these; `p1="-n1"`: an inactive one."""
    MemoryTarget(system, home=home).put(
        AccountState(name, not held.startswith("-"), frozenset(held.removeprefix("-").split()))
        for name, held in accounts.items()
    )


def settle(home: Path) -> None:
    """Let every system hold what should hold."""
    put(home, "cis", p1="n1", p2="", p3="n1")
    put(home, "crm", p1="", p2="a1", p3="")
    put(home, "mail", p1="box", p2="box", p3="box")


def parameter(name: str, value: object) -> None:
    models.Parameter.objects.create(name=name, value=value, start=make.LONG_AGO, recorded_at=KNOWN)


def role(user: str, person: str, role: str, side: str = "both") -> None:
    models.RoleAssignment.objects.create(
        user=user, person_id=person, role=role, side=side, start=make.LONG_AGO, recorded_at=KNOWN
    )
