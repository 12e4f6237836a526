"""Three-valued conditions: does a post fit the keys of a rule, does it not, or can nobody say?

Here: the logic (known false on one key beats unknown on another) and the keys of a post. Not here:
which posts are asked (`moves`), what a match means (`screening`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from functools import lru_cache

from sekisho.core.boundary import Boundary, Listed, Unclassified
from sekisho.core.kinds import CompanyStatus, PostClass
from sekisho.core.people import Post
from sekisho.core.rules import Rule


class Truth(IntEnum):
    """Ordered so that "all of" is the least and "any of" the greatest (Kleene's logic)."""

    NO = 0
    UNKNOWN = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Gap:
    """What is not known, so that a person can find it out: a code of the texts and its facts."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A truth, and for `UNKNOWN` the first gap that made it so."""

    truth: Truth
    gap: Gap | None = None


YES = Answer(Truth.YES)
NO = Answer(Truth.NO)


def unknown(code: str, **params: str) -> Answer:
    """Return the answer of somebody who would have to look first."""
    return Answer(Truth.UNKNOWN, Gap(code, params))


def all_of(answers: Iterable[Answer]) -> Answer:
    """Return NO if any is NO, else UNKNOWN if any is, else YES."""
    return min(answers, key=lambda answer: answer.truth, default=YES)


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """One end of a rule. Within a key: any of; between keys: all; an empty key: anything goes.

    Made by `from_keys` and `to_keys` only, once for equal ends, and compared by identity.
    """

    classes: frozenset[str]
    post_classes: frozenset[PostClass]
    status: frozenset[CompanyStatus] = frozenset()

    def fit(self, post: Post, boundary: Boundary, on: date) -> Answer:
        """Tell whether the post fits every key, by the lists and statuses in force on the day."""
        return all_of(
            (self._class_fits(post, boundary, on), self._holder_fits(post), self._status_fits(post, boundary, on))
        )

    def _class_fits(self, post: Post, boundary: Boundary, on: date) -> Answer:
        if not self.classes:
            return YES
        match boundary.classes(post.unit, on):
            case Listed(names):
                return YES if names & self.classes else NO
            case Unclassified():
                return unknown("screening.unclassified", unit=post.unit, company=post.company)

    def _holder_fits(self, post: Post) -> Answer:
        return YES if not self.post_classes or post.classes & self.post_classes else NO

    def _status_fits(self, post: Post, boundary: Boundary, on: date) -> Answer:
        if not self.status:
            return YES
        status = boundary.status(post.company, on)
        if status is None:
            return unknown("screening.no_status", unit=post.unit, company=post.company)
        return YES if status in self.status else NO


def from_keys(rule: Rule) -> Keys:
    """Return the end that a rule leads away from."""
    return _keys(rule.from_classes, rule.from_post_classes, frozenset())


def to_keys(rule: Rule) -> Keys:
    """Return the end that a rule leads to; the company's status belongs to it."""
    return _keys(rule.to_classes, rule.to_post_classes, rule.to_status)


@lru_cache(maxsize=4096)
def _keys(classes: frozenset[str], post_classes: frozenset[PostClass], status: frozenset[CompanyStatus]) -> Keys:
    """Return one object for equal ends, so that remembering answers by it is cheap."""
    return Keys(classes, post_classes, status)
