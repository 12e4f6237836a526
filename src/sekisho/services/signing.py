"""The ledger's signing key and the public keys that this home knows.

`SEKISHO_HOME/keys/ledger.pem` (mode 0600) is made on first use, and with it the log's origin, which is
the key's name. `ledger.pub` beside it has one verifier key a line: ours first, then older or other
hosts' keys that an administrator adds.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from sekisho.core.errors import SekishoError
from sekisho.core.notes import VerifierKey, parse_verifier_key, sign, verifier_key

SECRET, PUBLIC = "ledger.pem", "ledger.pub"


class BadKey(SekishoError):
    """The key files of this home cannot be used."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The log's name and its private key."""

    origin: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> VerifierKey:
        """Return the verifier key to hand to outsiders."""
        return verifier_key(self.origin, self.private)

    def sign(self, text: str) -> str:
        """Return the text as a signed note."""
        return sign(text, self.origin, self.private)


def keys_folder() -> Path:
    """Return where this home keeps its keys."""
    return Path(settings.HOME) / "keys"


def signer() -> Signer:
    """Return this home's signer; key and origin are made on first use.

    Raises:
        BadKey: the secret is not an Ed25519 key, or its public half is not the first line of `ledger.pub`.
    """
    folder = keys_folder()
    if not (folder / SECRET).exists():
        _make(folder)
    private = load_pem_private_key((folder / SECRET).read_bytes(), password=None)
    known = verifier_keys()
    if not isinstance(private, Ed25519PrivateKey) or not known:
        raise BadKey("ledger.key_unusable", {"folder": str(folder)})
    made = Signer(known[0].name, private)
    if made.public != known[0]:
        raise BadKey("ledger.key_unusable", {"folder": str(folder)})
    return made


def verifier_keys() -> tuple[VerifierKey, ...]:
    """Return the public keys this home trusts for its ledger, its own first; none before the first use."""
    file = keys_folder() / PUBLIC
    if not file.exists():
        return ()
    return tuple(parse_verifier_key(line) for line in file.read_text("utf-8").splitlines() if line.strip())


def _make(folder: Path) -> None:
    """Write a new key; the secret comes last, so that its presence means both files are there.

    Called under the sequencer's lock. A lost secret gives a new key under the same origin; the old
    public key stays known, so that what it signed can still be checked.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = verifier_keys()
    origin = known[0].name if known else f"sekisho/{secrets.token_hex(8)}"
    made = Signer(origin, Ed25519PrivateKey.generate())
    lines = [key.text() + "\n" for key in (made.public, *known)]
    _write(folder / PUBLIC, "".join(lines).encode(), mode=0o644)
    pem = made.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(folder / SECRET, pem, mode=0o600)


def _write(file: Path, content: bytes, *, mode: int) -> None:
    """Write the file whole and durable before it has its name."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
