"""The facts that verdicts rest on: some persons' orders and rosters, and the rules as known at one moment.

Here: loading and folding, once for many verdicts. The judgement is `core.screening`'s, what is done with it
`screening`'s and `rule_preview`'s.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import OrderStatus, PersonId
from sekisho.core.order_effects import Resolution, resolve
from sekisho.core.orders import Order
from sekisho.core.people import Timeline
from sekisho.core.screening import Rulebook, judge
from sekisho.core.timeline import fold
from sekisho.core.verdicts import Verdict
from sekisho.services import exceptions, person_facts, rules
from sekisho.services.boundary import boundary
from sekisho.store import models


class World:
    """The facts of some persons, folded with their final orders, and of a draft's day with its drafts."""

    def __init__(self, *, person_ids: Collection[PersonId], known_at: datetime, book: Rulebook | None = None) -> None:
        self.book = book or rulebook(known_at=known_at)
        self._facts = person_facts.facts(person_ids=person_ids, known_at=known_at)
        self._drafts: dict[PersonId, list[Order]] = defaultdict(list)
        draft = [OrderStatus.DRAFT]
        for order in person_facts.accepted(person_ids=person_ids, known_at=known_at, statuses=draft):
            self._drafts[order.person_id].append(order)
        self._finals: dict[PersonId, Resolution] = {}
        self._timelines: dict[PersonId, Timeline] = {}

    def persons(self) -> list[PersonId]:
        return sorted(self._facts.orders.keys() | self._drafts.keys())

    def in_force(self, person: PersonId) -> tuple[Order, ...]:
        """Return the person's final orders that count and the drafts that nobody withdrew, as they apply."""
        return (*self._resolved(person).orders, *self._drafts_kept(person).orders)

    def verdict(
        self,
        order: Order,
        *,
        on: date | None = None,
        excepted_on: date | None = None,
        book: Rulebook | None = None,
    ) -> Verdict:
        """Return what the rules say of the order; with `book`, what other rules over the same facts would."""
        return judge(order, self._timeline_for(order), book or self.book, on=on, excepted_on=excepted_on)

    def boundary(self) -> Boundary:
        return self.book.boundary

    def _resolved(self, person: PersonId) -> Resolution:
        if person not in self._finals:
            self._finals[person] = resolve(self._facts.orders.get(person, ()))
        return self._finals[person]

    def _drafts_kept(self, person: PersonId) -> Resolution:
        drafts = self._drafts.get(person)
        if not drafts:
            return Resolution(())
        found = resolve([*self._resolved(person).orders, *drafts])
        return replace(found, orders=tuple(order for order in found.orders if order.status is OrderStatus.DRAFT))

    def _timeline_for(self, order: Order) -> Timeline:
        person = order.person_id
        if order.status is OrderStatus.DRAFT:
            drafts = self._drafts_kept(person)
            with_it = tuple(one for one in drafts.orders if one.first_day == order.first_day)
            return self._fold(person, replace(drafts, orders=with_it))
        if person not in self._timelines:
            self._timelines[person] = self._fold(person, Resolution(()))
        return self._timelines[person]

    def _fold(self, person: PersonId, drafts: Resolution) -> Timeline:
        """Fold the finals in force and the drafts; what could not be resolved among them is a problem still."""
        finals = self._resolved(person)
        roster = self._facts.roster.get(person, ())
        timeline = fold(person, roster, (*finals.orders, *drafts.orders), self.book.boundary)
        return replace(timeline, problems=(*finals.problems, *drafts.problems, *timeline.problems))


def ordered(known_at: datetime) -> set[PersonId]:
    """Return everyone of whom HR has ordered anything."""
    rows = models.Order.objects.filter(recorded_at__lte=known_at).values_list("person_id", flat=True).distinct()
    return {PersonId(person) for person in rows}


def rulebook(*, known_at: datetime) -> Rulebook:
    """Return all that verdicts rest on beside the persons' own facts, as known at `known_at`."""
    return Rulebook(
        boundary=boundary(known_at=known_at),
        rules=rules.rules(known_at=known_at),
        parameters=rules.parameters(known_at=known_at),
        history=rules.history(known_at=known_at),
        exceptions=exceptions.known(known_at=known_at),
        approvers=rules.approvers(known_at=known_at),
    )
