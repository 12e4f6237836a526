"""Exceptions to the rules: requested, approved by the listed approvers, withdrawn, ended. 例外承認.

Who may approve is decided by `core.exceptions`: one listed approver for each side that lists any for the
rule, each another person, the network side's always among them, never the requester or the mover.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from sekisho.core import exceptions as core
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import NETWORK, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.rules import RuleException
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import installation, ledger, visibility
from sekisho.services.rules import approvers, rules
from sekisho.store import models

REQUESTED, APPROVED, WITHDRAWN = "requested", "approved", "withdrawn"
FROM_FOLDER = "folder:"
REQUESTERS = (Role.HR, Role.COMPLIANCE, Role.IT_OPERATION, Role.UNIT_HEAD)


class BadRequest(SekishoError):
    """The request lacks a reason, an end, a rule in force or a known person."""


class MayNot(SekishoError):
    """The actor may not request, approve or withdraw this one."""


class UnknownException(SekishoError):
    """No exception has that id."""


class NotOpen(SekishoError):
    """The exception is approved or withdrawn already."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: `end` is the first day on which the exception no longer holds."""

    rule: str
    person_id: PersonId
    reason: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class ExceptionState:
    """An exception as it stands; `open_sides` are the sides whose approval is missing, `in_force` is of today."""

    id: str
    rule: str
    person_id: str
    reason: str
    requested_by: str
    approved_by: tuple[str, ...]
    open_sides: tuple[Side, ...]
    start: date
    end: date | None
    state: str
    in_force: bool


@transaction.atomic
def request(*, actor: Actor, now: datetime, asked: Request) -> ExceptionState:
    """Ask for an exception; it holds once the listed approvers have approved it.

    Raises:
        MayNot: the actor has none of the roles that request.
        BadRequest: no reason, no end, no such rule in the period, no such person, or no network approver.
    """
    today = installation.today(now=now)
    if not any(actor.has(role, on=today) for role in REQUESTERS):
        raise MayNot("exceptions.may_not_request")
    _refuse_incomplete(asked, now)
    row = models.RuleException.objects.create(
        exception_id=_next_id(),
        rule_id=asked.rule,
        person_id=asked.person_id,
        reason=asked.reason.strip(),
        requested_by=actor.name,
        approvals=[],
        state=REQUESTED,
        start=asked.start,
        end=asked.end,
        recorded_at=now,
    )
    _entry("exception.requested", row, actor, now)
    return _state(row, now)


def _refuse_incomplete(asked: Request, now: datetime) -> None:
    if not asked.reason.strip():
        raise BadRequest("exceptions.no_reason")
    if asked.end <= asked.start:
        raise BadRequest("exceptions.no_end", {"start": asked.start.isoformat()})
    if not models.Person.objects.filter(person_id=asked.person_id).exists():
        raise BadRequest("exceptions.unknown_person", {"person": asked.person_id})
    period = Period(asked.start, asked.end)
    known = {rule.id for rule in rules(known_at=now) if rule.period.overlap(period)}
    facts = {"rule": asked.rule, "day": asked.start.isoformat(), "known": ", ".join(sorted(known)) or "-"}
    if asked.rule not in known:
        raise BadRequest("exceptions.unknown_rule", facts)
    if not core.listed(approvers(known_at=now), asked.rule, (asked.start, installation.today(now=now))).get(NETWORK):
        raise BadRequest("exceptions.no_network_approver", facts)


def _next_id() -> str:
    """Return the next free number: equal runs give equal ids."""
    taken = set(models.RuleException.objects.values_list("exception_id", flat=True))
    number = len(taken) + 1
    while f"X{number:04d}" in taken:
        number += 1
    return f"X{number:04d}"


