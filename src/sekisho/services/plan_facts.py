"""What a plan is drafted from, beside the catalogue: the journal, verdicts, exceptions, HR's signed lists.

Here: rows to the arguments of `core.planning`, and the two passes over people. Not here: reads of
systems (`observations`), keeping the plan (`plans`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from sekisho.connectors.protocol import Precondition
from sekisho.core.access import Catalogue, Key
from sekisho.core.holds import held_keys, to_judge
from sekisho.core.kinds import Action, OperationState, OrderStatus, PersonId
from sekisho.core.order_effects import in_force
from sekisho.core.orders import Order
from sekisho.core.periods import day_before
from sekisho.core.planning import Draft, Subject, Targets, plan_person, settled, shared_revocations, with_holds
from sekisho.core.wall import NOT_COVERED, Covered
from sekisho.services import exceptions, orders, people, screening, users
from sekisho.services.access import Roll
from sekisho.services.held_stays import suspected
from sekisho.services.observations import Observation
from sekisho.store import models

WALL_CODES = frozenset({"plans.held_dual_holding", "plans.held_both_sides_wanted", "plans.held_unconfirmed"})
"""Holds that an exception or a hold on the other side can lift, so these people are looked at twice."""


def targets(known: Catalogue, seen: Mapping[str, Observation], roll: Roll, as_of: datetime) -> Targets:
    """Return what is the same for all persons of one plan."""
    able = {system: one.capabilities for system, one in seen.items() if one.capabilities is not None}
    granted, revoked = _journal()
    return Targets(
        catalogue=known,
        readings={system: one.reading for system, one in seen.items()},
        as_of=as_of.astimezone(UTC).isoformat(),
        enforced={
            system: "reread" if one.precondition is Precondition.NONE else "target" for system, one in able.items()
        },
        can_disable=frozenset(system for system, one in able.items() if one.disables_accounts),
        granted=granted,
        revoked=revoked,
        shared=roll.shared,
    )


def judged(roll: Roll, known: Catalogue, *, day: date, known_at: datetime) -> tuple[Subject, ...]:
    """Return everyone with what verdicts and exceptions of the day say of the protected access they should have."""
    doubted = _doubted(roll, known, known_at)
    holds = held_by_verdicts([one for one in roll.subjects if one.person_id in doubted], roll, day, known_at)
    exempt = exempt_persons(day=day, known_at=known_at)
    return tuple(
        with_holds(one, holds.get(one.person_id, {}), exempt=exempt.get(one.person_id, NOT_COVERED))
        if one.person_id in holds or one.person_id in exempt
        else one
        for one in roll.subjects
    )


def draft(roll: Roll, targets: Targets, *, day: date, known_at: datetime) -> Draft:
    """Plan everyone; those to whom protected access would go are planned with what the rules say of them.

    So are those who may have some that waits: what they hold is as wanted, and must go all the same.
    """
    found = Draft([], [])
    moving: list[Subject] = []
    doubted = _doubted(roll, targets.catalogue, known_at)
    for subject in roll.subjects:
        if subject.person_id in doubted:
            moving.append(subject)
            continue
        if settled(subject, targets):
            continue
        mine = plan_person(subject, targets)
        if _touches_the_wall(mine):
            moving.append(subject)
        else:
            found.add(mine)
    exempt = exempt_persons(day=day, known_at=known_at) if moving else {}
    holds = held_by_verdicts(moving, roll, day, known_at)
    ready: dict[PersonId, Subject] = {}
    for one in moving:
        covered = exempt.get(one.person_id, NOT_COVERED)
        ready[one.person_id] = with_holds(one, holds.get(one.person_id, {}), exempt=covered)
        found.add(plan_person(ready[one.person_id], targets))
    users = [one for one in roll.subjects if any((x.system, x.account) in roll.shared for x in one.accounts)]
    sharing = [ready.get(one.person_id, one) for one in users]
    found.operations.extend(shared_revocations(sharing, targets))
    return found


def expected_movers(*, day: date, known_at: datetime, planner: str) -> frozenset[PersonId] | None:
    """Return whom HR's signed lists name for the day, or None without such a list.

    A list counts if any of its movers moves on the day (or left on the day before); one that the
    planner signed does not (law 13).
    """
    found: set[PersonId] = set()
    any_list = False
    days = {day.isoformat(), day_before(day).isoformat()}
    himself = users.identities(name=planner, known_at=known_at)
    for row in models.Manifest.objects.filter(signed_at__lte=known_at).exclude(signed_by=""):
        if himself & users.identities(name=row.signed_by, known_at=known_at):
            continue
        if any(str(mover[2]) in days for mover in row.movers):
            any_list = True
            found.update(PersonId(mover[0]) for mover in row.movers if str(mover[2]) <= day.isoformat())
    same_as = people.same_as(known_at=known_at)
    return frozenset(same_as.get(one, one) for one in found) if any_list else None


def exempt_persons(*, day: date, known_at: datetime) -> dict[PersonId, Covered]:
    """Return which sides exceptions in force let a person hold together, for those who have any."""
    return exceptions.covered(kind="concurrent_posts", on=day, known_at=known_at)


def never_empty(known: Catalogue) -> frozenset[str]:
    """Return the systems whose groups must keep a member: LDAP's groupOfNames and groupOfUniqueNames."""
    must = {"groupofnames", "groupofuniquenames"}
    return frozenset(
        system.id
        for system in known.systems.values()
        if system.connector == "ldap" and str(system.settings.get("group_class", "")).lower() in must
    )


