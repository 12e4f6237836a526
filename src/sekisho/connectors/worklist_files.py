"""The files of a worklist: work orders out, result files and exports in. 作業依頼・結果・一覧.

Here: their bytes and what stands in them. A work order is made for a person with a spreadsheet and is read
again by us, so it is CSV in UTF-8 with a byte-order mark, head lines first. What comes in is UTF-8, with
or without the mark, or CP932. When which file counts is `worklist`'s matter.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from sekisho.connectors.protocol import Change, Rejected
from sekisho.core.access import AccountState
from sekisho.core.kinds import Action
from sekisho.texts import text

DATE_IN_NAME = re.compile(r"(20\d\d)[-_]?(\d\d)[-_]?(\d\d)(?:[-_T ]?(\d\d)[-:]?(\d\d))?(?!\d)")


class Reported(StrEnum):
    """What a result file says of one operation."""

    DONE = "done"
    ALREADY = "already"
    NO_ACCOUNT = "no_account"
    REFUSED = "refused"


REPORTED = {
    **dict.fromkeys(("済", "済み", "完了", "done", "ok", "applied"), Reported.DONE),
    **dict.fromkeys(("変更なし", "対応不要", "already", "nothing to change"), Reported.ALREADY),
    **dict.fromkeys(("該当なし", "アカウントなし", "no account", "no such account"), Reported.NO_ACCOUNT),
    **dict.fromkeys(("不可", "拒否", "未実施", "ng", "refused", "rejected", "failed"), Reported.REFUSED),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns, in orders and exports alike. `active` "": exports do not tell who is enabled."""

    account: str
    entitlement: str
    active: str
    off: str


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A work order as handed out."""

    id: str
    written_at: datetime
    deadline: date
    changes: tuple[Change, ...]


def written(
    changes: Sequence[Change], columns: Columns, *, now: datetime, deadline: date, language: str
) -> tuple[str, bytes]:
    """Return a work order's id and bytes; the SHA-256 in its head is that of everything below the empty line.

    The id comes from the operations, so the same operations make the same order.
    """
    body = _table(_rows(changes, columns, language))
    digest = hashlib.sha256(body.encode()).hexdigest()
    order_id = f"WO-{deadline:%Y%m%d}-{digest[:12]}"
    head = [
        ["work_order", order_id, text("connectors.order_id", language=language)],
        ["count", str(len(changes)), text("connectors.order_count", language=language)],
        ["sha256", digest, text("connectors.order_sha256", language=language)],
        ["written_at", now.isoformat(), text("connectors.order_written_at", language=language)],
        ["deadline", deadline.isoformat(), text("connectors.order_deadline", language=language)],
    ]
    return order_id, f"{_table(head)}\r\n{body}".encode("utf-8-sig")


def _rows(changes: Sequence[Change], columns: Columns, language: str) -> Iterable[list[str]]:
    task = text("connectors.order_task", language=language)
    result = text("connectors.order_result", language=language)
    yield ["operation_id", "action", task, columns.account, columns.entitlement, result]
    for change in changes:
        words = text(f"connectors.task_{change.action}", language=language)
        yield [change.operation_id, change.action.value, words, change.account, change.entitlement, ""]


def _table(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def order_in(content: bytes) -> WorkOrder:
    """Read a work order of our own back."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    head = {row[0]: row[1] for row in rows[:5]}
    changes = tuple(Change(row[0], row[3], Action(row[1]), row[4]) for row in rows[7:])
    return WorkOrder(
        head["work_order"], datetime.fromisoformat(head["written_at"]), date.fromisoformat(head["deadline"]), changes
    )


def results_in(paths: Iterable[Path], system: str) -> dict[str, Reported]:
    """Return what result files say, by operation id; a later file, by name, has the last word.

    A result file is the work order with its last column filled in. What is none of the known
    words says nothing.
    """
    reported: dict[str, Reported] = {}
    for path in sorted(paths):
        rows = _read(path, system)
        start = next((number for number, row in enumerate(rows) if row[:1] == ["operation_id"]), None)
        if start is None:
            raise Rejected("connectors.no_file_column", {"system": system, "file": path.name, "column": "operation_id"})
        for row in rows[start + 1 :]:
            said = REPORTED.get(row[5].strip().lower()) if len(row) > 5 else None
            if said:
                reported[row[0]] = said
    return reported


def export_in(path: Path, columns: Columns, system: str) -> dict[str, AccountState]:
    """Return the accounts of an export: a row per account and entitlement, an empty one for an account with none.

    Raises:
        Rejected: a column is missing, a row has no account, or the bytes are neither UTF-8 nor CP932. Half an
            export is none: what it lacks would look taken away.
    """
    rows = _read(path, system)
    header = rows[0] if rows else []
    for name in filter(None, (columns.account, columns.entitlement, columns.active)):
        if name not in header:
            raise Rejected("connectors.no_file_column", {"system": system, "file": path.name, "column": name})
    held: dict[str, set[str]] = {}
    disabled: set[str] = set()
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        cells = dict(zip(header, row, strict=False))
        if len(row) != len(header) or not cells[columns.account]:
            raise Rejected("connectors.bad_file_row", {"system": system, "file": path.name, "row": number})
        items = held.setdefault(cells[columns.account], set())
        if cells[columns.entitlement]:
            items.add(cells[columns.entitlement])
        if columns.active and cells[columns.active] == columns.off:
            disabled.add(cells[columns.account])
    return {name: AccountState(name, name not in disabled, frozenset(items)) for name, items in held.items()}


def dated(path: Path, zone: ZoneInfo) -> datetime:
    """Return when an export was taken: the date in its name, with the time there or, of the same day, the file's.

    A date without a time is the day's beginning: an export must not prove what was done later that day. A
    name without a date leaves only the file's own time.
    """
    modified = datetime.fromtimestamp(path.stat().st_mtime, zone)
    found = DATE_IN_NAME.search(path.stem)
    if found is None:
        return modified
    year, month, day, hour, minute = (int(part or 0) for part in found.groups())
    try:
        named = datetime(year, month, day, hour, minute, tzinfo=zone)
    except ValueError:
        return modified
    return modified if not found[4] and modified.date() == named.date() else named


def _read(path: Path, system: str) -> list[list[str]]:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), strict=True))
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise Rejected("connectors.bad_file", {"system": system, "file": path.name}) from error
    raise Rejected("connectors.bad_file", {"system": system, "file": path.name})


def holds(change: Change, accounts: Mapping[str, AccountState]) -> bool:
    """Tell whether the accounts show the state that a change sets; a vanished account holds nothing."""
    state = accounts.get(change.account)
    match change.action:
        case Action.GRANT:
            return state is not None and change.entitlement in state.entitlements
        case Action.REVOKE:
            return state is None or change.entitlement not in state.entitlements
        case Action.ENABLE:
            return state is not None and state.active
        case Action.DISABLE:
            return state is None or not state.active
