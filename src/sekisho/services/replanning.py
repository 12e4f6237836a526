"""Plan the next transfer day again, and say only what changed. Where nothing did, the former plan stays. 計画の見直し.

Compared with the plan that was approved for the day, else with the newest. A plan that would do the same as one that is
there is not kept: it would only shadow what somebody has to approve, or has approved.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sekisho.core.canonical import Json
from sekisho.core.kinds import OrderStatus
from sekisho.core.order_effects import in_force
from sekisho.core.parts import parse
from sekisho.core.plan_changes import Change, changes, same, same_checks
from sekisho.core.users import Actor
from sekisho.services import installation, person_facts, plan_approvals, plans, rules
from sekisho.store import models

AHEAD = timedelta(days=60)
SHOWN = 500
"""Changes of a side that are listed; their numbers are always whole."""


@dataclass(frozen=True, slots=True)
class Replanned:
    """What planning again came to. `former` "": there was no plan. `new`: another plan was made and kept."""

    as_of: datetime
    sha256: str
    former: str
    new: bool
    approved: bool
    """Whether the former has its approvals: what it does not contain needs new ones."""
    changed: tuple[Change, ...]
    otherwise: bool
    """Whether a check of the whole plan, or what could not be read, is another than in the former."""

    def result(self) -> dict[str, Json]:
        """Return what is shown of it, numbers by side."""
        numbers: dict[str, Counter[str]] = defaultdict(Counter)
        for one in self.changed:
            numbers[one.side][one.kind.value] += 1
            numbers[one.side]["granted"] += one.needs_approval
        return {
            "as_of": self.as_of.isoformat(),
            "sha256": self.sha256,
            "former": self.former,
            "new": self.new,
            "approved": self.approved,
            "otherwise": self.otherwise,
            "sides": {side: dict(counted) for side, counted in sorted(numbers.items())},
        }

    def lines(self) -> list[dict[str, Json]]:
        """Return the changes to keep, at most so many of each side."""
        listed: Counter[str] = Counter()
        found: list[dict[str, Json]] = []
        for one in self.changed:
            listed[one.side] += 1
            if listed[one.side] <= SHOWN:
                found.append(_line(one))
        return found


def replan(*, actor: Actor, now: datetime, home: Path, since: datetime) -> Replanned | None:
    """Plan the next transfer day again; None where none is in sight. `since`: when this work was first begun.

    A plan made since is this work's own, from before its worker died: it is found, and nothing is compared with it.

    Raises:
        NotAllowed: the actor does not operate systems on every side.
    """
    as_of = next_day(now=now)
    if as_of is None:
        return None
    rows = _live(as_of, now)
    required = rules.parameters(known_at=now).number("approvals_required", installation.today(now=now))
    before = [row for row in rows if row.planned_at < since]
    approved = [row for row in before if plan_approvals.given(sha256=row.sha256, now=now) >= required]
    base = next(iter(approved or before), None)
    draft = plans.prepare(actor=actor, as_of=as_of, known_at=now, expires_at=None, now=now, home=home)
    known = {row.sha256: parse(plans.stored(sha256=row.sha256)) for row in _distinct([base, *rows[:1]])}
    found = next((plan for plan in known.values() if same(plan, draft)), None)
    if found is None:
        plans.keep(plan=draft, actor=actor, now=now)
    later, former = found or draft, known[base.sha256] if base is not None else None
    return Replanned(
        as_of=as_of,
        sha256=later.sha256,
        former=former.sha256 if former is not None else "",
        new=later.planned_at >= since,
        approved=bool(approved),
        changed=changes(former, later) if former is not later else (),
        otherwise=former is not None and not same_checks(former, later),
    )


def next_day(*, now: datetime) -> datetime | None:
    """Return the next instant to plan for: midnight of the next day of final orders, or of a plan, in sight.

    An advance notice is no reason: that there is a plan for a day would tell of it (law 8).
    """
    today = installation.today(now=now)
    days = (today + timedelta(days=1), today + AHEAD)
    finals = in_force(person_facts.accepted(person_ids=None, known_at=now, statuses=[OrderStatus.FINAL], days=days))
    ordered = min((one.first_day for one in finals if one.first_day > today), default=None)
    found = [installation.midnight(day=ordered, known_at=now)] if ordered is not None else []
    planned = models.Plan.objects.filter(as_of__gt=now, as_of__lte=now + AHEAD, cutover=None)
    return min([*found, *planned.order_by("as_of").values_list("as_of", flat=True)[:1]], default=None)


def _live(as_of: datetime, now: datetime) -> list[models.Plan]:
    """Return the plans for the instant that may still be carried out, newest first."""
    rows = models.Plan.objects.filter(as_of=as_of, expires_at__gt=now, cutover=None)
    return list(rows.defer("document").order_by("-planned_at", "-pk"))


def _distinct(rows: Sequence[models.Plan | None]) -> list[models.Plan]:
    return list({row.sha256: row for row in rows if row is not None}.values())


def _line(one: Change) -> dict[str, Json]:
    found: Mapping[str, Json] = {
        "change": one.kind.value,
        "side": one.side,
        "system": one.system,
        "person_id": one.person_id,
        "action": one.action.value,
        "entitlement": one.entitlement,
        "code": one.code,
        "order_no": one.order_no,
        "needs_approval": one.needs_approval,
    }
    return dict(found)
