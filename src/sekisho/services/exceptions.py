"""Exceptions to the rules: requested, approved by the listed approvers, withdrawn, ended. 例外承認.

Who may approve is decided by `core.exceptions`: one listed approver for each side that lists any for the
rule, each another person, the network side's always among them, never the requester or the mover.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from sekisho.core import exceptions as core
from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import NETWORK, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.rules import RuleException
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, common_side
from sekisho.core.wall import NOT_COVERED, Covered
from sekisho.services import installation, ledger, people, person_sides, users, visibility
from sekisho.services.exception_names import Names
from sekisho.services.person_sides import Notice, Sides
from sekisho.services.rules import approvers, rules
from sekisho.store import models

REQUESTED, APPROVED, WITHDRAWN = "requested", "approved", "withdrawn"
TRIES = 20
"""How often a number is drawn anew that somebody else took meanwhile."""
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
    _refuse_incomplete(asked, actor, now)
    row = _numbered(asked, actor, now)
    _entry("exception.requested", row, actor, now)
    return _state(row, now)


def _numbered(asked: Request, actor: Actor, now: datetime) -> models.RuleException:
    """Write the request under the next free number; where two ask at once, the second takes the one after."""
    for _ in range(TRIES):
        with suppress(IntegrityError), transaction.atomic():
            return models.RuleException.objects.create(
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
    raise NotOpen("exceptions.busy")


def _refuse_incomplete(asked: Request, actor: Actor, now: datetime) -> None:
    if not asked.reason.strip():
        raise BadRequest("exceptions.no_reason")
    if asked.end <= asked.start:
        raise BadRequest("exceptions.no_end", {"start": asked.start.isoformat()})
    if not person_sides.knows_of(actor=actor, person_id=asked.person_id, now=now):
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
        UnknownException: there is none, or none that the actor may know of; the answer is the same.
        NotOpen
        MayNot: the actor is not listed for the rule today, requested it himself, is the mover, or has approved.
    """
    users.need_role(actor=actor, now=now)
    row, names = _current(exception_id, now), Names.known(now)
    person = names.of_actor(actor)
    sides = core.listed(names.approvers, row.rule_id, (installation.today(now=now),))
    if not any(person in persons for persons in sides.values()) and not seen(actor=actor, now=now, rows=[row]):
        raise _unknown(exception_id)
    _refuse_closed(row, now)
    _refuse_approval(row, actor, sides, names)
    approval = {"by": actor.name, "person_id": person, "side": _sides_of(person, sides), "at": now.isoformat()}
    approvals = [*row.approvals, approval]
    missing = core.open_sides(
        names.counted(approvals, row.person_id, row.requested_by),
        mover=names.of(row.person_id),
        requester=names.of_requester(row.requested_by),
        sides=sides,
    )
    changed = _replaced(row, now, approvals=approvals, state=REQUESTED if missing else APPROVED, end=row.end)
    _entry("exception.approved", changed, actor, now)
    return _state(changed, now)


def _refuse_approval(
    row: models.RuleException, actor: Actor, sides: Mapping[Side, frozenset[PersonId]], names: Names
) -> None:
    person = names.of_actor(actor)
    facts = {"by": person, "rule": row.rule_id}
    mover, requester = names.of(row.person_id), names.of_requester(row.requested_by)
    if names.is_one_of(actor, row.person_id, row.requested_by):
        raise MayNot("exceptions.himself", facts)
    if not core.may_approve(person, mover=mover, requester=requester, sides=sides):
        raise MayNot("exceptions.not_listed", facts)
    if names.has_approved(actor, row.approvals):
        raise MayNot("exceptions.already", facts)


def _sides_of(person: str, sides: Mapping[Side, frozenset[PersonId]]) -> str:
    return ";".join(sorted(side for side, persons in sides.items() if person in persons))


@transaction.atomic
def withdraw(*, actor: Actor, now: datetime, exception_id: str) -> ExceptionState:
    """Withdraw an exception: from today on it covers nobody; for the days before it stays as it was.

    Raises:
        UnknownException: there is none, or none that the actor may know of; the answer is the same.
        NotOpen
        MayNot: the actor neither requested it nor is of a compliance office.
    """
    users.need_role(actor=actor, now=now)
    row = _current(exception_id, now)
    if actor.name != row.requested_by and not seen(actor=actor, now=now, rows=[row]):
        raise _unknown(exception_id)
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
    """Return the exceptions that the actor may see, by id; what may not be seen is not counted either.

    Whoever asked for one, and whoever is listed to approve one that still waits, sees it whatever his roles.
    """
    users.need_role(actor=actor, now=now)
    rows = list(models.RuleException.objects.as_known_at(now).order_by("exception_id"))
    names, today = Names.known(now), installation.today(now=now)
    told, himself = seen(actor=actor, now=now, rows=rows), names.of_actor(actor)
    own = {row.pk for row in rows if row.requested_by == actor.name or _waits_for(himself, row, names, today)}
    return tuple(_state(row, now, names, today) for row in rows if row.pk in told | own)


def _waits_for(person: str, row: models.RuleException, names: Names, today: date) -> bool:
    sides = core.listed(names.approvers, row.rule_id, (today,))
    return row.state == REQUESTED and any(person in persons for persons in sides.values())


