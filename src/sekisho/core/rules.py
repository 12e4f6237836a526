"""Conduct rules as dated, versioned data. 自主規制・行為規制.

A rule's *kind* names a pure function in `screening`; everything else is data that a compliance
officer can read. Two versions of one rule in force on one day are bad input.
"""

from dataclasses import dataclass
from datetime import date

from sekisho.core.kinds import CompanyStatus, PersonId, PostClass, RuleKind, RuleType, Side
from sekisho.core.periods import Period


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. Within a list: any of; between keys: all; an empty set: anything goes."""

    id: str
    version: str
    kind: RuleKind
    type: RuleType
    period: Period
    from_classes: frozenset[str] = frozenset()
    to_classes: frozenset[str] = frozenset()
    from_post_classes: frozenset[PostClass] = frozenset()
    to_post_classes: frozenset[PostClass] = frozenset()
    to_status: frozenset[CompanyStatus] = frozenset()
    neutral_stay_days: int | None = None
    """None: the parameter of that name, in force on the effective date."""
    lookback_days: int | None = None
    reverse: bool = False
    text_ja: str = ""
    text_en: str = ""
    source: str = ""
    approved_by: str = ""
    approved_on: date | None = None


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A rule and version that made a verdict."""

    id: str
    version: str
    type: RuleType


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who may approve exceptions to a rule, for one side, while it holds."""

    rule: str
    persons: frozenset[PersonId]
    side: Side | None
    period: Period


@dataclass(frozen=True, slots=True)
class RuleException:
    """A named, dated exception to one rule for one person, with reason, end and approvers."""

    id: str
    rule: str
    person_id: PersonId
    reason: str
    approved_by: frozenset[str]
    period: Period
