"""Personnel orders 人事発令: taking HR's files in, and reading what was taken.

Here: the doors that other services and the command line use. Their rooms: `order_import` (saving),
`order_judging`, `order_persons`, `order_places`, `order_numbers`, `order_facts`, `snapshots`.
Reading functions for people go through `core.visibility`: an advance notice 内示 before its release is
there only for HR, compliance and those named (domain §7.11), in counts and searches too.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import OrderStatus, PersonId, Role, Side
from sekisho.core.order_effects import in_force, resolve
from sekisho.core.orders import Order
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Matter, Purpose
from sekisho.services import people, person_facts, visibility
from sekisho.services.boundary import boundary
from sekisho.services.order_import import Imported, NotAllowed, OrderRequest, import_orders
from sekisho.services.person_facts import Glimpse
from sekisho.services.snapshots import import_snapshot

__all__ = [
    "Imported",
    "NotAllowed",
    "OrderRequest",
    "glimpse",
    "glimpses_between",
    "import_orders",
    "import_snapshot",
    "orders",
    "standing",
    "visible_among",
    "visible_between",
    "visible_in_force",
    "visible_of",
    "visible_of_some",
    "visible_orders",
]


def orders(
    *, known_at: datetime, statuses: Collection[OrderStatus], person_ids: Collection[PersonId] | None = None
) -> list[Order]:
    """Return every accepted row as known at `known_at`, in force or not, by person and place in the files.

    Chains (取消, 訂正, replacements) are not resolved here: `core.order_effects` does.
    """
    rows = person_facts.accepted(person_ids=person_ids, known_at=known_at, statuses=statuses)
    return sorted(rows, key=lambda order: (order.person_id, order.received_at, order.position, order.id))


def _in_force(rows: list[Order]) -> list[Order]:
    """Return the finals in force and the drafts that nothing withdrew; a draft 取消 withdraws no final."""
    drafts = [order for order in resolve(rows).orders if order.status is OrderStatus.DRAFT]
    return [*in_force(rows), *drafts]


def standing(*, person_ids: Collection[PersonId], known_at: datetime) -> frozenset[str]:
    """Return the ids of the persons' orders that stand: in force, or advance notices that nobody withdrew."""
    rows = orders(known_at=known_at, statuses=list(OrderStatus), person_ids=person_ids)
    return frozenset(order.id for order in _in_force(rows))


def is_released(order: Order, *, at: datetime) -> bool:
    """Tell whether the move may be known at `at`: final, or an advance notice whose release has come."""
    return order.is_released(at=at)


def visible_orders(
    *, actor: Actor, now: datetime, statuses: Collection[OrderStatus], purpose: Purpose | None = None
) -> list[Order]:
    """Return the orders in force that the actor may read in detail; what he may not see is not counted either.

    A move shows where either of its sides does. A withdrawn advance notice is gone from here (domain §3.1).
    """
    found = _in_force(orders(known_at=now, statuses=list(OrderStatus)))
    return visible_among(actor=actor, now=now, found=found, statuses=statuses, purpose=purpose)


def visible_between(*, actor: Actor, now: datetime, days: tuple[date, date]) -> list[Order]:
    """Return the orders in force whose first day lies in `[from, to)` and that the actor may read in detail.

    Chains are resolved among the orders of those days: what cancels or replaces another names its day.
    """
    rows = person_facts.accepted(person_ids=None, known_at=now, statuses=list(OrderStatus), days=days)
    by_person = sorted(rows, key=lambda order: (order.person_id, order.received_at, order.position, order.id))
    return visible_among(actor=actor, now=now, found=_in_force(by_person), statuses=list(OrderStatus))


def visible_of(*, actor: Actor, now: datetime, person_id: PersonId) -> list[Order]:
    """Return one person's orders in force that the actor may read in detail."""
    found = orders(known_at=now, statuses=list(OrderStatus), person_ids=[person_id])
    return visible_in_force(actor=actor, now=now, found=found)


def visible_in_force(*, actor: Actor, now: datetime, found: list[Order]) -> list[Order]:
    """Return those of some persons' orders, all of theirs, that are in force and that the actor may read in detail."""
    return visible_among(actor=actor, now=now, found=_in_force(found), statuses=list(OrderStatus))


