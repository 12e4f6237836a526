"""Conduct rules as dated, versioned data. 自主規制・行為規制.

A rule's *kind* names a pure function in `screening`; everything else is data that a compliance
officer can read. Two versions of one rule in force on one day are bad input.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import CompanyStatus, PersonId, PostClass, RuleKind, RuleType, Side
from sekisho.core.periods import Period

E = TypeVar("E", bound=StrEnum)

PROGRAMME_FROM = ("network_service_center", "central_dispatch", "trunk_planning", "balancing_procurement")
PROGRAMME_TO = ("retail_sales", "power_trading", "generation_planning", "specified_wholesale")
"""The classes of the published programme, in its order; a company may list more."""


class BadRule(SekishoError):
    """A rule's words cannot be read; the message names the rule and the key."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. Within a list: any of; between keys: all; an empty set: anything goes."""

    id: str
    version: str
    kind: RuleKind
    type: RuleType
    period: Period
    from_classes: frozenset[str] = frozenset()
    to_classes: frozenset[str] = frozenset()
    from_post_classes: frozenset[PostClass] = frozenset()
    to_post_classes: frozenset[PostClass] = frozenset()
    to_status: frozenset[CompanyStatus] = frozenset()
    neutral_stay_days: int | None = None
    """None: the parameter of that name, in force on the effective date."""
    lookback_days: int | None = None
    reverse: bool = False
    text_ja: str = ""
    text_en: str = ""
    source: str = ""
    approved_by: str = ""
    approved_on: date | None = None


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A rule and version that made a verdict."""

    id: str
    version: str
    type: RuleType


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who may approve exceptions to a rule, for one side, while it holds."""

    rule: str
    persons: frozenset[PersonId]
    side: Side | None
    period: Period


