"""Who should have held access to a system, and who was seen to, over days. 権限の保有者.

Here: posts, bundles and grants to days of desired holding; reads to days of observed holding; the two laid
over each other. Observed days are whole: whoever held something for a minute of a day held it on that day.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from sekisho.core.access import AccountLink, Because, Bundle, Grant
from sekisho.core.boundary import Boundary
from sekisho.core.desired import Place, bundle_fits, post_fits
from sekisho.core.kinds import Basis, PersonId
from sekisho.core.periods import FOREVER, Period


class Stay(NamedTuple):
    """A post while it holds, as much of it as access hangs on."""

    place: Place
    period: Period


class Waiting(NamedTuple):
    """Posts whose protected access is held, because a verdict stands against the order that led there."""

    stays: Collection[Stay]
    protected: Collection[str]


NOBODY_WAITS = Waiting(frozenset(), frozenset())


class Seen(NamedTuple):
    """An entitlement seen on an account over whole days."""

    account: str
    entitlement: str
    period: Period


@dataclass(frozen=True, slots=True)
class Holder:
    """One person, or one account that nobody is linked to, and one entitlement over days, on one basis."""

    person_id: PersonId | None
    account: str
    entitlement: str
    period: Period
    basis: Basis
    because: Because = ()


class Piece(NamedTuple):
    """Some days of a desired holding, with one reason."""

    period: Period
    because: Because


Desired = dict[tuple[PersonId, str], list[Piece]]
"""(person, entitlement) → pieces, which may overlap."""
Observed = dict[tuple[PersonId | None, str, str], list[Period]]
"""(person, account where there is no person, entitlement) → days, which may overlap."""


class Reach:
    """What posts bring on one system over the asked days; equal posts are matched once.

    `cuts` are the days on which a unit or company changes: classes stay equal between them.
    """

    def __init__(self, bundles: Iterable[Bundle], boundary: Boundary, asked: Period, cuts: Iterable[date]) -> None:
        self._bundles = [bundle for bundle in bundles if bundle.period.overlap(asked)]
        self._boundary = boundary
        self._asked = asked
        inside = sorted({asked.start, asked.until, *(day for day in cuts if asked.start < day < asked.until)})
        self._steps = [Period(start, None if end == FOREVER else end) for start, end in pairwise(inside)]
        self._known: dict[tuple[str, str, str], list[tuple[str, Piece]]] = {}

    def units(self) -> frozenset[str] | None:
        """Return the units that bring anything at all, or None where it does not hang on the unit."""
        if any(not bundle.classes and not bundle.units for bundle in self._bundles):
            return None
        named = {unit for bundle in self._bundles if not bundle.classes for unit in bundle.units}
        by_class = [bundle for bundle in self._bundles if bundle.classes]
        for unit in self._boundary.unit_codes() if by_class else ():
            if any(self._class_days(bundle, Place(PersonId(""), "", unit, "", "")) for bundle in by_class):
                named.add(unit)
        return frozenset(named)

    def of(self, place: Place) -> list[tuple[str, Piece]]:
        """Return what the post brings: (entitlement, piece)."""
        key = (place.company, place.unit, place.title)
        if key not in self._known:
            self._known[key] = list(self._match(place))
        return self._known[key]

    def _match(self, place: Place) -> Iterator[tuple[str, Piece]]:
        for bundle in self._bundles:
            if post_fits(bundle, place):
                why = (f"bundle:{bundle.id}", f"unit:{place.unit}")
                for days in self._class_days(bundle, place):
                    for entitlement in sorted(bundle.entitlements):
                        yield entitlement, Piece(days, why)

    def _class_days(self, bundle: Bundle, place: Place) -> list[Period]:
        """Return the asked days on which the unit's classes fit the bundle, whatever else it asks for."""
        bare = Bundle(bundle.id, bundle.system, bundle.entitlements, bundle.period, bundle.classes)
        days = [step for step in self._steps if bundle_fits(bare, place, self._boundary, step.start)]
        cut = (bundle.period.overlap(joined) for joined in union(days))
        return [period for period in cut if period is not None]


def union(periods: Iterable[Period]) -> list[Period]:
    """Return the days in any of the periods, as few periods as can be, sorted."""
    found: list[Period] = []
    for period in sorted(periods, key=lambda one: (one.start, one.until)):
        if found and period.start <= found[-1].until:
            until = max(found[-1].until, period.until)
            found[-1] = Period(found[-1].start, None if until == FOREVER else until)
        else:
            found.append(period)
    return found


def without(period: Period, away: Iterable[Period]) -> list[Period]:
    """Return the days of `period` that lie in none of `away`."""
    left = [period]
    for gone in union(away):
        left = [rest for one in left for rest in _minus(one, gone)]
    return left


def _minus(one: Period, gone: Period) -> Iterator[Period]:
    if one.overlap(gone) is None:
        yield one
        return
    if one.start < gone.start:
        yield Period(one.start, gone.start)
    if gone.until < one.until:
        yield Period(gone.until, one.end)


