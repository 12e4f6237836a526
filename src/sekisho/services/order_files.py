"""HR's files as they were imported: the sheet as it was, what was taken, what not and why. 発令の取込.

A file holds rows of any side, so its cells are shown to who brought it, or who imports for every side; others who
may know of it (`order_file_reach`) see its numbers. Mending rejected rows is `order_mending`'s, files that wait are
`order_uploads`'.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum

from sekisho.core.canonical import Json, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import BOTH, Role, Side
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind
from sekisho.intake import order_sheets
from sekisho.intake.order_sheets import ShownColumn, ShownRow
from sekisho.intake.order_words import REQUIRED, SNAPSHOT_REQUIRED
from sekisho.services import installation, order_file_reach, order_import, profiles, snapshots, visibility
from sekisho.services.order_import import Imported, OrderRequest
from sekisho.store import models

PAGE = 50
ORDERS, SNAPSHOT = "orders", "snapshot"
REJECTED, WARNED, ALL = "rejected", "warned", "all"
SHOWN = (REJECTED, WARNED, ALL)
_SORTS = {"name": "name", "at": "received_at", "by": "actor", "rows_in": "rows_in", "accepted": "accepted"}
_SORTS |= {"open": "open_rows", "ignored": "ignored"}
_BATCH = 500
_REASONS = 50

Told = Callable[[int, int], None]


class UnknownFile(SekishoError):
    """There is no such file, or none whose rows the actor may read."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a file is taken: as a snapshot or not, how many vanished people were confirmed, which file it mends."""

    snapshot: bool = False
    vanished: int | None = None
    mends: int | None = None

    @property
    def kind(self) -> str:
        return SNAPSHOT if self.snapshot else ORDERS


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file. `file_id` None: it brought nothing. `again`: it had been taken before, nothing changed."""

    imported: Imported
    file_id: int | None
    again: bool


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file in the list: rows in = accepted + rejected + ignored; of the rejected, `mended` came in again."""

    id: int
    name: str
    kind: str
    received_at: datetime
    actor: str
    rows_in: int
    accepted: int
    rejected: int
    mended: int
    ignored: int
    readable: bool

    @property
    def open(self) -> int:
        """Return how many rejected rows nobody has mended."""
        return self.rejected - self.mended


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
class SheetRow:
    """A row as it stands in the file; `mended_in` is the file in which it came again."""

    sheet: str
    number: int
    cells: Mapping[str, str]
    bad: tuple[BadCell, ...]
    rejected: bool
    mended_in: int | None

    @property
    def is_open(self) -> bool:
        return self.rejected and self.mended_in is None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were rejected: how many cells of a column for one reason, and the first of them."""

    code: str
    column: str
    number: int
    value: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileShown:
    """One file and one page of its rows. Without stored bytes there are only its `loose` defects."""

    line: FileLine
    columns: tuple[ShownColumn, ...]
    rows: tuple[SheetRow, ...]
    total: int
    counts: Mapping[str, int]
    page: int
    shown: str
    notes: tuple[BadCell, ...]
    loose: tuple[BadCell, ...]
    reasons: tuple[Reason, ...]
    ignored: Mapping[str, int]
    mended_by: tuple[FileLine, ...]
    mends: FileLine | None
    stored: bool

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def files(
    *, actor: Actor, now: datetime, words: str = "", sort: str = "", first: int = 0, size: int = PAGE
) -> tuple[tuple[FileLine, ...], int]:
    """Return `size` files from the place `first` on, newest first unless sorted otherwise, and how many there are.

    Raises:
        NotVisible: the actor may not even know that there are files.
    """
    visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now, least=Depth.COUNT)
    rows = order_file_reach.known(actor=actor, now=now).defer("defects")
    for word in words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(actor__icontains=word))
    rows = rows.annotate(open_rows=F("rejected") - F("mended"))
    field = _SORTS.get(sort.removeprefix("-"), "")
    order = [f"-{field}" if sort.startswith("-") else field, "-pk"] if field else ["-pk"]
    cut = rows.order_by(*order)[first : first + size]
    reads = readers(actor=actor, now=now)
    return tuple(_line(row, reads) for row in cut), rows.count()


def open_rows(*, actor: Actor, now: datetime) -> int:
    """Return how many rejected rows of all files nobody has mended.

    Raises:
        NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now, least=Depth.COUNT)
    found = order_file_reach.known(actor=actor, now=now).aggregate(n=Sum(F("rejected") - F("mended")))
    return found["n"] or 0


