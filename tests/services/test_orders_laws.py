import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hr_files
from hr_files import HEADER, NOW
from sekisho.core.kinds import OrderStatus
from sekisho.services import orders
from sekisho.store import models

pytestmark = pytest.mark.django_db

TYPES = ["採用", "異動", "出向", "転籍", "復帰", "兼務", "兼務解除", "休職", "退職", "再雇用"]
ROWS = st.tuples(
    st.sampled_from(["A1", "A2", "A3", ""]),
    st.sampled_from(["00101", "00102", "00900", "99999", "101"]),
    st.sampled_from(["", "高橋"]),
    st.sampled_from(["2024/4/1", "令和6年4月1日", "2024/5/1", "6.4.1", ""]),
    st.sampled_from(
        ["採用", "異動", "出向", "転籍", "復帰", "兼務", "兼務解除", "休職", "退職", "再雇用", "取消", "訂正", "謎"]
    ),
    st.sampled_from(["N1", "", "Z9"]),
    st.sampled_from(["N1", "N2", "R1", "N9", ""]),
    st.sampled_from(["A1", "A2", "", ""]),
    st.sampled_from(["内示", "発令", ""]),
    st.sampled_from(["R1", "", "Z9"]),
)
GOOD_ROWS = st.tuples(
    st.sampled_from([f"B{number}" for number in range(9)]),
    st.sampled_from(["00101", "00102", "00103"]),
    st.just(""),
    st.just("2024/4/1"),
    st.sampled_from(TYPES[1:3] + TYPES[5:9]),
    st.sampled_from(["N1", ""]),
    st.sampled_from(["N2", "R1"]),
    st.just(""),
    st.sampled_from(["内示", "発令"]),
    st.sampled_from(["R1", ""]),
)
HEADERS = (*HEADER, "対象発令番号", "状態", "兼務所属コード1")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, max_size=12))
def test_nothing_is_lost_and_the_second_time_nothing_is_new(rows: list[tuple[str, ...]]):
    """Examples share one database, so each file also meets whatever the files before it left behind."""
    if not models.Company.objects.exists():
        hr_files.world()
    first = hr_files.take(*rows, header=HEADERS)
    assert first.rows_in == first.accepted + first.rejected + first.ignored == len(rows)
    for defects in first.rejected_rows:
        assert all(defect.row > 1 and defect.column and defect.note.code for defect in defects)
    stored = models.Order.objects.count()
    again = hr_files.take(*rows, header=HEADERS)
    assert again.rows_in == again.rejected + again.ignored + again.accepted
    assert models.Order.objects.count() == stored + again.orders
    ids = [order.id for order in orders.orders(known_at=NOW, statuses=list(OrderStatus))]
    assert len(ids) == len(set(ids))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(GOOD_ROWS, min_size=1, max_size=4))
def test_a_file_without_rejected_rows_is_wholly_ignored_the_second_time(rows: list[tuple[str, ...]]):
    if not models.Company.objects.exists():
        hr_files.world()
    if hr_files.take(*rows, header=HEADERS).rejected:
        return
    again = hr_files.take(*rows, header=HEADERS)
    assert (again.accepted, again.rejected, again.ignored) == (0, 0, len(rows))
