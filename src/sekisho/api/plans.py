"""Plans 切替計画: what will change for whom; asked for, approved by passkey, carried out at their time."""

from typing import Annotated, Any

from ninja import Query
from pydantic import Field, StringConstraints

from sekisho.api.calls import Request, call
from sekisho.api.jobs import Asked, Job, asked_for, job_of
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day, Moment, Question, Said, Sha256, said
from sekisho.core.kinds import Action, Side
from sekisho.core.plans import GuardResult, HeldGrant
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, passkeys, plan_review, plans, switches
from sekisho.services.jobs import NewJob

PLANS = (FactKind.PLAN,)
Base64 = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[A-Za-z0-9_-]+$")]


class PlanLine(Answer):
    """A plan in the list; `state` is waiting, approved, running, finished or expired."""

    sha256: str
    as_of: Moment
    planned_by: str
    planned_at: Moment
    expires_at: Moment
    state: str
    approvals: int
    required: int


class Approval(Answer):
    """Who approved a plan, how and when."""

    by: str
    method: str
    at: Moment


class Guard(Answer):
    """One guard over the whole plan; `state` is ok, warn, hold or absent."""

    id: str
    state: str
    message: Said
    measured: str
    limit: str
    persons: list[str]
    systems: list[str]
    entitlements: list[list[str]]
    accounts: list[list[str]]


class PlanPart(Answer):
    """What the plan does on one side's system: how many operations, how much is held."""

    side: Side
    system: str
    sha256: str
    operations: int
    held: int


class SystemReading(Answer):
    """Which read of a system the plan was made from."""

    system: str
    read_at: Moment
    digest: str


class Plan(Answer):
    """One plan, cut to the sides that the caller may see; the hash is the whole plan's."""

    line: PlanLine
    known_at: Moment
    approvals: list[Approval]
    guards: list[Guard]
    parts: list[PlanPart]
    reads: list[SystemReading]
    unknown_systems: list[str]


class PlannedOperation(Answer):
    """One state that the plan sets on one account."""

    id: str
    person_id: str
    account: str
    side: Side
    system: str
    action: Action
    entitlement: str
    protected: bool
    because: list[str]
    phase: int
    restores: bool


class PlannedHold(Answer):
    """Protected access that a post would bring and that is held."""

    person_id: str
    side: Side
    system: str
    entitlement: str
    order_no: str
    reason: Said


class Challenge(Answer):
    """What one's passkeys are asked to sign to approve this plan: base64url without padding throughout."""

    challenge: str
    rp_id: str
    credentials: list[str]


class PlanWanted(Question):
    """For which day a plan is wanted."""

    day: Day


class AssertionResponse(Question):
    """What the authenticator answered."""

    client_data_json: Base64 = Field(alias="clientDataJSON")
    authenticator_data: Base64 = Field(alias="authenticatorData")
    signature: Base64
    user_handle: Base64 | None = Field(None, alias="userHandle")


class Assertion(Question):
    """A WebAuthn assertion over the plan's challenge, as `PublicKeyCredential.toJSON()` gives it."""

    model_config = {**Question.model_config, "extra": "ignore"}

    raw_id: Base64 = Field(alias="rawId")
    response: AssertionResponse


class Approving(Question):
    """The signature that approves."""

    assertion: Assertion


class Standing(Answer):
    """How the approval of a plan stands."""

    sha256: str
    approvals: list[Approval]
    required: int


class SwitchAsked(Answer):
    """When the plan is carried out; `replaced` is the plan whose switch had been set for that time."""

    due_at: Moment
    replaced: str | None


class Switch(Answer):
    """A plan's switch: when it falls due (null: it is not set), what stands in its way, and the job that runs it."""

    due_at: Moment | None
    paused_at: Moment | None
    changed_by: str | None
    troubles: list[Said]
    job: Job | None


class Undone(Answer):
    """A switch was taken back."""

    sha256: str


@call("GET plans", scope="plans:read", needs=PLANS, least=Depth.COUNT)
def plan_list(request: Request, paging: Query[Paging]) -> Listed[PlanLine]:
    """List the last plans, the newest first."""
    found = plan_review.plan_lines(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.sha256, made=PlanLine.model_validate)


@call("POST plans", scope="plans:write", needs=PLANS, status=202)
def plan_ask(request: Request, body: PlanWanted) -> Asked:
    """Ask for a plan for the beginning of a day; a job makes it from a fresh read of every system."""
    now = request.caller.now
    as_of = installation.midnight(day=body.day, known_at=now).isoformat()
    return asked_for(request, NewJob("plan", f"plan {as_of} {now.isoformat()}", {"as_of": as_of}, now))


@call("GET plans/{sha256}", scope="plans:read", needs=PLANS)
def plan_show(request: Request, sha256: Sha256) -> Plan:
    """Return one plan: guards first, then what it does where; its operations and holds are lists of their own."""
    actor, now = request.caller.actor, request.caller.now
    standing = plan_review.review(actor=actor, now=now, sha256=sha256)
    line = plan_review.line(actor=actor, now=now, sha256=sha256)
    parts = standing.plan.parts
    return Plan(
        line=PlanLine.model_validate(line),
        known_at=standing.plan.known_at,
        approvals=[Approval.model_validate(one) for one in standing.approvals],
        guards=[_guard(one) for one in standing.plan.guards],
        parts=[
            PlanPart(
                side=one.side,
                system=one.system,
                sha256=one.sha256,
                operations=len(one.operations),
                held=len(one.held),
            )
            for one in parts
        ],
        reads=[SystemReading.model_validate(one) for one in standing.plan.reads],
        unknown_systems=list(standing.plan.unknown_systems),
    )


