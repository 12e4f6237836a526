"""Reads of target systems, kept as dated facts: what was seen to hold. 実測.

Here: one read, its row, the intervals of what it showed, its ledger entry. The call to the system stays
outside the transaction that records it. Not here: what should hold (`access`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from sekisho.connectors.protocol import Capabilities, ConnectorError
from sekisho.connectors.registry import open_connector
from sekisho.core.access import Reading, System, Unread
from sekisho.core.guards import Before, has_shrunk
from sekisho.core.kinds import Action, OperationState
from sekisho.core.plans import Read
from sekisho.core.users import Actor
from sekisho.services import installation, ledger, rules
from sekisho.store import models

ACTOR = "system"


@dataclass(frozen=True, slots=True)
class Observation:
    """A reading, or why there is none, and what the target can do; None where it could not be opened."""

    reading: Reading | Unread
    capabilities: Capabilities | None


def read_system(*, system: System, now: datetime, purpose: str, home: Path | None = None) -> Reading | Unread:
    """Read one system and keep what it showed; `purpose` is `plan`, `cutover` or `verify`."""
    return observe(system=system, now=now, purpose=purpose, home=home).reading


def read_all(
    *, systems: Iterable[System], now: datetime, purpose: str, home: Path | None = None
) -> dict[str, Observation]:
    """Read the systems one after the other; one that does not answer does not stop the others."""
    return {system.id: observe(system=system, now=now, purpose=purpose, home=home) for system in systems}


def observe(*, system: System, now: datetime, purpose: str, home: Path | None = None) -> Observation:
    """Read one system, keep what it showed, and return it with the target's capabilities."""
    capabilities = None
    reading: Reading | Unread
    try:
        connector = open_connector(system, home=home or settings.HOME)
        capabilities = connector.capabilities
        try:
            reading = connector.read(now=now)
        finally:
            connector.close()
    except ConnectorError as error:
        detail = str(error.params.get("detail", ""))
        reading = Unread(system=system.id, at=now, code=error.code, detail=detail)
    keep(system=system, reading=reading, now=now, purpose=purpose, able=capabilities)
    return Observation(reading, capabilities)


@transaction.atomic
def keep(
    *, system: System, reading: Reading | Unread, now: datetime, purpose: str, able: Capabilities | None = None
) -> None:
    """Record a read: its row, the intervals it begins and ends, one ledger entry."""
    if isinstance(reading, Unread):
        _keep_failure(system, reading, now, purpose)
        return
    holdings = sum(len(state.entitlements) for state in reading.accounts.values())
    last = models.SystemRead.objects.filter(system_id=system.id, failure="").order_by("-id").first()
    same = last is not None and last.complete and reading.complete and last.digest == reading.digest
    appeared, gone = (0, 0) if same else _intervals(reading)
    models.SystemRead.objects.create(
        system_id=system.id,
        read_at=reading.read_at,
        complete=reading.complete,
        digest=reading.digest,
        accounts=len(reading.accounts),
        holdings=holdings,
        purpose=purpose,
        capabilities=asdict(able) if able is not None else None,
        baseline=_is_baseline(reading, holdings, now),
    )
    ledger.record(
        kind="system.read",
        actor=ACTOR,
        now=now,
        side=system.side or "",
        facts={
            "system": system.id,
            "purpose": purpose,
            "digest": reading.digest,
            "complete": reading.complete,
            "accounts": len(reading.accounts),
            "holdings": holdings,
            "appeared": appeared,
            "gone": gone,
        },
    )


def sizes(*, systems: Iterable[str]) -> Mapping[str, Before]:
    """Return how large the read is by which each system is measured, less what cutovers have taken since.

    It is the last complete read that had not shrunk itself, or whose shrinking was approved: a bad read does not
    become the measure of the next. Without the count of what was taken, a large cutover of our own would look
    like a source that lost its people.
    """
    found = {}
    for system in systems:
        last = models.SystemRead.objects.filter(system_id=system, baseline=True).order_by("-id").first()
        if last is not None:
            taken = models.OperationRecord.objects.filter(
                system_id=system,
                changed_at__gte=last.read_at,
                state=OperationState.APPLIED.value,
                action=Action.REVOKE.value,
            ).count()
            found[system] = Before(last.accounts, max(0, last.holdings - taken))
    return found


@transaction.atomic
def accept(*, reads: Iterable[Read], sides: Mapping[str, str], plan: str, actor: Actor, now: datetime) -> None:
    """Measure later reads by these, which had shrunk: enough people have approved the plan made from them."""
    for read in reads:
        rows = models.SystemRead.objects.filter(
            system_id=read.system, read_at=read.read_at, digest=read.digest, complete=True, baseline=False
        )
        if rows.update(baseline=True):
            facts = {"system": read.system, "plan": plan, "digest": read.digest}
            side = sides.get(read.system, "")
            ledger.record(kind="system.shrinking_accepted", actor=actor.name, now=now, side=side, facts=facts)


def _is_baseline(reading: Reading, holdings: int, now: datetime) -> bool:
    """Tell whether later reads are measured by this one. An empty first read measures nothing."""
    if not reading.complete:
        return False
    before = sizes(systems=[reading.system]).get(reading.system)
    if before is None:
        return bool(reading.accounts)
    percent = rules.parameters(known_at=now).number("vanish_percent", installation.today(now=now))
    return not has_shrunk(before, Before(len(reading.accounts), holdings), percent)


def _keep_failure(system: System, unread: Unread, now: datetime, purpose: str) -> None:
    models.SystemRead.objects.create(
        system_id=system.id,
        read_at=unread.at,
        complete=False,
        accounts=0,
        holdings=0,
        failure=unread.code[:64],
        purpose=purpose,
    )
    ledger.record(
        kind="system.unread",
        actor=ACTOR,
        now=now,
        side=system.side or "",
        facts={"system": system.id, "purpose": purpose, "code": unread.code},
    )


_BEGIN = (
    "INSERT INTO store_observedholding (system_id, account, entitlement, first_seen_at, absent_at) "
    "VALUES (%s, %s, %s, %s, NULL)"
)
_END = "UPDATE store_observedholding SET absent_at = %s WHERE id = %s"


def _intervals(reading: Reading) -> tuple[int, int]:
    """Begin and end intervals; plain statements in bulk, because a system can hold a million of them.

    An incomplete read ends nothing: what is missing from it is unknown, not absent (law 3).
    """
    held = models.ObservedHolding.objects.filter(system_id=reading.system, absent_at=None)
    rows = held.values_list("account", "entitlement", "id")
    before = {(account, name): row for account, name, row in rows.iterator(chunk_size=20_000)}
    at = connection.ops.adapt_datetimefield_value(reading.read_at)
    new = [
        (reading.system, account, name, at)
        for account, state in reading.accounts.items()
        for name in state.entitlements
        if before.pop((account, name), None) is None
    ]
    gone = [(at, row) for row in before.values()] if reading.complete else []
    with connection.cursor() as cursor:
        if new:
            cursor.executemany(_BEGIN, new)
        if gone:
            cursor.executemany(_END, gone)
    return len(new), len(gone)
