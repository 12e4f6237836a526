"""Hold each row of an order file against what is known: accepted, rejected by column, or the same again.

Here: person, units, companies, required cells by type of order, keys and targets. Reads the world once
for all rows, decides row by row, writes nothing. Not here: reading the file (`sekisho.intake`), saving
(`order_import`), whether the move is allowed (`screening`: a forbidden move is a good row).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import OrderStatus, OrderType, PersonId, PostKind, Side
from sekisho.core.orders import OrderKey
from sekisho.core.people import EmployeeNumber
from sekisho.core.periods import Period, day_after
from sekisho.intake.characters import NameDifference, difference
from sekisho.intake.defects import Defect, Note
from sekisho.intake.order_rows import OrderRow
from sekisho.intake.order_words import type_name
from sekisho.intake.profiles import Profile
from sekisho.services.order_facts import NewOrder, StoredOrder, StoredOrders, as_stored
from sekisho.services.order_numbers import Numbers
from sekisho.services.order_persons import Found, find_person
from sekisho.services.order_places import check_places

EDITS = frozenset({OrderType.CANCEL, OrderType.CORRECT})
_CONCURRENT = frozenset({OrderType.CONCURRENT, OrderType.END_CONCURRENT})
_MAIN_ONLY = frozenset(
    {OrderType.HIRE, OrderType.REHIRE, OrderType.SECONDMENT, OrderType.EMPLOYER_CHANGE, OrderType.RETURN}
)
_NEEDS: dict[OrderType, tuple[str, ...]] = {
    OrderType.HIRE: ("to_unit",),
    OrderType.TRANSFER: ("to_unit",),
    OrderType.PROMOTION: ("title", "to_unit"),
    OrderType.DEMOTION: ("title", "to_unit"),
    OrderType.SECONDMENT: ("to_unit", "host_company"),
    OrderType.EMPLOYER_CHANGE: ("to_unit", "host_company"),
    OrderType.CONCURRENT: ("to_unit",),
    OrderType.REHIRE: ("to_unit",),
    OrderType.CANCEL: ("supersedes",),
    OrderType.CORRECT: ("supersedes",),
}
"""Any one of these cells must say something; the first is named when none does."""


Reach = Callable[[Collection[Side | None]], bool]
"""Tells whether orders of these sides are the importer's to bring."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything the rows are held against, read once."""

    boundary: Boundary
    numbers: Numbers
    stored: StoredOrders
    names: dict[PersonId, set[str]]
    persons: set[str]
    concurrent_units: dict[PersonId, list[tuple[str, Period]]]
    profile: Profile
    status: OrderStatus | None
    received_day: date


@dataclass(slots=True)
class Judged:
    """What became of the rows. `accepted` counts rows; one row may bring several orders."""

    orders: list[NewOrder] = field(default_factory=list)
    finalised: list[int] = field(default_factory=list)
    accepted: int = 0
    rejected: list[tuple[Defect, ...]] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    warnings: list[Defect] = field(default_factory=list)
    name_differences: list[tuple[OrderRow, str, NameDifference]] = field(default_factory=list)


class _Stop(Exception):
    """The row is rejected; carried up to the one place that counts."""

    def __init__(self, defect: Defect) -> None:
        super().__init__(defect)
        self.defect = defect


def sides_named(order: NewOrder, where: Boundary) -> frozenset[Side | None]:
    """Return the sides that the order names."""
    units = (order.from_unit, order.to_unit)
    return where.sides(units, order.key.company, order.first_day, host=order.host_company)


def judge(world: World, rows: Sequence[OrderRow], reaches: Reach = lambda _: True) -> Judged:
    """Judge all rows: those that give numbers first, edits of others last, each group in file order.

    `reaches` tells whether orders of these sides are the importer's to bring; the others are rejected.
    """
    judged = Judged()
    for row in sorted(rows, key=_phase):
        try:
            _take(world, row, judged, reaches)
        except _Stop as stop:
            judged.rejected.append((stop.defect,))
    return judged


def _phase(row: OrderRow) -> int:
    match row.order_type:
        case OrderType.HIRE:
            return 0
        case OrderType.REHIRE | OrderType.EMPLOYER_CHANGE | OrderType.RETURN:
            return 1
        case _:
            return 3 if row.supersedes else 2


def _take(world: World, row: OrderRow, judged: Judged, reaches: Reach) -> None:
    """Turn one row into its orders and keep those that are new."""
    warnings: list[Defect] = []
    orders = _orders_of(world, row, judged, warnings)
    for order in orders:
        if not reaches(sides_named(order, world.boundary)):
            raise _Stop(row.defect("to_unit" if row.to_unit else "employee_no", Note("orders.other_side")))
    fates = [_fate(world, row, order) for order in orders]
    fresh = [(order, drafts) for order, (reason, drafts) in zip(orders, fates, strict=True) if not reason]
    if not fresh:
        reason = fates[0][0]
        judged.ignored[reason] = judged.ignored.get(reason, 0) + 1
        return
    judged.accepted += 1
    judged.warnings.extend(warnings)
    for order, drafts in fresh:
        _accept(world, order, drafts, judged)


