"""The legacy application and its operator, for tests of the worklist; `Desk` makes it a target of the contract."""

import csv
import io
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import NOW
from sekisho.connectors.protocol import ChangeResult, ChangeState
from sekisho.connectors.registry import open_connector
from sekisho.core.access import AccountState, System
from sekisho.core.kinds import Action

COLUMNS = {"account": "ユーザーID", "entitlement": "権限コード", "active": "状態", "off": "停止"}
TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass
class Office:
    """The legacy application and its operator."""

    home: Path
    accounts: dict[str, AccountState] = field(default_factory=dict)

    def put(self, accounts):
        self.accounts.update({state.account: state for state in accounts})

    @property
    def folder(self) -> Path:
        return self.home / "legacy"

    def open(self, **more: object):
        settings = {"folder": "legacy", "columns": COLUMNS} | more
        system = System("旧料金", "旧料金システム", None, protected=True, connector="worklist", settings=settings)
        return open_connector(system, home=self.home)

    def export(self, name: str, encoding: str = "utf-8-sig") -> Path:
        out = io.StringIO()
        rows = csv.writer(out)
        rows.writerow(["ユーザーID", "氏名", "権限コード", "状態"])
        for state in self.accounts.values():
            for entitlement in sorted(state.entitlements) or [""]:
                rows.writerow([state.account, "X", entitlement, "利用中" if state.active else "停止"])
        path = self.folder / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(out.getvalue().encode(encoding))
        return path

    def orders(self) -> list[list[list[str]]]:
        """Return the orders as an operator's spreadsheet shows them."""
        files = sorted((self.folder / "orders").glob("*.csv"))
        return [list(csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline=""))) for file in files]

    def report(self, name: str, said: str, encoding: str = "cp932") -> None:
        """Fill in every result of the newest order and send the file back."""
        rows = self.orders()[-1]
        out = io.StringIO()
        filled = [[*row[:5], said] if number > 6 else row for number, row in enumerate(rows)]
        csv.writer(out).writerows(filled)
        path = self.folder / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(out.getvalue().encode(encoding))

    def work(self) -> None:
        """Do what the newest order says."""
        for _, action, _, name, entitlement, _ in self.orders()[-1][7:]:
            self.do(Action(action), name, entitlement)

    def do(self, action: Action, name: str, entitlement: str) -> None:
        state = self.accounts[name]
        match action:
            case Action.GRANT:
                state = replace(state, entitlements=state.entitlements | {entitlement})
            case Action.REVOKE:
                state = replace(state, entitlements=state.entitlements - {entitlement})
            case Action.ENABLE | Action.DISABLE:
                state = replace(state, active=action is Action.ENABLE)
        self.accounts[name] = state


@dataclass
class Desk:
    """The office as the contract sees it: its operator is at the desk, and the clock goes on with each order."""

    office: Office
    clock: datetime = NOW
    worked: set[str] = field(default_factory=set)

    def put(self, accounts):
        self.office.put(accounts)
        self.show()

    def offer(self, entitlements):
        """Entitlements are only what accounts hold."""

    def open(self):
        return Worked(self, self.office.open())

    def open_nowhere(self):
        return self.office.open(exports="nowhere")

    def open_without(self, key):
        return self.office.open(columns={name: word for name, word in COLUMNS.items() if f"columns.{name}" != key})

    def show(self) -> None:
        self.office.export(f"一覧_{self.clock.astimezone(TOKYO):%Y-%m-%d_%H%M}.csv")

    def work(self) -> None:
        """Work the order that is not worked yet, answer each line of it, and export two minutes later."""
        (rows,) = [order for order in self.office.orders() if order[0][1] not in self.worked]
        self.worked.add(rows[0][1])
        said = [self._answer(row) for row in rows[7:]]
        out = io.StringIO()
        csv.writer(out).writerows([*rows[:7], *([*row[:5], word] for row, word in zip(rows[7:], said, strict=True))])
        path = self.office.folder / "results" / f"{self.clock:%Y%m%d%H%M}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(out.getvalue(), "utf-8-sig", newline="")
        self.clock += timedelta(minutes=2)
        self.show()

    def _answer(self, row: list[str]) -> str:
        _, action, _, name, entitlement, _ = row
        before = self.office.accounts.get(name)
        if before is None:
            return "該当なし"
        self.office.do(Action(action), name, entitlement)
        return "済" if self.office.accounts[name] != before else "変更なし"


@dataclass
class Worked:
    """A worklist that is asked twice: once to hand out, and again when the operator has exported."""

    desk: Desk
    inner: Any

    @property
    def capabilities(self):
        return self.inner.capabilities

    def read(self, *, now: datetime):
        return self.inner.read(now=max(now, self.desk.clock))

    def read_accounts(self, accounts):
        return self.inner.read_accounts(accounts)

    def apply(self, changes, *, now: datetime) -> list[ChangeResult]:
        handed_out = self.inner.apply(changes, now=self.desk.clock)
        if any(one.state is ChangeState.UNKNOWN for one in handed_out):
            self.desk.work()
        shown = self.inner.apply(changes, now=self.desk.clock)
        return [_became(before, after) for before, after in zip(handed_out, shown, strict=True)]

    def close(self) -> None:
        self.inner.close()


def _became(before: ChangeResult, after: ChangeResult) -> ChangeResult:
    """Return what the two answers say together: unknown then shown is done by the order."""
    done = before.state is ChangeState.UNKNOWN and after.state is ChangeState.ALREADY and not after.code
    return replace(after, state=ChangeState.APPLIED) if done else after
