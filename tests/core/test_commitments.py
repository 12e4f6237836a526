import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.core.canonical import canonical
from sekisho.core.commitments import commitment, commitment_to_bytes

SALT = bytes(32)


def test_a_commitment_is_stable_for_ever() -> None:
    """Version 1 of the format: whoever changes this breaks every pack ever handed out."""
    expected = "sha256:5e431a1346dd6e96c7716bb33a691cb219be466fcd56db87bb8d1969846303e0"
    assert commitment(SALT, {"name": "山田"}) == expected


def test_content_and_its_canonical_bytes_have_one_commitment() -> None:
    content = {"b": 1, "a": ["x"]}
    assert commitment(SALT, content) == commitment_to_bytes(SALT, canonical(content))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_another_salt_gives_another_commitment(one: bytes, other: bytes) -> None:
    assert (commitment(one, "x") == commitment(other, "x")) == (one == other)


def test_another_content_gives_another_commitment() -> None:
    assert commitment(SALT, {"name": "a"}) != commitment(SALT, {"name": "b"})


@pytest.mark.parametrize("salt", [b"", bytes(31), bytes(33)])
def test_a_salt_of_another_length_is_refused(salt: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(salt, "x")
