"""One person's posts while facts are laid on them, one after the other.

Here: slots (posts still being worked on), the roster's rows, and the small steps that orders are made
of. What each type of order does is in `order_types`, the fold in `timeline`. Slots are mutable and
short-lived: they become frozen `Post`s at the end, so that the fold of a million people makes few objects.
"""

from collections.abc import Iterable
from datetime import date

from sekisho.core.boundary import Boundary
from sekisho.core.kinds import EmploymentKind, PersonId, PostKind
from sekisho.core.order_effects import problem
from sekisho.core.orders import Order
from sekisho.core.people import Absence, Post, Problem, RosterPost, Timeline
from sekisho.core.periods import FOREVER, Period, day_after


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
        new.company, new.unit, new.employer = self.company, self.unit, self.employer
        new.kind, new.post_no, new.title, new.classes = self.kind, self.post_no, self.title, self.classes
        new.employment, new.share, new.sponsor = self.employment, self.share, self.sponsor
        new.contract_end = self.contract_end
        new.origin, new.ended_by, new.start, new.until = order.id, None, order.first_day, FOREVER
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
        self._described: dict[_Description, Post] = {}
        self.slots: list[Slot] = []
        self.homes: list[Slot] = []
        self.leaves: list[tuple[date, date, str]] = []

    # What the roster states.

    def take(self, row: RosterPost) -> None:
        """Take one row of the roster; rows come sorted by start."""
        slot = Slot(row.post, row.post.kind)
        if slot.kind is PostKind.MAIN:
            self._make_room(slot)
        self._add(slot)
        if slot.until <= slot.start:
            self._say_of_roster(slot, "timeline.roster_contract_over")
        elif row.on_leave and self.leave_on(slot.start) is None:
            self.leaves.append((slot.start, slot.until, slot.origin))

    def offer(self, row: RosterPost) -> tuple[Post, ...]:
        """Take a row from after the first orders where they leave room for it, else give its post back."""
        post = row.post
        if post.kind is PostKind.MAIN:
            free = self.main(post.period.start) is None
        else:
            held = self.held(post.period.start, PostKind.CONCURRENT)
            free = not any(slot.unit == post.unit or (slot.post_no and slot.post_no == post.post_no) for slot in held)
        if not free:
            return (post,)
        self.take(row)
        return ()

    def expect(self, rows: Iterable[Post]) -> None:
        """Remember roster rows that orders overrule: where both agree, the roster says more of the post."""
        self._described = {_described(post): post for post in rows}

    def _make_room(self, slot: Slot) -> None:
        """Keep one main post at a time: a later row of the company ends the earlier one, another is concurrent.

        Two companies' rosters may both claim the person. Counting both posts hides nothing.
        """
        rival = self.main(slot.start)
        if rival is None:
            return
        self._say_of_roster(slot, "timeline.roster_two_mains")
        if rival.company == slot.company and rival.start < slot.start and rival.until <= slot.until:
            rival.until = slot.start
        else:
            slot.kind = PostKind.CONCURRENT

    def _say_of_roster(self, slot: Slot, code: str) -> None:
        facts = (("date", slot.start.isoformat()), ("order_no", slot.origin), ("unit", slot.unit))
        self.problems.append(Problem(slot.origin, code, facts))

    # Small steps.

    def say(self, order: Order, code: str, **params: str) -> None:
        self.problems.append(problem(order, code, **params))

    def held(self, day: date, kind: PostKind | None = None) -> list[Slot]:
        return [slot for slot in self.slots if slot.start <= day < slot.until and (kind is None or slot.kind is kind)]

    def to_leave(self, day: date, kind: PostKind | None = None) -> list[Slot]:
        """Return what can be left on the day: posts held, and posts the roster itself ends on that day.

        A roster written after the order already says `to`; the order is still what ended the post.
        """
        return [
            slot
            for slot in self.slots
            if slot.start <= day <= slot.until
            and (day < slot.until or (slot.ended_by is None and slot.start < day))
            and (kind is None or slot.kind is kind)
        ]

    def main_to_leave(self, day: date) -> Slot | None:
        """Return the main post that an order of the day leaves; see `to_leave`."""
        return self.main(day) or next(iter(self.to_leave(day, PostKind.MAIN)), None)

    def main(self, day: date) -> Slot | None:
        for slot in self.slots:
            if slot.kind is PostKind.MAIN and slot.start <= day < slot.until:
                return slot
        return None

    def home(self, day: date) -> Slot | None:
        return next((slot for slot in self.homes if slot.start <= day < slot.until), None)

    def named_concurrent(self, order: Order) -> Slot | None:
        """Find the concurrent post an order means: by number, else by unit, else the only one."""
        held = self.to_leave(order.first_day, PostKind.CONCURRENT)
        number, unit = order.key.post_no, order.from_unit
        by_number = [slot for slot in held if number and slot.post_no == number]
        by_unit = [slot for slot in by_number or held if unit is not None and slot.unit == unit]
        if len(by_number) == 1:
            return by_number[0]
        if by_unit:
            return by_unit[0] if len(by_unit) == 1 else None
        return held[0] if len(held) == 1 and unit is None and not (number and held[0].post_no) else None

    def workplace(self, order: Order, otherwise: str) -> str:
        """Return the company of the order's unit; of an unknown unit, the one that else makes sense."""
        if order.to_unit is None:
            return otherwise
        found = self._boundary.workplace(order.to_unit, order.first_day)
        if found is None:
            self.say(order, "timeline.unknown_unit", unit=order.to_unit)
        elif order.host_company is not None and order.host_company != found:
            self.say(order, "timeline.other_host", unit=order.to_unit, company=found, host=order.host_company)
        return found or otherwise

    def fresh(self, order: Order, kind: PostKind, company: str, employer: str) -> Slot:
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

    def open(self, order: Order, slot: Slot) -> None:
        """Open the post that an order brings, with what only the roster knows of it."""
        known = self._described.get((slot.kind, slot.company, slot.unit, slot.start)) if self._described else None
        if known is not None:
            slot.classes, slot.employment = known.classes, known.employment
            slot.share, slot.sponsor, slot.contract_end = known.share, known.sponsor, known.contract_end
            slot.title = slot.title or known.title
        if slot.contract_end is not None and slot.contract_end < slot.start:
            self.say(order, "timeline.contract_over", contract_end=slot.contract_end.isoformat())
        self._add(slot)

    def open_before(self, order: Order, unit: str, day: date) -> None:
        """Let the order's 旧所属 stand for one day, where nothing else says where the person was."""
        slot = self.fresh(order, order.post_kind, order.key.company, order.key.company)
        slot.unit, slot.title = unit, ""
        slot.company = self._boundary.workplace(unit, day) or slot.company
        slot.start, slot.until, slot.ended_by = day, order.first_day, order.id
        self.slots.append(slot)

    def _add(self, slot: Slot) -> None:
        if slot.contract_end is not None:
            slot.until = max(slot.start, min(slot.until, day_after(slot.contract_end)))
        self.slots.append(slot)

    def close(self, slot: Slot, order: Order) -> None:
        slot.until = order.first_day
        slot.ended_by = order.id

    def end_home(self, order: Order) -> None:
        home = self.home(order.first_day)
        if home is not None:
            self.close(home, order)

    def leave_on(self, day: date) -> int | None:
        return next((at for at, (start, until, _) in enumerate(self.leaves) if start <= day < until), None)

    def end_leave(self, at: int, day: date) -> None:
        start, _, origin = self.leaves[at]
        self.leaves[at] = (start, day, origin)

    def compare_origin(self, order: Order, slot: Slot) -> None:
        if order.from_unit is not None and slot.unit != order.from_unit:
            self.say(order, "timeline.other_origin", unit=order.from_unit, held=slot.unit)

    # The end.

    def timeline(self) -> Timeline:
        """Return what the orders made, frozen and sorted by start."""
        posts = [slot.post(self.person_id) for slot in sorted(self.slots, key=_slot_place)]
        homes = tuple(slot.post(self.person_id) for slot in self.homes if slot.start < slot.until)
        return Timeline(
            self.person_id,
            tuple(post for post in posts if post.period.start != post.period.end),
            self._absences(),
            homes,
            tuple(self.problems),
            tuple(post for post in posts if post.period.start == post.period.end and post.ended_by is not None),
        )

    def _absences(self) -> tuple[Absence, ...]:
        return tuple(
            Absence(self.person_id, Period(start, None if until == FOREVER else until), origin)
            for start, until, origin in sorted(self.leaves)
            if start < until
        )


_Description = tuple[PostKind, str, str, date]


def _described(post: Post) -> _Description:
    return (post.kind, post.company, post.unit, post.period.start)


def _slot_place(slot: Slot) -> tuple[date, bool, str]:
    return (slot.start, slot.kind is not PostKind.MAIN, slot.post_no)
