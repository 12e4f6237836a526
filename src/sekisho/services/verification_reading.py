"""A verification as people work through it: what differs by kind, system and cause, worst first; since the one before.

Here: grouping, comparing two runs, the findings behind what is shown, how many systems were read. Runs themselves are
`verification_runs`', closing is `findings`'. A run never changes, so what was made of it stays in memory.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from sekisho.core.kinds import NEUTRAL, DeviationKind, Side
from sekisho.core.users import Actor
from sekisho.core.verification import Deviation
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import access, findings, verification, verification_runs, visibility
from sekisho.services.findings import Finding
from sekisho.services.remembering import Lately
from sekisho.services.verification_runs import Made, Run
from sekisho.store import models

ORDER = (DeviationKind.LEFT_OVER, DeviationKind.UNKNOWN, DeviationKind.EXCESS, DeviationKind.MISSING)
LISTED = 10
KINDS = "deviation_"


@dataclass(frozen=True, slots=True)
class Group:
    """What differs on one system for one cause. `connector` says how the system is changed."""

    kind: DeviationKind
    side: Side
    system: str
    code: str
    connector: str
    items: tuple[Deviation, ...]
    fresh: frozenset[Deviation]
    """Those that the run before did not have."""

    @property
    def until(self) -> datetime | None:
        """Return when the last residue of the group will have run out."""
        return max((one.until for one in self.items if one.until), default=None)


@dataclass(frozen=True, slots=True)
class Line:
    """A run in the list: its numbers over the sides that the actor may count."""

    id: int
    made: Made
    confirmed_by: str
    numbers: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.numbers.values())


@dataclass(frozen=True, slots=True)
class RunRead:
    """A run with everything its page says. `gone`: what the run before had and this one has not."""

    run: Run
    groups: tuple[Group, ...]
    former: Line | None
    gone: tuple[Deviation, ...]
    unread: tuple[str, ...]
    systems: int
    is_last: bool


def read(*, actor: Actor, now: datetime, run_id: int | None = None) -> RunRead | None:
    """Return the last verification, or one of before; None where there is none.

    Raises:
        NotVisible, UnknownVerification
    """
    last = verification_runs.latest(actor=actor, now=now)
    if last is None:
        return None
    run = last if run_id in {None, last.id} else verification_runs.run(actor=actor, now=now, run_id=run_id or 0)
    lines = history(actor=actor, now=now, until=run.made.verified_at)
    former = next((one for one in lines if one.id != run.id), None)
    before = verification_runs.run(actor=actor, now=now, run_id=former.id).deviations if former else ()
    known = access.systems(known_at=now)
    depths = {side: _depth(actor, side, now) for side in sorted({one.side or NEUTRAL for one in known.values()})}
    counted = [name for name, one in known.items() if depths[one.side or NEUTRAL] >= Depth.COUNT]
    partly = {one.system for one in run.deviations if one.code == "verification.incomplete"}

    def made() -> tuple[Group, ...]:
        return _groups(run, before if former else None, _connectors(now))

    return RunRead(
        run=run,
        groups=_GROUPS.of((run.id, hash(run.deviations), hash(before)), made),
        former=former,
        gone=tuple(sorted(set(before) - set(run.deviations), key=_place)),
        unread=tuple(sorted({*run.unread, *partly})),
        systems=max(len(counted), len(run.unread)),
        is_last=run.id == last.id,
    )


def history(*, actor: Actor, now: datetime, until: datetime | None = None) -> tuple[Line, ...]:
    """Return the last runs in numbers, newest first; no deviation is read.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.DEVIATION, now=now, least=Depth.COUNT)
    rows = models.VerificationRun.objects.defer("deviations").filter(verified_at__lte=until or now)
    found = list(rows.order_by("-verified_at", "-pk")[:LISTED])
    depths = {side: _depth(actor, Side(side), now) for side in sorted({one for row in found for one in row.by_side})}
    return tuple(_line(row, [side for side, depth in depths.items() if depth >= Depth.COUNT]) for row in found)


def _line(row: models.VerificationRun, counted: Sequence[str]) -> Line:
    numbers: Counter[str] = Counter()
    for side in counted:
        numbers.update(row.by_side.get(side, {}))
    made = Made(row.as_of, row.verified_at, row.verifier, row.executor, row.needs_confirmation)
    return Line(row.pk, made, row.confirmed_by, dict(numbers))


def open_findings(*, actor: Actor, now: datetime, deviations: Collection[Deviation]) -> Mapping[Deviation, Finding]:
    """Return the open finding of each deviation that has one, of the sides whose findings the actor reads."""
    keys = {verification.key_of(one): one for one in deviations}
    rows = models.Finding.objects.filter(closed_at=None, kind__startswith=KINDS)
    again = rows.filter(key__contains=verification.AGAIN).values_list("key", flat=True)
    wanted = [*keys, *(key for key in again if _plain(key) in keys)]
    found = findings.visible(rows=rows.filter(key__in=wanted), actor=actor, now=now)
    return {keys[_plain(one.key)]: one for one in found}


