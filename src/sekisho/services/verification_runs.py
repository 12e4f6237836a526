"""What verifications found, kept and shown again; and the word of somebody else where the executor verified. 事後確認.

Here: keeping a run, reading the last one, confirming it. The reads and the comparison are `verification`'s.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import DeviationKind, PersonId, Role, Side
from sekisho.core.users import Actor
from sekisho.core.verification import Comparison, Deviation
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, ledger, users, visibility
from sekisho.services.remembering import Lately
from sekisho.store import models

MOST = 100
CONFIRMING = (Role.COMPLIANCE, Role.INTERNAL_AUDIT, Role.IT_OPERATION)
VERIFIED, HELD = "verified", "held"


class UnknownVerification(SekishoError):
    """There is no such verification."""


class NothingToConfirm(SekishoError):
    """There is no such verification, or it needs nobody's word, or has it."""


class OwnWork(SekishoError):
    """Who carried the cutover out, or verified it, does not confirm it (law 13)."""


class MayNotConfirm(SekishoError):
    """The actor has none of the roles that confirm."""


@dataclass(frozen=True, slots=True)
class Made:
    """Who made a verification, over whose cutover, and when."""

    as_of: datetime
    verified_at: datetime
    verifier: str
    executor: str
    needs_confirmation: bool


@dataclass(frozen=True, slots=True)
class SideFound:
    """One side's numbers; `counts` has each kind of deviation."""

    side: Side
    verified: int
    held: int
    counts: Mapping[DeviationKind, int]

    @property
    def total(self) -> int:
        """Return everything that was looked at."""
        return self.verified + self.held + sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Run:
    """A verification as the actor may see it; `sides` he may count, `deviations` he reads."""

    id: int
    made: Made
    confirmed_by: str
    confirmed_at: datetime | None
    sides: tuple[SideFound, ...]
    deviations: tuple[Deviation, ...]
    unread: tuple[str, ...]

    @property
    def verified(self) -> int:
        return sum(side.verified for side in self.sides)

    @property
    def total(self) -> int:
        return sum(side.total for side in self.sides)

    def number(self, kind: DeviationKind) -> int:
        """Return how many deviations of the kind there are on the sides shown."""
        return sum(side.counts[kind] for side in self.sides)


def keep(found: Comparison, made: Made, unread: Mapping[str, Side]) -> int:
    """Keep a run inside the caller's transaction; `unread` are the systems that gave no answer, with their sides."""
    sides = {*found.verified_by, *found.held_by, *(one.side for one in found.deviations), *unread.values()}
    numbers = Counter((one.side, one.kind) for one in found.deviations)
    row = models.VerificationRun.objects.create(
        as_of=made.as_of,
        verified_at=made.verified_at,
        verifier=made.verifier,
        executor=made.executor[:300],
        needs_confirmation=made.needs_confirmation,
        by_side={
            side: {
                VERIFIED: found.verified_by.get(side, 0),
                HELD: found.held_by.get(side, 0),
                **{kind.value: numbers[side, kind] for kind in DeviationKind},
            }
            for side in sorted(sides)
        },
        deviations=[_written(one) for one in found.deviations],
        unread=[{"system": system, "side": side} for system, side in sorted(unread.items())],
    )
    return row.pk


def latest(*, actor: Actor, now: datetime, until: datetime | None = None) -> Run | None:
    """Return the last verification (up to the instant), cut to what the actor may see; None where there is none.

    Raises:
        NotVisible: the actor may not even count deviations.
    """
    visibility.need_some(actor=actor, kind=FactKind.DEVIATION, now=now, least=Depth.COUNT)
    rows = models.VerificationRun.objects.defer("deviations").filter(verified_at__lte=now)
    if until is not None:
        rows = rows.filter(as_of__lte=until)
    row = rows.order_by("-verified_at", "-pk").first()
    return _run(row, actor, now) if row is not None else None