@transaction.atomic
def approve(*, actor: Actor, now: datetime, exception_id: str) -> ExceptionState:
    """Add the actor's approval; with the last one missing the exception is approved.

    Raises:
        UnknownException, NotOpen
        MayNot: the actor is not listed for the rule today, requested it himself, is the mover, or has approved.
    """
    row = _open(exception_id, now)
    users = _persons_of_users(now)
    person = _person(actor, users)
    sides = core.listed(approvers(known_at=now), row.rule_id, (installation.today(now=now),))
    _refuse_approval(row, person, sides, users)
    approval = {"by": actor.name, "person_id": person, "side": _sides_of(person, sides), "at": now.isoformat()}
    approvals = [*row.approvals, approval]
    missing = core.open_sides(
        [one["person_id"] for one in approvals],
        mover=row.person_id,
        requester=_requester(row, users),
        sides=sides,
    )
    changed = _replaced(row, now, approvals=approvals, state=REQUESTED if missing else APPROVED, end=row.end)
    _entry("exception.approved", changed, actor, now)
    return _state(changed, now)


def _refuse_approval(
    row: models.RuleException, person: str, sides: Mapping[Side, frozenset[PersonId]], users: Mapping[str, str]
) -> None:
    facts = {"by": person, "rule": row.rule_id}
    if person in {row.person_id, _requester(row, users), row.requested_by}:
        raise MayNot("exceptions.himself", facts)
    if not core.may_approve(person, mover=row.person_id, requester=_requester(row, users), sides=sides):
        names = sorted({name for persons in sides.values() for name in persons})
        raise MayNot("exceptions.not_listed", {**facts, "listed": ", ".join(names) or "-"})
    if person in {_approver(one, users) for one in row.approvals}:
        raise MayNot("exceptions.already", facts)


def _sides_of(person: str, sides: Mapping[Side, frozenset[PersonId]]) -> str:
    return ";".join(sorted(side for side, persons in sides.items() if person in persons))


@transaction.atomic
def withdraw(*, actor: Actor, now: datetime, exception_id: str) -> ExceptionState:
    """Withdraw an exception: from today on it covers nobody; for the days before it stays as it was.

    Raises:
        UnknownException, NotOpen
        MayNot: the actor neither requested it nor is of a compliance office.
    """
    row = _current(exception_id, now)
    if row.state == WITHDRAWN:
        raise NotOpen("exceptions.not_open", {"exception": exception_id, "state": row.state})
    if actor.name != row.requested_by and not actor.has(Role.COMPLIANCE, on=installation.today(now=now)):
        raise MayNot("exceptions.may_not_withdraw")
    today = installation.today(now=now)
    end = max(row.start, min(row.end or today, today))
    changed = _replaced(row, now, approvals=row.approvals, state=WITHDRAWN, end=end)
    _entry("exception.withdrawn", changed, actor, now)
    return _state(changed, now)


def exceptions(*, actor: Actor, now: datetime) -> tuple[ExceptionState, ...]:
    """Return the exceptions that the actor may see, by id."""
    rows = models.RuleException.objects.as_known_at(now).order_by("exception_id")
    wide = visibility.depth(actor=actor, kind=FactKind.EXCEPTION, side=None, purpose=Purpose.WORK, now=now)
    own = actor.person_id
    return tuple(_state(row, now) for row in rows if wide is Depth.DETAIL or (own and row.person_id == own))


def known(*, known_at: datetime) -> dict[PersonId, tuple[RuleException, ...]]:
    """Return every exception per person; `core.exceptions` says which hold. A withdrawn one has ended."""
    users = _persons_of_users(known_at)
    found: dict[PersonId, tuple[RuleException, ...]] = {}
    for row in models.RuleException.objects.as_known_at(known_at).order_by("exception_id"):
        one = _core(row, users)
        found[one.person_id] = (*found.get(one.person_id, ()), one)
    return found


def covered(*, kind: str, on: date, known_at: datetime) -> frozenset[PersonId]:
    """Return the persons whom an exception in force on the day covers for some rule of the kind."""
    listed = approvers(known_at=known_at)
    names = [rule.id for rule in rules(known_at=known_at) if rule.kind.value == kind and rule.period.holds(on)]
    return frozenset(
        person
        for person, own in known(known_at=known_at).items()
        if any(core.in_force(own, listed, rule=name, person_id=person, on=on) for name in names)
    )


