"""What waits for one reader: what he has to approve, confirm, mend, chase. 待ち.

Numbers only, each of the sides of which he may count such facts, so nothing read here is logged (law 8); what nobody
may do himself (law 13) does not wait for him. A fixed number of queries: the frame of every page asks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Count, Min, Q

from sekisho.core import exceptions as rule_exceptions
from sekisho.core.kinds import NEUTRAL, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose, decide
from sekisho.services import (
    exceptions,
    grants,
    installation,
    installation_proposals,
    jobs,
    order_files,
    plan_review,
    plan_summary,
    plans,
    rule_changes,
    season,
    transfer_days,
    users,
    verification_counts,
    workers,
)
from sekisho.services import verification_runs as runs
from sekisho.services.exception_names import Names
from sekisho.services.plan_review import PlanLine
from sekisho.store import models

SOON, WEEKS = timedelta(days=60), timedelta(days=112)
"""How far ahead a transfer day without a plan, and how far back a rejected row, is somebody's work; moves ahead."""
OPERATING = (Role.IT_OPERATION,)
BOARD, SEASON, PLANS, VERIFICATION, RULES, SYSTEMS, IMPORTS, ADMINISTRATION = (
    "board",
    "season",
    "plans",
    "verification",
    "rules",
    "systems",
    "imports",
    "administration",
)


@dataclass(frozen=True, slots=True)
class Wait:
    """One kind of thing that waits: `n` of `total`, in which room, since when; `about` names it where there is one."""

    kind: str
    state: str
    room: str
    n: int
    total: int
    since: datetime | None = None
    day: date | None = None
    about: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who asks, when, and what he may count."""

    actor: Actor
    now: datetime
    on: date

    def has(self, *roles: Role, side: Side | None = None) -> bool:
        return any(self.actor.has(role, on=self.on, side=side) for role in roles)

    def counts(self, kind: FactKind, side: str) -> bool:
        whose = None if side in {"", NEUTRAL} else Side(side)
        seen = decide(self.actor, kind=kind, side=whose, purpose=Purpose.FIGURES, on=self.on)
        return seen >= Depth.COUNT


def waiting(*, actor: Actor, now: datetime) -> tuple[Wait, ...]:
    """Return what waits for the actor, the worst first."""
    reader = _Reader(actor, now, installation.today(now=now))
    found = [one for ask in ASKED for one in ask(reader) if one.n]
    order = ("stop", "unknown", "wait")
    return tuple(sorted(found, key=lambda one: order.index(one.state)))


def moves(*, actor: Actor, now: datetime) -> tuple[Wait, ...]:
    """Return what stands in the way of the moves ahead, for HR and compliance; the frame does not ask this."""
    reader = _Reader(actor, now, installation.today(now=now))
    if not reader.has(Role.HR, Role.COMPLIANCE):
        return ()
    found = season.season(actor=actor, now=now, days=(reader.on, reader.on + WEEKS))
    unchecked = [one for one in found if one.standing == season.UNCHECKED]
    stands = [one for one in found if one.standing in season.STANDS and one.standing != season.UNCHECKED]
    first = {"in_the_way": stands, "unchecked": unchecked}
    states = {"in_the_way": "stop", "unchecked": "unknown"}
    return tuple(
        Wait(kind, states[kind], SEASON, len(mine), len(found), day=mine[0].day) for kind, mine in first.items() if mine
    )


def by_room(found: Iterable[Wait]) -> Mapping[str, int]:
    """Return how many things wait in each room."""
    counted: dict[str, int] = {}
    for one in found:
        counted[one.room] = counted.get(one.room, 0) + one.n
    return counted


def _plans(reader: _Reader) -> Iterator[Wait]:
    """Yield approvals to give, switches to set, and the plan to make for the next transfer day."""
    if not reader.has(*plans.APPROVING):
        return
    lines = plan_review.plan_lines(actor=reader.actor, now=reader.now)
    waiting_ones = [one for one in lines if one.state == plan_review.WAITING]
    mine = [one for one in waiting_ones if _may_approve(one, reader)]
    given = models.PlanApproval.objects.filter(plan__sha256__in=[one.sha256 for one in mine])
    names = {*(one.planned_by for one in mine), *given.values_list("by", flat=True)}
    own = users.same_as_actor(actor=reader.actor, names=names, now=reader.now) if names else frozenset()
    approved = set(given.filter(by__in=own).values_list("plan__sha256", flat=True)) if own else set()
    open_ones = [one for one in mine if one.planned_by not in own and one.sha256 not in approved]
    since = min((one.planned_at for one in open_ones), default=None)
    about = open_ones[0].sha256 if len(open_ones) == 1 else ""
    yield Wait("approvals", "wait", PLANS, len(open_ones), len(waiting_ones), since, about=about)
    if jobs.may(actor=reader.actor, kind=jobs.PLAN, now=reader.now):
        yield from _to_operate(reader, lines)


def _may_approve(line: PlanLine, reader: _Reader) -> bool:
    """Tell whether the actor's roles reach every side of the plan, as `plans.approve` asks."""
    reach = (*plans.APPROVING, Role.CROSS_SIDE)
    sides = plan_summary.summary(line.sha256).sides
    return all(reader.has(*reach, side=None if side == NEUTRAL else side) for side in sides)


