"""Signed notes against the examples of the C2SP texts and Go's note package, and against every changed bit."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sekisho.core.notes import (
    BadNote,
    Checkpoint,
    open_checkpoint,
    open_note,
    parse_verifier_key,
    sign,
    verifier_key,
)

EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = verifier_key("log.example/1", PRIVATE)
CHECKPOINT = Checkpoint("log.example/1", 7, bytes(range(32)))
NOTE = sign(CHECKPOINT.text(), "log.example/1", PRIVATE)


def test_the_example_of_the_go_package_opens_with_its_key() -> None:
    assert open_note(EXAMPLE, [parse_verifier_key(EXAMPLE_KEY)]).startswith("If you think cryptography")


def test_a_verifier_key_reads_back() -> None:
    assert parse_verifier_key(KEY.text()) == KEY
    assert parse_verifier_key(EXAMPLE_KEY).text() == EXAMPLE_KEY


def test_a_signed_checkpoint_opens_to_the_same_checkpoint() -> None:
    assert open_checkpoint(NOTE, [KEY]) == CHECKPOINT


def test_a_checkpoint_is_three_lines_a_blank_one_and_the_signature() -> None:
    assert NOTE.split("\n")[:4] == ["log.example/1", "7", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]


@given(st.integers(0, len(NOTE.encode()) * 8 - 1))
def test_one_flipped_bit_anywhere_in_a_checkpoint_is_found(bit: int) -> None:
    changed = bytearray(NOTE.encode())
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((BadNote, UnicodeDecodeError)):
        open_checkpoint(changed.decode(), [KEY])


def test_signatures_of_strangers_are_passed_over() -> None:
    witness = sign(CHECKPOINT.text(), "witness.example", Ed25519PrivateKey.from_private_bytes(b"w" * 32))
    cosigned = NOTE + witness.rpartition("\n\n")[2]
    assert open_checkpoint(cosigned, [KEY]) == CHECKPOINT


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    with pytest.raises(BadNote, match="unsigned"):
        open_note(NOTE, [parse_verifier_key(EXAMPLE_KEY)])


def test_a_known_name_with_another_key_is_a_stranger() -> None:
    other = verifier_key("log.example/1", Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    with pytest.raises(BadNote, match="unsigned"):
        open_note(NOTE, [other])


def test_a_forged_signature_beside_a_good_one_spoils_the_note() -> None:
    forged = sign("another text\n", "log.example/1", PRIVATE).rpartition("\n\n")[2]
    with pytest.raises(BadNote, match="forged"):
        open_note(NOTE + forged, [KEY])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n- log.example/1 AAAAAAAA\n",
        NOTE[:-1],
        NOTE + "\n",
        "\t" + NOTE,
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        open_note(note, [KEY])


@pytest.mark.parametrize(
    "text",
    [
        "log.example/1\n07\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "log.example/1\n-7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "log.example/1\n7\nAAEC\n",
        "log.example/1\n7\n",
        "\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "log.example/1\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nextension\n",
    ],
)
def test_a_signed_text_of_another_shape_is_no_checkpoint(text: str) -> None:
    with pytest.raises(BadNote, match="checkpoint_malformed"):
        open_checkpoint(sign(text, "log.example/1", PRIVATE), [KEY])


@pytest.mark.parametrize(
    ("text", "name"), [("no newline", "a"), ("t\n", ""), ("t\n", "a b"), ("t\n", "a+b"), ("\x01\n", "a")]
)
def test_what_would_not_read_back_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(BadNote, match="note_malformed"):
        sign(text, name, PRIVATE)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a+b",
        EXAMPLE_KEY.replace("c74f20a3", "c74f20a4"),
        EXAMPLE_KEY.replace("+ARpc", "+Alpc"),
        EXAMPLE_KEY.replace("Peter", "Peter "),
        EXAMPLE_KEY[:-4],
    ],
)
def test_a_malformed_verifier_key_is_refused(line: str) -> None:
    with pytest.raises(BadNote, match="key_malformed"):
        parse_verifier_key(line)