def _current(exception_id: str, now: datetime) -> models.RuleException:
    row = models.RuleException.objects.as_known_at(now).filter(exception_id=exception_id).order_by("-id").first()
    if row is None:
        raise UnknownException("exceptions.unknown", {"exception": exception_id})
    return row


def _open(exception_id: str, now: datetime) -> models.RuleException:
    row = _current(exception_id, now)
    state = _state(row, now)
    if state.state != REQUESTED:
        raise NotOpen("exceptions.not_open", {"exception": exception_id, "state": state.state})
    return row


def _replaced(
    row: models.RuleException, now: datetime, *, approvals: list[dict[str, Any]], state: str, end: date | None
) -> models.RuleException:
    """Close the row on the record axis and write how it stands now."""
    models.RuleException.objects.filter(pk=row.pk).update(superseded_at=now)
    return models.RuleException.objects.create(
        exception_id=row.exception_id,
        rule_id=row.rule_id,
        person_id=row.person_id,
        reason=row.reason,
        requested_by=row.requested_by,
        approvals=approvals,
        state=state,
        start=row.start,
        end=end,
        recorded_at=now,
    )


def _entry(kind: str, row: models.RuleException, actor: Actor, now: datetime) -> None:
    facts = {
        "exception": row.exception_id,
        "rule": row.rule_id,
        "person_id": row.person_id,
        "state": row.state,
        "from": row.start.isoformat(),
        "to": row.end.isoformat() if row.end else None,
    }
    ledger.record(kind=kind, actor=actor.name, now=now, facts=facts, personal={"reason": row.reason})


def _state(row: models.RuleException, now: datetime) -> ExceptionState:
    users, today = _persons_of_users(now), installation.today(now=now)
    one = _core(row, users)
    sides = core.listed(approvers(known_at=now), row.rule_id, (row.start, today))
    missing = core.open_sides(one.approved_by, mover=row.person_id, requester=one.requested_by, sides=sides)
    state = WITHDRAWN if row.state == WITHDRAWN else REQUESTED if missing else APPROVED
    return ExceptionState(
        id=row.exception_id,
        rule=row.rule_id,
        person_id=row.person_id,
        reason=row.reason,
        requested_by=row.requested_by,
        approved_by=tuple(sorted(one.approved_by)),
        open_sides=missing,
        start=row.start,
        end=row.end,
        state=state,
        in_force=not missing and one.period.end is not None and one.period.holds(today),
    )


def _core(row: models.RuleException, users: Mapping[str, str]) -> RuleException:
    return RuleException(
        id=row.exception_id,
        rule=row.rule_id,
        person_id=PersonId(row.person_id),
        reason=row.reason,
        approved_by=frozenset(_approver(one, users) for one in row.approvals),
        period=Period(row.start, row.end),
        requested_by=_requester(row, users),
    )


def _persons_of_users(known_at: datetime) -> dict[str, str]:
    rows = models.RoleAssignment.objects.as_known_at(known_at).values_list("user", "person_id")
    return {user: person for user, person in rows if person}


def _person(actor: Actor, users: Mapping[str, str]) -> str:
    """Return who acts; in a home without users the claimed name stands for the person."""
    return actor.person_id or users.get(actor.name, actor.name)


def _requester(row: models.RuleException, users: Mapping[str, str]) -> str:
    """Return the requesting person; rows of exceptions.csv carry a mark before the name."""
    name = row.requested_by.removeprefix(FROM_FOLDER)
    return users.get(name, name)


def _approver(approval: Mapping[str, Any], users: Mapping[str, str]) -> str:
    """Return the approving person; exceptions.csv may name a user."""
    named = str(approval.get("person_id") or approval.get("by") or "")
    return users.get(named, named)
