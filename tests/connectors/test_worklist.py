"""The worklist: orders at most once, claims stay unknown, exports prove.

It keeps the shared contract with an operator behind it (`Desk`), who works each order as it comes, fills in
the result and exports the application afterwards. What is the worklist's alone stands below.
"""

import csv
import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import HOSTILE, NOW, Contract, account, change
from connectors.office import Desk, Office
from sekisho.connectors import worklist
from sekisho.connectors.protocol import BadSettings, Change, ChangeState, Rejected, Unreachable
from sekisho.core.access import AccountState
from sekisho.core.kinds import Action

LATER = NOW + timedelta(days=2)


class TestWorklist(Contract):
    required_setting = "columns.off"

    @pytest.fixture
    def target(self, tmp_path):
        desk = Desk(Office(tmp_path))
        desk.show()
        return desk

    @pytest.fixture
    def connector(self, target):
        opened = target.open()
        yield opened
        opened.close()


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


@pytest.fixture
def connector(office):
    return office.open()


def states(connector, *changes: Change, now: datetime = NOW):
    return [result.state for result in connector.apply(changes, now=now)]


def codes(connector, *changes: Change, now: datetime = NOW):
    return [result.code for result in connector.apply(changes, now=now)]


def test_without_an_export_the_system_is_unreachable(connector):
    with pytest.raises(Unreachable) as caught:
        connector.read(now=NOW)
    assert caught.value.code == "connectors.no_export"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_the_newest_export_is_the_reading_and_its_date_the_reading_s(office, connector, encoding):
    office.put([account("old", "g")])
    office.export("一覧_20260301.csv", encoding)
    office.put([account("山田", "閲覧", "更新"), account("b", active=False)])
    office.export("一覧_2026-03-31_0930.csv", encoding)
    reading = connector.read(now=NOW)
    assert reading.complete
    assert reading.read_at == datetime(2026, 3, 31, 0, 30, tzinfo=UTC)
    assert reading.accounts["山田"] == AccountState("山田", active=True, entitlements=frozenset({"閲覧", "更新"}))
    assert not reading.accounts["b"].active


def test_an_export_of_later_days_is_not_known_yet(office, connector):
    office.put([account("a", "g")])
    office.export("20260331.csv")
    office.put([account("a")])
    office.export("20260402.csv")
    assert connector.read(now=NOW).accounts["a"].entitlements == {"g"}
    assert connector.read(now=LATER).accounts["a"].entitlements == frozenset()


def test_an_order_names_itself_its_count_its_hash_and_its_deadline(office, connector):
    connector.apply([change(Action.REVOKE, "a", "g"), change(Action.DISABLE, "b")], now=NOW)
    (file,) = (office.folder / "orders").glob("*.csv")
    content = file.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    head, _, body = content.removeprefix(b"\xef\xbb\xbf").partition(b"\r\n\r\n")
    facts = {row[0]: row[1] for row in csv.reader(io.StringIO(head.decode()))}
    assert facts["work_order"] == file.stem
    assert facts["count"] == "2"
    assert facts["sha256"] == hashlib.sha256(body).hexdigest()
    rows = list(csv.reader(io.StringIO(body.decode())))
    assert rows[0] == ["operation_id", "action", "作業内容", "ユーザーID", "権限コード", "結果（済／不可）"]
    assert rows[1][1:5] == ["revoke", "権限の削除", "a", "g"]


def test_the_deadline_counts_business_days_and_leaves_out_holidays(office, connector):
    connector.apply([change(Action.REVOKE, "a", "g")], now=datetime(2026, 4, 28, 1, tzinfo=UTC))
    facts = {row[0]: row[1] for row in office.orders()[0][:5]}
    assert facts["deadline"] == "2026-05-07"  # 4/29 and 5/4 to 5/6 are holidays, 5/2 and 5/3 a weekend


def test_an_operation_is_handed_out_once_however_often_it_is_asked(office, connector):
    first, second = change(Action.REVOKE, "a", "g"), change(Action.REVOKE, "b", "g")
    assert states(connector, first) == [ChangeState.UNKNOWN]
    assert states(office.open(), first, second) == [ChangeState.UNKNOWN] * 2
    assert states(office.open(), second, first) == [ChangeState.UNKNOWN] * 2
    handed = [row[0] for order in office.orders() for row in order[7:]]
    assert sorted(handed) == sorted([first.operation_id, second.operation_id])


def test_an_order_the_operator_took_away_is_not_written_again(office, connector):
    connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    for file in (office.folder / "orders").glob("*.csv"):
        file.unlink()
    assert states(connector, change(Action.REVOKE, "a", "g")) == [ChangeState.UNKNOWN]
    assert office.orders() == []


