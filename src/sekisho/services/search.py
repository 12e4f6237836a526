"""Find a person, unit, order or system from anywhere; what may not be seen is neither found nor counted. 検索."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Q, Value
from django.db.models.functions import Replace

from sekisho.core.kinds import NEUTRAL, OrderStatus, PersonId, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.intake.characters import code_text, spellings
from sekisho.services import access, installation, orders, person_sides, search_reach, visibility
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
    day: date | None = None


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
    """Return persons by name, kana, number (old ones too) or id: those he may know, by any side."""
    known = models.PersonName.objects.as_known_at(now)
    closed = {f"{field}_closed": _without_spaces(field) for field in ("name", "kana", "former_name")}
    spelled = Q(pk__in=[])
    for word in spellings(wanted):
        for field in closed:
            spelled |= Q(**{f"{field}__icontains": word})
    code = code_text(wanted)
    numbered = models.EmployeeNumber.objects.as_known_at(now).filter(employee_no__startswith=code)
    coded = models.Person.objects.filter(person_id__startswith=code, recorded_at__lte=now)
    places = search_reach.hidden(actor=actor, where=boundary(known_at=now), kind=FactKind.PERSON, now=now)
    reached = search_reach.persons(places, now=now) | Q(person_id=actor.person_id or "")
    ids: dict[str, None] = {}
    for rows in (known.annotate(**closed).filter(spelled), numbered, coded):
        found = rows.filter(reached).order_by("person_id").values_list("person_id", flat=True)
        ids |= dict.fromkeys(found.distinct()[:LOOKED_AT])
    shown = _known(actor, now, [PersonId(one) for one in ids])
    return tuple(_person_hits(shown[:MOST], now)), len(shown) > MOST


def _person_hits(persons: Sequence[PersonId], now: datetime) -> Iterator[Hit]:
    """Yield the hits: the name, and the id and kana that tell namesakes apart."""
    rows = models.PersonName.objects.as_known_at(now).filter(person_id__in=persons).order_by("start", "id")
    names = {row.person_id: row for row in rows}
    for one in persons:
        name = names.get(one)
        yield Hit(one, name.name if name else one, f"{one} · {name.kana}" if name and name.kana else one)


def _without_spaces(field: str) -> Replace:
    """Return a written name as it is searched: 中村さくら finds 中村 さくら, whatever the width of the space."""
    return Replace(Replace(field, Value(" ")), Value("\u3000"))


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
    begins = Q(order_no__startswith=wanted)
    if connection.vendor == "sqlite":  # whose LIKE takes no index; its order of texts is that of their code points
        begins = Q(order_no__gte=wanted, order_no__lt=wanted + chr(0x10FFFF))
    reached = search_reach.orders(actor=actor, where=boundary(known_at=now), now=now)
    numbered = models.Order.objects.filter(reached, begins, recorded_at__lte=now)
    found = numbered.order_by("order_no", "person_id").values_list("order_no", "person_id").distinct()[:LOOKED_AT]
    ids = {PersonId(person) for _, person in found}
    if not ids:
        return ()
    rows = orders.orders(known_at=now, statuses=list(OrderStatus), person_ids=ids)
    mine = [one for one in rows if one.key.order_no.startswith(wanted)]
    seen = orders.visible_among(actor=actor, now=now, found=mine, statuses=list(OrderStatus))
    names = {hit.id: hit.title for hit in _person_hits([one.person_id for one in seen[:MOST]], now)}
    return tuple(
        Hit(one.id, one.key.order_no, names.get(one.person_id, one.person_id), one.first_day) for one in seen[:MOST]
    )


def _systems(actor: Actor, now: datetime, wanted: str) -> tuple[Hit, ...]:
    """Return systems by id or name, of the sides whose systems the actor reads."""
    known, purpose = access.known_systems(known_at=now), visibility.purpose(actor=actor, now=now)
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
