"""Access plans: made from a fresh read, approved by someone who did not make them. 切替計画.

Here: making, approving, showing. Not here: carrying out (`cutover`), what a plan decides (`core.planning`,
`core.guards`), its file (`core.parts`). Reads happen before the transaction that keeps the plan.
"""

import gc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from sekisho.core import parts
from sekisho.core.access import Catalogue, Reading, Unread
from sekisho.core.canonical import Json, canonical, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.guards import SHRUNK, Before, GuardFacts, judge
from sekisho.core.kinds import BOTH, NEUTRAL, PersonId, Role, Side
from sekisho.core.parameters import Parameters
from sekisho.core.periods import local_day
from sekisho.core.plans import Part, Plan, Read
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide
from sekisho.core.wall import Covered
from sekisho.services import access, installation, ledger, observations, plan_facts, rules, users, visibility
from sekisho.services.plan_approvals import Approval, approved, given
from sekisho.services.plan_cuts import cut, systems_named
from sekisho.store import models

COMMAND_LINE = "cli"
APPROVING = (Role.COMPLIANCE, Role.IT_OPERATION)


class NotAllowed(SekishoError):
    """The actor's roles do not reach what is asked."""


class BadPlan(SekishoError):
    """The file is no plan, or none that was made here."""


class Expired(SekishoError):
    """The plan is too old to be approved."""


class Begun(SekishoError):
    """The switch of the plan has begun or is finished: nothing is approved afterwards."""


class OwnPlan(SekishoError):
    """Nobody approves his own plan (law 13)."""


class CommandLineOnly(SekishoError):
    """An approval from the command line is a claim, and this home does not take it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan and how its approval stands."""

    plan: Plan
    approvals: tuple[Approval, ...]
    required: int


def make(
    *, actor: Actor, as_of: datetime, known_at: datetime, expires_at: datetime | None, now: datetime, home: Path
) -> Plan:
    """Read every system, plan what it takes to reach what should hold at `as_of`, and keep the plan.

    Raises:
        NotAllowed: the actor does not operate systems on every side that the plan would show.
        Expired: `expires_at` is not after `as_of` and now, so nobody could ever carry the plan out.
    """
    plan = prepare(actor=actor, as_of=as_of, known_at=known_at, expires_at=expires_at, now=now, home=home)
    keep(plan=plan, actor=actor, now=now)
    return plan


def prepare(
    *, actor: Actor, as_of: datetime, known_at: datetime, expires_at: datetime | None, now: datetime, home: Path
) -> Plan:
    """Read every system and plan, as `make` does; the plan is not kept, so nobody can approve it yet.

    Raises:
        NotAllowed, Expired
    """
    if expires_at is not None and expires_at <= max(as_of, now):
        raise Expired("plans.expires_too_early", {"expires_at": expires_at.isoformat()})
    known = access.catalogue(known_at=known_at)
    sides = _sides(known)
    _need(actor, {Role.IT_OPERATION}, sides, now, "plans.may_not_plan")
    for side in sorted(sides):
        _may_see(actor, side, now)  # a plan shows every side: a read that needs both is logged
    parameters = rules.parameters(known_at=known_at)
    day = local_day(as_of, installation.zone(known_at=known_at))
    before = observations.sizes(systems=known.systems)
    seen = observations.read_all(systems=known.systems.values(), now=now, purpose="plan", home=home)
    readings = {system: one.reading for system, one in seen.items()}
    facts = _guard_facts(known, readings, before, parameters=parameters, day=day)
    expected = plan_facts.expected_movers(day=day, known_at=known_at, planner=actor.name)
    with uncollected():
        roll = access.roster(known, as_of_day=day, known_at=known_at)
        draft = plan_facts.draft(roll, plan_facts.targets(known, seen, roll, as_of), day=day, known_at=known_at)
        guards = judge(draft.operations, replace(facts, expected=expected))
    head = parts.Head(
        as_of=as_of,
        known_at=known_at,
        planned_by=actor.name,
        planned_at=now,
        expires_at=expires_at or as_of + timedelta(days=parameters.number("plan_expires_days", day)),
        reads=tuple(Read(one.system, one.read_at, one.digest) for one in readings.values() if isinstance(one, Reading)),
        guards=guards,
        unknown_systems=tuple(sorted(system for system, one in readings.items() if _unknown(one))),
    )
    with uncollected():
        return parts.build(head, draft.operations, draft.held)


