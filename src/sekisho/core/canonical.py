"""Canonical bytes: one value, one spelling, one hash.

The subset of RFC 8785 (JCS) that needs no float rules: objects with text keys, lists, text,
integers, booleans, null. Floats are refused, so that a hash never depends on how a number prints,
and so are integers that a JSON reader with doubles would change.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

type_names = "text, integer, boolean, null, list or object"
Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None

GREATEST_INTEGER = 2**53 - 1
"""The last integer that every JSON reader keeps exactly (RFC 8259 §6)."""


def canonical(value: Json) -> bytes:
    """Return the canonical UTF-8 bytes of `value`; keys are ordered as RFC 8785 §3.2.3 has it.

    Raises:
        TypeError: something inside is not text, integer, boolean, null, list or object.
        ValueError: an integer beyond ±(2^53 - 1), or text that is not Unicode.
    """
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def sha256_hex(content: bytes) -> str:
    """Return the SHA-256 of `content` in lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def _plain(value: object) -> object:
    match value:
        case None | bool() | str():
            return value
        case int():
            if abs(value) > GREATEST_INTEGER:
                raise ValueError(f"canonical JSON has integers up to 2^53 - 1, not {value}")
            return value
        case Mapping():
            return {key: _plain(value[key]) for key in sorted(value, key=_key_order)}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            raise TypeError(f"canonical JSON holds {type_names}, not {type(value).__name__}")


def _key_order(key: object) -> bytes:
    if not isinstance(key, str):
        raise TypeError(f"canonical JSON has text keys, not {key!r}")
    return key.encode("utf-16-be")
