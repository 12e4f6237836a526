"""One person's access on a day: what should have been held, what was seen, and what brings it. 個人の権限.

The same laying of days over days as `who`, asked of one person over all systems instead of one system over all
persons: the queries hang on him alone, whatever the size of the company.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sekisho.core.access import AccountLink, Because, Bundle, Catalogue, Key
from sekisho.core.boundary import Boundary
from sekisho.core.desired import Place
from sekisho.core.holders import Holder, Reach, Seen, Stay, Waiting, desired_days, holders, observed_days
from sekisho.core.kinds import NEUTRAL, Basis, PersonId
from sekisho.core.periods import Period, day_after
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import access, installation, people, person_facts, visibility, who
from sekisho.services.boundary import boundary
from sekisho.services.held_stays import held_stays
from sekisho.services.stints import LEAVE
from sekisho.store import models


@dataclass(frozen=True, slots=True)
class Held:
    """One entitlement of the person on the day: on which basis, and what brings it."""

    system: str
    system_name: str
    entitlement: str
    protected: bool
    basis: Basis
    because: Because
    bundles: Mapping[str, Bundle]
    """The bundles that it is because of, by id."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of whom, for which day, as known when."""

    ids: Collection[PersonId]
    period: Period
    known_at: datetime


def access_of(
    *, actor: Actor, person_id: PersonId, day: date, known_at: datetime, now: datetime
) -> tuple[Held, ...] | None:
    """Return the person's access on the day as known then, of the sides whose holdings the actor reads.

    None: the actor reads holdings of no side, nor this person's.
    """
    asked = _Asked(
        person_facts.with_linked([person_id], people.same_as(known_at=known_at)) or [person_id],
        Period(day, day_after(day)),
        known_at,
    )
    known = access.catalogue(known_at=known_at, accounts_of="")  # no system's accounts: this person's are read here
    seen = _seen_keys(actor, known, person_id, now)
    if not seen:
        return None
    stays = list(_stays(asked))
    facts = _Facts(
        known=known,
        where=boundary(known_at=known_at),
        zone=installation.zone(known_at=known_at),
        links=list(access.links_of(person_ids=asked.ids, known_at=known_at)),
        stays=stays,
        away={person_id: _away(asked)},
        held=held_stays(stays=stays, known_at=known_at),
    )
    systems = sorted({key[0] for key in seen})
    rows = ((system, one) for system in systems for one in _holders(system, person_id, asked, facts))
    return tuple(_held(system, one, known) for system, one in rows if (system, one.entitlement) in seen)


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything that is read once, whatever the number of systems."""

    known: Catalogue
    where: Boundary
    zone: ZoneInfo
    links: Collection[AccountLink]
    stays: Collection[Stay]
    away: Mapping[PersonId, list[Period]]
    held: Collection[Stay]


def _holders(system: str, person_id: PersonId, asked: _Asked, facts: _Facts) -> list[Holder]:
    """Lay what was seen on one system over what should have been, for the person alone."""
    known = facts.known
    bundles = [one for one in known.bundles if one.system == system]
    grants = [one for one in known.grants if one.system == system and one.person_id == person_id]
    protected = [key[1] for key, row in known.entitlements.items() if key[0] == system and row.protected]
    reach = Reach(bundles, facts.where, asked.period, ())
    wanted = desired_days(facts.stays, facts.away, reach, grants, asked.period, Waiting(facts.held, protected))
    mine = [link for link in facts.links if link.system == system]
    accounts = {link.account for link in mine if link.person_id == person_id}
    observed = observed_days(_observed(system, accounts, asked, facts.zone), mine, asked.period)
    return [one for one in holders(wanted, observed) if one.person_id == person_id]


def _held(system: str, one: Holder, known: Catalogue) -> Held:
    named = {bundle.id: bundle for bundle in known.bundles if bundle.system == system}
    return Held(
        system=system,
        system_name=known.systems[system].name if system in known.systems else system,
        entitlement=one.entitlement,
        protected=known.entitlements[system, one.entitlement].protected,
        basis=one.basis,
        because=one.because,
        bundles={name: named[name] for name in _bundles(one.because) if name in named},
    )


def _bundles(because: Because) -> Iterator[str]:
    return (word.removeprefix("bundle:") for word in because if word.startswith("bundle:"))


def _seen_keys(actor: Actor, known: Catalogue, person_id: PersonId, now: datetime) -> frozenset[Key]:
    """Return the entitlements of the sides whose holdings the actor reads: by his roles, or because they are his."""
    purpose = visibility.purpose(actor=actor, now=now)
    sides = {known.side(key) for key in known.entitlements}
    depths = {
        side: visibility.depth(
            actor=actor,
            kind=FactKind.HOLDING,
            side=None if side == NEUTRAL else side,
            purpose=purpose,
            now=now,
            about=person_id,
        )
        for side in sorted(sides)
    }
    return frozenset(key for key in known.entitlements if depths[known.side(key)] is Depth.DETAIL)


def _stays(asked: _Asked) -> Iterator[Stay]:
    rows = models.Stint.objects.as_known_at(asked.known_at).filter(
        access.on(asked.period.start), person_id__in=asked.ids, kind__in=access.HELD_KINDS
    )
    for row in rows.order_by("pk"):
        place = Place(PersonId(row.person_id), row.company, row.unit, row.title, row.origin)
        yield Stay(place, Period(row.start, row.end))


def _away(asked: _Asked) -> list[Period]:
    rows = models.Stint.objects.as_known_at(asked.known_at).filter(
        access.on(asked.period.start), person_id__in=asked.ids, kind=LEAVE
    )
    return [Period(row.start, row.end) for row in rows]


def _observed(system: str, accounts: Collection[str], asked: _Asked, zone: ZoneInfo) -> Iterator[Seen]:
    if accounts:
        question = who.Asked(system, asked.period, asked.known_at, None, frozenset(accounts))
        yield from who.seen(question, zone)
