"""Which grants of an approved plan nobody wants any more: an order cancelled or replaced since, a rule, a post.

Less access is always within what was approved; more is not, once its reason is gone (law 2). Asked of the
ledger first, by its own clock: a file may say that it was received before the plan was made.
"""

from datetime import date

from django.db.models import Q

from sekisho.core.access import Catalogue, Key
from sekisho.core.kinds import PersonId
from sekisho.core.plans import Operation, Plan
from sekisho.services import access, plan_facts
from sekisho.services.cutover_steps import Clock
from sekisho.store.models import LedgerEntry

NEWS = ("order", "folder.", "person.", "exception", "grant")
"""How the kinds of entries begin that change what people should hold."""


def withdrawn(plan: Plan, catalogue: Catalogue, *, day: date, clock: Clock) -> frozenset[tuple[PersonId, Key]]:
    """Return what the plan gives on `day` and what is known now would not give, or holds."""
    given = {(one.person_id, (one.system, one.entitlement)) for part in plan.parts for one in _grants(part.operations)}
    if not given or not _news(plan):
        return frozenset()
    now = clock.now()
    roll = access.roster(catalogue, as_of_day=day, known_at=now)
    persons = {person for person, _ in given}
    subjects = {one.person_id: one for one in roll.subjects if one.person_id in persons}
    holds = plan_facts.held_by_verdicts(list(subjects.values()), roll, day, now)
    return frozenset(
        (person, key)
        for person, key in given
        if person not in subjects or key not in subjects[person].wanted.because or key in holds.get(person, {})
    )


def _grants(operations: tuple[Operation, ...]) -> list[Operation]:
    return [one for one in operations if one.phase == 2 and one.entitlement]


def _news(plan: Plan) -> bool:
    kinds = Q()
    for beginning in NEWS:
        kinds |= Q(kind__startswith=beginning)
    return LedgerEntry.objects.filter(kinds, recorded_at__gte=plan.planned_at).exists()
