"""The catalogues: complete, equal in both languages, and everything that is raised has a text."""

import ast
import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "sekisho"
TEXTS = SOURCE / "texts"
WORDS = sorted({file.stem for language in ("ja", "en") for file in (TEXTS / language).glob("*.toml")})
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
CODE = re.compile(r"[a-z][a-z_]*\.[a-z][a-z0-9_]*")


def texts(language: str, word: str) -> dict[str, str]:
    return tomllib.loads((TEXTS / language / f"{word}.toml").read_text("utf-8"))


def placeholders(template: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(template) if field}


@pytest.mark.parametrize("word", WORDS)
def test_both_languages_have_the_same_texts_with_the_same_placeholders(word: str) -> None:
    ja, en = texts("ja", word), texts("en", word)
    assert sorted(ja) == sorted(en)
    for name in ja:
        assert placeholders(ja[name]) == placeholders(en[name]), f"{word}.{name}"


@pytest.mark.parametrize("word", WORDS)
def test_each_text_is_in_its_language(word: str) -> None:
    for name, sentence in texts("en", word).items():
        latin = len(re.findall(r"[A-Za-z]", sentence))
        assert len(JAPANESE.findall(sentence)) <= latin, f"en/{word}.{name} is more Japanese than English"
    for name, sentence in texts("ja", word).items():
        assert JAPANESE.search(sentence) or not re.sub(r"\{[^}]*\}|[\W\dA-Z_]", "", sentence), (
            f"ja/{word}.{name} has no Japanese"
        )


def test_every_code_in_the_source_has_its_text() -> None:
    """A literal first argument that looks like `word.name`, with a catalogue of that word, must be in it."""
    missing = []
    for file in sorted(SOURCE.rglob("*.py")):
        if "benches" in file.parts:  # benches are named after the word they measure
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or not CODE.fullmatch(node.value):
                continue
            word, _, name = node.value.partition(".")
            if word in WORDS and not _has_text(name, texts("en", word)) and not _is_ledger_kind(name):
                missing.append(f"{file.relative_to(SOURCE)}:{node.lineno} {node.value}")
    assert missing == []


def _has_text(name: str, known: dict[str, str]) -> bool:
    """A name that ends in `_` is the beginning of an f-string: something must go on from it."""
    return name in known or (name.endswith("_") and any(one.startswith(name) for one in known))


def _is_ledger_kind(name: str) -> bool:
    """Kinds of ledger entries are `noun.past-participle` and files have endings; neither is a text."""
    return name.endswith(("ed", "set", "made", "begun", "read", "sent")) or name in {"csv", "toml", "pem", "pub"}
