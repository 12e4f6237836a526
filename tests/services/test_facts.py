from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Q

from sekisho.services import facts
from sekisho.store.models import Bundle, Company

T0 = datetime(2024, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def company(code, name="北辰電力", **more):
    return {"code": code, "name": name, "status": "affiliate", "side": "", "start": date(2020, 4, 1), **more}


def load(rows, at=T0, scope=None):
    return facts.reconcile(Company, rows, ("code",), at, scope)


def test_the_same_rows_twice_change_nothing():
    assert load([company("A"), company("B")]).added == 2
    again = load([company("B"), company("A")], T0 + DAY)
    assert (again.added, again.closed, again.kept, again.touched) == (0, 0, 2, frozenset())


def test_a_changed_row_closes_the_old_one_and_writes_a_new_one():
    load([company("A")])
    changes = load([company("A", "北辰電力株式会社")], T0 + DAY)
    assert (changes.added, changes.closed, changes.count) == (1, 1, 1)
    assert changes.touched == {("A",)}
    before = Company.objects.as_known_at(T0).get()
    after = Company.objects.as_known_at(T0 + DAY).get()
    assert (before.name, before.superseded_at) == ("北辰電力", T0 + DAY)
    assert (after.name, after.superseded_at) == ("北辰電力株式会社", None)


def test_a_row_that_is_gone_is_closed_and_still_known_for_then():
    load([company("A"), company("B")])
    assert load([company("A")], T0 + DAY).closed == 1
    assert {row.code for row in Company.objects.as_known_at(T0)} == {"A", "B"}
    assert {row.code for row in Company.objects.as_known_at(T0 + DAY)} == {"A"}


def test_rows_out_of_scope_are_left_alone():
    load([company("A"), company("B")])
    assert load([], T0 + DAY, Q(code="A")).closed == 1
    assert [row.code for row in Company.objects.current()] == ["B"]


def test_lists_and_mappings_are_compared_by_content():
    row = {
        "bundle_id": "b",
        "system_id": "s",
        "entitlements": ["x", "y"],
        "condition": {"units": ["U"], "titles": []},
        "start": date(2020, 4, 1),
    }
    facts.reconcile(Bundle, [row], ("bundle_id",), T0, None)
    turned = {**row, "condition": {"titles": [], "units": ["U"]}}
    assert facts.reconcile(Bundle, [turned], ("bundle_id",), T0 + DAY, None).kept == 1


def test_a_load_older_than_what_it_would_replace_is_refused():
    load([company("A")], T0 + DAY)
    with pytest.raises(facts.OutOfOrder):
        load([], T0)
    assert load([company("A")], T0).kept == 1
