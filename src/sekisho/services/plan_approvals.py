"""Approvals of a plan: who gave them and how, and whose count (law 13). Giving them is `plans`'. 承認."""

from collections.abc import Collection, Mapping
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
    rows = models.Plan.objects.only("planned_by", "sha256").prefetch_related("approvals").filter(sha256=sha256)
    return counted(rows=[rows.get()], now=now)[sha256]


def counted(*, rows: Collection[models.Plan], now: datetime) -> Mapping[str, tuple[str, ...]]:
    """Return by hash whose approvals count, as `approvers`; two queries for any number of plans.

    The rows come with their approvals prefetched.
    """
    given = {row.sha256: sorted(row.approvals.all(), key=lambda one: (one.at, one.pk)) for row in rows}
    names = {*(row.planned_by for row in rows), *(one.by for own in given.values() for one in own)}
    selves = users.Selves.known(now, names)
    found = {}
    for row in rows:
        seen, mine = selves.of(row.planned_by), []
        for one in given[row.sha256]:
            if not selves.of(one.by) & seen:
                mine.append(one.by)
                seen |= selves.of(one.by)
        found[row.sha256] = tuple(mine)
    return found


def given(*, sha256: str, now: datetime) -> int:
    """Return how many different people other than the planner have approved the plan, as known at `now`."""
    return len(approvers(sha256=sha256, now=now))


def _since(assertion: Mapping[str, str] | None) -> datetime | None:
    return datetime.fromisoformat(assertion["registered_at"]) if assertion and "registered_at" in assertion else None