def _accept(world: World, order: NewOrder, drafts: Iterable[StoredOrder], judged: Judged) -> None:
    judged.orders.append(order)
    for draft in drafts:
        _finalise(world, draft, judged)
    world.stored.add(as_stored(order))
    world.persons.add(order.person_id)
    if order.gives is not None:
        world.numbers.add(EmployeeNumber(order.person_id, *order.gives, Period(order.first_day)))


def _finalise(world: World, draft: StoredOrder, judged: Judged) -> None:
    """Let the draft end; one of this very file was never stored, so it is not stored as current either."""
    rows = world.stored.by_key[draft.key]
    rows[rows.index(draft)] = replace(draft, is_live=False)
    by_number = world.stored.by_number[draft.key.order_no, draft.person_id]
    by_number[by_number.index(draft)] = replace(draft, is_live=False)
    if draft.pk is not None:
        judged.finalised.append(draft.pk)


def _fate(world: World, row: OrderRow, order: NewOrder) -> tuple[str, list[StoredOrder]]:
    """Return why the order is ignored ("": it is new), and the drafts that it makes final."""
    olds = world.stored.same_key(order.key)
    content = order.sha256()
    if any(old.content_sha256 == content and old.status is order.status for old in olds):
        return "same_row", []
    finals = [old for old in olds if old.status is OrderStatus.FINAL]
    if order.status is OrderStatus.DRAFT and any(old.content_sha256 == content for old in finals):
        return "already_final", []
    if order.status is OrderStatus.FINAL and not finals:
        return "", [old for old in olds if old.is_live]
    if order.supersedes or not olds:
        return "", []
    raise _Stop(row.defect("order_no", Note("orders.key_taken", {"order_no": order.key.order_no})))


def _orders_of(world: World, row: OrderRow, judged: Judged, warnings: list[Defect]) -> list[NewOrder]:
    order_type = row.order_type
    if order_type is None:
        raise _Stop(row.defect("order_type", Note("intake.empty")))
    _check_needs(row, order_type)
    found = find_person(world.boundary, world.numbers, world.stored, row, world.persons)
    if isinstance(found, Defect):
        raise _Stop(found)
    target = _target(world, row, found, order_type)
    if target is not None and order_type in EDITS and not row.company:
        found = replace(found, company=target.key.company)
    effective, first_day = _days(world, row, order_type, target)
    for defect in check_places(world.boundary, row, first_day, warnings):
        raise _Stop(defect)
    if row.planned_end is not None and row.planned_end < first_day:
        raise _Stop(row.defect("planned_end", Note("orders.end_before_start", {"day": first_day.isoformat()})))
    key = OrderKey(found.company, row.order_no, row.employee_no, order_type, row.post_no)
    kind = _post_kind(row, order_type, target, warnings)
    order = _order(row, found, key, (effective, first_day), (_status(world, row, warnings), kind))
    _show_oddities(world, row, order, judged, warnings)
    return _with_concurrent(world, row, order)


def _days(world: World, row: OrderRow, order_type: OrderType, target: StoredOrder | None) -> tuple[date, date]:
    """Return the day in the file and the first day as ordered; an edit takes its target's where it is silent."""
    effective = row.effective_date or (target.effective_date if target else None)
    if effective is None:
        raise _Stop(row.defect("effective_date", Note("intake.empty")))
    dated = target.key.order_type if target is not None and order_type in EDITS else order_type
    return effective, day_after(effective) if world.profile.names_last_day(dated) else effective


def _order(
    row: OrderRow, found: Found, key: OrderKey, days: tuple[date, date], kinds: tuple[OrderStatus, PostKind]
) -> NewOrder:
    return NewOrder(
        key=key,
        person_id=found.person_id,
        row=row.number,
        status=kinds[0],
        effective_date=days[0],
        first_day=days[1],
        post_kind=kinds[1],
        sequence=row.sequence,
        from_unit=row.from_unit,
        to_unit=row.to_unit,
        title=row.title,
        host_company=row.host_company,
        new_employee_no=found.new_employee_no,
        planned_end=row.planned_end,
        supersedes=row.supersedes,
        release_at=row.release_at,
        note=row.note,
        name=row.name,
        kana=row.kana,
        gives=found.gives,
    )


def _check_needs(row: OrderRow, order_type: OrderType) -> None:
    fields = _NEEDS.get(order_type, ())
    has_numbered = order_type is OrderType.CONCURRENT and bool(row.concurrent)
    if fields and not has_numbered and not any(getattr(row, name) for name in fields):
        raise _Stop(row.defect(fields[0], Note("orders.needed", {"order_type": type_name(order_type)})))


