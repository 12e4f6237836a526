"""Systems, bundles, grants and accounts as known; and what each person should hold on a day.

Here: rows to core's words, for plans, cutover and `who`. Not here: what systems showed (`observations`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from sekisho.core.access import (
    AccountLink,
    Because,
    Bundle,
    Catalogue,
    Entitlement,
    Grant,
    Key,
    System,
)
from sekisho.core.desired import Matcher, Place, Wanted, combined, grants_on, stream
from sekisho.core.kinds import Ownership, PersonId, PostKind, Side
from sekisho.core.periods import Period
from sekisho.core.planning import Linked, Presence, Subject
from sekisho.services import people
from sekisho.services.boundary import boundary
from sekisho.services.remembering import remembered
from sekisho.store import models

APPROVED = "approved"
"""The state of a grant that counts; `requested` ones wait for an approver."""
HELD_KINDS = (PostKind.MAIN.value, PostKind.CONCURRENT.value)


def catalogue(*, known_at: datetime, accounts_of: str | None = None) -> Catalogue:
    """Return everything about systems and access as known at `known_at`; approved grants only.

    Persons are named by the id that answers for them (law 10). `accounts_of`: a system, where only its
    accounts are asked for.
    """
    systems = {row.system_id: _system(row) for row in models.System.objects.as_known_at(known_at).order_by("start")}
    entitlements = {}
    for row in models.Entitlement.objects.as_known_at(known_at).order_by("start"):
        found = _entitlement(row, systems.get(row.system_id))
        entitlements[found.key] = found
    same_as = people.same_as(known_at=known_at)
    return Catalogue(
        systems=systems,
        entitlements=entitlements,
        bundles=tuple(_bundle(row) for row in models.Bundle.objects.as_known_at(known_at).order_by("bundle_id", "id")),
        grants=tuple(_grants(known_at, same_as)),
        accounts=tuple(_links(known_at, same_as, accounts_of)),
        protected_accounts=frozenset(
            models.ProtectedAccount.objects.as_known_at(known_at).values_list("system_id", "account")
        ),
    )


@remembered
def known_systems(*, known_at: datetime) -> Catalogue:
    """Return the catalogue without accounts: what pages ask for, and accounts are most of it by far."""
    return catalogue(known_at=known_at, accounts_of="")


@remembered
def systems(*, known_at: datetime) -> Mapping[str, System]:
    """Return the systems alone, by id: for pages that only name them."""
    return {row.system_id: _system(row) for row in models.System.objects.as_known_at(known_at).order_by("start")}


def desired(*, as_of_day: date, known_at: datetime) -> dict[PersonId, Mapping[Key, Because]]:
    """Return what each person should hold on the day and why; nobody who should hold nothing is in it."""
    roll = roster(catalogue(known_at=known_at), as_of_day=as_of_day, known_at=known_at)
    return {one.person_id: one.wanted.because for one in roll.subjects if one.wanted.because}


@dataclass(frozen=True, slots=True)
class Roll:
    """Everyone whom a plan concerns on a day, sorted by id; `places` are the posts they work in."""

    subjects: tuple[Subject, ...]
    places: Mapping[PersonId, tuple[Place, ...]]
    matcher: Matcher
    shared: frozenset[tuple[str, str]]


def roster(known: Catalogue, *, as_of_day: date, known_at: datetime) -> Roll:
    """Return everyone with a post, a grant or an account on the day."""
    matcher = Matcher(known.bundles, boundary(known_at=known_at), as_of_day)
    grants = grants_on(known.grants, as_of_day)
    absent = people.absent_on(day=as_of_day, known_at=known_at)
    working: dict[PersonId, Wanted] = {}
    places: dict[PersonId, tuple[Place, ...]] = {}
    active = (place for place in _places(as_of_day, known_at) if place.person_id not in absent)
    for person_id, wanted, held in stream(active, matcher, grants):
        working[person_id], places[person_id] = wanted, held
    links = links_on(known.accounts, as_of_day)
    others = (links.keys() | grants.keys()) - working.keys()
    left = _left(others - absent, as_of_day, known_at)
    subjects = [Subject(one, wanted, Presence.WORKING, links.get(one, ())) for one, wanted in working.items()]
    for one in others:
        presence = Presence.LEFT if one in left else Presence.ON_LEAVE if one in absent else Presence.NOT_YET
        given = () if presence is Presence.LEFT else grants.get(one, ())
        subjects.append(Subject(one, combined((), given), presence, links.get(one, ())))
    subjects.sort(key=lambda one: one.person_id)
    return Roll(tuple(subjects), places, matcher, shared_accounts(known.accounts, as_of_day))


def links_on(accounts: Iterable[AccountLink], day: date) -> dict[PersonId, tuple[Linked, ...]]:
    """Return each person's accounts on the day; an ended link counts until the account becomes someone else's.

    An ended link does not end access: whoever had the account may still use it.
    """
    by_account: dict[tuple[str, str], list[AccountLink]] = {}
    for link in accounts:
        if link.period.start <= day:
            by_account.setdefault((link.system, link.account), []).append(link)
    found: dict[PersonId, set[Linked]] = {}
    for rows in by_account.values():
        current = [link for link in rows if link.period.holds(day)]
        kept = current or [max(rows, key=lambda link: (link.period.until, link.person_id))]
        for link in kept:
            found.setdefault(link.person_id, set()).add(Linked(link.system, link.account, bool(current)))
    return {one: tuple(sorted(links, key=lambda x: (x.system, x.account))) for one, links in found.items()}


def shared_accounts(accounts: Iterable[AccountLink], day: date) -> frozenset[tuple[str, str]]:
    """Return the accounts that several persons are linked to on the day."""
    users: dict[tuple[str, str], set[PersonId]] = {}
    for link in accounts:
        if link.period.holds(day):
            users.setdefault((link.system, link.account), set()).add(link.person_id)
    return frozenset(account for account, persons in users.items() if len(persons) > 1)


def on(day: date) -> Q:
    """Return the filter for rows whose period holds the day."""
    return Q(start__lte=day) & (Q(end__isnull=True) | Q(end__gt=day))


def _places(day: date, known_at: datetime) -> Iterator[Place]:
    rows = (
        models.Stint.objects.as_known_at(known_at)
        .filter(on(day), kind__in=HELD_KINDS)
        .order_by("person_id", "kind", "company", "unit", "id")
        .values_list("person_id", "company", "unit", "title", "origin")
    )
    for person_id, company, unit, title, origin in rows.iterator(chunk_size=5000):
        yield Place(PersonId(person_id), company, unit, title, origin)


def _left(persons: Iterable[PersonId], day: date, known_at: datetime) -> frozenset[PersonId]:
    """Return those who had a post before the day and have none; who never had one has not left."""
    asked = set(persons)
    if not asked:
        return frozenset()
    before = models.Stint.objects.as_known_at(known_at).filter(start__lte=day, kind__in=HELD_KINDS)
    return frozenset(PersonId(one) for one in before.values_list("person_id", flat=True).distinct() if one in asked)


def _system(row: models.System) -> System:
    side = Side(row.side) if row.side else None
    return System(row.system_id, row.name, side, row.protected, row.connector, row.settings)


def _entitlement(row: models.Entitlement, system: System | None) -> Entitlement:
    side = Side(row.side) if row.side else system.side if system is not None else None
    return Entitlement(
        system=row.system_id,
        id=row.entitlement,
        side=side,
        protected=row.protected,
        owned=Ownership(row.owned),
        info_classes=frozenset(row.info_classes),
    )


def _bundle(row: models.Bundle) -> Bundle:
    condition = row.condition
    return Bundle(
        id=row.bundle_id,
        system=row.system_id,
        entitlements=frozenset(row.entitlements),
        period=Period(row.start, row.end),
        classes=frozenset(condition.get("classes") or ()),
        units=frozenset(condition.get("units") or ()),
        companies=frozenset(condition.get("companies") or ()),
        titles=frozenset(condition.get("titles") or ()),
    )


def _grants(known_at: datetime, same_as: Mapping[PersonId, PersonId]) -> Iterator[Grant]:
    for row in models.Grant.objects.as_known_at(known_at).filter(state=APPROVED).order_by("grant_id"):
        yield Grant(
            id=row.grant_id,
            person_id=same_as.get(PersonId(row.person_id), PersonId(row.person_id)),
            system=row.system_id,
            entitlement=row.entitlement,
            reason=row.reason,
            approver=row.approver,
            period=Period(row.start, row.end),
        )


def _links(known_at: datetime, same_as: Mapping[PersonId, PersonId], system: str | None) -> Iterator[AccountLink]:
    query = models.Account.objects.as_known_at(known_at)
    if system is not None:
        query = query.filter(system_id=system)
    rows = query.annotate(first=as_text("start"), last=as_text("end"))
    names = ("person_id", "system_id", "account", "first", "last")
    for person, owner, account, start, end in rows.values_list(*names).iterator(chunk_size=5000):
        person_id = same_as.get(person, person)
        yield AccountLink(person_id, owner, account, period(start, end))


def links_of(*, person_ids: Iterable[PersonId], known_at: datetime) -> Iterator[AccountLink]:
    """Yield the links of the accounts that were ever the persons', whoever has them now."""
    rows = models.Account.objects.as_known_at(known_at)
    mine = rows.filter(person_id__in=list(person_ids)).values_list("system_id", "account")
    named = Q(pk__in=[])
    for system, account in mine:
        named |= Q(system_id=system, account=account)
    same_as = people.same_as(known_at=known_at)
    for row in rows.filter(named):
        person = PersonId(row.person_id)
        yield AccountLink(same_as.get(person, person), row.system_id, row.account, Period(row.start, row.end))


def as_text(name: str) -> Cast:
    """Return a date column as text: a million rows have few different days, and `period` reads each once."""
    return Cast(name, TextField())


@cache
def period(start: str, end: str | None) -> Period:
    """Return the period between two days as the database spells them; equal ones are one object."""
    return Period(date.fromisoformat(start), date.fromisoformat(end) if end else None)
