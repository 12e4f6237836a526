"""Changes of the rules: proposed by HR or compliance, approved by the rule's approvers, adopted as a version. 規則変更.

As with exceptions, each side that lists approvers gives one approval by another person, the network side's always among
them, never the proposer (law 13). Adopted, the change is a version of origin `site` over the folder's; what held before
its first day stays. Then orders are checked and past moves judged again. Nothing is adopted for a day gone by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from sekisho.core import exceptions as core
from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import NETWORK, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.rule_matrix import in_force
from sekisho.core.rules import Approvers, Rule, body_of, differences, read_rule
from sekisho.core.users import Actor
from sekisho.core.visibility import common_side
from sekisho.services import installation, jobs, ledger, rule_preview, rules, users
from sekisho.services.exception_names import Names
from sekisho.services.jobs import NewJob
from sekisho.store import models

PROPOSED, ADOPTED, WITHDRAWN = "proposed", "adopted", "withdrawn"
PROPOSERS = (Role.COMPLIANCE, Role.HR)
_YEAR = 365
_MOMENT = timedelta(microseconds=1)
_BY_SOMEBODY = frozenset({"approved_by", "approved_on"})


class MayNot(SekishoError):
    """The actor may not propose, approve or withdraw this change."""


class BadProposal(SekishoError):
    """The proposal lacks a reason, a text, a version of its own, or changes nothing."""


class UnknownChange(SekishoError):
    """There is no such proposal."""


class NotOpen(SekishoError):
    """The proposal was adopted or withdrawn already."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change as it stands. `open_sides`: whose approval is missing; `was`: the version that it ends."""

    id: int
    change: Rule
    ends: bool
    was: Rule | None
    reason: str
    proposed_by: str
    proposed_at: datetime
    approvals: tuple[Mapping[str, Any], ...]
    open_sides: tuple[Side, ...]
    state: str
    decided_at: datetime | None


def looked_back(*, now: datetime) -> date:
    """Return from when on past moves are judged again: as many years back as records are kept."""
    today = installation.today(now=now)
    return today - timedelta(days=_YEAR * rules.parameters(known_at=now).number("retention_years", today))


@transaction.atomic
def propose(*, actor: Actor, now: datetime, change: Rule, reason: str) -> Proposal:
    """Propose a change; of an empty period it proposes that the rule ends on that day.

    Raises:
        MayNot: the actor is neither HR nor compliance.
        BadProposal: no reason, no text in a language, a version that there is already, or nothing would change.
        BadChange: it begins before today.
    """
    if not any(actor.has(role, on=installation.today(now=now)) for role in PROPOSERS):
        raise MayNot("rules.may_not_propose")
    rule_preview.refuse_bad(change=change, now=now)
    if not reason.strip():
        raise BadProposal("rules.no_reason")
    _refuse_unfit(change, now)
    if not sides(change.id, rules.approvers(known_at=now), installation.today(now=now)).get(NETWORK):
        raise BadProposal("rules.no_network_approver", {"rule": change.id})
    row = models.RuleProposal.objects.create(
        rule_id=change.id,
        version=change.version,
        body={key: value for key, value in body_of(change).items() if key not in _BY_SOMEBODY},
        start=change.period.start,
        ends=_ends(change),
        reason=reason.strip(),
        proposed_by=actor.name,
        proposed_at=now,
        state=PROPOSED,
    )
    _entry("rule.proposed", row, actor, now)
    return _proposal(row, now)


def _refuse_unfit(change: Rule, now: datetime) -> None:
    known = rules.rules(known_at=now)
    was = next((one for one in in_force(known, change.period.start) if one.id == change.id), None)
    if _ends(change):
        if was is None:
            raise BadProposal("rules.nothing_to_end", {"rule": change.id, "day": change.period.start.isoformat()})
        return
    if not (change.text_ja.strip() and change.text_en.strip()):
        raise BadProposal("rules.no_text")
    if any((one.id, one.version) == (change.id, change.version) for one in known):
        raise BadProposal("rules.version_there", {"rule": change.id, "version": change.version})
    if was is not None and not set(differences(was, change)) - _BY_SOMEBODY:
        raise BadProposal("rules.no_change", {"rule": change.id})