def _to_operate(reader: _Reader, lines: tuple[PlanLine, ...]) -> Iterator[Wait]:
    approved = [one for one in lines if one.state == plan_review.APPROVED]
    rows = models.Schedule.objects.filter(kind=jobs.CUTOVER).exclude(due_at=None)
    asked = {str(params.get("sha256", "")) for params in rows.values_list("params", flat=True)}
    begun = models.Job.objects.filter(kind=jobs.CUTOVER, state__in=jobs.OPEN)
    asked |= {str(params.get("sha256", "")) for params in begun.values_list("params", flat=True)}
    latest = {one.as_of: one for one in reversed(approved)}
    unset = [one for one in latest.values() if one.sha256 not in asked]
    about = unset[0].sha256 if len(unset) == 1 else ""
    yield Wait("switches", "stop", PLANS, len(unset), len(latest), about=about)
    day = transfer_days.next_day(actor=reader.actor, now=reader.now)
    if day is not None and day - reader.on <= SOON:
        as_of = installation.midnight(day=day, known_at=reader.now)
        planned = any(one.as_of == as_of and one.state != plan_review.EXPIRED for one in lines)
        yield Wait("plan_to_make", "wait", PLANS, 0 if planned else 1, 1, day=day)


def _verifications(reader: _Reader) -> Iterator[Wait]:
    """Yield what the last verification left: to confirm as a second person, left over, unknown, without an answer."""
    if not reader.has(*runs.CONFIRMING):
        return
    last = verification_counts.last(actor=reader.actor, now=reader.now)
    if last is None:
        return
    made = last.made
    if last.waits:
        names = {made.verifier, *filter(None, made.executor.split(", "))}
        own = users.same_as_actor(actor=reader.actor, names=names, now=reader.now)
        yield Wait("confirmation", "wait", VERIFICATION, 0 if own else 1, 1, made.verified_at)
    if reader.has(*OPERATING):
        yield Wait("left_over", "stop", VERIFICATION, last.left_over, last.total, made.verified_at)
        yield Wait("unknown", "unknown", VERIFICATION, last.unknown, last.total, made.verified_at)
        systems = models.System.objects.as_known_at(reader.now).values_list("system_id", "side")
        seen = {system for system, side in systems if reader.counts(FactKind.SYSTEM, side)}
        unread = seen.intersection(last.unread)
        yield Wait("unread", "unknown", SYSTEMS, len(unread), len(seen), made.verified_at)


def _exceptions(reader: _Reader) -> Iterator[Wait]:
    """Yield the exceptions that the actor is listed to approve, and neither asked for nor is about him."""
    rows = list(models.RuleException.objects.as_known_at(reader.now).filter(state=exceptions.REQUESTED))
    if not rows:
        return
    names = Names.known(reader.now)
    person = names.of_actor(reader.actor)
    mine = []
    for row in rows:
        listed = rule_exceptions.listed(names.approvers, row.rule_id, (reader.on,))
        mover, asked_by = names.of(row.person_id), names.of_requester(row.requested_by)
        may = rule_exceptions.may_approve(person, mover=mover, requester=asked_by, sides=listed)
        own = names.is_one_of(reader.actor, row.person_id, row.requested_by)
        if may and not own and not names.has_approved(reader.actor, row.approvals):
            mine.append(row)
    about = mine[0].exception_id if len(mine) == 1 else ""
    since = min((row.recorded_at for row in mine), default=None)
    yield Wait("exceptions", "wait", RULES, len(mine), len(mine), since, about=about)


def _rule_changes(reader: _Reader) -> Iterator[Wait]:
    """Yield the changes of rules that the actor is listed to approve, and did not propose."""
    mine = rule_changes.awaiting(actor=reader.actor, now=reader.now)
    about = str(mine[0].id) if len(mine) == 1 else ""
    since = min((one.proposed_at for one in mine), default=None)
    yield Wait("rule_changes", "wait", RULES, len(mine), len(mine), since, about=about)


