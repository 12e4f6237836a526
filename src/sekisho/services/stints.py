"""Stints: the fold kept in a table, so that "who, on D, as known on E" is one query.

Here: writing the projection and reading it. Stints are derived from the facts (`person_facts`) and may
be written anew at any time. A test holds them equal to the fold, at every moment of the record axis.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import EmploymentKind, PersonId, PostKind
from sekisho.core.people import Post, Timeline
from sekisho.core.timeline import fold
from sekisho.services.boundary import boundary
from sekisho.services.person_facts import (
    CHUNK,
    People,
    chunks,
    facts,
    links,
    period,
    post_classes,
    rows,
)
from sekisho.store import models

HOME, LEAVE, PASSED = "home", "leave", "passed"
"""Kinds of stint beside main and concurrent; passed posts begin and end on one day."""
_HELD = {PostKind.MAIN.value: PostKind.MAIN, PostKind.CONCURRENT.value: PostKind.CONCURRENT}
_EMPLOYMENTS = {kind.value: kind for kind in EmploymentKind}

_STINT = (
    "person_id", "kind", "company", "unit", "employer", "title", "post_no", "post_classes", "share",
    "employment_kind", "sponsor", "contract_end", "origin", "ended_by", "start", "end",
)  # fmt: skip
StintRow = tuple[Any, ...]
"""The values of `_STINT`, in that order."""


@transaction.atomic
def refold(*, person_ids: People, now: datetime) -> int:
    """Fold the persons anew from what is known at `now`; return how many stints changed.

    Runs inside the transaction of the import that brought the facts. Where the record axis goes on
    after `now` (a file imported with an earlier time of receipt), the persons' stints are written anew
    for every moment at which something was learned.
    """
    everyone = _everyone() if person_ids is None else _once_linked(person_ids)
    moments = _moments(None if person_ids is None else everyone)
    if any(moment > now for moment in moments):
        for part in chunks(everyone):
            models.Stint.objects.filter(person_id__in=part).delete()
        return sum(_save(everyone, moment) for moment in sorted({*moments, now}))
    return _save(everyone, now)


def _everyone() -> set[PersonId]:
    """Return every id that a fact or a stint names."""
    found: set[PersonId] = set()
    for query in (models.RosterPost.objects.all(), models.Order.objects.all(), models.Stint.objects.all()):
        found.update(PersonId(one) for one in query.values_list("person_id", flat=True).distinct())
    return found


def _once_linked(person_ids: Collection[PersonId]) -> set[PersonId]:
    """Return the ids with all that were ever linked to them: stints of an id that moved must close."""
    found = set(person_ids)
    pairs = list(models.PersonLink.objects.values_list("person_id", "same_as"))
    grown = True
    while grown:
        more = {PersonId(one) for pair in pairs for one in pair if found.intersection(pair)} - found
        found |= more
        grown = bool(more)
    return found


def _moments(person_ids: People) -> set[datetime]:
    """Return every moment at which something that the folds read was learned or unlearned."""
    found: set[datetime | None] = set()
    for query in (models.RosterPost.objects.all(), models.Order.objects.all(), models.PersonLink.objects.all()):
        for part in _parts(person_ids):
            found |= _both_ends(_of(query, part))
    found |= _both_ends(models.Company.objects.all()) | _both_ends(models.Unit.objects.all())
    return {moment for moment in found if moment is not None}


def _both_ends(query: "QuerySet[Any]") -> set[datetime | None]:
    return {moment for row in query.values_list("recorded_at", "superseded_at").distinct() for moment in row}


def _parts(person_ids: People) -> Iterator[list[PersonId] | None]:
    if person_ids is None:
        yield None
    else:
        yield from chunks(person_ids)


def _of(query: "QuerySet[Any]", part: list[PersonId] | None) -> "QuerySet[Any]":
    return query if part is None else query.filter(person_id__in=part)


def _save(person_ids: Collection[PersonId], at: datetime) -> int:
    """Bring the stints known at `at` to what the folds say; return how many rows that took.

    Some thousand persons at a time, so that memory stays flat however many there are.
    """
    same_as = links(known_at=at)
    where = boundary(known_at=at)
    members: dict[PersonId, list[PersonId]] = defaultdict(list)
    for one in person_ids:
        members[same_as.get(one, one)].append(one)
    return sum(_save_part(part, [one for root in part for one in members[root]], where, at) for part in chunks(members))


def _save_part(roots: list[PersonId], ids: list[PersonId], where: Boundary, at: datetime) -> int:
    current: dict[StintRow, list[int]] = defaultdict(list)
    for number, *values in rows(models.Stint.objects.current(), ("id", *_STINT), ids):
        current[tuple(values)].append(number)
    new: list[StintRow] = []
    for row in _folded(roots, where, at):
        kept = current.get(row)
        if kept:
            kept.pop()
        else:
            new.append(row)
    gone = [number for numbers in current.values() for number in numbers]
    for start in range(0, len(gone), CHUNK):
        closing = models.Stint.objects.filter(id__in=gone[start : start + CHUNK])
        closing.filter(recorded_at=at).delete()
        closing.update(superseded_at=at)
    _insert(new, at)
    return len(gone) + len(new)


def _insert(new: list[StintRow], at: datetime) -> None:
    """Write new stints with one prepared statement: ten times bulk_create's rate, and a load writes 100,000."""
    table = models.Stint._meta.db_table  # noqa: SLF001 - Django documents Model._meta as public
    names = ", ".join(connection.ops.quote_name(name) for name in (*_STINT, "recorded_at"))
    marks = ", ".join(["%s"] * (len(_STINT) + 1))
    recorded_at = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {connection.ops.quote_name(table)} ({names}) VALUES ({marks})",  # noqa: S608 - our own names
            [(*row, recorded_at) for row in new],
        )