def proposals(*, actor: Actor, now: datetime) -> tuple[Proposal, ...]:
    """Return the proposals, those that wait first, then the latest decided.

    Raises:
        NoRole: the actor has no role today.
    """
    users.need_role(actor=actor, now=now)
    known = _Known.at(now, now)
    rows = models.RuleProposal.objects.order_by("-decided_at", "-pk")
    found = [_proposal(row, now, known) for row in rows]
    return tuple(sorted(found, key=lambda one: one.state != PROPOSED))


def awaiting(*, actor: Actor, now: datetime) -> tuple[Proposal, ...]:
    """Return the proposals that wait for the actor's own approval; one query where nothing waits at all."""
    rows = list(models.RuleProposal.objects.filter(state=PROPOSED).order_by("pk"))
    if not rows:
        return ()
    known = _Known.at(now, now)
    found = [_proposal(row, now, known) for row in rows]
    return tuple(one for one in found if may_approve(one, actor, known.names, known.today))


def proposal(*, actor: Actor, now: datetime, change_id: int) -> Proposal:
    """Return one proposal.

    Raises:
        NoRole, UnknownChange
    """
    users.need_role(actor=actor, now=now)
    return _proposal(_row(change_id), now)


@transaction.atomic
def approve(*, actor: Actor, now: datetime, change_id: int) -> Proposal:
    """Add the actor's approval; with the last one missing the change is adopted.

    Raises:
        UnknownChange, NotOpen
        MayNot: the actor is not listed, proposed it himself, or has approved.
        BadChange: its first day has come before all approved; it must be proposed for a later one.
    """
    users.need_role(actor=actor, now=now)
    row, names = _open_row(change_id), Names.known(now)
    person, proposer = names.of_actor(actor), names.of(row.proposed_by)
    listed = sides(row.rule_id, names.approvers, installation.today(now=now))
    facts = {"by": person, "rule": row.rule_id}
    if names.is_one_of(actor, row.proposed_by):
        raise MayNot("rules.himself", facts)
    if not core.may_approve(person, mover="", requester=proposer, sides=listed):
        raise MayNot("rules.not_listed", facts)
    if names.has_approved(actor, row.approvals):
        raise MayNot("rules.approved_already", facts)
    rule_preview.refuse_bad(change=_change(row), now=now)
    mine = ";".join(sorted(side for side, persons in listed.items() if person in persons))
    row.approvals = [*row.approvals, {"by": actor.name, "person_id": person, "side": mine, "at": now.isoformat()}]
    row.save(update_fields=["approvals"])
    _entry("rule.approved", row, actor, now)
    if not _missing(row, names, installation.today(now=now)):
        _adopt(row, actor, now)
    return _proposal(row, now)


@transaction.atomic
def withdraw(*, actor: Actor, now: datetime, change_id: int) -> Proposal:
    """Withdraw a proposal that waits.

    Raises:
        UnknownChange, NotOpen
        MayNot: the actor neither proposed it nor is of a compliance office.
    """
    row = _open_row(change_id)
    if actor.name != row.proposed_by and not actor.has(Role.COMPLIANCE, on=installation.today(now=now)):
        raise MayNot("rules.may_not_withdraw")
    row.state, row.decided_at = WITHDRAWN, now
    row.save(update_fields=["state", "decided_at"])
    _entry("rule.withdrawn", row, actor, now)
    return _proposal(row, now)


def _adopt(row: models.RuleProposal, actor: Actor, now: datetime) -> None:
    """Write the version and ask for what follows from it: of every side, whatever becomes of the proposer's roles."""
    today = installation.today(now=now)
    approved_by = "、".join(one["by"] for one in row.approvals)
    known = models.Rule.objects.as_known_at(now).filter(rule_id=row.rule_id).exists()
    models.Rule.objects.create(
        rule_id=row.rule_id,
        version=row.version,
        body={**row.body, "approved_by": approved_by, "approved_on": today.isoformat()},
        start=row.start,
        end=row.start if row.ends else None,
        recorded_at=now,
        origin=rules.SITE,
    )
    if not known:
        _list_approvers(row, now)
    row.state, row.decided_at = ADOPTED, now
    row.save(update_fields=["state", "decided_at"])
    _entry("rule.adopted", row, actor, now)
    by_its_day = max(now, installation.midnight(day=row.start, known_at=now))
    by_house: dict[str, Json] = {jobs.BY_HOUSE: row.pk}
    rescreen = by_house | {"since": looked_back(now=now).isoformat()}
    side = common_side([Side(one) for one in jobs.sides(now=now)], released=False)
    for asked in (
        NewJob(jobs.CHECK, f"check after rule change {row.pk}", by_house, now),
        NewJob(jobs.RESCREEN, f"rescreen after rule change {row.pk}", rescreen, by_its_day),
    ):
        jobs.make(asked, requested_by=row.proposed_by, now=now, side=side)


