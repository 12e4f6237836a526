"""One transfer day of the made-up utility, from HR's file to the evidence pack, through the services.

Here: the order of events and who acts in each. Not here: what the utility is (`group`), how the result
is shown (`sekisho.cli.demo`). Each step is the service that the command of the same name calls.
"""

import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from django.db import transaction

from sekisho.core.kinds import DeviationKind, OperationState, OrderStatus, Outcome
from sekisho.core.parts import document
from sekisho.core.users import Actor
from sekisho.demo import scim_peer
from sekisho.demo.access import SCIM_TOKEN
from sekisho.demo.group import Planted, write_folder
from sekisho.demo.offices import USERS
from sekisho.demo.units import SEASON
from sekisho.services import (
    administration,
    cutover,
    evidence,
    folder,
    installation,
    ledger,
    manifests,
    order_files,
    order_import,
    packs,
    plans,
    schedules,
    screening,
    users,
    verification,
)

HISTORY_STARTS = date(2014, 4, 1)
NIGHTS = (("jinji", "check", time(1)), ("joshisu", "replan", time(2)), ("houmu", "verification", time(6)))
"""Who has what done every night, at which time."""

Step = Callable[[str], None]
"""Told the name of each step as it begins."""


@dataclass(frozen=True, slots=True)
class Day:
    """What the day came to; the counts are CONTRACT's, the rest is for the summary."""

    people: int
    orders: int
    rows_in: int
    rejected: int
    ignored: int
    checked: int
    outcomes: dict[Outcome, int]
    planned: int
    plan_held: int
    guards: dict[str, str]
    applied: int
    failed: int
    held: int
    verified: int
    deviations: dict[DeviationKind, int]
    ledger_entries: int
    ledger_ok: bool
    plan_sha256: str
    pack: Path
    company: Path


@dataclass(slots=True)
class _Stage:
    """The home, and who acts at which time."""

    home: Path
    step: Step

    def actor(self, user: str, now: datetime) -> Actor:
        return users.command_line_actor(claimed=user, os_user="demo", now=now)


def run_day(*, home: Path, people: int, seed: int, step: Step) -> Day:
    """Build the utility in an empty rehearsal home and take it through its transfer day."""
    with staged(home=home, people=people, seed=seed, step=step) as day:
        return day


@contextmanager
def staged(*, home: Path, people: int, seed: int, step: Step) -> Iterator[Day]:
    """Take the utility through its day and keep its embedded SCIM service running as long as the caller stays."""
    stage = _Stage(home, step)
    with scim_peer.running() as url, _token() as token:
        step("build")
        planted = write_folder(into=home / "demo", people=people, seed=seed, scim_url=url)
        planted.fill_scim(token)
        loaded = _history(stage, planted)
        taken, checked = _season(stage, planted)
        yield _switch(stage, planted, loaded, (taken, checked))


@contextmanager
def _token() -> Iterator[str]:
    """Make the password of the embedded SCIM service for this run only."""
    token = os.environ[SCIM_TOKEN] = secrets.token_urlsafe(24)
    try:
        yield token
    finally:
        del os.environ[SCIM_TOKEN]


def open_site(*, home: Path) -> dict[str, str]:
    """Give each demo user a login and the nights their work, set the clock to the morning; return the passwords."""
    morning = _at(SEASON, hours=8.75)
    administrator = Actor("demo", trusted=True)
    with transaction.atomic():
        installation.set_clock(actor=administrator, home=home, claimed=morning)
    for user, kind, at in NIGHTS:
        actor = users.command_line_actor(claimed=user, os_user="demo", now=morning)
        schedules.daily(actor=actor, now=morning, kind=kind, at_time=at)
    return {name: administration.add_user(actor=administrator, now=morning, name=name) for name in USERS}


def _at(day: date, hours: float = 9) -> datetime:
    """Return an hour of a day in the company's zone."""
    start = datetime.combine(day, datetime.min.time(), tzinfo=installation.DEFAULT_ZONE)
    return (start + timedelta(hours=hours)).astimezone(UTC)


