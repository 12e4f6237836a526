"""The closed sets of words that the rest of the core decides on.

Values are the words of CONTRACT and stay the same for ever: they stand in files, tables,
ledger entries and on the wire.
"""

from enum import StrEnum
from typing import NewType

PersonId = NewType("PersonId", str)
Side = NewType("Side", str)
"""A side of the wall, as named in company.toml: `network`, `affiliate`, …; open for other regimes."""

NETWORK = Side("network")
AFFILIATE = Side("affiliate")
NEUTRAL = Side("neutral")
"""No side: what neither side of the wall protects from the other."""
BOTH = Side("both")


class CompanyStatus(StrEnum):
    """What a company is in the eyes of the conduct rules."""

    NETWORK = "network"
    AFFILIATE = "affiliate"
    SUBSIDIARY = "subsidiary"
    BARRED_CONTRACTOR = "barred_contractor"
    OTHER = "other"


class PostKind(StrEnum):
    """Main post 本務 or concurrent post 兼務."""

    MAIN = "main"
    CONCURRENT = "concurrent"


class PostClass(StrEnum):
    """What a post makes of its holder, beside the classes of its unit."""

    OFFICER = "officer"
    IMPORTANT_ROLE = "important_role"
    SPECIFIED_TD_WORK = "specified_td_work"
    MANAGER = "manager"


class EmploymentKind(StrEnum):
    """How a person is bound to the employer."""

    REGULAR = "regular"
    OFFICER = "officer"
    DISPATCHED = "dispatched"
    CONTRACTOR = "contractor"
    ADVISOR = "advisor"


class OrderType(StrEnum):
    """発令区分."""

    HIRE = "hire"
    TRANSFER = "transfer"
    PROMOTION = "promotion"
    DEMOTION = "demotion"
    SECONDMENT = "secondment"
    EMPLOYER_CHANGE = "employer_change"
    RETURN = "return"
    CONCURRENT = "concurrent"
    END_CONCURRENT = "end_concurrent"
    LEAVE = "leave"
    REINSTATE = "reinstate"
    LEAVE_COMPANY = "leave_company"
    REHIRE = "rehire"
    CANCEL = "cancel"
    CORRECT = "correct"


LAST_DAY_TYPES = frozenset({OrderType.LEAVE_COMPANY, OrderType.END_CONCURRENT})
"""Orders whose date names the last day, not the first (unless a profile says otherwise)."""


class OrderStatus(StrEnum):
    """内示 draft or 発令 final."""

    DRAFT = "draft"
    FINAL = "final"


class RuleKind(StrEnum):
    """The shapes of rule the engine knows; everything else about a rule is data."""

    DIRECT_TRANSFER = "direct_transfer"
    CONCURRENT_POSTS = "concurrent_posts"


class RuleType(StrEnum):
    """Law 14: legal stop, policy stop and control task never mix."""

    LEGAL_STOP = "legal_stop"
    POLICY_STOP = "policy_stop"
    REVIEW = "review"


class Outcome(StrEnum):
    """What a check says of an order."""

    ALLOWED = "allowed"
    VIOLATION = "violation"
    NEEDS_REVIEW = "needs_review"
    UNKNOWN = "unknown"


class Ownership(StrEnum):
    """How far Sekisho owns an entitlement: all of it, only what it granted, or not at all."""

    AUTHORITATIVE = "authoritative"
    ADDITIVE = "additive"
    IGNORED = "ignored"


class Action(StrEnum):
    """What an operation sets; the state, not the step, so that it can be repeated."""

    REVOKE = "revoke"
    DISABLE = "disable"
    ENABLE = "enable"
    GRANT = "grant"

    @property
    def phase(self) -> int:
        """Phase 1 takes away, phase 2 gives; all of phase 1 comes first, over every system."""
        return 1 if self in {Action.REVOKE, Action.DISABLE} else 2


class OperationState(StrEnum):
    """Where one operation of a cutover stands."""

    PLANNED = "planned"
    INTENDED = "intended"
    APPLIED = "applied"
    ALREADY = "already"
    FAILED = "failed"
    HELD = "held"
    UNKNOWN = "unknown"


class DeviationKind(StrEnum):
    """How what a system holds differs from what should hold."""

    LEFT_OVER = "left_over"
    MISSING = "missing"
    EXCESS = "excess"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """Whether access should have been held, was seen to be held, or both."""

    DESIRED = "desired"
    OBSERVED = "observed"
    BOTH = "both"


class Role(StrEnum):
    """Roles of users; each is held for one side or `both`, for a period."""

    HR = "hr"
    COMPLIANCE = "compliance"
    IT_OPERATION = "it_operation"
    UNIT_HEAD = "unit_head"
    EMPLOYEE = "employee"
    INTERNAL_AUDIT = "internal_audit"
    EXECUTIVE = "executive"
    ADMINISTRATOR = "administrator"
    CROSS_SIDE = "cross_side"
