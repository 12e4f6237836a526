"""The house itself: limits in numbers, purity of the core, the equal docs trees, no paths of a machine."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "sekisho"
MODULES = sorted(file for file in SOURCE.rglob("*.py") if "migrations" not in file.parts)
IMPURE_CALLS = {"open", "print"}
IMPURE_METHODS = {"now", "utcnow", "today", "urandom", "token_bytes", "uuid4", "getenv", "read_text", "write_text"}


def tracked() -> list[Path]:
    out = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / line for line in out.stdout.splitlines()] if out.returncode == 0 else MODULES


def test_no_file_of_ours_is_longer_than_four_hundred_lines() -> None:
    files = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]
    long = {str(f.relative_to(ROOT)): n for f in files if (n := len(f.read_text("utf-8").splitlines())) > 400}
    assert long == {}


def test_every_module_says_what_is_here() -> None:
    silent = [
        str(f.relative_to(ROOT))
        for f in MODULES
        if f.name != "__init__.py" and not ast.get_docstring(ast.parse(f.read_text("utf-8")))
    ]
    assert silent == []


@pytest.mark.parametrize("file", sorted((SOURCE / "core").glob("*.py")), ids=lambda file: file.stem)
def test_the_core_asks_no_clock_opens_no_file_and_rolls_no_dice(file: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    assert {call.id for call in calls if isinstance(call, ast.Name)} & IMPURE_CALLS == set()
    assert {call.attr for call in calls if isinstance(call, ast.Attribute)} & IMPURE_METHODS == set()


def test_the_docs_stand_in_both_languages() -> None:
    ja = {f.relative_to(ROOT / "docs" / "ja") for f in (ROOT / "docs" / "ja").rglob("*.md")}
    en = {f.relative_to(ROOT / "docs" / "en") for f in (ROOT / "docs" / "en").rglob("*.md")}
    assert ja == en
    assert Path("lifecycle.md") in ja


def test_the_lock_files_name_no_host() -> None:
    for lock in [*(ROOT / "requirements").glob("*.lock"), ROOT / "tools" / "uv.txt"]:
        assert "://" not in lock.read_text(), lock.name


def test_no_tracked_file_names_a_home_directory_of_a_machine() -> None:
    marks = ("/wor" + "k/", "/far" + "m/", "/roo" + "t/", "/home/")
    named = []
    for file in tracked():
        if file.suffix in {".py", ".md", ".toml", ".sh", ".yml"} and file != Path(__file__) and file.exists():
            named += [f"{file.relative_to(ROOT)}: {mark}" for mark in marks if mark in file.read_text("utf-8")]
    assert named == []
