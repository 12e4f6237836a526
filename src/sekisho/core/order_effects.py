"""Which orders count: how 取消, 訂正 and replacements leave the set in force.

Here: the chains among orders. Not here: what an order in force makes of posts (`timeline`).
Nothing depends on the order in which rows arrive: a chain is found by order numbers, and rivals
(two corrections of one row) are ranked by when they were received, then by their place.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sekisho.core.kinds import LAST_DAY_TYPES, OrderStatus, OrderType, PersonId, PostKind
from sekisho.core.orders import Order
from sekisho.core.people import Problem

_EDITS = frozenset({OrderType.CANCEL, OrderType.CORRECT})


@dataclass(frozen=True, slots=True)
class Resolution:
    """The orders in force, sorted as they apply, and what could not be resolved."""

    orders: tuple[Order, ...]
    problems: tuple[Problem, ...] = ()


def in_force(orders: Iterable[Order]) -> tuple[Order, ...]:
    """Return the final orders that count, corrected, sorted as they apply; drafts are left out.

    A corrected row has the id and number of its last correction and the type of the original. No order
    returned names another any more, not even one whose target could not be found: some rows have gone and
    others have a new number, so that its words could now fit a row they were never meant for. Applying this
    twice therefore changes nothing; what could not be resolved is told by `resolve` on the rows as received.
    """
    return resolve(order for order in orders if order.status is OrderStatus.FINAL).orders


def resolve(orders: Iterable[Order]) -> Resolution:
    """Resolve the chains among `orders`, whatever their status: the caller chose what to try.

    A cancelled cancellation counts for nothing, so what it cancelled is in force again.
    """
    rows = sorted(orders, key=applies_at)
    if not any(row.supersedes or row.key.order_type in _EDITS for row in rows):
        return Resolution(tuple(rows))
    return _Chains(rows).resolution()


def applies_at(order: Order) -> tuple[date, date, bool, tuple[int, int], str]:
    """Return what orders of one person are sorted by.

    The effective date comes before the place: a leaving dated 31 March precedes a hire of 1 April
    although both are first felt on 1 April. What ends comes before what begins on one date, since
    nobody is hired to leave at once: some layouts date a leaving by its first day.
    """
    begins = order.key.order_type not in LAST_DAY_TYPES
    return (order.first_day, order.effective_date, begins, order.position, order.id)


def _rank(order: Order) -> tuple[datetime, tuple[int, int], str]:
    return (order.received_at, order.position, order.id)


class _Chains:
    """One resolution: who edits whom, and which edits stand."""

    def __init__(self, rows: list[Order]) -> None:
        self._rows = rows
        self._by_number: dict[tuple[str, str, PersonId], list[Order]] = {}
        for row in rows:
            self._by_number.setdefault((row.key.company, row.key.order_no, row.person_id), []).append(row)
        self._problems: list[Problem] = []
        self._targets: dict[str, tuple[Order, ...]] = {}
        self._editors: dict[str, list[Order]] = {}
        self._standing: dict[str, bool] = {}
        for row in rows:
            if row.supersedes or row.key.order_type in _EDITS:
                self._link(row)
        self._break_circles()

    def resolution(self) -> Resolution:
        """Return the rows that stand, each with its standing corrections laid over it."""
        kept = [self._corrected(row) for row in self._rows if row.key.order_type not in _EDITS and self._stands(row)]
        problems = dict.fromkeys(self._problems)
        return Resolution(tuple(sorted(kept, key=applies_at)), tuple(problems))

    def _link(self, row: Order) -> None:
        targets = self._aimed_at(row)
        self._targets[row.id] = targets
        for target in targets:
            self._editors.setdefault(target.id, []).append(row)

    def _aimed_at(self, row: Order) -> tuple[Order, ...]:
        if not row.supersedes:
            return self._missing(row, "timeline.target_unnamed")
        rivals = self._by_number.get((row.key.company, row.supersedes, row.person_id), [])
        found = [other for other in rivals if other.id != row.id and _may_edit(row, other)]
        if not found:
            return self._missing(row, "timeline.target_missing")
        found = _narrowed(row, found)
        if row.key.order_type is OrderType.CORRECT and len(found) > 1:
            return self._missing(row, "timeline.target_ambiguous")
        if not found:
            return self._missing(row, "timeline.target_missing")
        return tuple(found)

    def _missing(self, row: Order, code: str) -> tuple[Order, ...]:
        self._problems.append(problem(row, code, target=row.supersedes or ""))
        return ()

    def _break_circles(self) -> None:
        """Let edits that lead back to themselves count for nothing: neither may decide over the other."""
        circular = [row for row in self._rows if self._reaches(row.id, row.id, set())]
        for row in circular:
            self._missing(row, "timeline.chain_circular")
        for row in circular:
            for target in self._targets.pop(row.id):
                self._editors[target.id].remove(row)

    def _reaches(self, start: str, goal: str, seen: set[str]) -> bool:
        for target in self._targets.get(start, ()):
            if target.id == goal:
                return True
            if target.id not in seen:
                seen.add(target.id)
                if self._reaches(target.id, goal, seen):
                    return True
        return False

    def _stands(self, row: Order) -> bool:
        """Tell whether no standing cancellation or replacement removes the row."""
        known = self._standing.get(row.id)
        if known is None:
            known = not any(
                self._stands(editor)
                for editor in self._editors.get(row.id, ())
                if editor.key.order_type is not OrderType.CORRECT
            )
            if row.key.order_type not in _EDITS:
                known = known and not self._correction_replaced(row)
            self._standing[row.id] = known
        return known

    def _correction_replaced(self, row: Order) -> bool:
        """Tell whether an order stands that replaces one of the row's corrections, and so the row."""
        return any(
            editor.key.order_type not in _EDITS and self._stands(editor)
            for correction in self._corrections(row)
            for editor in self._editors.get(correction.id, ())
        )

    def _corrections(self, row: Order) -> list[Order]:
        """Return the row's corrections and theirs, those received first first."""
        found: list[Order] = []
        for editor in self._editors.get(row.id, ()):
            if editor.key.order_type is OrderType.CORRECT:
                found.extend([editor, *self._corrections(editor)])
        return sorted(found, key=_rank)

    def _corrected(self, row: Order) -> Order:
        whole = replace(row, supersedes=None) if row.supersedes else row
        dropped: set[str] = set()
        for correction in self._corrections(row):
            lapsed = any(target.id in dropped for target in self._targets[correction.id])
            if lapsed:
                self._missing(correction, "timeline.target_lapsed")
            if lapsed or not self._stands(correction):
                dropped.add(correction.id)
            else:
                whole = overlay(whole, correction)
        return whole