def last(*, actor: Actor, now: datetime) -> tuple[Run, ...]:
    """Return the last verifications, newest first, each cut to what the actor may see: numbers, no deviations.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.DEVIATION, now=now, least=Depth.COUNT)
    found = models.VerificationRun.objects.filter(verified_at__lte=now).defer("deviations")
    rows = list(found.order_by("-verified_at", "-pk")[:MOST])
    depths = _depths(rows, actor, now)
    return tuple(_cut(row, depths, ()) for row in rows)


def run(*, actor: Actor, now: datetime, run_id: int) -> Run:
    """Return one verification.

    Raises:
        NotVisible, UnknownVerification
    """
    visibility.need_some(actor=actor, kind=FactKind.DEVIATION, now=now, least=Depth.COUNT)
    row = models.VerificationRun.objects.defer("deviations").filter(pk=run_id, verified_at__lte=now).first()
    if row is None:
        raise UnknownVerification("verification.unknown_run")
    return _run(row, actor, now)


@transaction.atomic
def confirm(*, actor: Actor, now: datetime, run_id: int) -> None:
    """Confirm what the executor of a cutover verified himself.

    Raises:
        MayNotConfirm, NothingToConfirm
        OwnWork: the actor carried the cutover out, or made the verification.
    """
    if not any(actor.has(role, on=installation.today(now=now)) for role in CONFIRMING):
        raise MayNotConfirm("verification.may_not_confirm", {"actor": actor.name})
    row = models.VerificationRun.objects.select_for_update().filter(pk=run_id).first()
    if row is None or not row.needs_confirmation or row.confirmed_by:
        raise NothingToConfirm("verification.nothing_to_confirm")
    names = [row.verifier, *filter(None, row.executor.split(", "))]
    if any(users.is_same_person(actor=actor, name=name, now=now) for name in names):
        raise OwnWork("verification.own_work", {"actor": actor.name})
    row.confirmed_by, row.confirmed_at = actor.name, now
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    facts: dict[str, Json] = {"as_of": row.as_of.isoformat(), "verifier": row.verifier, "executor": row.executor}
    ledger.record(kind="verification.confirmed", actor=actor.name, now=now, facts=facts)


def _run(row: models.VerificationRun, actor: Actor, now: datetime) -> Run:
    """Return the run as the actor may see it; what it found never changes, so it is read once in a process."""
    depths = _depths([row], actor, now)
    key = (row.pk, row.verified_at, row.needs_confirmation, row.confirmed_by, tuple(depths.items()))
    return _RUNS.of(key, lambda: _cut(row, depths, row.deviations))


_RUNS: Lately[Run] = Lately(16)


def _depths(rows: Sequence[models.VerificationRun], actor: Actor, now: datetime) -> dict[str, Depth]:
    """Ask once a side, however many runs are shown: each read that only a both-sides role allows is one entry."""
    purpose = visibility.purpose(actor=actor, now=now)
    sides = {side for row in rows for side in (*row.by_side, *(one["side"] for one in row.unread))}
    return {
        side: visibility.depth(actor=actor, kind=FactKind.DEVIATION, side=side, purpose=purpose, now=now)
        for side in sorted(sides)
    }


def _cut(row: models.VerificationRun, depths: Mapping[str, Depth], deviations: Sequence[Mapping[str, str]]) -> Run:
    """Return the run, with these of its deviations, as far as the actor may see it."""
    counted = [side for side, depth in depths.items() if depth >= Depth.COUNT and side in row.by_side]
    detailed = {side for side, depth in depths.items() if depth is Depth.DETAIL}
    return Run(
        id=row.pk,
        made=Made(row.as_of, row.verified_at, row.verifier, row.executor, row.needs_confirmation),
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        sides=tuple(_side(side, row.by_side[side]) for side in counted),
        deviations=tuple(_read(one) for one in deviations if one["side"] in detailed),
        unread=tuple(one["system"] for one in row.unread if depths[one["side"]] >= Depth.COUNT),
    )


def _side(side: str, numbers: Mapping[str, int]) -> SideFound:
    return SideFound(
        Side(side), numbers[VERIFIED], numbers[HELD], {kind: numbers[kind.value] for kind in DeviationKind}
    )


def _written(one: Deviation) -> dict[str, Json]:
    return {
        "kind": one.kind.value,
        "system": one.system,
        "side": one.side,
        "code": one.code,
        "person_id": one.person_id or "",
        "account": one.account,
        "entitlement": one.entitlement,
        "until": one.until.isoformat() if one.until else "",
    }


def _read(one: Mapping[str, str]) -> Deviation:
    return Deviation(
        kind=DeviationKind(one["kind"]),
        system=one["system"],
        side=Side(one["side"]),
        code=one["code"],
        person_id=PersonId(one["person_id"]) if one["person_id"] else None,
        account=one["account"],
        entitlement=one["entitlement"],
        until=datetime.fromisoformat(one["until"]) if one["until"] else None,
    )


def names(*, person_ids: Sequence[str], known_at: datetime) -> dict[str, str]:
    """Return the names of persons who stand on a page already, by id: one query, whatever their number."""
    rows = models.PersonName.objects.as_known_at(known_at).filter(person_id__in=person_ids).order_by("start", "id")
    return dict(rows.values_list("person_id", "name"))
