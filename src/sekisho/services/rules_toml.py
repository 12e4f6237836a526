"""rules.toml as the rules hold: for companies that keep their folder under version control.

Every version, past ones too (a load takes a version that is gone as ended), and who approves exceptions. What was
adopted on the site is written as the folder would say it, so that loading the file changes nothing.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sekisho.core.kinds import PersonId
from sekisho.core.rules import Approvers, Rule, body_of, with_change
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import rules, visibility

_DAYS = frozenset({"approved_on"})


def document(*, actor: Actor, now: datetime, change: Rule | None = None) -> str:
    """Return the file; with a change as it reads once that is adopted.

    Approvers of a side stand in it where the actor reads that side's persons, else as a comment with their number.

    Raises:
        NotVisible: the actor may not take rules out of the house.
    """
    visibility.need(actor=actor, kind=FactKind.RULE, side=None, purpose=Purpose.EXPORT, now=now)
    known = rules.rules(known_at=now)
    known = with_change(known, change) if change is not None else known
    lasting = [rule for rule in known if rule.period.start < rule.period.until]
    return "\n".join([*map(_rule, lasting), *_approvers(rules.approvers(known_at=now), actor, now)])


def _rule(rule: Rule) -> str:
    body = body_of(rule)
    text = body.pop("text", {})
    lines = ["[[rule]]", f"id = {_value(rule.id)}", f"version = {_value(rule.version)}"]
    lines += [f"{key} = {value if key in _DAYS else _value(value)}" for key, value in body.items()]
    lines += [f"from = {rule.period.start.isoformat()}"]
    lines += [f"to = {rule.period.end.isoformat()}"] if rule.period.end else []
    if isinstance(text, Mapping):
        lines += [f"text.{language} = {_value(said)}" for language, said in text.items()]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """Return a TOML value; its basic strings, booleans, numbers and lists are written as JSON's are."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _approvers(listed: Iterable[Approvers], actor: Actor, now: datetime) -> list[str]:
    purpose, found = visibility.purpose(actor=actor, now=now), []
    for row in listed:
        depth = visibility.depth(actor=actor, kind=FactKind.PERSON, side=row.side, purpose=purpose, now=now)
        found.append(_approver(row, row.persons) if depth is Depth.DETAIL else _hidden(row))
    return found


def _approver(row: Approvers, persons: Iterable[PersonId]) -> str:
    lines = ["[[approver]]", f"rule = {_value(row.rule)}", f"person_ids = {_value(sorted(persons))}"]
    lines += [f"side = {_value(row.side)}"] if row.side else []
    lines += [f"from = {row.period.start.isoformat()}"] if row.period.start > date.min else []
    lines += [f"to = {row.period.end.isoformat()}"] if row.period.end else []
    return "\n".join(lines) + "\n"


def _hidden(row: Approvers) -> str:
    return f"# {row.rule}: {row.side or '-'} ({len(row.persons)})\n"
