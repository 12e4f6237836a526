"""What was changed about the installation, day by day, and what may still be taken back. 管理の変更履歴.

Only what administrators themselves do stands here: users, roles, parameters, days off, the rehearsal's clock. No
business fact is among it, so whoever sees the installation sees this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.periods import day_after
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.services import administration, installation, ledger, logins, visibility
from sekisho.store import models

KINDS = (
    "clock.set",
    "holiday.added",
    "holiday.removed",
    "installation.confirmed",
    "installation.managed",
    "installation.proposed",
    "installation.refused",
    "parameter.changed",
    "parameter.withdrawn",
    "role.ended",
    "role.given",
    "user.added",
    "user.confirmed",
    "user.password_changed",
    "user.renewed",
    "user.switched",
    "user.way_added",
    "user.way_removed",
)
MOST = 500


class NothingAhead(SekishoError):
    """No such change lies ahead; what has begun stays as it was."""


@dataclass(frozen=True, slots=True)
class InstallationChange:
    """One change: when, by whom, of which kind, and its facts as they were hashed."""

    at: datetime
    kind: str
    actor: str
    facts: Mapping[str, object]


def changes(*, actor: Actor, now: datetime, day: date) -> tuple[InstallationChange, ...]:
    """Return what was changed on a day, the newest first.

    Raises:
        NotVisible: the actor has no business with the installation.
    """
    visibility.need_some(actor=actor, kind=FactKind.INSTALLATION, now=now)
    start = installation.midnight(day=day, known_at=now)
    end = installation.midnight(day=day_after(day), known_at=now)
    rows = models.LedgerEntry.objects.filter(kind__in=KINDS, recorded_at__gte=start, recorded_at__lt=end)
    leaves = rows.order_by("-pk").values_list("leaf", flat=True)[:MOST]
    found = (ledger.entry_of(leaf=bytes(leaf), position=None) for leaf in leaves)
    return tuple(InstallationChange(datetime.fromisoformat(one.at), one.kind, one.actor, one.facts) for one in found)


@transaction.atomic
def withdraw_setting(*, actor: Actor, now: datetime, name: str, start: date) -> None:
    """Take back a change of a parameter that lies ahead.

    Raises:
        AdministratorsOnly
        NothingAhead: no such change was entered here, or it has begun.
    """
    if not administration.may_change(actor=actor, now=now):
        raise administration.AdministratorsOnly("administration.administrators_only", {"actor": actor.name})
    rows = models.Parameter.objects.current().filter(name=name, origin=logins.SITE, start=start)
    if start <= installation.today(now=now) or not rows.update(superseded_at=now):
        raise NothingAhead("administration.nothing_ahead", {"name": name, "day": start.isoformat()})
    facts: dict[str, Json] = {"name": name, "from": start.isoformat()}
    ledger.record(kind="parameter.withdrawn", actor=actor.name, now=now, facts=facts)
