"""Check orders against the rules: drafts before they are announced, final orders again. 異動の事前確認.

Here: loading what a verdict rests on, keeping verdicts that changed, what is found beside them. The
judgement itself is `core.screening`; who sees which verdict, `core.visibility`; the words, `verdicts`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min

from sekisho.core.boundary import Boundary, changed_units
from sekisho.core.kinds import OrderStatus, Outcome, PersonId, Side
from sekisho.core.orders import Order
from sekisho.core.people import Post
from sekisho.core.periods import day_before, local_day
from sekisho.core.reorganisation import newly_matched
from sekisho.core.rules import RuleRef
from sekisho.core.screening import STRENGTH
from sekisho.core.users import Actor
from sekisho.core.verdicts import Verdict
from sekisho.core.visibility import Depth, FactKind, common_side
from sekisho.services import (
    findings,
    installation,
    people,
    screening_records,
    visibility,
)
from sekisho.services.findings import NewFinding
from sekisho.services.orders import is_released
from sekisho.services.screening_records import Left, Newly
from sekisho.services.screening_world import World, ordered
from sekisho.services.verdicts import reason
from sekisho.store import models

_NOT_IN_FORCE = Verdict(Outcome.ALLOWED, (), (), "screening.not_in_force")


@dataclass(frozen=True, slots=True)
class Checked:
    """One order and what the rules say of it, in words."""

    order: Order
    verdict: Verdict
    reason: dict[str, str]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found: the orders that the actor may see, worst first, and the findings it raised."""

    checked: int
    results: tuple[Checked, ...]
    raised: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """A past move that today's rules, lists or statuses speak of and those of its day did not."""

    person_id: PersonId
    order_no: str
    rule: RuleRef
    since: date
    reason: dict[str, str]


@dataclass(frozen=True, slots=True)
class RescreenResult:
    """The newly affected; `unknown` counts past moves of which today's rules can say nothing."""

    looked_at: int
    affected: tuple[Affected, ...]
    unknown: int


def verdicts(*, orders: Sequence[Order], known_at: datetime, excepted_on: date | None = None) -> dict[str, Verdict]:
    """Return the verdict of each order by its id, from the facts known at `known_at`; nothing is kept.

    A corrected order is judged as corrected; one that a cancellation or replacement removed changes
    nothing, and so nothing is said against it. `excepted_on`: the day on which an exception must be in
    force, where that is not the day of the move.
    """
    world = World(person_ids={order.person_id for order in orders}, known_at=known_at)
    counting: dict[PersonId, dict[str, Order]] = {}
    found: dict[str, Verdict] = {}
    for order in orders:
        if order.person_id not in counting:
            counting[order.person_id] = {one.id: one for one in world.in_force(order.person_id)}
        stands = counting[order.person_id].get(order.id)
        found[order.id] = world.verdict(stands, excepted_on=excepted_on) if stands else _NOT_IN_FORCE
    return found


def check(*, actor: Actor, now: datetime, as_of: datetime, known_at: datetime) -> CheckResult:
    """Check every draft and final order in force against the rules in force on its effective date.

    A verdict that differs from the last one kept is kept; a check of what was known in the past
    (`known_at` before `now`) keeps nothing. `as_of` is the day up to which reorganisations are looked
    at; an order is always judged by its own day. Final orders that took effect without an earlier
    check, and units whose new classes put people in conflict who did not move, become findings.
    """
    visibility.need_some(actor=actor, kind=FactKind.VERDICT, now=now)
    raised: tuple[str, ...] = ()
    if known_at >= now:
        (world, judged), keys = screening_records.apart(
            lambda: _judged(known_at), lambda found: _kept(*found, (as_of, known_at), actor, now), actor, now
        )
        raised = findings.visible_keys(keys=keys, actor=actor, now=now)
    else:
        world, judged = _judged(known_at)
    shown = _visible(judged, actor, now, world.boundary())
    results = sorted((Checked(order, said, reason(said)) for order, said in shown), key=_worst_first)
    return CheckResult(len(results), tuple(results), raised)


