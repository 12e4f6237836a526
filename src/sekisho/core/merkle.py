"""The Merkle tree of RFC 9162 §2.1: hashing of leaves and nodes, roots, growth and the two proofs.

A tree is read through `Nodes`: level and position → hash of the full subtree there (level 0 are leaves).
So nothing here cares whether hashes come from a list, a table or a file. Checks of proofs: `proofs`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Nodes = Callable[[int, int], bytes]
"""(level, position) → hash of the full subtree over leaves [position·2^level, (position+1)·2^level)."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Node:
    """A full subtree: its place and its hash. Once full it never changes."""

    level: int
    position: int
    hash: bytes


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162 §2.1.1: prefix 0x00)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162 §2.1.1: prefix 0x01)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def peaks(size: int) -> Iterator[tuple[int, int]]:
    """Yield level and position of the full subtrees that make up a tree of `size`, left to right."""
    done = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            yield level, done >> level
            done += 1 << level


class Frontier:
    """The growing edge of a tree: the hashes of its peaks, all that growth and the root need."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)
        if len(self._hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} has {size.bit_count()} peaks, not {len(self._hashes)}")

    def add(self, leaf: bytes) -> list[Node]:
        """Append the hash of one leaf; return the inner nodes that became full by it, lowest first."""
        grown, carried, level, position = [], leaf, 0, self.size
        while position & 1:
            carried = node_hash(self._hashes.pop(), carried)
            level, position = level + 1, position >> 1
            grown.append(Node(level, position, carried))
        self._hashes.append(carried)
        self.size += 1
        return grown

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self._hashes:
            return EMPTY_ROOT
        *rest, root = self._hashes
        for peak in reversed(rest):
            root = node_hash(peak, root)
        return root


def frontier(size: int, nodes: Nodes) -> Frontier:
    """Return the edge of a stored tree of `size`."""
    return Frontier(size, [nodes(level, position) for level, position in peaks(size)])


def root(size: int, nodes: Nodes) -> bytes:
    """Return the root of the first `size` leaves."""
    return frontier(size, nodes).root()


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Return the path from leaf `index` to the root of `size` leaves, leaf's sibling first (RFC 9162 §2.1.3.1).

    Raises:
        IndexError: there is no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    return _path(index, 0, size, nodes)


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """Return the proof that the first `old` of `new` leaves are an earlier tree (RFC 9162 §2.1.4.1).

    Raises:
        IndexError: `old` is 0 (nothing can be proven of it) or greater than `new`.
    """
    if not 0 < old <= new:
        raise IndexError(f"no proof from a tree of {old} to one of {new}")
    return _subproof(old, 0, new, nodes, whole=True)


def tree_of(leaves: Sequence[bytes]) -> Nodes:
    """Return the nodes of a tree over hashes of leaves held in memory."""
    edge, table = Frontier(), {(0, i): leaf for i, leaf in enumerate(leaves)}
    for leaf in leaves:
        table.update({(node.level, node.position): node.hash for node in edge.add(leaf)})
    return lookup(table)


def lookup(table: Mapping[tuple[int, int], bytes]) -> Nodes:
    """Return `Nodes` over a mapping of (level, position)."""
    return lambda level, position: table[level, position]


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(start: int, end: int, nodes: Nodes) -> bytes:
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(start, middle, nodes), _range_root(middle, end, nodes))


def _path(index: int, start: int, end: int, nodes: Nodes) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(index, start, middle, nodes), _range_root(middle, end, nodes)]
    return [*_path(index, middle, end, nodes), _range_root(start, middle, nodes)]


def _subproof(old: int, start: int, end: int, nodes: Nodes, *, whole: bool) -> list[bytes]:
    """Return SUBPROOF of RFC 9162 §2.1.4.1; `old` is the absolute end of the earlier tree."""
    if old == end:
        return [] if whole else [_range_root(start, end, nodes)]
    middle = start + _split(end - start)
    if old <= middle:
        return [*_subproof(old, start, middle, nodes, whole=whole), _range_root(middle, end, nodes)]
    return [*_subproof(old, middle, end, nodes, whole=False), _range_root(start, middle, nodes)]
