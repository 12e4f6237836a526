"""A change of a rule while somebody writes it: the fields of a form to a version, and what they start from. 下書き."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sekisho.core.boundary import Listed
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import CompanyStatus, PostClass, RuleKind
from sekisho.core.periods import Period
from sekisho.core.rule_matrix import in_force
from sekisho.core.rules import PROGRAMME_FROM, PROGRAMME_TO, Rule, body_of, read_rule
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.services import installation, rules, visibility
from sekisho.services.boundary import boundary


class BadDraft(SekishoError):
    """The draft names no rule, or a rule that would stop every move there is."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed. `days` None: as the parameter says. `ends`: the rule ends on `start`.

    Post classes, statuses and texts that are None stay as the version in force on `start` has them.
    """

    rule: str
    kind: str
    type: str
    from_classes: Collection[str]
    to_classes: Collection[str]
    start: date
    neutral_stay_days: int | None = None
    lookback_days: int | None = None
    reverse: bool = False
    ends: bool = False
    version: str = ""
    from_post_classes: Collection[str] | None = None
    to_post_classes: Collection[str] | None = None
    to_status: Collection[str] | None = None
    text_ja: str | None = None
    text_en: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What a draft can be made of: rules to start from, classes in the programme's order, posts and companies."""

    rules: tuple[Rule, ...]
    base: Rule | None
    from_classes: tuple[str, ...]
    to_classes: tuple[str, ...]
    further: tuple[str, ...]
    post_classes: tuple[PostClass, ...] = tuple(PostClass)
    statuses: tuple[CompanyStatus, ...] = tuple(CompanyStatus)


def choices(*, actor: Actor, now: datetime, rule_id: str) -> Choices:
    """Return what the form offers; `base` is the rule's version of today, else its next, else None: a new rule.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.RULE, now=now)
    known, today = rules.rules(known_at=now), installation.today(now=now)
    named = {name for rule in known for name in (*rule.from_classes, *rule.to_classes)}
    where = boundary(known_at=now)
    for code in where.unit_codes():
        listed = where.classes(code, today)
        named |= listed.names if isinstance(listed, Listed) else set()
    lasting = [rule for rule in known if rule.period.until > today and rule.period.start < rule.period.until]
    now_or_next = {rule.id: rule for rule in reversed(lasting)}
    return Choices(
        rules=tuple(now_or_next[name] for name in sorted(now_or_next)),
        base=now_or_next.get(rule_id),
        from_classes=PROGRAMME_FROM,
        to_classes=PROGRAMME_TO,
        further=tuple(sorted(named - {*PROGRAMME_FROM, *PROGRAMME_TO})),
    )


def change(*, draft: Draft, now: datetime) -> Rule:
    """Return the version that the draft says, over the one in force on its day; of an empty period where it ends one.

    What the draft leaves out stays as that version has it. Texts may come later: a proposal asks for them.

    Raises:
        BadDraft, BadRule
    """
    if not draft.rule.strip():
        raise BadDraft("rules.no_id")
    known = rules.rules(known_at=now)
    base = next((one for one in in_force(known, draft.start) if one.id == draft.rule), None)
    version = draft.version.strip() or draft.start.isoformat()
    if draft.ends:
        if base is None:
            raise BadDraft("rules.nothing_to_end", {"rule": draft.rule, "day": draft.start.isoformat()})
        return replace(base, version=version, period=Period(draft.start, draft.start))
    body = {key: value for key, value in (body_of(base) if base else {}).items() if key not in _TYPED}
    body |= {"id": draft.rule.strip(), "version": version, "kind": draft.kind, "type": draft.type}
    body |= {"from_classes": sorted(draft.from_classes), "to_classes": sorted(draft.to_classes)}
    if draft.kind == RuleKind.DIRECT_TRANSFER.value:
        body |= {"neutral_stay_days": draft.neutral_stay_days, "lookback_days": draft.lookback_days}
        body["reverse"] = draft.reverse
    found = read_rule(body | _further(draft, body), Period(draft.start))
    if not any(getattr(found, key) for key in _ENDS):
        raise BadDraft("rules.no_classes")
    return found


def _further(draft: Draft, body: dict[str, object]) -> dict[str, object]:
    """Return the keys that a draft may leave out, as far as it has them."""
    found: dict[str, object] = {}
    for key in ("from_post_classes", "to_post_classes", "to_status"):
        words = getattr(draft, key)
        if words is not None:
            found[key] = sorted(words)
    texts = {"ja": draft.text_ja, "en": draft.text_en}
    before = body.get("text")
    said = {name: text.strip() for name, text in texts.items() if text is not None}
    found["text"] = {**(before if isinstance(before, dict) else {}), **said}
    if draft.source is not None:
        found["source"] = draft.source.strip()
    return found


_ENDS = ("from_classes", "to_classes", "from_post_classes", "to_post_classes", "to_status")

_TYPED = frozenset(
    {
        "kind",
        "type",
        "from_classes",
        "to_classes",
        "neutral_stay_days",
        "lookback_days",
        "reverse",
        "approved_by",
        "approved_on",
    }
)
"""Keys that the form asks for, or that adopting fills in."""
