"""Bytes of a text file -> text, without losing a byte silently (law 9).

Here: byte-order marks, UTF-8, CP932, and what to do with bytes that are neither. Not here: rows and
cells (`sheets`). The order matters: UTF-8 bytes of "社員番号" are valid CP932 for quite other
characters, while CP932 text is practically never valid UTF-8 (domain §5).
"""

import codecs
import re
from dataclasses import dataclass

MARK = 0x10FF00
"""An undecodable byte b stands in the text as the character MARK + b, which no file contains
(plane 16 is private use; CP932's own user characters decode to U+E000…U+E757)."""

_MARKED = re.compile("[\0\U0010ff00-\U0010ffff\ufffd]")
"""NUL is here too: no file means it, and no database keeps it."""
_WELL_FORMED = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
)
_CP932_HOLES = {0x80: MARK + 0x80, 0xF8F0: MARK + 0xA0, 0xF8F1: MARK + 0xFD, 0xF8F2: MARK + 0xFE, 0xF8F3: MARK + 0xFF}
"""Single bytes without a character in CP932, which Python's codec lets through."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DAMAGED_UTF8_SHARE = 0.9
_DAMAGED_UTF8_SEQUENCES = 8


@dataclass(frozen=True, slots=True)
class BadBytes:
    """Bytes that are no character: where (line and character in it, both from 1) and which, as hex."""

    line: int
    character: int
    hex: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, the encoding it was read by, and the bytes that could not be read."""

    text: str
    encoding: str
    defects: tuple[BadBytes, ...]


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(MARK + byte) for byte in bad), error.end


codecs.register_error("sekisho-mark", _mark)


def decode(content: bytes) -> Decoded:
    """Return the text of `content`: byte-order mark, else strict UTF-8, else CP932 with defects.

    A file that is UTF-8 but for a few broken bytes is read as UTF-8 with defects: as CP932 the
    whole of it would be other, readable-looking characters.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding)
    try:
        return Decoded(content.decode("utf-8"), "utf-8", ())
    except UnicodeDecodeError:
        return _decoded(content, "utf-8" if _is_damaged_utf8(content) else "cp932")


def has_bad_bytes(text: str) -> bool:
    """Tell whether a text holds undecodable bytes, NUL, or U+FFFD that an earlier program left for some."""
    return _MARKED.search(text) is not None


def shown(text: str) -> str:
    r"""Return the text as it can be shown: an undecodable byte as `\x81`, never as `?`."""
    return _MARKED.sub(lambda found: _escape(found.group()), text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code - MARK:02x}" if code >= MARK else character if code else "\\x00"


def _decoded(content: bytes, encoding: str) -> Decoded:
    text = content.decode(encoding, errors="sekisho-mark")
    if encoding == "cp932":
        text = text.translate(_CP932_HOLES)
    return Decoded(text, encoding, _defects(text) if has_bad_bytes(text) else ())


def _defects(text: str) -> tuple[BadBytes, ...]:
    return tuple(
        BadBytes(number, found.start() + 1, f"{ord(found.group()) - MARK:02x}")
        for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1)
        for found in _MARKED.finditer(line)
        if ord(found.group()) >= MARK
    )


def _is_damaged_utf8(content: bytes) -> bool:
    """Tell whether nearly all non-ASCII bytes form UTF-8 sequences, as no CP932 text does."""
    sequences = _WELL_FORMED.findall(content)
    foreign = sum(byte >= 0x80 for byte in content)
    return len(sequences) >= _DAMAGED_UTF8_SEQUENCES and sum(map(len, sequences)) >= _DAMAGED_UTF8_SHARE * foreign
