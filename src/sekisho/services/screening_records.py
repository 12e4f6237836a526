"""What a check leaves behind: the verdicts that changed, entries on their sides, findings on theirs.

Not here: judging (`screening`). A verdict lies on the sides of its move; one about an advance notice
内示 before its release is an entry apart, marked with its embargo.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max, TextField
from django.db.models.functions import Cast

from sekisho.core.boundary import Boundary
from sekisho.core.canonical import Json, canonical, sha256_hex
from sekisho.core.kinds import Outcome, Side
from sekisho.core.orders import Order
from sekisho.core.users import Actor
from sekisho.core.verdicts import Verdict
from sekisho.core.visibility import common_side
from sekisho.services import findings, ledger
from sekisho.services.findings import NewFinding
from sekisho.services.ledger import NewEntry
from sekisho.services.orders import is_released
from sekisho.services.verdicts import document
from sekisho.store import models

BATCH = 500
TRIES = 3
"""How often a check begins again, because something came in while it judged, before it keeps everybody else out."""
T = TypeVar("T")
Judged = tuple[Order, Verdict]


def sides(order: Order, said: Verdict, where: Boundary) -> frozenset[Side | None]:
    """Return the sides of a move: of the posts on its path, else of what HR wrote."""
    found = frozenset(where.side(step.unit, step.company, order.first_day) for step in said.path)
    return found or where.sides(
        (order.from_unit, order.to_unit), order.key.company, order.first_day, host=order.host_company
    )


@dataclass(frozen=True, slots=True)
class _Place:
    side: str
    embargoed: bool


def _placed(judged: Iterable[Judged], where: Boundary, now: datetime) -> Mapping[_Place, list[Judged]]:
    groups: dict[_Place, list[Judged]] = defaultdict(list)
    for order, said in judged:
        released = is_released(order, at=now)
        groups[_Place(common_side(sides(order, said, where), released=released), not released)].append((order, said))
    return groups


@dataclass(frozen=True, slots=True)
class Left:
    """What a check is to leave behind, ready to be written in one short transaction."""

    rows: Sequence[models.Screening] = ()
    entries: Sequence[NewEntry] = ()
    found: Sequence[NewFinding] = ()

    def write(self, actor: Actor, now: datetime) -> tuple[str, ...]:
        """Write it, inside the caller's transaction; return the findings' keys."""
        models.Screening.objects.bulk_create(self.rows, batch_size=BATCH)
        ledger.record_many(self.entries, actor=actor.name, now=now)
        return tuple(findings.raise_all(findings=self.found, actor=actor, now=now))


def apart(judge: Callable[[], T], left: Callable[[T], Left], actor: Actor, now: datetime) -> tuple[T, tuple[str, ...]]:
    """Judge without a transaction and write in a short one, so that nobody waits while every order is judged.

    Where orders, rules or verdicts came in between, judge again; after some times inside the transaction, so that it
    ends. Return what was judged and the keys of the findings.
    """
    for _ in range(TRIES):
        before = _standing()
        judged = judge()
        leaves = left(judged)
        with transaction.atomic():
            if _standing() == before:
                return judged, leaves.write(actor, now)
    with transaction.atomic():
        judged = judge()
        return judged, left(judged).write(actor, now)


def _standing() -> tuple[int | None, ...]:
    """Return the last of each that a check rests on: a row is only ever added."""
    kinds = (models.Order.objects, models.Rule.objects, models.Screening.objects)
    return tuple(kind.aggregate(last=Max("pk"))["last"] for kind in kinds)


def kept(judged: Sequence[Judged], found: Sequence[NewFinding], actor: Actor, now: datetime, where: Boundary) -> Left:
    """Return what is to be kept: the verdicts that changed, an entry for the check and one for each side's numbers."""
    kept_texts = models.Screening.objects.order_by("id").values_list("order_id", Cast("verdict", TextField()))
    last: dict[str, str] = dict(kept_texts.iterator(chunk_size=5000))
    documents = ((order.id, document(said)) for order, said in judged)
    changed = {order_id: said for order_id, said in documents if not _reads(last.get(order_id), said)}
    rows = [
        models.Screening(order_id=order_id, screened_at=now, actor=actor.name, outcome=said["outcome"], verdict=said)
        for order_id, said in changed.items()
    ]
    groups = _placed(judged, where, now)
    entries = [_checked(place, groups[place], changed) for place in sorted(groups, key=str)]
    return Left(rows, [NewEntry("orders.checked", {}), *entries], found)


