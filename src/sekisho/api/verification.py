"""Verification 事後確認: what was found at each, what is left over and until when; asked for, confirmed by another."""

from ninja import Query

from sekisho.api.calls import Request, call
from sekisho.api.jobs import Asked, asked_for
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Id, Moment, Said, said
from sekisho.core.kinds import DeviationKind, Side
from sekisho.core.verification import Deviation as Found
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import verification_runs as runs
from sekisho.services.jobs import NewJob
from sekisho.services.verification_runs import Run

DEVIATIONS = (FactKind.DEVIATION,)


class SideFound(Answer):
    """One side's numbers."""

    side: Side
    verified: int
    held: int
    left_over: int
    missing: int
    excess: int
    unknown: int
    total: int


class Verification(Answer):
    """A verification, cut to the sides that the caller may count."""

    id: int
    as_of: Moment
    verified_at: Moment
    verifier: str
    executor: str
    needs_confirmation: bool
    confirmed_by: str
    confirmed_at: Moment | None
    sides: list[SideFound]
    unread: list[str]


class Deviation(Answer):
    """One entitlement on which what is seen and what should hold differ."""

    kind: DeviationKind
    side: Side
    system: str
    person_id: str | None
    account: str
    entitlement: str
    until: Moment | None
    reason: Said


@call("GET verifications", scope="verification:read", needs=DEVIATIONS, least=Depth.COUNT)
def verification_list(request: Request, paging: Query[Paging]) -> Listed[Verification]:
    """List the last verifications, the newest first."""
    found = runs.last(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.id, made=verification_of)


@call("GET verifications/{run_id}", scope="verification:read", needs=DEVIATIONS, least=Depth.COUNT)
def verification_show(request: Request, run_id: Id) -> Verification:
    """Return one verification's numbers."""
    return verification_of(runs.run(actor=request.caller.actor, now=request.caller.now, run_id=run_id))


@call("GET verifications/{run_id}/deviations", scope="verification:read", needs=DEVIATIONS)
def deviation_list(request: Request, run_id: Id, paging: Query[Paging]) -> Listed[Deviation]:
    """List what a verification found on the sides that the caller reads."""
    found = runs.run(actor=request.caller.actor, now=request.caller.now, run_id=run_id).deviations
    return listed(request, paging, list(enumerate(found)), key=lambda one: one[0], made=lambda one: _deviation(one[1]))


@call("POST verifications", scope="verification:write", needs=DEVIATIONS, least=Depth.COUNT, status=202)
def verification_ask(request: Request) -> Asked:
    """Ask for a verification from a fresh read of every system."""
    now = request.caller.now
    return asked_for(request, NewJob("verification", f"verify {now.isoformat()}", {}, now))


@call("POST verifications/{run_id}/confirm", scope="verification:write", needs=DEVIATIONS, least=Depth.COUNT)
def verification_confirm(request: Request, run_id: Id) -> Verification:
    """Confirm what the executor of a cutover verified himself; never by him."""
    actor, now = request.caller.actor, request.caller.now
    runs.confirm(actor=actor, now=now, run_id=run_id)
    return verification_of(runs.run(actor=actor, now=now, run_id=run_id))


def verification_of(one: Run) -> Verification:
    """Return a run as it goes over the wire."""
    return Verification(
        id=one.id,
        as_of=one.made.as_of,
        verified_at=one.made.verified_at,
        verifier=one.made.verifier,
        executor=one.made.executor,
        needs_confirmation=one.made.needs_confirmation,
        confirmed_by=one.confirmed_by,
        confirmed_at=one.confirmed_at,
        sides=[
            SideFound(
                side=side.side,
                verified=side.verified,
                held=side.held,
                left_over=side.counts[DeviationKind.LEFT_OVER],
                missing=side.counts[DeviationKind.MISSING],
                excess=side.counts[DeviationKind.EXCESS],
                unknown=side.counts[DeviationKind.UNKNOWN],
                total=side.total,
            )
            for side in one.sides
        ],
        unread=list(one.unread),
    )


def _deviation(one: Found) -> Deviation:
    facts = {"person": one.person_id or "?", "system": one.system, "account": one.account}
    facts |= {"entitlement": one.entitlement, "until": one.until.isoformat() if one.until else ""}
    return Deviation(
        kind=one.kind,
        side=one.side,
        system=one.system,
        person_id=one.person_id,
        account=one.account,
        entitlement=one.entitlement,
        until=one.until,
        reason=said(one.code, facts),
    )
