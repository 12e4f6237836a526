"""Take one file of HR's into the store: read, judge, save, refold, ledger, all in one transaction.

Here: the transaction and what it writes. Not here: what is a good row (`order_judging`), snapshots'
differences (`snapshots`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from django.db import transaction

from sekisho.core.canonical import Json, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OrderStatus, OrderType, PersonId, PostKind, Side
from sekisho.core.orders import OrderKey
from sekisho.core.periods import Period
from sekisho.core.users import Actor
from sekisho.core.visibility import common_side
from sekisho.intake.defects import Defect, Note
from sekisho.intake.order_files import OrderFileReading, read_order_file
from sekisho.intake.order_rows import OrderRow
from sekisho.intake.profiles import Profile
from sekisho.services import installation, ledger, order_reach, people, profiles
from sekisho.services.boundary import boundary
from sekisho.services.ledger import NewEntry
from sekisho.services.order_facts import NewOrder, names_of, stored_orders
from sekisho.services.order_judging import Judged, World, judge, sides_named
from sekisho.services.order_numbers import Numbers, chunks, numbers_of
from sekisho.store import models

BATCH = 500


class NotAllowed(SekishoError):
    """The actor has no role that takes orders in."""


class FromTheFuture(SekishoError):
    """The file is said to have come later than now."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One file as it came, and how to read it. `status` counts for rows that say none."""

    name: str
    content: bytes
    received_at: datetime
    status: OrderStatus | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class NameShown:
    """A name that reads otherwise than the one known: spaces, variant characters, or another name."""

    row: int
    in_file: str
    known: str
    difference: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the file. `rejected_rows` has one entry a row, each with its defects in column order."""

    sha256: str
    rows_in: int
    accepted: int
    ignored_by_reason: dict[str, int]
    rejected_rows: tuple[tuple[Defect, ...], ...]
    warnings: tuple[Defect, ...]
    blank_rows: int
    orders: int
    drafts_finalised: int
    names: tuple[NameShown, ...] = ()
    generated: dict[str, int] = field(default_factory=dict)
    vanished: int | None = None

    @property
    def rejected(self) -> int:
        return len(self.rejected_rows)

    @property
    def ignored(self) -> int:
        return sum(self.ignored_by_reason.values())


def import_orders(*, actor: Actor, now: datetime, request: OrderRequest) -> Imported:
    """Take the orders of one file; rows that are no good are rejected, the others taken.

    Raises:
        NotAllowed: the actor may not.
        FromTheFuture: `received_at` lies after `now`.
        Unreadable, MissingColumns, profiles.NoSuchProfile: nothing was taken.
    """
    return import_read(actor=actor, now=now, request=request, reading=read(actor=actor, now=now, request=request))


def read(*, actor: Actor, now: datetime, request: OrderRequest) -> OrderFileReading:
    """Read the file; nothing is written yet, so this needs no transaction.

    Raises:
        As `import_orders`.
    """
    need_importer(actor, now, request)
    profile = profiles.load(name=request.profile, known_at=now)
    return read_order_file(request.content, request.name, profile, installation.zone(known_at=now))


@transaction.atomic
def import_read(*, actor: Actor, now: datetime, request: OrderRequest, reading: OrderFileReading) -> Imported:
    """Take the orders of a file that was read."""
    profile = profiles.load(name=request.profile, known_at=now)
    world = _world(reading.rows, request, actor, now, profile)
    judged = judge(world, reading.rows, order_reach.reach(actor=actor, now=now))
    if reading.headers_again:
        judged.ignored["header_again"] = reading.headers_again
    imported = summary(request, reading, judged)
    return save(actor=actor, now=now, request=request, judged=judged, imported=imported, kind="orders")


def need_importer(actor: Actor, now: datetime, request: OrderRequest) -> None:
    """Let pass only who may take orders in, with a time of receipt that has come.

    Raises:
        NotAllowed, FromTheFuture
    """
    today = installation.today(now=now)
    if not any(actor.has(role, on=today) for role in order_reach.IMPORTERS):
        raise NotAllowed("orders.not_allowed", {"actor": actor.name})
    if request.received_at > now:
        raise FromTheFuture("orders.from_the_future", {"received_at": request.received_at.isoformat()})


def _world(rows: Sequence[OrderRow], request: OrderRequest, actor: Actor, now: datetime, profile: Profile) -> World:
    employee_nos = {number for row in rows for number in _numbers_in(row)}
    numbers = numbers_of(employee_nos=employee_nos, known_at=now)
    order_nos = {number for row in rows for number in (row.order_no, row.supersedes) if number}
    persons = _persons_named(rows, numbers)
    return World(
        boundary=boundary(known_at=now),
        numbers=numbers,
        stored=stored_orders(order_nos=order_nos, known_at=now),
        names=names_of(person_ids=order_reach.names_seen(actor=actor, persons=persons, now=now), known_at=now),
        persons=_person_ids(rows),
        concurrent_units=_concurrent_units(persons, now),
        profile=profile,
        status=request.status,
        received_day=installation.today(now=request.received_at),
    )


def _numbers_in(row: OrderRow) -> Iterable[str]:
    return (number for number in (row.employee_no, row.previous_employee_no, row.new_employee_no) if number)


def _persons_named(rows: Sequence[OrderRow], numbers: Numbers) -> set[PersonId]:
    return {
        holder.person_id for row in rows for number in _numbers_in(row) for holder in numbers.holders(number, "", None)
    }


def _person_ids(rows: Sequence[OrderRow]) -> set[str]:
    """Return the ids that a new person may not get; a draft's person is no Person yet, so that no count tells."""
    if not any(row.order_type is OrderType.HIRE for row in rows):
        return set()
    announced = models.Order.objects.filter(order_type=OrderType.HIRE.value).values_list("person_id", flat=True)
    return {*models.Person.objects.values_list("person_id", flat=True), *announced}


