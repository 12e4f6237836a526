"""Ask the table of law 8 in the name of a service, and log the read that sees both sides.

A service that reads asks once a kind and side before it answers. The table itself: `core.visibility`.
"""

from datetime import datetime

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import BOTH, NEUTRAL, PersonId, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Matter, Purpose, crosses, decide, purpose_of, widest
from sekisho.services import installation, lasting
from sekisho.services.remembering import remembered


class NotVisible(SekishoError):
    """The actor's roles do not reach that far."""


@remembered
def depth(  # noqa: PLR0913 - the columns of law 8's table, as in `core.visibility.decide`
    *,
    actor: Actor,
    kind: FactKind,
    side: str | None,
    purpose: Purpose,
    now: datetime,
    about: PersonId | Matter | None = None,
    released: bool = True,
) -> Depth:
    """Return how much the actor sees; a detailed read that only a both-sides role allows is an entry.

    `side` may come as tables have it: "" is neutral, or as plans have it. Only a read that is logged opens a
    transaction: whoever looks at a page waits for nobody who writes.
    """
    side = None if side == NEUTRAL else side
    on, whose = installation.today(now=now), Side(side) if side else None
    seen = decide(actor, kind=kind, side=whose, purpose=purpose, on=on, about=about, released=released)
    if seen is Depth.DETAIL and crosses(actor, kind=kind, side=whose, on=on):
        person = about.person_id if isinstance(about, Matter) else about
        facts = {"kind": kind.value, "purpose": purpose.value, "about": person}
        lasting.record(kind="fact.read", actor=actor.name, now=now, facts=facts, side=side or "")
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


def purpose(*, actor: Actor, now: datetime) -> Purpose:
    """Return what the actor reads for today."""
    return purpose_of(actor, on=installation.today(now=now))


def widest_side(*, actor: Actor, now: datetime) -> str:
    """Return the side of a fact that reaches as far as the actor does: the one side of his roles, else `both`."""
    today = installation.today(now=now)
    sides = {grant.side for grant in actor.roles if grant.period.holds(today)}
    return next(iter(sides)) if len(sides) == 1 and not actor.trusted else BOTH


def need_some(*, actor: Actor, kind: FactKind, now: datetime, least: Depth = Depth.DETAIL) -> None:
    """Let pass only who sees facts of that kind at least to that depth on some side.

    Asked before anything is looked up, so that the refusal tells nothing of what is there.

    Raises:
        NotVisible: the actor does not.
    """
    on = installation.today(now=now)
    if widest(actor, kind=kind, purpose=purpose_of(actor, on=on), on=on) < least:
        raise NotVisible("visibility.refused", {"actor": actor.name, "kind": kind.value, "side": "-"})
