"""What a person may know of himself: posts, the move that is coming, what was switched, what still remains. 自分の異動.

In the words of law 8: his own posts and moves once released; of access only what he holds on a side on which he has
a role. Employees meet this once in three years, on a phone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from sekisho.core.kinds import NEUTRAL, DeviationKind, OperationState, OrderStatus, PersonId, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, orders, people, person_facts, person_story, transfers, visibility
from sekisho.services.person_story import Chapter
from sekisho.services.transfers import Move
from sekisho.store import models

PAST, AHEAD = timedelta(days=45), timedelta(days=400)
DONE = {OperationState.APPLIED.value, OperationState.ALREADY.value}


@dataclass(frozen=True, slots=True)
class Switched:
    """One system of his on one side: access taken, given and still open there; `last_at` is the last change."""

    side: Side
    system: str
    name: str
    taken: int
    given: int
    still: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Remains:
    """Access that was seen to be there still; `until` None: it is not known until when."""

    name: str
    entitlement: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Mine:
    """Everything of the reader himself."""

    person_id: PersonId
    posts: tuple[Chapter, ...]
    moves: tuple[Move, ...]
    unit_moves: tuple[Move, ...]
    switched: tuple[Switched, ...]
    remains: tuple[Remains, ...]


def mine(*, actor: Actor, now: datetime) -> Mine | None:
    """Return what concerns the reader himself; None for a user without a person."""
    if actor.person_id is None:
        return None
    person = people.same_person(person_id=actor.person_id, known_at=now)
    ids = sorted(person_facts.with_linked([person], people.same_as(known_at=now)) or ())
    names = dict(models.System.objects.as_known_at(now).values_list("system_id", "name"))
    moves = _moves(actor, now, person)
    switched = _switched(actor, now, ids, names) if moves else ()
    return Mine(
        person, _posts(actor, now, person), moves, _unit_moves(actor, now), switched, _remains(actor, now, ids, names)
    )


def _posts(actor: Actor, now: datetime, person: PersonId) -> tuple[Chapter, ...]:
    today = installation.today(now=now)
    try:
        story = person_story.story(actor=actor, person_id=person, known_at=now, now=now)
    except (people.UnknownPerson, visibility.NotVisible):
        return ()
    return tuple(one for one in story.chapters if one.post.period.holds(today) and not one.kept)


def _moves(actor: Actor, now: datetime, person: PersonId) -> tuple[Move, ...]:
    """Return the reader's own released moves, the next one first."""
    today = installation.today(now=now)
    found = orders.visible_of(actor=actor, now=now, person_id=person)
    near = [one for one in found if today - PAST <= one.first_day <= today + AHEAD and one.is_released(at=now)]
    return transfers.described(found=sorted(near, key=lambda one: (one.first_day, one.position)), now=now)


def _unit_moves(actor: Actor, now: datetime) -> tuple[Move, ...]:
    """Return the released moves to and from the units that the reader heads, the next one first."""
    today = installation.today(now=now)
    if not actor.has(Role.UNIT_HEAD, on=today):
        return ()
    headed = models.Unit.objects.as_known_at(now).filter(head=actor.person_id).values_list("code", flat=True)
    units = sorted(set(headed))
    concerned = models.Order.objects.filter(Q(from_unit__in=units) | Q(to_unit__in=units))
    days = concerned.filter(first_day__gte=today - PAST, first_day__lte=today + AHEAD, superseded_at=None)
    persons = {PersonId(person) for person in days.values_list("person_id", flat=True)}
    if not persons:
        return ()
    found = orders.orders(known_at=now, statuses=list(OrderStatus), person_ids=persons)
    seen = orders.visible_in_force(actor=actor, now=now, found=found)
    near = [one for one in seen if {one.from_unit, one.to_unit} & set(units) and today - PAST <= one.first_day]
    released = [one for one in near if one.is_released(at=now)]
    return transfers.described(found=sorted(released, key=lambda one: (one.first_day, one.position)), now=now)


def _switched(actor: Actor, now: datetime, ids: list[PersonId], names: dict[str, str]) -> tuple[Switched, ...]:
    rows = models.OperationRecord.objects.filter(person_id__in=ids, changed_at__gte=now - PAST)
    groups: dict[tuple[str, str], list[models.OperationRecord]] = {}
    for row in rows.order_by("side", "system_id", "phase", "pk"):
        groups.setdefault((row.side, row.system_id), []).append(row)
    seen = {side: _holds(actor, now, side, ids[0]) for side in {side for side, _ in groups}}
    return tuple(
        Switched(
            side=Side(side or NEUTRAL),
            system=system,
            name=names.get(system, system),
            taken=sum(row.phase == 1 and row.state in DONE for row in own),
            given=sum(row.phase == 2 and row.state in DONE for row in own),
            still=sum(row.state not in DONE for row in own),
            last_at=max(row.changed_at for row in own),
        )
        for (side, system), own in groups.items()
        if seen[side]
    )


def _remains(actor: Actor, now: datetime, ids: list[PersonId], names: dict[str, str]) -> tuple[Remains, ...]:
    """Return what the last verification saw that he should not hold any more."""
    last = models.VerificationRun.objects.filter(verified_at__lte=now).order_by("-verified_at", "-pk").first()
    rows = [one for one in last.deviations if one["person_id"] in ids] if last is not None else []
    left = [one for one in rows if one["kind"] == DeviationKind.LEFT_OVER.value]
    seen = {side: _holds(actor, now, side, ids[0]) for side in {one["side"] for one in left}}
    return tuple(
        Remains(
            names.get(one["system"], one["system"]),
            one["entitlement"],
            datetime.fromisoformat(one["until"]) if one["until"] else None,
        )
        for one in left
        if seen[one["side"]]
    )


def _holds(actor: Actor, now: datetime, side: str, person: PersonId) -> bool:
    """Tell whether the reader may know what he himself holds on the side."""
    purpose, kind = visibility.purpose(actor=actor, now=now), FactKind.HOLDING
    about = actor.person_id or person
    depth = visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, about=about)
    return depth is Depth.DETAIL
