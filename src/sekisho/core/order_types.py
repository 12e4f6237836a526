"""What each type of order does to a person's posts. 発令区分.

Here: one function a type, each a few steps of `careers`. The fold around them is `timeline`.
"""

from collections.abc import Callable

from sekisho.core.careers import Career, Slot
from sekisho.core.kinds import EmploymentKind, OrderType, PostClass, PostKind
from sekisho.core.orders import Order
from sekisho.core.periods import FOREVER, day_before

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
        case OrderType.REINSTATE if order.to_unit is None and order.title is None:
            return frozenset()
        case kind if kind in _CONCURRENT_ONLY:
            return frozenset({PostKind.CONCURRENT})
        case kind if kind in _OF_NAMED_KIND:
            return frozenset({order.post_kind})
        case _:
            return frozenset({PostKind.MAIN})


def hire(career: Career, order: Order) -> None:
    """採用, 再雇用: open a main post; an employment still running ends."""
    main = career.main(order.first_day)
    if main is not None:
        if main.employment not in {EmploymentKind.CONTRACTOR, EmploymentKind.DISPATCHED}:
            career.say(order, "timeline.already_employed", unit=main.unit)
        career.close(main, order)
    if order.to_unit is None:
        career.say(order, "timeline.no_unit")
    company = career.workplace(order, order.host_company or order.key.company)
    career.open(order, career.fresh(order, PostKind.MAIN, company, order.key.company))


def transfer(career: Career, order: Order) -> None:
    """異動, 昇格, 降格: the main post, or the concurrent one meant, gives way to the next."""
    if order.post_kind is PostKind.CONCURRENT:
        _change(career, order, career.named_concurrent(order))
    else:
        _change(career, order, career.main_to_leave(order.first_day))


def _change(career: Career, order: Order, slot: Slot | None) -> None:
    if slot is None:
        _start_late(career, order)
        return
    career.compare_origin(order, slot)
    if order.to_unit is None and order.title is None:
        career.say(order, "timeline.nothing_changes")
        return
    _move(career, order, slot)


def _move(career: Career, order: Order, slot: Slot) -> Slot:
    """End `slot` and open the next one at the order's unit, title and company."""
    new = slot.successor(order)
    if order.to_unit is not None and order.to_unit != slot.unit:
        new.unit = order.to_unit
        new.classes = slot.classes - _OF_THE_WORK
    if order.to_unit is not None or order.host_company is not None:
        new.company = career.workplace(order, order.host_company or slot.company)
    if order.title is not None:
        new.title = order.title
    career.close(slot, order)
    career.open(order, new)
    return new


def _start_late(career: Career, order: Order) -> Slot | None:
    """Open the post although none was there to leave, and let the order's own words stand for the day before.

    What HR writes under 旧所属 is a fact too; without it a mover whose history is missing would seem to
    come from nowhere.
    """
    career.say(order, "timeline.no_post", unit=order.from_unit or "")
    if order.to_unit is None:
        return None
    before_day = day_before(order.first_day)
    if order.from_unit is not None and not career.held(before_day, order.post_kind):
        career.open_before(order, order.from_unit, before_day)
    new = career.fresh(order, order.post_kind, order.host_company or order.key.company, order.key.company)
    new.company = career.workplace(order, new.company)
    career.open(order, new)
    return new


def secondment(career: Career, order: Order) -> None:
    """出向: a new main post at the host; the employer stays, the old post is kept at home."""
    main = career.main_to_leave(order.first_day)
    if main is None:
        _start_late(career, order)
        return
    career.compare_origin(order, main)
    if career.home(order.first_day) is None:
        home = main.successor(order)
        home.origin = main.origin
        career.homes.append(home)
    _leave_home(career, order, _move(career, order, main))


def _leave_home(career: Career, order: Order, new: Slot) -> None:
    """Where only the host company is named, nobody knows the unit: unclassified, so unknown."""
    if order.to_unit is None:
        new.unit = ""
        new.classes -= _OF_THE_WORK
        career.say(order, "timeline.no_unit")


def employer_change(career: Career, order: Order) -> None:
    """転籍: another company employs the same person, at the order's unit or where they work already."""
    main = career.main_to_leave(order.first_day)
    if main is None:
        late = _start_late(career, order)
        if late is not None:
            late.employer = order.host_company or late.company
        return
    career.compare_origin(order, main)
    career.end_home(order)
    new = _move(career, order, main)
    if order.to_unit is None and new.company != main.company:
        _leave_home(career, order, new)
    new.employer = order.host_company or (new.company if new.company != main.employer else order.key.company)
    if new.employer == main.employer:
        career.say(order, "timeline.same_employer", company=new.employer)


