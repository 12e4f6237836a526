"""What each type of order does to a person's posts. 発令区分.

Here: one person's posts while orders are applied one by one, oldest first. The fold around it is
`timeline`. Slots are mutable and short-lived: they become frozen `Post`s at the end, so that the
fold of a million people makes few objects.
"""

from collections.abc import Callable
from datetime import date

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import EmploymentKind, OrderType, PersonId, PostClass, PostKind
from sekisho.core.order_effects import problem
from sekisho.core.orders import Order
from sekisho.core.people import Absence, Post, Problem, RosterPost, Timeline
from sekisho.core.periods import FOREVER, Period, day_after, day_before

_OF_THE_WORK = frozenset({PostClass.IMPORTANT_ROLE, PostClass.SPECIFIED_TD_WORK})
"""Classes that a post has through its work: another unit's post does not inherit them."""
_BOTH_KINDS = frozenset({PostKind.MAIN, PostKind.CONCURRENT})
_OF_NAMED_KIND = frozenset({OrderType.TRANSFER, OrderType.PROMOTION, OrderType.DEMOTION})
_CONCURRENT_ONLY = frozenset({OrderType.CONCURRENT, OrderType.END_CONCURRENT})


def touched(order: Order) -> frozenset[PostKind]:
    """Return the kinds of post that an order of this type opens, closes or changes."""
    match order.key.order_type:
        case OrderType.LEAVE_COMPANY:
            return _BOTH_KINDS
        case OrderType.LEAVE:
            return frozenset()
        case OrderType.REINSTATE if order.to_unit is None:
            return frozenset()
        case kind if kind in _CONCURRENT_ONLY:
            return frozenset({PostKind.CONCURRENT})
        case kind if kind in _OF_NAMED_KIND:
            return frozenset({order.post_kind})
        case _:
            return frozenset({PostKind.MAIN})


class Slot:
    """A post while it is being worked on; `until` is exclusive, `FOREVER` while it lasts."""

    __slots__ = (
        "classes", "company", "contract_end", "employer", "employment", "ended_by", "kind", "origin",
        "post_no", "share", "sponsor", "start", "title", "unit", "until",
    )  # fmt: skip

    def __init__(self, post: Post, kind: PostKind) -> None:
        self.company = post.company
        self.unit = post.unit
        self.employer = post.employer
        self.kind = kind
        self.post_no = post.post_no
        self.title = post.title
        self.classes = post.classes
        self.employment = post.employment
        self.origin = post.origin
        self.share = post.share
        self.sponsor = post.sponsor
        self.contract_end = post.contract_end
        self.ended_by = post.ended_by
        self.start = post.period.start
        self.until = post.period.until

    def successor(self, order: Order) -> "Slot":
        """Return a like post that begins with the order, without an end of its own but the contract's."""
        new = Slot.__new__(Slot)
        for name in Slot.__slots__:
            setattr(new, name, getattr(self, name))
        new.origin = order.id
        new.ended_by = None
        new.start = order.first_day
        new.until = FOREVER
        return new

    def post(self, person_id: PersonId) -> Post:
        """Return the frozen post."""
        return Post(
            person_id,
            self.company,
            self.unit,
            self.employer,
            self.kind,
            self.post_no,
            self.title,
            self.classes,
            self.employment,
            Period(self.start, None if self.until == FOREVER else self.until),
            self.origin,
            self.share,
            self.sponsor,
            self.contract_end,
            self.ended_by,
        )


