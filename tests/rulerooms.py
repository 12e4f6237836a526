"""A change of the rules in the two-sided world: previewed and proposed, for the matrices of law 8."""

from collections.abc import Callable, Mapping
from datetime import date

from sekisho.core.rules import Rule
from sekisho.core.users import Actor
from sekisho.services import (
    changes_shown,
    exceptions,
    exceptions_shown,
    jobs,
    rule_changes,
    rule_drafts,
    rule_preview,
    rules_shown,
)
from sekisho.services.rule_drafts import Draft
from sekisho.store import models
from sides import NOW, TRUSTED, World

SINCE = date(2024, 1, 1)
ANOTHER = Actor("another", trusted=True)


def change(name: str = "wide", start: date | None = None) -> Rule:
    """A new rule that speaks of the move out of the listed unit on either side."""
    draft = Draft(
        rule=name,
        kind="direct_transfer",
        type="policy_stop",
        from_classes=["central_dispatch", "retail_sales"],
        to_classes=[],
        start=start or NOW.date(),
        version="1",
    )
    made = rule_drafts.change(draft=draft, now=NOW)
    texts = {"text_ja": "文", "text_en": "text"}
    return Rule(made.id, made.version, made.kind, made.type, made.period, made.from_classes, **texts)


def previewed() -> int:
    """Return a preview that is done."""
    job = rule_preview.ask(actor=TRUSTED, now=NOW, change=change(), since=SINCE)
    lines = rule_preview.compute(change=change(), since=SINCE, now=NOW, tell=lambda *_: None)
    models.Job.objects.filter(pk=job).update(state=jobs.DONE, finished_at=NOW, lines=lines)
    return job


def proposed() -> int:
    """Return a proposal that waits."""
    return rule_changes.propose(actor=ANOTHER, now=NOW, change=change(), reason="r").id


def _offers(a: Actor) -> object:
    """Ask what exceptions may be asked for; who may ask for none is answered with nothing."""
    found = exceptions_shown.offers(actor=a, now=NOW)
    if not found:
        raise exceptions.MayNot("exceptions.may_not_request")
    return found


def _ask(a: Actor) -> object:
    return rule_preview.ask(actor=a, now=NOW, change=change(), since=SINCE)


ACTS: Mapping[str, Callable[[World, Actor], object]] = {
    "rule_preview.ask": lambda _, a: _ask(a),
    "rule_drafts.choices": lambda _, a: rule_drafts.choices(actor=a, now=NOW, rule_id="desk"),
    "rules_shown.rules": lambda _, a: rules_shown.rules(actor=a, now=NOW),
    "exceptions_shown.offers": lambda _, a: _offers(a),
    "rule_changes.propose": lambda _, a: rule_changes.propose(actor=a, now=NOW, change=change(), reason="r"),
    "rule_changes.approve": lambda _, a: rule_changes.approve(actor=a, now=NOW, change_id=proposed()),
    "rule_changes.withdraw": lambda _, a: rule_changes.withdraw(actor=a, now=NOW, change_id=proposed()),
    "rule_changes.awaiting": lambda _, a: rule_changes.proposals(actor=a, now=NOW),
    "rule_changes.proposals": lambda _, a: rule_changes.proposals(actor=a, now=NOW),
    "rule_changes.proposal": lambda _, a: rule_changes.proposal(actor=a, now=NOW, change_id=proposed()),
    "changes_shown.listed": lambda _, a: changes_shown.listed(actor=a, now=NOW),
}
FORM = {
    "rule": "wide",
    "kind": "direct_transfer",
    "type": "policy_stop",
    "from_classes": ["central_dispatch", "retail_sales"],
    "start": NOW.date().isoformat(),
    "since": SINCE.isoformat(),
}
"""What the form of a preview sends."""
PROPOSAL = {"version": "9", "text_ja": "文", "text_en": "text", "reason": "r"}
