"""Which access waits because of what the rules say of a move."""

from datetime import date

import pytest

import make
from sekisho.core.access import Bundle
from sekisho.core.desired import Matcher, Place
from sekisho.core.holds import held_keys
from sekisho.core.kinds import OrderType, Outcome
from sekisho.core.orders import Order
from sekisho.core.periods import Period

DAY = date(2026, 4, 1)
BUNDLES = [
    Bundle("x", "crm", frozenset({"a"}), Period(make.LONG_AGO), units=frozenset({"X"})),
    Bundle("all", "mail", frozenset({"box"}), Period(make.LONG_AGO)),
]


def held(places: list[Place], orders: list[Order], outcomes: list[Outcome | None]) -> dict[str, tuple[str, str]]:
    judged = {one.id: outcome for one, outcome in zip(orders, outcomes, strict=True) if outcome is not None}
    found = held_keys(places, orders, judged, Matcher(BUNDLES, make.boundary(), DAY), DAY)
    return {name: why for (_, name), why in found.items()}


def place(unit: str, order: Order | None = None) -> Place:
    return Place(make.P, "AF", unit, "", order.id if order else "roster:1")


def move(to_unit: str, on: str = "2026-04-01", no: str = "1", kind: OrderType = OrderType.TRANSFER) -> Order:
    return make.order(kind, on, to_unit, no=no)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.VIOLATION, "violation"),
        (Outcome.NEEDS_REVIEW, "needs_review"),
        (Outcome.UNKNOWN, "unknown"),
        (None, "unscreened"),
    ],
)
def test_what_the_destination_brings_is_held(outcome: Outcome | None, code: str) -> None:
    order = move("X")
    assert held([place("X", order)], [order], [outcome]) == {"a": (code, "1"), "box": (code, "1")}


def test_an_allowed_move_holds_nothing() -> None:
    order = move("X")
    assert held([place("X", order)], [order], [Outcome.ALLOWED]) == {}


def test_a_post_of_the_opening_roster_is_not_held() -> None:
    assert held([place("X")], [], []) == {}


def test_a_later_promotion_in_the_same_unit_does_not_lift_the_hold() -> None:
    bad = move("X", "2026-01-01")
    promotion = move("X", "2026-03-01", "2", OrderType.PROMOTION)
    assert "a" in held([place("X", promotion)], [bad, promotion], [Outcome.VIOLATION, Outcome.ALLOWED])


def test_a_later_allowed_return_to_the_unit_lifts_it() -> None:
    bad, away, back = move("X", "2024-01-01"), move("Y", "2025-01-01", "2"), move("X", "2026-03-01", "3")
    verdicts = [Outcome.VIOLATION, Outcome.ALLOWED, Outcome.ALLOWED]
    assert held([place("X", back)], [bad, away, back], verdicts) == {}


def test_what_another_post_brings_as_well_is_not_held() -> None:
    order = move("X", kind=OrderType.CONCURRENT)
    assert held([place("A"), place("X", order)], [order], [Outcome.VIOLATION]) == {"a": ("violation", "1")}