def _concurrent_units(persons: set[PersonId], now: datetime) -> dict[PersonId, list[tuple[str, Period]]]:
    held: dict[PersonId, list[tuple[str, Period]]] = {}
    for chunk in chunks([str(person) for person in persons]):
        rows = models.Stint.objects.as_known_at(now).filter(kind=PostKind.CONCURRENT.value, person_id__in=chunk)
        for person, unit, start, end in rows.values_list("person_id", "unit", "start", "end"):
            held.setdefault(PersonId(person), []).append((unit, Period(start, end)))
    return held


def summary(request: OrderRequest, reading: OrderFileReading, judged: Judged) -> Imported:
    """Return the file's counts: rows in = accepted + rejected + ignored."""
    rejected = sorted([*reading.rejected, *judged.rejected], key=lambda defects: (defects[0].sheet, defects[0].row))
    warnings = sorted([*reading.warnings, *judged.warnings], key=lambda defect: (defect.sheet, defect.row))
    return Imported(
        sha256=sha256_hex(request.content),
        rows_in=reading.rows_in,
        accepted=judged.accepted,
        ignored_by_reason=dict(sorted(judged.ignored.items())),
        rejected_rows=tuple(rejected),
        warnings=tuple(warnings),
        blank_rows=reading.blank,
        orders=len(judged.orders),
        drafts_finalised=len(judged.finalised),
        names=tuple(
            NameShown(row.number, row.name, known, difference.value)
            for row, known, difference in judged.name_differences
        ),
    )


def save(
    *, actor: Actor, now: datetime, request: OrderRequest, judged: Judged, imported: Imported, kind: str
) -> Imported:
    """Write the file, its orders, the persons and numbers they bring, and the entries; fold who moved.

    Returns the import with one more warning for each order that the timelines cannot follow. A file that
    brings nothing new and rejects nothing, or that was rejected alike before, leaves no row.
    """
    known = models.OrderFile.objects.filter(sha256=imported.sha256, rejected=imported.rejected, kind=kind)
    if not judged.orders and (not imported.rejected or known.exists()):
        return imported
    file = models.OrderFile.objects.create(
        sha256=imported.sha256,
        name=request.name,
        kind=kind,
        received_at=request.received_at,
        actor=actor.name,
        rows_in=imported.rows_in,
        accepted=imported.accepted,
        rejected=imported.rejected,
        ignored=imported.ignored,
        ignored_by_reason=imported.ignored_by_reason,
        defects=[kept(defect, "rejected") for row in imported.rejected_rows for defect in row]
        + [kept(defect, "warning") for defect in imported.warnings],
    )
    _record(actor, now, request, imported, judged, kind)
    ids = _write(file, judged, request.received_at, now)
    moved = {order.person_id for order in judged.orders if order.status is OrderStatus.FINAL}
    if not moved:
        return imported
    people.refold(person_ids=moved, now=request.received_at)
    rows = dict(zip(ids, judged.orders, strict=True))
    return replace(imported, warnings=(*imported.warnings, *_not_followed(rows, moved, now)))


def _not_followed(rows: Mapping[str, NewOrder], moved: set[PersonId], now: datetime) -> Iterable[Defect]:
    """Yield what the timelines say of the file's orders: a unit left that was not held, nobody to return, …"""
    for timeline in people.timelines(person_ids=moved, known_at=now):
        for problem in timeline.problems:
            order = rows.get(problem.order_id)
            if order is not None:
                note = Note(problem.code, dict(problem.params))
                yield Defect(order.row, "", order.key.order_no, note)


def kept(defect: Defect, kind: str) -> dict[str, Json]:
    """Return a defect as it is kept; `kind` is rejected or warning."""
    return {
        "kind": kind,
        "row": defect.row,
        "column": defect.column,
        "value": defect.value,
        "code": defect.note.code,
        "params": dict(defect.note.params),
        "sheet": defect.sheet,
    }