def desired_days(
    stays: Iterable[Stay],
    away: Mapping[PersonId, Collection[Period]],
    reach: Reach,
    grants: Iterable[Grant],
    asked: Period,
    waiting: Waiting = NOBODY_WAITS,
) -> Desired:
    """Return who should have held what on which of the asked days; nothing a post brings is held on leave."""
    found: Desired = {}
    for stay in stays:
        place, held = stay
        absences = away.get(place.person_id, ())
        for entitlement, piece in reach.of(place):
            if entitlement in waiting.protected and stay in waiting.stays:
                continue
            mine = found.setdefault((place.person_id, entitlement), [])
            if not absences and held.start <= piece.period.start and piece.period.until <= held.until:
                mine.append(piece)
                continue
            both = held.overlap(piece.period)
            days = () if both is None else without(both, absences)
            mine.extend(Piece(one, piece.because) for one in days)
    for grant in grants:
        days_given = grant.period.overlap(asked)
        if days_given is not None:
            piece = Piece(days_given, (f"grant:{grant.id}",))
            found.setdefault((grant.person_id, grant.entitlement), []).append(piece)
    return {key: pieces for key, pieces in found.items() if pieces}


def observed_days(seen: Iterable[Seen], links: Sequence[AccountLink], asked: Period) -> Observed:
    """Return who was seen to hold what on which of the asked days.

    An account is a person's from the link on until it is linked to someone else; before that, nobody's.
    """
    owners = _owners(links)
    found: Observed = {}
    for account, entitlement, period in seen:
        whole = period.start <= asked.start and asked.until <= period.until
        days = asked if whole else period.overlap(asked)
        if days is None:
            continue
        mine = owners.get(account, ())
        if len(mine) == 1 and mine[0][1].start <= days.start and mine[0][1].end is None:
            found.setdefault((mine[0][0], "", entitlement), []).append(days)
            continue
        for person_id, owned in mine:
            both = days.overlap(owned)
            if both is not None:
                found.setdefault((person_id, "", entitlement), []).append(both)
        for rest in without(days, [owned for _, owned in mine]):
            found.setdefault((None, account, entitlement), []).append(rest)
    return found


def _owners(links: Sequence[AccountLink]) -> dict[str, list[tuple[PersonId, Period]]]:
    by_account: dict[str, list[AccountLink]] = {}
    for link in links:
        by_account.setdefault(link.account, []).append(link)
    return {account: [_until_the_next(link, rows) for link in rows] for account, rows in by_account.items()}


def _until_the_next(link: AccountLink, rows: Sequence[AccountLink]) -> tuple[PersonId, Period]:
    if link.period.end is None:
        return link.person_id, link.period
    later = [row.period.start for row in rows if row.period.start >= link.period.until and row is not link]
    return link.person_id, Period(link.period.start, min(later, default=None))


def holders(desired: Desired, observed: Observed) -> list[Holder]:
    """Lay the two over each other; sorted by person, entitlement and day."""
    found: list[Holder] = []
    for (person, name), pieces in desired.items():
        found.extend(_laid(person, name, pieces, observed.get((person, "", name), ())))
    for (owner, account, name), days in observed.items():
        if owner is None or (owner, name) not in desired:
            found.extend(Holder(owner, account, name, one, Basis.OBSERVED) for one in union(days))
    found.sort(key=lambda one: (one.person_id or "", one.account, one.entitlement, one.period.start))
    return found


def _laid(person: PersonId, name: str, pieces: Sequence[Piece], seen: Sequence[Period]) -> list[Holder]:
    """Lay one person's days over each other; the first two cases are nearly all there are."""
    if len(pieces) == 1 and not seen:
        return [Holder(person, "", name, pieces[0].period, Basis.DESIRED, pieces[0].because)]
    if len(pieces) == 1 and len(seen) == 1 and pieces[0].period == seen[0]:
        return [Holder(person, "", name, seen[0], Basis.BOTH, pieces[0].because)]
    return list(_steps(person, name, pieces, seen))


def _steps(person: PersonId, name: str, pieces: Sequence[Piece], seen: Sequence[Period]) -> Iterator[Holder]:
    days = [*(piece.period for piece in pieces), *seen]
    marks = sorted({one.start for one in days} | {one.until for one in days})
    last: Holder | None = None
    for start, end in pairwise(marks):
        why = {word for piece in pieces if _inside(start, piece.period) for word in piece.because}
        was_seen = any(_inside(start, one) for one in seen)
        if not why and not was_seen:
            continue
        basis = Basis.DESIRED if not was_seen else Basis.BOTH if why else Basis.OBSERVED
        step = Holder(person, "", name, Period(start, None if end == FOREVER else end), basis, tuple(sorted(why)))
        if last is not None and (last.period.until, last.basis, last.because) == (start, step.basis, step.because):
            step = Holder(person, "", name, Period(last.period.start, step.period.end), basis, step.because)
        elif last is not None:
            yield last
        last = step
    if last is not None:
        yield last


def _inside(day: date, period: Period) -> bool:
    return period.start <= day < period.until
