"""A full snapshot of HR -> the orders that lead from what we know to what it says.

Here: comparing everyone's posts on the snapshot's day, and the guard against people who vanish: an
empty or cut file must not send everyone home. Not here: whose row it is (`snapshot_rows`), one
person's comparison (`snapshot_changes`), saving (`order_import`).

One file may cover one company: persons whose employer it does not name are left alone, and so are
contractors and dispatched staff, who stand in no HR file. A row whose person is already as it says is
ignored (`unchanged`); a person one of whose rows is rejected stays as is. Persons missing get a 退職
whose last day is the day before the snapshot's. The snapshot's day is the date that all rows share,
else the day on which it was received.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction

from sekisho.core.canonical import sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import EmploymentKind, OrderStatus, OrderType, PersonId, PostKind
from sekisho.core.people import Post
from sekisho.core.users import Actor
from sekisho.intake.defects import Defect, Note
from sekisho.intake.order_files import OrderFileReading, read_order_file
from sekisho.intake.order_words import SNAPSHOT_REQUIRED
from sekisho.intake.profiles import Profile
from sekisho.services import installation, order_reach, people, profiles, rules
from sekisho.services.boundary import boundary
from sekisho.services.order_facts import NewOrder, stored_orders
from sekisho.services.order_import import Imported, NotAllowed, OrderRequest, need_importer, save, summary
from sekisho.services.order_judging import Judged, sides_named
from sekisho.services.order_numbers import chunks, numbers_of
from sekisho.services.snapshot_changes import Comparison, Listed, Standing, Words, changes
from sekisho.services.snapshot_rows import SnapshotRows, rows_by_person
from sekisho.store import models

_NOT_IN_HR_FILES = frozenset({EmploymentKind.CONTRACTOR, EmploymentKind.DISPATCHED})


class PeopleVanish(SekishoError):
    """More people are missing than may leave at once, or another number than was confirmed; `persons` are they."""

    def __init__(self, code: str, params: Mapping[str, object], persons: Sequence[PersonId]) -> None:
        super().__init__(code, params)
        self.persons = tuple(persons)


@dataclass(frozen=True, slots=True)
class _Present:
    """Everyone with a post on the day, and who of them is on leave."""

    posts: Mapping[PersonId, tuple[Post, ...]]
    absent: frozenset[PersonId]

    def standing(self, person_id: PersonId) -> Standing:
        return Standing(self.posts.get(person_id, ()), person_id in self.absent)

    def employed_by(self, employers: Collection[str] | None) -> list[PersonId]:
        """Return who stands in the HR files of these employers (None: of any), sorted."""
        return sorted(
            person
            for person, posts in self.posts.items()
            if any(
                post.kind is PostKind.MAIN
                and post.employment not in _NOT_IN_HR_FILES
                and (employers is None or post.employer in employers)
                for post in posts
            )
        )


@transaction.atomic
def import_snapshot(
    *, actor: Actor, now: datetime, request: OrderRequest, confirm_vanished: int | None = None
) -> Imported:
    """Take a snapshot: generate, save and apply the orders that it implies.

    Raises:
        NotAllowed, FromTheFuture, Unreadable, MissingColumns, profiles.NoSuchProfile
        PeopleVanish: more are missing than `vanish_percent`, and `confirm_vanished` is not their number.
    """
    need_importer(actor, now, request)
    profile = profiles.load(name=request.profile, known_at=now)
    zone = installation.zone(known_at=now)
    reading = read_order_file(request.content, request.name, profile, zone, SNAPSHOT_REQUIRED)
    comparison = _comparison(request, reading, profile, now)
    present = _present(comparison.day, now)
    rows = _rows(reading, comparison, now)
    judged = Judged(rejected=[(defect,) for defect in rows.rejected])
    _compare(comparison, reading, rows, present, judged)
    missing, expected = _missing(rows, present)
    leavings = tuple(_leavings(comparison, missing, present, now))
    reaches = order_reach.reach(actor=actor, now=now)
    if not all(reaches(sides_named(order, comparison.boundary)) for order in (*judged.orders, *leavings)):
        raise NotAllowed("orders.snapshot_other_side", {"actor": actor.name})  # before the guard, which names persons
    _guard(missing, expected, _limit(comparison.day, now), confirm_vanished)
    if rows.unsure and missing:
        note = Note("orders.vanished_unsure", {"vanished": str(len(missing))})
        judged.warnings.append(Defect(0, "", "", note))
    else:
        judged.orders.extend(leavings)
    _drop_stored(judged, comparison.order_no, now)
    if reading.headers_again:
        judged.ignored["header_again"] = reading.headers_again
    generated = Counter(order.key.order_type.value for order in judged.orders)
    imported = replace(
        summary(request, reading, judged), generated=dict(sorted(generated.items())), vanished=len(missing)
    )
    return save(actor=actor, now=now, request=request, judged=judged, imported=imported, kind="snapshot")


def _comparison(request: OrderRequest, reading: OrderFileReading, profile: Profile, now: datetime) -> Comparison:
    dates = {row.effective_date for row in reading.rows}
    shared = next(iter(dates)) if len(dates) == 1 else None
    day = shared or installation.today(now=request.received_at)
    return Comparison(
        day=day,
        order_no=f"SNAPSHOT-{day.isoformat()}-{sha256_hex(request.content)[:8]}",
        status=request.status or OrderStatus.FINAL,
        profile=profile,
        boundary=boundary(known_at=now),
        is_dated=shared is None,
    )


def _present(day: date, now: datetime) -> _Present:
    posts: dict[PersonId, list[Post]] = defaultdict(list)
    for post in people.stints_on(day=day, known_at=now):
        posts[post.person_id].append(post)
    return _Present({person: tuple(held) for person, held in posts.items()}, people.absent_on(day=day, known_at=now))


def _rows(reading: OrderFileReading, comparison: Comparison, now: datetime) -> SnapshotRows:
    named = {number for row in reading.rows for number in (row.employee_no, row.previous_employee_no) if number}
    numbers = numbers_of(employee_nos=named | {number for number in reading.rejected_numbers if number}, known_at=now)
    persons = set(models.Person.objects.values_list("person_id", flat=True))
    return rows_by_person(reading, comparison.boundary, numbers, comparison.day, persons)


def _compare(
    comparison: Comparison, reading: OrderFileReading, rows: SnapshotRows, present: _Present, judged: Judged
) -> None:
    """Find each person's orders; count the rows of persons with orders as accepted, the others as ignored."""
    for person_id, own in rows.by_person.items():
        reason = "unchanged"
        if person_id in rows.marred:
            reason = "person_rejected"
            judged.warnings.extend(row.defect("employee_no", Note("orders.person_rejected")) for row in own)
        else:
            listed = rows.listed(person_id, reading) if own else None
            found = list(changes(comparison, listed, present.standing(person_id))) if listed else []
            judged.orders.extend(found)
            reason = "" if found else reason
        if reason and own:
            judged.ignored[reason] = judged.ignored.get(reason, 0) + len(own)
        elif own:
            judged.accepted += len(own)


