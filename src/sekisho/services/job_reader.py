"""What one actor may know of background work: jobs and their results cut to his sides (law 8).

Whoever may count a kind's facts on some side of a job knows that it is there and how far it is; of an import only who
brought the file. Numbers are cut to the sides that he counts, an error's facts and what was found line by line to those
that he reads; of what was asked only plain facts are told.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from django.db.models import Q

from sekisho.core.kinds import BOTH, NEUTRAL, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, decide, purpose_of, widest
from sekisho.services import installation, visibility
from sekisho.services.job_kinds import ABOUT, ASKING, IMPORT, sides
from sekisho.store import models

_PLAIN = frozenset(
    {"actor", "as_of", "at", "attempts", "error", "expires_at", "given", "job", "kind", "required", "sha256", "until"}
)
"""Facts of an error that tell nothing of a side."""
_TOLD = frozenset({"as_of", "change", "sha256", "since"})
"""What others than he who asked are told of the words in which work was asked for."""


@dataclass(frozen=True, slots=True)
class JobShown:
    """A job as pages show it. How far it is and why it failed is told to those who see every side that it handles.

    `skipped`: further times of its schedule that it catches up. `result`: numbers by side stand under `sides`.
    """

    id: int
    kind: str
    side: str
    state: str
    percent: int | None
    requested_by: str
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    heartbeat_at: datetime | None
    missed_at: datetime | None
    skipped: int
    attempts: int
    error: str
    error_params: Mapping[str, str]
    params: Mapping[str, str]
    result: Mapping[str, object]

    @property
    def plan(self) -> str:
        """Return the plan that it made or carries out; "" where it is about none."""
        return str(self.result.get("sha256", "")) if ABOUT.get(self.kind, FactKind.PLAN) is FactKind.PLAN else ""


@dataclass(frozen=True, slots=True)
class Reader:
    """What one actor may know of work. `kinds`: those of which he may know any job."""

    name: str
    kinds: tuple[str, ...]
    sides: tuple[str, ...]
    """Every side that work may bear."""
    depth: Callable[[str, str], Depth]
    """(kind of job, side) → how much he sees; asked often, logged never."""
    whole: Callable[[str, str], bool]
    """(kind of job, side) → whether he counts every side that it handles; a share of all is a number of each."""
    reads: Callable[[str, str], bool]
    """(kind of job, side) → whether he reads the side's details; such a read across the wall is logged."""

    def knows(self, kind: str, side: str) -> bool:
        """Tell whether he may know of work of that kind and side."""
        return kind in self.kinds and self.depth(kind, side) >= Depth.COUNT

    def known(self, kinds: Collection[str] = ()) -> Q:
        """Return the condition that the jobs he may know of meet; of an import only who brought the file knows."""
        found = Q(pk__in=[])
        for kind in kinds or self.kinds:
            mine = Q(requested_by=self.name) if kind == IMPORT else Q()
            found |= Q(kind=kind, side__in=[side for side in self.sides if self.knows(kind, side)]) & mine
        return found

    def shown(self, row: models.Job) -> JobShown:
        """Return the job, its numbers and its error cut to what he sees."""
        error, params = self._error(row)
        return JobShown(
            id=row.pk,
            kind=row.kind,
            side=row.side,
            state=row.state,
            percent=100 * row.done // row.total if row.total and self.whole(row.kind, row.side) else None,
            requested_by=row.requested_by,
            due_at=row.due_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            heartbeat_at=row.heartbeat_at,
            missed_at=row.missed_at,
            skipped=row.skipped,
            attempts=row.attempts,
            error=error,
            error_params=params,
            params=dict(row.params) if row.requested_by == self.name else _told(row.params),
            result=self._result(row),
        )

    def _result(self, row: models.Job) -> dict[str, object]:
        found = dict(row.result or {})
        by_side = found.get("sides", {})
        if by_side:
            found["sides"] = {
                side: value for side, value in by_side.items() if self.depth(row.kind, side) >= Depth.COUNT
            }
        return found

    def _error(self, row: models.Job) -> tuple[str, dict[str, str]]:
        plain = row.error_params.keys() <= _PLAIN or self.reads(row.kind, row.side)
        return (row.error, dict(row.error_params)) if plain else ("jobs.not_told", {})


def _told(params: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if name in _TOLD}


def reader(*, actor: Actor, now: datetime) -> Reader:
    """Return what the actor may know of work.

    Raises:
        NotVisible: of nothing at all.
    """
    on = installation.today(now=now)
    purpose = purpose_of(actor, on=on)
    about = {kind: ABOUT.get(kind, FactKind.PLAN) for kind in ASKING}
    widths = {kind: widest(actor, kind=fact, purpose=purpose, on=on) for kind, fact in about.items()}
    known = tuple(kind for kind, depth in widths.items() if depth >= Depth.COUNT)
    if not known:
        visibility.need_some(actor=actor, kind=FactKind.PLAN, now=now, least=Depth.COUNT)

    @cache
    def depth(kind: str, side: str) -> Depth:
        if side == BOTH:
            return widths[kind]
        whose = None if side in {"", NEUTRAL} else Side(side)
        return decide(actor, kind=about[kind], side=whose, purpose=purpose, on=on)

    @cache  # asked once, whatever the number of jobs
    def handled(side: str) -> list[str]:
        return sides(now=now) if side == BOTH else [side]

    def whole(kind: str, side: str) -> bool:
        return all(depth(kind, one) >= Depth.COUNT for one in handled(side))

    def reads(kind: str, side: str) -> bool:
        asked = handled(side)
        ask = partial(visibility.depth, actor=actor, kind=about[kind], purpose=purpose, now=now)
        return {ask(side=one) for one in asked} <= {Depth.DETAIL}

    bearing = (*sides(now=now), "", NEUTRAL, BOTH)
    return Reader(actor.name, known, bearing, depth, whole, reads)
