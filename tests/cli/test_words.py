"""What stands before people where JSON has codes."""

from sekisho.cli import words
from sekisho.core.visibility import FactKind
from sekisho.texts import catalogue


def test_a_side_has_its_word_and_a_companys_own_side_its_own_name():
    assert [words.side(code, "en") for code in ("network", "", None, "-")] == ["network", "neutral", "neutral", "any"]
    assert words.side("network", "ja") == "送配電"
    assert words.side("gas", "ja") == "gas"


def test_an_order_is_told_by_its_number_and_type():
    assert words.order("HN/HN-2404/002001/secondment/#1", "ja") == "HN-2404 出向"
    assert words.order("HN/2024/17/002001/concurrent/02#3", "en") == "2024/17 concurrent post"


def test_what_is_no_orders_id_stands_as_it_is():
    assert [words.order(origin, "en") for origin in ("", "roster", "A-1/b")] == ["", "roster", "A-1/b"]


def test_a_refusal_says_the_kind_of_fact_and_the_side_in_words():
    assert words.shown("visibility.refused", {"actor": "a", "kind": "verdict", "side": "-"}, "ja") == {
        "actor": "a",
        "kind": "判定",
        "side": "いずれの",
    }


def test_every_kind_of_fact_has_a_word():
    for language in ("ja", "en"):
        assert [kind for kind in FactKind if f"kind_{kind.value}" not in catalogue(language, "visibility")] == []