def _reads(text: str | None, said: dict[str, Any]) -> bool:
    """Tell whether a kept verdict is this one; most are, letter by letter, so that few need to be parsed."""
    return text is not None and (text == json.dumps(said) or json.loads(text) == said)


def rules_said(*, before: datetime) -> dict[str, frozenset[str]]:
    """Return the rules that the last kept verdict named, by order; none for a verdict that knew nothing."""
    rows = models.Screening.objects.filter(screened_at__lte=before).order_by("screened_at", "id")
    return {
        order_id: frozenset(ref["id"] for ref in said["rules"]) if outcome != Outcome.UNKNOWN.value else frozenset()
        for order_id, outcome, said in rows.values_list("order_id", "outcome", "verdict").iterator(chunk_size=5000)
    }


def first_checks() -> dict[str, datetime]:
    """Return when each order's key was first checked; a check's many rows have one time, which is read once."""
    rows = models.Screening.objects.order_by("-id").values_list("order_id", Cast("screened_at", TextField()))
    times = dict(models.Screening.objects.values_list(Cast("screened_at", TextField()), "screened_at").distinct())
    return {order_id.rpartition("#")[0]: times[at] for order_id, at in rows.iterator(chunk_size=5000)}


def _checked(place: _Place, judged: Sequence[Judged], changed: Mapping[str, Mapping[str, Json]]) -> NewEntry:
    kept: list[Json] = [
        {"order_id": order.id, **{key: changed[order.id][key] for key in ("outcome", "rules", "code")}}
        for order, _ in judged
        if order.id in changed
    ]
    counts = {outcome.value: sum(said.outcome is outcome for _, said in judged) for outcome in Outcome}
    facts: dict[str, Json] = {"checked": len(judged), "changed": len(kept), **counts}
    facts["sha256"] = sha256_hex(canonical(kept))
    if place.embargoed:
        facts["embargo"] = ledger.embargo(order.release_at for order, _ in judged)
    return NewEntry("verdicts.kept", facts, {"verdicts": kept}, place.side)


@dataclass(frozen=True, slots=True)
class Newly:
    """One order of which a rule speaks today and did not on its day."""

    order: Order
    said: Verdict
    rule: str
    since: date

    def words(self) -> dict[str, str]:
        """Return it as findings and entries spell it."""
        return {
            "person_id": self.order.person_id,
            "order_no": self.order.key.order_no,
            "rule": self.rule,
            "since": self.since.isoformat(),
        }


def rescreened(affected: Sequence[Newly], looked_at: Sequence[Judged], where: Boundary) -> Left:
    """Return one entry a side, and a finding for each that is newly affected."""
    side_of = {order.id: common_side(sides(order, said, where), released=True) for order, said in looked_at}
    groups: dict[str, list[Newly]] = {side: [] for side in {"", *side_of.values()}}
    for one in affected:
        groups[side_of[one.order.id]].append(one)
    entries, found = [], []
    for side in sorted(groups):
        listed: list[Json] = [dict(one.words()) for one in groups[side]]
        facts: dict[str, Json] = {
            "looked_at": sum(whose == side for whose in side_of.values()),
            "affected": len(listed),
            "sha256": sha256_hex(canonical(listed)),
        }
        entries.append(NewEntry("moves.rescreened", facts, {"affected": listed}, side))
        for one in groups[side]:
            key = f"newly_affected:{one.rule}:{one.order.key.order_no}:{one.order.person_id}"
            found.append(NewFinding("newly_affected", key, one.words(), side=side))
    return Left(entries=entries, found=found)
