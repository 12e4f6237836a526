"""What timelines are folded from, read set by set: rosters, orders, and which ids are one person.

Here: rows to the core's dataclasses without a model object in between, so that 20,000 people take
seconds. The fold kept for questions of a day is `stints`; who asks for what is in `people`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, TextField
from django.db.models.functions import Cast

from sekisho.core.kinds import EmploymentKind, OrderStatus, OrderType, Outcome, PersonId, PostClass, PostKind
from sekisho.core.orders import Order, OrderKey
from sekisho.core.people import Post, RosterPost
from sekisho.core.periods import Period
from sekisho.services.remembering import remembered
from sekisho.store import models

CHUNK = 5_000
"""Ids in one IN list: far below what SQLite and PostgreSQL take."""
_FILE = 10_000_000
"""A row's place is its file's number times this plus its own, so that later files come later."""

People = Collection[PersonId] | None
"""Some persons, or None for everyone."""

_ROSTER = (
    "person_id", "company", "unit", "employer", "post_kind", "post_no", "title", "post_classes",
    "employment_kind", "start", "end", "id", "share", "sponsor", "contract_end", "on_leave",
)  # fmt: skip
_ORDER = (
    "person_id", "order_id", "company", "order_no", "employee_no", "order_type", "post_no", "status",
    "effective_date", "first_day", "recorded_at", "sequence", "file_id", "row", "from_unit", "to_unit",
    "title", "post_kind", "host_company", "new_employee_no", "planned_end", "supersedes", "release_at",
    "note", "content_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """Rosters and final orders by person, as known at one moment."""

    roster: Mapping[PersonId, list[RosterPost]]
    orders: Mapping[PersonId, list[Order]]

    def persons(self) -> list[PersonId]:
        """Return everyone with a fact, sorted."""
        return sorted(self.roster.keys() | self.orders.keys())


@remembered
def links(*, known_at: datetime) -> dict[PersonId, PersonId]:
    """Return, for each id that another answers for, the id that does; ids without a link are left out."""
    pairs = dict(models.PersonLink.objects.as_known_at(known_at).order_by("id").values_list("person_id", "same_as"))
    return {PersonId(one): _root(one, pairs) for one in pairs}


def _root(one: str, pairs: Mapping[str, str]) -> PersonId:
    seen = {one}
    while one in pairs and pairs[one] not in seen:
        one = pairs[one]
        seen.add(one)
    return PersonId(one)


def with_linked(person_ids: People, same_as: Mapping[PersonId, PersonId]) -> People:
    """Return the ids together with every id of the same persons."""
    if person_ids is None or not same_as:
        return person_ids
    roots = {same_as.get(one, one) for one in person_ids}
    return {*person_ids, *roots, *(one for one, root in same_as.items() if root in roots)}


def facts(*, person_ids: People, known_at: datetime) -> Facts:
    """Return the rosters and final orders of some persons, or of all, as known at `known_at`."""
    same_as = links(known_at=known_at)
    wanted = with_linked(person_ids, same_as)
    roster: dict[PersonId, list[RosterPost]] = defaultdict(list)
    for row in rows(models.RosterPost.objects.as_known_at(known_at), _ROSTER, wanted):
        person = same_as.get(row[0], row[0])
        roster[person].append(_roster_post(person, row))
    finals: dict[PersonId, list[Order]] = defaultdict(list)
    for row in rows(_known_orders(known_at, [OrderStatus.FINAL]), _ORDER, wanted):
        person = same_as.get(row[0], row[0])
        finals[person].append(_order(person, row))
    return Facts(roster, finals)


def accepted(
    *,
    person_ids: People,
    known_at: datetime,
    statuses: Collection[OrderStatus],
    days: tuple[date, date] | None = None,
) -> Iterator[Order]:
    """Yield the accepted rows of HR's files as known at `known_at`, chains not yet resolved.

    `days`: only those whose first day lies in `[from, to)`.
    """
    same_as = links(known_at=known_at)
    known = _known_orders(known_at, statuses)
    if days is not None:
        known = known.filter(first_day__gte=days[0], first_day__lt=days[1])
    for row in rows(known, _ORDER, with_linked(person_ids, same_as)):
        yield _order(same_as.get(row[0], row[0]), row)


class Glimpse(NamedTuple):
    """An accepted row with what a calendar of thousands needs; `sequel`: another row may change it, or it another."""

    person_id: PersonId
    id: str
    company: str
    order_no: str
    order_type: str
    status: str
    first_day: date
    from_unit: str
    to_unit: str
    host_company: str
    release_at: datetime | None
    sequel: bool
    outcome: Outcome | None = None
    """What the rules last said, where somebody asked and may know."""


_GLIMPSE = (
    "person_id", "order_id", "company", "order_no", "order_type", "status", "first", "from_unit", "to_unit",
    "host_company", "release_at", "sequel",
)  # fmt: skip


def glimpses(*, known_at: datetime, days: tuple[date, date]) -> list[Glimpse]:
    """Return the accepted rows of some days without most of their columns, by the same rules as `accepted`."""
    same_as = links(known_at=known_at)
    known = _known_orders(known_at, list(OrderStatus)).filter(first_day__gte=days[0], first_day__lt=days[1])
    edits = [kind.value for kind in (OrderType.CANCEL, OrderType.CORRECT)]
    sequel = ExpressionWrapper(Q(order_type__in=edits) | ~Q(supersedes=""), BooleanField())
    named = known.annotate(first=Cast("first_day", TextField()), sequel=sequel).values_list(*_GLIMPSE)
    return [Glimpse(*(same_as.get(row[0], row[0]), *row[1:6], _day(row[6]), *row[7:])) for row in named.iterator(CHUNK)]


@cache
def _day(written: str) -> date:
    """Return a day as the database spells it; few different ones occur."""
    return date.fromisoformat(written)


def _known_orders(known_at: datetime, statuses: Collection[OrderStatus]) -> "QuerySet[models.Order]":
    return models.Order.objects.filter(
        Q(superseded_at__isnull=True) | Q(superseded_at__gt=known_at),
        recorded_at__lte=known_at,
        status__in=[status.value for status in statuses],
    )


def rows(query: "QuerySet[Any]", names: tuple[str, ...], person_ids: People) -> Iterator[tuple[Any, ...]]:
    """Yield the named columns of the persons' rows, without models."""
    if person_ids is None:
        yield from query.values_list(*names).iterator(CHUNK)
        return
    for chunk in chunks(person_ids):
        yield from query.filter(person_id__in=chunk).values_list(*names).iterator(CHUNK)


