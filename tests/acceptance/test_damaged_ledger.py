"""Someone with the database in hand changes the ledger: it is named, never a stack trace."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from outside import call, folder, orders

pytestmark = pytest.mark.django_db

By = Callable[[str], None]


@pytest.fixture
def hand(tmp_path: Path) -> By:
    """A ledger of a loaded folder and an order, and a hand in it; the tests' database has the triggers off."""
    call("load", folder(tmp_path / "company"))
    call("order", "import", orders(tmp_path / "orders.csv", "A,000101,2024/4/1,異動,N0,NW"))

    def change(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return change


@pytest.mark.parametrize("column", ["leaf", "leaf_hash"])
def test_an_entry_written_over_with_text_is_named(hand: By, column: str) -> None:
    hand(f"UPDATE store_ledgerentry SET {column} = '{{}}' WHERE position = 2")
    status, found = call("ledger", "verify")
    assert (status, found["ok"], found["first_bad"]["position"]) == (1, False, 2)


def test_personal_content_written_over_with_text_is_named(hand: By) -> None:
    hand("UPDATE store_ledgercontent SET content = '{}' WHERE id = (SELECT min(id) FROM store_ledgercontent)")
    status, found = call("ledger", "verify")
    assert (status, found["ok"], found["first_bad"]["code"]) == (1, False, "ledger.content_differs")


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM store_ledgerentry WHERE position = 1", "DELETE FROM store_ledgercheckpoint"],
)
def test_nothing_is_exported_from_a_ledger_that_lacks_something(hand: By, statement: str, tmp_path: Path) -> None:
    hand(statement)
    assert call("ledger", "verify")[0] == 1
    status, refused = call("ledger", "export", tmp_path / "pack")
    assert status in {2, 3}
    assert refused["error"]["code"] in {"ledger.damaged", "ledger.empty"}
