"""Which posts' protected access is held over days, because something stands against the order that led there.

Here: kept verdicts, and fresh ones for orders never checked, laid on posts. Not here: the same question for
the day of a plan, which judges afresh (`plan_facts`).
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from sekisho.core.holders import Stay
from sekisho.core.holds import behind
from sekisho.core.kinds import OrderStatus, Outcome, PersonId
from sekisho.core.order_effects import in_force
from sekisho.core.orders import Order
from sekisho.services import exceptions, orders, people, person_facts, screening
from sekisho.store import models

FEW = 5_000
"""Persons or orders up to which the database is given a list of them instead of being read whole."""


def held_stays(*, stays: Iterable[Stay], known_at: datetime) -> frozenset[Stay]:
    """Return the stays whose protected access waits, by what the rules said up to `known_at`."""
    by_person: dict[PersonId, list[Stay]] = {}
    for stay in stays:
        by_person.setdefault(stay.place.person_id, []).append(stay)
    few = by_person.keys() if len(by_person) <= FEW else None
    suspects = suspected(known_at=known_at, person_ids=few) & by_person.keys()
    if not suspects:
        return frozenset()
    finals: dict[PersonId, list[Order]] = {}
    for order in in_force(orders.orders(known_at=known_at, statuses=(OrderStatus.FINAL,), person_ids=suspects)):
        finals.setdefault(order.person_id, []).append(order)
    against = _against([order for mine in finals.values() for order in mine], known_at)
    return frozenset(
        stay
        for person, mine in finals.items()
        for stay in by_person[person]
        if any(order.id in against for order in behind(stay.place, mine, stay.period.start))
    )


def _known(known_at: datetime) -> Q:
    return Q(recorded_at__lte=known_at) & (Q(superseded_at__isnull=True) | Q(superseded_at__gt=known_at))


def suspected(*, known_at: datetime, person_ids: Collection[PersonId] | None = None) -> set[PersonId]:
    """Return the persons with an order that something was ever said against, or that was never checked.

    `person_ids`: who alone is asked about, where they are few; linked ids count with them.
    Also whoever has or had an exception: a verdict that allowed the move by it says nothing once it has ended.
    """
    said = models.Screening.objects.filter(order_id=OuterRef("order_id"), screened_at__lte=known_at)
    clean = said.filter(outcome=Outcome.ALLOWED.value)
    rows = models.Order.objects.filter(_known(known_at), status=OrderStatus.FINAL.value)
    rows = rows.filter(~Exists(clean) | Exists(said.exclude(outcome=Outcome.ALLOWED.value)))
    same_as = people.same_as(known_at=known_at)
    if person_ids is not None:
        rows = rows.filter(person_id__in=person_facts.with_linked(person_ids, same_as) or ())
    named = {PersonId(person) for person in rows.values_list("person_id", flat=True).distinct()}
    return {same_as.get(one, one) for one in named} | exceptions.known(known_at=known_at).keys()


def _against(asked: Collection[Order], known_at: datetime) -> frozenset[str]:
    """Return the orders that a verdict other than allowed stands against: the last kept one, else a fresh one."""
    wanted = {order.id for order in asked}
    rows = models.Screening.objects.filter(screened_at__lte=known_at).order_by("screened_at", "id")
    if len(wanted) <= FEW:
        rows = rows.filter(order_id__in=wanted)
    last = {key: outcome for key, outcome in rows.values_list("order_id", "outcome") if key in wanted}
    fresh = screening.verdicts(orders=[order for order in asked if order.id not in last], known_at=known_at)
    last |= {key: verdict.outcome.value for key, verdict in fresh.items()}
    return frozenset(key for key, outcome in last.items() if outcome != Outcome.ALLOWED.value)
