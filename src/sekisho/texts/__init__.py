"""The Japanese and English sentences behind core's codes.

One TOML file a word and language, `ja/<word>.toml` beside `en/<word>.toml`; a code is
`word.name` and its text may hold `{placeholders}`. A house test keeps both trees complete and equal.
"""

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter

LANGUAGES = ("ja", "en")


class UnknownCode(KeyError):
    """No text stands behind the code: a defect of ours, found by the house tests."""


@cache
def catalogue(language: str, word: str) -> Mapping[str, str]:
    """Return all texts of one word in one language."""
    file = files("sekisho.texts") / language / f"{word}.toml"
    return dict(tomllib.loads(file.read_text("utf-8")))


def text(code: str, params: Mapping[str, object] | None = None, language: str = "en") -> str:
    """Return the sentence behind `code`, filled with `params`; a missing fact shows as `?`.

    Raises:
        UnknownCode: there is no such text.
    """
    word, _, name = code.partition(".")
    try:
        template = catalogue(language, word)[name]
    except (KeyError, FileNotFoundError) as error:
        raise UnknownCode(code) from error
    facts = params or {}
    names = {field for _, field, _, _ in Formatter().parse(template) if field}
    return template.format(**{name: facts.get(name, "?") for name in names})


def both(code: str, params: Mapping[str, object] | None = None) -> dict[str, str]:
    """Return the sentence in both languages, as the wire carries it."""
    return {language: text(code, params, language) for language in LANGUAGES}


def reader_language() -> str:
    """Return `ja` or `en`: SEKISHO_LANG, else the locale of whoever runs the command."""
    for name in ("SEKISHO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"
