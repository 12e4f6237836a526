"""What a reorganisation does to people who did not move. 組織改正.

A unit that is renamed, merged or given other classes takes its people with it: without an order they
may come to sit at two desks that must not meet, or be led from a listed source to a listed destination.
Which units changed is `boundary.changed_units`; what is done about it, people's business.
"""

from collections.abc import Sequence
from datetime import date

from sekisho.core.conditions import Truth, all_of, from_keys, to_keys
from sekisho.core.kinds import RuleKind
from sekisho.core.people import Post
from sekisho.core.periods import day_before
from sekisho.core.rules import Rule, RuleRef
from sekisho.core.screening import Rulebook


def newly_matched(post: Post, held: Sequence[Post], book: Rulebook, day: date) -> tuple[RuleRef, ...]:
    """Return the rules that speak of the holder from `day` on only because the unit changed that day.

    `held` are all posts that the holder has on the day. Somebody who came to the post on the day moved
    by an order, which is judged on its own.
    """
    if post.period.start >= day:
        return ()
    rules = [rule for rule in book.in_force(day) if _matches(rule, post, held, book, day)]
    return tuple(RuleRef(rule.id, rule.version, rule.type) for rule in rules)


def _matches(rule: Rule, post: Post, held: Sequence[Post], book: Rulebook, day: date) -> bool:
    match rule.kind:
        case RuleKind.DIRECT_TRANSFER:
            return _led_across(rule, post, book, day)
        case RuleKind.CONCURRENT_POSTS:
            others = [other for other in held if other != post and other.period.start < day]
            return any(
                _meet(rule, post, other, book, day) and not _meet(rule, post, other, book, day_before(day))
                for other in others
            )


def _led_across(rule: Rule, post: Post, book: Rulebook, day: date) -> bool:
    was = from_keys(rule).fit(post, book.boundary, day_before(day))
    becomes = to_keys(rule).fit(post, book.boundary, day)
    return bool(rule.from_classes) and all_of((was, becomes)).truth is Truth.YES


def _meet(rule: Rule, one: Post, other: Post, book: Rulebook, day: date) -> bool:
    where = book.boundary
    return any(
        all_of((from_keys(rule).fit(first, where, day), to_keys(rule).fit(second, where, day))).truth is Truth.YES
        for first, second in ((one, other), (other, one))
    )
