"""Files that nobody means well with: refused as what they are."""

from pathlib import Path

import pytest

from outside import HEADER, call, folder

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (f"{HEADER}\nA,000101,{'x' * 2_000_000}\n".encode(), "intake.cell_too_long"),
        (f'{HEADER}\nA,"000101,2024/4/1\n'.encode(), "intake.quotes"),
        (b"", "intake.missing_columns"),
    ],
    ids=["one endless cell", "an open quotation mark", "nothing"],
)
def test_a_file_that_is_no_table_is_refused_by_its_own_reason(tmp_path: Path, content: bytes, code: str) -> None:
    call("load", folder(tmp_path / "company"))
    (tmp_path / "orders.csv").write_bytes(content)
    status, refused = call("order", "import", tmp_path / "orders.csv")
    assert (status, refused["error"]["code"]) == (2, code)


def test_words_that_are_no_command_are_one_document_in_both_languages() -> None:
    status, refused = call("loda")
    assert status == 2
    assert refused["error"]["message"]["ja"] != refused["error"]["message"]["en"]
