"""Reading a rule's table: what it says, and what cannot be read is named."""

from datetime import date
from typing import Any

import pytest

from sekisho.core.kinds import CompanyStatus, PostClass, RuleKind, RuleType
from sekisho.core.periods import Period
from sekisho.core.rules import BadRule, read_rule

ALWAYS = Period(date(2018, 4, 1))
PLAIN: dict[str, Any] = {"id": "direct", "version": "1", "kind": "direct_transfer", "type": "policy_stop"}


def test_a_rule_says_what_its_table_says() -> None:
    rule = read_rule(
        PLAIN
        | {
            "from_classes": ["trunk_planning"],
            "to_post_classes": ["officer"],
            "to_status": ["affiliate"],
            "neutral_stay_days": 30,
            "reverse": True,
            "text": {"ja": "規則", "en": "rule"},
            "approved_on": "2024-03-01",
        },
        ALWAYS,
    )

    assert (rule.kind, rule.type) == (RuleKind.DIRECT_TRANSFER, RuleType.POLICY_STOP)
    assert rule.from_classes == {"trunk_planning"}
    assert rule.to_post_classes == {PostClass.OFFICER}
    assert rule.to_status == {CompanyStatus.AFFILIATE}
    assert (rule.neutral_stay_days, rule.lookback_days, rule.reverse) == (30, None, True)
    assert (rule.text_ja, rule.text_en, rule.approved_on) == ("規則", "rule", date(2024, 3, 1))


def test_keys_that_are_left_out_or_null_let_anything_through() -> None:
    rule = read_rule(PLAIN | {"from_classes": None, "reverse": None, "text": None}, ALWAYS)

    assert (rule.from_classes, rule.to_classes, rule.reverse, rule.text_ja) == (frozenset(), frozenset(), False, "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", ""),
        ("version", None),
        ("kind", "transfer"),
        ("type", "stop"),
        ("from_classes", "trunk_planning"),
        ("to_post_classes", ["king"]),
        ("to_status", ["friend"]),
        ("neutral_stay_days", -1),
        ("lookback_days", "a year"),
        ("reverse", "yes"),
        ("approved_on", "soon"),
    ],
)
def test_what_cannot_be_read_is_named_by_rule_and_key(key: str, value: object) -> None:
    with pytest.raises(BadRule) as bad:
        read_rule(PLAIN | {key: value}, ALWAYS)
    assert bad.value.params["key"] == key
