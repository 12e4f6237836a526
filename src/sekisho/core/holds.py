"""Which protected access waits because of what the rules say of the move that would bring it.

A final order is never stopped (law 14): the old access goes, the destination's protected access is held
while the order stands in violation, in review, unknown, or was never judged. A later promotion in the
same unit does not lift that; a later move that the rules allow does.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sekisho.core.access import Key
from sekisho.core.desired import Matcher, Place
from sekisho.core.kinds import OrderType, Outcome
from sekisho.core.orders import Order

ENTERING = frozenset(
    {
        OrderType.HIRE,
        OrderType.REHIRE,
        OrderType.TRANSFER,
        OrderType.SECONDMENT,
        OrderType.EMPLOYER_CHANGE,
        OrderType.RETURN,
        OrderType.CONCURRENT,
    }
)
"""Orders that bring a person into a unit; the others change something about a post there."""

_CODES: Mapping[Outcome, str] = {
    Outcome.VIOLATION: "violation",
    Outcome.NEEDS_REVIEW: "needs_review",
    Outcome.UNKNOWN: "unknown",
}


def behind(place: Place, orders: Sequence[Order], day: date) -> tuple[Order, ...]:
    """Return the final orders that a person's being in a post hangs on: its own, and the one that led into the unit.

    `orders` are the person's final orders in force, in the order in which they apply. A post from the
    opening roster that no order has touched hangs on none.
    """
    own = [order for order in orders if order.id == place.origin]
    entered = [order for order in orders if order.first_day <= day and _enters(order, place.unit)]
    return tuple(dict.fromkeys([*own, *entered[-1:]]))


def held_keys(
    places: Sequence[Place],
    orders: Sequence[Order],
    outcomes: Mapping[str, Outcome],
    matcher: Matcher,
    day: date,
) -> dict[Key, tuple[str, str]]:
    """Return what is held for one person, with code and order number; whether it is protected is the plan's to ask.

    Something that another post brings as well, with nothing against it, is not held. `outcomes` is by
    order id; an order that is not in it was never judged.
    """
    free: set[Key] = set()
    held: dict[Key, tuple[str, str]] = {}
    for place in places:
        against = _against(behind(place, orders, day), outcomes)
        brought = matcher.of(place).because
        if against is None:
            free.update(brought)
        else:
            for key in brought:
                held.setdefault(key, against)
    return {key: why for key, why in held.items() if key not in free}


def to_judge(places: Sequence[Place], orders: Sequence[Order], day: date) -> Iterable[Order]:
    """Return the orders whose verdicts `held_keys` will ask for."""
    return dict.fromkeys(order for place in places for order in behind(place, orders, day))


def _enters(order: Order, unit: str) -> bool:
    return order.order_type in ENTERING and order.to_unit == unit and order.from_unit != unit


def _against(orders: Sequence[Order], outcomes: Mapping[str, Outcome]) -> tuple[str, str] | None:
    for order in orders:
        outcome = outcomes.get(order.id)
        if outcome is None:
            return "unscreened", order.key.order_no
        if outcome in _CODES:
            return _CODES[outcome], order.key.order_no
    return None
