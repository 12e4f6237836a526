"""HR's signed list of expected movers: whoever is not on it is held by a plan's guards.

Here: reading and signing it. Not here: the guard (`core.plans`), and that the signer is not the
planner: when the plan is made, it counts lists of other signers only.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from sekisho.core.canonical import sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import BOTH, OrderStatus, PersonId, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide
from sekisho.intake.defects import Defect, Note
from sekisho.intake.order_files import read_order_file
from sekisho.intake.order_rows import OrderRow
from sekisho.services import installation, ledger, order_reach, profiles, visibility
from sekisho.services.order_numbers import Numbers, numbers_of
from sekisho.store import models

COLUMNS = ("order_no", "employee_no", "effective_date")
LISTS = 50


class NotAllowed(SekishoError):
    """Only HR signs who is expected to move."""


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A signed list. Rejected rows are not on it: their movers stay unexpected, so held."""

    movers: int
    sha256: str
    signed_by: str
    signed_at: datetime
    rows_in: int
    ignored: int
    rejections: tuple[Defect, ...]


@transaction.atomic
def sign(*, actor: Actor, now: datetime, name: str, content: bytes, profile: str | None = None) -> SignedManifest:
    """Read the list, sign it in the actor's name, and put its hash in the ledger.

    The same file again keeps its first signature.

    Raises:
        NotAllowed: the actor has not the role hr.
        Unreadable, MissingColumns: nothing was signed.
    """
    if not actor.has(Role.HR, on=installation.today(now=now)):
        raise NotAllowed("orders.manifest_not_allowed", {"actor": actor.name})
    layout = profiles.load(name=profile, known_at=now)
    reading = read_order_file(content, name, layout, installation.zone(known_at=now), COLUMNS)
    numbers = numbers_of(employee_nos={row.employee_no for row in reading.rows}, known_at=now)
    rejections = [defects[0] for defects in reading.rejected]
    movers: set[tuple[str, str, str]] = set()
    for row in reading.rows:
        found = _mover(numbers, row)
        if isinstance(found, Defect):
            rejections.append(found)
        else:
            movers.add((found, row.order_no, row.effective_date.isoformat() if row.effective_date else ""))
    manifest = _saved(actor, now, name, sha256_hex(content), sorted(movers))
    accepted = reading.rows_in - len(rejections) - reading.headers_again
    return SignedManifest(
        movers=len(movers),
        sha256=manifest.sha256,
        signed_by=manifest.signed_by,
        signed_at=manifest.signed_at or now,
        rows_in=reading.rows_in,
        ignored=reading.headers_again + accepted - len(movers),
        rejections=tuple(sorted(rejections, key=lambda defect: defect.row)),
    )


def _mover(numbers: Numbers, row: OrderRow) -> PersonId | Defect:
    holders = numbers.holders(row.employee_no, row.company, row.effective_date)
    persons = {holder.person_id for holder in holders}
    if len(persons) == 1:
        return persons.pop()
    code = "orders.ambiguous_employee" if persons else "orders.unknown_employee"
    companies = ", ".join(sorted(holder.company for holder in holders))
    return row.defect("employee_no", Note(code, {"value": row.place("employee_no")[1], "companies": companies}))


