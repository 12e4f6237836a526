"""Approvals of a plan: who gave them and how, and whose count (law 13). Giving them is `plans`'. 承認."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sekisho.services import users
from sekisho.store import models

NEW_KEY = timedelta(days=1)
"""A passkey younger than this is named beside the approval: whoever took a login over begins with one."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a root hash, how and when. `key_since`: since when the passkey was his; new: less than a day."""

    by: str
    method: str
    at: datetime
    key_since: datetime | None = None

    @property
    def by_new_key(self) -> bool:
        return self.key_since is not None and timedelta(0) <= self.at - self.key_since < NEW_KEY


def approved(*, sha256: str) -> tuple[Approval, ...]:
    """Return the approvals of a plan, oldest first."""
    rows = models.PlanApproval.objects.filter(plan__sha256=sha256).order_by("at", "id")
    return tuple(Approval(row.by, row.method, row.at, _since(row.assertion)) for row in rows)


def approvers(*, sha256: str, now: datetime) -> tuple[str, ...]:
    """Return whose approvals count, oldest first: each person's once, and none of the planner's (law 13).

    Who is whose other self is asked as known at `now`: a link found after the approval takes it back.
    """
    row = models.Plan.objects.only("planned_by").get(sha256=sha256)
    rows = models.PlanApproval.objects.filter(plan__sha256=sha256).order_by("at", "id")
    seen = set(users.identities(name=row.planned_by, known_at=now))
    counted = []
    for name in rows.values_list("by", flat=True):
        mine = users.identities(name=name, known_at=now)
        if not mine & seen:
            counted.append(name)
            seen |= mine
    return tuple(counted)


def given(*, sha256: str, now: datetime) -> int:
    """Return how many different people other than the planner have approved the plan, as known at `now`."""
    return len(approvers(sha256=sha256, now=now))


def _since(assertion: Mapping[str, str] | None) -> datetime | None:
    return datetime.fromisoformat(assertion["registered_at"]) if assertion and "registered_at" in assertion else None