def _missing(rows: SnapshotRows, present: _Present) -> tuple[list[PersonId], int]:
    """Return who should be in the file and is not, and how many should be.

    The file covers the employers that it names, or whose people it lists; a file without any row
    covers everyone, so that an empty one is caught.
    """
    seen = {person for person, own in rows.by_person.items() if own} | rows.marred
    named = {row.company for own in rows.by_person.values() for row in own if row.company}
    listed = {post.employer for person in seen for post in present.posts.get(person, ()) if post.kind is PostKind.MAIN}
    employers = named or listed or None
    expected = present.employed_by(employers)
    return [person for person in expected if person not in seen], len(expected)


def _limit(day: date, now: datetime) -> int:
    return rules.parameters(known_at=now).number("vanish_percent", day)


def _guard(missing: list[PersonId], expected: int, limit: int, confirmed: int | None) -> None:
    vanished = len(missing)
    if confirmed is not None and confirmed != vanished:
        raise PeopleVanish("orders.vanished_differs", {"vanished": vanished, "confirmed": confirmed}, missing)
    if confirmed is None and vanished * 100 > limit * expected:
        percent = -(-vanished * 100 // expected)
        params = {"vanished": vanished, "present": expected, "percent": percent, "limit": limit}
        raise PeopleVanish("orders.vanished", params, missing)


def _leavings(comparison: Comparison, missing: list[PersonId], present: _Present, now: datetime) -> Iterator[NewOrder]:
    numbers = _present_numbers(missing, comparison.day, now)
    for person_id in missing:
        main = next(post for post in present.posts[person_id] if post.kind is PostKind.MAIN)
        number = numbers.get((person_id, main.employer)) or numbers.get((person_id, "")) or ""
        listed = Listed(person_id, main.employer, number, None, (), tells_concurrent=False, tells_absence=False)
        yield comparison.order(listed, OrderType.LEAVE_COMPANY, None, Words(from_unit=main.unit))


def _present_numbers(persons: list[PersonId], day: date, now: datetime) -> dict[tuple[PersonId, str], str]:
    """Return the persons' numbers by company; under "" any one of them."""
    found: dict[tuple[PersonId, str], str] = {}
    for chunk in chunks([str(person) for person in persons]):
        rows = models.EmployeeNumber.objects.as_known_at(now).filter(person_id__in=chunk, start__lte=day)
        for person, company, number in rows.order_by("start").values_list("person_id", "company", "employee_no"):
            found[PersonId(person), company] = number
            found[PersonId(person), ""] = number
    return found


def _drop_stored(judged: Judged, order_no: str, now: datetime) -> None:
    """Leave out orders that this very snapshot has brought before."""
    stored = stored_orders(order_nos={order_no}, known_at=now)
    judged.orders = [
        order
        for order in judged.orders
        if all(old.content_sha256 != order.sha256() for old in stored.same_key(order.key))
    ]