def _doubted(roll: Roll, known: Catalogue, known_at: datetime) -> frozenset[PersonId]:
    """Return who should have protected access and has an order that something may stand against: few people."""
    protected = {key for key, row in known.entitlements.items() if row.protected}
    suspects = suspected(known_at=known_at)
    return frozenset(
        one.person_id
        for one in roll.subjects
        if one.person_id in suspects and not protected.isdisjoint(one.wanted.because)
    )


def _touches_the_wall(mine: Draft) -> bool:
    return any(one.protected and one.action is Action.GRANT for one in mine.operations) or any(
        one.code in WALL_CODES for one in mine.held
    )


def held_by_verdicts(
    moving: Sequence[Subject], roll: Roll, day: date, known_at: datetime
) -> dict[PersonId, Mapping[Key, tuple[str, str]]]:
    """Return what the verdicts on a person's orders keep from him, with the code and the order."""
    persons = {one.person_id for one in moving if one.person_id in roll.places}
    if not persons:
        return {}
    finals: dict[PersonId, list[Order]] = {}
    for order in in_force(orders.orders(known_at=known_at, statuses=(OrderStatus.FINAL,), person_ids=persons)):
        finals.setdefault(order.person_id, []).append(order)
    asked = [order for one, mine in finals.items() for order in to_judge(roll.places[one], mine, day)]
    verdicts = screening.verdicts(orders=asked, known_at=known_at, excepted_on=day)
    outcomes = {order_id: verdict.outcome for order_id, verdict in verdicts.items()}
    return {one: held_keys(roll.places[one], mine, outcomes, roll.matcher, day) for one, mine in finals.items()}


def _journal() -> tuple[frozenset[tuple[str, str, str]], frozenset[tuple[str, str, str]]]:
    """Return what the last applied operation gave, and what it took: (system, account, entitlement)."""
    last: dict[tuple[str, str, str], str] = {}
    for system, account, entitlement, action in _applied():
        last[(system, account, entitlement)] = action
    return (
        frozenset(key for key, action in last.items() if action == Action.GRANT.value),
        frozenset(key for key, action in last.items() if action == Action.REVOKE.value),
    )


def _applied() -> Iterator[tuple[str, str, str, str]]:
    rows = models.OperationRecord.objects.filter(
        state=OperationState.APPLIED.value, action__in=(Action.GRANT.value, Action.REVOKE.value)
    )
    names = ("system_id", "account", "entitlement", "action")
    return rows.order_by("changed_at", "id").values_list(*names).iterator(chunk_size=5000)
