"""Exceptions 例外承認: asked for, approved by the rule's listed approvers, withdrawn; of whom one may know."""

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day, Moment, Name, Question, Words
from sekisho.core.kinds import PersonId, Side
from sekisho.services import exceptions, exceptions_shown
from sekisho.services.approvals_shown import Approval, Waiting


class RuleException(Answer):
    """An exception as it stands; `open_sides` are the sides whose approval is missing."""

    id: str
    rule: str
    person_id: str
    reason: str
    requested_by: str
    approved_by: list[str]
    open_sides: list[Side]
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")
    state: str
    in_force: bool


class ExceptionApproval(Answer):
    """One approval: by which user, for which sides, when."""

    by: str
    sides: list[str]
    at: Moment | None


class MissingApproval(Answer):
    """A side whose approval is missing, and who could give it; `persons` null: not the caller's to know."""

    side: Side
    count: int
    persons: list[str] | None


class ExceptionWhole(Answer):
    """One exception with its approvals, and those that are missing."""

    exception: RuleException
    name: str
    asked_at: Moment
    approvals: list[ExceptionApproval]
    waiting: list[MissingApproval]


class ExceptionWanted(Question):
    """What is asked for: `to` is the first day on which it no longer holds."""

    rule: Words = Field(examples=["direct-transfer"])
    person_id: Words = Field(examples=["P00123"])
    reason: Words = Field(examples=["Handover of the balancing desk"])
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")


@call("GET exceptions", scope="exceptions:read", needs=())
def exception_list(request: Request, paging: Query[Paging]) -> Listed[RuleException]:
    """List the exceptions that the caller may see, one's own among them."""
    found = exceptions.exceptions(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.id, made=RuleException.model_validate)


@call("GET exceptions/{exception_id}", scope="exceptions:read", needs=())
def exception_show(request: Request, exception_id: Name) -> ExceptionWhole:
    """Return one exception with its approvals and those that are missing."""
    caller = request.caller
    found = exceptions_shown.shown(actor=caller.actor, now=caller.now, exception_id=exception_id)
    return ExceptionWhole(
        exception=RuleException.model_validate(found.state),
        name=found.name,
        asked_at=found.asked_at,
        approvals=[approval_of(one) for one in found.approvals],
        waiting=[missing_of(one) for one in found.waiting],
    )


@call("POST exceptions", scope="exceptions:write", needs=(), status=201)
def exception_request(request: Request, body: ExceptionWanted) -> RuleException:
    """Ask for an exception; it holds once the listed approvers of the rule have approved it."""
    asked = exceptions.Request(body.rule, PersonId(body.person_id), body.reason, body.start, body.end)
    made = exceptions.request(actor=request.caller.actor, now=request.caller.now, asked=asked)
    return RuleException.model_validate(made)


@call("POST exceptions/{exception_id}/approve", scope="exceptions:write", needs=())
def exception_approve(request: Request, exception_id: Name) -> RuleException:
    """Add the caller's approval, as one whom the rule lists."""
    caller = request.caller
    made = exceptions.approve(actor=caller.actor, now=caller.now, exception_id=exception_id)
    return RuleException.model_validate(made)


@call("POST exceptions/{exception_id}/withdraw", scope="exceptions:write", needs=())
def exception_withdraw(request: Request, exception_id: Name) -> RuleException:
    """Withdraw an exception: from today on it covers nobody."""
    caller = request.caller
    made = exceptions.withdraw(actor=caller.actor, now=caller.now, exception_id=exception_id)
    return RuleException.model_validate(made)


def approval_of(one: Approval) -> ExceptionApproval:
    """Return an approval as it goes over the wire."""
    return ExceptionApproval(by=one.by, sides=list(one.sides), at=one.at)


def missing_of(one: Waiting) -> MissingApproval:
    """Return an approval that is missing as it goes over the wire."""
    persons = [person for person, _ in one.persons] if one.persons is not None else None
    return MissingApproval(side=one.side, count=one.count, persons=persons)
