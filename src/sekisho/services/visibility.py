"""Ask the table of law 8 in the name of a service, and log the read that sees both sides.

A service that reads asks once a kind and side before it answers. The table itself: `core.visibility`.
"""

from datetime import datetime

from django.db import transaction

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import PersonId, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Matter, Purpose, crosses, decide
from sekisho.services import installation, ledger


class NotVisible(SekishoError):
    """The actor's roles do not reach that far."""


@transaction.atomic
def depth(
    *,
    actor: Actor,
    kind: FactKind,
    side: str | None,
    purpose: Purpose,
    now: datetime,
    about: PersonId | Matter | None = None,
) -> Depth:
    """Return how much the actor sees; a detailed read that only a both-sides role allows is an entry.

    `side` may come as tables have it: "" is neutral.
    """
    on, whose = installation.today(now=now), Side(side) if side else None
    seen = decide(actor, kind=kind, side=whose, purpose=purpose, on=on, about=about)
    if seen is Depth.DETAIL and crosses(actor, kind=kind, side=whose, on=on):
        person = about.person_id if isinstance(about, Matter) else about
        facts = {"kind": kind.value, "purpose": purpose.value, "about": person}
        ledger.record(kind="fact.read", actor=actor.name, now=now, facts=facts, side=side or "")
    return seen


def need(
    *,
    actor: Actor,
    kind: FactKind,
    side: str | None,
    purpose: Purpose,
    now: datetime,
    least: Depth = Depth.DETAIL,
) -> None:
    """Let pass only who sees facts of that kind and side at least to that depth.

    Raises:
        NotVisible: the actor does not.
    """
    if depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now) < least:
        raise NotVisible("visibility.refused", {"actor": actor.name, "kind": kind.value, "side": side or "neutral"})
