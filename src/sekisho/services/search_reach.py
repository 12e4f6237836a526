"""What a search may look at, said in SQL: what is of sides that the actor does not see is left out before anything is
cut or counted, so that neither a hit nor a number nor "there are more" hangs on it. Who sees each hit is asked again.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import OrderStatus, PersonId, PostKind, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide, purpose_of
from sekisho.services import installation, people, person_facts
from sekisho.store import models

POSTS = [kind.value for kind in PostKind] + ["home"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Units and companies that never were of a side that the actor sees."""

    units: frozenset[str]
    companies: frozenset[str]


def hidden(*, actor: Actor, where: Boundary, kind: FactKind, now: datetime, released: bool = True) -> Hidden:
    """Return the places of whose facts of that kind the actor reads nothing in detail."""
    on = installation.today(now=now)
    purpose = purpose_of(actor, on=on)

    def sees(side: Side | None) -> bool:
        return decide(actor, kind=kind, side=side, purpose=purpose, on=on, released=released) is Depth.DETAIL

    return _never(where, sees)


def _never(where: Boundary, sees: Callable[[Side | None], bool]) -> Hidden:
    known: dict[Side | None, bool] = {}
    units: dict[str, bool] = {}
    companies: dict[str, bool] = {}
    for unit, company, side in where.places():
        seen = known.setdefault(side, sees(side))
        of, code = (units, unit) if unit is not None else (companies, company)
        of[code] = of.get(code, False) or seen
    return Hidden(
        frozenset(code for code, seen in units.items() if not seen),
        frozenset(code for code, seen in companies.items() if not seen),
    )


def persons(places: Hidden, *, now: datetime) -> Q:
    """Return the condition on rows with a `person_id`: a post that is not hidden, or no post at all."""
    posts = models.Stint.objects.as_known_at(now).filter(person_id=OuterRef("person_id"), kind__in=POSTS)
    out_of_sight = Q(unit__in=places.units) | Q(unit="", company__in=places.companies)
    return Q(Exists(posts.exclude(out_of_sight))) | ~Q(Exists(posts))


def orders(*, actor: Actor, where: Boundary, now: datetime) -> Q:
    """Return the condition on orders: released and of a side that is seen, told before its release, or one's own."""
    released = Q(status=OrderStatus.FINAL.value) | Q(release_at__lte=now)
    seen = hidden(actor=actor, where=where, kind=FactKind.MOVE, now=now)
    told = hidden(actor=actor, where=where, kind=FactKind.MOVE, now=now, released=False)
    return (released & _of(seen)) | (~released & _of(told)) | (released & Q(person_id__in=_himself(actor, now)))


def _of(places: Hidden) -> Q:
    """Return the condition that an order names a place which is not hidden; one that names none is its company's."""
    units, companies = places.units, places.companies
    named = [~Q(**{field: ""}) & ~Q(**{f"{field}__in": units}) for field in ("from_unit", "to_unit")]
    named.append(~Q(host_company="") & ~Q(host_company__in=companies))
    nowhere = Q(from_unit="", to_unit="", host_company="") & ~Q(company__in=companies)
    return named[0] | named[1] | named[2] | nowhere


def _himself(actor: Actor, now: datetime) -> Collection[PersonId]:
    if actor.person_id is None:
        return ()
    return person_facts.with_linked([actor.person_id], people.same_as(known_at=now)) or ()
