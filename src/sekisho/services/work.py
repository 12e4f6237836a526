"""What each kind of job does: plan, plan again and say what changed, switch, verify, check. One job at a time.

A worker calls `step` again and again. Each job runs with the roles that whoever asked for it holds now; an error of
ours ends it with its sentence, and a killed worker's job is taken up again where its own service left off.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OperationState
from sekisho.core.parts import parse
from sekisho.core.plans import Operation, Plan
from sekisho.core.users import Actor
from sekisho.services import cutover, installation, jobs, ledger, plans, schedules, screening, users, verification
from sekisho.services.jobs import Claimed, NewJob
from sekisho.store import models

SHOWN = 500
"""Changes that a re-plan lists; their number is always whole."""


@dataclass(frozen=True, slots=True)
class Task:
    """A job under way: in whose name, where, and how to say how far it is."""

    job: Claimed
    actor: Actor
    home: Path
    now: datetime
    clock: Callable[[], datetime]

    def tell(self, done: int, total: int) -> None:
        """Say how far the work is; stops it where it was paused or taken over."""
        jobs.keep(self.job, now=self.clock(), done=done, total=total)


def step(*, home: Path, clock: Callable[[], datetime]) -> bool:
    """Do one job that is due; return whether there was one."""
    now = clock()
    schedules.tick(now=now)
    job = jobs.claim(now=now)
    if job is None:
        ledger.sequence(now=now)
        return False
    task = Task(job, users.signed_in_actor(name=job.requested_by, now=now), home, now, clock)
    try:
        result = KINDS[job.kind](task)
        jobs.finish(job, now=clock(), result=result)
    except jobs.Stopped:
        return True
    except SekishoError as error:
        _failed(job, error, clock())
    ledger.sequence(now=clock())
    return True


def _failed(job: Claimed, error: SekishoError, now: datetime) -> None:
    try:
        jobs.fail(job, now=now, error=error)
    except jobs.Stopped:
        return


def _plan(task: Task) -> Mapping[str, Json]:
    as_of = datetime.fromisoformat(task.job.params["as_of"])
    plan = plans.make(actor=task.actor, as_of=as_of, known_at=task.now, expires_at=None, now=task.now, home=task.home)
    return {"sha256": plan.sha256}


def _replan(task: Task) -> Mapping[str, Json]:
    """Plan the next transfer day again and say what changed since the last plan for that day."""
    as_of = _next_day(task)
    if as_of is None:
        return {"sha256": ""}
    former = models.Plan.objects.filter(as_of=as_of).order_by("-planned_at", "-pk").first()
    plan = plans.make(actor=task.actor, as_of=as_of, known_at=task.now, expires_at=None, now=task.now, home=task.home)
    before = _operations(parse(plans.stored(sha256=former.sha256))) if former else {}
    after = _operations(plan)
    return {
        "sha256": plan.sha256,
        "former": former.sha256 if former else "",
        "added": [_line(after[key]) for key in sorted(after.keys() - before.keys())][:SHOWN],
        "removed": [_line(before[key]) for key in sorted(before.keys() - after.keys())][:SHOWN],
        "changes": len(after.keys() ^ before.keys()),
    }


def _next_day(task: Task) -> datetime | None:
    """Return midnight of the next day on which an order takes effect, within two months."""
    today = installation.today(now=task.now)
    day = (
        models.Order.objects.filter(first_day__gt=today, first_day__lte=today + timedelta(days=60), superseded_at=None)
        .order_by("first_day")
        .values_list("first_day", flat=True)
        .first()
    )
    return installation.midnight(day=day, known_at=task.now) if day else None


def _operations(plan: Plan) -> dict[tuple[str, ...], Operation]:
    return {
        (one.side, one.system, one.person_id, one.account, one.action.value, one.entitlement): one
        for part in plan.parts
        for one in part.operations
    }


def _line(one: Operation) -> dict[str, Json]:
    return {
        "side": one.side,
        "system": one.system,
        "person_id": one.person_id,
        "action": one.action.value,
        "entitlement": one.entitlement,
    }


def _cutover(task: Task) -> Mapping[str, Json]:
    """Carry the plan out, or on; ask for its verification afterwards."""
    sha256 = task.job.params["sha256"]
    document = plans.stored(sha256=sha256)
    done = cutover.run(document=document, actor=task.actor, now=task.now, home=task.home, progress=task.tell)
    numbers = Counter((one.side, one.state) for one in done.operations)
    now = task.clock()
    asked = NewJob("verification", f"verify {sha256} {now.isoformat()}", {"sha256": sha256}, now)
    jobs.enqueue(actor=task.actor, now=now, asked=asked)
    return {f"{side}/{state.value}": count for (side, state), count in sorted(numbers.items())} | {
        "finished": done.finished,
        "unreachable": list(done.unreachable),
        "failed": done.number(OperationState.FAILED),
    }


def _verification(task: Task) -> Mapping[str, Json]:
    verification.verify(actor=task.actor, as_of=task.now, now=task.now, home=task.home)
    return {}


def _check(task: Task) -> Mapping[str, Json]:
    screening.check(actor=task.actor, now=task.now, as_of=task.now, known_at=task.now)
    return {}


KINDS: Mapping[str, Callable[[Task], Mapping[str, Json]]] = {
    "plan": _plan,
    "replan": _replan,
    "cutover": _cutover,
    "verification": _verification,
    "check": _check,
}
"""Kind of job → what it does, and what it leaves to be shown."""
