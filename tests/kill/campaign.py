"""Kill the cutover at thousands of seeded points and see that it always ends the same.

Run from the root of the project: `python -m tests.kill.campaign --points 5000 --seed 1`. Each point is a real child
process that gets a real SIGKILL, at a counted event of the interpreter (calls into C among them: every
statement to a database and every commit has one before and one after it) or at a random time, up to three
times in a row; sometimes two processes run at once. It is then resumed until done.

At every point: the same end as an undisturbed run; no effect twice; never both sides, as seen by the
applications themselves and by a look after each kill; a ledger that fits the journal.
"""

import argparse
import atexit
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.settings")
os.environ["SEKISHO_HOME"] = tempfile.mkdtemp(prefix="sekisho-kill-home-")
atexit.register(shutil.rmtree, os.environ["SEKISHO_HOME"], ignore_errors=True)

import django  # noqa: E402  the paths and the home above come first

django.setup()

from tests.kill import targets, world  # noqa: E402

import cutover_homes as homes  # noqa: E402
import cutovers as make  # noqa: E402
from sekisho.connectors import ldap, sql  # noqa: E402
from sekisho.core.kinds import OperationState  # noqa: E402
from sekisho.services import cutover, leases  # noqa: E402

ENDED, WAITING, RUNNING, TAKEN_OVER, BROKEN = 0, 1, 75, 76, 99
MOST_KILLS = 3
MOST_RUNS = 12


@dataclass
class Campaign:
    """One campaign: the world, its dice, what was counted."""

    world: world.SqlWorld
    folder: Path
    dice: random.Random
    expected: world.Outcome | None = None
    events: int = 0
    seconds: float = 0.0
    counted: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Run once undisturbed: what every point must end in, and how long the way is."""
        self.world.build()
        folder = self.folder / "undisturbed"
        self.world.fresh(folder)
        count = folder / "events"
        code = reaped(self.child(folder, lambda: counting(count)))
        if code != ENDED:
            raise SystemExit(f"the undisturbed run ended with {code}")
        self.events = int(count.read_text())
        self.expected = world.outcome(self.world, folder)
        self.seconds = self.timed()
        if set(self.expected.states.values()) != {"done", "failed", "held"}:
            raise SystemExit(f"the plan no longer shows every outcome: {self.expected.states}")

    def timed(self) -> float:
        """Return how long a run takes that nobody counts, for kills at random times."""
        folder = self.folder / "timed"
        self.world.fresh(folder)
        begun = time.monotonic()
        reaped(self.child(folder))
        return time.monotonic() - begun

    def point(self, number: int) -> None:
        """Disturb one cutover, resume it until it ends, and judge the end."""
        folder = self.folder / f"point-{number}"
        self.world.fresh(folder)
        try:
            told = self.disturb(folder)
            told += self.finish(folder)
            told += self.judge(folder)
        finally:
            shutil.rmtree(folder)
        self.failures += [f"point {number}: {one}" for one in told]
        self.counted["points"] += 1

    def disturb(self, folder: Path) -> list[str]:
        told: list[str] = []
        self.world.misbehave(self.dice.random())
        for _ in range(self.dice.randint(1, MOST_KILLS)):
            way = self.dice.choices(("event", "time", "beside"), (6, 3, 1))[0]
            if way == "event":
                at = self.dice.randint(1, self.events)
                code = reaped(self.child(folder, lambda at=at: killing(at)))
            elif way == "time":
                code = killed_after(self.child(folder), self.dice.uniform(0, self.seconds))
            else:
                code = self.two_at_once(folder)
            self.counted[f"killed by {way}" if code == -signal.SIGKILL else f"not killed, ended with {code}"] += 1
            if code == BROKEN:
                told.append("a run ended with an error of ours")
            told += self.law1(folder)
        return told

    def two_at_once(self, folder: Path) -> int:
        """Run two processes beside each other and kill the first; the second goes on or is refused."""
        first, second = self.child(folder), self.child(folder)
        code = killed_after(first, self.dice.uniform(0, self.seconds))
        beside = reaped(second)
        self.counted[f"beside: {beside}"] += 1
        return BROKEN if beside == BROKEN else code

    def finish(self, folder: Path) -> list[str]:
        for _ in range(MOST_RUNS):
            self.world.behave()
            code = reaped(self.child(folder))
            if code == ENDED:
                return self.law1(folder)
            if code == BROKEN:
                return ["the resumed run ended with an error of ours"]
        return [f"not done after {MOST_RUNS} undisturbed runs"]

    def judge(self, folder: Path) -> list[str]:
        found = world.outcome(self.world, folder)
        told = [f"defect: {one}" for one in world.ledger_defects(folder, found.effects)]
        if self.expected is not None and found.held != self.expected.held:
            told.append(f"another end: {found.held}")
        if self.expected is not None and found.states != self.expected.states:
            told.append(f"other outcomes: {set(found.states.items()) ^ set(self.expected.states.items())}")
        if self.expected is not None and found.effects != self.expected.effects:
            told.append(f"other effects: {set(found.effects.items()) ^ set(self.expected.effects.items())}")
        return told + [f"law 1 broken: {one}" for one in self.world.broken(folder)]

    def law1(self, folder: Path) -> list[str]:
        return [f"holds both sides: {one}" for one in world.both_sides(self.world.holdings(folder))]

    def child(self, folder: Path, before: Callable[[], Callable[[], None]] | None = None) -> int:
        """Start a real process that carries the cutover out; return its pid."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        while signal.sigtimedwait({signal.SIGCHLD}, 0):
            """Forget the ends of earlier children, or the next one would be killed at once."""
        pid = os.fork()
        if pid:
            return pid
        code = BROKEN
        try:
            code = carried_out(self.world, folder, before)
        except leases.Running:
            code = RUNNING
        except leases.LeaseLost:
            code = TAKEN_OVER
        except BaseException:  # noqa: BLE001  the child's last act: say what went wrong, then end by number
            traceback.print_exc()
        os._exit(code)