def _grants(reader: _Reader) -> Iterator[Wait]:
    """Yield the manual grants of the actor's sides that wait for somebody else than who asked or is given."""
    if not reader.has(*grants.APPROVING):
        return
    rows = list(models.Grant.objects.current().filter(state=grants.REQUESTED))
    if not rows:
        return
    sides = dict(models.System.objects.as_known_at(reader.now).values_list("system_id", "side"))
    own_sides = models.Entitlement.objects.as_known_at(reader.now).exclude(side="")
    exact = {(system, name): side for system, name, side in own_sides.values_list("system_id", "entitlement", "side")}
    names = {name for row in rows for name in (row.requested_by, row.person_id)}
    own = users.same_as_actor(actor=reader.actor, names=names, now=reader.now)
    near = []
    for row in rows:
        side = exact.get((row.system_id, row.entitlement), sides.get(row.system_id, ""))
        if reader.has(*grants.APPROVING, side=Side(side) if side and side != NEUTRAL else None):
            near.append(row)
    mine = [row for row in near if not own & {row.requested_by, row.person_id}]
    since = min((row.recorded_at for row in mine), default=None)
    yield Wait("grants", "wait", SYSTEMS, len(mine), len(near), since)


def _rows(reader: _Reader) -> Iterator[Wait]:
    """Yield the rejected rows of HR's files that nobody has brought again, of the files that the actor reads."""
    if not reader.has(Role.HR, Role.COMPLIANCE):
        return
    recent = models.OrderFile.objects.filter(received_at__gte=reader.now - SOON, received_at__lte=reader.now)
    still = Count("stored__rows", filter=Q(stored__rows__rejected=True, stored__rows__mended_in=None))
    reads = order_files.readers(actor=reader.actor, now=reader.now)
    files = [row for row in recent.defer("defects").annotate(still=still) if reads(row)]
    open_ones = [row for row in files if row.still]
    about = str(open_ones[0].pk) if len(open_ones) == 1 else ""
    since = min((row.received_at for row in open_ones), default=None)
    n, total = sum(row.still for row in files), sum(row.rows_in for row in files)
    yield Wait("rows", "stop", IMPORTS, n, total, since, about=about)


def _findings(reader: _Reader) -> Iterator[Wait]:
    """Yield the findings of verifications that the compliance office of their side has to close."""
    if not reader.has(Role.COMPLIANCE):
        return
    rows = models.Finding.objects.filter(kind__startswith="deviation_").values("side")
    still = Q(closed_at=None)
    counted = rows.annotate(still=Count("pk", filter=still), whole=Count("pk"), since=Min("raised_at", filter=still))
    mine = [one for one in counted if reader.has(Role.COMPLIANCE, side=Side(one["side"]) if one["side"] else None)]
    since = min((one["since"] for one in mine if one["since"]), default=None)
    n, total = sum(one["still"] for one in mine), sum(one["whole"] for one in mine)
    yield Wait("findings", "stop", VERIFICATION, n, total, since)


def _work(reader: _Reader) -> Iterator[Wait]:
    """Yield background work that failed, and that nobody is there to do any."""
    if not reader.has(Role.IT_OPERATION, Role.ADMINISTRATOR):
        return
    health = workers.health(now=reader.now)
    yield Wait("worker", "stop", BOARD, 1 if health.overdue and not health.alive else 0, 1, health.overdue_since)
    if reader.has(Role.IT_OPERATION):
        failed = jobs.jobs(actor=reader.actor, now=reader.now, count=20, states=(jobs.FAILED,))
        recent = [one for one in failed if one.finished_at and one.finished_at > reader.now - SOON]
        since = min((one.finished_at for one in recent if one.finished_at), default=None)
        yield Wait("failed", "stop", BOARD, len(recent), len(recent), since)


def _proposals(reader: _Reader) -> Iterator[Wait]:
    """Yield the roles, guarding parameters and renewed sign-ins that the actor's compliance office has to confirm."""
    if not reader.has(Role.COMPLIANCE):
        return
    mine = installation_proposals.awaiting(actor=reader.actor, now=reader.now)
    since = min((one.proposed_at for one in mine), default=None)
    yield Wait("proposals", "wait", ADMINISTRATION, len(mine), len(mine), since)


def _users(reader: _Reader) -> Iterator[Wait]:
    """Yield the users who can sign in and have no second step."""
    if not reader.has(Role.ADMINISTRATOR):
        return
    steps = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES).values("user_id")
    active = models.User.objects.filter(is_active=True)
    bare = active.exclude(pk__in=steps).exclude(pk__in=SocialAccount.objects.values("user_id"))
    yield Wait("second_step", "wait", ADMINISTRATION, bare.count(), active.count())


ASKED: tuple[Callable[[_Reader], Iterator[Wait]], ...] = (
    _plans,
    _verifications,
    _exceptions,
    _rule_changes,
    _grants,
    _rows,
    _findings,
    _work,
    _proposals,
    _users,
)
"""Every question, each asked only of whom it is for."""
