"""What a change of the rules does to moves: the same verdicts asked twice, before and after. 規則変更の影響.

Here: how two verdicts on one move differ. Both come from `screening.judge`, so that a preview says what a check will
say once the change is adopted. Not here: which moves are asked (`services.rule_preview`).
"""

from enum import StrEnum

from sekisho.core.kinds import Outcome, RuleType
from sekisho.core.verdicts import Verdict


class Effect(StrEnum):
    """What becomes of a move: it is caught now, it is no longer, or it is caught in another way."""

    NEWLY = "newly"
    NO_LONGER = "no_longer"
    OTHERWISE = "otherwise"


class Part(StrEnum):
    """Which question was asked of a move: by its own day, or what the rules say of a past move by then."""

    COMING = "coming"
    PAST = "past"


def effect(before: Verdict, after: Verdict) -> Effect | None:
    """Return what the change does to the move; None where it does nothing.

    A stop that becomes one of another type is a change: legal stop, policy stop and review never mix (law 14).
    """
    if before.outcome is Outcome.ALLOWED:
        return None if after.outcome is Outcome.ALLOWED else Effect.NEWLY
    if after.outcome is Outcome.ALLOWED:
        return Effect.NO_LONGER
    return Effect.OTHERWISE if _kind(before) != _kind(after) else None


def _kind(verdict: Verdict) -> tuple[Outcome, frozenset[RuleType]]:
    """Return what tells verdicts apart; one that knows nothing names every rule it could not ask."""
    known = verdict.outcome is not Outcome.UNKNOWN
    return verdict.outcome, frozenset(ref.type for ref in verdict.rules) if known else frozenset()
