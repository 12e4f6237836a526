"""A home with two memory targets, one a side, and a plan over them that someone else has approved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import cutovers as make
from sekisho.connectors.memory import MemoryTarget
from sekisho.core.access import AccountState
from sekisho.core.kinds import AFFILIATE, NETWORK, OperationState
from sekisho.core.parts import document, written
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan
from sekisho.core.users import Actor
from sekisho.services import cutover
from sekisho.services.cutover import CutoverResult, OperationReport
from sekisho.store import models

OPERATOR = Actor("operator", trusted=True)
LONG_AGO = {"start": date(2000, 1, 1), "recorded_at": datetime.fromisoformat("2024-01-01T00:00:00Z")}
SIDES = {"nw": NETWORK, "ep": AFFILIATE}
PROTECTED = {"nw": ("view",), "ep": ("sell",)}
NEUTRAL = {"nw": ("portal",), "ep": ("mail",)}


def system(name: str, connector: str = "memory", settings: Mapping[str, object] | None = None) -> None:
    """Put a system with one protected and one neutral entitlement into the store."""
    models.System.objects.create(
        system_id=name,
        name=name,
        side=SIDES[name],
        protected=True,
        connector=connector,
        settings=settings or {},
        **LONG_AGO,
    )
    for entitlement in PROTECTED[name] + NEUTRAL[name]:
        models.Entitlement.objects.create(
            system_id=name,
            entitlement=entitlement,
            side=SIDES[name],
            protected=entitlement in PROTECTED[name],
            owned="authoritative",
            info_classes=[],
            **LONG_AGO,
        )


def accounts(people: Iterable[str], systems: Iterable[str] = ("nw", "ep")) -> None:
    """Link each person P1 to the account p1 on every system."""
    models.Account.objects.bulk_create(
        models.Account(person_id=person, system_id=name, account=person.lower(), **LONG_AGO)
        for name in systems
        for person in people
    )


def keep(plan: Plan, approvers: Iterable[str] = ("second",)) -> str:
    """Put a plan into the store as `plan` and `plan approve` would; return the text of its file."""
    row = models.Plan.objects.create(
        sha256=plan.sha256,
        as_of=plan.as_of,
        known_at=plan.known_at,
        planned_by=plan.planned_by,
        planned_at=plan.planned_at,
        expires_at=plan.expires_at,
        document=document(plan),
    )
    for name in approvers:
        models.PlanApproval.objects.create(plan=row, by=name, method="test", at=plan.planned_at)
    return written(plan)


@dataclass
class Home:
    """Two memory targets and the people on them."""

    path: Path
    people: Sequence[str] = ("P1", "P2")
    nw: MemoryTarget = field(init=False)
    ep: MemoryTarget = field(init=False)

    def __post_init__(self) -> None:
        for name in SIDES:
            system(name)
        accounts(self.people)
        self.nw, self.ep = (MemoryTarget(name, home=self.path) for name in SIDES)
        self.nw.put(make.state(person.lower(), "view", version="1") for person in self.people)
        self.ep.put(make.state(person.lower(), version="1") for person in self.people)

    def run(self, content: str, *, now: datetime = make.NOW, actor: Actor = OPERATOR) -> CutoverResult:
        return cutover.run(document=content, actor=actor, now=now, home=self.path)

    def move(self, person: str = "P1") -> list[Operation]:
        """Return the operations of a person who crosses from the network to the affiliate."""
        return [make.operation(person, version="1"), make.grant(person)]

    def carry(
        self,
        operations: Iterable[Operation],
        *,
        held: Iterable[HeldGrant] = (),
        guards: Iterable[GuardResult] = (),
        approvers: Iterable[str] = ("second",),
    ) -> CutoverResult:
        return self.run(keep(make.plan(operations, held=held, guards=guards), approvers))

    def holds(self, target: MemoryTarget) -> dict[str, frozenset[str]]:
        return {name: account.entitlements for name, account in target.state().accounts.items()}


def states(result: CutoverResult) -> dict[str, str]:
    return {one.id: one.state.value for one in result.operations}


def only(result: CutoverResult, state: OperationState) -> OperationReport:
    (found,) = [one for one in result.operations if one.state is state]
    return found


def account(name: str, *entitlements: str, version: str = "1") -> AccountState:
    return make.state(name, *entitlements, version=version)
