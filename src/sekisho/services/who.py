"""Who should have held access to a system and who was seen to, as known at a moment. 保有者の照会."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from sekisho.core.access import Catalogue
from sekisho.core.desired import Place
from sekisho.core.errors import SekishoError
from sekisho.core.holders import Holder, Reach, Seen, Stay, Waiting, desired_days, holders, observed_days
from sekisho.core.kinds import NEUTRAL, PersonId, Side
from sekisho.core.periods import Period, day_after, local_day, midnight
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide
from sekisho.services import access, installation, visibility
from sekisho.services.boundary import boundary
from sekisho.services.held_stays import held_stays
from sekisho.services.stints import LEAVE
from sekisho.store import models

MANY = 5000
"""Units beyond which the database is asked for everyone instead of for a list of units."""


class UnknownSystem(SekishoError):
    """No system has that id."""


class NoDays(SekishoError):
    """The period ends before it starts."""


@dataclass(frozen=True, slots=True)
class Who:
    """The answer: what was asked, and the holders."""

    system: str
    period: Period
    known_at: datetime
    holders: tuple[Holder, ...]


def who(
    *, actor: Actor, system: str, period: Period, known_at: datetime, now: datetime, at: datetime | None = None
) -> Who:
    """Return who held access to the system over the days, by what should have been and by what was seen.

    What should be held is a matter of days. What was seen counts for a day if it was so at any time of it;
    with `at`, an instant of the day, only if it was so then.

    Raises:
        UnknownSystem: there is none, or none that the actor may know of; the answer is the same.
        NoDays: the period ends before it starts.
        NotVisible: the actor sees holdings of no side.
    """
    visibility.need_some(actor=actor, kind=FactKind.HOLDING, now=now)
    known = access.catalogue(known_at=known_at, accounts_of=system)
    mine = _systems_seen(actor, known, now)
    if system not in mine:
        raise UnknownSystem("who.unknown_system", {"system": system, "known": ", ".join(mine) or "-"})
    if period.start >= period.until:
        raise NoDays("who.no_days", {"start": period.start.isoformat(), "end": period.until.isoformat()})
    sides = _sides_seen(actor, known, system, now)
    bundles = [bundle for bundle in known.bundles if bundle.system == system]
    reach = Reach(bundles, boundary(known_at=known_at), period, _cuts(known_at))
    stays = list(_stays(reach, period, known_at))
    protected = frozenset(
        name for (owner, name), row in known.entitlements.items() if owner == system and row.protected
    )
    wanted = desired_days(
        stays,
        _away(period, known_at),
        reach,
        [grant for grant in known.grants if grant.system == system],
        period,
        Waiting(held_stays(stays=stays, known_at=known_at) if protected else frozenset(), protected),
    )
    zone = installation.zone(known_at=known_at)
    shown = observed_days(seen(Asked(system, period, known_at, at), zone), known.accounts, period)
    found = (one for one in holders(wanted, shown) if known.side((system, one.entitlement)) in sides)
    return Who(system, period, known_at, tuple(found))


def _systems_seen(actor: Actor, known: Catalogue, now: datetime) -> list[str]:
    """Return the systems of which the actor sees anything in detail, sorted."""
    on = installation.today(now=now)
    purpose = visibility.purpose(actor=actor, now=now)
    owners = [(system, known.system_side(system)) for system in known.systems]
    owners += [(key[0], known.side(key)) for key in known.entitlements]
    sides = {side: None if side == NEUTRAL else side for _, side in owners}
    depths = {
        side: decide(actor, kind=FactKind.HOLDING, side=whose, purpose=purpose, on=on) for side, whose in sides.items()
    }
    return sorted({system for system, side in owners if depths[side] is Depth.DETAIL})


def _sides_seen(actor: Actor, known: Catalogue, system: str, now: datetime) -> frozenset[Side]:
    """Return the sides of the system and its entitlements that the actor sees in detail."""
    keys = [key for key in known.entitlements if key[0] == system]
    purpose = visibility.purpose(actor=actor, now=now)
    return frozenset(
        side
        for side in sorted({known.system_side(system), *map(known.side, keys)})
        if visibility.depth(actor=actor, kind=FactKind.HOLDING, side=side, purpose=purpose, now=now) is Depth.DETAIL
    )


def _cuts(known_at: datetime) -> Iterator[date]:
    for model in (models.Unit, models.Company):
        for start, end in model.objects.as_known_at(known_at).values_list("start", "end").distinct():
            yield start
            if end is not None:
                yield end


def _overlapping(period: Period) -> Q:
    started = Q() if period.end is None else Q(start__lt=period.end)
    return started & (Q(end__isnull=True) | Q(end__gt=period.start))


def _stays(reach: Reach, period: Period, known_at: datetime) -> Iterator[Stay]:
    query = models.Stint.objects.as_known_at(known_at).filter(_overlapping(period), kind__in=access.HELD_KINDS)
    units = reach.units()
    if units is not None and len(units) < MANY:
        query = query.filter(unit__in=sorted(units))
    names = ("person_id", "company", "unit", "title", "origin", "first", "last")
    rows = query.annotate(first=access.as_text("start"), last=access.as_text("end")).values_list(*names)
    for person, company, unit, title, origin, start, end in rows.iterator(chunk_size=5000):
        yield Stay(Place(person, company, unit, title, origin), access.period(start, end))


def _away(period: Period, known_at: datetime) -> dict[PersonId, list[Period]]:
    rows = models.Stint.objects.as_known_at(known_at).filter(_overlapping(period), kind=LEAVE)
    found: dict[PersonId, list[Period]] = {}
    for person, start, end in rows.values_list("person_id", "start", "end"):
        found.setdefault(PersonId(person), []).append(Period(start, end))
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the reads; `accounts` None: of every account."""

    system: str
    period: Period
    known_at: datetime
    at: datetime | None
    accounts: frozenset[str] | None = None