def test_a_kill_between_register_and_hand_out_is_made_good_with_the_same_order(office, connector, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(worklist.WorklistConnector, "_release", _killed)
        with pytest.raises(KeyboardInterrupt):
            connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    assert office.orders() == []
    assert states(office.open(), change(Action.REVOKE, "a", "g"), now=LATER) == [ChangeState.UNKNOWN]
    (order,) = office.orders()
    assert order[3][1] == NOW.isoformat()


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_reported_result_is_a_claim_and_a_later_export_the_proof(office, connector):
    office.put([account("a", "g"), account("b")])
    office.export("20260331.csv")
    wanted = [change(Action.REVOKE, "a", "g"), change(Action.DISABLE, "b"), change(Action.GRANT, "b", "h")]
    assert codes(connector, *wanted) == ["connectors.not_confirmed"] * 3
    office.work()
    office.report("done.csv", "済")
    assert codes(connector, *wanted) == ["connectors.reported"] * 3
    assert states(connector, *wanted) == [ChangeState.UNKNOWN] * 3
    office.export("20260402.csv")
    assert states(connector, *wanted, now=LATER) == [ChangeState.ALREADY] * 3


def test_an_export_that_shows_it_undone_leaves_it_unknown(office, connector):
    office.put([account("a", "g")])
    connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    office.report("done.csv", "完了", "utf-8-sig")
    office.export("20260402.csv")
    assert states(connector, change(Action.REVOKE, "a", "g"), now=LATER) == [ChangeState.UNKNOWN]


def test_a_refusal_is_told(office, connector):
    connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    office.report("refused.csv", "不可")
    assert states(connector, change(Action.REVOKE, "a", "g")) == [ChangeState.REJECTED]


def test_after_the_deadline_the_order_is_overdue(office, connector):
    connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    late = NOW + timedelta(days=14)
    assert codes(connector, change(Action.REVOKE, "a", "g"), now=late) == ["connectors.order_overdue"]


def test_accounts_of_an_order_newer_than_the_export_are_unknown(office, connector):
    office.put([account("a", "g"), account("b", "g")])
    office.export("20260331.csv")
    connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    reading = connector.read(now=NOW)
    assert not reading.complete
    assert set(reading.accounts) == {"b"}
    assert connector.read_accounts(["a", "b"]).keys() == {"b"}
    office.work()
    office.export("20260402.csv")
    assert connector.read(now=LATER).accounts["a"].entitlements == frozenset()
    assert connector.read(now=LATER).complete


def test_an_export_of_the_order_s_own_day_proves_nothing_unless_it_says_its_hour(office, connector):
    office.put([account("a", "g")])
    at_nine = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
    connector.apply([change(Action.REVOKE, "a", "g")], now=at_nine)
    office.work()
    office.export("20260401.csv")
    assert states(connector, change(Action.REVOKE, "a", "g"), now=LATER) == [ChangeState.UNKNOWN]
    office.export("20260401-1200.csv")
    assert states(connector, change(Action.REVOKE, "a", "g"), now=LATER) == [ChangeState.ALREADY]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_survives_the_way_out_and_back(office, connector, name):
    office.put([account(name, "g"), account("other", name)])
    office.export("20260331.csv")
    assert connector.read(now=NOW).accounts[name].entitlements == {"g"}
    wanted = [change(Action.REVOKE, name, "g"), change(Action.GRANT, name, name)]
    connector.apply(wanted, now=NOW)
    office.work()
    office.export("20260402.csv")
    assert states(connector, *wanted, now=LATER) == [ChangeState.ALREADY] * 2


def test_a_thousand_changes_make_one_order_with_results_in_order(office, connector):
    wanted = [change(Action.REVOKE, f"u{number}", "g") for number in range(1000)]
    results = connector.apply(wanted, now=NOW)
    assert [result.operation_id for result in results] == [one.operation_id for one in wanted]
    assert [len(order[7:]) for order in office.orders()] == [1000]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("ユーザーID,状態\r\na,利用中\r\n".encode(), "connectors.no_file_column"),
        ("ユーザーID,権限コード,状態\r\n,g,利用中\r\n".encode(), "connectors.bad_file_row"),
        ("ユーザーID,権限コード,状態\r\na,g\r\n".encode(), "connectors.bad_file_row"),
        (b"\x81\xff\xfe", "connectors.bad_file"),
        (b"", "connectors.no_file_column"),
    ],
)
def test_half_an_export_is_no_export(office, connector, content, code):
    office.export("20260331.csv").write_bytes(content)
    with pytest.raises(Rejected) as caught:
        connector.read(now=NOW)
    assert caught.value.code == code


def test_a_folder_that_cannot_be_written_is_unreachable(office):
    office.folder.write_text("a file where the folder should be")
    with pytest.raises(Unreachable):
        office.open().apply([change(Action.REVOKE, "a", "g")], now=NOW)


def test_disabling_needs_an_export_that_tells_who_is_enabled(office):
    plain = office.open(columns={"account": "id", "entitlement": "role"})
    assert not plain.capabilities.disables_accounts
    assert codes(plain, change(Action.DISABLE, "a")) == ["connectors.not_supported"]
    assert office.orders() == []


def test_wrong_settings_are_refused_by_name(office):
    with pytest.raises(BadSettings) as caught:
        office.open(timezone="Asia/Nowhere")
    assert caught.value.params["key"] == "timezone"
    with pytest.raises(BadSettings) as caught:
        office.open(columns={"active": "状態"})
    assert caught.value.params["key"] == "columns.off"