@dataclass(frozen=True, slots=True)
class RuleException:
    """A named, dated exception to one rule for one person, with reason, end and approvers."""

    id: str
    rule: str
    person_id: PersonId
    reason: str
    approved_by: frozenset[str]
    """Person ids of those who approved; `exceptions` says whether they may and whether they are enough."""
    period: Period
    requested_by: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A version as it was written down; `entered` tells that it was adopted on the site, not kept in the folder."""

    rule: Rule
    entered: bool = False


def laid_over(versions: Iterable[Written]) -> tuple[Rule, ...]:
    """Return the versions with those entered on the site laid over the folder's, by rule and first day.

    An entered version holds from its first day until the next version of its rule begins; one of an empty period
    ends its rule there. Of two that begin on one day the later in the given order counts. Versions of the folder
    alone stay as they are written.
    """
    found: dict[str, list[Written]] = defaultdict(list)
    for one in versions:
        found[one.rule.id].append(one)
    return tuple(rule for name in sorted(found) for rule in _in_turn(found[name]))


def _in_turn(versions: list[Written]) -> list[Rule]:
    ordered = sorted(versions, key=lambda one: one.rule.period.start)
    kept = []
    for place, one in enumerate(ordered):
        period = one.rule.period
        cut = next((next_one.rule.period.start for next_one in ordered[place + 1 :] if cuts(next_one, one)), None)
        if cut is None or cut >= period.until:
            kept.append(one.rule)
        elif cut > period.start:
            kept.append(replace(one.rule, period=Period(period.start, cut)))
    return kept


def cuts(later: Written, earlier: Written) -> bool:
    """Tell whether the later version ends the earlier one: where either was entered on the site."""
    return later.entered or earlier.entered


def with_change(rules: Iterable[Rule], change: Rule) -> tuple[Rule, ...]:
    """Return the rules as they are once the change is adopted."""
    return laid_over([*(Written(rule) for rule in rules), Written(change, entered=True)])


def body_of(rule: Rule) -> dict[str, object]:
    """Return what `read_rule` reads, without id, version and period: only the keys that say something."""
    body: dict[str, object] = {"kind": rule.kind.value, "type": rule.type.value}
    for key in ("from_classes", "to_classes", "from_post_classes", "to_post_classes", "to_status"):
        if words := sorted(str(word) for word in getattr(rule, key)):
            body[key] = words
    for key in ("neutral_stay_days", "lookback_days"):
        if getattr(rule, key) is not None:
            body[key] = getattr(rule, key)
    if rule.reverse:
        body["reverse"] = True
    if texts := {name: said for name, said in (("ja", rule.text_ja), ("en", rule.text_en)) if said}:
        body["text"] = texts
    body |= {key: getattr(rule, key) for key in ("source", "approved_by") if getattr(rule, key)}
    if rule.approved_on is not None:
        body["approved_on"] = rule.approved_on.isoformat()
    return body


_NOT_SAID = frozenset({"id", "version", "period"})


def differences(before: Rule, after: Rule) -> tuple[str, ...]:
    """Return the keys in which two versions differ, in the order in which a rule is written."""
    names = [one.name for one in fields(Rule) if one.name not in _NOT_SAID]
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def read_rule(body: Mapping[str, object], period: Period) -> Rule:
    """Return the rule that a `[[rule]]` table says, kept whole in the store.

    Raises:
        BadRule: a key is missing, or its value is not of the closed set or type.
    """
    return Rule(
        id=_text(body, "id"),
        version=_text(body, "version"),
        kind=_word(body, "kind", RuleKind),
        type=_word(body, "type", RuleType),
        period=period,
        from_classes=frozenset(_list(body, "from_classes")),
        to_classes=frozenset(_list(body, "to_classes")),
        from_post_classes=frozenset(_words(body, "from_post_classes", PostClass)),
        to_post_classes=frozenset(_words(body, "to_post_classes", PostClass)),
        to_status=frozenset(_words(body, "to_status", CompanyStatus)),
        neutral_stay_days=_days(body, "neutral_stay_days"),
        lookback_days=_days(body, "lookback_days"),
        reverse=_flag(body, "reverse"),
        text_ja=_sentence(body, "ja"),
        text_en=_sentence(body, "en"),
        source=str(body.get("source") or ""),
        approved_by=str(body.get("approved_by") or ""),
        approved_on=_date(body, "approved_on"),
    )


def _bad(body: Mapping[str, object], key: str, known: str) -> BadRule:
    return BadRule("rules.bad", {"rule": body.get("id", "?"), "key": key, "value": body.get(key, ""), "known": known})


def _text(body: Mapping[str, object], key: str) -> str:
    value = body.get(key)
    if value is None or isinstance(value, (bool, list, dict)) or not str(value).strip():
        raise _bad(body, key, "text")
    return str(value).strip()


def _word(body: Mapping[str, object], key: str, words: type[E]) -> E:
    try:
        return words(str(body.get(key)))
    except ValueError as error:
        raise _bad(body, key, ", ".join(words)) from error


def _list(body: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = body.get(key)
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) and word.strip() for word in value):
        raise _bad(body, key, "a list of words")
    return tuple(word.strip() for word in value)


def _words(body: Mapping[str, object], key: str, words: type[E]) -> tuple[E, ...]:
    try:
        return tuple(words(word) for word in _list(body, key))
    except ValueError as error:
        raise _bad(body, key, ", ".join(words)) from error


def _days(body: Mapping[str, object], key: str) -> int | None:
    value = body.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise _bad(body, key, "0, 1, 2, …")
    return value


def _flag(body: Mapping[str, object], key: str) -> bool:
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise _bad(body, key, "true, false")
    return bool(value)


def _date(body: Mapping[str, object], key: str) -> date | None:
    value = body.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise _bad(body, key, "2024-04-01") from error


def _sentence(body: Mapping[str, object], language: str) -> str:
    texts = body.get("text")
    spoken = texts.get(language) if isinstance(texts, Mapping) else body.get(f"text_{language}")
    return str(spoken or "")
