"""The real processes of tests/kill/test_workers.py: they build a home, work in it, and say what became of it.

`python -m tests.kill.worker WORD HOME …`, with SEKISHO_HOME set. A worker says on its standard output when it is inside
a job, and then waits for a line on its standard input: so a test kills exactly that process there, or lets it go on.
"""

import json
import os
import sys
import threading
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.settings")

import django

django.setup()

from django.db import transaction  # noqa: E402
from tests.kill import world  # noqa: E402

import cutover_homes as homes  # noqa: E402
import cutovers as make  # noqa: E402
from sekisho.connectors import sql  # noqa: E402
from sekisho.core.kinds import BOTH, PersonId  # noqa: E402
from sekisho.core.plans import GuardResult  # noqa: E402
from sekisho.core.users import Actor  # noqa: E402
from sekisho.services import administration, evidence, installation, jobs, ledger, work, workers  # noqa: E402
from sekisho.services.job_claims import Done  # noqa: E402
from sekisho.store import models  # noqa: E402

OPERATOR = "operator"
STAND = "stand"
"""A kind of job of this test alone: it stands still where it is told to, and leaves one line behind."""


def main() -> None:
    """Do what the first word says, in the home of the second."""
    word, home, *rest = sys.argv[1:]
    {"build": build, "queue": queue, "work": run, "start": start, "finish": finish}[word](Path(home), *rest)


def say(*words: object) -> None:
    print(*words, flush=True)


def prepared(home: Path) -> None:
    installation.mark_rehearsal(home=home)
    installation.prepare(home=home)
    with transaction.atomic():
        installation.set_clock(actor=Actor("test", trusted=True), home=home, claimed=make.NOW)
    models.RoleAssignment.objects.create(
        user=OPERATOR, person_id="", role="it_operation", side="both", **homes.LONG_AGO
    )


def build(home: Path) -> None:
    """Make the two applications and the approved plan of the kill campaign, and ask for its switch."""
    prepared(home)
    place = world.SqlWorld(home / "nowhere")
    place.template = home
    for name, position in (("nw", 0), ("ep", 1)):
        homes.system(name, *place.target(name))
        linked = [one for one, held in world.PEOPLE.items() if held[position] is not None or one == world.ACCOUNT_GONE]
        homes.accounts((one.upper() for one in linked), (name,))
    guard = GuardResult("manifest", "hold", "plans.guard_manifest_hold", persons=(PersonId("G1"),))
    plan = make.plan(world.planned(place.stale), guards=[guard])
    homes.keep(plan)
    place.fill()
    password = administration.add_user(actor=Actor("test", trusted=True), now=make.NOW, name=OPERATOR)
    asked = jobs.NewJob(jobs.CUTOVER, "switch", {"sha256": plan.sha256}, make.NOW)
    with transaction.atomic():
        job = jobs.make(asked, requested_by=OPERATOR, now=make.NOW, side=BOTH)
    say(json.dumps({"password": password, "job": job.pk, "plan": plan.sha256}))


def queue(home: Path, count: str, every: str) -> None:
    """Ask for so many jobs; every so-many-th of them kills its first worker."""
    prepared(home)
    for number in range(int(count)):
        params = {"deadly": "yes" if number % int(every) == 0 else ""}
        with transaction.atomic():
            asked = jobs.NewJob(STAND, f"stand {number}", params, make.NOW)
            jobs.make(asked, requested_by=OPERATOR, now=make.NOW, side="")


def run(home: Path, stand_at: str = "0") -> int:
    """Work until there is nothing left; return how often the time was asked.

    Stand still at the clock's call of that number, or in a deadly job.
    """
    sql.BATCH_SIZE = 4
    calls = 0

    def clock() -> datetime:
        nonlocal calls
        if threading.current_thread() is threading.main_thread():
            calls += 1
            if calls == int(stand_at):
                say("inside", calls)
                sys.stdin.readline()
        return installation.clock(home=home)

    def stand(task: work.Task) -> Done:
        say("inside", task.job.id, task.job.attempt)
        if task.job.params["deadly"] and task.job.attempt == 1:
            sys.stdin.readline()
        with (home / "effects").open("a", encoding="utf-8") as file:
            file.write(f"{task.job.id}\n")
        return Done({"attempt": task.job.attempt})

    work.KINDS = {**work.KINDS, STAND: stand}
    with workers.Heart(clock=clock) as heart:
        while work.step(home=home, clock=clock, worker=work.Worker(heart.hold)):
            """Go on."""
    return calls


def start(home: Path) -> None:
    """Begin as any command does, and do what is there: nothing."""
    installation.prepare(home=home)
    run(home)


def finish(home: Path) -> None:
    """Do what is left, and say what became of it all."""
    calls = run(home)
    rows = models.Job.objects.order_by("pk").values_list("kind", "state", "attempts", "error")
    found: dict[str, object] = {
        "calls": calls,
        "jobs": [list(row) for row in rows],
        "audit": evidence.audit().ok,
        "entries": [row.kind for row in _entries()],
        "runs": models.VerificationRun.objects.count(),
        "workers": models.Worker.objects.count(),
    }
    if (home / "app.db").exists():
        states = models.OperationRecord.objects.values_list("operation_id", "state")
        place = world.SqlWorld(home / "nowhere")
        found["states"] = {key: "done" if state in {"applied", "already"} else state for key, state in states}
        found["effects"] = dict(place.effects(home))
        found["held"] = {key: sorted(held) for key, held in sorted(place.holdings(home).items())}
        found["broken"] = place.broken(home)
    say(json.dumps(found))


def _entries() -> list[ledger.Entry]:
    return [one for one in ledger.last(count=10_000, sides=ledger.sides()) if one.kind.startswith("job.")]


if __name__ == "__main__":
    main()
