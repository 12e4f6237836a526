"""What an administrator proposes and a compliance office decides: roles, parameters, sign-ins. 確認待ち.

An administrator alone could otherwise switch approval off, or read and approve through a second login (laws 2, 8, 13).
Nothing proposed holds before the compliance office of each side concerned has confirmed it, by another person than who
proposed it and than whom it is about. After a renewed sign-in the user's roles rest until then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import BOTH, Role, Side
from sekisho.core.parameters import ParameterValue
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.services import installation, ledger, users, visibility
from sekisho.services.logins import SITE
from sekisho.store import models

ROLE, PARAMETER, SIGN_IN = "role", "parameter", "sign_in"
PROPOSED, ADOPTED, REFUSED, WITHDRAWN = "proposed", "adopted", "refused", "withdrawn"
MOST = 200


class NotOpen(SekishoError):
    """It was decided already."""


class MayNot(SekishoError):
    """The actor is of no compliance office that is asked, proposed it himself, or it is about him."""


class UnknownProposal(SekishoError):
    """There is no such proposal."""


class Lapsed(SekishoError):
    """The role would have ended before it begins."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is to be written, and whose compliance offices are asked."""

    kind: str
    subject: str
    body: Mapping[str, Json]
    sides: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it stands. `open_sides`: whose confirmation is missing; `mine`: the reader may decide it."""

    id: int
    kind: str
    subject: str
    body: Mapping[str, Json]
    reason: str
    proposed_by: str
    proposed_at: datetime
    approved_by: tuple[str, ...]
    open_sides: tuple[str, ...]
    state: str
    decided_at: datetime | None
    mine: bool


def propose(*, actor: Actor, now: datetime, asked: Proposed) -> None:
    """Write a proposal; for services that have asked who may. An earlier open one about the same is withdrawn."""
    same = models.InstallationProposal.objects.filter(kind=asked.kind, subject=asked.subject)
    if asked.kind == SIGN_IN:
        same.filter(state__in=[PROPOSED, REFUSED]).update(state=WITHDRAWN, decided_at=now)
    row = models.InstallationProposal.objects.create(
        kind=asked.kind,
        subject=asked.subject,
        body=dict(asked.body),
        sides=list(asked.sides),
        reason=asked.reason.strip(),
        proposed_by=actor.name,
        proposed_at=now,
        state=PROPOSED,
    )
    _entry("installation.proposed", row, actor, now)


def proposals(*, actor: Actor, now: datetime, subject: str | None = None) -> tuple[Proposal, ...]:
    """Return the proposals, those that wait first, then the latest decided; of one subject, if one is named.

    Raises:
        NotVisible: the actor has no business with the installation.
    """
    visibility.need_some(actor=actor, kind=FactKind.INSTALLATION, now=now)
    rows = models.InstallationProposal.objects.filter(**({} if subject is None else {"subject": subject}))
    found = _shown(rows.order_by("-pk")[:MOST], actor, now)
    return tuple(sorted(found, key=lambda one: one.state != PROPOSED))


def awaiting(*, actor: Actor, now: datetime) -> tuple[Proposal, ...]:
    """Return the proposals that the actor may decide; one query where nothing waits at all."""
    rows = list(models.InstallationProposal.objects.filter(state=PROPOSED).order_by("pk"))
    return tuple(one for one in _shown(rows, actor, now) if one.mine) if rows else ()


@transaction.atomic
def approve(*, actor: Actor, now: datetime, proposal_id: int) -> Proposal:
    """Confirm a proposal for every side of which the actor is the compliance office; with the last one it holds.

    Raises:
        UnknownProposal, NotOpen, Lapsed
        MayNot: of no office that is asked, or the proposer or the person concerned himself.
    """
    row, mine = _decidable(actor, now, proposal_id)
    row.approvals = [*row.approvals, {"by": actor.name, "sides": mine, "at": now.isoformat()}]
    _entry("installation.confirmed", row, actor, now)
    if not _open_sides(row):
        row.state, row.decided_at = ADOPTED, now
        ADOPT[row.kind](row, actor, now)
    row.save(update_fields=["approvals", "state", "decided_at"])
    return next(iter(_shown([row], actor, now)))


@transaction.atomic
def refuse(*, actor: Actor, now: datetime, proposal_id: int) -> Proposal:
    """Refuse a proposal: it never holds. After a renewed sign-in the roles go on resting until a new one is confirmed.

    Raises:
        UnknownProposal, NotOpen, MayNot: as `approve`.
    """
    row, _ = _decidable(actor, now, proposal_id)
    row.state, row.decided_at = REFUSED, now
    row.save(update_fields=["state", "decided_at"])
    _entry("installation.refused", row, actor, now)
    return next(iter(_shown([row], actor, now)))


def enter_role(*, body: Mapping[str, Json], by: str, now: datetime) -> None:
    """Write a role that holds, and its entry; `administration` has asked who may."""
    start, end = date.fromisoformat(str(body["from"])), body.get("to")
    models.RoleAssignment.objects.create(
        user=str(body["user"]),
        person_id=str(body["person_id"]),
        role=str(body["role"]),
        side=str(body["side"]),
        start=start,
        end=date.fromisoformat(str(end)) if end else None,
        recorded_at=now,
        origin=SITE,
    )
    ledger.record(kind="role.given", actor=by, now=now, facts=dict(body))


def enter_setting(*, name: str, value: ParameterValue, start: date, reason: str, by: str, now: datetime) -> None:
    """Write a parameter's value from a day on, over what was to follow, and its entry."""
    later = models.Parameter.objects.current().filter(name=name, origin=SITE, start__gte=start)
    later.update(superseded_at=now)
    models.Parameter.objects.create(name=name, value=value, start=start, end=None, recorded_at=now, origin=SITE)
    facts: dict[str, Json] = {"name": name, "value": value, "from": start.isoformat()}
    ledger.record(kind="parameter.changed", actor=by, now=now, facts=facts, personal={"reason": reason})