def seen(asked: Asked, zone: ZoneInfo) -> Iterator[Seen]:
    """Yield what reads showed up to `known_at`; an end that was not yet known then is open."""
    rows = models.ObservedHolding.objects.filter(system_id=asked.system, first_seen_at__lte=asked.known_at)
    if asked.accounts is not None:
        rows = rows.filter(account__in=asked.accounts)
    first_instant = asked.at or midnight(asked.period.start, zone)
    later = Q(absent_at__isnull=True) | Q(absent_at__gt=first_instant) | Q(absent_at__gt=asked.known_at)
    rows = rows.filter(later)
    if asked.at is not None:
        rows = rows.filter(first_seen_at__lte=asked.at)
    elif asked.period.end is not None:
        rows = rows.filter(first_seen_at__lt=midnight(asked.period.end, zone))
    spelled = rows.annotate(first=access.as_text("first_seen_at"), last=access.as_text("absent_at"))
    days: dict[tuple[str, str | None], Period] = {}
    names = ("account", "entitlement", "first", "last")
    for account, entitlement, first, last in spelled.values_list(*names).iterator(chunk_size=20_000):
        if (first, last) not in days:
            days[(first, last)] = _days(_instant(first), _instant(last) if last else None, asked.known_at, zone)
        yield Seen(account, entitlement, days[(first, last)])


def _instant(spelled: str) -> datetime:
    """Return an instant as the database spells it: SQLite without a zone, and then in UTC."""
    at = datetime.fromisoformat(spelled)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _days(first: datetime, absent: datetime | None, known_at: datetime, zone: ZoneInfo) -> Period:
    gone = absent if absent is not None and absent <= known_at else None
    return Period(local_day(first, zone), _last_day(gone, zone))


def _last_day(gone: datetime | None, zone: ZoneInfo) -> date | None:
    """Return the first day wholly without it: what was missed at midnight was not held on that day."""
    if gone is None:
        return None
    day = local_day(gone, zone)
    return day if gone == midnight(day, zone) else day_after(day)
