"""Exceptions as pages show them: how each stands, whom it waits for, and what the reader may do about it. 例外承認."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min

from sekisho.core import exceptions as core
from sekisho.core.kinds import PersonId, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide
from sekisho.services import exceptions, installation, person_sides, visibility
from sekisho.services import verification_runs as runs
from sekisho.services.approvals_shown import Approval, Telling, Waiting, approval
from sekisho.services.exception_names import Names
from sekisho.services.exceptions import REQUESTED, WITHDRAWN, ExceptionState, UnknownException
from sekisho.services.rules import rules
from sekisho.store import models

CHUNK = 500


@dataclass(frozen=True, slots=True)
class ExceptionShown:
    """An exception with the mover's name, its approvals and what the reader may do."""

    state: ExceptionState
    name: str
    asked_at: datetime
    approvals: tuple[Approval, ...]
    waiting: tuple[Waiting, ...]
    may_approve: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A rule to which an exception may be asked for today or later."""

    rule: str
    version: str
    text_ja: str
    text_en: str


def listed(*, actor: Actor, now: datetime) -> tuple[ExceptionShown, ...]:
    """Return the exceptions that the actor may see: those that wait first, then by their end."""
    states = exceptions.exceptions(actor=actor, now=now)
    shown = _shown(actor, now, states)
    return tuple(sorted(shown, key=lambda one: (_rank(one.state), one.state.end or date.max, one.state.id)))


def shown(*, actor: Actor, now: datetime, exception_id: str) -> ExceptionShown:
    """Return one exception.

    Raises:
        UnknownException: there is none, or none that the actor may know of; the answer is the same.
    """
    mine = [one for one in exceptions.exceptions(actor=actor, now=now) if one.id == exception_id]
    if not mine:
        raise UnknownException("exceptions.unknown", {"exception": exception_id})
    return _shown(actor, now, mine)[0]


def offers(*, actor: Actor, now: datetime) -> tuple[Offer, ...]:
    """Return the rules to which the actor may ask for exceptions; none where his roles do not reach."""
    today = installation.today(now=now)
    if not any(actor.has(role, on=today) for role in exceptions.REQUESTERS):
        return ()
    found: dict[str, Offer] = {}
    for rule in rules(known_at=now):
        if rule.period.until > today and rule.period.start < rule.period.until and rule.id not in found:
            found[rule.id] = Offer(rule.id, rule.version, rule.text_ja, rule.text_en)
    return tuple(found.values())


def find_person(*, actor: Actor, now: datetime, words: str) -> PersonId:
    """Return the person whose id or employee number was typed; what was typed where there is none to be known.

    Never by name (law 10); a number that two companies gave is nobody's.
    """
    typed = PersonId(words.strip())
    if models.Person.objects.filter(person_id=typed).exists():
        return typed
    numbers = models.EmployeeNumber.objects.as_known_at(now).filter(employee_no=typed)
    persons = {PersonId(one) for one in numbers.values_list("person_id", flat=True)}
    found = persons.pop() if len(persons) == 1 else typed
    return found if person_sides.knows_of(actor=actor, person_id=found, now=now) else typed


def _rank(state: ExceptionState) -> int:
    if state.state == REQUESTED:
        return 0
    return 1 if state.in_force else 2


def _shown(actor: Actor, now: datetime, states: Sequence[ExceptionState]) -> list[ExceptionShown]:
    names, today = Names.known(now), installation.today(now=now)
    ids = [one.id for one in states]
    rows, asked = _rows(ids, now), _asked(ids)
    spoken = _names(_readable([PersonId(one.person_id) for one in states], actor, now), now)
    told = Telling.of(actor, now, names)
    found = []
    for state in states:
        sides = core.listed(names.approvers, state.rule, (today,))
        found.append(
            ExceptionShown(
                state=state,
                name=spoken.get(state.person_id, state.person_id),
                asked_at=asked[state.id],
                approvals=tuple(approval(one) for one in rows[state.id].approvals),
                waiting=told.waiting(state.open_sides if state.state == REQUESTED else (), sides),
                may_approve=_may_approve(actor, rows[state.id], state, names, sides),
                may_withdraw=_may_withdraw(actor, state, today),
            )
        )
    return found


def _rows(ids: Sequence[str], now: datetime) -> dict[str, models.RuleException]:
    found: dict[str, models.RuleException] = {}
    for start in range(0, len(ids), CHUNK):
        rows = models.RuleException.objects.as_known_at(now).filter(exception_id__in=ids[start : start + CHUNK])
        found.update({row.exception_id: row for row in rows.order_by("id")})
    return found


def _asked(ids: Sequence[str]) -> dict[str, datetime]:
    """Return when each was first known."""
    found: dict[str, datetime] = {}
    for start in range(0, len(ids), CHUNK):
        rows = models.RuleException.objects.filter(exception_id__in=ids[start : start + CHUNK])
        found.update(rows.values_list("exception_id").annotate(first=Min("recorded_at")).order_by())
    return found


def _readable(persons: Sequence[PersonId], actor: Actor, now: datetime) -> list[PersonId]:
    """Return those whose name may be said: asking for an exception for an id is no way to ask whose it is."""
    on, kinds = installation.today(now=now), (FactKind.PERSON, FactKind.EXCEPTION)
    purpose = visibility.purpose(actor=actor, now=now)
    sides = person_sides.sides_of(person_ids=persons, known_at=now) if persons else {}

    def reads(kind: FactKind, side: Side | None) -> bool:
        return decide(actor, kind=kind, side=side, purpose=purpose, on=on) is Depth.DETAIL

    return [one for one in persons if any(reads(kind, side) for kind in kinds for side in sides[one])]


def _names(persons: Sequence[str], now: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(persons), CHUNK):
        found.update(runs.names(person_ids=persons[start : start + CHUNK], known_at=now))
    return found


def _may_approve(
    actor: Actor,
    row: models.RuleException,
    state: ExceptionState,
    names: Names,
    sides: Mapping[Side, frozenset[PersonId]],
) -> bool:
    person, mover = names.of_actor(actor), names.of(state.person_id)
    requester = names.of_requester(state.requested_by)
    return (
        state.state == REQUESTED
        and core.may_approve(person, mover=mover, requester=requester, sides=sides)
        and not names.is_one_of(actor, row.person_id, row.requested_by)
        and not names.has_approved(actor, row.approvals)
    )


def _may_withdraw(actor: Actor, state: ExceptionState, today: date) -> bool:
    over = state.end is not None and state.end <= today
    mine = state.requested_by == actor.name or actor.has(Role.COMPLIANCE, on=today)
    return state.state != WITHDRAWN and not over and mine
