"""Checkpoints that somebody outside the company keeps: who has which, and what would go unseen without them. 外部保管.

Whoever holds the ledger's key could rewrite it and sign it anew; only a checkpoint kept outside shows that. What was
recorded after the last one that is outside could still be rewritten unseen: that is the window.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import installation, ledger, sequencer, visibility
from sekisho.store.models import LedgerAnchor, LedgerEntry

HANDING_OUT = (Role.COMPLIANCE, Role.INTERNAL_AUDIT)


class NothingToHand(SekishoError):
    """There is no checkpoint yet."""


class NoHolder(SekishoError):
    """It is not said who keeps it."""


class NotAllowed(SekishoError):
    """The actor has none of the roles that hand checkpoints out."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint that somebody outside keeps."""

    size: int
    root: str
    holder: str
    way: str
    handed_by: str
    handed_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """The anchors, the newest first, and what lies after the last: so many entries since that moment."""

    anchors: tuple[Anchor, ...]
    entries: int
    since: datetime | None


def window(*, actor: Actor, now: datetime) -> Window:
    """Return who keeps which checkpoint outside, and what could be rewritten unseen.

    Raises:
        NotVisible
    """
    kind, purpose = FactKind.ENTRY, Purpose.AUDIT
    visibility.need(actor=actor, kind=kind, side=None, purpose=purpose, now=now, least=Depth.EXISTENCE)
    rows = list(LedgerAnchor.objects.order_by("-size", "-pk")[:50])
    after = LedgerEntry.objects.filter(position__gte=rows[0].size) if rows else LedgerEntry.objects.all()
    waiting = LedgerEntry.objects.filter(position__isnull=True).count() if rows else 0
    since = (
        rows[0].signed_at if rows else LedgerEntry.objects.order_by("pk").values_list("recorded_at", flat=True).first()
    )
    return Window(tuple(_anchor(row) for row in rows), after.count() + waiting, since)


@transaction.atomic
def hand_out(*, actor: Actor, now: datetime, holder: str, way: str) -> Anchor:
    """Record that the last checkpoint was given to somebody outside who keeps it.

    Raises:
        NotAllowed, NoHolder, NothingToHand
    """
    if not may_hand_out(actor=actor, now=now):
        raise NotAllowed("ledger.may_not_hand_out", {"actor": actor.name})
    if not holder.strip():
        raise NoHolder("ledger.no_holder")
    last = sequencer.last_checkpoint()
    if last is None:
        raise NothingToHand("ledger.empty")
    row = LedgerAnchor.objects.create(
        size=last.size,
        root=bytes(last.root).hex(),
        signed_at=last.signed_at,
        holder=holder.strip()[:200],
        way=way.strip()[:200],
        handed_by=actor.name,
        handed_at=now,
    )
    facts: dict[str, Json] = {"size": row.size, "root": row.root, "holder": row.holder, "way": row.way}
    ledger.record(kind="checkpoint.handed", actor=actor.name, now=now, facts=facts)
    return _anchor(row)


def may_hand_out(*, actor: Actor, now: datetime) -> bool:
    """Tell whether the actor hands checkpoints out."""
    on = installation.today(now=now)
    return any(actor.has(role, on=on) for role in HANDING_OUT)


def _anchor(row: LedgerAnchor) -> Anchor:
    return Anchor(row.size, row.root, row.holder, row.way, row.handed_by, row.handed_at)