def chunks(ids: Iterable[PersonId]) -> Iterator[list[PersonId]]:
    """Cut ids, sorted, into lists short enough for one query."""
    rest = iter(sorted(ids))
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _roster_post(person: PersonId, row: tuple[Any, ...]) -> RosterPost:
    (_, company, unit, employer, kind, post_no, title, classes, employment, start, end) = row[:11]
    (number, share, sponsor, contract_end, on_leave) = row[11:]
    post = Post(
        person,
        company,
        unit,
        employer or company,
        _KINDS[kind],
        post_no,
        title,
        post_classes(classes),
        _EMPLOYMENTS[employment],
        period(start, end),
        f"roster:{number}",
        Decimal(share) if share else None,
        PersonId(sponsor) if sponsor else None,
        contract_end,
    )
    return RosterPost(post, on_leave)


def _order(person: PersonId, row: tuple[Any, ...]) -> Order:
    (_, order_id, company, order_no, employee_no, order_type, post_no, status, effective, first) = row[:10]
    (received, sequence, file, line, from_unit, to_unit, title, kind, host, number, planned) = row[10:21]
    (supersedes, release, note, content) = row[21:]
    return Order(
        order_id,
        OrderKey(company, order_no, employee_no, _TYPES[order_type], post_no),
        person,
        _STATUSES[status],
        effective,
        first,
        received,
        (sequence or 0, file * _FILE + line),
        from_unit or None,
        to_unit or None,
        title or None,
        _KINDS[kind],
        host or None,
        number or None,
        planned,
        supersedes or None,
        release,
        note,
        content,
    )


@cache
def post_classes(written: str) -> frozenset[PostClass]:
    """Return the classes of a post from the roster's cell; few spellings occur, so they are remembered."""
    return frozenset(PostClass(name) for name in written.split(";") if name)


_periods: dict[tuple[date, date | None], Period] = {}


def period(start: date, end: date | None) -> Period:
    """Return the period; people start on the same days, so most are made already."""
    key = (start, end)
    found = _periods.get(key)
    if found is None:
        if len(_periods) > 200_000:
            _periods.clear()
        found = _periods[key] = Period(start, end)
    return found


_KINDS = {kind.value: kind for kind in PostKind}
_EMPLOYMENTS = {kind.value: kind for kind in EmploymentKind}
_TYPES = {kind.value: kind for kind in OrderType}
_STATUSES = {status.value: status for status in OrderStatus}
