"""On which days something is switched: days of plans, and days on which orders take effect. 切替日.

That somebody moves on a day is a fact of a side; who does not know of every side's moves is told of the days that
have a plan only. Advance notices 内示 before their release make no day.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Min, Q, QuerySet

from sekisho.core.kinds import OrderStatus, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide, purpose_of
from sekisho.services import installation
from sekisho.store import models

AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Around:
    """The transfer day before a day and the one after it; `moves`: something takes effect on the day itself."""

    former: date | None
    next: date | None
    moves: bool


def around(*, actor: Actor, now: datetime, day: date, planned: Collection[date]) -> Around:
    """Return the transfer days next to a day: of the days planned for, and of the moves that the actor may know of."""
    before = [one for one in planned if one < day]
    after = [one for one in planned if one > day]
    moves = False
    if _knows_all(actor, now):
        rows = _known(now)
        former = rows.filter(first_day__lt=day, first_day__gte=day - AHEAD).aggregate(found=Max("first_day"))["found"]
        coming = rows.filter(first_day__gt=day, first_day__lte=day + AHEAD).aggregate(found=Min("first_day"))["found"]
        before, after = [*before, *filter(None, [former])], [*after, *filter(None, [coming])]
        moves = rows.filter(first_day=day).exists()
    return Around(max(before, default=None), min(after, default=None), moves)


def next_day(*, actor: Actor, now: datetime) -> date | None:
    """Return the next day, today among them, on which a move takes effect that the actor may know of."""
    if not _knows_all(actor, now):
        return None
    today = installation.today(now=now)
    rows = _known(now).filter(first_day__gte=today, first_day__lte=today + AHEAD)
    found: date | None = rows.aggregate(found=Min("first_day"))["found"]
    return found


def any_orders() -> bool:
    """Tell whether HR has ordered anything at all that is no secret; no side's number, no side's day."""
    return models.Order.objects.filter(status=OrderStatus.FINAL.value).exists()


def _known(now: datetime) -> "QuerySet[models.Order]":
    """Return the orders that are no secret any more."""
    released = Q(status=OrderStatus.FINAL.value) | Q(release_at__lte=now)
    return models.Order.objects.filter(released, superseded_at=None, recorded_at__lte=now)


def _knows_all(actor: Actor, now: datetime) -> bool:
    """Tell whether the actor may know, of every side, that somebody moves."""
    on = installation.today(now=now)
    purpose = purpose_of(actor, on=on)
    row = models.Installation.objects.as_known_at(now).order_by("-recorded_at").first()
    return all(
        decide(actor, kind=FactKind.MOVE, side=Side(side), purpose=purpose, on=on) >= Depth.EXISTENCE
        for side in (row.sides if row else ())
    )
