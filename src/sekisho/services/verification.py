"""Read every system afresh and say what is as it should be, what is left over, missing, excess, unknown. 事後確認.

Here: the reads, what explains a difference, findings, the ledger entry. Not here: the comparison
(`core.verification`). A verifier is not the executor of the cutover (law 13): where it is one and the
same, the result says that another person must confirm it.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction

from sekisho.core.access import Catalogue, Key, Unread
from sekisho.core.canonical import Json, canonical, sha256_hex
from sekisho.core.cutover import held_grants
from sekisho.core.desired import Matcher, place
from sekisho.core.kinds import NEUTRAL, Action, DeviationKind, OperationState, PersonId, Side
from sekisho.core.parts import parse
from sekisho.core.periods import day_before, local_day
from sekisho.core.users import Actor
from sekisho.core.verification import Comparison, Deviation, Held, Known, compare
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import (
    access,
    findings,
    installation,
    ledger,
    observations,
    people,
    plan_facts,
    users,
    verification_runs,
    visibility,
)
from sekisho.services.boundary import boundary
from sekisho.services.observations import Observation
from sekisho.store import models

MACHINE = "system"
"""The actor of work that no person started."""
AGAIN = " again "
"""Stands in the key of a finding that came back after it was closed, before the time of its return."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The result. `deviations` are those of sides that the actor may see; all numbers are over what he may count.

    `executor`: who carried the latest cutover up to `as_of` out, with a comma between them where others went on
    with it; "" where there was none. `unread`: systems that gave no answer.
    """

    as_of: datetime
    verified_at: datetime
    verified: int
    held: int
    counts: Mapping[DeviationKind, int]
    deviations: tuple[Deviation, ...]
    verifier: str
    executor: str
    needs_confirmation: bool
    unread: tuple[str, ...]


def verify(*, actor: Actor, as_of: datetime, now: datetime, home: Path) -> Verification:
    """Compare what should hold at `as_of`, as known now, with a read of every system made now.

    Each deviation becomes a finding, once. Reads happen before the transaction that records the result.

    Raises:
        NotVisible: the actor sees deviations of no side.
    """
    known = access.catalogue(known_at=now)
    depths = _depths(actor, known, now)
    day = local_day(as_of, installation.zone(known_at=now))
    seen = observations.read_all(systems=known.systems.values(), now=now, purpose="verify", home=home)
    roll = access.roster(known, as_of_day=day, known_at=now)
    latest = models.Cutover.objects.filter(plan__as_of__lte=as_of).order_by("-plan__as_of", "-started_at").first()
    facts = Known(
        targets=plan_facts.targets(known, seen, roll, as_of),
        former=_former(known, day, now),
        to_go=_to_go(as_of),
        held=_held(latest),
        residues=_residues(seen, now),
    )
    found = compare(plan_facts.judged(roll, known, day=day, known_at=now), facts)
    counted = [one for one in found.deviations if depths[one.side] >= Depth.COUNT]
    runners = _runners(latest)
    executor = ", ".join(runners)
    own = any(_is_executor(actor, name, now) for name in runners)
    unread = {name: known.system_side(name) for name, one in seen.items() if isinstance(one.reading, Unread)}
    _keep(found, verification_runs.Made(as_of, now, actor.name, executor, own), unread, actor)
    return Verification(
        as_of=as_of,
        verified_at=now,
        verified=_counted(found.verified_by, depths),
        held=_counted(found.held_by, depths),
        counts={kind: sum(one.kind is kind for one in counted) for kind in DeviationKind},
        deviations=tuple(one for one in counted if depths[one.side] is Depth.DETAIL),
        verifier=actor.name,
        executor=executor,
        needs_confirmation=own,
        unread=tuple(sorted(system for system, side in unread.items() if depths[side] >= Depth.COUNT)),
    )


def _counted(by_side: Mapping[Side, int], depths: Mapping[Side, Depth]) -> int:
    """Return the number over the sides that the actor may count."""
    return sum(number for side, number in by_side.items() if depths[side] >= Depth.COUNT)


def _runners(latest: models.Cutover | None) -> list[str]:
    """Return everyone who ran the cutover, who started it first."""
    if latest is None:
        return []
    return [latest.started_by, *(name for name in latest.runners if name != latest.started_by)]


def _is_executor(actor: Actor, executor: str, now: datetime) -> bool:
    return actor.name == MACHINE or users.is_same_person(actor=actor, name=executor, now=now)


def _depths(actor: Actor, known: Catalogue, now: datetime) -> dict[Side, Depth]:
    """Return how much the actor sees of each side's deviations; refuse who sees nothing of any."""
    visibility.need_some(actor=actor, kind=FactKind.DEVIATION, now=now, least=Depth.COUNT)
    sides = {NEUTRAL, *(known.system_side(system) for system in known.systems), *map(known.side, known.entitlements)}
    depths = {side: _depth(actor, side, now) for side in sorted(sides)}
    walled = [side for side in depths if side != NEUTRAL]
    if walled and not any(depths[side] >= Depth.COUNT for side in walled):
        raise visibility.NotVisible(
            "visibility.refused", {"actor": actor.name, "kind": FactKind.DEVIATION.value, "side": "-"}
        )
    return depths


def _depth(actor: Actor, side: Side, now: datetime) -> Depth:
    purpose = visibility.purpose(actor=actor, now=now)
    return visibility.depth(actor=actor, kind=FactKind.DEVIATION, side=side, purpose=purpose, now=now)


