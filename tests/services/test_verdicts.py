"""A verdict in words: whole on the wire, and in lists with the advice apart."""

import pytest

from sekisho.core.kinds import Outcome
from sekisho.core.verdicts import Verdict
from sekisho.services import verdicts


@pytest.mark.parametrize(("language", "space"), [("ja", ""), ("en", " ")])
def test_the_advice_stands_in_the_whole_reason_and_not_in_the_short_one(language: str, space: str) -> None:
    facts = {"day": "2024-04-01", "rule": "direct", "version": "2", "from_unit": "N1", "to_unit": "A1"}
    verdict = Verdict(Outcome.VIOLATION, (), (), "screening.policy_move", facts, ())
    advice = verdicts.advice(verdict.code, language)
    assert advice
    assert verdicts.reason(verdict)[language] == verdicts.why(verdict, language) + space + advice


def test_a_reason_that_says_all_itself_has_no_advice_apart() -> None:
    assert verdicts.advice("screening.no_match", "ja") == ""
