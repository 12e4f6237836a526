"""Who is not finished on a transfer day, and why: by cause, worst first, and the list behind any number. 切替当日.

Only of the sides whose plans the actor reads. What waits for the other side is told without naming what is there
(law 8): the whole cause is read by that side.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Count, F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from sekisho.core.causes import Cause, cause
from sekisho.core.kinds import NEUTRAL, OperationState, PersonId, Side
from sekisho.core.plans import HeldGrant
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import cutover_told, plan_summary, visibility
from sekisho.services import verification_runs as runs
from sekisho.services.cutover_told import Told
from sekisho.store import models

DONE = (OperationState.APPLIED, OperationState.ALREADY)
WAITING = (OperationState.PLANNED, OperationState.INTENDED)
OPEN = (OperationState.FAILED, OperationState.UNKNOWN, OperationState.HELD, *reversed(WAITING))
"""What is not finished, worst first."""
SETS: Mapping[str, tuple[OperationState, ...]] = {
    "done": DONE,
    "held": (OperationState.HELD,),
    "failed": (OperationState.FAILED,),
    "unknown": (OperationState.UNKNOWN,),
    "waiting": WAITING,
    "open": OPEN,
}
"""The words in addresses, and the states they mean."""
SHOWN = 10
"""So many people of a group stand on the page; the rest is a click away."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One operation, or a grant that the plan itself holds (then `action` is `held`), as the actor may know it."""

    person_id: PersonId
    name: str
    side: Side
    system: str
    entitlement: str
    action: str
    state: OperationState
    code: str
    detail: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """Those who wait for one cause on one system; `people` are the first of them. `in_plan`: the plan holds them."""

    cause: Cause
    code: str
    side: Side
    system: str
    state: OperationState
    count: int
    since: datetime | None
    people: tuple[Changed, ...]
    in_plan: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for: words of the address, "" for any. `words` are typed."""

    state: str = ""
    side: str = ""
    system: str = ""
    phase: str = ""
    cause: str = ""
    words: str = ""


def groups(*, actor: Actor, now: datetime, sha256: str) -> tuple[Group, ...]:
    """Return what is not finished by cause and system, worst first: two queries, whatever their number."""
    sides = _read(actor, now, sha256)
    rows = _rows(sha256, sides).filter(state__in=[state.value for state in OPEN])
    keys = ("side", "system_id", "state", "error")
    counted = rows.values_list(*keys).annotate(count=Count("pk"), since=Min("changed_at"))
    place = Window(RowNumber(), partition_by=[F(key) for key in keys], order_by=["person_id", "pk"])
    firsts = list(rows.annotate(place=place).filter(place__lte=SHOWN).order_by("person_id", "pk"))
    held = [one for one in plan_summary.summary(sha256).held if one.side in sides]
    names = runs.names(person_ids=[*(row.person_id for row in firsts), *_first_held(held)], known_at=now)
    told = cutover_told.told(actor=actor, now=now)
    merged: dict[tuple[object, ...], Group] = {}
    for side, system, state, error, count, since in counted:
        mine = [
            one for one in firsts if (one.side, one.system_id, one.state, one.error) == (side, system, state, error)
        ]
        made = _group(tuple(_changed(row, names, told) for row in mine), error, count, since)
        key = (made.side, made.system, made.state, made.cause.name)
        merged[key] = _joined(merged[key], made) if key in merged else made
    return tuple(sorted([*merged.values(), *_held_groups(held, names)], key=_worst_first))


def _group(people: tuple[Changed, ...], error: str, count: int, since: datetime) -> Group:
    first = people[0]
    code = first.code if error else ""
    return Group(cause(code, first.state), code, first.side, first.system, first.state, count, since, people)


def _joined(one: Group, other: Group) -> Group:
    """Return two groups as one: what the actor may not tell apart is not shown apart."""
    since = min(at for at in (one.since, other.since) if at is not None)
    people = (*one.people, *other.people)[:SHOWN]
    return replace(one, count=one.count + other.count, since=since, people=people)


def listed(
    *, actor: Actor, now: datetime, sha256: str, wanted: Wanted, page: tuple[int, int]
) -> tuple[tuple[Changed, ...], int]:
    """Return the operations that are asked for, `page` = (first, last) of them, and how many there are."""
    told = cutover_told.told(actor=actor, now=now)
    rows = _filtered(_rows(sha256, _read(actor, now, sha256)), wanted, now)
    rows = rows.filter(error__in=told.codes(wanted.cause)) if wanted.cause else rows
    found = list(rows.order_by("person_id", "phase", "system_id", "entitlement", "pk")[page[0] : page[1]])
    names = runs.names(person_ids=[row.person_id for row in found], known_at=now)
    return tuple(_changed(row, names, told) for row in found), rows.count()


def _read(actor: Actor, now: datetime, sha256: str) -> frozenset[Side]:
    """Return the sides of the plan that the actor reads."""
    purpose, kind = visibility.purpose(actor=actor, now=now), FactKind.PLAN
    return frozenset(
        side
        for side in sorted(plan_summary.summary(sha256).sides)
        if visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now) is Depth.DETAIL
    )


def _rows(sha256: str, sides: Iterable[Side]) -> "QuerySet[models.OperationRecord]":
    spelled = [spelling for side in sides for spelling in ([side, ""] if side == NEUTRAL else [side])]
    return models.OperationRecord.objects.filter(plan__sha256=sha256, side__in=spelled)


def _filtered(
    rows: "QuerySet[models.OperationRecord]", wanted: Wanted, now: datetime
) -> "QuerySet[models.OperationRecord]":
    if wanted.state in SETS:
        rows = rows.filter(state__in=[state.value for state in SETS[wanted.state]])
    if wanted.side:
        rows = rows.filter(side__in=[wanted.side, ""] if wanted.side == NEUTRAL else [wanted.side])
    if wanted.system:
        rows = rows.filter(system_id=wanted.system)
    if wanted.phase in {"1", "2"}:
        rows = rows.filter(phase=int(wanted.phase))
    for word in wanted.words.split():
        named = models.PersonName.objects.as_known_at(now).filter(name__icontains=word).values("person_id")
        columns = ("person_id", "entitlement", "system_id", "account")
        any_ = reduce(or_, (Q(**{f"{column}__icontains": word}) for column in columns), Q(person_id__in=named))
        rows = rows.filter(any_)
    return rows


def _changed(row: models.OperationRecord, names: Mapping[str, str], told: Told) -> Changed:
    code = told.code(row.error, row.detail)
    return Changed(
        person_id=PersonId(row.person_id),
        name=names.get(row.person_id, row.person_id),
        side=Side(row.side or NEUTRAL),
        system=row.system_id,
        entitlement=row.entitlement,
        action=row.action,
        state=OperationState(row.state),
        code=code,
        detail=row.detail if code == row.error else "",
        since=row.changed_at,
    )


def _held_groups(held: Sequence[HeldGrant], names: Mapping[str, str]) -> list[Group]:
    """Return the grants that the plan itself holds, by cause."""
    state = OperationState.HELD
    kinds = {one: cause(one.code, state) for one in held}
    found = []
    for side, system, kind in dict.fromkeys((one.side, one.system, kinds[one]) for one in held):
        every = [one for one in held if (one.side, one.system, kinds[one]) == (side, system, kind)]
        mine = every[:SHOWN]
        people = tuple(
            Changed(
                person_id=one.person_id,
                name=names.get(one.person_id, one.person_id),
                side=side,
                system=system,
                entitlement=one.entitlement,
                action="held",
                state=state,
                code=one.code,
                detail=one.order_no,
                since=None,
            )
            for one in mine
        )
        found.append(Group(kind, mine[0].code, side, system, state, len(every), None, people, in_plan=True))
    return found


def _first_held(held: Sequence[HeldGrant]) -> list[str]:
    """Return whom the groups of held grants name."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found: list[str] = []
    for one in held:
        key = (one.side, one.system, cause(one.code, OperationState.HELD).name)
        seen[key] += 1
        if seen[key] <= SHOWN:
            found.append(one.person_id)
    return found


def _worst_first(one: Group) -> tuple[int, bool, int, str, str]:
    return OPEN.index(one.state), one.in_plan, -one.count, one.system, one.code
