"""The Merkle tree of RFC 9162 §2.1: hashing of leaves and nodes, roots, proofs and their checks."""

import hashlib


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162 §2.1.1: prefix 0x00)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162 §2.1.1: prefix 0x01)."""
    return hashlib.sha256(b"\x01" + left + right).digest()
