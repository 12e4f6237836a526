"""Check approvals of plans by passkey, offline: python3 verify_approval.py approvals/*.json

Standard library only. Each file holds a WebAuthn assertion over the hash of a plan. Checked: the challenge is that of
the plan, the site is the one named, the person was present and verified, and the signature is the key's (ECDSA on
P-256 with SHA-256, or RSA PKCS #1 v1.5 with SHA-256). Whose key it is says the house that made it, and its ledger.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

Point = tuple[int, int]
Key = dict[str, Any]

# P-256 (FIPS 186-5, SEC 2)
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
A = -3
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def unb64(written: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))


def add(one: "Point | None", two: "Point | None") -> "Point | None":
    """Add two points of the curve; None is the point at infinity."""
    if one is None or two is None:
        return one or two
    if one[0] == two[0] and (one[1] + two[1]) % P == 0:
        return None
    if one == two:
        slope = (3 * one[0] * one[0] + A) * pow(2 * one[1], -1, P) % P
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def times(number: int, point: "Point | None") -> "Point | None":
    """Multiply a point by a number."""
    found: Point | None = None
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def der_pair(content: bytes) -> tuple[int, int]:
    """Return r and s of a DER signature."""
    if content[0] != 0x30 or content[1] != len(content) - 2 or content[2] != 2:
        raise ValueError("not a DER signature")
    end = 4 + content[3]
    if content[end] != 2 or end + 2 + content[end + 1] != len(content):
        raise ValueError("not a DER signature")
    return int.from_bytes(content[4:end], "big"), int.from_bytes(content[end + 2 :], "big")


def ecdsa(key: Key, message: bytes, signature: bytes) -> bool:
    """Check an ECDSA signature on P-256 with SHA-256."""
    x, y = (int.from_bytes(unb64(key[word]), "big") for word in ("x", "y"))
    r, s = der_pair(signature)
    if (y * y - (x * x * x + A * x + B)) % P or not (0 < r < N and 0 < s < N):
        return False
    inverse, hashed = pow(s, -1, N), int.from_bytes(hashlib.sha256(message).digest(), "big")
    point = add(times(hashed * inverse % N, G), times(r * inverse % N, (x, y)))
    return point is not None and point[0] % N == r


def rsa(key: Key, message: bytes, signature: bytes) -> bool:
    """Check an RSA PKCS #1 v1.5 signature with SHA-256."""
    n, e = (int.from_bytes(unb64(key[word]), "big") for word in ("n", "e"))
    size = (n.bit_length() + 7) // 8
    wanted = SHA256_PREFIX + hashlib.sha256(message).digest()
    padded = b"\0\1" + b"\xff" * (size - len(wanted) - 3) + b"\0" + wanted
    return pow(int.from_bytes(signature, "big"), e, n).to_bytes(size, "big") == padded


def problem(kept: dict[str, Any]) -> str:
    """Return what is wrong with an approval, or "" where everything holds."""
    client_bytes, data = unb64(kept["client_data_json"]), unb64(kept["authenticator_data"])
    client = json.loads(client_bytes)
    asked = json.dumps({"approve": "plan", "sha256": kept["plan"], "v": 1}, separators=(",", ":"), sort_keys=True)
    if kept["v"] != 1 or unb64(client["challenge"]) != hashlib.sha256(asked.encode()).digest():
        return "it signs something else than this plan"
    if client["type"] != "webauthn.get" or client["origin"] != kept["origin"] or client.get("crossOrigin"):
        return "it was given for another site"
    if data[:32] != hashlib.sha256(kept["rp_id"].encode()).digest():
        return "it was given for another site"
    if data[32] & 5 != 5:
        return "nobody was present and verified"
    check = {-7: ecdsa, -257: rsa}.get(kept["public_key"]["alg"])
    if check is None:
        return "its algorithm is not one that this script knows"
    message = data + hashlib.sha256(client_bytes).digest()
    return "" if check(kept["public_key"], message, unb64(kept["signature"])) else "the signature does not hold"


def main(names: list[str]) -> int:
    """Check every file; return 0 if all hold."""
    bad = 0
    for name in names:
        try:
            kept = json.loads(Path(name).read_text("utf-8"))
            wrong = problem(kept)
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            kept, wrong = {}, f"it cannot be read ({error})"
        bad += bool(wrong)
        since = f", passkey registered {kept['registered_at']}" if kept.get("registered_at") else ""
        said = f"NOT approved by {kept.get('user', '?')}: {wrong}" if wrong else f"approved by {kept['user']}{since}"
        sys.stdout.write(f"{name}: {said}\n")
    return 1 if bad or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
