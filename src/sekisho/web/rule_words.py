"""Rules in words: types, classes, ends, conditions, and what a change changes. For every page that names a rule."""

from collections.abc import Iterable

from django.urls import reverse

from sekisho.core.kinds import RuleKind, RuleType
from sekisho.core.rule_matrix import Changed
from sekisho.core.rules import PROGRAMME_FROM, PROGRAMME_TO, Rule
from sekisho.services.rules_shown import RuleShown
from sekisho.services.verdicts import class_name
from sekisho.web import pages
from sekisho.web.pages import Request
from sekisho.web.words import language, say

ORDER = (*PROGRAMME_FROM, *PROGRAMME_TO)
TABS = ("rules", "exceptions", "rules_preview", "rules_changes")
"""The room's own pages, for those to whom they are open."""

STATES = {RuleType.LEGAL_STOP: "stop", RuleType.POLICY_STOP: "stop", RuleType.REVIEW: "wait"}
"""Each type with its mark; its word stands beside it, for legal and policy stops are two things."""


def room_tabs(request: Request, here: str) -> list[dict[str, object]]:
    """Return the room's own pages that are open to the reader, the one he is on marked."""
    known = [name for name in TABS if name in pages.PAGES and pages.PAGES[name].open_to(request.caller)]
    return [{"href": reverse(name), "title": say(f"page_rules.tab_{name}"), "here": name == here} for name in known]


def type_word(kind: RuleType) -> str:
    """Return the word for a rule's type."""
    return say(f"rules.type_{kind.value}")


def classes_words(names: frozenset[str]) -> str:
    """Return classes as people read them; none named: whatever class."""
    spoken = [class_name(name, language()) for name in in_order(names)]
    return ("、" if language() == "ja" else ", ").join(spoken) or say("page_rules.any")


def in_order(names: Iterable[str]) -> list[str]:
    """Return classes in the order of the published programme, the company's own after them."""
    return sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def ends_words(rule: Rule) -> tuple[str, str]:
    """Return where a rule leads from and to in words, with what it asks of the posts and the company."""
    start = [classes_words(rule.from_classes)] if rule.from_classes else []
    goal = [classes_words(rule.to_classes)] if rule.to_classes else []
    start += [say(f"page_rules.post_{one.value}") for one in sorted(rule.from_post_classes)]
    goal += [say(f"page_rules.post_{one.value}") for one in sorted(rule.to_post_classes)]
    goal += [say(f"page_rules.status_{one.value}") for one in sorted(rule.to_status)]
    join = ("、かつ" if language() == "ja" else " and ").join
    return join(start) or say("page_rules.any"), join(goal) or say("page_rules.any")


def route_words(rule: Rule) -> str:
    """Return a rule's two ends in one: from → to, or one post ＋ the other."""
    return (" → " if rule.kind is RuleKind.DIRECT_TRANSFER else " ＋ ").join(ends_words(rule))


def rule_text(rule: Rule) -> str:
    """Return the rule in the reader's language, or in the one in which it was written."""
    return (rule.text_ja or rule.text_en) if language() == "ja" else (rule.text_en or rule.text_ja)


def change_words(one: Changed) -> tuple[str, str, str]:
    """Return a change's rule, its sentence, and its state."""
    rule = one.rule
    facts: dict[str, object] = {"rule": rule.id, "version": rule.version, "type": type_word(rule.type)}
    if one.before is None:
        return rule.id, say("page_rules.begins", **facts), STATES[rule.type]
    if one.after is None:
        return rule.id, say("page_rules.ends", **facts), "wait"
    facts["keys"] = ("、" if language() == "ja" else ", ").join(
        _key_words(key, one.before, one.after) for key in one.keys
    )
    return rule.id, say("page_rules.reads" if one.keys else "page_rules.same", **facts), STATES[rule.type]


def _key_words(key: str, before: Rule, after: Rule) -> str:
    name = say(f"page_rules.key_{key}")
    was, now = getattr(before, key), getattr(after, key)
    if key in {"from_classes", "to_classes"}:
        parts = [f"＋{class_name(word, language())}" for word in in_order(now - was)]
        parts += [f"−{class_name(word, language())}" for word in in_order(was - now)]
        return f"{name}（{' '.join(parts)}）"
    if key in {"neutral_stay_days", "lookback_days"} and (was, now) != (None, None):
        return f"{name}（{_days(was)} → {_days(now)}）"
    return name


def _days(value: int | None) -> str:
    return say("page_rules.by_parameter") if value is None else say("page_rules.days", n=value)


def version_words(one: RuleShown) -> str:
    """Return a version's name, and whether it was adopted on the site."""
    return say("page_rules.version_entered" if one.entered else "page_rules.version_n", version=one.rule.version)


def conditions(one: RuleShown) -> str:
    """Return the days that count and the direction: what else decides whether a move falls under the rule."""
    rule = one.rule
    if rule.kind is RuleKind.CONCURRENT_POSTS:
        return say("page_rules.at_once")
    own = "" if rule.neutral_stay_days is not None else say("page_rules.from_parameter")
    stay = say("page_rules.stay", n=one.stay_days) if one.stay_days else say("page_rules.no_stay")
    parts = [
        stay + own,
        say("page_rules.lookback", n=one.lookback_days)
        + ("" if rule.lookback_days is not None else say("page_rules.from_parameter")),
        say("page_rules.both_ways" if rule.reverse else "page_rules.one_way"),
    ]
    return "、".join(parts) if language() == "ja" else "; ".join(parts)


def change_rows(was: Rule | None, change: Rule) -> list[tuple[str, str, str, bool]]:
    """Return what a rule says now and would say, line by line, and whether the line differs."""
    before = _lines(was) if was is not None else {}
    after = {} if change.period.start == change.period.end else _lines(change)
    return [
        (say(f"page_rules.{key}"), before.get(key, "—"), after.get(key, "—"), before.get(key) != after.get(key))
        for key in {**before, **after}
    ]


def _lines(rule: Rule) -> dict[str, str]:
    start, goal = ends_words(rule)
    lines = {"type": type_word(rule.type), "kind": say(f"page_rules.kind_{rule.kind.value}")}
    lines |= {"from_end": start, "to_end": goal}
    if rule.kind is RuleKind.DIRECT_TRANSFER:
        lines |= {
            "key_neutral_stay_days": _days(rule.neutral_stay_days),
            "key_lookback_days": _days(rule.lookback_days),
        }
        lines["key_reverse"] = say("page_rules.both_ways" if rule.reverse else "page_rules.one_way")
    return lines | {"text_ja": rule.text_ja or "—", "text_en": rule.text_en or "—", "source": rule.source or "—"}