def _list_approvers(row: models.RuleProposal, now: datetime) -> None:
    """Let those who adopted a new rule stand as the approvers of exceptions to it, each for the side he stood for."""
    for side, persons in sides(row.rule_id, rules.approvers(known_at=now), row.start).items():
        models.RuleApprovers.objects.create(
            rule_id=row.rule_id,
            persons=sorted(persons),
            side=side,
            start=row.start,
            end=None,
            recorded_at=now,
            origin=rules.SITE,
        )


def may_approve(proposal: Proposal, actor: Actor, names: Names, today: date) -> bool:
    """Tell whether the actor's approval would count: listed, not the proposer, not given yet."""
    person, listed = names.of_actor(actor), sides(proposal.change.id, names.approvers, today)
    proposer = names.of(proposal.proposed_by)
    by_rule = core.may_approve(person, mover="", requester=proposer, sides=listed)
    own = names.is_one_of(actor, proposal.proposed_by) or names.has_approved(actor, proposal.approvals)
    return proposal.state == PROPOSED and by_rule and not own


def sides(rule_id: str, listed: tuple[Approvers, ...], today: date) -> Mapping[Side, frozenset[PersonId]]:
    """Return who may approve a change of the rule, by side; of a rule that is new, whoever may for any other."""
    days = (today,)
    own = core.listed(listed, rule_id, days)
    if any(row.rule == rule_id for row in listed):
        return own
    return core.listed([replace(row, rule=rule_id) for row in listed], rule_id, days)


def _missing(row: models.RuleProposal, names: Names, today: date) -> tuple[Side, ...]:
    return core.open_sides(
        names.counted(row.approvals, row.proposed_by),
        mover="",
        requester=names.of(row.proposed_by),
        sides=sides(row.rule_id, names.approvers, today),
    )


def _row(change_id: int) -> models.RuleProposal:
    row = models.RuleProposal.objects.filter(pk=change_id).first()
    if row is None:
        raise UnknownChange("rules.unknown_change", {"change": change_id})
    return row


def _open_row(change_id: int) -> models.RuleProposal:
    row = models.RuleProposal.objects.select_for_update().filter(pk=change_id).first() or _row(change_id)
    if row.state != PROPOSED:
        raise NotOpen("rules.not_open", {"change": change_id})
    return row


def _ends(change: Rule) -> bool:
    return change.period.start == change.period.end


def _change(row: models.RuleProposal) -> Rule:
    period = Period(row.start, row.start if row.ends else None)
    return read_rule({**row.body, "id": row.rule_id, "version": row.version}, period)


@dataclass(frozen=True, slots=True)
class _Known:
    """What showing proposals takes, read once."""

    names: Names
    rules: tuple[Rule, ...]
    today: date

    @classmethod
    def at(cls, now: datetime, rules_at: datetime) -> "_Known":
        return cls(Names.known(now), rules.rules(known_at=rules_at), installation.today(now=now))


def _proposal(row: models.RuleProposal, now: datetime, known: _Known | None = None) -> Proposal:
    """Return the proposal; alone it tells what it replaced as that was known when it was made."""
    known = known or _Known.at(now, now if row.state == PROPOSED else row.proposed_at - _MOMENT)
    names, today = known.names, known.today
    return Proposal(
        id=row.pk,
        change=_change(row),
        ends=row.ends,
        was=next((one for one in in_force(known.rules, row.start) if one.id == row.rule_id), None),
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        approvals=tuple(row.approvals),
        open_sides=_missing(row, names, today) if row.state == PROPOSED else (),
        state=row.state,
        decided_at=row.decided_at,
    )


def _entry(kind: str, row: models.RuleProposal, actor: Actor, now: datetime) -> None:
    facts: dict[str, Json] = {
        "change": row.pk,
        "rule": row.rule_id,
        "version": row.version,
        "from": row.start.isoformat(),
        "ends": row.ends,
        "body": row.body,
        "state": row.state,
    }
    ledger.record(kind=kind, actor=actor.name, now=now, facts=facts, personal={"reason": row.reason})
