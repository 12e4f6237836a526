"""The rules of one day as a matrix from class to class, and what one day changes against the day before. 規則の一覧.

Here: which rule speaks of which pair of classes, and the days on which the rules in force change. Not here: whether
a move of a person falls under one (`screening`), the words (`texts/*/rules.toml`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sekisho.core.kinds import RuleKind, RuleType
from sekisho.core.parameters import Parameters
from sekisho.core.periods import day_before
from sekisho.core.rules import PROGRAMME_FROM, PROGRAMME_TO, Rule, differences

TYPES = (RuleType.LEGAL_STOP, RuleType.POLICY_STOP, RuleType.REVIEW)
"""Law 14's three, strongest first; never mixed."""

ANY = ""
"""Stands for "whatever class" where a rule leaves one end open."""
DAYS = ("neutral_stay_days", "lookback_days")
"""Parameters that a rule takes where it names no days of its own."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one type of rule says of a pair: which rules, and since when without a gap."""

    type: RuleType
    rules: tuple[Rule, ...]
    since: date


@dataclass(frozen=True, slots=True)
class Cell:
    """A pair of classes and what is said of it, by type; no mark: no rule speaks of it, which is no approval."""

    start: str
    goal: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows are where a move comes from, columns where it leads. `apart`: rules that name no class at all."""

    starts: tuple[str, ...]
    goals: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    apart: tuple[Rule, ...]

    @property
    def pairs(self) -> int:
        return len(self.starts) * len(self.goals)

    def spoken_of(self, *types: RuleType) -> int:
        """Return how many pairs some rule of these types speaks of."""
        return sum(any(mark.type in types for mark in cell.marks) for row in self.rows for cell in row)

    def rules(self, kind: RuleType) -> tuple[Rule, ...]:
        """Return the rules of a type that stand in the matrix or apart from it."""
        inside = {rule for row in self.rows for cell in row for mark in cell.marks for rule in mark.rules}
        return tuple(sorted((rule for rule in {*inside, *self.apart} if rule.type is kind), key=lambda one: one.id))


@dataclass(frozen=True, slots=True)
class Changed:
    """What a day changes about one rule: it begins (`before` None), ends (`after` None) or reads otherwise."""

    before: Rule | None
    after: Rule | None
    keys: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule:
        """Return the version that the change is about: the new one where there is one."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - a change of nothing is never made
        return found


def in_force(rules: Iterable[Rule], day: date) -> tuple[Rule, ...]:
    """Return the versions in force on the day, legal stops first, then by id."""
    found = [rule for rule in rules if rule.period.holds(day)]
    return tuple(sorted(found, key=lambda rule: (TYPES.index(rule.type), rule.id, rule.version)))


def matrix(rules: Collection[Rule], kind: RuleKind, day: date) -> Matrix:
    """Return the matrix of the rules of a kind on a day: the programme's classes and whatever else they name."""
    mine = [rule for rule in rules if rule.kind is kind]
    begins = {rule.period.start for rule in mine} | {rule.period.end for rule in mine if rule.period.end}
    history = [(one, in_force(mine, one)) for one in sorted(begins, reverse=True) if one <= day]
    then = in_force(mine, day)
    placed = [rule for rule in then if rule.from_classes or rule.to_classes]
    starts = _ends([rule.from_classes for rule in placed], PROGRAMME_FROM)
    goals = _ends([rule.to_classes for rule in placed], PROGRAMME_TO)
    rows = tuple(tuple(Cell(start, goal, _marks(start, goal, history)) for goal in goals) for start in starts)
    return Matrix(starts, goals, rows, tuple(rule for rule in then if rule not in placed))


def _ends(named: Sequence[frozenset[str]], first: Sequence[str]) -> tuple[str, ...]:
    further = sorted(frozenset[str]().union(*named) - set(first))
    return (*first, *further, *([ANY] if any(not classes for classes in named) else []))


def _marks(start: str, goal: str, history: Sequence[tuple[date, tuple[Rule, ...]]]) -> tuple[Mark, ...]:
    """Return what the latest set says of the pair, each type with the day since which one of it always did."""
    found = []
    for kind in TYPES:
        speaking: tuple[Rule, ...] = ()
        since = None
        for begins, rules in history:
            then = tuple(rule for rule in rules if rule.type is kind and _speaks(rule, start, goal))
            if not then:
                break
            speaking, since = speaking or then, begins
        if since is not None:
            found.append(Mark(kind, speaking, since))
    return tuple(found)


def _speaks(rule: Rule, start: str, goal: str) -> bool:
    if not (rule.from_classes or rule.to_classes):
        return False
    return _fits(start, rule.from_classes) and _fits(goal, rule.to_classes)


def _fits(name: str, classes: frozenset[str]) -> bool:
    return not classes or name in classes


def change_days(rules: Collection[Rule], parameters: Parameters) -> tuple[date, ...]:
    """Return the days on which the rules in force change, oldest first.

    A rule that leaves its days to a parameter changes with it, without a new version.
    """
    lasting = [rule.period for rule in rules if rule.period.start < rule.period.until]
    days = {period.start for period in lasting} | {period.end for period in lasting if period.end}
    for name in DAYS:
        leaving = [rule.period for rule in rules if getattr(rule, name) is None]
        days |= {
            day
            for day in parameters.change_days(name)
            if day > date.min
            and parameters.get(name, day) != parameters.get(name, day_before(day))
            and any(period.holds(day) for period in leaving)
        }
    return tuple(sorted(days))


def changed(rules: Collection[Rule], parameters: Parameters, day: date) -> tuple[Changed, ...]:
    """Return what the day changes against the day before, by rule."""
    eve = {rule.id: rule for rule in in_force(rules, day_before(day))}
    then = {rule.id: rule for rule in in_force(rules, day)}
    found = []
    for name in sorted(eve.keys() | then.keys()):
        before, after = eve.get(name), then.get(name)
        if before is None or after is None:
            found.append(Changed(before, after))
            continue
        keys = differences(before, after)
        keys += tuple(key for key in DAYS if key not in keys and _reads(after, key, parameters, day))
        if keys or before.version != after.version:
            found.append(Changed(before, after, keys))
    return tuple(found)


def _reads(rule: Rule, key: str, parameters: Parameters, day: date) -> bool:
    return getattr(rule, key) is None and parameters.get(key, day) != parameters.get(key, day_before(day))
