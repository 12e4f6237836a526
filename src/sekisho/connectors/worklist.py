"""The legacy application that offers a CSV export and a person: work orders out, results and exports in.

An operation goes into one work order, ever (law 5): our own register in the home remembers what was handed
out, whatever becomes of the file. What a result file says is a claim and stays unknown; an export taken
after the order proves it, and then the state already holds. A state that an older export shows is ordered
all the same: somebody may have changed it since, and the operator answers that there was nothing to change.
`read` is the newest export; accounts that a later order touches are left out of it and the reading is
incomplete, because their state is unknown.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jpholiday

from sekisho.connectors.protocol import (
    Capabilities,
    Change,
    ChangeResult,
    ChangeState,
    Precondition,
    Unreachable,
)
from sekisho.connectors.readings import reading
from sekisho.connectors.settings import Settings
from sekisho.connectors.worklist_files import (
    Columns,
    Reported,
    WorkOrder,
    dated,
    export_in,
    holds,
    order_in,
    results_in,
    written,
)
from sekisho.core.access import AccountState, Reading, System
from sekisho.core.calendar import Calendar
from sekisho.core.kinds import Action

BATCH_SIZE = 10_000
BUSINESS_DAYS = 3


@dataclass(frozen=True, slots=True)
class Export:
    """An export and when it was taken."""

    path: Path
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Folders:
    """Where files go and come from; `register` is ours and in the home."""

    orders: Path
    results: Path
    exports: Path
    register: Path


class WorklistConnector:
    """One legacy application's worklist."""

    def __init__(self, settings: Settings, *, home: Path) -> None:
        self._system = settings.system
        self._folders = _folders(settings, home)
        self._columns = _columns(settings)
        self._days = settings.number(settings.spelled("deadline_business_days", "deadline"), BUSINESS_DAYS)
        self._language = settings.choice("language", ("ja", "en"))
        try:
            self._zone = ZoneInfo(settings.text("timezone", "Asia/Tokyo"))
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise settings.bad("timezone") from error
        self.capabilities = Capabilities(
            write=True,
            read_back=False,
            precondition=Precondition.NONE,
            atomic_batch=True,
            group_major=False,
            batch_size=BATCH_SIZE,
            disables_accounts=bool(self._columns.active),
            repeatable=True,
        )

    def read(self, *, now: datetime) -> Reading:
        """Return the newest export taken by `now`. Raises: Unreachable where there is none, Rejected."""
        with self._files():
            export = self._newest(now)
            accounts = export_in(export.path, self._columns, self._system)
            touched = {
                change.account
                for order in self._orders()
                if order.written_at >= export.taken_at
                for change in order.changes
            }
        known = {name: state for name, state in accounts.items() if name not in touched}
        return reading(self._system, known, now=export.taken_at, complete=not touched)

    def read_accounts(self, accounts: Sequence[str]) -> dict[str, AccountState]:
        """Return some accounts of the newest export, whenever it was taken, less what later orders touch."""
        with self._files():
            known = self.read(now=datetime.max.replace(tzinfo=self._zone)).accounts
        return {name: known[name] for name in accounts if name in known}

    def apply(self, changes: Sequence[Change], *, now: datetime) -> list[ChangeResult]:
        """Hand out what was never handed out, and say what is known of the rest."""
        with self._files(), self._alone():
            self._hand_out_again()
            ordered = {change.operation_id: order for order in self._orders() for change in order.changes}
            new = [change for change in changes if change.operation_id not in ordered and self._possible(change)]
            if new:
                order = self._hand_out(new, now)
                ordered |= {change.operation_id: order for change in new}
            reported = results_in(self._folders.results.glob("*.csv"), self._system)
            export, accounts = self._proof(now)
        return [self._result(change, ordered, reported, export, accounts, now) for change in changes]

    def close(self) -> None:
        """Nothing is held open."""

    def _possible(self, change: Change) -> bool:
        return bool(self._columns.active) or change.action in {Action.GRANT, Action.REVOKE}

    def _result(
        self,
        change: Change,
        ordered: Mapping[str, WorkOrder],
        reported: Mapping[str, Reported],
        export: Export | None,
        accounts: Mapping[str, AccountState],
        now: datetime,
    ) -> ChangeResult:
        order = ordered.get(change.operation_id)
        if order is None:
            return ChangeResult(change.operation_id, ChangeState.REJECTED, "connectors.not_supported")
        said = reported.get(change.operation_id)
        shown = export is not None and export.taken_at > order.written_at
        if said is Reported.NO_ACCOUNT and shown and _needs_account(change) and change.account not in accounts:
            return ChangeResult(change.operation_id, ChangeState.REJECTED, "connectors.no_account", order.id)
        if shown and holds(change, accounts):
            code = "connectors.nothing_to_change" if said is Reported.ALREADY else ""
            return ChangeResult(change.operation_id, ChangeState.ALREADY, code)
        if said in {Reported.REFUSED, Reported.NO_ACCOUNT}:
            return ChangeResult(change.operation_id, ChangeState.REJECTED, "connectors.order_refused", order.id)
        late = now.astimezone(self._zone).date() > order.deadline
        waiting = "connectors.order_overdue" if late else "connectors.not_confirmed"
        code = "connectors.reported" if said is not None else waiting
        return ChangeResult(change.operation_id, ChangeState.UNKNOWN, code, order.id)

    def _hand_out(self, changes: Sequence[Change], now: datetime) -> WorkOrder:
        """Write an order, first into the register and then for the operators; each appears whole or not at all."""
        calendar = Calendar(lambda day: bool(jpholiday.is_holiday(day)))
        deadline = calendar.add_business_days(now.astimezone(self._zone).date(), self._days)
        order_id, content = written(changes, self._columns, now=now, deadline=deadline, language=self._language)
        kept = self._folders.register / f"{order_id}.csv"
        _write(kept, content)
        self._release(kept)
        return order_in(content)

    def _hand_out_again(self) -> None:
        """Finish what a kill interrupted between the register and the operators' folder."""
        for kept in sorted(self._folders.register.glob("*.csv")):
            if not kept.with_suffix(".out").exists():
                self._release(kept)

    def _release(self, kept: Path) -> None:
        _write(self._folders.orders / kept.name, kept.read_bytes())
        kept.with_suffix(".out").touch()

    def _orders(self) -> list[WorkOrder]:
        return [order_in(path.read_bytes()) for path in sorted(self._folders.register.glob("*.csv"))]

    def _proof(self, now: datetime) -> tuple[Export | None, Mapping[str, AccountState]]:
        try:
            export = self._newest(now)
        except Unreachable:
            return None, {}
        return export, export_in(export.path, self._columns, self._system)

    def _newest(self, now: datetime) -> Export:
        """Return the newest export that is not from after `now`."""
        found = [Export(path, dated(path, self._zone)) for path in self._folders.exports.glob("*.csv")]
        taken = [export for export in found if export.taken_at <= now]
        if not taken:
            facts = {"system": self._system, "detail": str(self._folders.exports)}
            raise Unreachable("connectors.no_export", facts)
        return max(taken, key=lambda export: (export.taken_at, export.path.name))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from handing out at the same time."""
        self._folders.register.mkdir(parents=True, exist_ok=True)
        self._folders.orders.mkdir(parents=True, exist_ok=True)
        with (self._folders.register / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _files(self) -> Iterator[None]:
        """Turn a folder that cannot be used into Unreachable."""
        try:
            yield
        except OSError as error:
            facts = {"system": self._system, "detail": f"{error.filename}: {error.strerror}"}
            raise Unreachable("connectors.unreachable", facts) from error


def open_target(system: System, *, home: Path) -> WorklistConnector:
    """Open a worklist. Raises: BadSettings."""
    return WorklistConnector(Settings(system.id, system.settings), home=home)


def _needs_account(change: Change) -> bool:
    """Tell whether a change makes no sense without its account; what is not there needs no revoking."""
    return change.action is not Action.REVOKE


def _folders(settings: Settings, home: Path) -> Folders:
    """Return the folders: below `folder`, or each named for itself; relative ones are in the home."""
    name = quote(settings.system, safe="")
    folder = home / settings.text("folder", f"worklist/{name}")
    orders, results, exports = (
        home / settings.text(kind) if settings.has(kind) else folder / kind for kind in ("orders", "results", "exports")
    )
    return Folders(orders, results, exports, home / "worklist-register" / name)


def _columns(settings: Settings) -> Columns:
    names = settings.table("columns") if "columns" in settings.values else Settings(settings.system, {}, "columns.")
    active = names.text("active", "")
    return Columns(
        account=names.text("account", "account"),
        entitlement=names.text("entitlement", "entitlement"),
        active=active,
        off=names.text("off") if active else "",
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file that appears at once and is on the disk before anyone relies on it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
