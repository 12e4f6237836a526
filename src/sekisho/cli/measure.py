"""What a bench returns, and how it takes time. A figure never stands alone: each has its limit from the same run."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bench:
    """One figure beside its limit.

    `limit` is what the machine gives at best for the same work, measured in the same run, in the same
    `unit`; or the budget's own number where it is absolute. `against` says which. `budget` is the
    sentence of the budget, "" where there is none. `size` says how much was there to work on.
    """

    name: str
    value: float | None
    """None where it was not run; `against` then says why. Never 0 for that."""
    unit: str
    limit: float | None
    against: str
    budget: str = ""
    size: str = ""

    @property
    def ratio(self) -> float | None:
        """Return value ÷ limit: for rates, at best 1; for seconds, how much of the budget is used."""
        if self.value is None or self.limit is None:
            return None
        return self.value / self.limit if self.limit else 0.0


def not_run(name: str, unit: str, why: str, *, budget: str = "", size: str = "") -> Bench:
    """Return the figure of what could not be measured here; `why` is a few words such as "slapd is missing"."""
    return Bench(name, None, unit, None, f"not run: {why}", budget, size)


Measure = Callable[[Path], list[Bench]]
"""Takes an empty scratch home, in which Django is set up and the tables are there; returns its figures."""


def seconds(work: Callable[[], object]) -> float:
    """Return how long one run of `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best_seconds(work: Callable[[], object], *, runs: int = 3) -> float:
    """Return the shortest of several runs: what is left when others on the machine are quiet."""
    return min(seconds(work) for _ in range(runs))
