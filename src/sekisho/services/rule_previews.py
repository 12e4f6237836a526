"""A preview as its readers see it: cut to what each may see of verdicts, of persons, and of notices. 影響確認の閲覧."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sekisho.core.kinds import Outcome, PersonId, Side
from sekisho.core.rule_matrix import in_force
from sekisho.core.rule_preview import Effect, Part
from sekisho.core.rules import Rule
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import jobs, orders, rule_preview, rules, visibility
from sekisho.services import verification_runs as runs
from sekisho.services.boundary import boundary
from sekisho.services.jobs import JobShown, UnknownJob
from sekisho.services.rule_preview import COUNTED, LOOKED, MOVE, SITTING
from sekisho.services.verdicts import read, reason
from sekisho.store import models

CHUNK = 500


@dataclass(frozen=True, slots=True)
class MoveShown:
    """A move that the change does something to. `reason` {ja, en}: why it is caught, after the change or until it."""

    order_id: str
    order_no: str
    person_id: str
    name: str
    first_day: date
    status: str
    before: Outcome
    after: Outcome
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GroupShown:
    """Moves with one effect: how many there are that the reader may count, and the first of those he may read."""

    part: Part
    effect: Effect
    count: int
    moves: tuple[MoveShown, ...]


@dataclass(frozen=True, slots=True)
class UnitShown:
    """How many people sit in a unit's posts that the rule speaks of, before and after the change."""

    code: str
    name: str
    side: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview, done or under way. `was`: the version that the change would end, if there is one."""

    job: JobShown
    change: Rule
    was: Rule | None
    since: date
    looked_at: int
    groups: tuple[GroupShown, ...]
    units: tuple[UnitShown, ...]

    @property
    def is_done(self) -> bool:
        return self.job.state == jobs.DONE

    def count(self, *effects: Effect) -> int:
        """Return how many moves the change does one of these things to."""
        return sum(one.count for one in self.groups if one.effect in effects)


def preview(*, actor: Actor, now: datetime, job_id: int) -> Preview:
    """Return a preview as the reader may see it.

    Raises:
        NotVisible
        UnknownJob: there is no such preview, or none that the reader may know of.
    """
    visibility.need_some(actor=actor, kind=FactKind.VERDICT, now=now)
    shown = jobs.job(actor=actor, now=now, job_id=job_id)
    if shown is None or shown.kind != jobs.PREVIEW:
        raise UnknownJob("jobs.unknown", {"job": job_id})
    change = rule_preview.read_change(shown.params["change"])
    sees, lines = _Sees(actor, now), models.Job.objects.get(pk=job_id).lines
    seen = [(line, sees.verdict(line)) for line in lines if line["line"] != SITTING]
    known = in_force(rules.rules(known_at=now), change.period.start)
    return Preview(
        job=shown,
        change=change,
        was=next((rule for rule in known if rule.id == change.id), None),
        since=date.fromisoformat(shown.params["since"]),
        looked_at=sum(line["count"] for line, depth in seen if line["line"] == LOOKED and depth >= Depth.COUNT),
        groups=_groups(seen, now),
        units=_units([line for line in lines if line["line"] == SITTING and sees.people(line["side"])], change, now),
    )


@dataclass(slots=True)
class _Sees:
    """What one reader sees, asked once for each kind of line."""

    actor: Actor
    now: datetime
    verdicts: dict[tuple[str, bool], Depth] = field(default_factory=dict)
    persons: dict[str, bool] = field(default_factory=dict)

    def verdict(self, line: Mapping[str, Any]) -> Depth:
        """Return how much of a move's verdict he sees: by any of its sides."""
        return max(self._side(side, released=line["released"]) for side in line["sides"])

    def _side(self, side: str, *, released: bool) -> Depth:
        if (side, released) not in self.verdicts:
            purpose = visibility.purpose(actor=self.actor, now=self.now)
            self.verdicts[side, released] = visibility.depth(
                actor=self.actor,
                kind=FactKind.VERDICT,
                side=side,
                purpose=purpose,
                now=self.now,
                released=released,
            )
        return self.verdicts[side, released]

    def people(self, side: str) -> bool:
        """Tell whether he may count the people of a side."""
        if side not in self.persons:
            depth = visibility.depth(
                actor=self.actor, kind=FactKind.PERSON, side=side, purpose=Purpose.FIGURES, now=self.now
            )
            self.persons[side] = depth >= Depth.COUNT
        return self.persons[side]


def _groups(seen: Sequence[tuple[Mapping[str, Any], Depth]], now: datetime) -> tuple[GroupShown, ...]:
    counts: dict[tuple[Part, Effect], int] = defaultdict(int)
    moves: dict[tuple[Part, Effect], list[Mapping[str, Any]]] = defaultdict(list)
    for line, depth in seen:
        if line["line"] == COUNTED and depth >= Depth.COUNT:
            counts[Part(line["part"]), Effect(line["effect"])] += line["count"]
        if line["line"] == MOVE and depth is Depth.DETAIL:
            moves[Part(line["part"]), Effect(line["effect"])].append(line)
    stand = _standing([line for found in moves.values() for line in found], now)
    names = _names(sorted({line["person_id"] for found in moves.values() for line in found}), now)
    return tuple(
        GroupShown(
            part,
            does,
            counts[part, does],
            tuple(_move(line, names) for line in _in_order(moves[part, does]) if line["order_id"] in stand),
        )
        for part in Part
        for does in Effect
        if counts[part, does]
    )


def _in_order(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(lines, key=lambda line: (line["first_day"], line["person_id"], line["order_id"]))


def _standing(lines: Sequence[Mapping[str, Any]], now: datetime) -> frozenset[str]:
    """Return the orders that may still be told: of notices before their release only those that nobody withdrew."""
    notices = {PersonId(line["person_id"]) for line in lines if not line["released"]}
    told = {str(line["order_id"]) for line in lines if line["released"]}
    return frozenset(told) | (orders.standing(person_ids=notices, known_at=now) if notices else frozenset())


def _names(persons: Sequence[str], now: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(persons), CHUNK):
        found.update(runs.names(person_ids=persons[start : start + CHUNK], known_at=now))
    return found


def _move(line: Mapping[str, Any], names: Mapping[str, str]) -> MoveShown:
    before, after = read(line["before"]), read(line["after"])
    return MoveShown(
        order_id=line["order_id"],
        order_no=line["order_no"],
        person_id=line["person_id"],
        name=names.get(line["person_id"], line["person_id"]),
        first_day=date.fromisoformat(line["first_day"]),
        status=line["status"],
        before=before.outcome,
        after=after.outcome,
        reason=reason(before if after.outcome is Outcome.ALLOWED else after),
    )


def _units(lines: Sequence[Mapping[str, Any]], change: Rule, now: datetime) -> tuple[UnitShown, ...]:
    where, found = boundary(known_at=now), []
    for line in lines:
        unit = where.unit_or_last(line["unit"], change.period.start)
        name = unit.name if unit else line["unit"]
        found.append(UnitShown(line["unit"], name, Side(line["side"]), line["before"], line["after"]))
    return tuple(found)
