"""How defects of a file are told: to programs, and to people."""

import pytest

from sekisho.cli.order_results import show_defects, wire
from sekisho.intake.defects import Defect, Note

UNREAD = Note("intake.sheet_not_read", {"sheet": "表紙"})


def test_what_is_said_of_a_whole_sheet_has_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    entry = wire(Defect(0, "", "表紙", UNREAD, "表紙"))
    assert entry["row"] is None
    show_defects([entry], "warnings")
    told = "".join(capsys.readouterr())
    assert "表紙" in told
    assert "None" not in told
    assert " 0 " not in told


def test_what_is_said_of_a_row_has_its_number() -> None:
    assert wire(Defect(7, "発令日", "x", UNREAD))["row"] == 7
