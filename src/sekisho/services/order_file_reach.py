"""Of which of HR's files somebody may know. A file is brought for the side that its importer's roles reach, or both.

Who may count files of that side sees its numbers; a file with an advance notice 内示 that is not released is there for
those only who are told of notices. Whose cells are read is `order_files`' to say.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from sekisho.core.kinds import BOTH, OrderStatus, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, order_reach, visibility
from sekisho.services.remembering import remembered
from sekisho.store import models


def known(*, actor: Actor, now: datetime) -> "QuerySet[models.OrderFile]":
    """Return the files of which the actor may know: those he brought, and those of sides whose files he may count."""
    secret = Q(pk__in=_unreleased(now=now))
    seen = ~secret & _of_counted_sides(actor, now, released=True)
    seen |= secret & _of_counted_sides(actor, now, released=False)
    today = installation.today(now=now)
    if any(actor.has(role, on=today) for role in order_reach.IMPORTERS):
        seen |= Q(actor=actor.name)
    return models.OrderFile.objects.filter(seen, received_at__lte=now)


def _of_counted_sides(actor: Actor, now: datetime, *, released: bool) -> Q:
    by_user = _sides()
    one_sided = {user for user, side in by_user.items() if side != BOTH}
    found = Q(pk__in=[])
    for side in sorted({*by_user.values(), BOTH}):
        if _counts(actor, now, side, released=released):
            mine = [user for user, whose in by_user.items() if whose == side]
            found |= ~Q(actor__in=one_sided) if side == BOTH else Q(actor__in=mine)
    return found


def _counts(actor: Actor, now: datetime, side: str, *, released: bool) -> bool:
    purpose, kind = visibility.purpose(actor=actor, now=now), FactKind.ORDER_FILE
    whose = Side(side)
    return (
        visibility.depth(actor=actor, kind=kind, side=whose, purpose=purpose, now=now, released=released) >= Depth.COUNT
    )


def _sides() -> Mapping[str, str]:
    """Return the side that each importer's roles reach, or ever reached: one, or both."""
    held: dict[str, set[str]] = {}
    importers = models.RoleAssignment.objects.filter(role__in=[role.value for role in order_reach.IMPORTERS])
    for user, side in importers.values_list("user", "side"):
        held.setdefault(user, set()).add(side)
    return {user: next(iter(sides)) if len(sides) == 1 else BOTH for user, sides in held.items()}


@remembered
def _unreleased(*, now: datetime) -> frozenset[int]:
    """Return the files with an advance notice that may not be known yet, or brought as notices and wholly refused."""
    draft = OrderStatus.DRAFT.value
    notices = models.Order.objects.filter(status=draft, superseded_at=None)
    waiting = notices.filter(Q(release_at=None) | Q(release_at__gt=now)).values_list("file_id", flat=True)
    refused = models.OrderFile.objects.filter(stored__status=draft, accepted=0).values_list("pk", flat=True)
    return frozenset({*waiting.distinct(), *refused})