def file(*, actor: Actor, now: datetime, file_id: int, shown: str = "", page: int = 1) -> FileShown:
    """Return one file with a page of its rows: `shown` is one of `SHOWN`, "" what needs a look first.

    Raises:
        UnknownFile, NotVisible
    """
    row = readable(actor=actor, now=now, file_id=file_id)
    stored = models.OrderFileContent.objects.defer("content").select_related("mends").filter(file=row).first()
    shown = shown if shown in SHOWN else REJECTED if row.rejected else ALL
    rows, counts = _rows(stored, shown), _counts(stored)
    total = counts[shown]
    page = min(page, max(1, -(-total // PAGE)))
    reads = readers(actor=actor, now=now)
    mended = models.OrderFile.objects.filter(stored__mends=row).defer("defects").order_by("pk")
    return FileShown(
        line=_line(row, reads),
        columns=tuple(ShownColumn(**one) for one in stored.columns) if stored else (),
        rows=tuple(_row(one) for one in rows[(page - 1) * PAGE : page * PAGE]),
        total=total,
        counts=counts,
        page=page,
        shown=shown,
        notes=_bad(stored.notes) if stored else (),
        loose=() if stored else _bad(row.defects),
        reasons=tuple(Reason(**one) for one in stored.reasons) if stored else (),
        ignored=row.ignored_by_reason,
        mended_by=tuple(_line(one, reads) for one in mended),
        mends=_line(stored.mends, reads) if stored and stored.mends else None,
        stored=stored is not None,
    )


def take(*, actor: Actor, now: datetime, request: OrderRequest, way: Way = Way(), told: Told | None = None) -> Taken:
    """Import a file and keep its bytes and rows, in one transaction; `told` hears of each of three steps.

    Raises:
        As `order_import.import_orders` and `snapshots.import_snapshot`; nothing was taken then.
    """
    order_import.need_importer(actor, now, request)
    profile = profiles.load(name=request.profile, known_at=now)
    reading = None if way.snapshot else order_import.read(actor=actor, now=now, request=request)
    required = SNAPSHOT_REQUIRED if way.snapshot else REQUIRED
    sheet = order_sheets.shown_sheet(request.content, request.name, profile, required)
    if told:
        told(1, 3)
    with transaction.atomic():
        known = models.OrderFile.objects.filter(sha256=sha256_hex(request.content), kind=way.kind).order_by("-pk")
        before = known.values_list("pk", flat=True).first()
        if reading is None:
            imported = snapshots.import_snapshot(actor=actor, now=now, request=request, confirm_vanished=way.vanished)
        else:
            imported = order_import.import_read(actor=actor, now=now, request=request, reading=reading)
        row = known.defer("defects").first()
        if row is not None:
            _keep(row, request, way, sheet, imported)
    return Taken(imported, row.pk if row else None, again=row is None or row.pk == before)


def _keep(
    row: models.OrderFile, request: OrderRequest, way: Way, sheet: order_sheets.ShownSheet, imported: Imported
) -> None:
    """Keep the bytes and the rows of a file, once."""
    by_row, notes = _by_row(imported)
    stored, is_new = models.OrderFileContent.objects.get_or_create(
        file=row,
        defaults={
            "content": request.content,
            "profile": request.profile or "",
            "status": request.status.value if request.status else "",
            "mends_id": way.mends,
            "columns": [{"key": one.key, "header": one.header, "filled": one.filled} for one in sheet.columns],
            "notes": notes,
            "reasons": _reasons(imported),
        },
    )
    if is_new:
        made = [_new_row(stored, place, one, by_row) for place, one in enumerate(sheet.rows)]
        models.OrderFileRow.objects.bulk_create(made, batch_size=_BATCH)


def _reasons(imported: Imported) -> list[Json]:
    """Return why rows were rejected, most frequent first, each with its first cell."""
    found = [one for defects in imported.rejected_rows for one in defects]
    first = {(one.note.code, one.column): one for one in reversed(found)}
    return [
        {
            "code": code,
            "column": column,
            "number": n,
            "value": first[code, column].value,
            "params": dict(first[code, column].note.params),
        }
        for (code, column), n in Counter((one.note.code, one.column) for one in found).most_common(_REASONS)
    ]


def _by_row(imported: Imported) -> tuple[dict[tuple[str, int], list[dict[str, Json]]], list[dict[str, Json]]]:
    """Return the defects of each row, and what is said of the file as a whole (of its header too)."""
    by_row: dict[tuple[str, int], list[dict[str, Json]]] = defaultdict(list)
    for defects in imported.rejected_rows:
        for one in defects:
            by_row[one.sheet, one.row].append(order_import.kept(one, "rejected"))
    notes = []
    for one in imported.warnings:
        if one.row and one.note.code not in {"intake.unknown_column", "intake.repeated_column"}:
            by_row[one.sheet, one.row].append(order_import.kept(one, "warning"))
        else:
            notes.append(order_import.kept(one, "warning"))
    return by_row, notes


def _new_row(
    stored: models.OrderFileContent,
    place: int,
    one: ShownRow,
    by_row: Mapping[tuple[str, int], Sequence[Mapping[str, Json]]],
) -> models.OrderFileRow:
    defects = list(by_row.get((one.sheet, one.number), ()))
    kinds = {str(defect["kind"]) for defect in defects}
    return models.OrderFileRow(
        stored=stored,
        place=place,
        sheet=one.sheet,
        number=one.number,
        cells=dict(one.cells),
        defects=defects,
        rejected="rejected" in kinds,
        warned="warning" in kinds,
    )


def readable(*, actor: Actor, now: datetime, file_id: int) -> models.OrderFile:
    """Return a file whose rows the actor reads.

    Raises:
        UnknownFile, NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now, least=Depth.COUNT)
    row = models.OrderFile.objects.filter(pk=file_id).first()
    if row is None or not readers(actor=actor, now=now)(row):
        raise UnknownFile("orders.unknown_file", {"file": file_id})
    return row


def readers(*, actor: Actor, now: datetime) -> Callable[[models.OrderFile], bool]:
    """Return the test whether the actor reads a file's cells: he brought it, or imports or reads for every side."""
    today = installation.today(now=now)
    every = any(actor.has(role, on=today, side=Side(BOTH)) for role in (Role.HR, Role.COMPLIANCE, Role.CROSS_SIDE))
    importer = any(actor.has(role, on=today) for role in (Role.HR, Role.COMPLIANCE))
    return lambda row: every or (importer and row.actor == actor.name)


def _rows(stored: models.OrderFileContent | None, shown: str) -> "QuerySet[models.OrderFileRow]":
    if stored is None:
        return models.OrderFileRow.objects.none()
    rows = stored.rows.all()
    match shown:
        case "rejected":
            return rows.filter(rejected=True).order_by(F("mended_in").asc(nulls_first=True), "place")
        case "warned":
            return rows.filter(warned=True).order_by("place")
        case _:
            return rows.order_by("place")


def _counts(stored: models.OrderFileContent | None) -> dict[str, int]:
    """Return how many rows each choice of what is shown has."""
    if stored is None:
        return dict.fromkeys(SHOWN, 0)
    counts = {REJECTED: Count("pk", filter=Q(rejected=True)), WARNED: Count("pk", filter=Q(warned=True))}
    return stored.rows.aggregate(**counts, **{ALL: Count("pk")})


def _row(one: models.OrderFileRow) -> SheetRow:
    return SheetRow(one.sheet, one.number, one.cells, _bad(one.defects), one.rejected, one.mended_in_id)


def _bad(defects: Sequence[Mapping[str, object]]) -> tuple[BadCell, ...]:
    names = ("kind", "sheet", "row", "column", "value", "code", "params")
    return tuple(BadCell(**{name: one[name] for name in names}) for one in defects)  # type: ignore[arg-type]  # from JSON of ours


def _line(row: models.OrderFile, reads: Callable[[models.OrderFile], bool]) -> FileLine:
    return FileLine(
        id=row.pk,
        name=row.name,
        kind=row.kind,
        received_at=row.received_at,
        actor=row.actor,
        rows_in=row.rows_in,
        accepted=row.accepted,
        rejected=row.rejected,
        mended=row.mended,
        ignored=row.ignored,
        readable=reads(row),
    )