def glimpses_between(*, actor: Actor, now: datetime, days: tuple[date, date]) -> list[Glimpse]:
    """Return the same orders as `visible_between`, in a form of which a page can take thousands.

    Whoever has a row that changes another is resolved from whole orders; for all others nothing needs resolving.
    """
    rows = person_facts.glimpses(known_at=now, days=days)
    chained = {row.person_id for row in rows if row.sequel}
    if chained:
        whole = person_facts.accepted(person_ids=chained, known_at=now, statuses=list(OrderStatus), days=days)
        kept = {
            one.id: one
            for one in _in_force(sorted(whole, key=lambda one: (one.person_id, one.received_at, one.position)))
        }
        plain = [row for row in rows if row.person_id not in chained]
        rows = [*plain, *map(glimpse, kept.values())]
    return _visible_glimpses(actor, now, rows)


def glimpse(order: Order) -> Glimpse:
    """Return an order as a calendar has it."""
    return Glimpse(
        order.person_id,
        order.id,
        order.key.company,
        order.key.order_no,
        order.order_type.value,
        order.status.value,
        order.first_day,
        order.from_unit or "",
        order.to_unit or "",
        order.host_company or "",
        order.release_at,
        sequel=False,
    )


def _visible_glimpses(actor: Actor, now: datetime, rows: Iterable[Glimpse]) -> list[Glimpse]:
    """Keep what `visible_among` would keep; most rows name places that were asked about already."""
    known, same_as = boundary(known_at=now), people.same_as(known_at=now)
    himself = same_as.get(actor.person_id, actor.person_id) if actor.person_id else None
    asked = visibility.purpose(actor=actor, now=now)
    answers: dict[tuple[object, ...], bool] = {}
    found = []
    for row in rows:
        released = row.status == OrderStatus.FINAL.value or (row.release_at is not None and row.release_at <= now)
        place = (row.company, row.from_unit, row.to_unit, row.host_company, row.first_day, released)
        if place not in answers:
            units, host = (row.from_unit or None, row.to_unit or None), row.host_company or None
            sides = known.sides(units, row.company, row.first_day, host=host)
            answers[place] = any(_sees(actor, side, asked, now, released=released) for side in sides)
        if answers[place] or (released and himself == row.person_id):
            found.append(row)
    return found


def visible_of_some(
    *, actor: Actor, now: datetime, person_ids: Collection[PersonId], days: tuple[date, date]
) -> list[Order]:
    """Return the orders in force of some persons whose first day lies in `[from, to)`, as `visible_between` does."""
    rows = person_facts.accepted(person_ids=person_ids, known_at=now, statuses=list(OrderStatus), days=days)
    by_person = sorted(rows, key=lambda order: (order.person_id, order.received_at, order.position, order.id))
    return visible_among(actor=actor, now=now, found=_in_force(by_person), statuses=list(OrderStatus))


def visible_among(
    *,
    actor: Actor,
    now: datetime,
    found: Collection[Order],
    statuses: Collection[OrderStatus],
    purpose: Purpose | None = None,
) -> list[Order]:
    """Return those of the orders that the actor may read in detail."""
    known = boundary(known_at=now)
    same_as = people.same_as(known_at=now)
    himself = same_as.get(actor.person_id, actor.person_id) if actor.person_id else None
    depths: dict[tuple[Side | None, bool], bool] = {}
    asked = purpose or visibility.purpose(actor=actor, now=now)
    visible: list[Order] = []
    for order in found:
        if order.status not in statuses:
            continue
        about = same_as.get(order.person_id, order.person_id)
        units, released = (order.from_unit, order.to_unit), is_released(order, at=now)
        for side in known.sides(units, order.key.company, order.first_day, host=order.host_company):
            if (side, released) not in depths:
                depths[side, released] = _sees(actor, side, asked, now, released=released)
            if depths[side, released] or (released and (himself == about or _heads(actor, known, order, side, now))):
                visible.append(order)
                break
    return visible


def _heads(actor: Actor, where: Boundary, order: Order, side: Side | None, now: datetime) -> bool:
    """Tell whether the actor knows of the move as the head of a unit that it leaves or enters."""
    if actor.person_id is None or not any(grant.role is Role.UNIT_HEAD for grant in actor.roles):
        return False
    units = [where.unit_or_last(code, order.first_day) for code in (order.from_unit, order.to_unit) if code]
    heads = frozenset(unit.head for unit in units if unit and unit.head)
    if actor.person_id not in heads:
        return False
    purpose, about = visibility.purpose(actor=actor, now=now), Matter(order.person_id, heads)
    kind = FactKind.MOVE
    return visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, about=about) is Depth.DETAIL


def _sees(actor: Actor, side: Side | None, purpose: Purpose, now: datetime, *, released: bool) -> bool:
    depth = visibility.depth(actor=actor, kind=FactKind.MOVE, side=side, purpose=purpose, now=now, released=released)
    return depth is Depth.DETAIL
