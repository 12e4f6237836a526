"""Codes and names as people type them, made comparable.

Here: what of a code's spelling does not matter, and when two names are the same name written
differently. Names are compared to show a difference, never to find a person (law 10). NFKC folds
full-width and half-width forms but not the variant characters of Japanese names, hence the table.
"""

import re
import unicodedata
from enum import StrEnum

SPACES = " \t\r\n\v\f\u00a0\u2000-\u200b\u202f\u3000\ufeff"
_INNER = re.compile(f"[{SPACES}]+")
_OUTER = re.compile(f"^[{SPACES}]+|[{SPACES}]+$")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HYPHENS = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_CODE_SPELLING: dict[int, int | str] = {**_FULL_WIDTH, **_HYPHENS}

_VARIANTS = {
    "高": "髙",
    "崎": "﨑碕嵜",
    "辺": "邉邊",
    "浜": "濵濱",
    "徳": "德",
    "桑": "桒",
    "柳": "栁桺",
    "斎": "斉齊齋",
    "沢": "澤",
    "広": "廣",
    "国": "國圀",
    "島": "嶋嶌",
    "吉": "𠮷",
    "富": "冨",
    "峰": "峯",
    "館": "舘",
    "栄": "榮",
    "恵": "惠",
    "真": "眞",
    "実": "實",
    "滝": "瀧",
    "竜": "龍",
    "曽": "曾",
    "関": "關",
    "橋": "槗𣘺",
    "黒": "黑",
    "緑": "綠",
    "清": "淸",
    "瀬": "瀨",
    "静": "靜",
    "渕": "淵渊",
    "桧": "檜",
    "桜": "櫻",
    "万": "萬",
    "弥": "彌",
    "礼": "禮",
    "条": "條",
    "豊": "豐",
    "鉄": "鐵鉃",
    "薮": "籔藪",
    "凜": "凛",
    "亀": "龜",
    "尭": "堯",
    "遥": "遙",
    "穂": "穗",
    "槙": "槇",
}
"""Everyday form → the forms met in names. Beside those of domain §5, the pairs that name files show most."""

_TO_EVERYDAY = {ord(form): everyday for everyday, forms in _VARIANTS.items() for form in forms}
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


_GROUPS = {char: everyday + forms for everyday, forms in _VARIANTS.items() for char in everyday + forms}
MOST_SPELLINGS = 24


def spellings(typed: str) -> tuple[str, ...]:
    """Return how a name that somebody types may be written: 高橋 also as 髙橋, without spaces, kana in full width.

    Hiragana is read as katakana as well, for people type what they hear. For searching only: what is found is shown
    and chosen by a person (law 10).
    """
    plain = unicodedata.normalize("NFKC", _VARIATION_SELECTORS.sub("", _INNER.sub("", typed)))
    found = [""]
    for char in plain:
        forms = _GROUPS.get(char, char)
        if len(found) * len(forms) > MOST_SPELLINGS:
            forms = char
        found = [head + form for head in found for form in forms]
    kana = "".join(chr(ord(char) + 0x60) if "ぁ" <= char <= "ゖ" else char for char in plain)
    return tuple(dict.fromkeys([*found, kana]))


class NameDifference(StrEnum):
    """How two written names differ."""

    NONE = "none"
    SPACES = "spaces"
    VARIANT = "variant"
    OTHER = "other"


def trimmed(text: str) -> str:
    """Return the text without spaces, of any width, at its ends."""
    return _OUTER.sub("", text)


def code_text(text: str) -> str:
    """Return a code as it is compared: no outer spaces, ASCII and hyphens in half width, zeros kept."""
    return trimmed(text).translate(_CODE_SPELLING)


def difference(one: str, other: str) -> NameDifference:
    """Tell how two spellings of a name differ; only `OTHER` may be another name."""
    if one == other:
        return NameDifference.NONE
    if _INNER.sub("", one) == _INNER.sub("", other):
        return NameDifference.SPACES
    if _everyday(one) == _everyday(other):
        return NameDifference.VARIANT
    return NameDifference.OTHER


def _everyday(name: str) -> str:
    plain = _VARIATION_SELECTORS.sub("", _INNER.sub("", name)).translate(_TO_EVERYDAY)
    return unicodedata.normalize("NFKC", plain).translate(_TO_EVERYDAY).casefold()
