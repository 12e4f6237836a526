"""The checks of proofs. Edge cases after the transparency-dev vectors, all 196 of which hold as well."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sekisho.core import merkle
from sekisho.core.merkle import EMPTY_ROOT, leaf_hash, tree_of
from sekisho.core.notes import BadNote, Checkpoint, sign, verifier_key
from sekisho.core.proofs import BadProof, InclusionProof, check_consistency, check_inclusion, parse_proof

HASHES = [leaf_hash(bytes([number])) for number in range(70)]
NODES = tree_of(HASHES)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = verifier_key("log.example", PRIVATE)


def root(size: int) -> bytes:
    return merkle.root(size, NODES)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8 % len(content)] ^= 1 << bit % 8
    return bytes(changed)


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 70))
    return draw(st.integers(0, size - 1)), size


@given(places())
def test_every_leaf_is_proven_in_every_tree(place: tuple[int, int]) -> None:
    index, size = place
    check_inclusion(HASHES[index], index, merkle.inclusion_proof(index, size, NODES), size, root(size))


@given(st.integers(1, 70), st.integers(1, 70))
def test_any_earlier_tree_is_proven_to_be_continued(one: int, other: int) -> None:
    old, new = sorted((one, other))
    check_consistency(old, root(old), new, root(new), merkle.consistency_proof(old, new, NODES))


@given(places(), st.integers(0, 10_000), st.data())
def test_one_flipped_bit_breaks_an_inclusion_proof(place: tuple[int, int], bit: int, data: st.DataObject) -> None:
    index, size = place
    proof = merkle.inclusion_proof(index, size, NODES)
    parts = [HASHES[index], root(size), *proof]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], bit)
    with pytest.raises(BadProof):
        check_inclusion(parts[0], index, parts[2:], size, parts[1])


@given(places(), st.integers(0, 69))
def test_a_leaf_is_proven_at_no_other_index(place: tuple[int, int], other: int) -> None:
    index, size = place
    if other != index:
        with pytest.raises(BadProof):
            check_inclusion(HASHES[index], other, merkle.inclusion_proof(index, size, NODES), size, root(size))


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 10_000), st.data())
def test_one_flipped_bit_breaks_a_consistency_proof(one: int, other: int, bit: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    parts = [root(old), root(new), *merkle.consistency_proof(old, new, NODES)]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], bit)
    with pytest.raises(BadProof):
        check_consistency(old, parts[0], new, parts[1], parts[2:])


@given(places(), st.integers(0, 255))
def test_a_longer_or_shorter_inclusion_proof_is_refused(place: tuple[int, int], byte: int) -> None:
    index, size = place
    proof = merkle.inclusion_proof(index, size, NODES)
    longer = [[*proof, bytes([byte]) * 32], [bytes([byte]) * 32, *proof], [*proof, root(size)]]
    for wrong in [*longer, *([proof[:-1]] if proof else [])]:
        with pytest.raises(BadProof):
            check_inclusion(HASHES[index], index, wrong, size, root(size))


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (0, 5), (2, 1), (-1, 3)])
@pytest.mark.parametrize("proof", [[], [EMPTY_ROOT]])
def test_from_nothing_or_backwards_nothing_is_consistent(old: int, new: int, proof: list[bytes]) -> None:
    with pytest.raises(BadProof):
        check_consistency(old, EMPTY_ROOT, new, EMPTY_ROOT, proof)


def test_equal_sizes_need_equal_roots_and_no_proof() -> None:
    check_consistency(5, root(5), 5, root(5), [])
    for second, proof in ((root(4), []), (root(5), [root(5)])):
        with pytest.raises(BadProof):
            check_consistency(5, root(5), 5, second, proof)


def test_an_empty_proof_joins_no_two_sizes() -> None:
    for old, new in ((1, 2), (4, 5), (3, 7)):
        with pytest.raises(BadProof):
            check_consistency(old, root(old), new, root(new), [])


def test_a_rewritten_history_is_not_consistent() -> None:
    rewritten = tree_of([HASHES[1], HASHES[0], *HASHES[2:20]])
    with pytest.raises(BadProof):
        check_consistency(6, root(6), 20, merkle.root(20, rewritten), merkle.consistency_proof(6, 20, rewritten))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(BadProof):
        check_inclusion(HASHES[0], index, [], size, HASHES[0])


def test_hashes_of_another_length_are_refused() -> None:
    with pytest.raises(BadProof):
        check_inclusion(b"", 0, [], 1, b"")


def proof_of(index: int, size: int) -> InclusionProof:
    note = sign(Checkpoint("log.example", size, root(size)).text(), "log.example", PRIVATE)
    return InclusionProof(index, tuple(merkle.inclusion_proof(index, size, NODES)), note)


@given(places())
def test_a_proof_file_reads_back_and_proves_its_leaf(place: tuple[int, int]) -> None:
    made = proof_of(*place)
    read = parse_proof(made.text())
    assert read == made
    assert read.check(HASHES[place[0]], [KEY]).size == place[1]


@given(places(), st.integers(0, 100_000))
def test_one_flipped_bit_anywhere_in_a_proof_file_is_found(place: tuple[int, int], bit: int) -> None:
    changed = flipped(proof_of(*place).text().encode(), bit)
    with pytest.raises((BadProof, BadNote, UnicodeDecodeError)):
        parse_proof(changed.decode()).check(HASHES[place[0]], [KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 0\nnote",
    ],
)
def test_a_file_of_another_shape_is_no_proof(text: str) -> None:
    with pytest.raises(BadProof, match="malformed"):
        parse_proof(text)
