"""What one person's rows of a snapshot change: posts known today against posts listed.

Here: the comparison of one person, without the store. Not here: who is meant, who is missing, the
guard (`snapshots`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import OrderStatus, OrderType, PersonId, PostKind
from sekisho.core.orders import OrderKey
from sekisho.core.people import Post
from sekisho.core.periods import day_before
from sekisho.intake.order_rows import OrderRow
from sekisho.intake.profiles import Profile
from sekisho.services.order_facts import NewOrder


@dataclass(frozen=True, slots=True)
class Listed:
    """A person's rows: the main post's, and (post number or "", unit, row) of each concurrent post.

    `tells_concurrent` and `tells_absence`: whether the file has such columns; what it does not tell
    stays as it is.
    """

    person_id: PersonId
    company: str
    employee_no: str
    main: OrderRow | None
    concurrent: tuple[tuple[str, str, OrderRow], ...]
    tells_concurrent: bool
    tells_absence: bool
    gives_number: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the person on the snapshot's day."""

    posts: tuple[Post, ...]
    on_leave: bool

    @property
    def main(self) -> Post | None:
        return next((post for post in self.posts if post.kind is PostKind.MAIN), None)

    @property
    def concurrent(self) -> tuple[Post, ...]:
        return tuple(post for post in self.posts if post.kind is PostKind.CONCURRENT)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the orders of one snapshot are written: its day, its number, its status, its reading."""

    day: date
    order_no: str
    status: OrderStatus
    profile: Profile
    boundary: Boundary
    is_dated: bool
    """Whether a row's own date says when its post began (else all rows share the snapshot's day)."""

    def order(self, listed: Listed, order_type: OrderType, row: OrderRow | None, words: "Words") -> NewOrder:
        """Return an order of the type that takes effect on the snapshot's day, or on the row's own."""
        first = self.day
        if self.is_dated and row is not None and row.effective_date is not None:
            first = min(row.effective_date, self.day)
        names_last_day = self.profile.names_last_day(order_type)
        effective = day_before(first) if names_last_day else first
        return NewOrder(
            key=OrderKey(listed.company, self.order_no, listed.employee_no, order_type, words.post_no),
            person_id=listed.person_id,
            row=row.number if row else 0,
            status=self.status,
            effective_date=effective,
            first_day=first,
            post_kind=PostKind.CONCURRENT if order_type in _CONCURRENT else PostKind.MAIN,
            from_unit=words.from_unit,
            to_unit=words.to_unit,
            title=words.title,
            host_company=words.host_company,
            new_employee_no=words.new_employee_no,
            name=row.name if row else "",
            kana=row.kana if row else "",
            gives=(listed.company, listed.employee_no) if listed.gives_number else None,
        )


@dataclass(frozen=True, slots=True)
class Words:
    """What a generated order says beside its type and day."""

    from_unit: str = ""
    to_unit: str = ""
    title: str = ""
    post_no: str = ""
    host_company: str = ""
    new_employee_no: str = ""


_CONCURRENT = frozenset({OrderType.CONCURRENT, OrderType.END_CONCURRENT})


def changes(comparison: Comparison, listed: Listed, standing: Standing) -> Iterator[NewOrder]:
    """Yield the orders that lead from what is known of the person to what the snapshot lists."""
    if listed.main is not None:
        yield from _main(comparison, listed, standing, listed.main)
    if listed.tells_concurrent:
        yield from _concurrent(comparison, listed, standing)


def _main(comparison: Comparison, listed: Listed, standing: Standing, row: OrderRow) -> Iterator[NewOrder]:
    known = standing.main
    if known is None:
        was_never_there = listed.gives_number and not row.previous_employee_no
        kind = OrderType.HIRE if was_never_there else OrderType.REHIRE
        yield comparison.order(listed, kind, row, Words(to_unit=row.to_unit, title=row.title))
    elif known.unit != row.to_unit or listed.gives_number:
        yield _moved(comparison, listed, known, row)
    elif row.title and row.title != known.title:
        yield comparison.order(listed, OrderType.TRANSFER, row, Words(to_unit=row.to_unit, title=row.title))
    if listed.tells_absence and row.on_leave and not standing.on_leave:
        yield comparison.order(listed, OrderType.LEAVE, row, Words())
    if listed.tells_absence and standing.on_leave and not row.on_leave:
        yield comparison.order(listed, OrderType.REINSTATE, row, Words())


def _moved(comparison: Comparison, listed: Listed, known: Post, row: OrderRow) -> NewOrder:
    """Return the order that a change of unit is: the companies of old and new unit tell which."""
    unit = comparison.boundary.unit(row.to_unit, comparison.day)
    host = unit.company if unit else known.company
    words = Words(from_unit=known.unit, to_unit=row.to_unit, title=row.title)
    if listed.gives_number or (row.company and row.company != known.employer):
        number = listed.employee_no if listed.gives_number else ""
        changed = replace(words, host_company=row.company or host, new_employee_no=number)
        return comparison.order(listed, OrderType.EMPLOYER_CHANGE, row, changed)
    if host == known.company:
        return comparison.order(listed, OrderType.TRANSFER, row, words)
    if host == known.employer:
        return comparison.order(listed, OrderType.RETURN, row, words)
    return comparison.order(listed, OrderType.SECONDMENT, row, replace(words, host_company=host))


def _concurrent(comparison: Comparison, listed: Listed, standing: Standing) -> Iterator[NewOrder]:
    held = list(standing.concurrent)
    used = {post.post_no for post in held}
    added: list[tuple[str, str, OrderRow]] = []
    for post_no, unit, row in listed.concurrent:
        same = next((post for post in held if post.unit == unit), None)
        if same is not None:
            held.remove(same)
        else:
            added.append((post_no, unit, row))
    for post in held:
        yield comparison.order(
            listed, OrderType.END_CONCURRENT, listed.main, Words(from_unit=post.unit, post_no=post.post_no)
        )
    for post_no, unit, row in added:
        number = post_no if post_no and post_no not in used else _free(used)
        used.add(number)
        yield comparison.order(listed, OrderType.CONCURRENT, row, Words(to_unit=unit, post_no=number))


def _free(used: Sequence[str] | set[str]) -> str:
    number = 1
    while str(number) in used:
        number += 1
    return str(number)