@transaction.atomic
def approve(
    *,
    actor: Actor,
    document: str | bytes,
    method: str,
    now: datetime,
    home: Path,
    assertion: Mapping[str, Json] | None = None,
) -> Standing:
    """Approve the root hash of the plan in the file; `assertion` is what a passkey signed, checked by the caller.

    Raises:
        BrokenPlan, BadPlan: the file was changed, or the plan was not made here.
        Expired: too late.
        Begun: its switch has begun or is finished.
        NotAllowed: neither compliance nor IT operation, or not on every side of the plan.
        OwnPlan: the approver made the plan.
        CommandLineOnly: a claim is not enough here (parameter `accept_cli_approval`).
    """
    _need(actor, APPROVING, (), now, "plans.may_not_approve")
    plan = known_plan(document=document)
    day = installation.today(now=now)
    if now >= plan.expires_at:
        raise Expired("plans.expired", {"expires_at": plan.expires_at.isoformat()})
    sides = {part.side for part in plan.parts}
    _need(actor, APPROVING, sides, now, "plans.may_not_approve")
    if models.Cutover.objects.filter(plan__sha256=plan.sha256).exists():
        raise Begun("plans.begun")
    if users.is_same_person(actor=actor, name=plan.planned_by, now=now):
        raise OwnPlan("plans.own_plan", {"actor": actor.name})
    parameters = rules.parameters(known_at=now)
    claim = method == COMMAND_LINE and not installation.is_rehearsal(home=home)
    if claim and not parameters.get("accept_cli_approval", day):
        raise CommandLineOnly("plans.no_cli_approval")
    row = models.Plan.objects.get(sha256=plan.sha256)
    earlier = [approval.by for approval in row.approvals.all()]
    if any(users.is_same_person(actor=actor, name=name, now=now) for name in earlier):
        return _standing(plan, now)
    signed = dict(assertion) if assertion is not None else None
    models.PlanApproval.objects.create(plan=row, by=actor.name, method=method, at=now, assertion=signed)
    facts: dict[str, Json] = {"sha256": plan.sha256, "method": method, "planned_by": plan.planned_by}
    if signed is not None:
        facts["assertion"] = sha256_hex(canonical(signed))
    ledger.record(kind="plan.approved", actor=actor.name, now=now, facts=facts)
    if given(sha256=plan.sha256, now=now) > parameters.number("approvals_required", day):
        _accept_shrinking(plan, actor, now)
    return _standing(plan, now)


