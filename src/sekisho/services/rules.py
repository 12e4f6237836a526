"""The rules and settings of the house as known at one moment: rows to the core's words."""

from datetime import date, datetime

from django.db.models import Min

from sekisho.core.kinds import PersonId, Side
from sekisho.core.moves import History
from sekisho.core.parameters import Parameters, Setting
from sekisho.core.periods import Period
from sekisho.core.rules import Approvers, Rule, Written, laid_over, read_rule
from sekisho.services import person_facts
from sekisho.store import models

SITE = "site"
"""The origin of what was adopted on the site; what came with the company folder has none."""


def rules(*, known_at: datetime) -> tuple[Rule, ...]:
    """Return every version of every rule, in force or not; those adopted on the site lie over the folder's.

    Raises:
        BadRule: a stored rule cannot be read; leaving it out would call moves allowed (law 3).
    """
    found = laid_over(
        Written(
            read_rule({**row.body, "id": row.rule_id, "version": row.version}, Period(row.start, row.end)),
            entered=row.origin == SITE,
        )
        for row in models.Rule.objects.as_known_at(known_at).order_by("recorded_at", "id")
    )
    return tuple(sorted(found, key=lambda rule: (rule.id, rule.period.start, rule.version)))


def approvers(*, known_at: datetime) -> tuple[Approvers, ...]:
    """Return who may approve exceptions, per rule and side; of linked ids the one that answers."""
    same_as = person_facts.links(known_at=known_at)
    return tuple(
        Approvers(
            rule=row.rule_id,
            persons=frozenset(same_as.get(PersonId(person), PersonId(person)) for person in row.persons),
            side=Side(row.side) if row.side else None,
            period=Period(row.start, row.end),
        )
        for row in models.RuleApprovers.objects.as_known_at(known_at).order_by("id")
    )


def parameters(*, known_at: datetime) -> Parameters:
    """Return the settings; a name that nobody set has the domain's default."""
    rows = models.Parameter.objects.as_known_at(known_at).order_by("-start", "-id")
    return Parameters(Setting(row.name, row.value, Period(row.start, row.end)) for row in rows)


def history_complete_from(*, known_at: datetime) -> date | None:
    """Return the day that company.toml names, or None where it names none."""
    row = models.Installation.objects.as_known_at(known_at).order_by("-recorded_at", "-id").first()
    return row.history_complete_from if row else None


def history(*, known_at: datetime) -> History:
    """Return from when on somebody without a known post is known to have had none."""
    first = models.RosterPost.objects.as_known_at(known_at).aggregate(first=Min("start"))["first"]
    return History(history_complete_from(known_at=known_at), first)


def entered(*, known_at: datetime) -> frozenset[tuple[str, str, date]]:
    """Return id, version and first day of the versions that were adopted on the site."""
    rows = models.Rule.objects.as_known_at(known_at).filter(origin=SITE)
    return frozenset(rows.values_list("rule_id", "version", "start"))
