"""Signed notes and checkpoints: c2sp.org/signed-note and c2sp.org/tlog-checkpoint, Ed25519 only (type 0x01).

A checkpoint is origin, size and root of the tree, one a line, signed. The key's name is the origin.
Where the key is kept is not here. Parsing is strict: one value has one spelling, so that a changed
bit is never read as the same note.
"""

import base64
import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sekisho.core.errors import SekishoError

ED25519 = b"\x01"
SIGNATURE_MARK = "\u2014 "
MAX_SIGNATURES = 64


class BadNote(SekishoError):
    """A note is malformed, or no known key signed it."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a signing key, with the name it signs under."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that stand before each of its signatures."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def text(self) -> str:
        """Return the key as verifiers take it: name, id in hex, type and key in base64."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its origin, how many leaves, and their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def to_base64(content: bytes) -> str:
    """Return standard base64 (RFC 4648 §4)."""
    return base64.b64encode(content).decode()


def from_base64(text: str, size: int | None = None) -> bytes:
    """Return the bytes behind base64 in its one spelling, `size` of them where given.

    Raises:
        ValueError: another alphabet, wrong padding, bits that stand for nothing, or another size.
    """
    content = base64.b64decode(text.encode("ascii", "strict"), validate=True)
    if to_base64(content) != text or (size is not None and len(content) != size):
        raise ValueError("not canonical base64 of the size expected")
    return content


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the key in a line `name+id+base64`.

    Raises:
        BadNote: the line has another shape, another type of key, or an id that is not the key's.
    """
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        content = from_base64(encoded, 33)
        key = VerifierKey(name, content[1:])
        known = _is_name(name) and content[:1] == ED25519 and key.key_id.hex() == key_id
    except ValueError as error:
        raise BadNote("ledger.key_malformed") from error
    if not known:
        raise BadNote("ledger.key_malformed")
    return key


def verifier_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """Return the public half of `private` under the name it signs with."""
    return VerifierKey(name, private.public_key().public_bytes_raw())


def sign(text: str, name: str, private: Ed25519PrivateKey) -> str:
    """Return the signed note.

    Raises:
        BadNote: the text does not end in a newline or holds control characters, or the name is no key name.
    """
    if not text.endswith("\n") or _has_control(text) or not _is_name(name):
        raise BadNote("ledger.note_malformed")
    key = verifier_key(name, private)
    return f"{text}\n{SIGNATURE_MARK}{name} {to_base64(key.key_id + private.sign(text.encode()))}\n"


def open_note(note: str, keys: Collection[VerifierKey]) -> str:
    """Return the note's text, having checked every signature of a known key.

    Raises:
        BadNote: malformed, signed by no known key, or a known key's signature fails.
    """
    text, separator, tail = note.rpartition("\n\n")
    text += "\n"
    lines = tail.split("\n")
    if not separator or lines.pop() != "" or not 0 < len(lines) <= MAX_SIGNATURES or _has_control(note):
        raise BadNote("ledger.note_malformed")
    signed = [_signed(line, text, keys) for line in lines]
    if not any(signed):
        raise BadNote("ledger.note_unsigned")
    return text


def _signed(line: str, text: str, keys: Collection[VerifierKey]) -> bool:
    """Tell whether the line is a known key's good signature; a stranger's is neither good nor bad."""
    name, _, encoded = line.removeprefix(SIGNATURE_MARK).partition(" ")
    try:
        content = from_base64(encoded)
    except ValueError as error:
        raise BadNote("ledger.note_malformed") from error
    if not line.startswith(SIGNATURE_MARK) or not _is_name(name) or len(content) < 5:
        raise BadNote("ledger.note_malformed")
    for key in keys:
        if (key.name, key.key_id) == (name, content[:4]):
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(content[4:], text.encode())
            except InvalidSignature as error:
                raise BadNote("ledger.note_forged", {"name": name}) from error
            return True
    return False


def open_checkpoint(note: str, keys: Collection[VerifierKey]) -> Checkpoint:
    """Return the checkpoint in a signed note; extension lines are refused.

    Raises:
        BadNote: not signed by a known key, or not a checkpoint.
    """
    text = open_note(note, keys)
    try:
        origin, size, root, end = text.split("\n")
        checkpoint = Checkpoint(origin, int(size), from_base64(root, 32))
    except ValueError as error:
        raise BadNote("ledger.checkpoint_malformed") from error
    if end or not origin or checkpoint.size < 0 or checkpoint.text() != text:
        raise BadNote("ledger.checkpoint_malformed")
    return checkpoint


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


def _has_control(text: str) -> bool:
    return any(char < " " and char != "\n" for char in text)
