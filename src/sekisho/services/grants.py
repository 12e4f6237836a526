"""Manual grants: time-boxed, with a reason, approved by someone else. 個別付与."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from sekisho.core.access import Catalogue
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import NEUTRAL, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import access, installation, ledger, people, person_sides, users, visibility
from sekisho.services.folder_rows import FROM_FOLDER
from sekisho.store import models

REQUESTED, WITHDRAWN = "requested", "withdrawn"
ASKING = (Role.IT_OPERATION, Role.COMPLIANCE, Role.UNIT_HEAD)
APPROVING = (Role.COMPLIANCE, Role.IT_OPERATION)


class NotAllowed(SekishoError):
    """The actor's roles do not reach the entitlement's side."""


class BadGrant(SekishoError):
    """The grant names something that does not exist, has no reason, or has no end."""


class UnknownGrant(SekishoError):
    """No open grant has that id."""


class NotOpen(SekishoError):
    """Somebody else has changed the grant meanwhile."""


class OwnGrant(SekishoError):
    """Nobody approves a grant that he asked for or that is for himself (law 13)."""


@dataclass(frozen=True, slots=True)
class GrantState:
    """A grant and how it stands: `requested`, `approved` or `withdrawn`."""

    id: str
    state: str
    person_id: PersonId
    system: str
    entitlement: str
    reason: str
    requested_by: str
    approver: str
    period: Period


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    person_id: PersonId
    system: str
    entitlement: str
    reason: str
    start: date
    end: date | None


@transaction.atomic
def add(*, actor: Actor, request: Request, now: datetime) -> GrantState:
    """Ask for a grant; it counts once someone else has approved it.

    Raises:
        BadGrant: unknown person or entitlement, no reason, no end, or an end before the start; what the
            actor may not know of is unknown to him.
        NotAllowed: none of the asking roles.
    """
    _need(actor, ASKING, now)
    known = access.known_systems(known_at=now)
    side = _side(known, request.system, request.entitlement)
    person_id = _checked(request, known, actor, now)
    words = (person_id, request.system, request.entitlement, str(request.start), actor.name, now.isoformat())
    row = models.Grant.objects.create(
        grant_id="GR-" + hashlib.sha256("\x00".join(words).encode()).hexdigest()[:10],
        person_id=person_id,
        system_id=request.system,
        entitlement=request.entitlement,
        reason=request.reason,
        requested_by=actor.name,
        approver="",
        state=REQUESTED,
        start=request.start,
        end=request.end,
        recorded_at=now,
    )
    _record("grant.requested", actor, row, side, now)
    return _state(row)


@transaction.atomic
def approve(*, actor: Actor, grant_id: str, now: datetime) -> GrantState:
    """Approve an open grant.

    Raises:
        UnknownGrant: no such grant waits for approval, or none of a side on which the actor approves.
        NotAllowed: none of the approving roles.
        OwnGrant: the approver asked for it, or it is for him.
        NotOpen: somebody else has changed it meanwhile.
    """
    _need(actor, APPROVING, now)
    open_ones = models.Grant.objects.current().select_for_update().filter(grant_id=grant_id, state=REQUESTED)
    row = open_ones.first()
    side = _side(access.known_systems(known_at=now), row.system_id, row.entitlement) if row else None
    if row is None or not _has_one(actor, APPROVING, now, side):
        raise UnknownGrant("grants.unknown", {"id": grant_id})
    if any(users.is_same_person(actor=actor, name=name, now=now) for name in (row.requested_by, row.person_id)):
        raise OwnGrant("grants.own", {"id": grant_id, "actor": actor.name})
    _close(row, now)
    row.approver, row.state = actor.name, access.APPROVED
    row.save(force_insert=True)
    _record("grant.approved", actor, row, side, now)
    return _state(row)


@transaction.atomic
def end(*, actor: Actor, grant_id: str, day: date, now: datetime) -> GrantState:
    """End a grant on a day, the first without it; one that nobody has approved yet is withdrawn.

    The next plan takes the access back. Whoever approves on its side may end it, and whoever asked for it.

    Raises:
        NotAllowed: none of the asking roles.
        UnknownGrant: no such grant is open, or none that is the actor's to end.
        BadGrant: it stands in grants.csv, or the day lies in the past or not before its end.
    """
    _need(actor, ASKING, now)
    open_ones = models.Grant.objects.current().select_for_update().filter(grant_id=grant_id)
    row = open_ones.exclude(state=WITHDRAWN).first()
    side = _side(access.catalogue(known_at=now), row.system_id, row.entitlement) if row else None
    his = row is not None and users.is_same_person(actor=actor, name=row.requested_by, now=now)
    if row is None or not (his or _has_one(actor, APPROVING, now, side)):
        raise UnknownGrant("grants.unknown", {"id": grant_id})
    if row.requested_by == FROM_FOLDER:
        raise BadGrant("grants.from_folder", {"id": grant_id})
    if row.state == access.APPROVED and (day < installation.today(now=now) or (row.end and day >= row.end)):
        raise BadGrant("grants.bad_end", {"day": day.isoformat()})
    waiting = row.state == REQUESTED
    _close(row, now)
    row.state, row.end = (WITHDRAWN, row.end) if waiting else (row.state, max(day, row.start))
    row.save(force_insert=True)
    _record("grant.withdrawn" if waiting else "grant.ended", actor, row, side, now)
    return _state(row)


def _close(row: models.Grant, now: datetime) -> None:
    """Close the row on the record axis and make it ready to be written as it stands now.

    Raises:
        NotOpen: somebody else has changed it meanwhile.
    """
    if not models.Grant.objects.filter(pk=row.pk, superseded_at=None).update(superseded_at=now):
        raise NotOpen("grants.changed", {"id": row.grant_id})
    row.pk, row.superseded_at, row.recorded_at = None, None, now


def grants(*, actor: Actor, now: datetime) -> tuple[GrantState, ...]:
    """Return the grants that the actor may see, by id."""
    known = access.known_systems(known_at=now)
    rows = list(models.Grant.objects.current().order_by("grant_id"))
    sides = {row.pk: _side(known, row.system_id, row.entitlement) for row in rows}
    seen = {side: _sees(actor, side, now) for side in set(sides.values())}
    return tuple(_state(row) for row in rows if seen[sides[row.pk]])


def grant(*, actor: Actor, now: datetime, grant_id: str) -> GrantState:
    """Return one grant.

    Raises:
        UnknownGrant: there is none, or none that the actor may see.
    """
    found = next((one for one in grants(actor=actor, now=now) if one.id == grant_id), None)
    if found is None:
        raise UnknownGrant("grants.unknown", {"id": grant_id})
    return found


@dataclass(frozen=True, slots=True)
class May:
    """What the actor may do about a grant. `himself`: he could approve it if it were not his own asking or for him."""

    approve: bool
    end: bool
    himself: bool


def may_ask(*, actor: Actor, now: datetime) -> bool:
    """Tell whether the actor may ask for grants at all."""
    return _has_one(actor, ASKING, now, None)


def may_change(*, actor: Actor, now: datetime, grant: GrantState) -> May:
    """Tell what the actor may do about a grant that he sees."""
    side = _side(access.catalogue(known_at=now, accounts_of=""), grant.system, grant.entitlement)
    approves, waits = _has_one(actor, APPROVING, now, side), grant.state == REQUESTED
    mine = [users.is_same_person(actor=actor, name=name, now=now) for name in (grant.requested_by, grant.person_id)]
    over = grant.period.end is not None and grant.period.end <= installation.today(now=now)
    here = grant.requested_by != FROM_FOLDER and grant.state != WITHDRAWN and not over
    return May(approves and waits and not any(mine), here and (approves or mine[0]), approves and waits and any(mine))


def _checked(request: Request, known: Catalogue, actor: Actor, now: datetime) -> PersonId:
    key = (request.system, request.entitlement)
    if not person_sides.knows_of(actor=actor, person_id=request.person_id, now=now):
        raise BadGrant("grants.unknown_person", {"person_id": request.person_id})
    if key not in known.entitlements or not _has_one(actor, ASKING, now, _side(known, *key)):
        facts = {"system": request.system, "entitlement": request.entitlement}
        raise BadGrant("grants.unknown_entitlement", facts)
    if not request.reason.strip():
        raise BadGrant("grants.no_reason")
    if request.end is None or request.end <= request.start:
        raise BadGrant("grants.no_end")
    return people.same_person(person_id=request.person_id, known_at=now)


def _side(known: Catalogue, system: str, entitlement: str) -> Side | None:
    side = known.side((system, entitlement))
    return None if side == NEUTRAL else side


def _need(actor: Actor, roles: tuple[Role, ...], now: datetime) -> None:
    if not _has_one(actor, roles, now, None):
        raise NotAllowed("grants.not_allowed", {"actor": actor.name})


def _has_one(actor: Actor, roles: tuple[Role, ...], now: datetime, side: Side | None) -> bool:
    day = installation.today(now=now)
    return any(actor.has(role, on=day, side=side) for role in roles)


def _sees(actor: Actor, side: Side | None, now: datetime) -> bool:
    kind, purpose = FactKind.HOLDING, visibility.purpose(actor=actor, now=now)
    return visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now) is Depth.DETAIL


def _record(kind: str, actor: Actor, row: models.Grant, side: Side | None, now: datetime) -> None:
    ledger.record(
        kind=kind,
        actor=actor.name,
        now=now,
        side=side or "",
        facts={
            "grant": row.grant_id,
            "person_id": row.person_id,
            "system": row.system_id,
            "entitlement": row.entitlement,
            "start": row.start.isoformat(),
            "end": row.end.isoformat() if row.end else None,
        },
        personal={"reason": row.reason},
    )


def _state(row: models.Grant) -> GrantState:
    return GrantState(
        id=row.grant_id,
        state=row.state,
        person_id=PersonId(row.person_id),
        system=row.system_id,
        entitlement=row.entitlement,
        reason=row.reason,
        requested_by=row.requested_by,
        approver=row.approver,
        period=Period(row.start, row.end),
    )
