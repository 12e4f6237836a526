"""What each person should hold on a day: pure, and streamed person by person. あるべき権限.

Here: bundles matched to posts, manual grants added. Not here: what systems hold, or the way there
(`planning`). A unit that is unclassified brings nothing by class: unknown never grants.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sekisho.core.access import Because, Bundle, Grant, Key
from sekisho.core.boundary import Boundary, Listed
from sekisho.core.kinds import PersonId
from sekisho.core.people import Post


class Place(NamedTuple):
    """As much of a post as access hangs on; `origin` names the order or roster row that made it."""

    person_id: PersonId
    company: str
    unit: str
    title: str
    origin: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one set of posts and grants brings. Shared between people of equal posts, so never changed."""

    because: Mapping[Key, Because]
    by_system: Mapping[str, frozenset[str]]


def wanted(because: Mapping[Key, Because]) -> Wanted:
    """Return `because` with its entitlements gathered by system."""
    gathered: dict[str, set[str]] = {}
    for system, entitlement in because:
        gathered.setdefault(system, set()).add(entitlement)
    return Wanted(because, {system: frozenset(names) for system, names in sorted(gathered.items())})


NOTHING = wanted({})


class Matcher:
    """Finds what a post brings on one day; equal posts are matched once."""

    def __init__(self, bundles: Iterable[Bundle], boundary: Boundary, day: date) -> None:
        self._bundles = sorted((row for row in bundles if row.period.holds(day)), key=lambda row: row.id)
        self._boundary = boundary
        self._day = day
        self._known: dict[tuple[str, str, str], Wanted] = {}

    def of(self, place: Place) -> Wanted:
        """Return what the post brings, and why."""
        key = (place.company, place.unit, place.title)
        if key not in self._known:
            self._known[key] = self._match(place)
        return self._known[key]

    def _match(self, place: Place) -> Wanted:
        found: dict[Key, set[str]] = {}
        for bundle in self._bundles:
            if bundle_fits(bundle, place, self._boundary, self._day):
                for entitlement in bundle.entitlements:
                    found.setdefault((bundle.system, entitlement), set()).add(f"bundle:{bundle.id}")
        unit = f"unit:{place.unit}"
        return wanted({key: (*sorted(why), unit) for key, why in sorted(found.items())})


def bundle_fits(bundle: Bundle, place: Place, boundary: Boundary, day: date) -> bool:
    """Tell whether a post brings the bundle; the bundle's own period is the caller's to check."""
    return post_fits(bundle, place) and (not bundle.classes or _class_fits(bundle, place.unit, boundary, day))


def post_fits(bundle: Bundle, place: Place) -> bool:
    """Tell whether unit, company and title fit, whatever the unit's classes."""
    return (
        (not bundle.units or place.unit in bundle.units)
        and (not bundle.companies or place.company in bundle.companies)
        and (not bundle.titles or place.title in bundle.titles)
    )


def _class_fits(bundle: Bundle, unit: str, boundary: Boundary, day: date) -> bool:
    classes = boundary.classes(unit, day)
    return isinstance(classes, Listed) and not bundle.classes.isdisjoint(classes.names)


def combined(parts: Sequence[Wanted], grants: Sequence[Grant]) -> Wanted:
    """Return everything that some posts and grants bring, each with all its reasons."""
    if len(parts) == 1 and not grants:
        return parts[0]
    if not parts and not grants:
        return NOTHING
    reasons: dict[Key, set[str]] = {}
    for part in parts:
        for key, why in part.because.items():
            reasons.setdefault(key, set()).update(why)
    for grant in grants:
        reasons.setdefault((grant.system, grant.entitlement), set()).add(f"grant:{grant.id}")
    return wanted({key: tuple(sorted(why)) for key, why in sorted(reasons.items())})


def stream(
    places: Iterable[Place], matcher: Matcher, grants: Mapping[PersonId, Sequence[Grant]]
) -> Iterator[tuple[PersonId, Wanted, tuple[Place, ...]]]:
    """Yield each person with posts, in the order of `places`, which must be sorted by person."""
    for person_id, rows in groupby(places, key=itemgetter(0)):
        held = tuple(rows)
        yield person_id, combined([matcher.of(place) for place in held], grants.get(person_id, ())), held


def grants_on(grants: Iterable[Grant], day: date) -> dict[PersonId, list[Grant]]:
    """Return the grants in force on the day, by person."""
    found: dict[PersonId, list[Grant]] = {}
    for grant in grants:
        if grant.period.holds(day):
            found.setdefault(grant.person_id, []).append(grant)
    return found


def place(post: Post) -> Place:
    """Return as much of a post as access hangs on."""
    return Place(post.person_id, post.company, post.unit, post.title, post.origin)


def desired(
    posts_active: Iterable[Post], bundles: Iterable[Bundle], grants: Iterable[Grant], boundary: Boundary, day: date
) -> dict[PersonId, Mapping[Key, Because]]:
    """Return what each person should hold on the day, and why.

    `posts_active` are the posts that people work in on the day (none while on leave). A grant of
    someone without a post counts too: leaving out those who left is the caller's.
    """
    matcher = Matcher(bundles, boundary, day)
    given = grants_on(grants, day)
    places = sorted(place(post) for post in posts_active)
    found: dict[PersonId, Mapping[Key, Because]] = {}
    for person_id, brought, _ in stream(places, matcher, given):
        found[person_id] = brought.because
    for person_id in given.keys() - found.keys():
        found[person_id] = combined((), given[person_id]).because
    return dict(sorted(found.items()))
