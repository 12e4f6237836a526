"""Canonical bytes: one value, one spelling, one hash.

The subset of RFC 8785 (JCS) that needs no float rules: objects with text keys, lists, text,
integers, booleans, null. Floats are refused, so that a hash never depends on how a number prints.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

type_names = "text, integer, boolean, null, list or object"
Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None


def canonical(value: Json) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises:
        TypeError: something inside is not text, integer, boolean, null, list or object.
    """
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256_hex(content: bytes) -> str:
    """Return the SHA-256 of `content` in lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def _check(value: object) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case Mapping():
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise TypeError(f"canonical JSON has text keys, not {key!r}")
                _check(inner)
        case list() | tuple():
            for inner in value:
                _check(inner)
        case _:
            raise TypeError(f"canonical JSON holds {type_names}, not {type(value).__name__}")
