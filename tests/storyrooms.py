"""What the board, the season, one transfer and the first page read, asked as one side and the other (`siderooms`)."""

from collections.abc import Callable, Mapping
from datetime import date

from sekisho.core.kinds import OrderStatus, Side
from sekisho.core.users import Actor
from sekisho.services import season, waiting
from sides import NOW, World

Ask = Callable[[World, Actor, Side], object]
DAYS = (date(2024, 1, 1), date(2024, 12, 31))


def _season(status: OrderStatus) -> Ask:
    return lambda _, a, side: [
        one for one in season.season(actor=a, now=NOW, days=DAYS) if one.move.status == status.value
    ]


ASKS: Mapping[str, Ask] = {
    "season.season": _season(OrderStatus.FINAL),
    "season.season before release": _season(OrderStatus.DRAFT),
    "waiting.moves": lambda _, a, side: waiting.moves(actor=a, now=NOW),
}
