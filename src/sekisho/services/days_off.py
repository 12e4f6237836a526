"""The company's own days off: those of holidays.csv, and those that administrators enter. 休業日."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.services import administration, ledger, visibility
from sekisho.services.logins import SITE
from sekisho.store import models


@dataclass(frozen=True, slots=True)
class DayOff:
    """A day off of the company's own."""

    id: int
    day: date
    name: str
    entered: bool


def days_off(*, actor: Actor, now: datetime, year: int) -> tuple[DayOff, ...]:
    """Return the company's own days off of a year, oldest first; the national ones need no entry.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.INSTALLATION, now=now)
    rows = models.Holiday.objects.as_known_at(now).filter(day__year=year).order_by("day", "id")
    return tuple(DayOff(row.pk, row.day, row.name, row.origin == SITE) for row in rows)


@transaction.atomic
def add_day_off(*, actor: Actor, now: datetime, day: date, name: str) -> None:
    """Add a day off of the company's own.

    Raises:
        AdministratorsOnly
    """
    administration.need(actor, now)
    if models.Holiday.objects.current().filter(day=day).exists():
        return
    models.Holiday.objects.create(day=day, name=name.strip(), start=day, end=None, recorded_at=now, origin=SITE)
    _record("holiday.added", actor, now, {"day": day.isoformat(), "name": name.strip()})


@transaction.atomic
def remove_day_off(*, actor: Actor, now: datetime, day_id: int) -> None:
    """Remove a day off that was entered here.

    Raises:
        AdministratorsOnly
        FromFolder: it stands in holidays.csv.
    """
    administration.need(actor, now)
    row = models.Holiday.objects.current().filter(pk=day_id).first()
    if row is None:
        return
    if row.origin != SITE:
        raise administration.FromFolder("administration.day_from_folder", {"day": row.day.isoformat()})
    models.Holiday.objects.filter(pk=row.pk).update(superseded_at=now)
    _record("holiday.removed", actor, now, {"day": row.day.isoformat()})


def _record(kind: str, actor: Actor, now: datetime, facts: Mapping[str, Json]) -> None:
    ledger.record(kind=kind, actor=actor.name, now=now, facts=facts)