def _folded(roots: list[PersonId], where: Boundary, at: datetime) -> Iterator[StintRow]:
    for timeline in _folds(roots, where, at):
        yield from _stint_rows(timeline)


def timelines(*, person_ids: People, known_at: datetime) -> Iterator[Timeline]:
    """Yield the folded timelines from the facts themselves, sorted by person; memory stays flat."""
    same_as = links(known_at=known_at)
    where = boundary(known_at=known_at)
    roots = {same_as.get(one, one) for one in (_everyone() if person_ids is None else person_ids)}
    for part in chunks(roots):
        yield from _folds(part, where, known_at)


def _folds(roots: list[PersonId], where: Boundary, at: datetime) -> Iterator[Timeline]:
    known = facts(person_ids=roots, known_at=at)
    for person in known.persons():
        yield fold(person, known.roster.get(person, ()), known.orders.get(person, ()), where)


def _stint_rows(timeline: Timeline) -> Iterator[StintRow]:
    for post in timeline.posts:
        yield _stint_row(post, post.kind.value)
    for post in timeline.home_posts:
        yield _stint_row(post, HOME)
    for post in timeline.passed:
        yield _stint_row(post, PASSED)
    for absence in timeline.absences:
        yield (
            timeline.person_id, LEAVE, "", "", "", "", "", "", "", "", "", None,
            absence.origin, "", absence.period.start, absence.period.end,
        )  # fmt: skip


def _stint_row(post: Post, kind: str) -> StintRow:
    return (
        post.person_id,
        kind,
        post.company,
        post.unit,
        post.employer,
        post.title,
        post.post_no,
        ";".join(sorted(post.classes)),
        "" if post.share is None else str(post.share),
        post.employment.value,
        post.sponsor or "",
        post.contract_end,
        post.origin,
        post.ended_by or "",
        post.period.start,
        post.period.end,
    )


def held_on(*, day: date, known_at: datetime, person_ids: People = None) -> Iterator[Post]:
    """Yield the posts held on the day as known then, whether or not their holders are on leave."""
    query = models.Stint.objects.as_known_at(known_at).filter(_holding(day), kind__in=_HELD)
    for row in rows(query, _STINT, person_ids):
        yield _post(row)


def absent_on(*, day: date, known_at: datetime) -> frozenset[PersonId]:
    """Return who is on leave on the day as known then."""
    query = models.Stint.objects.as_known_at(known_at).filter(_holding(day), kind=LEAVE)
    return frozenset(PersonId(one) for one in query.values_list("person_id", flat=True))


def _holding(day: date) -> Q:
    return Q(start__lte=day) & (Q(end__isnull=True) | Q(end__gt=day))


def _post(row: StintRow) -> Post:
    (person, kind, company, unit, employer, title, post_no, classes, share) = row[:9]
    (employment, sponsor, contract_end, origin, ended_by, start, end) = row[9:]
    return Post(
        PersonId(person),
        company,
        unit,
        employer,
        _HELD[kind],
        post_no,
        title,
        post_classes(classes),
        _EMPLOYMENTS[employment],
        period(start, end),
        origin,
        Decimal(share) if share else None,
        PersonId(sponsor) if sponsor else None,
        contract_end,
        ended_by or None,
    )