def _judged(known_at: datetime) -> tuple[World, list[tuple[Order, Verdict]]]:
    world = World(person_ids=ordered(known_at), known_at=known_at)
    return world, [(order, world.verdict(order)) for person in world.persons() for order in world.in_force(person)]


def _kept(
    world: World, judged: Sequence[tuple[Order, Verdict]], times: tuple[datetime, datetime], actor: Actor, now: datetime
) -> Left:
    found = [*_unscreened(judged, now, world.boundary()), *_reclassified(world, *times)]
    return screening_records.kept(judged, found, actor, now, world.boundary())


@dataclass(frozen=True, slots=True)
class _Rescreened:
    """What a rescreen found: what it looked at, and who is newly affected."""

    world: World
    seen: Sequence[tuple[Order, Verdict]]
    affected: Sequence[Affected]
    newly: Sequence[Newly]
    unknown: int


def rescreen(*, actor: Actor, now: datetime, since: date) -> RescreenResult:
    """Ask today's rules, lists and statuses about the moves since `since`; return who is newly affected."""
    visibility.need_some(actor=actor, kind=FactKind.VERDICT, now=now)
    found, _ = screening_records.apart(
        lambda: _rescreened(actor, now, since),
        lambda one: screening_records.rescreened(one.newly, one.seen, one.world.boundary()),
        actor,
        now,
    )
    affected = tuple(sorted(found.affected, key=lambda one: (one.since, one.person_id)))
    return RescreenResult(len(found.seen), affected, found.unknown)


def _rescreened(actor: Actor, now: datetime, since: date) -> _Rescreened:
    today = installation.today(now=now)
    world = World(person_ids=ordered(now), known_at=now)
    moved = [
        (order, world.verdict(order))
        for person in world.persons()
        for order in world.in_force(person)
        if order.status is OrderStatus.FINAL and since <= order.first_day <= today
    ]
    seen = _visible(moved, actor, now, world.boundary())
    affected: list[Affected] = []
    newly: list[Newly] = []
    unknown = 0
    kept = screening_records.rules_said(before=now)
    for order, then in seen:
        by_today = world.verdict(order, on=today)
        unknown += by_today.outcome is Outcome.UNKNOWN
        found = _newly(world, order, (then, kept.get(order.id)), by_today, today)
        affected.extend(found)
        newly.extend(Newly(order, then, one.rule.id, one.since) for one in found)
    return _Rescreened(world, seen, affected, newly, unknown)


def _newly(
    world: World, order: Order, then: tuple[Verdict, frozenset[str] | None], by_today: Verdict, today: date
) -> list[Affected]:
    """Return the rules that speak of the move today and did not before.

    "Before" is the kept verdict; where none was kept, what would have been said on the move's own day. So a list
    that was corrected in place, for a day gone by, makes people newly affected as a new version does.
    """
    if by_today.outcome not in {Outcome.VIOLATION, Outcome.NEEDS_REVIEW}:
        return []
    own_day, kept = then
    on_the_day = {ref.id for ref in own_day.rules} if own_day.outcome is not Outcome.UNKNOWN else set()
    words = reason(by_today)
    return [
        Affected(
            order.person_id,
            order.key.order_no,
            ref,
            order.first_day if ref.id in on_the_day else _since(world, order, ref, today),
            words,
        )
        for ref in by_today.rules
        if ref.id not in (on_the_day if kept is None else kept)
    ]


def _since(world: World, order: Order, ref: RuleRef, today: date) -> date:
    """Return the first day after the move on which the rule speaks of it."""
    starts = {rule.period.start for rule in world.book.rules} | world.boundary().change_days()
    for day in sorted(day for day in starts if order.first_day < day <= today):
        said = world.verdict(order, on=day)
        if ref.id in {one.id for one in said.rules} and said.outcome is not Outcome.UNKNOWN:
            return day
    return today