def carried_out(place: world.SqlWorld, folder: Path, before: Callable[[], Callable[[], None]] | None) -> int:
    """Run the cutover in this process; 1 where something is still unknown."""
    world.use(folder)
    sql.BATCH_SIZE = ldap.BATCH_SIZE = 4
    after = before() if before is not None else None
    result = cutover.run(document=place.content, actor=homes.OPERATOR, now=make.NOW, home=folder)
    sys.setprofile(None)
    if after is not None:
        after()
    return WAITING if result.number(OperationState.UNKNOWN) or result.unreachable else ENDED


def killing(at: int) -> Callable[[], None]:
    """Kill this process at the interpreter's event number `at`: a call or return, in Python or C."""
    left = at

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    return lambda: None


def counting(file: Path) -> Callable[[], None]:
    """Count the events of the whole run into a file."""
    events = 0

    def count(*_: object) -> None:
        nonlocal events
        events += 1

    sys.setprofile(count)
    return lambda: file.write_text(str(events)) and None


def killed_after(pid: int, seconds: float) -> int:
    """Let the child run for so long, then kill it wherever it is, in C as well."""
    signal.sigtimedwait({signal.SIGCHLD}, seconds)
    os.kill(pid, signal.SIGKILL)
    return reaped(pid)


def reaped(pid: int) -> int:
    """Wait for the child; return its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--points", type=int, default=200)
    words.add_argument("--seconds", type=float, default=float("inf"), help="end after so long, whatever the points")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--target", choices=sorted(targets.WORLDS), default="sqlite")
    told = words.parse_args()
    place = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="sekisho-kill-", dir=place) as name,
        targets.WORLDS[told.target](Path(name)) as made,
    ):
        campaign = Campaign(made, Path(name), random.Random(told.seed))
        campaign.prepare()
        begun = time.monotonic()
        for number in range(told.points):
            if time.monotonic() - begun > told.seconds:
                break
            campaign.point(number)
    print(f"{told.target}: {campaign.events} events a run; {dict(sorted(campaign.counted.items()))}")
    if made.remarks():
        print(made.remarks())
    print("\n".join(campaign.failures) or "every point ended as an undisturbed run does")
    return 1 if campaign.failures else 0


if __name__ == "__main__":
    sys.exit(main())