def _history(stage: _Stage, planted: Planted) -> int:
    """Load the company folder and ten years of orders, each file known from its own spring on."""
    stage.step("load")
    start = _at(HISTORY_STARTS, hours=0)
    loaded = folder.load_folder(
        folder=planted.folder, actor=stage.actor("demo", start), now=_at(SEASON - timedelta(days=60)), received_at=start
    )
    for file in planted.history:
        stage.step(file.name)
        received = _at(date(int(file.stem[-4:]), 4, 1), hours=1)
        _import(stage, file, received, OrderStatus.FINAL)
        screening.check(actor=stage.actor("ryosha", received), now=received, as_of=received, known_at=received)
    return loaded.people


def _import(stage: _Stage, file: Path, received: datetime, status: OrderStatus | None) -> order_import.Imported:
    request = order_import.OrderRequest(file.name, file.read_bytes(), received, status)
    return order_files.take(actor=stage.actor("jinji", received), now=received, request=request).imported


def _season(stage: _Stage, planted: Planted) -> tuple[list[order_import.Imported], screening.CheckResult]:
    """Import HR's files of the season, check every order, have HR sign its list of movers."""
    taken = []
    for file in planted.orders:
        stage.step(file.name)
        taken.append(_import(stage, file, _at(SEASON - timedelta(days=18)), None))
    stage.step("check")
    now = _at(SEASON - timedelta(days=17))
    checked = screening.check(actor=stage.actor("ryosha", now), now=now, as_of=now, known_at=now)
    stage.step("manifest")
    manifests.sign(
        actor=stage.actor("jinji", now), now=now, name=planted.manifest.name, content=planted.manifest.read_bytes()
    )
    return taken, checked


def _switch(
    stage: _Stage,
    planted: Planted,
    people: int,
    season: tuple[list[order_import.Imported], screening.CheckResult],
) -> Day:
    """Plan, approve, switch at 00:00, verify, and write the evidence pack."""
    taken, checked = season
    stage.step("plan")
    eve, midnight = _at(SEASON - timedelta(days=1), hours=18), _at(SEASON, hours=0)
    plan = plans.make(
        actor=stage.actor("joshisu", eve), as_of=midnight, known_at=eve, expires_at=None, now=eve, home=stage.home
    )
    text = json.dumps(document(plan), ensure_ascii=False, indent=1)
    (stage.home / "demo" / "plan.json").write_text(text, "utf-8")
    stage.step("approve")
    plans.approve(actor=stage.actor("joshisu-2", eve), document=text, method="demo", now=eve, home=stage.home)
    stage.step("cutover")
    done = cutover.run(document=text, actor=stage.actor("joshisu", midnight), now=midnight, home=stage.home)
    stage.step("verify")
    morning = _at(SEASON, hours=8.5)
    seen = verification.verify(actor=stage.actor("ryosha", morning), as_of=midnight, now=morning, home=stage.home)
    stage.step("ledger")
    ledger.sequence(now=morning)
    pack = packs.export(folder=stage.home / "demo" / "evidence", actor=stage.actor("kansa", morning), now=morning)
    ledger.sequence(now=morning)
    audit = evidence.audit()
    return Day(
        people=people,
        orders=sum(one.accepted for one in taken),
        rows_in=sum(one.rows_in for one in taken),
        rejected=sum(one.rejected for one in taken),
        ignored=sum(one.ignored for one in taken),
        checked=len(checked.results),
        outcomes=dict(Counter(one.verdict.outcome for one in checked.results)),
        planned=sum(len(part.operations) for part in plan.parts),
        plan_held=sum(len(part.held) for part in plan.parts),
        guards={guard.id: guard.state for guard in plan.guards},
        applied=done.number(OperationState.APPLIED),
        failed=done.number(OperationState.FAILED),
        held=done.number(OperationState.HELD),
        verified=seen.verified,
        deviations=dict(seen.counts),
        ledger_entries=audit.entries,
        ledger_ok=audit.fault is None,
        plan_sha256=plan.sha256,
        pack=pack.folder,
        company=planted.folder,
    )
