"""A software authenticator for tests: a P-256 key that signs as a passkey does, and its registration."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fido2.cose import ES256, CoseKey
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from sekisho.store.models import User

ORIGIN = "http://localhost:8000"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Passkey:
    """One passkey; `sign` answers a challenge as a browser would, well or badly."""

    credential_id: bytes = b"a credential of a test"
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    cose: CoseKey | None = None
    """The public key as it is registered, where it is none of P-256."""
    counter: int = 0
    """How often it has signed."""
    step: int = 1
    """0: it does not count, as many passkeys do not."""

    def register(self, user: User) -> None:
        """Make it a passkey of the user, as allauth keeps them."""
        cose = self.cose or ES256.from_cryptography_key(self.key.public_key())
        held = AttestedCredentialData.create(b"\0" * 16, self.credential_id, cose)
        data = AuthenticatorData.create(_rp_hash(), PRESENT | VERIFIED | ATTESTED, 0, held)
        attestation = AttestationObject.create("none", data, {})
        client = json.dumps({"type": "webauthn.create", "challenge": "", "origin": ORIGIN}).encode()
        credential = {
            "id": b64(self.credential_id),
            "rawId": b64(self.credential_id),
            "type": "public-key",
            "response": {"clientDataJSON": b64(client), "attestationObject": b64(bytes(attestation))},
            "clientExtensionResults": {"credProps": {"rk": True}},
        }
        Authenticator.objects.create(
            user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "test", "credential": credential}
        )

    def sign(
        self,
        challenge: bytes,
        *,
        origin: str = ORIGIN,
        flags: int = PRESENT | VERIFIED,
        kind: str = "webauthn.get",
        framed: bool = False,
    ) -> str:
        self.counter += self.step
        words = {"type": kind, "challenge": b64(challenge), "origin": origin, "crossOrigin": framed}
        client = json.dumps(words).encode()
        data = _rp_hash() + bytes([flags]) + self.counter.to_bytes(4, "big")
        signed = data + hashlib.sha256(client).digest()
        match self.key:
            case ed25519.Ed25519PrivateKey():
                signature = self.key.sign(signed)
            case _:
                signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)}
        return json.dumps({"rawId": b64(self.credential_id), "type": "public-key", "response": response})

    def sign_in(self, challenge: str, user: int, **how: Any) -> str:
        """Return the answer to the sign-in page's challenge (as it stands in its JSON), naming the user."""
        said = json.loads(self.sign(base64.urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4)), **how))
        said["response"]["userHandle"] = b64(str(user).encode())
        return json.dumps(said | {"id": said["rawId"], "clientExtensionResults": {}})


def _rp_hash() -> bytes:
    return hashlib.sha256(b"localhost").digest()