def _may_edit(row: Order, other: Order) -> bool:
    """Under one number, edits aim at ordinary rows, and a replacement at rows received before it."""
    if row.key.order_no != other.key.order_no:
        return True
    if other.key.order_type in _EDITS:
        return False
    return row.key.order_type in _EDITS or _rank(other) < _rank(row)


def _narrowed(row: Order, found: list[Order]) -> list[Order]:
    """Keep the rows of the named post; for what replaces or corrects, the rows most like it."""
    if row.key.post_no:
        found = [other for other in found if other.key.post_no == row.key.post_no]
    if row.key.order_type is OrderType.CANCEL:
        return found
    for alike in (
        lambda other: other.key.order_type is row.key.order_type,
        lambda other: other.key.post_no == row.key.post_no,
        lambda other: other.post_kind is row.post_kind,
    ):
        if len(found) > 1:
            found = [other for other in found if alike(other)] or found
    return found


def overlay(row: Order, correction: Order) -> Order:
    """Return `row` with the correction's non-empty cells; the type stays, the id is the correction's."""
    lag = row.first_day - row.effective_date
    key = replace(correction.key, order_type=row.key.order_type, post_no=correction.key.post_no or row.key.post_no)
    return replace(
        row,
        id=correction.id,
        key=key,
        received_at=correction.received_at,
        effective_date=correction.effective_date,
        first_day=correction.effective_date + lag,
        from_unit=correction.from_unit or row.from_unit,
        to_unit=correction.to_unit or row.to_unit,
        title=correction.title or row.title,
        post_kind=correction.post_kind if correction.post_kind is PostKind.CONCURRENT else row.post_kind,
        host_company=correction.host_company or row.host_company,
        new_employee_no=correction.new_employee_no or row.new_employee_no,
        planned_end=correction.planned_end or row.planned_end,
        release_at=correction.release_at or row.release_at,
        note=correction.note or row.note,
        content_sha256=correction.content_sha256,
    )


def problem(order: Order, code: str, **params: str) -> Problem:
    """Return a problem of the order, with its number and date for the text."""
    facts = {"order_no": order.key.order_no, "date": order.effective_date.isoformat(), **params}
    return Problem(order.id, code, tuple(sorted(facts.items())))
