"""Approving with a passkey: a WebAuthn assertion over the hash of what is approved, kept so that anyone can check it.

The challenge is the SHA-256 of the canonical bytes of `{"approve": "plan", "sha256": <root hash>, "v": 1}`. What is
kept holds all that a stranger needs: the key, what the authenticator signed, and for which site (`verify_approval`).
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData, CollectedClientData

from sekisho.core.canonical import Json, canonical
from sekisho.core.errors import SekishoError

VERSION = 1


class NoPasskey(SekishoError):
    """The user has no passkey to sign with."""


class BadAssertion(SekishoError):
    """What came from the browser does not sign this, or not by a passkey of this user."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the browser needs to ask for a signature: base64url without padding throughout."""

    challenge: str
    rp_id: str
    credentials: tuple[str, ...]


def challenge(*, plan_sha256: str) -> bytes:
    """Return what a passkey signs to approve a plan."""
    return sha256(canonical({"v": VERSION, "approve": "plan", "sha256": plan_sha256})).digest()


def options(*, name: str, plan_sha256: str) -> Options | None:
    """Return what the browser asks the user's passkeys to sign; None where there is no passkey."""
    keys = _credentials(name)
    return Options(_b64(challenge(plan_sha256=plan_sha256)), _rp_id(), tuple(map(_b64, keys))) if keys else None


def check(*, name: str, plan_sha256: str, response: str) -> dict[str, Json]:
    """Check an assertion and return what is kept of it.

    Checked: a passkey of this user, this site, these bytes as challenge, the person present and verified, the
    signature.

    Raises:
        NoPasskey: the user has none.
        BadAssertion: anything of it does not hold.
    """
    keys = _credentials(name)
    if not keys:
        raise NoPasskey("passkeys.none", {"name": name})
    try:
        said = json.loads(response)
        used = _unb64(said["rawId"])
        client, data, signature = (
            _unb64(said["response"][part]) for part in ("clientDataJSON", "authenticatorData", "signature")
        )
        collected, authenticator = CollectedClientData(client), AuthenticatorData(data)
    except (ValueError, KeyError, TypeError) as error:
        raise BadAssertion("passkeys.unreadable") from error
    if used not in keys:
        raise BadAssertion("passkeys.not_yours", {"name": name})
    if collected.type != "webauthn.get" or collected.challenge != challenge(plan_sha256=plan_sha256):
        raise BadAssertion("passkeys.other_plan")
    if collected.origin != settings.URL or authenticator.rp_id_hash != sha256(_rp_id().encode()).digest():
        raise BadAssertion("passkeys.other_site", {"origin": collected.origin})
    if not authenticator.is_user_present() or not authenticator.is_user_verified():
        raise BadAssertion("passkeys.not_verified")
    try:
        keys[used].verify(data + sha256(client).digest(), signature)
    except InvalidSignature as error:
        raise BadAssertion("passkeys.bad_signature") from error
    return {
        "v": VERSION,
        "plan": plan_sha256,
        "user": name,
        "rp_id": _rp_id(),
        "origin": settings.URL,
        "credential_id": _b64(used),
        "public_key": _public(keys[used]),
        "client_data_json": _b64(client),
        "authenticator_data": _b64(data),
        "signature": _b64(signature),
    }


def _credentials(name: str) -> dict[bytes, CoseKey]:
    """Return the user's passkeys: credential id → public key."""
    found = {}
    for row in Authenticator.objects.filter(user__username=name, type=Authenticator.Type.WEBAUTHN).order_by("pk"):
        data = row.wrap().authenticator_data.credential_data
        if data is not None:
            found[bytes(data.credential_id)] = data.public_key
    return found


def _public(key: Mapping[int, object]) -> dict[str, Json]:
    """Return a COSE key (RFC 9052) as plain words: algorithm, and its numbers in base64url."""
    words: dict[str, Json] = {"alg": int(str(key[3]))}
    names = {-7: {-2: "x", -3: "y"}, -8: {-2: "x"}, -257: {-1: "n", -2: "e"}}.get(int(str(key[3])), {})
    return words | {word: _b64(value) for number, word in names.items() if isinstance(value := key[number], bytes)}


def _rp_id() -> str:
    return urlsplit(settings.URL).hostname or "localhost"


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unb64(written: str) -> bytes:
    return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))
