"""What administrators propose and compliance offices confirm: roles, parameters, sign-ins. 確認待ち."""

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day, Id, Moment
from sekisho.core.parameters import ParameterValue
from sekisho.core.visibility import FactKind
from sekisho.services import installation_proposals
from sekisho.services.installation_proposals import Proposal

NEEDS = (FactKind.INSTALLATION,)


class InstallationProposal(Answer):
    """A proposal: `kind` is role, parameter or sign_in; what it holds beside that hangs on the kind."""

    id: int
    kind: str
    subject: str
    role: str | None
    side: str | None
    value: ParameterValue | None
    start: Day | None = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")
    reason: str
    proposed_by: str
    proposed_at: Moment
    approved_by: list[str]
    open_sides: list[str]
    state: str


@call("GET proposals", scope="administration:read", needs=NEEDS)
def proposal_list(request: Request, paging: Query[Paging]) -> Listed[InstallationProposal]:
    """List the proposals, those that wait first."""
    found = installation_proposals.proposals(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.id, made=_proposal)


@call("POST proposals/{proposal_id}/approve", scope="administration:write", needs=NEEDS)
def proposal_approve(request: Request, proposal_id: Id) -> InstallationProposal:
    """Confirm a proposal, as the compliance office that it waits for."""
    caller = request.caller
    return _proposal(installation_proposals.approve(actor=caller.actor, now=caller.now, proposal_id=proposal_id))


@call("POST proposals/{proposal_id}/refuse", scope="administration:write", needs=NEEDS)
def proposal_refuse(request: Request, proposal_id: Id) -> InstallationProposal:
    """Refuse a proposal, as the compliance office that it waits for."""
    caller = request.caller
    return _proposal(installation_proposals.refuse(actor=caller.actor, now=caller.now, proposal_id=proposal_id))


def _proposal(one: Proposal) -> InstallationProposal:
    body = one.body
    return InstallationProposal.model_validate(
        {
            "id": one.id,
            "kind": one.kind,
            "subject": one.subject,
            "role": body.get("role"),
            "side": body.get("side"),
            "value": body.get("value"),
            "start": body.get("from"),
            "end": body.get("to"),
            "reason": one.reason,
            "proposed_by": one.proposed_by,
            "proposed_at": one.proposed_at,
            "approved_by": list(one.approved_by),
            "open_sides": list(one.open_sides),
            "state": one.state,
        }
    )
