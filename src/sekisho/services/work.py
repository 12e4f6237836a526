"""What each kind of job does: plan, plan again and say what changed, switch, verify, check. One job at a time.

A worker calls `step` again and again. Each job runs with the roles that whoever asked for it holds now. An error ends
it as failed, with its sentence; one that nobody foresaw too, so that it does not take worker after worker with it.
Where the database is away nothing is said: the job is taken up again when its lease has run out.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import InterfaceError, OperationalError, connection

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.users import Actor
from sekisho.services import (
    cutover,
    entries,
    job_claims,
    jobs,
    leases,
    ledger,
    order_uploads,
    pack_jobs,
    plans,
    replanning,
    rule_preview,
    schedules,
    screening,
    users,
    verification,
)
from sekisho.services.cutover import CutoverResult
from sekisho.services.job_claims import Claimed, Done
from sekisho.services.jobs import NewJob
from sekisho.store import models

HOUSE = "system"
log = logging.getLogger(__name__)


class Defect(SekishoError):
    """Something failed that nobody foresaw; what was not committed did not happen."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Whoever calls `step`: beats for the job it holds, and knows when it is told to stop."""

    hold: Callable[[Claimed | None], None] = lambda _: None
    stopping: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Task:
    """A job under way: in whose name, where, and how to say how far it is."""

    job: Claimed
    actor: Actor
    home: Path
    now: datetime
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False

    def tell(self, done: int, total: int) -> None:
        """Say how far the work is; stops it where it was paused or taken over, or the worker is to stop."""
        job_claims.keep(self.job, now=self.clock(), done=done, total=total)
        if self.stopping() and done < total:
            raise job_claims.LetGo("jobs.stopped", {"job": self.job.id})


def step(*, home: Path, clock: Callable[[], datetime], worker: Worker | None = None) -> bool:
    """Do one job that is due; return whether there was one."""
    worker, now = worker or Worker(), clock()
    schedules.tick(now=now)
    job = job_claims.claim(now=now)
    if job is not None:
        worker.hold(job)
        try:
            actor = users.signed_in_actor(name=job.requested_by, now=now)
            _do(Task(job, actor, home, now, clock, worker.stopping))
        except job_claims.Stopped:
            log.info("job.stopped")  # paused, cancelled or taken over: the row says so already
        finally:
            worker.hold(None)
    ledger.sequence(now=clock())
    return job is not None


def _do(task: Task) -> None:
    """Do the job and record its end.

    Raises:
        Stopped: it is no longer this worker's.
    """
    job, clock = task.job, task.clock
    try:
        job_claims.finish(job, now=clock(), left=KINDS[job.kind](task))
    except job_claims.Stopped:
        raise
    except job_claims.LetGo:
        job_claims.let_go(job, now=clock())
    except (leases.Running, leases.LeaseLost):
        job_claims.let_go(job, now=clock(), wait=job_claims.AGAIN)  # somebody else carries a cutover out just now
    except SekishoError as error:
        job_claims.fail(job, now=clock(), error=error)
    except (OperationalError, InterfaceError):
        _hand_back(job, clock())
        raise
    except Exception as error:  # the runner: whatever it is ends as evidence; its trace goes to the worker's own log
        log.exception("job.failed")
        job_claims.fail(job, now=clock(), error=Defect("jobs.defect", {"error": type(error).__name__}))


def _hand_back(job: Claimed, now: datetime) -> None:
    """Give the job back where the database was busy or away: nobody's attempt failed by that."""
    if not connection.in_atomic_block:  # whoever called inside a transaction keeps it
        connection.close_if_unusable_or_obsolete()
    try:
        job_claims.let_go(job, now=now, wait=job_claims.AGAIN)
    except (OperationalError, InterfaceError, job_claims.Stopped):
        log.info("job.not_handed_back")  # still away: its lease runs out


