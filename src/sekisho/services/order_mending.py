"""Rejected rows mended: in place, or on a sheet that was taken away and comes back. 発令の取込.

A mended row comes in as a new file that names the first one: nothing else can happen to it than to any other row.
The first file stays as it was; its row only says where it came again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from sekisho.core.canonical import Json, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OrderStatus
from sekisho.core.users import Actor
from sekisho.intake import order_sheets
from sekisho.intake.order_sheets import UNREAD
from sekisho.intake.profiles import PLAIN
from sekisho.services import ledger, order_files, profiles
from sekisho.services.order_files import Taken, Way
from sekisho.services.order_import import OrderRequest
from sekisho.store import models

Cells = Mapping[tuple[str, int, str], str]
"""(sheet, row, field) → what the cell should say."""


class NothingMended(SekishoError):
    """No cell was changed."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A rejected row to be taken away: its cells by header, and (header, code, params) of what is wrong."""

    sheet: str
    number: int
    cells: tuple[str, ...]
    wrong: tuple[tuple[str, str, Mapping[str, str]], ...]


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """The rejected rows of a file that nobody has mended; `headers` are such that the sheet is read when it returns."""

    name: str
    headers: tuple[str, ...]
    rows: tuple[RejectedRow, ...]


@transaction.atomic
def mend(*, actor: Actor, now: datetime, file_id: int, cells: Cells) -> Taken:
    """Bring rejected rows again with some cells changed.

    Raises:
        UnknownFile, NotVisible, NothingMended, and as `order_files.take`.
    """
    first = order_files.readable(actor=actor, now=now, file_id=file_id)
    stored = models.OrderFileContent.objects.defer("content").filter(file=first).first()
    fields = _fields(stored)
    changed = [
        (row, mended)
        for row in _open(stored)
        if (mended := _mended(row, fields, cells)) != {field: row.cells.get(field, "") for field in fields}
    ]
    if stored is None or not changed:
        raise NothingMended("orders.nothing_mended")
    profile = profiles.load(name=stored.profile or None, known_at=now)
    content = order_sheets.written_rows(fields, [mended for _, mended in changed], profile)
    number = models.OrderFileContent.objects.filter(mends=first).count() + 1
    request = OrderRequest(
        f"{first.name.rpartition('.')[0]}-mended-{number}.csv",
        content,
        now,
        OrderStatus(stored.status) if stored.status else None,
        stored.profile or None,
    )
    facts: dict[str, Json] = {"file": first.sha256, "rows": len(changed), "mended": sha256_hex(content)}
    ledger.record(kind="rows.mended", actor=actor.name, now=now, facts=facts)
    taken = order_files.take(actor=actor, now=now, request=request, way=Way(mends=first.pk))
    places = [row.pk for row, _ in changed]
    models.OrderFileRow.objects.filter(pk__in=places).update(mended_in=taken.file_id or first.pk)
    models.OrderFile.objects.filter(pk=first.pk).update(mended=F("mended") + len(changed))
    return taken


def mend_by_sheet(*, actor: Actor, now: datetime, file_id: int, name: str, content: bytes) -> Taken:
    """Mend by the sheet of rejected rows that was taken away, as it comes back.

    Raises:
        Unreadable, and as `mend`.
    """
    row = order_files.readable(actor=actor, now=now, file_id=file_id)
    used = models.OrderFileContent.objects.filter(file=row).values_list("profile", flat=True).first()
    profile = profiles.load(name=used or None, known_at=now)
    cells = order_sheets.returned_cells(content, name, profile)
    return mend(actor=actor, now=now, file_id=file_id, cells=cells)


def rejected_rows(*, actor: Actor, now: datetime, file_id: int) -> RejectedRows:
    """Return the rejected rows that nobody has mended, to be mended elsewhere.

    Raises:
        UnknownFile, NotVisible
    """
    row = order_files.readable(actor=actor, now=now, file_id=file_id)
    stored = models.OrderFileContent.objects.defer("content").filter(file=row).first()
    fields = _fields(stored)
    profile = profiles.load(name=stored.profile or None, known_at=now) if stored else PLAIN
    headers = {field: order_sheets.header(field, profile) for field in fields}
    own = (
        {str(one["header"]): headers[str(one["key"])] for one in stored.columns if one["key"] in headers}
        if stored
        else {}
    )
    rows = [
        RejectedRow(
            one.sheet,
            one.number,
            tuple(one.cells.get(field, "") for field in fields),
            tuple(
                (own.get(bad["column"], bad["column"]), bad["code"], {"value": bad["value"], **bad["params"]})
                for bad in one.defects
                if bad["kind"] == "rejected"
            ),
        )
        for one in _open(stored)
    ]
    return RejectedRows(row.name, tuple(headers.values()), tuple(rows))


def _fields(stored: models.OrderFileContent | None) -> list[str]:
    """Return the fields that the file has a column for; what is not read is not mended."""
    return [str(one["key"]) for one in stored.columns if not str(one["key"]).startswith(UNREAD)] if stored else []


def _open(stored: models.OrderFileContent | None) -> list[models.OrderFileRow]:
    rows = stored.rows.filter(rejected=True, mended_in=None).order_by("place") if stored else ()
    return list(rows)


def _mended(row: models.OrderFileRow, fields: list[str], cells: Cells) -> dict[str, str]:
    return {field: cells.get((row.sheet, row.number, field), row.cells.get(field, "")) for field in fields}
