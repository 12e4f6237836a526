import json
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.core.canonical import GREATEST_INTEGER, canonical, sha256_hex

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-GREATEST_INTEGER, GREATEST_INTEGER) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_canonical_bytes_read_back_to_the_same_value(value: object) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text(), st.integers(0, 9), max_size=6), st.randoms())
def test_the_order_in_which_keys_were_written_does_not_matter(value: dict[str, int], random: object) -> None:
    shuffled = list(value.items())
    random.shuffle(shuffled)
    assert canonical(dict(shuffled)) == canonical(value)


def test_keys_are_ordered_by_utf_16_as_rfc_8785_has_it() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6"]
    ordered = list(json.loads(canonical(dict.fromkeys(keys))))
    assert ordered == [
        "\r",
        "1",
        "\x80",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


def test_the_bytes_have_no_spaces_and_keep_japanese_as_it_is() -> None:
    assert canonical({"b": [1, True, None], "a": "異動\n"}) == '{"a":"異動\\n","b":[1,true,null]}'.encode()


def test_any_mapping_and_tuple_will_do() -> None:
    assert canonical(MappingProxyType({"a": (1, 2)})) == b'{"a":[1,2]}'


@pytest.mark.parametrize("value", [1.0, {"a": 0.5}, [b"x"], {1: 2}, {"a": {None: 1}}, {1, 2}])
def test_what_has_no_single_spelling_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800"])
def test_integers_that_readers_round_and_half_characters_are_refused(value: int | str) -> None:
    with pytest.raises(ValueError, match=r"2\^53|surrogates"):
        canonical(value)


def test_the_hash_is_plain_sha256() -> None:
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
