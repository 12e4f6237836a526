"""Personnel orders 人事発令: HR's immutable words, and which of them count.

Here: what an order is and how cancellations, corrections and drafts leave the set in force.
Not here: what the orders make of a person's posts (`timeline`), reading files (`sekisho.intake`).
"""

from dataclasses import dataclass
from datetime import date, datetime

from sekisho.core.kinds import OrderStatus, OrderType, PersonId, PostKind


@dataclass(frozen=True, slots=True)
class OrderKey:
    """What makes a row the same row: CONTRACT "HR's order file"."""

    company: str
    order_no: str
    employee_no: str
    order_type: OrderType
    post_no: str

    def text(self) -> str:
        """Return the key as one line, for ids and ledger entries."""
        return "/".join((self.company, self.order_no, self.employee_no, self.order_type.value, self.post_no))


@dataclass(frozen=True, slots=True)
class Order:
    """One row of HR's order file, once accepted. Nothing of it ever changes.

    `effective_date` is the date in the file; `first_day` the first day on which the world is as
    ordered (a leaving order names the last day, so its first day is the day after).
    `position` orders rows of one person and day: 発令順 where given, else the place in the file.
    """

    id: str
    key: OrderKey
    person_id: PersonId
    status: OrderStatus
    effective_date: date
    first_day: date
    received_at: datetime
    position: tuple[int, int]
    from_unit: str | None = None
    to_unit: str | None = None
    title: str | None = None
    post_kind: PostKind = PostKind.MAIN
    host_company: str | None = None
    new_employee_no: str | None = None
    planned_end: date | None = None
    supersedes: str | None = None
    release_at: datetime | None = None
    note: str = ""
    content_sha256: str = ""

    @property
    def order_type(self) -> OrderType:
        return self.key.order_type

    def is_released(self, *, at: datetime) -> bool:
        """Tell whether the move may be known at `at`: final, or an advance notice whose release has come."""
        return self.status is OrderStatus.FINAL or (self.release_at is not None and self.release_at <= at)
