"""The conduct rules as pages show them: of any day, with what the day changed and whose units they speak of. 自主規制.

Rules and the company's chart are open to everybody with business in the house; how many people sit where, and who
approves on a side, is that side's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from sekisho.core.boundary import Boundary, Listed
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import PersonId, RuleKind, Side
from sekisho.core.parameters import Parameters
from sekisho.core.rule_matrix import Changed, Matrix, change_days, changed, in_force, matrix
from sekisho.core.rules import Approvers, Rule
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import installation, visibility
from sekisho.services import rules as stored
from sekisho.services import verification_runs as runs
from sekisho.services.boundary import boundary
from sekisho.store import models

PAST, NOW, COMING = "past", "now", "coming"


class UnknownRule(SekishoError):
    """No rule has that id."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A day on which the rules in force change; `state` says whether its set is past, today's or to come."""

    day: date
    state: str
    changes: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class ApproversShown:
    """Who may approve exceptions to a rule for one side; `persons` None: that side's own to know."""

    side: str
    count: int
    persons: tuple[tuple[str, str], ...] | None


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A version with the days that count on the day asked for, and who approves exceptions to it."""

    rule: Rule
    entered: bool
    stay_days: int
    lookback_days: int
    approvers: tuple[ApproversShown, ...]


@dataclass(frozen=True, slots=True)
class UnitPlaced:
    """A unit with its classes on the day (None: unclassified, so unknown), and how many people sit there.

    `people` None: that is another side's to know.
    """

    code: str
    name: str
    company: str
    side: Side | None
    classes: tuple[str, ...] | None
    people: int | None


@dataclass(frozen=True, slots=True)
class RulesShown:
    """The rules of one day; `begins` is the day since which just this set holds, None where none ever did."""

    day: date
    today: date
    begins: date | None
    tabs: tuple[Tab, ...]
    rules: tuple[RuleShown, ...]
    moves: Matrix
    posts: Matrix
    units: tuple[UnitPlaced, ...]

    @property
    def unclassified(self) -> tuple[UnitPlaced, ...]:
        return tuple(one for one in self.units if one.classes is None)


@dataclass(frozen=True, slots=True)
class RuleHistory:
    """One rule over time: its versions, the latest first."""

    id: str
    versions: tuple[RuleShown, ...]
    current: RuleShown | None


def rules(*, actor: Actor, now: datetime, day: date | None = None) -> RulesShown:
    """Return the rules in force on a day (default: today) with everything that they speak of.

    Raises:
        NotVisible: the actor has no business with the rules.
    """
    visibility.need_some(actor=actor, kind=FactKind.RULE, now=now)
    today = installation.today(now=now)
    day = day or today
    known, parameters = stored.rules(known_at=now), stored.parameters(known_at=now)
    days = change_days(known, parameters)
    then = in_force(known, day)
    show = _Show.of(actor, now)
    return RulesShown(
        day=day,
        today=today,
        begins=max((one for one in days if one <= day), default=None),
        tabs=tuple(Tab(one, _state(one, days, today), changed(known, parameters, one)) for one in days),
        rules=tuple(show.rule(rule, parameters, day) for rule in then),
        moves=matrix(known, RuleKind.DIRECT_TRANSFER, day),
        posts=matrix(known, RuleKind.CONCURRENT_POSTS, day),
        units=units(actor=actor, now=now, day=day),
    )


def rule(*, actor: Actor, now: datetime, rule_id: str) -> RuleHistory:
    """Return one rule with its versions.

    Raises:
        NotVisible
        UnknownRule
    """
    visibility.need_some(actor=actor, kind=FactKind.RULE, now=now)
    today, parameters = installation.today(now=now), stored.parameters(known_at=now)
    versions = [one for one in stored.rules(known_at=now) if one.id == rule_id]
    if not versions:
        raise UnknownRule("rules.unknown", {"rule": rule_id})
    show = _Show.of(actor, now)
    shown = tuple(show.rule(one, parameters, max(one.period.start, today)) for one in reversed(versions))
    current = next((one for one in shown if one.rule.period.holds(today)), None)
    return RuleHistory(rule_id, shown, current)


def units(*, actor: Actor, now: datetime, day: date) -> tuple[UnitPlaced, ...]:
    """Return the units of the day that have classes, after those that nobody classified."""
    where = boundary(known_at=now)
    there = [row for code in where.unit_codes() if (row := where.unit(code, day)) is not None]
    placed = [(row, listed) for row in there if (listed := _classes(where, row.code, day)) != ()]
    people = _people([row.code for row, _ in placed], day, now)
    sees: dict[Side | None, bool] = {}
    found = []
    for row, listed in placed:
        side = where.side(row.code, row.company, day)
        if side not in sees:
            sees[side] = _counts(actor, side, now)
        count = people.get(row.code, 0) if sees[side] else None
        found.append(UnitPlaced(row.code, row.name, row.company, side, listed, count))
    return tuple(sorted(found, key=lambda one: (one.classes is not None, one.code)))


def _classes(where: Boundary, code: str, day: date) -> tuple[str, ...] | None:
    listed = where.classes(code, day)
    return tuple(sorted(listed.names)) if isinstance(listed, Listed) else None


def _people(codes: Sequence[str], day: date, now: datetime) -> Mapping[str, int]:
    """Return how many people hold a post in each of the units on the day."""
    held = models.Stint.objects.as_known_at(now).filter(
        Q(end__isnull=True) | Q(end__gt=day), unit__in=codes, start__lte=day, kind__in=["main", "concurrent"]
    )
    return dict(held.values_list("unit").annotate(people=Count("person_id", distinct=True)).order_by())


def _counts(actor: Actor, side: Side | None, now: datetime) -> bool:
    depth = visibility.depth(actor=actor, kind=FactKind.PERSON, side=side, purpose=Purpose.FIGURES, now=now)
    return depth >= Depth.COUNT


def _state(day: date, days: Sequence[date], today: date) -> str:
    if day > today:
        return COMING
    return NOW if day == max(one for one in days if one <= today) else PAST


@dataclass(slots=True)
class _Show:
    """What showing rules takes, read once; sides are asked for as they come."""

    actor: Actor
    now: datetime
    approvers: tuple[Approvers, ...]
    entered: frozenset[tuple[str, str, date]]
    names: Mapping[str, str]
    sees: dict[Side | None, bool]

    @classmethod
    def of(cls, actor: Actor, now: datetime) -> "_Show":
        listed = stored.approvers(known_at=now)
        persons = sorted({str(person) for row in listed for person in row.persons})
        names = runs.names(person_ids=persons, known_at=now)
        return cls(actor, now, listed, stored.entered(known_at=now), names, {})

    def rule(self, rule: Rule, parameters: Parameters, day: date) -> RuleShown:
        stay, lookback = rule.neutral_stay_days, rule.lookback_days
        return RuleShown(
            rule=rule,
            entered=(rule.id, rule.version, rule.period.start) in self.entered,
            stay_days=parameters.number("neutral_stay_days", day) if stay is None else stay,
            lookback_days=parameters.number("lookback_days", day) if lookback is None else lookback,
            approvers=self._approvers(rule.id, day),
        )

    def _approvers(self, rule_id: str, day: date) -> tuple[ApproversShown, ...]:
        sides: dict[Side | None, set[PersonId]] = {}
        for row in self.approvers:
            if row.rule == rule_id and row.period.holds(day):
                sides.setdefault(row.side, set()).update(row.persons)
        found = []
        for side in sorted(sides, key=str):
            persons = sorted(sides[side])
            named = tuple((str(one), self.names.get(one, one)) for one in persons) if self._sees(side) else None
            found.append(ApproversShown(side or "", len(persons), named))
        return tuple(found)

    def _sees(self, side: Side | None) -> bool:
        if side not in self.sees:
            purpose = visibility.purpose(actor=self.actor, now=self.now)
            depth = visibility.depth(actor=self.actor, kind=FactKind.PERSON, side=side, purpose=purpose, now=self.now)
            self.sees[side] = depth is Depth.DETAIL
        return self.sees[side]
