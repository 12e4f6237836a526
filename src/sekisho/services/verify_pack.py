"""Verify an evidence pack: standard library only, no network, none of the product's code.

    python3 verify.py [--key NAME+ID+BASE64] [--checkpoint OLDER-CHECKPOINT] [PACK]

It hashes every file and entry, rebuilds the RFC 9162 Merkle tree, and checks each signed checkpoint,
each proof and each salted commitment. Exit status 0: all holds; 1: something differs, and it says what.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from functools import reduce
from pathlib import Path
from typing import Any

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, RFC 8032 §5.1
D = -121665 * pow(121666, P - 2, P) % P
Point = Any  # extended coordinates X, Y, Z, T


def need(holds: object, what: str) -> None:
    """Stop with `what` unless it holds."""
    if not holds:
        sys.exit(f"NOT OK: {what}")


def add(p: Point, q: Point) -> Point:
    """Add two points (RFC 8032 §5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n: int, p: Point) -> Point:
    """Multiply a point."""
    q: Point = (0, 1, 1, 0)
    while n:
        q, p, n = (add(q, p) if n & 1 else q), add(p, p), n >> 1
    return q


def point(encoded: bytes) -> Point:
    """Decode a point (RFC 8032 §5.1.3)."""
    y, sign = int.from_bytes(encoded, "little") & ((1 << 255) - 1), encoded[31] >> 7
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - x2) % P == 0 and (x or not sign), "a key or signature is no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the Ed25519 signature holds (RFC 8032 §5.1.7)."""
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left = times(s, point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")))
    right = add(point(signature[:32]), times(k, point(public)))
    return s < L and all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def unbase64(text: str, size: int) -> bytes:
    """Decode base64 in its one spelling."""
    content = base64.b64decode(text, validate=True)
    need(base64.b64encode(content).decode() == text and len(content) == size, "base64 is not canonical: " + text)
    return content


def open_note(note: str, key: str) -> str:
    """Return the text of a signed note; `key` is a verifier key line (c2sp.org/signed-note)."""
    name, key_id, encoded = key.split("+", 2)
    public = unbase64(encoded, 33)
    expected = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    need(public[0] == 1 and expected.hex() == key_id, "the verifier key is malformed")
    text, _, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    need(lines.pop() == "" and text, "a signed note is malformed")
    good = 0
    for line in lines:
        mark, signer, signature = line.split(" ")
        need(mark == "\u2014", "a signature line is malformed")
        if signer == name and base64.b64decode(signature, validate=True)[:4] == expected:
            need(signed(public[1:], f"{text}\n".encode(), unbase64(signature, 68)[4:]), "a signature does not hold")
            good += 1
    need(good, f"there is no signature of the key {name}")
    return text + "\n"


def checkpoint(note: str, key: str) -> tuple[int, bytes]:
    """Return size and root of a signed checkpoint (c2sp.org/tlog-checkpoint)."""
    origin, size, root, end = open_note(note, key).split("\n")
    need(end == "" and str(int(size)) == size and key.startswith(origin + "+"), "a checkpoint is malformed")
    return int(size), unbase64(root, 32)


def node(left: bytes, right: bytes) -> bytes:
    """Hash an inner node (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_by_path(leaf: bytes, at: int, size: int, path: list[bytes]) -> bytes:
    """Return the root that an inclusion path leads to (RFC 9162 §2.1.3.2)."""
    last = size - 1
    for sibling in path:
        need(last > 0, "a proof is too long")
        leaf = node(sibling, leaf) if at & 1 or at == last else node(leaf, sibling)
        while at == last and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    need(last == 0, "a proof is too short")
    return leaf


def read_entries(lines: list[bytes], roots: dict[int, bytes]) -> list[tuple[bytes, Any]]:
    """Return hash and leaf of each entry (None: withheld); fill in the root at each size of `roots`."""
    entries: list[tuple[bytes, Any]] = []
    peaks: list[tuple[int, bytes]] = []
    for line in lines:
        leaf = json.loads(line)
        withheld = set(leaf) == {"leaf_hash"}
        need(withheld or leaf["v"] == 1, f"entry {len(entries)} has an unknown version")
        hashed = bytes.fromhex(leaf["leaf_hash"]) if withheld else hashlib.sha256(b"\x00" + line).digest()
        entries.append((hashed, None if withheld else leaf))
        peaks.append((1, hashed))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            peaks[-2:] = [(2 * peaks[-1][0], node(peaks[-2][1], peaks[-1][1]))]
        if len(entries) in roots:
            roots[len(entries)] = reduce(lambda right, peak: node(peak[1], right), peaks[-2::-1], peaks[-1][1])
    return entries


def check_contents(lines: list[bytes], leaves: dict[str, Any]) -> None:
    """Check personal content against the commitments of its entries."""
    orders = {leaf["facts"]["commitment"] for leaf in leaves.values() if leaf["kind"] == "content.destroyed"}
    for row in map(json.loads, lines):
        promise = leaves[row["entry"]]["personal"]
        content = json.dumps(row.get("content"), ensure_ascii=False, separators=(",", ":")).encode()
        hashed = hashlib.sha256(b"sekisho-commitment-v1\n" + bytes.fromhex(row.get("salt", "")) + content).hexdigest()
        good = promise in orders if "destroyed_at" in row else promise == "sha256:" + hashed
        need(good, f"the content of entry {row['entry']} is not what was committed to, or destroyed without an order")


def check_proof(file: Path, checkpoint_note: str, entries: list[tuple[bytes, Any]], root: bytes) -> None:
    """Check one proof file (c2sp.org/tlog-proof@v1)."""
    head, _, note = file.read_text("utf-8").partition("\n\n")
    header, index, *path = head.split("\n")
    at = int(file.stem)
    well = header == "c2sp.org/tlog-proof@v1" and index == f"index {at}" and note == checkpoint_note
    found = root_by_path(entries[at][0], at, len(entries), [unbase64(line, 32) for line in path])
    need(well and found == root, f"{file.name} proves nothing")


def check(pack: Path, key: str, older: list[str]) -> Any:
    """Check everything; return the manifest."""
    manifest = json.loads(open_note((pack / "manifest").read_bytes().decode(), key))
    need((manifest["format"], manifest["v"]) == ("sekisho-pack", 1), "unknown format or version")
    present = {file.relative_to(pack).as_posix() for file in pack.rglob("*") if file.is_file()} - {"manifest"}
    need(present == set(manifest["files"]), f"missing or unlisted: {sorted(present ^ set(manifest['files']))}")
    for name, expected in manifest["files"].items():
        need(hashlib.sha256((pack / name).read_bytes()).hexdigest() == expected, name + " was changed")
    last = (pack / "checkpoint").read_bytes().decode()
    notes = map(json.loads, (pack / "checkpoints.jsonl").read_bytes().split(b"\n")[:-1])
    heads = [checkpoint(note, key) for note in [*notes, *older, last]]
    roots = dict.fromkeys((size for size, _ in heads), b"")
    entries = read_entries((pack / "entries.jsonl").read_bytes().split(b"\n")[:-1], roots)
    size, root = heads[-1]
    need(len(entries) == size == manifest["size"], f"there are {len(entries)} entries, the checkpoint has {size}")
    for at, signed_root in heads:
        need(roots[at] == signed_root, f"the checkpoint over {at} entries contradicts the entries")
    for file in sorted((pack / "proofs").glob("*.tlog-proof")):
        check_proof(file, last, entries, root)
    contents = (pack / "contents.jsonl").read_bytes().split(b"\n")[:-1]
    check_contents(contents, {leaf["id"]: leaf for _, leaf in entries if leaf})
    return manifest


def main() -> None:
    """Check the pack named on the command line, else the one this file lies in."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("pack", nargs="?", type=Path, default=Path(__file__).resolve().parent, metavar="PACK")
    words.add_argument("--key", help="the verifier key you trust; without it, the pack's own")
    words.add_argument("--checkpoint", action="append", default=[], type=Path, help="one that you kept from before")
    given = words.parse_args()
    try:
        key = given.key or (given.pack / "public.key").read_text("utf-8").strip()
        found = check(given.pack, key, [file.read_bytes().decode() for file in given.checkpoint])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        sys.exit(f"NOT OK: {error} ({type(error).__name__})")
    sys.stdout.write(f"OK: {found['size']} entries, {found['disclosed']} in full, root {found['root']}\n")


if __name__ == "__main__":
    main()
