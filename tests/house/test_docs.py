"""The docs keep up with the words: closed words, parameters, commands and decisions, in both languages."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest

from sekisho.core import kinds
from sekisho.core.parameters import DEFAULTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CLOSED_SETS = [
    kinds.CompanyStatus,
    kinds.PostKind,
    kinds.PostClass,
    kinds.EmploymentKind,
    kinds.OrderType,
    kinds.OrderStatus,
    kinds.RuleKind,
    kinds.RuleType,
    kinds.Outcome,
    kinds.Ownership,
    kinds.Basis,
    kinds.Role,
]


def words(language: str) -> str:
    return "\n".join(file.read_text("utf-8") for file in sorted((DOCS / language).rglob("*.md")))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("closed", CLOSED_SETS, ids=lambda closed: closed.__name__)
def test_every_word_of_a_closed_set_is_in_the_docs(closed: type[StrEnum], language: str) -> None:
    text = words(language)
    assert [value.value for value in closed if value.value not in text] == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_parameter_is_in_the_docs(language: str) -> None:
    text = words(language)
    assert [name for name in DEFAULTS if f"`{name}`" not in text] == []


def test_the_glossary_has_the_same_rows_in_both_languages() -> None:
    def identifiers(language: str) -> list[str]:
        rows = (DOCS / language / "glossary.md").read_text("utf-8").splitlines()
        return [row.split("|")[3].strip() for row in rows if row.startswith("| ") and "|---" not in row][1:]

    assert identifiers("ja") == identifiers("en")


@pytest.mark.parametrize("tool", ["commands_page.py", "api_page.py"])
def test_a_generated_page_is_what_its_source_says(tool: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / tool), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [file.name[:4] for file in (DOCS / "adr").glob("*.md")]
    assert sorted(numbers) == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_every_runtime_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    reasons = "\n".join(file.read_text("utf-8").lower() for file in (DOCS / "adr").glob("*.md"))
    names = [line.split(">")[0].split("[")[0] for line in project["dependencies"]]
    assert [name for name in names if name.removeprefix("python-") not in reasons] == []
    assert len(names) <= 25