def come_back(career: Career, order: Order) -> None:
    """復帰: to the order's unit, else to the post kept at home."""
    main = career.main_to_leave(order.first_day)
    home = career.home(order.first_day)
    if main is None and home is None:
        _start_late(career, order)
        return
    if main is not None:
        career.compare_origin(order, main)
        if home is None and main.employer == main.company and order.new_employee_no is None:
            career.say(order, "timeline.not_seconded")
    career.end_home(order)
    _open_return(career, order, main, home)


def _open_return(career: Career, order: Order, main: Slot | None, home: Slot | None) -> None:
    basis = home or main
    if basis is None or (order.to_unit is None and home is None):
        career.say(order, "timeline.no_unit")
        return
    new = basis.successor(order)
    if order.to_unit is not None:
        new.unit = order.to_unit
        new.company = career.workplace(order, basis.employer)
        if new.unit != basis.unit:
            new.classes = basis.classes - _OF_THE_WORK
    if home is None and main is not None and main.employer == main.company:
        new.employer = new.company
    new.title = order.title or new.title
    if main is not None:
        career.close(main, order)
    career.open(order, new)


def concurrent(career: Career, order: Order) -> None:
    """兼務: a further post beside the main one."""
    main = career.main(order.first_day)
    if main is None:
        career.say(order, "timeline.no_main_post")
    if order.to_unit is None:
        career.say(order, "timeline.no_unit")
        return
    for slot in career.held(order.first_day, PostKind.CONCURRENT):
        if order.key.post_no == slot.post_no and (order.key.post_no or order.to_unit == slot.unit):
            career.say(order, "timeline.concurrent_exists", unit=slot.unit)
            career.close(slot, order)
    company = career.workplace(order, order.host_company or order.key.company)
    new = career.fresh(order, PostKind.CONCURRENT, company, main.employer if main else order.key.company)
    if main is not None:
        new.employment = main.employment
        new.sponsor, new.contract_end = main.sponsor, main.contract_end
    career.open(order, new)


def end_concurrent(career: Career, order: Order) -> None:
    """兼務解除: the named concurrent post ends."""
    slot = career.named_concurrent(order)
    if slot is None:
        career.say(order, "timeline.no_concurrent_post", unit=order.from_unit or "", post_no=order.key.post_no)
    else:
        career.close(slot, order)


def leave(career: Career, order: Order) -> None:
    """休職: the posts go on, nobody is in them."""
    day = order.first_day
    if not career.held(day):
        career.say(order, "timeline.no_post", unit=order.from_unit or "")
    if career.leave_on(day) is not None:
        career.say(order, "timeline.already_on_leave")
    else:
        career.leaves.append((day, FOREVER, order.id))


def reinstate(career: Career, order: Order) -> None:
    """復職: the leave ends; a unit or title given is the next main post."""
    found = career.leave_on(order.first_day)
    if found is None:
        career.say(order, "timeline.not_on_leave")
    else:
        career.end_leave(found, order.first_day)
    if order.to_unit is None and order.title is None:
        return
    main = career.main_to_leave(order.first_day)
    if main is None:
        _start_late(career, order)
    elif (order.to_unit or main.unit, order.title or main.title) != (main.unit, main.title):
        _move(career, order, main)


def leave_company(career: Career, order: Order) -> None:
    """退職: every post at, or through, the company that says so ends after the last day.

    After 転籍 the old company may still send its 退職; it ends nothing at the new one.
    """
    day = order.first_day
    leaving = career.to_leave(day)
    issuer = order.key.company
    ours = [slot for slot in leaving if not issuer or issuer in {slot.employer, slot.company}]
    if not ours:
        career.say(order, "timeline.not_at_company" if leaving else "timeline.no_post", unit=order.from_unit or "")
        return
    for slot in ours:
        career.close(slot, order)
    home = career.home(day)
    if home is not None and issuer in {"", home.employer}:
        career.close(home, order)
    leave = career.leave_on(day)
    if leave is not None and not career.held(day):
        career.end_leave(leave, day)


def edit(career: Career, order: Order) -> None:
    """取消, 訂正 left over are those whose target was not found; that is said already."""


_EFFECTS: dict[OrderType, Callable[[Career, Order], None]] = {
    OrderType.HIRE: hire,
    OrderType.REHIRE: hire,
    OrderType.TRANSFER: transfer,
    OrderType.PROMOTION: transfer,
    OrderType.DEMOTION: transfer,
    OrderType.SECONDMENT: secondment,
    OrderType.EMPLOYER_CHANGE: employer_change,
    OrderType.RETURN: come_back,
    OrderType.CONCURRENT: concurrent,
    OrderType.END_CONCURRENT: end_concurrent,
    OrderType.LEAVE: leave,
    OrderType.REINSTATE: reinstate,
    OrderType.LEAVE_COMPANY: leave_company,
    OrderType.CANCEL: edit,
    OrderType.CORRECT: edit,
}


def apply(career: Career, order: Order) -> None:
    """Apply one order; orders come sorted as they apply."""
    _EFFECTS[order.key.order_type](career, order)
