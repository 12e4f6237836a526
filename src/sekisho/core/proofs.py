"""Checks of the two Merkle proofs, and the `.tlog-proof` file that carries one of them.

The checks follow RFC 9162 §2.1.3.2 and §2.1.4.2, the file c2sp.org/tlog-proof@v1. A size of 0 is
refused in a consistency proof: of an empty tree nothing can be proven. Making proofs: `merkle`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sekisho.core.errors import SekishoError
from sekisho.core.merkle import node_hash
from sekisho.core.notes import Checkpoint, VerifierKey, from_base64, open_checkpoint, to_base64

HEADER = "c2sp.org/tlog-proof@v1"


class BadProof(SekishoError):
    """A proof does not prove what it claims."""


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """A leaf's index, its path and the signed checkpoint (the note's whole text) it leads to."""

    index: int
    path: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """Return the file's text."""
        lines = [HEADER, f"index {self.index}", *map(to_base64, self.path)]
        return "\n".join(lines) + "\n\n" + self.note

    def check(self, leaf: bytes, keys: Collection[VerifierKey]) -> Checkpoint:
        """Return the checkpoint under which the leaf with this hash is proven to stand.

        Raises:
            BadProof: the path does not lead from the leaf to the checkpoint's root.
            BadNote: the checkpoint is not signed by a known key, or malformed.
        """
        checkpoint = open_checkpoint(self.note, keys)
        check_inclusion(leaf, self.index, self.path, checkpoint.size, checkpoint.root)
        return checkpoint


def parse_proof(text: str) -> InclusionProof:
    """Return the proof in a `.tlog-proof` file; files with `extra` data are not ours.

    Raises:
        BadProof: a line is not as the format has it.
    """
    head, separator, note = text.partition("\n\n")
    header, _, rest = head.partition("\n")
    lines = rest.split("\n")
    index = lines[0].removeprefix("index ")
    if not separator or header != HEADER or not lines[0].startswith("index ") or not _is_decimal(index):
        raise BadProof("ledger.proof_malformed")
    try:
        path = tuple(from_base64(line, 32) for line in lines[1:])
    except ValueError as error:
        raise BadProof("ledger.proof_malformed") from error
    return InclusionProof(int(index), path, note)


def check_inclusion(leaf: bytes, index: int, path: Sequence[bytes], size: int, root: bytes) -> None:
    """Check that the leaf with this hash stands at `index` of the tree of `size` with this root.

    Raises:
        BadProof: it does not, or the proof has too few or too many hashes.
    """
    if not 0 <= index < size or any(len(hashed) != 32 for hashed in (leaf, root, *path)):
        raise BadProof("ledger.proof_fails", {"index": index, "size": size})
    at, last, carried = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BadProof("ledger.proof_fails", {"index": index, "size": size})
        if at & 1 or at == last:
            carried = node_hash(sibling, carried)
            shift = 0 if at & 1 else _trailing_zeros(at, last)
            at, last = at >> shift, last >> shift
        else:
            carried = node_hash(carried, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or carried != root:
        raise BadProof("ledger.proof_fails", {"index": index, "size": size})


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `new` leaves continues the tree of `old` leaves.

    Raises:
        BadProof: it does not, or `old` is 0 or greater than `new`.
    """
    wrong = BadProof("ledger.consistency_fails", {"old": old, "new": new})
    if not 0 < old <= new:
        raise wrong
    if old == new:
        if proof or old_root != new_root:
            raise wrong
        return
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes or _two_roots(old, new, hashes) != (old_root, new_root):
        raise wrong


def _two_roots(old: int, new: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return both roots that the proof leads to; None where it has too few or too many hashes."""
    at, last = old - 1, new - 1
    shift = (~at & (at + 1)).bit_length() - 1  # trailing ones: those subtrees are the same in both trees
    at, last = at >> shift, last >> shift
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            shift = 0 if at & 1 else _trailing_zeros(at, last)
            at, last = at >> shift, last >> shift
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return (first, second) if last == 0 else None


def _trailing_zeros(at: int, last: int) -> int:
    """Return how many levels the right-most node goes up alone."""
    return (at & -at).bit_length() - 1 if at else last.bit_length()


def _is_decimal(word: str) -> bool:
    return word.isascii() and word.isdigit() and (word == "0" or not word.startswith("0")) and len(word) < 20