def _plan(task: Task) -> Done:
    """Make a plan, or find the one that this job made before its worker died."""
    as_of = datetime.fromisoformat(task.job.params["as_of"])
    if task.job.attempt > 1 and task.job.started_at is not None:
        mine = models.Plan.objects.filter(
            as_of=as_of, planned_by=task.actor.name, planned_at__gte=task.job.started_at
        ).order_by("planned_at")
        found = mine.values_list("sha256", flat=True).first()
        if found is not None:
            return Done({"sha256": found})
    plan = plans.make(actor=task.actor, as_of=as_of, known_at=task.now, expires_at=None, now=task.now, home=task.home)
    return Done({"sha256": plan.sha256})


def _replan(task: Task) -> Done:
    since = task.job.started_at or task.now
    found = replanning.replan(actor=task.actor, now=task.now, home=task.home, since=since)
    return Done(found.result(), found.lines()) if found is not None else Done({"sha256": ""})


def _cutover(task: Task) -> Done:
    """Carry the plan out, or on; its verification follows from it, once a job."""
    sha256 = task.job.params["sha256"]
    document = plans.stored(sha256=sha256)
    done = cutover.run(document=document, actor=task.actor, now=task.now, home=task.home, progress=task.tell)
    then = NewJob(jobs.VERIFICATION, f"verification after job {task.job.id}", {"sha256": sha256}, task.clock())
    return Done(_numbers(done), then=then)


def _numbers(done: CutoverResult) -> Mapping[str, Json]:
    by_side: dict[str, Counter[str]] = defaultdict(Counter)
    for one in done.operations:
        by_side[one.side][one.state.value] += 1
    sides: dict[str, Json] = {side: dict(counted) for side, counted in sorted(by_side.items())}
    return {"sha256": done.sha256, "finished": done.finished, "sides": sides}


def _verification(task: Task) -> Done:
    verification.verify(actor=task.actor, as_of=task.now, now=task.now, home=task.home)
    return Done()


def _judging(task: Task) -> Actor:
    """Return in whose name moves are judged: where an adopted rule asks for it the house's own, which sees every side.

    What it finds lies on the side of each move and is cut where it is read (law 8).
    """
    return Actor(HOUSE, trusted=True) if jobs.BY_HOUSE in task.job.params else task.actor


def _check(task: Task) -> Done:
    screening.check(actor=_judging(task), now=task.now, as_of=task.now, known_at=task.now)
    return Done()


def _import(task: Task) -> Done:
    """Take a long file of HR's in."""
    upload = int(task.job.params["upload"])
    return Done(order_uploads.work(actor=task.actor, now=task.now, upload_id=upload, told=task.tell))


def _audit(task: Task) -> Done:
    """Check the whole ledger; what is wrong is named by its place and its sentence's code, never by what it says."""
    found = entries.verify(actor=task.actor, now=task.now)
    fault: dict[str, Json] = {"code": found.fault.code, "position": found.fault.position} if found.fault else {}
    return Done(
        {"ok": found.ok, "entries": found.entries, "checkpoints": found.checkpoints, "root": found.root, **fault}
    )


def _pack(task: Task) -> Done:
    side = str(task.job.params["side"])
    return Done(pack_jobs.make(actor=task.actor, now=task.now, home=task.home, job_id=task.job.id, side=side))


def _preview(task: Task) -> Done:
    params, now = task.job.params, task.now
    change, since = rule_preview.read_change(params["change"]), date.fromisoformat(params["since"])
    return Done(lines=rule_preview.compute(change=change, since=since, now=now, tell=task.tell))


def _rescreen(task: Task) -> Done:
    screening.rescreen(actor=_judging(task), now=task.now, since=date.fromisoformat(task.job.params["since"]))
    return Done()


KINDS: Mapping[str, Callable[[Task], Done]] = {
    jobs.PLAN: _plan,
    jobs.REPLAN: _replan,
    jobs.CUTOVER: _cutover,
    jobs.VERIFICATION: _verification,
    jobs.CHECK: _check,
    jobs.IMPORT: _import,
    jobs.AUDIT: _audit,
    jobs.PACK: _pack,
    jobs.PREVIEW: _preview,
    jobs.RESCREEN: _rescreen,
}
"""Kind of job → what it does, and what it leaves to be shown."""