def _target(world: World, row: OrderRow, found: Found, order_type: OrderType) -> StoredOrder | None:
    """Return the order that the row aims at, None where it aims at none.

    A correction must find exactly one, or nobody could say what it corrects.
    """
    if not row.supersedes:
        return None
    targets = world.stored.targets(row.supersedes, found.person_id, order_type)
    if row.company or order_type not in EDITS:
        targets = [target for target in targets if target.key.company == found.company]
    if row.post_no:
        targets = [target for target in targets if target.key.post_no == row.post_no]
    if not targets:
        raise _Stop(row.defect("supersedes", Note("orders.unknown_target", {"order_no": row.supersedes})))
    if order_type is not OrderType.CORRECT:
        return targets[0]
    for kind in ("", PostKind.MAIN):
        alike = [target for target in targets if kind in {target.key.post_no, target.post_kind}]
        targets = alike or targets
    if len({target.key for target in targets}) > 1:
        raise _Stop(row.defect("supersedes", Note("orders.ambiguous_target", {"order_no": row.supersedes})))
    return targets[-1]


def _status(world: World, row: OrderRow, warnings: list[Defect]) -> OrderStatus:
    """Return the row's status; a cell that says 内示 is not made final by a word on the command line."""
    if row.status is not None and world.status is not None and row.status is not world.status:
        warnings.append(row.defect("status", Note("orders.status_kept", {"status": row.status.value})))
    return row.status or world.status or OrderStatus.FINAL


def _post_kind(row: OrderRow, order_type: OrderType, target: StoredOrder | None, warnings: list[Defect]) -> PostKind:
    if order_type in _CONCURRENT:
        if row.post_kind is PostKind.MAIN:
            warnings.append(row.defect("post_kind", Note("orders.taken_as_concurrent")))
        return PostKind.CONCURRENT
    if row.post_kind is PostKind.CONCURRENT and order_type in _MAIN_ONLY:
        raise _Stop(row.defect("post_kind", Note("orders.main_only", {"order_type": type_name(order_type)})))
    if row.post_kind is None and target is not None and order_type in EDITS:
        return target.post_kind
    return row.post_kind or PostKind.MAIN


def _show_oddities(world: World, row: OrderRow, order: NewOrder, judged: Judged, warnings: list[Defect]) -> None:
    """Warn of what is taken as it stands but worth a look: late orders, names that read otherwise."""
    late = (world.received_day - order.first_day).days
    if late > 0 and order.status is OrderStatus.FINAL:
        warnings.append(row.defect("effective_date", Note("orders.retroactive", {"days": str(late)})))
    known = world.names.get(order.person_id, set())
    if not row.name or not known:
        return
    ranks = list(NameDifference)
    best = min((difference(row.name, name) for name in known), key=ranks.index)
    if best is NameDifference.NONE:
        return
    judged.name_differences.append((row, min(known), best))
    if best is not NameDifference.SPACES:
        note = Note(f"orders.name_{best.value}", {"known": " / ".join(sorted(known))})
        warnings.append(row.defect("name", note))


def _with_concurrent(world: World, row: OrderRow, order: NewOrder) -> list[NewOrder]:
    """Return the order, and one 兼務 or 兼務解除 for each numbered column.

    A concurrent post that the person holds already is listed as it is, not ordered anew.
    """
    ends = order.key.order_type is OrderType.END_CONCURRENT
    takes_units = order.key.order_type not in {*EDITS, OrderType.LEAVE_COMPANY, OrderType.LEAVE}
    if not row.concurrent or not takes_units:
        return [order]
    only_numbered = order.key.order_type in _CONCURRENT and not (row.to_unit or row.from_unit or row.post_no)
    orders = [] if only_numbered else [order]
    for number, unit in row.concurrent:
        kind = OrderType.END_CONCURRENT if ends else OrderType.CONCURRENT
        key = replace(order.key, order_type=kind, post_no=str(number))
        is_held = _holds(world, order.person_id, unit, order.first_day) and not world.stored.same_key(key)
        if ends or not is_held:
            orders.append(_numbered(world, order, key, unit))
    return orders or [order]


def _numbered(world: World, order: NewOrder, key: OrderKey, unit: str) -> NewOrder:
    ends = key.order_type is OrderType.END_CONCURRENT
    first_day = (
        day_after(order.effective_date) if world.profile.names_last_day(key.order_type) else order.effective_date
    )
    return replace(
        order,
        key=key,
        first_day=first_day,
        post_kind=PostKind.CONCURRENT,
        from_unit=unit if ends else "",
        to_unit="" if ends else unit,
        title="",
        host_company="",
        new_employee_no="",
        supersedes="",
        gives=None,
    )


def _holds(world: World, person_id: PersonId, unit: str, on: date) -> bool:
    return any(held == unit and period.holds(on) for held, period in world.concurrent_units.get(person_id, ()))
