"""Grants 個別付与: manual access with a reason and an end, asked for and approved by someone else."""

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day, Name, Question, Words
from sekisho.core.kinds import PersonId
from sekisho.core.visibility import FactKind
from sekisho.services import grants
from sekisho.services.grants import GrantState

HOLDINGS = (FactKind.HOLDING,)


class Grant(Answer):
    """A grant; `state` is requested, approved or withdrawn."""

    id: str
    state: str
    person_id: str
    system: str
    entitlement: str
    reason: str
    requested_by: str
    approver: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")


class GrantWanted(Question):
    """What is asked for: `to` is the first day on which it no longer holds."""

    person_id: Words = Field(examples=["P00123"])
    system: Words = Field(examples=["dispatch"])
    entitlement: Words = Field(examples=["view"])
    reason: Words = Field(examples=["Handover"])
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")


class GrantEnding(Question):
    """The first day without it."""

    end: Day = Field(alias="to")


@call("GET grants", scope="grants:read", needs=HOLDINGS)
def grant_list(request: Request, paging: Query[Paging]) -> Listed[Grant]:
    """List the manual grants of the sides that the caller reads."""
    found = grants.grants(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.id, made=_grant)


@call("POST grants", scope="grants:write", needs=(), status=201)
def grant_ask(request: Request, body: GrantWanted) -> Grant:
    """Ask for a grant; it counts once someone else has approved it."""
    asked = grants.Request(PersonId(body.person_id), body.system, body.entitlement, body.reason, body.start, body.end)
    return _grant(grants.add(actor=request.caller.actor, request=asked, now=request.caller.now))


@call("POST grants/{grant_id}/approve", scope="grants:write", needs=())
def grant_approve(request: Request, grant_id: Name) -> Grant:
    """Approve a grant that waits; never one's own."""
    return _grant(grants.approve(actor=request.caller.actor, grant_id=grant_id, now=request.caller.now))


@call("GET grants/{grant_id}", scope="grants:read", needs=HOLDINGS)
def grant_show(request: Request, grant_id: Name) -> Grant:
    """Return one grant."""
    return _grant(grants.grant(actor=request.caller.actor, now=request.caller.now, grant_id=grant_id))


@call("POST grants/{grant_id}/end", scope="grants:write", needs=())
def grant_end(request: Request, grant_id: Name, body: GrantEnding) -> Grant:
    """End a grant on a day; one that nobody has approved yet is withdrawn."""
    caller = request.caller
    return _grant(grants.end(actor=caller.actor, grant_id=grant_id, day=body.end, now=caller.now))


def _grant(one: GrantState) -> Grant:
    return Grant(
        id=one.id,
        state=one.state,
        person_id=one.person_id,
        system=one.system,
        entitlement=one.entitlement,
        reason=one.reason,
        requested_by=one.requested_by,
        approver=one.approver,
        start=one.period.start,
        end=one.period.end,
    )
