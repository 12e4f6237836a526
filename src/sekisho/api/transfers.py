"""Transfers 異動: the moves of some days, and one move with its checks, its access and what happened to it."""

from datetime import timedelta
from typing import Annotated, Any

from ninja import Query
from pydantic import StringConstraints

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.problems import Problem
from sekisho.api.wire import Answer, Day, Moment, Said, said
from sekisho.core.kinds import OperationState, OrderStatus, OrderType, Outcome, PostKind, Side
from sekisho.core.visibility import FactKind
from sekisho.services import installation, transfers
from sekisho.services.transfer_story import Event, Step

BEFORE, AFTER, LONGEST = timedelta(days=31), timedelta(days=120), timedelta(days=731)
OrderId = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f]+$")]


class Move(Answer):
    """A move: whose, when, from where to where, and what the rules said (null: not asked, or not to be known)."""

    id: str
    order_no: str
    person_id: str
    name: str
    order_type: OrderType
    status: OrderStatus
    effective_date: Day
    first_day: Day
    from_unit: str | None
    from_name: str
    to_unit: str | None
    to_name: str
    title: str | None
    post_kind: PostKind
    release_at: Moment | None
    outcome: Outcome | None


class TransferEvent(Answer):
    """Something that happened to a move."""

    at: Moment
    state: str
    event: Said


class TransferStep(Answer):
    """Access of the mover on one system that a plan changes, and how it stands."""

    side: Side
    system: str
    entitlement: str
    action: str
    state: OperationState
    changed_at: Moment
    reason: Said | None


class Wording(Answer):
    """A sentence in both languages."""

    ja: str
    en: str


class Transfer(Answer):
    """One move whole."""

    move: Move
    reason: Wording | None
    rules: list[str]
    path: list[dict[str, Any]]
    events: list[TransferEvent]
    steps: list[TransferStep]
    open_findings: int


@call("GET transfers", scope="transfers:read", needs=(FactKind.MOVE,))
def transfer_list(
    request: Request,
    paging: Query[Paging],
    start: Annotated[Day | None, Query(None, alias="from")] = None,
    end: Annotated[Day | None, Query(None, alias="to")] = None,
) -> Listed[Move]:
    """List the moves of the days `from` to `to`, by first day; a month back and four ahead where none is named."""
    now = request.caller.now
    start = start or (end or installation.today(now=now)) - BEFORE
    end = end or start + BEFORE + AFTER
    if not start <= end <= start + LONGEST:
        raise Problem(422, "api.bad_days", params={"most": LONGEST.days})
    found = transfers.moves(actor=request.caller.actor, now=now, days=(start, end))
    return listed(request, paging, found, key=lambda one: one.order.id, made=move_of)


@call("GET transfers/{path:order}", scope="transfers:read", needs=())
def transfer(request: Request, order: OrderId) -> Transfer:
    """Return one move to whoever may know of it: both offices, HR, audit, the heads, the mover himself."""
    found = transfers.transfer(actor=request.caller.actor, now=request.caller.now, order_id=order)
    return Transfer(
        move=move_of(found.move),
        reason=Wording(ja=found.reason["ja"], en=found.reason["en"]) if found.reason else None,
        rules=list(found.rules),
        path=[dict(one) for one in found.path],
        events=[_event(one) for one in found.events],
        steps=[_step(one) for one in found.steps],
        open_findings=found.open_findings,
    )


def move_of(one: transfers.Move) -> Move:
    """Return a move as it goes over the wire."""
    order = one.order
    return Move(
        id=order.id,
        order_no=order.key.order_no,
        person_id=order.person_id,
        name=one.name,
        order_type=order.order_type,
        status=order.status,
        effective_date=order.effective_date,
        first_day=order.first_day,
        from_unit=order.from_unit,
        from_name=one.from_name,
        to_unit=order.to_unit,
        to_name=one.to_name,
        title=order.title,
        post_kind=order.post_kind,
        release_at=order.release_at,
        outcome=one.outcome,
    )


def _event(one: Event) -> TransferEvent:
    return TransferEvent(at=one.at, state=one.state, event=said(f"page_transfers.event_{one.kind}", one.facts))


def _step(one: Step) -> TransferStep:
    facts = {"detail": one.detail, "order_no": one.detail, "system": one.system, "entitlement": one.entitlement}
    return TransferStep(
        side=one.side,
        system=one.system,
        entitlement=one.entitlement,
        action=one.action,
        state=one.state,
        changed_at=one.changed_at,
        reason=said(one.code, facts) if one.code else None,
    )
