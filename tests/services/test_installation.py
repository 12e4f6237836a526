from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sekisho.services import installation


@pytest.mark.django_db
def test_a_home_that_is_up_to_date_costs_two_queries(tmp_path: Path) -> None:
    with CaptureQueriesContext(connection) as asked:
        installation.prepare(home=tmp_path)
    assert len(asked) == 2


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_seen() -> None:
    assert installation._migrated()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'store' AND name = '0001_first'")
    assert not installation._migrated()
