"""Changes of the rules 規則の変更: previewed on real people, proposed, approved side by side, adopted or withdrawn."""

from ninja import Query
from pydantic import Field, StrictBool

from sekisho.api.calls import Request, call
from sekisho.api.exceptions import ExceptionApproval, MissingApproval, approval_of, missing_of
from sekisho.api.jobs import Asked, Job, job_of
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.rules import RULES, Rule, rule_of
from sekisho.api.transfers import Wording
from sekisho.api.wire import Answer, Count, Day, Id, Moment, Question, Words
from sekisho.core.kinds import CompanyStatus, Outcome, PostClass, RuleKind, RuleType, Side
from sekisho.core.rules import Rule as Version
from sekisho.core.visibility import FactKind
from sekisho.services import changes_shown, rule_changes, rule_drafts, rule_preview, rule_previews
from sekisho.services.changes_shown import ChangeShown
from sekisho.services.rule_drafts import Draft
from sekisho.services.rule_previews import GroupShown

VERDICTS = (FactKind.VERDICT,)


class RuleChange(Answer):
    """A proposed change, how its approval stands, and whom it waits for; `ends`: the rule is to end."""

    id: int
    change: Rule
    ends: bool
    was: Rule | None
    reason: str
    proposed_by: str
    proposed_at: Moment
    state: str
    open_sides: list[Side]
    approvals: list[ExceptionApproval]
    waiting: list[MissingApproval]


class DraftText(Question):
    """What the rule says, in both languages; a proposal of a new rule needs both."""

    ja: Words | None = None
    en: Words | None = None


class RuleDraft(Question):
    """A version of a rule from a day on, over the one in force then; with `ends` the rule ends on that day.

    Post classes, statuses, texts and source that are left out stay as the version in force has them.
    """

    rule: Words = Field(examples=["direct"])
    version: Words = ""
    start: Day = Field(alias="from")
    ends: StrictBool = False
    kind: RuleKind
    type: RuleType
    from_classes: list[Words] = Field(default=[], max_length=100)
    to_classes: list[Words] = Field(default=[], max_length=100)
    neutral_stay_days: Count | None = None
    lookback_days: Count | None = None
    reverse: StrictBool = False
    from_post_classes: list[PostClass] | None = None
    to_post_classes: list[PostClass] | None = None
    to_status: list[CompanyStatus] | None = None
    text: DraftText = DraftText()
    source: Words | None = None


class Proposing(Question):
    """The change, and why."""

    draft: RuleDraft
    reason: Words = Field(examples=["The published programme of April"])


class Previewing(Question):
    """The change, and how far back past moves are looked at (as long as records are kept where no day is named)."""

    draft: RuleDraft
    since: Day | None = None


class AffectedMove(Answer):
    """A move of which the change makes something else."""

    order_id: str
    order_no: str
    person_id: str
    name: str
    first_day: Day
    status: str
    before: Outcome
    after: Outcome
    message: Wording


class AffectedGroup(Answer):
    """Moves of which the change makes the same: coming or past, newly caught, no longer, or otherwise."""

    part: str
    effect: str
    count: int
    moves: list[AffectedMove]


class RulePreview(Answer):
    """What a change would do, as far as the caller may see it."""

    job: Job
    change: Rule
    was: Rule | None
    since: Day
    looked_at: int
    groups: list[AffectedGroup]


@call("GET rules/changes", scope="rules:read", needs=RULES)
def change_list(request: Request, paging: Query[Paging]) -> Listed[RuleChange]:
    """List the proposed changes, those that wait first."""
    found = changes_shown.listed(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.proposal.id, made=_change)


@call("GET rules/changes/{change_id}", scope="rules:read", needs=RULES)
def change_show(request: Request, change_id: Id) -> RuleChange:
    """Return one proposed change."""
    return _shown(request, change_id)


