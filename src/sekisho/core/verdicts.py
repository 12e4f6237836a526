"""A check's verdict: outcome, the rules that made it, the posts that led there, a code for the text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.core.kinds import Outcome
from sekisho.core.rules import RuleRef


@dataclass(frozen=True, slots=True)
class PathStep:
    """One post on the way, oldest first: enough to show it without another read."""

    company: str
    unit: str
    start: str
    end: str | None
    classes: tuple[str, ...] | None
    """None: unclassified."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules in force on the effective date say of one order."""

    outcome: Outcome
    rules: tuple[RuleRef, ...]
    path: tuple[PathStep, ...]
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    exceptions: tuple[str, ...] = ()
