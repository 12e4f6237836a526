"""HR's files as they were imported: what was taken, what not and why; mending rejected rows. 発令の取込.

A file holds rows of any side, so its cells are shown to who brought it, or who imports for every side; others who
may know of files see their numbers. A mended row comes in as a new file that names the first one: nothing else can
happen to it than to any other row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sekisho.core.canonical import Json, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import BOTH, OrderStatus, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.intake import order_sheets
from sekisho.intake.order_sheets import ShownRow
from sekisho.services import installation, ledger, order_import, profiles, visibility
from sekisho.services.order_import import Imported, OrderRequest
from sekisho.store import models

MOST = 100


class UnknownFile(SekishoError):
    """There is no such file, or none whose rows the actor may read."""


class NothingMended(SekishoError):
    """No cell was changed."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file in the list: rows in = accepted + rejected + ignored. `open_rows`: rejected and not mended since."""

    id: int
    name: str
    received_at: datetime
    actor: str
    rows_in: int
    accepted: int
    rejected: int
    ignored: int
    readable: bool


@dataclass(frozen=True, slots=True)
class BadCell:
    """What is wrong with a cell, or odd: `column` is its header in the file."""

    kind: str
    sheet: str
    row: int
    column: str
    value: str
    code: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileShown:
    """One file with its rejected rows as they stand in it; without stored bytes, `rows` is empty."""

    line: FileLine
    columns: tuple[tuple[str, str], ...]
    rows: tuple[ShownRow, ...]
    bad: tuple[BadCell, ...]
    mended_by: tuple[FileLine, ...]
    stored: bool


def files(*, actor: Actor, now: datetime) -> tuple[FileLine, ...]:
    """Return the last files, newest first.

    Raises:
        NotVisible: the actor may not even know that there are files.
    """
    visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now, least=Depth.COUNT)
    rows = models.OrderFile.objects.filter(received_at__lte=now).order_by("-pk")[:MOST]
    return tuple(_line(row, actor, now) for row in rows)


def file(*, actor: Actor, now: datetime, file_id: int) -> FileShown:
    """Return one file with what was wrong in it.

    Raises:
        UnknownFile, NotVisible
    """
    row = _readable(actor, now, file_id)
    bad = tuple(
        BadCell(one["kind"], one["sheet"], one["row"], one["column"], one["value"], one["code"], one["params"])
        for one in row.defects
    )
    stored = models.OrderFileContent.objects.filter(file=row).first()
    wanted = {(one.sheet, one.row) for one in bad if one.kind == "rejected"}
    columns: tuple[tuple[str, str], ...] = ()
    rows: tuple[ShownRow, ...] = ()
    if stored is not None and wanted:
        profile = profiles.load(name=stored.profile or None, known_at=now)
        shown = order_sheets.shown_rows(bytes(stored.content), row.name, profile, wanted)
        columns, rows = shown.columns, shown.rows
    mended = models.OrderFile.objects.filter(stored__mends=row).order_by("pk")
    lines = tuple(_line(one, actor, now) for one in mended)
    return FileShown(_line(row, actor, now), columns, rows, bad, lines, stored is not None)


@transaction.atomic
def take(
    *, actor: Actor, now: datetime, request: OrderRequest, mends: int | None = None
) -> tuple[Imported, int | None]:
    """Import a file and keep its bytes; return what became of it, and the file's id (None: it brought nothing new).

    Raises:
        As `order_import.import_orders`; nothing was taken then.
    """
    imported = order_import.import_orders(actor=actor, now=now, request=request)
    sha256 = sha256_hex(request.content)
    row = models.OrderFile.objects.filter(sha256=sha256, kind="orders").order_by("-pk").first()
    if row is None:
        return imported, None
    models.OrderFileContent.objects.get_or_create(
        file=row,
        defaults={
            "content": request.content,
            "profile": request.profile or "",
            "status": request.status.value if request.status else "",
            "mends_id": mends,
        },
    )
    return imported, row.pk


@transaction.atomic
def mend(
    *, actor: Actor, now: datetime, file_id: int, cells: Mapping[tuple[str, int, str], str]
) -> tuple[Imported, int | None]:
    """Bring rejected rows again with some cells changed: (sheet, row, field) → what it should say.

    Raises:
        UnknownFile, NotVisible, NothingMended, and as `take`.
    """
    shown = file(actor=actor, now=now, file_id=file_id)
    rows = []
    for row in shown.rows:
        changed = {field: cells.get((row.sheet, row.number, field), value) for field, value in row.cells.items()}
        if changed != dict(row.cells):
            rows.append(changed)
    if not rows:
        raise NothingMended("orders.nothing_mended")
    content = order_sheets.written_rows([field for field, _ in shown.columns], rows)
    stored = models.OrderFileContent.objects.get(file_id=file_id)
    name = f"{shown.line.name.rpartition('.')[0]}-mended-{len(shown.mended_by) + 1}.csv"
    request = OrderRequest(
        name, content, now, OrderStatus(stored.status) if stored.status else None, stored.profile or None
    )
    facts: dict[str, Json] = {"file": models.OrderFile.objects.get(pk=file_id).sha256, "rows": len(rows)}
    ledger.record(kind="rows.mended", actor=actor.name, now=now, facts=facts | {"mended": sha256_hex(content)})
    return take(actor=actor, now=now, request=request, mends=file_id)


def _readable(actor: Actor, now: datetime, file_id: int) -> models.OrderFile:
    visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now, least=Depth.COUNT)
    row = models.OrderFile.objects.filter(pk=file_id).first()
    if row is None or not _may_read(row, actor, now):
        raise UnknownFile("orders.unknown_file", {"file": file_id})
    return row


def _may_read(row: models.OrderFile, actor: Actor, now: datetime) -> bool:
    """Tell whether the actor reads the cells: he brought the file, or he imports or reads for every side."""
    today = installation.today(now=now)
    every = any(actor.has(role, on=today, side=Side(BOTH)) for role in (Role.HR, Role.COMPLIANCE, Role.CROSS_SIDE))
    importer = any(actor.has(role, on=today) for role in (Role.HR, Role.COMPLIANCE))
    return every or (importer and row.actor == actor.name)


def _line(row: models.OrderFile, actor: Actor, now: datetime) -> FileLine:
    return FileLine(
        id=row.pk,
        name=row.name,
        received_at=row.received_at,
        actor=row.actor,
        rows_in=row.rows_in,
        accepted=row.accepted,
        rejected=row.rejected,
        ignored=row.ignored,
        readable=_may_read(row, actor, now),
    )
