"""What a change of the rules does to moves: the same verdicts asked twice, before and after. 規則変更の影響.

Here: how two verdicts on one move differ, and whose posts a rule speaks of before anybody moves. Verdicts come from
`screening.judge`, so that a preview says what a check will say once the change is adopted. Not here: which moves are
asked (`services.rule_preview`).
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from sekisho.core.conditions import Keys, Truth, all_of, from_keys, to_keys
from sekisho.core.kinds import Outcome, RuleKind, RuleType
from sekisho.core.people import Post
from sekisho.core.rules import Rule
from sekisho.core.screening import Rulebook
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


def spoken_of(rule: Rule, held: Sequence[Post], book: Rulebook, day: date) -> tuple[Post, ...]:
    """Return those of a person's posts that the rule speaks of on the day.

    For a rule about moves: the posts that one may not, or not without a look, go on from. For one about posts held at
    once: both posts of each pair. What nobody classified is in neither.
    """
    start, goal = from_keys(rule), to_keys(rule)
    if rule.kind is RuleKind.DIRECT_TRANSFER:
        ends = (start, goal) if rule.reverse else (start,)
        return tuple(post for post in held if any(_fits(post, end, book, day) for end in ends))
    pairs = [(one, other) for one in held for other in held if one is not other]
    met = [pair for pair in pairs if _meet(pair, (start, goal), book, day)]
    return tuple(post for post in held if any(post in pair for pair in met))


def _fits(post: Post, end: Keys, book: Rulebook, day: date) -> bool:
    return book.fit(post, end, day).truth is Truth.YES


def _meet(pair: tuple[Post, Post], ends: tuple[Keys, Keys], book: Rulebook, day: date) -> bool:
    (one, other), (start, goal) = pair, ends
    return all_of((book.fit(one, start, day), book.fit(other, goal, day))).truth is Truth.YES