def _write(file: models.OrderFile, judged: Judged, at: datetime, now: datetime) -> list[str]:
    """Write the orders and what they bring; return their ids."""
    ids = _order_ids([order.key for order in judged.orders])
    for start in range(0, len(judged.finalised), BATCH):
        models.Order.objects.filter(pk__in=judged.finalised[start : start + BATCH]).update(superseded_at=at)
    moved = {order.person_id for order in judged.orders if order.status is OrderStatus.FINAL}
    persons = [models.Person(person_id=person, recorded_at=at) for person in sorted(moved)]
    models.Person.objects.bulk_create(persons, ignore_conflicts=True, batch_size=BATCH)
    rows = [_row(file, order, order_id, at) for order, order_id in zip(judged.orders, ids, strict=True)]
    models.Order.objects.bulk_create(rows, batch_size=BATCH)
    finals = [
        (order, order_id)
        for order, order_id in zip(judged.orders, ids, strict=True)
        if order.status is OrderStatus.FINAL and order.gives is not None
    ]
    _write_numbers(finals, at, now)
    return ids


def _write_numbers(finals: Sequence[tuple[NewOrder, str]], at: datetime, now: datetime) -> None:
    """Write the numbers and names that final orders bring; a draft's stay in its row, under embargo."""
    known = numbers_of(employee_nos={order.gives[1] for order, _ in finals if order.gives}, known_at=now)
    named = names_of(person_ids={order.person_id for order, _ in finals}, known_at=now)
    numbers, names = [], []
    for order, order_id in finals:
        company, number = order.gives or ("", "")
        held = models.EmployeeNumber(
            person_id=order.person_id,
            company=company,
            employee_no=number,
            origin=order_id[:200],
            start=order.first_day,
            recorded_at=at,
        )
        if number and not known.is_known(order.person_id, company, number):
            numbers.append(held)
        if order.name and order.person_id not in named:
            named[order.person_id] = {order.name}
            names.append(
                models.PersonName(
                    person_id=order.person_id,
                    name=order.name,
                    kana=order.kana,
                    origin=order_id[:200],
                    start=order.first_day,
                    recorded_at=at,
                )
            )
    models.EmployeeNumber.objects.bulk_create(numbers, batch_size=BATCH)
    models.PersonName.objects.bulk_create(names, batch_size=BATCH)


def _order_ids(keys: Sequence[OrderKey]) -> list[str]:
    """Return an id a row: the key's text and a number that counts the rows ever taken with that key."""
    counts: dict[str, int] = {}
    wanted = {key.order_no for key in keys}
    columns = ("company", "order_no", "employee_no", "order_type", "post_no")
    for chunk in chunks(wanted):
        for row in models.Order.objects.filter(order_no__in=chunk).values_list(*columns):
            text = "/".join(row)
            counts[text] = counts.get(text, 0) + 1
    ids = []
    for key in keys:
        counts[key.text()] = counts.get(key.text(), 0) + 1
        ids.append(f"{key.text()}#{counts[key.text()]}")
    return ids


def _row(file: models.OrderFile, order: NewOrder, order_id: str, at: datetime) -> models.Order:
    return models.Order(
        order_id=order_id,
        file=file,
        row=order.row,
        company=order.key.company,
        order_no=order.key.order_no,
        employee_no=order.key.employee_no,
        order_type=order.key.order_type.value,
        post_no=order.key.post_no,
        person_id=order.person_id,
        status=order.status.value,
        effective_date=order.effective_date,
        first_day=order.first_day,
        sequence=order.sequence,
        from_unit=order.from_unit,
        to_unit=order.to_unit,
        title=order.title,
        post_kind=order.post_kind.value,
        host_company=order.host_company,
        new_employee_no=order.new_employee_no,
        planned_end=order.planned_end,
        supersedes=order.supersedes,
        release_at=order.release_at,
        note=order.note,
        content_sha256=order.sha256(),
        recorded_at=at,
    )


def _record(actor: Actor, now: datetime, request: OrderRequest, imported: Imported, judged: Judged, kind: str) -> None:
    """Write one entry for the file and one for each order; who moves where is personal content."""
    counts = {"rows_in": imported.rows_in, "accepted": imported.accepted, "rejected": imported.rejected}
    facts: dict[str, Json] = {
        "sha256": imported.sha256,
        "kind": kind,
        "received_at": request.received_at.isoformat(),
        **counts,
        "ignored": imported.ignored,
        "orders": imported.orders,
        "drafts_finalised": imported.drafts_finalised,
    }
    where = boundary(known_at=now)
    places = {order.key: sides_named(order, where) for order in judged.orders}
    secret = [order for order in judged.orders if not order.is_released(at=now)]
    concerned = frozenset[Side | None]().union(*(places[order.key] for order in secret or judged.orders))
    if secret:
        facts["embargo"] = ledger.embargo(order.release_at for order in secret)
    side = common_side(concerned, released=False)  # the numbers are those of every side in the file
    entries = [NewEntry("order_file.imported", facts, {"name": request.name}, side)]
    for order in judged.orders:
        key = {name: str(value) for name, value in asdict(order.key).items()}
        personal: dict[str, Json] = {**key, **order.content(), "person_id": order.person_id, "name": order.name}
        told: dict[str, Json] = {"file": imported.sha256, "row": order.row, "status": order.status.value}
        released = order.is_released(at=now)
        if not released:
            told["embargo"] = ledger.embargo([order.release_at])
        side = common_side(places[order.key], released=released)
        entries.append(NewEntry("order.accepted", told, personal, side))
    ledger.record_many(entries, actor=actor.name, now=now)