def _sees(actor: Actor, side: Side | None, now: datetime, *, released: bool) -> bool:
    kind, purpose = FactKind.VERDICT, visibility.purpose(actor=actor, now=now)
    depth = visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, released=released)
    return depth is Depth.DETAIL


def _visible(
    judged: Sequence[tuple[Order, Verdict]], actor: Actor, now: datetime, where: Boundary
) -> list[tuple[Order, Verdict]]:
    """Keep what the actor sees in detail: by either side of the move, and before release only the few.

    What he may not see is not counted either (domain §7.11).
    """
    himself = people.same_person(person_id=actor.person_id, known_at=now) if actor.person_id else None
    known: dict[tuple[Side | None, bool], bool] = {}
    shown = []
    for order, said in judged:
        released = is_released(order, at=now)
        sides = screening_records.sides(order, said, where)
        for side in sides:
            if (side, released) not in known:
                known[side, released] = _sees(actor, side, now, released=released)
        own = himself == order.person_id and released
        if own or any(known[side, released] for side in sides):
            shown.append((order, said))
    return shown


def _worst_first(one: Checked) -> tuple[int, date, str, str, tuple[int, int]]:
    order = one.order
    rank = STRENGTH.index(one.verdict.outcome)
    return (rank, order.first_day, order.key.order_no, order.person_id, order.position)


def _unscreened(judged: Sequence[tuple[Order, Verdict]], now: datetime, where: Boundary) -> list[NewFinding]:
    """Return the final orders that took effect here without a check before, as draft or as final.

    What took effect before this home began, or came in as history before its first check, could not be
    checked by it. A late order that comes in afterwards is a finding: somebody moved unchecked.
    """
    began = models.Installation.objects.aggregate(first=Min("recorded_at"))["first"] or now
    today, zone = installation.today(now=now), installation.zone(known_at=now)
    first_checks = screening_records.first_checks()
    checking_since = min(first_checks.values(), default=now)
    return [
        NewFinding(
            "unscreened_final",
            f"unscreened_final:{order.id}",
            {"order_no": order.key.order_no, "day": order.effective_date.isoformat()},
            order.person_id,
            common_side(screening_records.sides(order, said, where), released=True),
        )
        for order, said in judged
        if order.status is OrderStatus.FINAL
        and local_day(began, zone) < order.first_day <= today
        and (local_day(order.received_at, zone) < order.first_day or checking_since < order.received_at)
        and local_day(first_checks.get(order.key.text(), now), zone) >= order.first_day
    ]


def _reclassified(world: World, as_of: datetime, known_at: datetime) -> list[NewFinding]:
    """Return a finding for each person whom a unit's new classes put in conflict without a move."""
    until = installation.today(now=as_of)
    lookback = world.book.parameters.number("lookback_days", until)
    since = until - timedelta(days=lookback)
    found: list[NewFinding] = []
    for day in sorted(day for day in world.boundary().change_days() if since < day <= until):
        units = {change.unit for change in changed_units(world.boundary(), day_before(day), day)}
        if units:
            held: dict[PersonId, list[Post]] = defaultdict(list)
            for post in people.stints_on(day=day, known_at=known_at):
                held[post.person_id].append(post)
            found.extend(_in_conflict(world, held, units, day))
    return found


def _in_conflict(
    world: World, held: Mapping[PersonId, list[Post]], units: Collection[str], day: date
) -> Iterator[NewFinding]:
    for person in sorted(held):
        for post in held[person]:
            refs = newly_matched(post, held[person], world.book, day) if post.unit in units else ()
            for ref in refs:
                yield NewFinding(
                    "unit_reclassified",
                    f"unit_reclassified:{post.unit}:{day.isoformat()}:{ref.id}:{person}",
                    {"unit": post.unit, "day": day.isoformat(), "rule": ref.id},
                    person,
                    world.boundary().side(post.unit, post.company, day) or "",
                )
