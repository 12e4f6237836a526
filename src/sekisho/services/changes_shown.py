"""Proposed changes of the rules as pages show them: whom each waits for, and what the reader may do. 規則変更の閲覧."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sekisho.core.kinds import Role
from sekisho.core.users import Actor
from sekisho.services import installation, rule_changes
from sekisho.services.approvals_shown import Approval, Telling, Waiting, approval
from sekisho.services.exception_names import Names
from sekisho.services.rule_changes import PROPOSED, Proposal


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """A proposal with whom it waits for."""

    proposal: Proposal
    approvals: tuple[Approval, ...]
    waiting: tuple[Waiting, ...]
    may_approve: bool
    may_withdraw: bool


def listed(*, actor: Actor, now: datetime) -> tuple[ChangeShown, ...]:
    """Return the proposals, those that wait first.

    Raises:
        NoRole: the actor has no role today.
    """
    return _shown(actor, now, rule_changes.proposals(actor=actor, now=now))


def shown(*, actor: Actor, now: datetime, change_id: int) -> ChangeShown:
    """Return one proposal.

    Raises:
        NoRole, UnknownChange
    """
    return _shown(actor, now, [rule_changes.proposal(actor=actor, now=now, change_id=change_id)])[0]


def _shown(actor: Actor, now: datetime, found: Sequence[Proposal]) -> tuple[ChangeShown, ...]:
    names, today = Names.known(now), installation.today(now=now)
    told = Telling.of(actor, now, names)
    compliance = actor.has(Role.COMPLIANCE, on=today)
    return tuple(
        ChangeShown(
            proposal=one,
            approvals=tuple(map(approval, one.approvals)),
            waiting=told.waiting(one.open_sides, rule_changes.sides(one.change.id, names.approvers, today)),
            may_approve=rule_changes.may_approve(one, actor, names, today),
            may_withdraw=one.state == PROPOSED and (compliance or one.proposed_by == actor.name),
        )
        for one in found
    )