@call("POST rules/changes", scope="rules:write", needs=RULES, status=201)
def change_propose(request: Request, body: Proposing) -> RuleChange:
    """Propose a change; it is adopted once each side's listed approvers have approved it."""
    caller, change = request.caller, _drafted(request, body.draft)
    made = rule_changes.propose(actor=caller.actor, now=caller.now, change=change, reason=body.reason)
    return _shown(request, made.id)


@call("POST rules/changes/{change_id}/approve", scope="rules:write", needs=RULES)
def change_approve(request: Request, change_id: Id) -> RuleChange:
    """Add the caller's approval, as one whom the rule lists."""
    rule_changes.approve(actor=request.caller.actor, now=request.caller.now, change_id=change_id)
    return _shown(request, change_id)


@call("POST rules/changes/{change_id}/withdraw", scope="rules:write", needs=RULES)
def change_withdraw(request: Request, change_id: Id) -> RuleChange:
    """Withdraw a proposal that waits."""
    rule_changes.withdraw(actor=request.caller.actor, now=request.caller.now, change_id=change_id)
    return _shown(request, change_id)


@call("POST rules/previews", scope="rules:write", needs=VERDICTS, status=202)
def preview_ask(request: Request, body: Previewing) -> Asked:
    """Ask whom a change would affect; a job finds out."""
    caller = request.caller
    since = body.since or rule_changes.looked_back(now=caller.now)
    change = _drafted(request, body.draft)
    return Asked(job_id=rule_preview.ask(actor=caller.actor, now=caller.now, change=change, since=since))


@call("GET rules/previews/{job_id}", scope="rules:read", needs=VERDICTS)
def preview_show(request: Request, job_id: Id) -> RulePreview:
    """Return what a change would do, on the people of the sides that the caller reads."""
    found = rule_previews.preview(actor=request.caller.actor, now=request.caller.now, job_id=job_id)
    return RulePreview(
        job=job_of(found.job),
        change=rule_of(found.change),
        was=rule_of(found.was) if found.was else None,
        since=found.since,
        looked_at=found.looked_at,
        groups=[_group(one) for one in found.groups],
    )


def _drafted(request: Request, one: RuleDraft) -> Version:
    draft = Draft(
        rule=one.rule,
        version=one.version,
        kind=one.kind.value,
        type=one.type.value,
        from_classes=frozenset(one.from_classes),
        to_classes=frozenset(one.to_classes),
        neutral_stay_days=one.neutral_stay_days,
        lookback_days=one.lookback_days,
        reverse=one.reverse,
        start=one.start,
        ends=one.ends,
        from_post_classes=one.from_post_classes,
        to_post_classes=one.to_post_classes,
        to_status=one.to_status,
        text_ja=one.text.ja,
        text_en=one.text.en,
        source=one.source,
    )
    return rule_drafts.change(draft=draft, now=request.caller.now)


def _shown(request: Request, change_id: int) -> RuleChange:
    return _change(changes_shown.shown(actor=request.caller.actor, now=request.caller.now, change_id=change_id))


def _change(one: ChangeShown) -> RuleChange:
    proposal = one.proposal
    return RuleChange(
        id=proposal.id,
        change=rule_of(proposal.change),
        ends=proposal.ends,
        was=rule_of(proposal.was) if proposal.was else None,
        reason=proposal.reason,
        proposed_by=proposal.proposed_by,
        proposed_at=proposal.proposed_at,
        state=proposal.state,
        open_sides=list(proposal.open_sides),
        approvals=[approval_of(each) for each in one.approvals],
        waiting=[missing_of(each) for each in one.waiting],
    )


def _group(one: GroupShown) -> AffectedGroup:
    return AffectedGroup(
        part=one.part.value,
        effect=one.effect.value,
        count=one.count,
        moves=[
            AffectedMove(
                order_id=each.order_id,
                order_no=each.order_no,
                person_id=each.person_id,
                name=each.name,
                first_day=each.first_day,
                status=each.status,
                before=each.before,
                after=each.after,
                message=Wording(ja=each.reason["ja"], en=each.reason["en"]),
            )
            for each in one.moves
        ],
    )