@call("GET plans/{sha256}/operations", scope="plans:read", needs=PLANS)
def plan_operations(request: Request, sha256: Sha256, paging: Query[Paging]) -> Listed[PlannedOperation]:
    """List what the plan does, revocations of each part first, on the sides that the caller reads."""
    shown = plan_review.review(actor=request.caller.actor, now=request.caller.now, sha256=sha256).plan
    found = [one for part in shown.parts for one in part.operations]
    return listed(request, paging, found, key=lambda one: one.id, made=PlannedOperation.model_validate)


@call("GET plans/{sha256}/held", scope="plans:read", needs=PLANS)
def plan_held(request: Request, sha256: Sha256, paging: Query[Paging]) -> Listed[PlannedHold]:
    """List the access that the plan holds back, with the reason."""
    shown = plan_review.review(actor=request.caller.actor, now=request.caller.now, sha256=sha256).plan
    found = [one for part in shown.parts for one in part.held]
    return listed(request, paging, found, key=lambda one: (one.person_id, one.system, one.entitlement), made=_hold)


@call("GET plans/{sha256}/challenge", scope="plans:read", needs=PLANS)
def plan_challenge(request: Request, sha256: Sha256) -> Challenge:
    """Return what the caller's passkeys sign to approve the plan."""
    name = request.caller.actor.name
    plan_review.review(actor=request.caller.actor, now=request.caller.now, sha256=sha256)
    found = passkeys.options(name=name, plan_sha256=sha256)
    if found is None:
        raise passkeys.NoPasskey("passkeys.none", {"name": name})
    return Challenge.model_validate(found)


@call("POST plans/{sha256}/approve", scope="plans:write", needs=PLANS)
def plan_approve(request: Request, sha256: Sha256, body: Approving) -> Standing:
    """Approve the plan's hash: a passkey of the caller signs for it, never of the planner."""
    caller = request.caller
    response = body.assertion.model_dump_json(by_alias=True, exclude_none=True)
    plan_review.review(actor=caller.actor, now=caller.now, sha256=sha256)
    signed = passkeys.check(name=caller.actor.name, plan_sha256=sha256, response=response)
    found = plans.approve(
        actor=caller.actor,
        document=plans.stored(sha256=sha256),
        method="passkey",
        now=caller.now,
        home=caller.home,
        assertion=signed,
    )
    given = [Approval.model_validate(one) for one in found.approvals]
    return Standing(sha256=sha256, approvals=given, required=found.required)


@call("GET plans/{sha256}/switch", scope="plans:read", needs=PLANS)
def switch_show(request: Request, sha256: Sha256) -> Switch:
    """Return whether the plan's switch is set, what would stand in its way, and how it runs."""
    actor, now = request.caller.actor, request.caller.now
    plan_review.line(actor=actor, now=now, sha256=sha256)
    made = switches.of_plan(actor=actor, now=now, sha256=sha256)
    job = switches.job_of(actor=actor, now=now, sha256=sha256)
    return Switch(
        due_at=made.schedule.due_at if made else None,
        paused_at=made.schedule.paused_at if made else None,
        changed_by=made.schedule.changed_by if made else None,
        troubles=[said(one.code, one.params) for one in made.troubles] if made else [],
        job=job_of(job) if job else None,
    )


@call("POST plans/{sha256}/switch", scope="plans:write", needs=PLANS, status=202)
def switch_set(request: Request, sha256: Sha256) -> SwitchAsked:
    """Let the approved plan be carried out at its time, or at once where that has come."""
    actor, now = request.caller.actor, request.caller.now
    line = plan_review.line(actor=actor, now=now, sha256=sha256)
    replaced = switches.let_run(actor=actor, now=now, sha256=sha256)
    return SwitchAsked(due_at=max(line.as_of, now), replaced=replaced or None)


@call("DELETE plans/{sha256}/switch", scope="plans:write", needs=PLANS)
def switch_undo(request: Request, sha256: Sha256) -> Undone:
    """Take a switch back that is set and not begun."""
    switches.undo(actor=request.caller.actor, now=request.caller.now, sha256=sha256)
    return Undone(sha256=sha256)


def _guard(one: GuardResult) -> Guard:
    some = [*one.persons, *one.systems, *(f"{system}: {name}" for system, name in (*one.entitlements, *one.accounts))]
    facts: dict[str, Any] = {"measured": one.measured, "limit": one.limit, "names": ", ".join(some[:12])}
    return Guard(
        id=one.id,
        state=one.state,
        message=said(one.code, facts),
        measured=one.measured,
        limit=one.limit,
        persons=list(one.persons),
        systems=list(one.systems),
        entitlements=[list(pair) for pair in one.entitlements],
        accounts=[list(pair) for pair in one.accounts],
    )


def _hold(one: HeldGrant) -> PlannedHold:
    return PlannedHold(
        person_id=one.person_id,
        side=one.side,
        system=one.system,
        entitlement=one.entitlement,
        order_no=one.order_no,
        reason=said(one.code, {"order_no": one.order_no}),
    )