def seen(*, actor: Actor, now: datetime, rows: Iterable[models.RuleException]) -> set[int]:
    """Return the keys of the rows that the actor sees in detail: by a side of the person concerned.

    An exception for the day of a move that is not released yet would tell of that move: it is known to
    whoever knows of the notice (domain §7.11). Reads that see both sides are logged, once a side.
    """
    rows = list(rows)
    same_as = people.same_as(known_at=now)
    persons = {row.pk: same_as.get(PersonId(row.person_id), PersonId(row.person_id)) for row in rows}
    sides = person_sides.sides_of(person_ids=set(persons.values()), known_at=now)
    waiting = person_sides.notices(now=now)
    own = same_as.get(actor.person_id, actor.person_id) if actor.person_id else None
    known: dict[tuple[Side | None, bool], bool] = {}
    for row in rows:
        where, embargo = _place(row, sides[persons[row.pk]], waiting.get(persons[row.pk], ()))
        released = not embargo
        for side in where:
            if (side, released) not in known:
                known[side, released] = _decided(actor, side, now, released=released)
        if any(known[side, released] for side in where) or (own == persons[row.pk] and released):
            persons[row.pk] = PersonId("")
    return {key for key, person in persons.items() if not person}


def _place(row: models.RuleException, sides: Sides, waiting: Iterable[Notice]) -> tuple[Sides, str]:
    """Return the sides of the exception, and until when it may not be known ("": it may)."""
    tied = [one for one in waiting if row.start <= one.first_day and (row.end is None or one.first_day < row.end)]
    if not tied:
        return sides, ""
    return frozenset[Side | None]().union(*(one.sides for one in tied)), ledger.embargo(one.release_at for one in tied)


def _decided(actor: Actor, side: Side | None, now: datetime, *, released: bool) -> bool:
    purpose = visibility.purpose(actor=actor, now=now)
    kind = FactKind.EXCEPTION
    depth = visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, released=released)
    return depth is Depth.DETAIL


def known(*, known_at: datetime) -> dict[PersonId, tuple[RuleException, ...]]:
    """Return every exception per person; `core.exceptions` says which hold. A withdrawn one has ended."""
    names = Names.known(known_at)
    found: dict[PersonId, tuple[RuleException, ...]] = {}
    for row in models.RuleException.objects.as_known_at(known_at).order_by("exception_id"):
        one = _core(row, names)
        found[one.person_id] = (*found.get(one.person_id, ()), one)
    return found


def covered(*, kind: str, on: date, known_at: datetime) -> dict[PersonId, Covered]:
    """Return what the exceptions in force on the day, to rules of the kind, let each person hold together.

    An exception covers the sides that had to approve it: those that list approvers of its rule, and the network's.
    """
    listed = approvers(known_at=known_at)
    names = {rule.id for rule in rules(known_at=known_at) if rule.kind.value == kind and rule.period.holds(on)}
    found: dict[PersonId, Covered] = {}
    for person, own in known(known_at=known_at).items():
        for one in own:
            if one.rule in names and core.in_force([one], listed, rule=one.rule, person_id=person, on=on):
                sides = {NETWORK, *core.listed(listed, one.rule, (on, one.period.start))}
                found[person] = found.get(person, NOT_COVERED) | {frozenset(sides)}
    return found


def _current(exception_id: str, now: datetime) -> models.RuleException:
    """Return the exception as it stands, locked: whoever changes it does so one after the other."""
    rows = models.RuleException.objects.as_known_at(now).select_for_update()
    row = rows.filter(exception_id=exception_id).order_by("-id").first()
    if row is None:
        raise _unknown(exception_id)
    return row


def _unknown(exception_id: str) -> UnknownException:
    return UnknownException("exceptions.unknown", {"exception": exception_id})


def _refuse_closed(row: models.RuleException, now: datetime) -> None:
    state = _state(row, now)
    if state.state != REQUESTED:
        raise NotOpen("exceptions.not_open", {"exception": row.exception_id, "state": state.state})


def _replaced(
    row: models.RuleException, now: datetime, *, approvals: list[dict[str, Any]], state: str, end: date | None
) -> models.RuleException:
    """Close the row on the record axis and write how it stands now.

    Raises:
        NotOpen: somebody else has changed it meanwhile.
    """
    if not models.RuleException.objects.filter(pk=row.pk, superseded_at=None).update(superseded_at=now):
        raise NotOpen("exceptions.changed", {"exception": row.exception_id})
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
    facts: dict[str, Json] = {
        "exception": row.exception_id,
        "rule": row.rule_id,
        "person_id": row.person_id,
        "state": row.state,
        "from": row.start.isoformat(),
        "to": row.end.isoformat() if row.end else None,
    }
    person = people.same_person(person_id=PersonId(row.person_id), known_at=now)
    sides = person_sides.sides_of(person_ids=[person], known_at=now)[person]
    where, embargo = _place(row, sides, person_sides.notices(now=now).get(person, ()))
    if embargo:
        facts["embargo"] = embargo
    ledger.record(
        kind=kind,
        actor=actor.name,
        now=now,
        facts=facts,
        personal={"reason": row.reason},
        side=common_side(where, released=not embargo),
    )


def _state(
    row: models.RuleException, now: datetime, names: Names | None = None, today: date | None = None
) -> ExceptionState:
    names, today = names or Names.known(now), today or installation.today(now=now)
    one = _core(row, names)
    sides = core.listed(names.approvers, row.rule_id, (row.start, today))
    missing = core.open_sides(one.approved_by, mover=one.person_id, requester=one.requested_by, sides=sides)
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


def _core(row: models.RuleException, names: Names) -> RuleException:
    return RuleException(
        id=row.exception_id,
        rule=row.rule_id,
        person_id=PersonId(names.of(row.person_id)),
        reason=row.reason,
        approved_by=frozenset(names.counted(row.approvals, row.person_id, row.requested_by)),
        period=Period(row.start, row.end),
        requested_by=names.of_requester(row.requested_by),
    )
