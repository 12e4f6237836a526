"""Salted commitments: a leaf can name personal content without holding it.

The leaf holds `sha256:<hex>` of salt and content; who has both can prove the content, and once they
are destroyed nobody can guess it back (erasure-and-evidence §3.2, law 6).
"""

import hashlib

from sekisho.core.canonical import Json, canonical

PREFIX = b"sekisho-commitment-v1\n"


def commitment(salt: bytes, content: Json) -> str:
    """Return the commitment to `content` under a 32-byte `salt`.

    Raises:
        ValueError: the salt is not 32 bytes, so that guessing would be possible.
    """
    return commitment_to_bytes(salt, canonical(content))


def commitment_to_bytes(salt: bytes, content: bytes) -> str:
    """Return the commitment to content whose canonical bytes are at hand.

    Raises:
        ValueError: the salt is not 32 bytes.
    """
    if len(salt) != 32:
        raise ValueError("a commitment's salt is 32 bytes")
    return "sha256:" + hashlib.sha256(PREFIX + salt + content).hexdigest()
