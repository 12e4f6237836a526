"""Whom a change of the rules would affect: background work, read side by side. Nothing is changed. 影響確認.

The work judges every move that the change can reach, for all sides; what each reader gets of it is cut to what he may
see of verdicts, notices before their release included. Lists are cut at `LISTED` for each group; numbers are whole.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OrderStatus, PersonId, Side
from sekisho.core.orders import Order
from sekisho.core.periods import Period
from sekisho.core.rule_matrix import in_force
from sekisho.core.rule_preview import Part, effect, spoken_of
from sekisho.core.rules import Rule, body_of, read_rule, with_change
from sekisho.core.screening import Rulebook
from sekisho.core.users import Actor
from sekisho.core.verdicts import Verdict
from sekisho.core.visibility import common_side
from sekisho.services import installation, jobs, people, screening_records
from sekisho.services.jobs import NewJob
from sekisho.services.orders import is_released
from sekisho.services.screening_world import World, rulebook
from sekisho.services.verdicts import document
from sekisho.store import models

LISTED = 200
CHUNK = 1_000
"""Persons judged between two signs of life."""
COUNTED, LOOKED, MOVE, SITTING = "counted", "looked_at", "move", "sitting"
Line = dict[str, Json]


class BadChange(SekishoError):
    """The change begins before today, whose past judgements stand, or speaks of nothing."""


def ask(*, actor: Actor, now: datetime, change: Rule, since: date) -> int:
    """Ask what a change would do; return the job.

    `since`: how far back past moves are looked at.

    Raises:
        MayNotAsk: the actor has neither of the roles that look at verdicts beforehand.
        BadChange
    """
    jobs.need(actor=actor, kind=jobs.PREVIEW, now=now)
    refuse_bad(change=change, now=now)
    params: Mapping[str, Json] = {"change": write_change(change), "since": since.isoformat()}
    asked = NewJob(jobs.PREVIEW, f"preview {change.id} {actor.name} {now.isoformat()}"[:200], params, now)
    return jobs.enqueue(actor=actor, now=now, asked=asked)


def refuse_bad(*, change: Rule, now: datetime) -> None:
    """Refuse a change that begins in the past.

    Raises:
        BadChange
    """
    today = installation.today(now=now)
    if change.period.start < today:
        raise BadChange("rules.past_day", {"day": change.period.start.isoformat(), "today": today.isoformat()})


def write_change(change: Rule) -> str:
    """Return a change as the job keeps it."""
    period = change.period
    days = {"from": period.start.isoformat(), "to": period.end.isoformat() if period.end else None}
    return json.dumps({"id": change.id, "version": change.version, **days, "body": body_of(change)}, ensure_ascii=False)


def read_change(written: str) -> Rule:
    """Return the change that `write_change` wrote."""
    kept = json.loads(written)
    end = date.fromisoformat(kept["to"]) if kept["to"] else None
    body = {**kept["body"], "id": kept["id"], "version": kept["version"]}
    return read_rule(body, Period(date.fromisoformat(kept["from"]), end))


def compute(*, change: Rule, since: date, now: datetime, tell: Callable[[int, int], None]) -> Sequence[Line]:
    """Return what the change does: numbers by side, the first moves of each group, and who sits where it reaches."""
    before = rulebook(known_at=now)
    run = _Run(
        change, since, installation.today(now=now), now, before, before.with_rules(with_change(before.rules, change))
    )
    persons = sorted(_reached(min(since, change.period.start)))
    for start in range(0, len(persons), CHUNK):
        part = persons[start : start + CHUNK]
        world = World(person_ids=part, known_at=now, book=before)
        for person in world.persons():
            for order in world.in_force(person):
                run.look(order, world)
        tell(min(start + CHUNK, len(persons)), len(persons) + 1)
    lines = [*run.lines(), *_sitting(run)]
    tell(len(persons) + 1, len(persons) + 1)
    return lines


def _reached(since: date) -> set[PersonId]:
    """Return everyone of whom HR has ordered anything from that day on."""
    rows = models.Order.objects.filter(first_day__gte=since).values_list("person_id", flat=True).distinct()
    return {PersonId(person) for person in rows.iterator()}


@dataclass(frozen=True, slots=True)
class _Found:
    order: Order
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class _Group:
    """Moves that are told together: same question, same effect, on the same sides, all released or none."""

    part: str
    effect: str
    sides: tuple[str, ...]
    released: bool

    def line(self, kind: str, **facts: Json) -> Line:
        """Return a line of the group; `side` is what lists of all kinds of work go by."""
        sides = [Side(one) if one else None for one in self.sides]
        where = common_side(sides, released=self.released)
        told: Line = {"line": kind, "part": self.part, "effect": self.effect, "side": where}
        return {**told, "sides": list(self.sides), "released": self.released, **facts}


@dataclass(slots=True)
class _Run:
    """One preview under way."""

    change: Rule
    since: date
    today: date
    now: datetime
    before: Rulebook
    after: Rulebook
    found: dict[_Group, list[_Found]] = field(default_factory=lambda: defaultdict(list))
    looked: dict[_Group, int] = field(default_factory=lambda: defaultdict(int))

    def look(self, order: Order, world: World) -> None:
        """Ask what the change does to one order: one to come by its own day, a past one by the change's."""
        day = self.change.period.start
        if order.first_day >= self.today and order.effective_date >= day:
            self._compare(order, Part.COMING, world.verdict(order), world.verdict(order, book=self.after))
        elif order.status is OrderStatus.FINAL and self.since <= order.first_day < self.today:
            self._compare(order, Part.PAST, world.verdict(order, on=day), world.verdict(order, on=day, book=self.after))

    def _compare(self, order: Order, part: Part, before: Verdict, after: Verdict) -> None:
        sides = screening_records.sides(order, after, self.before.boundary)
        written, released = tuple(sorted(side or "" for side in sides)), is_released(order, at=self.now)
        self.looked[_Group(part, "", written, released)] += 1
        does = effect(before, after)
        if does is not None:
            self.found[_Group(part, does, written, released)].append(_Found(order, before, after))

    def lines(self) -> Iterator[Line]:
        for group in sorted(self.looked, key=repr):
            yield group.line(LOOKED, count=self.looked[group])
        for group in sorted(self.found, key=repr):
            moves = sorted(self.found[group], key=lambda one: (one.order.first_day, one.order.person_id, one.order.id))
            yield group.line(COUNTED, count=len(moves))
            for one in moves[:LISTED]:
                yield group.line(MOVE, **_told(one))