def sides_of(*, role: str, side: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return whose offices confirm a role: its side's, every side's where it reaches both."""
    if side == BOTH or role == Role.CROSS_SIDE:
        return known or (BOTH,)
    return (side,)


def _adopt_role(row: models.InstallationProposal, actor: Actor, now: datetime) -> None:
    """Write the role from today on at the earliest: nothing held before it was confirmed."""
    today, body = installation.today(now=now).isoformat(), dict(row.body)
    body["from"] = max(str(body["from"]), today)
    if body.get("to") and str(body["to"]) <= body["from"]:
        raise Lapsed("administration.proposal_lapsed", {"day": str(body["to"])})
    enter_role(body=body, by=actor.name, now=now)


def _adopt_setting(row: models.InstallationProposal, actor: Actor, now: datetime) -> None:
    start = max(date.fromisoformat(row.body["from"]), installation.today(now=now))
    enter_setting(name=row.subject, value=row.body["value"], start=start, reason=row.reason, by=actor.name, now=now)


def _adopt_sign_in(row: models.InstallationProposal, actor: Actor, now: datetime) -> None:
    ledger.record(kind="user.confirmed", actor=actor.name, now=now, facts={"user": row.subject})


ADOPT: Mapping[str, Callable[[models.InstallationProposal, Actor, datetime], None]] = {
    ROLE: _adopt_role,
    PARAMETER: _adopt_setting,
    SIGN_IN: _adopt_sign_in,
}
"""What each kind writes when it is adopted."""


def _decidable(actor: Actor, now: datetime, proposal_id: int) -> tuple[models.InstallationProposal, list[str]]:
    row = models.InstallationProposal.objects.select_for_update().filter(pk=proposal_id).first()
    if row is None or not actor.has(Role.COMPLIANCE, on=installation.today(now=now)):
        raise UnknownProposal("administration.unknown_proposal", {"id": proposal_id})
    if row.state != PROPOSED:
        raise NotOpen("administration.proposal_not_open", {"id": proposal_id})
    if any(users.is_same_person(actor=actor, name=name, now=now) for name in _concerned(row)):
        raise MayNot("administration.proposal_himself", {"actor": actor.name})
    mine = _offices(row, actor, now)
    if not mine:
        raise MayNot("administration.proposal_other_office", {"sides": ", ".join(_open_sides(row))})
    return row, mine


def _concerned(row: models.InstallationProposal) -> tuple[str, ...]:
    """Return who may not decide: who proposed it, and the user whom it is about."""
    return (row.proposed_by,) if row.kind == PARAMETER else (row.proposed_by, row.subject)


def _offices(row: models.InstallationProposal, actor: Actor, now: datetime) -> list[str]:
    """Return the open sides of which the actor is the compliance office today."""
    today = installation.today(now=now)
    return [side for side in _open_sides(row) if actor.has(Role.COMPLIANCE, on=today, side=Side(side))]


def _open_sides(row: models.InstallationProposal) -> tuple[str, ...]:
    given = {side for one in row.approvals for side in one["sides"]}
    return tuple(side for side in row.sides if side not in given)


def _shown(rows: Iterable[models.InstallationProposal], actor: Actor, now: datetime) -> tuple[Proposal, ...]:
    """Return the rows as the actor reads them; a fixed number of queries for any number of rows."""
    rows = list(rows)
    names = {name for row in rows if row.state == PROPOSED for name in _concerned(row)}
    own = users.same_as_actor(actor=actor, names=names, now=now) if names else frozenset()
    today = installation.today(now=now)
    offices = {side for row in rows for side in row.sides if actor.has(Role.COMPLIANCE, on=today, side=Side(side))}
    return tuple(
        Proposal(
            id=row.pk,
            kind=row.kind,
            subject=row.subject,
            body=row.body,
            reason=row.reason,
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            approved_by=tuple(one["by"] for one in row.approvals),
            open_sides=_open_sides(row) if row.state == PROPOSED else (),
            state=row.state,
            decided_at=row.decided_at,
            mine=row.state == PROPOSED and bool(offices & {*_open_sides(row)}) and not own & {*_concerned(row)},
        )
        for row in rows
    )


def _entry(kind: str, row: models.InstallationProposal, actor: Actor, now: datetime) -> None:
    facts: dict[str, Json] = {"proposal": row.pk, "kind": row.kind, "subject": row.subject, **row.body}
    ledger.record(kind=kind, actor=actor.name, now=now, facts=facts, personal={"reason": row.reason})
