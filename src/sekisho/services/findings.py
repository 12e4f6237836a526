"""Findings: facts that someone must look at and close with words. They accuse nobody.

Here: raising, listing, closing. What is a finding is decided where it is found (`screening`, …). A
finding's `key` says what it is about, so that finding the same thing again raises nothing new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import PersonId, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, ledger, visibility
from sekisho.store import models

BATCH = 500


class UnknownFinding(SekishoError):
    """No finding has that key."""


class NoDisposition(SekishoError):
    """A finding was to be closed without a word about what was done."""


class MayNotClose(SekishoError):
    """The actor is of no compliance office."""


class ClosedAlready(SekishoError):
    """The finding is closed; what was written then stays."""


@dataclass(frozen=True, slots=True)
class NewFinding:
    """A finding to raise. `params` fill the text `findings.<kind>`; `side` is "" where it is of no side."""

    kind: str
    key: str
    params: Mapping[str, str] = field(default_factory=dict)
    person_id: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as it stands."""

    kind: str
    key: str
    params: Mapping[str, str]
    person_id: str
    side: str
    raised_at: datetime
    closed_at: datetime | None
    disposition: str


@transaction.atomic
def raise_all(*, findings: Sequence[NewFinding], actor: Actor, now: datetime) -> tuple[str, ...]:
    """Raise those that were never raised; return their keys. Each has its ledger entry on its side."""
    wanted = {finding.key: finding for finding in findings}
    keys = sorted(wanted)
    known: set[str] = set()
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        known |= set(models.Finding.objects.filter(key__in=part).values_list("key", flat=True))
    new = [wanted[key] for key in keys if key not in known]
    models.Finding.objects.bulk_create(
        [
            models.Finding(
                kind=one.kind,
                key=one.key,
                side=one.side,
                person_id=one.person_id,
                params=dict(one.params),
                raised_at=now,
            )
            for one in new
        ],
        batch_size=BATCH,
    )
    entries = [
        ledger.NewEntry("finding.raised", {"finding": one.kind, "key": one.key}, {"params": dict(one.params)}, one.side)
        for one in new
    ]
    ledger.record_many(entries, actor=actor.name, now=now)
    return tuple(one.key for one in new)


def findings(*, actor: Actor, now: datetime, kind: str | None = None, closed: bool = False) -> tuple[Finding, ...]:
    """Return the open findings (with `closed`, all) that the actor may see, oldest first."""
    rows = models.Finding.objects.order_by("raised_at", "key")
    if kind is not None:
        rows = rows.filter(kind=kind)
    if not closed:
        rows = rows.filter(closed_at__isnull=True)
    found = [_finding(row) for row in rows]
    seen = {side: _sees(actor, side, now) for side in {one.side for one in found}}
    return tuple(one for one in found if seen[one.side])


@dataclass(frozen=True, slots=True)
class Some:
    """The first of the findings, and how many there are in all."""

    findings: tuple[Finding, ...]
    total: int


def sides_read(*, actor: Actor, now: datetime, rows: "QuerySet[models.Finding]") -> list[str]:
    """Return those sides of the rows whose findings the actor reads."""
    sides = rows.order_by().values_list("side", flat=True).distinct()
    return [side for side in sorted(sides) if _sees(actor, side, now)]


def visible(*, actor: Actor, now: datetime, rows: "QuerySet[models.Finding]") -> tuple[Finding, ...]:
    """Return those of the rows that the actor may see, in their order."""
    sides = sides_read(actor=actor, now=now, rows=rows)
    return tuple(_finding(row) for row in rows.filter(side__in=sides))


def closed(*, actor: Actor, now: datetime, kinds: str, page: int, size: int) -> Some:
    """Return a page of the closed findings whose kind begins so, the last closed first, and their number."""
    rows = models.Finding.objects.filter(closed_at__isnull=False, kind__startswith=kinds)
    mine = rows.filter(side__in=sides_read(actor=actor, now=now, rows=rows)).order_by("-closed_at", "key")
    return Some(tuple(_finding(row) for row in mine[(page - 1) * size : page * size]), mine.count())


def first_open(*, actor: Actor, now: datetime, kinds: str, most: int) -> Some:
    """Return the oldest open findings whose kind begins so and that the actor may see, and their number."""
    rows = models.Finding.objects.filter(closed_at__isnull=True, kind__startswith=kinds)
    sides = [side for side in rows.values_list("side", flat=True).distinct() if _sees(actor, side, now)]
    mine = rows.filter(side__in=sides).order_by("raised_at", "key")
    return Some(tuple(_finding(row) for row in mine[:most]), mine.count())


def visible_keys(*, keys: Sequence[str], actor: Actor, now: datetime) -> tuple[str, ...]:
    """Return those of the keys that the actor may see, in their order."""
    sides: dict[str, str] = {}
    for start in range(0, len(keys), BATCH):
        rows = models.Finding.objects.filter(key__in=keys[start : start + BATCH])
        sides.update(rows.values_list("key", "side"))
    seen = {side: _sees(actor, side, now) for side in set(sides.values())}
    return tuple(key for key in keys if seen[sides[key]])


@transaction.atomic
def close(*, actor: Actor, now: datetime, key: str, disposition: str) -> Finding:
    """Close a finding with what was done about it.

    Raises:
        MayNotClose: the actor is of no compliance office.
        UnknownFinding: there is none, or none of his office's side; the answer is the same.
        NoDisposition, ClosedAlready
    """
    today = installation.today(now=now)
    if not actor.has(Role.COMPLIANCE, on=today):
        raise MayNotClose("findings.may_not_close")
    row = models.Finding.objects.filter(key=key).first()
    if row is None or not actor.has(Role.COMPLIANCE, on=today, side=Side(row.side) if row.side else None):
        raise UnknownFinding("findings.unknown", {"key": key})
    if not disposition.strip():
        raise NoDisposition("findings.no_disposition")
    if row.closed_at is not None:
        raise ClosedAlready("findings.closed_already", {"key": key})
    row.closed_at, row.disposition = now, disposition.strip()
    row.save(update_fields=["closed_at", "disposition"])
    personal = {"disposition": row.disposition, "person_id": PersonId(row.person_id)}
    ledger.record(
        kind="finding.closed", actor=actor.name, now=now, facts={"key": key}, personal=personal, side=row.side
    )
    return _finding(row)


def _sees(actor: Actor, side: str, now: datetime) -> bool:
    purpose = visibility.purpose(actor=actor, now=now)
    seen = visibility.depth(actor=actor, kind=FactKind.FINDING, side=side, purpose=purpose, now=now)
    return seen is Depth.DETAIL


def _finding(row: models.Finding) -> Finding:
    return Finding(
        row.kind, row.key, row.params, row.person_id, row.side, row.raised_at, row.closed_at, row.disposition
    )
