"""The tree against RFC 6962's published test leaves and against the definition, written out by recursion."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.core import merkle
from sekisho.core.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash, tree_of

LEAVES = [bytes.fromhex(leaf) for leaf in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(hashes: list[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1, to the letter and slow."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(by_definition(hashes[:split]), by_definition(hashes[split:]))


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(bytes([number % 256])) for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_of_the_published_leaves_are_the_published_roots(size: int) -> None:
    nodes = tree_of([leaf_hash(leaf) for leaf in LEAVES[:size]])
    assert merkle.root(size, nodes).hex() == ROOTS[size]


def test_the_published_inclusion_path_of_leaf_5_in_8() -> None:
    nodes = tree_of([leaf_hash(leaf) for leaf in LEAVES])
    assert [step.hex() for step in merkle.inclusion_proof(5, 8, nodes)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_the_published_consistency_proof_from_6_to_8() -> None:
    nodes = tree_of([leaf_hash(leaf) for leaf in LEAVES])
    assert [step.hex() for step in merkle.consistency_proof(6, 8, nodes)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(0, 70))
def test_the_root_is_the_one_of_the_definition_at_any_size(size: int) -> None:
    assert merkle.root(size, tree_of(hashes(size))) == by_definition(hashes(size))


@given(st.integers(0, 70), st.integers(0, 70))
def test_growing_a_stored_tree_gives_the_tree_grown_at_once(first: int, more: int) -> None:
    all_hashes = hashes(first + more)
    edge = merkle.frontier(first, tree_of(all_hashes[:first]))
    for leaf in all_hashes[first:]:
        edge.add(leaf)
    assert (edge.size, edge.root()) == (first + more, by_definition(all_hashes))


def test_a_tree_of_n_leaves_has_n_minus_ones_inner_nodes_that_are_full() -> None:
    edge = Frontier()
    grown = [node for leaf in hashes(13) for node in edge.add(leaf)]
    assert len({(node.level, node.position) for node in grown}) == len(grown) == 13 - (13).bit_count()


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == by_definition([])


def test_an_edge_with_too_few_peaks_is_refused() -> None:
    with pytest.raises(ValueError, match="2 peaks, not 1"):
        Frontier(3, [b"x"])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_inclusion_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(index, size, tree_of(hashes(size)))


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 4), (5, 4)])
def test_there_is_no_consistency_proof_from_nothing_or_backwards(old: int, new: int) -> None:
    with pytest.raises(IndexError):
        merkle.consistency_proof(old, new, tree_of(hashes(new)))