def _former(known: Catalogue, day: date, known_at: datetime) -> Callable[[PersonId], Collection[Key]]:
    """Return the question what former posts and ended grants brought a person; asked for few, answered once."""
    company = boundary(known_at=known_at)
    matchers: dict[date, Matcher] = {}
    answers: dict[PersonId, frozenset[Key]] = {}

    def brought(person: PersonId) -> frozenset[Key]:
        found: set[Key] = set()
        for post in people.timeline(person_id=person, known_at=known_at).posts:
            if post.period.start >= day:
                continue
            last = day_before(min(post.period.until, day))
            matcher = matchers.setdefault(last, Matcher(known.bundles, company, last))
            found |= matcher.of(place(post)).because.keys()
        mine = (one for one in known.grants if one.person_id == person and one.period.start < day)
        return frozenset(found | {(one.system, one.entitlement) for one in mine})

    def former(person: PersonId) -> Collection[Key]:
        if person not in answers:
            answers[person] = brought(person)
        return answers[person]

    return former


def _to_go(as_of: datetime) -> frozenset[Held]:
    """Return what some plan up to `as_of` was to take."""
    rows = models.OperationRecord.objects.filter(plan__as_of__lte=as_of, action=Action.REVOKE.value)
    return frozenset(rows.values_list("system_id", "account", "entitlement"))


def _held(latest: models.Cutover | None) -> frozenset[tuple[PersonId, str, str]]:
    """Return the grants that the latest cutover holds, or that its plan held from the beginning."""
    if latest is None:
        return frozenset()
    rows = latest.plan.operations.filter(phase=2, state=OperationState.HELD.value)
    waiting = {
        (PersonId(person), system, name)
        for person, system, name in rows.values_list("person_id", "system_id", "entitlement")
    }
    plan = parse(json.dumps(latest.plan.document))
    return frozenset(waiting | {(one.person_id, one.system, one.entitlement) for one in held_grants(plan)})


def _residues(seen: Mapping[str, Observation], now: datetime) -> dict[tuple[PersonId, str, str, str], datetime]:
    """Return what was taken so lately that a session may outlive it, and until when."""
    found = {}
    for system, one in seen.items():
        seconds = one.capabilities.residual_seconds if one.capabilities is not None else 0
        if not seconds:
            continue
        since = now - timedelta(seconds=seconds)
        rows = models.OperationRecord.objects.filter(
            system_id=system, phase=1, state=OperationState.APPLIED.value, changed_at__gt=since
        )
        for row in rows:
            key = (PersonId(row.person_id), system, row.account, row.entitlement)
            found[key] = row.changed_at + timedelta(seconds=seconds)
    return found


@transaction.atomic
def _keep(found: Comparison, made: verification_runs.Made, unread: Mapping[str, Side], actor: Actor) -> None:
    """Write what was found: the run, one entry, one more for each side's numbers, a finding for each new deviation."""
    as_of, now = made.as_of, made.verified_at
    verification_runs.keep(found, made, unread)
    _raise_findings(found.deviations, actor, now)
    facts: dict[str, Json] = {"as_of": as_of.isoformat(), "executor": made.executor}
    sides = {*found.verified_by, *found.held_by, *(one.side for one in found.deviations)}
    entry = ledger.NewEntry("verification.made", facts)
    ledger.record_many([entry, *(_side_entry(found, side, as_of) for side in sorted(sides))], actor=actor.name, now=now)


def _side_entry(found: Comparison, side: Side, as_of: datetime) -> ledger.NewEntry:
    numbers = Counter(one.kind for one in found.deviations if one.side == side)
    facts: dict[str, Json] = {
        "as_of": as_of.isoformat(),
        "verified": found.verified_by.get(side, 0),
        "held": found.held_by.get(side, 0),
        **{kind.value: numbers[kind] for kind in DeviationKind},
    }
    return ledger.NewEntry("side.verified", facts, side="" if side == NEUTRAL else side)


def _raise_findings(found: Iterable[Deviation], actor: Actor, now: datetime) -> None:
    """Raise what is no open finding.

    A deviation whose finding was closed and that is there again is a new finding: its key carries the time.
    """
    keys = {key_of(one): one for one in found}
    past = models.Finding.objects.filter(kind__startswith="deviation_").values_list("key", "closed_at")
    known: dict[str, bool] = {}
    for key, closed_at in past:
        plain = key.partition(AGAIN)[0]
        known[plain] = known.get(plain, False) or closed_at is None
    new = [
        _finding(f"{key}{AGAIN}{now.isoformat()}" if key in known else key, one)
        for key, one in keys.items()
        if not known.get(key, False)
    ]
    findings.raise_all(findings=new, actor=actor, now=now)


def key_of(one: Deviation) -> str:
    """Return the deviation's own key, short whatever the length of accounts and entitlements."""
    exact = sha256_hex(canonical([one.person_id, one.account, one.entitlement]))
    return f"{one.kind.value}:{one.system}:{exact[:32]}"


def _finding(key: str, one: Deviation) -> findings.NewFinding:
    return findings.NewFinding(
        kind=f"deviation_{one.kind.value}",
        key=key,
        params={
            "person": one.person_id or "?",
            "system": one.system,
            "account": one.account,
            "entitlement": one.entitlement,
            "code": one.code,
        },
        person_id=one.person_id or "",
        side="" if one.side == NEUTRAL else one.side,
    )