def _told(one: _Found) -> Mapping[str, Json]:
    return {
        "order_id": one.order.id,
        "order_no": one.order.key.order_no,
        "person_id": one.order.person_id,
        "first_day": one.order.first_day.isoformat(),
        "status": one.order.status.value,
        "before": document(one.before),
        "after": document(one.after),
    }


def _sitting(run: _Run) -> Iterator[Line]:
    """Yield for each unit how many people sit today in posts that the rule speaks of, where the change changes it."""
    day = run.change.period.start
    was = next((one for one in in_force(run.before.rules, day) if one.id == run.change.id), None)
    then = next((one for one in in_force(run.after.rules, day) if one.id == run.change.id), None)
    held = sorted(people.stints_on(day=run.today, known_at=run.now), key=attrgetter("person_id"))
    counts: dict[tuple[str, str], dict[str, set[PersonId]]] = defaultdict(lambda: defaultdict(set))
    for person, posts in groupby(held, attrgetter("person_id")):
        mine = list(posts)
        for name, rule in (("before", was), ("after", then)):
            for post in spoken_of(rule, mine, run.before, day) if rule is not None else ():
                counts[post.unit, post.company][name].add(person)
    for (unit, company), found in sorted(counts.items()):
        before, after = len(found["before"]), len(found["after"])
        side = run.before.boundary.side(unit, company, day) or ""
        yield {"line": SITTING, "side": side, "unit": unit, "before": before, "after": after}