def show(*, actor: Actor, document: str | bytes, now: datetime) -> Standing:
    """Return the plan in the file, cut to the sides that the actor may see, and its approvals.

    Raises:
        BrokenPlan, BadPlan: the file was changed, or the plan was not made here.
        NotVisible: the actor sees plans of no side.
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now)
    plan = known_plan(document=document)
    sides = _sides_seen(actor, plan, now)
    return _standing(plan if sides is None else _cut(plan, sides), now)


def show_kept(*, actor: Actor, sha256: str, now: datetime) -> Standing:
    """Return a plan that was made here, as `show` does; read, checked and cut once in a process, for pages.

    Raises:
        BrokenPlan, BadPlan, NotVisible: as `show`.
    """
    visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now)
    if not models.Plan.objects.filter(sha256=sha256).exists():
        raise BadPlan("plans.not_made_here", {"sha256": sha256})
    plan = _kept_plan(sha256)
    sides = _sides_seen(actor, plan, now)
    return _standing(plan if sides is None else _kept_cut(sha256, sides), now)


@lru_cache(maxsize=4)
def _kept_plan(sha256: str) -> Plan:
    """Return the plan under its hash: its content can be no other one, so it is read once and stays in memory."""
    plan = parts.parse(stored(sha256=sha256))
    if plan.sha256 != sha256:
        raise BadPlan("plans.not_made_here", {"sha256": sha256})
    return plan


@lru_cache(maxsize=8)
def _kept_cut(sha256: str, sides: frozenset[Side]) -> Plan:
    return _cut(_kept_plan(sha256), sides)


def _cut(plan: Plan, sides: frozenset[Side]) -> Plan:
    return cut(plan, sides, [system for system, side in _system_sides(plan).items() if side in sides])


def _system_sides(plan: Plan) -> dict[str, Side]:
    """Return the side of each system that the plan names: a guard may name one on which nothing changes."""
    known = access.systems(known_at=plan.known_at)
    listed = {part.system: part.side for part in plan.parts}
    return {
        system: known[system].side or NEUTRAL if system in known else listed.get(system, Side(BOTH))
        for system in sorted(systems_named(plan))
    }


def sees_all(*, actor: Actor, sha256: str, now: datetime) -> bool:
    """Tell whether the actor sees every side of a plan that was made here.

    Raises:
        BadPlan, NotAllowed
    """
    return _sides_seen(actor, _kept_plan(sha256), now) is None


def _sides_seen(actor: Actor, plan: Plan, now: datetime) -> frozenset[Side] | None:
    """Return the sides of the plan that the actor sees; None where he sees every side.

    None does not hang on what the plan holds: one that changes nothing on his sides is an empty one to him.
    """
    sides = {*(part.side for part in plan.parts), *_system_sides(plan).values()}
    seen = frozenset(side for side in sorted(sides) if _may_see(actor, side, now))
    on, purpose = installation.today(now=now), visibility.purpose(actor=actor, now=now)
    if seen == sides and decide(actor, kind=FactKind.PLAN, side=Side(BOTH), purpose=purpose, on=on) is Depth.DETAIL:
        return None
    return seen


def known_plan(*, document: str | bytes | Mapping[str, object]) -> Plan:
    """Return the plan in a document, checked against its own hashes and against what was made here.

    Raises:
        BrokenPlan: something in it was changed.
        BadPlan: no such plan was made here.
    """
    plan = parts.parse(document)
    if not models.Plan.objects.filter(sha256=plan.sha256).exists():
        raise BadPlan("plans.not_made_here", {"sha256": plan.sha256})
    return plan


def stored(*, sha256: str) -> str:
    """Return the document of a plan that was made here, as its file would have it.

    Raises:
        BadPlan: no such plan was made here.
    """
    rows = models.Plan.objects.filter(sha256=sha256)
    document = rows.annotate(text=Cast("document", TextField())).values_list("text", flat=True).first()
    if document is None:
        raise BadPlan("plans.not_made_here", {"sha256": sha256})
    return str(document)


def exempt_persons(*, day: date, known_at: datetime) -> Mapping[PersonId, Covered]:
    """Return which sides exceptions in force let a person hold together, for those who have any."""
    return plan_facts.exempt_persons(day=day, known_at=known_at)


def _guard_facts(
    known: Catalogue,
    readings: Mapping[str, Reading | Unread],
    before: Mapping[str, Before],
    *,
    parameters: Parameters,
    day: date,
) -> GuardFacts:
    return GuardFacts(
        catalogue=known,
        readings=readings,
        before=before,
        never_empty=plan_facts.never_empty(known),
        vanish_percent=parameters.number("vanish_percent", day),
        group_share_percent=parameters.number("group_share_percent", day),
        guard_min_members=parameters.number("guard_min_members", day),
        keep_last_member=bool(parameters.get("keep_last_member", day)),
    )


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector out: a plan makes a million objects that all stay, and it would walk them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _sides(known: Catalogue) -> set[Side]:
    """Return every side that a plan over the catalogue would show."""
    return {known.system_side(system) for system in known.systems} | {known.side(key) for key in known.entitlements}


def _need(actor: Actor, roles: Collection[Role], sides: Collection[Side], now: datetime, code: str) -> None:
    """Let pass who has one of the roles, and for every side: a plan shows and changes all of them."""
    day = installation.today(now=now)
    if not any(actor.has(role, on=day) for role in roles):
        raise NotAllowed(code, {"actor": actor.name, "side": "-"})
    reach = {*roles, Role.CROSS_SIDE}
    for side in sorted(sides):
        if not any(actor.has(role, on=day, side=None if side == NEUTRAL else side) for role in reach):
            raise NotAllowed(code, {"actor": actor.name, "side": side})


def _unknown(reading: Reading | Unread) -> bool:
    return not isinstance(reading, Reading) or not reading.complete


@transaction.atomic
def keep(*, plan: Plan, actor: Actor, now: datetime) -> None:
    """Keep the plan; an equal one is kept once. What a part holds is an entry of its own, on the part's side."""
    if models.Plan.objects.filter(sha256=plan.sha256).exists():
        return
    models.Plan.objects.create(
        sha256=plan.sha256,
        as_of=plan.as_of,
        known_at=plan.known_at,
        planned_by=plan.planned_by,
        planned_at=plan.planned_at,
        expires_at=plan.expires_at,
        document=parts.document(plan),
    )
    made = ledger.NewEntry("plan.made", {"sha256": plan.sha256, "as_of": plan.as_of.isoformat()})
    ledger.record_many([made, *(_part_entry(plan, part) for part in plan.parts)], actor=actor.name, now=now)


def _part_entry(plan: Plan, part: Part) -> ledger.NewEntry:
    facts: dict[str, Json] = {
        "plan": plan.sha256,
        "system": part.system,
        "sha256": part.sha256,
        "operations": len(part.operations),
        "held": len(part.held),
    }
    return ledger.NewEntry("part.planned", facts, side="" if part.side == NEUTRAL else part.side)


def _accept_shrinking(plan: Plan, actor: Actor, now: datetime) -> None:
    shrunk = {system for guard in plan.guards if guard.code == SHRUNK for system in guard.systems}
    if shrunk:
        systems = access.known_systems(known_at=now).systems
        sides = {name: system.side or "" for name, system in systems.items()}
        reads = [read for read in plan.reads if read.system in shrunk]
        observations.accept(reads=reads, sides=sides, plan=plan.sha256, actor=actor, now=now)


def _standing(plan: Plan, now: datetime) -> Standing:
    required = rules.parameters(known_at=now).number("approvals_required", installation.today(now=now))
    return Standing(plan, approved(sha256=plan.sha256), required)


def _may_see(actor: Actor, side: Side, now: datetime) -> bool:
    purpose = visibility.purpose(actor=actor, now=now)
    depth = visibility.depth(actor=actor, kind=FactKind.PLAN, side=side, purpose=purpose, now=now)
    return depth is Depth.DETAIL
