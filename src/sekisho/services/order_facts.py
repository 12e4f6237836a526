"""What a new order row is, and the orders that a file's rows may meet: same keys, targets.

Here: the row as it will be stored, its content's hash, and what is stored already. Not here: the
judgement (`order_judging`), the saving (`order_import`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sekisho.core.canonical import canonical, sha256_hex
from sekisho.core.kinds import OrderStatus, OrderType, PersonId, PostKind
from sekisho.core.orders import OrderKey
from sekisho.services import people
from sekisho.services.order_numbers import chunks
from sekisho.store import models


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A row about to be stored; `gives` is the (company, number) that it gives the person."""

    key: OrderKey
    person_id: PersonId
    row: int
    status: OrderStatus
    effective_date: date
    first_day: date
    post_kind: PostKind
    sequence: int | None = None
    from_unit: str = ""
    to_unit: str = ""
    title: str = ""
    host_company: str = ""
    new_employee_no: str = ""
    planned_end: date | None = None
    supersedes: str = ""
    release_at: datetime | None = None
    note: str = ""
    name: str = ""
    kana: str = ""
    gives: tuple[str, str] | None = None

    def content(self) -> dict[str, str | int | None]:
        """Return what makes two rows with one key the same row: all HR's words but name and status."""
        return {
            "effective_date": self.effective_date.isoformat(),
            "first_day": self.first_day.isoformat(),
            "post_kind": self.post_kind.value,
            "sequence": self.sequence,
            "from_unit": self.from_unit,
            "to_unit": self.to_unit,
            "title": self.title,
            "host_company": self.host_company,
            "new_employee_no": self.new_employee_no,
            "planned_end": self.planned_end.isoformat() if self.planned_end else None,
            "supersedes": self.supersedes,
            "release_at": self.release_at.isoformat() if self.release_at else None,
            "note": self.note,
        }

    def is_released(self, *, at: datetime) -> bool:
        """Tell whether the move may be known at `at`."""
        return self.status is OrderStatus.FINAL or (self.release_at is not None and self.release_at <= at)

    def sha256(self) -> str:
        """Return the hash of the content."""
        return sha256_hex(canonical(self.content()))


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """What a new row must know of an order that is stored, or accepted earlier in the file."""

    key: OrderKey
    person_id: PersonId
    status: OrderStatus
    content_sha256: str
    effective_date: date
    post_kind: PostKind
    is_live: bool
    pk: int | None = None


@dataclass(slots=True)
class StoredOrders:
    """Orders by key and by (number, person), growing as rows of the file are accepted."""

    by_key: dict[OrderKey, list[StoredOrder]] = field(default_factory=dict)
    by_number: dict[tuple[str, PersonId], list[StoredOrder]] = field(default_factory=dict)

    def add(self, order: StoredOrder) -> None:
        """Let later rows of the file meet the order."""
        self.by_key.setdefault(order.key, []).append(order)
        self.by_number.setdefault((order.key.order_no, order.person_id), []).append(order)

    def same_key(self, key: OrderKey) -> list[StoredOrder]:
        """Return every row ever taken with the key."""
        return self.by_key.get(key, [])

    def targets(self, order_no: str, person_id: PersonId, order_type: OrderType) -> list[StoredOrder]:
        """Return the person's live rows under a number that an order of the type can aim at."""
        edits = {OrderType.CANCEL, OrderType.CORRECT}
        live = [order for order in self.by_number.get((order_no, person_id), ()) if order.is_live]
        plain = [order for order in live if order.key.order_type not in edits]
        return plain or ([] if order_type is OrderType.CORRECT else live)


_COLUMNS = (
    "id", "company", "order_no", "employee_no", "order_type", "post_no", "person_id", "status",
    "content_sha256", "effective_date", "post_kind", "superseded_at",
)  # fmt: skip


def stored_orders(*, order_nos: Collection[str], known_at: datetime) -> StoredOrders:
    """Return every order ever taken under the numbers, finalised drafts included."""
    same_as = people.same_as(known_at=known_at)
    found = StoredOrders()
    for chunk in chunks(order_nos):
        for row in models.Order.objects.filter(order_no__in=chunk).order_by("id").values_list(*_COLUMNS):
            found.add(_stored(row, same_as))
    return found


def _stored(row: tuple[object, ...], same_as: Mapping[PersonId, PersonId]) -> StoredOrder:
    (pk, company, order_no, employee_no, order_type, post_no, person, status, content, effective, kind, gone) = row
    key = OrderKey(str(company), str(order_no), str(employee_no), OrderType(str(order_type)), str(post_no))
    if not isinstance(pk, int) or not isinstance(effective, date):
        raise TypeError(row)
    person_id = PersonId(str(person))
    return StoredOrder(
        key,
        same_as.get(person_id, person_id),
        OrderStatus(str(status)),
        str(content),
        effective,
        PostKind(str(kind)),
        gone is None,
        pk,
    )


def as_stored(order: NewOrder) -> StoredOrder:
    """Return an accepted row as later rows of the file meet it."""
    return StoredOrder(
        order.key, order.person_id, order.status, order.sha256(), order.effective_date, order.post_kind, is_live=True
    )


def names_of(*, person_ids: Iterable[PersonId], known_at: datetime) -> dict[PersonId, set[str]]:
    """Return every name by which the persons are known, former ones too; to show differences only."""
    names: dict[PersonId, set[str]] = {}
    for chunk in chunks([str(person) for person in person_ids]):
        rows = models.PersonName.objects.as_known_at(known_at).filter(person_id__in=chunk)
        for person, name, former in rows.values_list("person_id", "name", "former_name"):
            names.setdefault(PersonId(person), set()).update(word for word in (name, former) if word)
    return names
