"""Find a person, unit, order or system from anywhere; what may not be seen is neither found nor counted. 検索."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from sekisho.core.kinds import NEUTRAL, OrderStatus, PersonId, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import access, installation, orders, person_sides, visibility
from sekisho.services.boundary import boundary
from sekisho.store import models

MOST = 20
LOOKED_AT = 60
"""Candidates of a kind that are asked about; a word that fits more must be longer."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: its id, how it reads, and what tells it apart."""

    id: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, by kind; `more` tells that a longer word would find better."""

    persons: tuple[Hit, ...]
    units: tuple[Hit, ...]
    orders: tuple[Hit, ...]
    systems: tuple[Hit, ...]
    more: bool = False

    @property
    def count(self) -> int:
        return sum(map(len, (self.persons, self.units, self.orders, self.systems)))


NOTHING = Found((), (), (), ())


def search(*, actor: Actor, now: datetime, words: str) -> Found:
    """Return what the words name and the actor may see."""
    wanted = words.strip()[:100]
    if len(wanted) < 2:
        return NOTHING
    persons, many = _persons(actor, now, wanted)
    return Found(persons, _units(actor, now, wanted), _orders(actor, now, wanted), _systems(actor, now, wanted), many)


def _persons(actor: Actor, now: datetime, wanted: str) -> tuple[tuple[Hit, ...], bool]:
    """Return persons by name, kana, number or id: those of whom the actor may know, by a released side of theirs."""
    spelled = Q(name__icontains=wanted) | Q(kana__icontains=wanted) | Q(former_name__icontains=wanted)
    spelled |= Q(name__icontains="".join(wanted.split()))
    named = models.PersonName.objects.as_known_at(now).filter(spelled).values_list("person_id", flat=True)
    numbered = models.EmployeeNumber.objects.as_known_at(now).filter(employee_no__startswith=wanted)
    ids = list(dict.fromkeys([*named[:LOOKED_AT], *numbered.values_list("person_id", flat=True)[:LOOKED_AT]]))
    ids += list(
        models.Person.objects.filter(person_id__startswith=wanted).values_list("person_id", flat=True)[:LOOKED_AT]
    )
    candidates = [PersonId(one) for one in dict.fromkeys(ids)][:LOOKED_AT]
    shown = _known(actor, now, candidates)
    names = dict(
        models.PersonName.objects.as_known_at(now)
        .filter(person_id__in=shown)
        .order_by("start", "id")
        .values_list("person_id", "name")
    )
    return tuple(Hit(one, names.get(one, one), one) for one in shown[:MOST]), len(ids) > LOOKED_AT


def _known(actor: Actor, now: datetime, persons: Iterable[PersonId]) -> list[PersonId]:
    """Keep those whose persons the actor reads in detail, by any of their sides."""
    ids = list(persons)
    purpose = visibility.purpose(actor=actor, now=now)
    sides = person_sides.sides_of(person_ids=ids, known_at=now) if ids else {}
    seen: dict[Side | None, bool] = {}
    for side in {side for mine in sides.values() for side in mine}:
        depth = visibility.depth(actor=actor, kind=FactKind.PERSON, side=side, purpose=purpose, now=now)
        seen[side] = depth is Depth.DETAIL
    return [one for one in ids if one == actor.person_id or any(seen[side] for side in sides[one])]


def _units(actor: Actor, now: datetime, wanted: str) -> tuple[Hit, ...]:
    """Return units by code or name; the company's own chart is no secret of a side (law 8: boundary)."""
    try:
        visibility.need_some(actor=actor, kind=FactKind.BOUNDARY, now=now)
    except visibility.NotVisible:
        return ()
    today, where = installation.today(now=now), boundary(known_at=now)
    rows = models.Unit.objects.as_known_at(now).filter(Q(name__icontains=wanted) | Q(code__istartswith=wanted))
    found: dict[str, Hit] = {}
    for code in rows.order_by("code").values_list("code", flat=True)[:LOOKED_AT]:
        unit = where.unit_or_last(code, today)
        if unit is not None:
            found[code] = Hit(code, unit.name, f"{code} · {unit.company}")
    return tuple(found.values())[:MOST]


def _orders(actor: Actor, now: datetime, wanted: str) -> tuple[Hit, ...]:
    """Return orders by number; advance notices only to those who may know of them."""
    persons = models.Order.objects.filter(order_no__startswith=wanted).values_list("person_id", flat=True)[:LOOKED_AT]
    ids = {PersonId(one) for one in persons}
    if not ids:
        return ()
    rows = orders.orders(known_at=now, statuses=list(OrderStatus), person_ids=ids)
    mine = [one for one in rows if one.key.order_no.startswith(wanted)]
    seen = orders.visible_among(actor=actor, now=now, found=mine, statuses=list(OrderStatus))
    return tuple(Hit(one.id, one.key.order_no, f"{one.person_id} · {one.first_day.isoformat()}") for one in seen[:MOST])


def _systems(actor: Actor, now: datetime, wanted: str) -> tuple[Hit, ...]:
    """Return systems by id or name, of the sides whose systems the actor reads."""
    known, purpose = access.catalogue(known_at=now), visibility.purpose(actor=actor, now=now)
    found = []
    for system in known.systems.values():
        if wanted.casefold() not in f"{system.id} {system.name}".casefold():
            continue
        side = known.system_side(system.id)
        whose = None if side == NEUTRAL else side
        depth = visibility.depth(actor=actor, kind=FactKind.SYSTEM, side=whose, purpose=purpose, now=now)
        if depth is Depth.DETAIL:
            found.append(Hit(system.id, system.name, system.id))
    return tuple(found[:MOST])
