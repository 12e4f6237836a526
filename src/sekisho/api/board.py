"""Board 切替当日: how far the switch is, system by system, and what is not finished."""

from typing import Literal

from ninja import Query

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, turned
from sekisho.api.plans import PlanLine
from sekisho.api.wire import Answer, Day, Moment, Name, Said, Sha256, said
from sekisho.core.kinds import OperationState, Side
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import board as services
from sekisho.services import board_people, plan_review, waiting
from sekisho.services.board_people import Changed, Group, Wanted
from sekisho.services.verification_counts import Counts

Standing = Literal["done", "held", "failed", "unknown", "waiting", "open"]


class SystemLine(Answer):
    """One system of one side: how many of its operations stand how."""

    side: Side
    system: str
    done: int
    held: int
    failed: int
    unknown: int
    waiting: int
    total: int


class Checked(Answer):
    """The day's verification in numbers."""

    id: int
    verified_at: Moment
    verified: int
    held: int
    left_over: int
    missing: int
    unknown: int
    total: int
    unread: list[str]
    needs_confirmation: bool
    confirmed_by: str


class SwitchState(Answer):
    """That the switch is to run: who asked, when it is due, the state of its job (empty before it is due)."""

    by: str
    due_at: Moment
    state: str
    paused: bool
    troubles: list[Said]


class GuardState(Answer):
    """A guard of the plan and how it stands."""

    id: str
    state: str


class Board(Answer):
    """A transfer day; `worked` tells whether anybody is there to carry work out."""

    day: Day
    former: Day | None
    following_day: Day | None
    plan: PlanLine | None
    switch: SwitchState | None
    worked: bool
    started_at: Moment | None
    finished_at: Moment | None
    done: int
    total: int
    held_by_plan: int
    systems: list[SystemLine]
    guards: list[GuardState]
    verification: Checked | None


class PersonChange(Answer):
    """One operation of a plan as it stands now, or a grant that the plan itself holds."""

    person_id: str
    name: str
    side: Side
    system: str
    entitlement: str
    action: str
    state: OperationState
    reason: Said | None
    since: Moment | None


class UnfinishedGroup(Answer):
    """Those who wait for one cause on one system; `persons` are the first of them."""

    cause: str
    waits_for: str
    reason: Said | None
    side: Side
    system: str
    state: OperationState
    count: int
    since: Moment | None
    in_plan: bool
    persons: list[PersonChange]


class Unfinished(Answer):
    """What of a plan is not finished, worst first."""

    groups: list[UnfinishedGroup]


class Wait(Answer):
    """Something that waits for the caller: how many of how many, since when, for which day, about what."""

    kind: str
    state: str
    room: str
    n: int
    total: int
    since: Moment | None
    day: Day | None
    about: str


class Waits(Answer):
    """What waits for the caller, worst first."""

    items: list[Wait]


@call("GET waiting", scope="board:read", needs=())
def waiting_for_me(request: Request) -> Waits:
    """Return what waits for the caller, worst first."""
    found = waiting.waiting(actor=request.caller.actor, now=request.caller.now)
    return Waits(items=[Wait.model_validate(one) for one in found])


@call("GET board", scope="board:read", needs=(FactKind.PLAN,), least=Depth.COUNT)
def board(request: Request, day: Day | None = None) -> Board:
    """Return the board of a day, of the day that matters now where none is named."""
    found = services.board(actor=request.caller.actor, now=request.caller.now, day=day)
    return Board(
        day=found.day,
        former=found.around.former,
        following_day=found.around.next,
        plan=PlanLine.model_validate(found.line) if found.line else None,
        switch=_asked(found.asked) if found.asked else None,
        worked=found.worked,
        started_at=found.started_at,
        finished_at=found.finished_at,
        done=found.done,
        total=found.total,
        held_by_plan=found.held_by_plan,
        systems=[SystemLine.model_validate(one) for one in found.systems],
        guards=[GuardState(id=name, state=state) for name, state in found.guards],
        verification=_checked(found.run) if found.run else None,
    )


@call("GET plans/{sha256}/unfinished", scope="plans:read", needs=(FactKind.PLAN,))
def plan_unfinished(request: Request, sha256: Sha256) -> Unfinished:
    """Return what of a plan is not finished, by cause and system, with whom it waits for."""
    actor, now = request.caller.actor, request.caller.now
    plan_review.line(actor=actor, now=now, sha256=sha256)
    return Unfinished(groups=[_group(one) for one in board_people.groups(actor=actor, now=now, sha256=sha256)])


@call("GET plans/{sha256}/progress", scope="plans:read", needs=(FactKind.PLAN,))
def plan_progress(
    request: Request,
    sha256: Sha256,
    paging: Query[Paging],
    state: Standing | None = None,
    side: Name | None = None,
    system: Name | None = None,
) -> Listed[PersonChange]:
    """List the operations of a plan as they stand now, of the sides that the caller reads."""
    actor, now = request.caller.actor, request.caller.now
    plan_review.line(actor=actor, now=now, sha256=sha256)
    wanted = Wanted(state=state or "", side=side or "", system=system or "")

    def fetch(first: int, last: int) -> tuple[tuple[Changed, ...], int]:
        return board_people.listed(actor=actor, now=now, sha256=sha256, wanted=wanted, page=(first, last))

    return turned(request, paging, fetch, made=_change)


def _asked(one: services.Asked) -> SwitchState:
    troubles = [said(each.code, each.params) for each in one.troubles]
    return SwitchState(by=one.by, due_at=one.due_at, state=one.state, paused=one.paused, troubles=troubles)


def _checked(one: Counts) -> Checked:
    return Checked(
        id=one.id,
        verified_at=one.made.verified_at,
        verified=one.verified,
        held=one.held,
        left_over=one.left_over,
        missing=one.missing,
        unknown=one.unknown,
        total=one.total,
        unread=list(one.unread),
        needs_confirmation=one.waits,
        confirmed_by=one.confirmed_by,
    )


def _group(one: Group) -> UnfinishedGroup:
    return UnfinishedGroup(
        cause=one.cause.name,
        waits_for=one.cause.waits.value,
        reason=_change(one.people[0]).reason if one.people and one.code else None,
        side=one.side,
        system=one.system,
        state=one.state,
        count=one.count,
        since=one.since,
        in_plan=one.in_plan,
        persons=[_change(each) for each in one.people],
    )


def _change(one: Changed) -> PersonChange:
    facts = {"person": one.name, "system": one.system, "entitlement": one.entitlement}
    facts |= {"detail": one.detail, "order_no": one.detail}
    return PersonChange(
        person_id=one.person_id,
        name=one.name,
        side=one.side,
        system=one.system,
        entitlement=one.entitlement,
        action=one.action,
        state=one.state,
        reason=said(one.code, facts) if one.code else None,
        since=one.since,
    )