def open_by_group(*, actor: Actor, now: datetime) -> Mapping[tuple[str, str, str], int]:
    """Return how many open findings there are for each (kind, system, cause), of the sides whose findings he reads."""
    rows = models.Finding.objects.filter(closed_at=None, kind__startswith=KINDS)
    sides = findings.sides_read(actor=actor, now=now, rows=rows)
    found = rows.filter(side__in=sides).values_list("kind", "params__system", "params__code")
    return {
        (kind.removeprefix(KINDS), system or "", code or ""): n
        for kind, system, code, n in found.annotate(n=Count("pk")).order_by("kind")
    }


def settled(*, actor: Actor, now: datetime, run: Run) -> tuple[str, ...]:
    """Return the keys of open findings that the run does not show any more, of systems that it read.

    They may be closed; the oldest come first.
    """
    rows = models.Finding.objects.filter(closed_at=None, kind__startswith=KINDS, raised_at__lt=run.made.verified_at)
    sides = findings.sides_read(actor=actor, now=now, rows=rows)
    keys = rows.filter(side__in=sides).order_by("raised_at", "key").values_list("key", flat=True)
    there = _KEYS.of((run.id, hash(run.deviations)), lambda: frozenset(map(verification.key_of, run.deviations)))
    unread = {one.system for one in run.deviations if one.kind is DeviationKind.UNKNOWN and not one.account}
    return tuple(key for key in keys if _plain(key) not in there and key.split(":", 2)[1] not in unread)


def named(*, actor: Actor, now: datetime, keys: Sequence[str]) -> tuple[Finding, ...]:
    """Return the findings of these keys, of the sides whose findings the actor reads."""
    rows = models.Finding.objects.filter(key__in=keys).order_by("raised_at", "key")
    return findings.visible(rows=rows, actor=actor, now=now)


def _plain(key: str) -> str:
    """Return a finding's key as its deviation has it: without the time at which it came back."""
    return key.partition(verification.AGAIN)[0]


@transaction.atomic
def close_group(*, actor: Actor, now: datetime, group: tuple[str, str, str], disposition: str) -> int:
    """Close every open finding of (kind, system, cause) with one word about what was done; return how many.

    Raises:
        MayNotClose, NoDisposition, UnknownFinding: there is none, or none of his office's side.
    """
    kind, system, code = group
    rows = models.Finding.objects.filter(closed_at=None, kind=f"{KINDS}{kind}")
    keys = [
        one.key
        for one in findings.visible(rows=rows, actor=actor, now=now)
        if (one.params.get("system"), one.params.get("code")) == (system, code)
    ]
    return _close(actor, now, keys, disposition)


@transaction.atomic
def close_settled(*, actor: Actor, now: datetime, disposition: str) -> int:
    """Close every finding that the last verification does not show any more; return how many.

    Raises:
        MayNotClose, NoDisposition, UnknownFinding
    """
    run = verification_runs.latest(actor=actor, now=now)
    keys = settled(actor=actor, now=now, run=run) if run is not None else ()
    return _close(actor, now, keys, disposition)


def _close(actor: Actor, now: datetime, keys: Sequence[str], disposition: str) -> int:
    for key in keys or [""]:  # none to close: the answer is that of one that is not there
        findings.close(actor=actor, now=now, key=key, disposition=disposition)
    return len(keys)


def _groups(run: Run, before: Sequence[Deviation] | None, connectors: Mapping[str, str]) -> tuple[Group, ...]:
    known = None if before is None else set(before)
    found: dict[tuple[DeviationKind, Side, str, str], list[Deviation]] = defaultdict(list)
    for one in run.deviations:
        found[one.kind, one.side, one.system, one.code].append(one)
    groups = [
        Group(
            *key,
            connectors.get(key[2], ""),
            tuple(sorted(items, key=_place)),
            frozenset() if known is None else frozenset(one for one in items if one not in known),
        )
        for key, items in found.items()
    ]
    return tuple(sorted(groups, key=lambda one: (ORDER.index(one.kind), _is_residue(one), -len(one.items), one.system)))


def _is_residue(one: Group) -> bool:
    return one.until is not None  # it ends by itself, so what somebody must do stands before it


def _place(one: Deviation) -> tuple[str, str, str, str]:
    return (one.system, one.person_id or "", one.account, one.entitlement)


def _connectors(now: datetime) -> dict[str, str]:
    return {name: system.connector for name, system in access.systems(known_at=now).items()}


def _depth(actor: Actor, side: Side, now: datetime) -> Depth:
    purpose = visibility.purpose(actor=actor, now=now)
    whose = None if side == NEUTRAL else side
    return visibility.depth(actor=actor, kind=FactKind.DEVIATION, side=whose, purpose=purpose, now=now)


_GROUPS: Lately[tuple[Group, ...]] = Lately(16)
_KEYS: Lately[frozenset[str]] = Lately(16)