class Career:
    """One person's posts, absences and home post while orders are applied."""

    def __init__(self, person_id: PersonId, boundary: Boundary) -> None:
        self.person_id = person_id
        self.problems: list[Problem] = []
        self._boundary = boundary
        self._slots: list[Slot] = []
        self._homes: list[Slot] = []
        self._leaves: list[tuple[date, date, str]] = []

    # What the roster states.

    def take(self, row: RosterPost) -> None:
        """Take one row of the roster; rows come sorted by start."""
        slot = Slot(row.post, row.post.kind)
        if slot.kind is PostKind.MAIN:
            self._make_room(slot)
        self._add(slot)
        if row.on_leave and not any(start <= slot.start < until for start, until, _ in self._leaves):
            self._leaves.append((slot.start, slot.until, slot.origin))

    def _make_room(self, slot: Slot) -> None:
        """Keep one main post at a time: a later row of the company ends the earlier one, another is concurrent.

        Two companies' rosters may both claim the person. Counting both posts hides nothing.
        """
        rival = self._main(slot.start)
        if rival is None:
            return
        self._rosters_problem(slot, "timeline.roster_two_mains")
        if rival.company == slot.company and rival.start < slot.start:
            rival.until = slot.start
        else:
            slot.kind = PostKind.CONCURRENT

    def _rosters_problem(self, slot: Slot, code: str) -> None:
        facts = (("date", slot.start.isoformat()), ("order_no", slot.origin), ("unit", slot.unit))
        self.problems.append(Problem(slot.origin, code, facts))

    # What orders do.

    def apply(self, order: Order) -> None:
        """Apply one order; orders come sorted as they apply."""
        _EFFECTS[order.key.order_type](self, order)

    def hire(self, order: Order) -> None:
        """採用, 再雇用: open a main post; an employment still running ends."""
        main = self._main(order.first_day)
        if main is not None:
            if main.employment not in {EmploymentKind.CONTRACTOR, EmploymentKind.DISPATCHED}:
                self._say(order, "timeline.already_employed", unit=main.unit)
            self._close(main, order)
        company = self._workplace(order, order.host_company or order.key.company)
        self._open(order, self._fresh(order, PostKind.MAIN, company, order.key.company))

    def transfer(self, order: Order) -> None:
        """異動, 昇格, 降格: the main post, or the concurrent one meant, gives way to the next."""
        if order.post_kind is PostKind.CONCURRENT:
            self._change(order, self._concurrent(order))
        else:
            self._change(order, self._main(order.first_day))

    def _change(self, order: Order, slot: Slot | None) -> None:
        if slot is None:
            self._start_late(order)
            return
        self._compare_origin(order, slot)
        if order.to_unit is None and order.title is None:
            self._say(order, "timeline.nothing_changes")
            return
        self._move(order, slot)

    def _move(self, order: Order, slot: Slot) -> Slot:
        """End `slot` and open the next one at the order's unit, title and company."""
        new = slot.successor(order)
        if order.to_unit is not None and order.to_unit != slot.unit:
            new.unit = order.to_unit
            new.classes = slot.classes - _OF_THE_WORK
        if order.to_unit is not None or order.host_company is not None:
            new.company = self._workplace(order, order.host_company or slot.company)
        if order.title is not None:
            new.title = order.title
        self._close(slot, order)
        self._open(order, new)
        return new

    def _start_late(self, order: Order) -> None:
        """Open the post although none was there to leave, and let the order's own words stand for the day before."""
        self._say(order, "timeline.no_post", unit=order.from_unit or "")
        if order.to_unit is None:
            return
        if order.from_unit is not None:
            before = self._fresh(order, order.post_kind, "", order.key.company)
            before.unit = order.from_unit
            before.start = day_before(order.first_day)
            before.until = order.first_day
            before.title = ""
            before.ended_by = order.id
            before.company = self._boundary.workplace(before.unit, before.start) or order.key.company
            self._slots.append(before)
        company = self._workplace(order, order.host_company or order.key.company)
        self._open(order, self._fresh(order, order.post_kind, company, order.key.company))

    def secondment(self, order: Order) -> None:
        """出向: a new main post at the host; the employer stays, the old post is kept at home."""
        main = self._main(order.first_day)
        if main is None:
            self._start_late(order)
            return
        self._compare_origin(order, main)
        if self._home(order.first_day) is None:
            home = main.successor(order)
            home.origin = main.origin
            self._homes.append(home)
        self._leave_home(order, self._move(order, main))

    def _leave_home(self, order: Order, new: Slot) -> None:
        """Where only the host company is named, nobody knows the unit: unclassified, so unknown."""
        if order.to_unit is None:
            new.unit = ""
            new.classes -= _OF_THE_WORK
            self._say(order, "timeline.no_unit")

    def employer_change(self, order: Order) -> None:
        """転籍: another company employs the same person, at the order's unit or where they work already."""
        main = self._main(order.first_day)
        if main is None:
            self._start_late(order)
            return
        self._compare_origin(order, main)
        self._end_home(order)
        new = self._move(order, main)
        if order.to_unit is None and new.company != main.company:
            self._leave_home(order, new)
        new.employer = order.host_company or new.company

    def come_back(self, order: Order) -> None:
        """復帰: to the order's unit, else to the post kept at home."""
        main = self._main(order.first_day)
        home = self._home(order.first_day)
        if main is None and home is None:
            self._start_late(order)
            return
        if main is not None:
            self._compare_origin(order, main)
            if home is None and main.employer == main.company and order.new_employee_no is None:
                self._say(order, "timeline.not_seconded")
        self._end_home(order)
        self._open_return(order, main, home)

    def _open_return(self, order: Order, main: Slot | None, home: Slot | None) -> None:
        basis = home or main
        if basis is None or (order.to_unit is None and home is None):
            self._say(order, "timeline.no_unit")
            return
        new = basis.successor(order)
        if order.to_unit is not None:
            new.unit = order.to_unit
            new.company = self._workplace(order, basis.employer)
            if new.unit != basis.unit:
                new.classes = basis.classes - _OF_THE_WORK
        if home is None and main is not None and main.employer == main.company:
            new.employer = new.company
        new.title = order.title or new.title
        if main is not None:
            self._close(main, order)
        self._open(order, new)

    def concurrent(self, order: Order) -> None:
        """兼務: a further post beside the main one."""
        main = self._main(order.first_day)
        if main is None:
            self._say(order, "timeline.no_main_post")
        if order.to_unit is None:
            self._say(order, "timeline.no_unit")
            return
        for slot in self._held(order.first_day, PostKind.CONCURRENT):
            if order.key.post_no == slot.post_no and (order.key.post_no or order.to_unit == slot.unit):
                self._say(order, "timeline.concurrent_exists", unit=slot.unit)
                self._close(slot, order)
        company = self._workplace(order, order.host_company or order.key.company)
        new = self._fresh(order, PostKind.CONCURRENT, company, main.employer if main else order.key.company)
        if main is not None:
            new.employment = main.employment
            new.sponsor, new.contract_end = main.sponsor, main.contract_end
        self._open(order, new)

    def end_concurrent(self, order: Order) -> None:
        """兼務解除: the named concurrent post ends."""
        slot = self._concurrent(order)
        if slot is None:
            self._say(order, "timeline.no_concurrent_post", unit=order.from_unit or "", post_no=order.key.post_no)
        else:
            self._close(slot, order)

    def leave(self, order: Order) -> None:
        """休職: the posts go on, nobody is in them."""
        day = order.first_day
        if not self._held(day):
            self._say(order, "timeline.no_post", unit=order.from_unit or "")
        if self._leave_on(day) is not None:
            self._say(order, "timeline.already_on_leave")
        else:
            self._leaves.append((day, FOREVER, order.id))

    def reinstate(self, order: Order) -> None:
        """復職: the leave ends; a unit or title given is the next main post."""
        found = self._leave_on(order.first_day)
        if found is None:
            self._say(order, "timeline.not_on_leave")
        else:
            self._end_leave(found, order.first_day)
        if order.to_unit is None and order.title is None:
            return
        main = self._main(order.first_day)
        if main is None:
            self._start_late(order)
        elif (order.to_unit or main.unit, order.title or main.title) != (main.unit, main.title):
            self._move(order, main)

    def leave_company(self, order: Order) -> None:
        """退職: every post at, or through, the company that says so ends after the last day."""
        open_slots = self._held(order.first_day)
        issuer = order.key.company
        ours = [slot for slot in open_slots if not issuer or issuer in {slot.employer, slot.company}]
        if not ours:
            self._say(order, "timeline.no_post", unit=order.from_unit or "")
            return
        for slot in ours:
            self._close(slot, order)
        self._end_home(order)
        leave = self._leave_on(order.first_day)
        if leave is not None and not self._held(order.first_day):
            self._end_leave(leave, order.first_day)

    def edit(self, order: Order) -> None:
        """取消, 訂正 left over are those whose target was not found; that is said already."""

    # Small steps.

    def _say(self, order: Order, code: str, **params: str) -> None:
        self.problems.append(problem(order, code, **params))

    def _held(self, day: date, kind: PostKind | None = None) -> list[Slot]:
        return [slot for slot in self._slots if slot.start <= day < slot.until and (kind is None or slot.kind is kind)]

    def _main(self, day: date) -> Slot | None:
        for slot in self._slots:
            if slot.kind is PostKind.MAIN and slot.start <= day < slot.until:
                return slot
        return None

    def _home(self, day: date) -> Slot | None:
        return next((slot for slot in self._homes if slot.start <= day < slot.until), None)

    def _concurrent(self, order: Order) -> Slot | None:
        """Find the concurrent post an order means: by number, else by unit, else the only one."""
        held = self._held(order.first_day, PostKind.CONCURRENT)
        number, unit = order.key.post_no, order.from_unit
        by_number = [slot for slot in held if number and slot.post_no == number]
        by_unit = [slot for slot in by_number or held if unit is not None and slot.unit == unit]
        if len(by_number) == 1:
            return by_number[0]
        if by_unit:
            return by_unit[0] if len(by_unit) == 1 else None
        return held[0] if len(held) == 1 and unit is None and not (number and held[0].post_no) else None

    def _workplace(self, order: Order, otherwise: str) -> str:
        """Return the company of the order's unit; of an unknown unit, the one that else makes sense."""
        if order.to_unit is None:
            return otherwise
        found = self._boundary.workplace(order.to_unit, order.first_day)
        if found is None:
            self._say(order, "timeline.unknown_unit", unit=order.to_unit)
        return found or otherwise

    def _fresh(self, order: Order, kind: PostKind, company: str, employer: str) -> Slot:
        post = Post(
            person_id=self.person_id,
            company=company,
            unit=order.to_unit or "",
            employer=employer,
            kind=kind,
            post_no=order.key.post_no,
            title=order.title or "",
            classes=frozenset(),
            employment=EmploymentKind.REGULAR,
            period=Period(order.first_day),
            origin=order.id,
        )
        return Slot(post, kind)

    def _open(self, order: Order, slot: Slot) -> None:
        if slot.contract_end is not None and slot.contract_end < slot.start:
            self._say(order, "timeline.contract_over", contract_end=slot.contract_end.isoformat())
        self._add(slot)

    def _add(self, slot: Slot) -> None:
        if slot.contract_end is not None:
            slot.until = max(slot.start, min(slot.until, day_after(slot.contract_end)))
        self._slots.append(slot)

    def _close(self, slot: Slot, order: Order) -> None:
        slot.until = order.first_day
        slot.ended_by = order.id

    def _end_home(self, order: Order) -> None:
        home = self._home(order.first_day)
        if home is not None:
            self._close(home, order)

    def _leave_on(self, day: date) -> int | None:
        return next((at for at, (start, until, _) in enumerate(self._leaves) if start <= day < until), None)

    def _end_leave(self, at: int, day: date) -> None:
        start, _, origin = self._leaves[at]
        self._leaves[at] = (start, day, origin)

    def _compare_origin(self, order: Order, slot: Slot) -> None:
        if order.from_unit is not None and slot.unit != order.from_unit:
            self._say(order, "timeline.other_origin", unit=order.from_unit, held=slot.unit)

    # The end.

    def timeline(self) -> Timeline:
        """Return what the orders made, frozen and sorted by start."""
        posts = [slot.post(self.person_id) for slot in sorted(self._slots, key=_slot_place)]
        homes = tuple(slot.post(self.person_id) for slot in self._homes if slot.start < slot.until)
        return Timeline(
            self.person_id,
            tuple(post for post in posts if post.period.start != post.period.end),
            self._absences(),
            homes,
            tuple(self.problems),
            tuple(post for post in posts if post.period.start == post.period.end),
        )

    def _absences(self) -> tuple[Absence, ...]:
        return tuple(
            Absence(self.person_id, Period(start, None if until == FOREVER else until), origin)
            for start, until, origin in sorted(self._leaves)
            if start < until
        )


def _slot_place(slot: Slot) -> tuple[date, bool, str]:
    return (slot.start, slot.kind is not PostKind.MAIN, slot.post_no)


_EFFECTS: dict[OrderType, Callable[[Career, Order], None]] = {
    OrderType.HIRE: Career.hire,
    OrderType.REHIRE: Career.hire,
    OrderType.TRANSFER: Career.transfer,
    OrderType.PROMOTION: Career.transfer,
    OrderType.DEMOTION: Career.transfer,
    OrderType.SECONDMENT: Career.secondment,
    OrderType.EMPLOYER_CHANGE: Career.employer_change,
    OrderType.RETURN: Career.come_back,
    OrderType.CONCURRENT: Career.concurrent,
    OrderType.END_CONCURRENT: Career.end_concurrent,
    OrderType.LEAVE: Career.leave,
    OrderType.REINSTATE: Career.reinstate,
    OrderType.LEAVE_COMPANY: Career.leave_company,
    OrderType.CANCEL: Career.edit,
    OrderType.CORRECT: Career.edit,
}
