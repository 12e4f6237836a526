"""The examples in the docs are ones that load."""

import re
from pathlib import Path

import pytest

from sekisho.intake.folder import read_folder

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES = ("company-folder.md", "targets.md")
EXAMPLES = [
    pytest.param(block, id=f"{language}-{page}-{number}")
    for language in ("ja", "en")
    for page in PAGES
    for number, block in enumerate(BLOCK.findall((DOCS / language / page).read_text("utf-8")))
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads_without_a_defect(example: str, tmp_path: Path) -> None:
    name = "rules.toml" if "[[rule]]" in example else "access.toml"
    (tmp_path / name).write_text(example, "utf-8")
    found = read_folder(tmp_path).files[name]
    assert (found.defects, found.unknown_columns) == ([], [])
    assert found.lines


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_connector_of_customers_has_a_whole_example(language: str) -> None:
    said = "".join((DOCS / language / page).read_text("utf-8") for page in PAGES)
    shown = {name for name in ("sql", "scim", "ldap", "worklist") if f'connector = "{name}"' in said}
    assert shown == {"sql", "scim", "ldap", "worklist"}