def _saved(actor: Actor, now: datetime, name: str, sha256: str, movers: list[tuple[str, str, str]]) -> models.Manifest:
    """Return the signed list. A list read again with more persons known is signed anew."""
    known = models.Manifest.objects.filter(sha256=sha256).first()
    rows = [list(mover) for mover in movers]
    if known is not None and known.movers == rows:
        return known
    manifest, _ = models.Manifest.objects.update_or_create(
        sha256=sha256,
        defaults={
            "name": name,
            "movers": rows,
            "signed_by": actor.name,
            "recorded_at": known.recorded_at if known else now,
            "signed_at": now,
        },
    )
    facts: dict[str, str | int] = {"sha256": sha256, "movers": len(rows)}
    side = visibility.widest_side(actor=actor, now=now)
    ledger.record(kind="manifest.signed", actor=actor.name, now=now, facts=facts, personal={"movers": rows}, side=side)
    return manifest


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list that HR signed; `days` are those on which its movers move."""

    name: str
    movers: int
    days: tuple[date, ...]
    signed_by: str
    signed_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class DayGuarded:
    """A day to come: who is expected, who has a released final order, and who has one without being expected.

    `outside` are those of the last whose names the actor may read; `hidden` is how many there are besides.
    """

    day: date
    listed: int
    ordered: int
    outside: tuple[PersonId, ...]
    hidden: int


def signed_lists(*, actor: Actor, now: datetime) -> tuple[SignedList, ...]:
    """Return the last signed lists, newest first.

    Raises:
        NotVisible: the actor may not even know of HR's files.
    """
    visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now, least=Depth.COUNT)
    rows = models.Manifest.objects.exclude(signed_by="").order_by("-signed_at", "-pk")
    if _told_of_both(actor, now, released=False) is not Depth.DETAIL:  # a list names days of any side
        rows = rows.filter(signed_by=actor.name)
    return tuple(
        SignedList(
            row.name,
            len(row.movers),
            tuple(sorted({date.fromisoformat(mover[2]) for mover in row.movers if mover[2]})),
            row.signed_by,
            row.signed_at or row.recorded_at,
            row.sha256,
        )
        for row in rows[:LISTS]
    )


def _told_of_both(actor: Actor, now: datetime, *, released: bool) -> Depth:
    """Return how much the actor is told of every side's moves, before their release or after."""
    on, purpose = installation.today(now=now), visibility.purpose(actor=actor, now=now)
    return decide(actor, kind=FactKind.MOVE, side=Side(BOTH), purpose=purpose, on=on, released=released)


def days_guarded(*, actor: Actor, now: datetime) -> tuple[DayGuarded, ...]:
    """Return the days to come on which somebody moves, with what the signed lists would hold.

    For those who may count the moves of every side. A listed mover whose move is not released is counted for those only
    who are told of it.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now, least=Depth.COUNT)
    today = installation.today(now=now)
    if _told_of_both(actor, now, released=True) < Depth.COUNT:
        return ()
    finals = models.Order.objects.filter(status=OrderStatus.FINAL.value, superseded_at=None, first_day__gte=today)
    released = finals.exclude(release_at__gt=now).order_by("first_day").values_list("first_day", "person_id")
    ordered: dict[date, set[PersonId]] = defaultdict(set)
    for day, person in released.distinct():
        ordered[day].add(PersonId(person))
    listed = _listed(today)
    if _told_of_both(actor, now, released=False) is not Depth.DETAIL:
        listed = {day: persons & ordered[day] for day, persons in listed.items() if persons & ordered.get(day, set())}
    outside = {day: ordered[day] - listed.get(day, set()) for day in ordered}
    named = order_reach.names_seen(actor=actor, persons={one for some in outside.values() for one in some}, now=now)
    seen = set(named) if any(actor.has(role, on=today) for role in order_reach.IMPORTERS) else set()
    return tuple(
        DayGuarded(
            day,
            len(listed.get(day, ())),
            len(ordered.get(day, ())),
            shown := tuple(sorted(outside.get(day, set()) & seen))[:LISTS],
            len(outside.get(day, ())) - len(shown),
        )
        for day in sorted({*ordered, *listed})[:LISTS]
    )


def _listed(today: date) -> dict[date, set[PersonId]]:
    """Return whom the signed lists expect, by day from today on."""
    found: dict[date, set[PersonId]] = defaultdict(set)
    for movers in models.Manifest.objects.exclude(signed_by="").values_list("movers", flat=True):
        for person, _, written in movers:
            day = date.fromisoformat(written) if written else None
            if day is not None and day >= today:
                found[day].add(PersonId(person))
    return found
