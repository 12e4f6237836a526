"""Approving with a passkey: a WebAuthn assertion over the hash of what is approved, kept so that anyone can check it.

The challenge is the SHA-256 of the canonical bytes of `{"approve": "plan", "sha256": <root hash>, "v": 1}`. What is
kept holds all that a stranger needs: the key, what the authenticator signed, and for which site (`verify_approval`).

A passkey that counts what it signs counts upwards: one that comes with a number seen before has a twin somewhere, and
is refused with an entry.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData, CollectedClientData

from sekisho.core.canonical import Json, canonical
from sekisho.core.errors import SekishoError
from sekisho.services import installation, lasting, verify_approval
from sekisho.store import models

VERSION = 1


class NoPasskey(SekishoError):
    """The user has no passkey to sign with."""


class Cloned(SekishoError):
    """The passkey's counter went back: a copy of it signs somewhere."""


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

    Checked: a passkey of this user, who may sign in; this site, these bytes as challenge, the person present and
    verified, the signature, the counter; and that a stranger with the script of the pack will find the same.

    Raises:
        NoPasskey: the user has none.
        Cloned: the passkey's counter went back.
        BadAssertion: anything of it does not hold.
    """
    keys = _credentials(name)
    if not keys:
        raise NoPasskey("passkeys.none", {"name": name})
    said = _read(response)
    held = keys.get(said.credential_id)
    if held is None:
        raise BadAssertion("passkeys.not_yours", {"name": name})
    _need_meant(said, plan_sha256)
    try:
        held.key.verify(said.data + sha256(said.client).digest(), said.signature)
    except InvalidSignature as error:
        raise BadAssertion("passkeys.bad_signature") from error
    kept: dict[str, Json] = {
        "v": VERSION,
        "plan": plan_sha256,
        "user": name,
        "rp_id": _rp_id(),
        "origin": settings.URL,
        "credential_id": _b64(said.credential_id),
        "public_key": _public(held.key),
        "registered_at": held.since.isoformat(timespec="seconds"),
        "client_data_json": _b64(said.client),
        "authenticator_data": _b64(said.data),
        "signature": _b64(said.signature),
    }
    if verify_approval.problem(kept):
        raise BadAssertion("passkeys.not_checkable", {"alg": str(held.key.get(3))})
    _need_forward(name, held.counter, kept, AuthenticatorData(said.data).counter)
    return kept


@dataclass(frozen=True, slots=True)
class _Said:
    """What came from the browser, as bytes."""

    credential_id: bytes
    client: bytes
    data: bytes
    signature: bytes


def _read(response: str) -> _Said:
    try:
        said = json.loads(response)
        parts = [_unb64(said["response"][part]) for part in ("clientDataJSON", "authenticatorData", "signature")]
        found = _Said(_unb64(said["rawId"]), *parts)
        CollectedClientData(found.client), AuthenticatorData(found.data)
    except (ValueError, KeyError, TypeError) as error:
        raise BadAssertion("passkeys.unreadable") from error
    return found


def _need_meant(said: _Said, plan_sha256: str) -> None:
    """Let pass what was signed for this plan, on this site, by somebody present and verified."""
    client, data = CollectedClientData(said.client), AuthenticatorData(said.data)
    if client.type != "webauthn.get" or client.challenge != challenge(plan_sha256=plan_sha256):
        raise BadAssertion("passkeys.other_plan")
    here = client.origin == settings.URL and data.rp_id_hash == sha256(_rp_id().encode()).digest()
    if not here or client.cross_origin:
        raise BadAssertion("passkeys.other_site", {"origin": client.origin})
    if not data.is_user_present() or not data.is_user_verified():
        raise BadAssertion("passkeys.not_verified")


def _need_forward(name: str, registered: int, kept: Mapping[str, Json], counter: int) -> None:
    """Let pass a counter that is beyond every one seen of the passkey; many passkeys do not count and say 0.

    Raises:
        Cloned
    """
    earlier = [
        one
        for one in models.PlanApproval.objects.filter(by=name).values_list("assertion", flat=True)
        if one is not None and one["credential_id"] == kept["credential_id"]
    ]
    if any(one["signature"] == kept["signature"] for one in earlier):
        return  # the same form sent twice
    seen = max([registered, *(AuthenticatorData(_unb64(one["authenticator_data"])).counter for one in earlier)])
    if (counter or seen) and counter <= seen:
        facts: dict[str, Json] = {"user": name, "credential": kept["credential_id"], "seen": seen, "came": counter}
        now = installation.clock(home=settings.HOME)
        lasting.record(kind="passkey.suspected", actor=name, now=now, facts=facts)
        raise Cloned("passkeys.cloned", {"seen": seen, "came": counter})


def fingerprint(*, authenticator: Authenticator) -> str:
    """Return the SHA-256 of a passkey's public key as kept with approvals; "" of anything else."""
    if authenticator.type != Authenticator.Type.WEBAUTHN:
        return ""
    data = authenticator.wrap().authenticator_data.credential_data
    return sha256(canonical(_public(data.public_key))).hexdigest() if data is not None else ""


@dataclass(frozen=True, slots=True)
class _Held:
    """A passkey: its public key, since when it is the user's, and the counter with which it came."""

    key: CoseKey
    since: datetime
    counter: int


def _credentials(name: str) -> dict[bytes, _Held]:
    """Return the passkeys of a user who may sign in, by credential id."""
    rows = Authenticator.objects.filter(user__username=name, user__is_active=True, type=Authenticator.Type.WEBAUTHN)
    found = {}
    for row in rows.order_by("pk"):
        data = row.wrap().authenticator_data
        if data.credential_data is not None:
            key = bytes(data.credential_data.credential_id)
            found[key] = _Held(data.credential_data.public_key, row.created_at, data.counter)
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
