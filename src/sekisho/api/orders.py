"""Orders 発令の取込: HR's files, what was taken of them and what not; rejected rows mended.

A file is sent as it is, as the body of the call; its name and how to read it stand in the address. Files
that wait are `order_uploads`, HR's signed lists `manifests`.
"""

from collections.abc import Mapping
from typing import Literal

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.jobs import Asked, asked_for
from sekisho.api.lists import Listed, Paging, listed, turned
from sekisho.api.wire import Answer, Count, Flag, Id, Moment, Name, Question, Said, Words, said
from sekisho.core.kinds import OrderStatus
from sekisho.core.visibility import Depth, FactKind
from sekisho.intake.defects import Defect
from sekisho.intake.profiles import parse
from sekisho.services import jobs, order_files, order_mending, order_uploads, profiles
from sekisho.services.jobs import NewJob
from sekisho.services.order_files import BadCell, FileLine
from sekisho.services.order_files import SheetRow as FoundRow
from sekisho.services.order_import import OrderRequest
from sekisho.services.order_uploads import Received
from sekisho.services.profiles import SavedProfile

FILES = (FactKind.ORDER_FILE,)


class OrderFile(Answer):
    """A file of HR's: rows in = accepted + rejected + ignored; of the rejected, `mended` came in again."""

    id: int
    name: str
    kind: str
    received_at: Moment
    actor: str
    rows_in: int
    accepted: int
    rejected: int
    mended: int
    ignored: int
    readable: bool


class Rejection(Answer):
    """A cell that was not taken, or is odd (`kind`), with its place in the file and the reason."""

    kind: str
    sheet: str
    row: int
    column: str
    value: str
    reason: Said


class SheetColumn(Answer):
    """A column of the file: our field, and the header as it stands there."""

    field: str
    header: str


class SheetRow(Answer):
    """A row as it stands in the file, its cells by field; `mended_in` is the file in which it came again."""

    sheet: str
    row: int
    cells: dict[str, str]
    rejected: bool
    mended_in: int | None
    wrong: list[Rejection]


class OrderFileContent(Answer):
    """One file: its columns, what is said of it as a whole; its rows are a list of their own."""

    file: OrderFile
    columns: list[SheetColumn]
    notes: list[Rejection]
    ignored_by_reason: dict[str, int]
    mends: OrderFile | None
    mended_by: list[OrderFile]
    stored: bool


class Taken(Answer):
    """What became of a file that was taken; `file_id` null: it brought nothing, `again`: it had been taken before."""

    file_id: int | None
    again: bool
    sha256: str
    rows_in: int
    accepted: int
    rejected: int
    ignored: int
    ignored_by_reason: dict[str, int]
    rejections: list[Rejection]
    warnings: list[Rejection]


class ReceivedFile(Answer):
    """A file was taken, or waits (`waiting_id`): for a word about its columns or its vanished people, or for work."""

    taken: Taken | None
    waiting_id: int | None


class MendedCell(Question):
    """What one cell of a rejected row should say."""

    sheet: Words = ""
    row: Count
    field: Words = Field(examples=["employee_no"])
    value: Words = Field(examples=["00123456"])


class Mending(Question):
    """The cells to mend; the other cells of their rows stay as they are."""

    cells: list[MendedCell] = Field(min_length=1, max_length=10_000)


class SavedLayout(Answer):
    """A saved reading of one HR layout, as a profile says it."""

    name: str
    saved_by: str
    saved_at: Moment
    columns: dict[str, str]
    widths: dict[str, int]
    dates: dict[str, str]
    values: dict[str, dict[str, str]]


class Layout(Question):
    """How one layout is read: header to field, widths of codes, what dates name, this layout's words to ours."""

    columns: dict[str, Words] = Field(default={}, examples=[{"異動者番号": "employee_no"}])
    widths: dict[str, Count] = {}
    dates: dict[str, Words] = {}
    values: dict[str, dict[str, Words]] = {}


@call("GET orders/files", scope="orders:read", needs=FILES, least=Depth.COUNT)
def file_list(request: Request, paging: Query[Paging]) -> Listed[OrderFile]:
    """List the files, the newest first."""
    caller = request.caller

    def fetch(first: int, last: int) -> tuple[tuple[FileLine, ...], int]:
        return order_files.files(actor=caller.actor, now=caller.now, first=first, size=last - first)

    return turned(request, paging, fetch, made=OrderFile.model_validate)


@call("POST orders/files", scope="orders:write", needs=FILES, status=201, takes_file=True)
def file_take(
    request: Request,
    name: Name,
    status: OrderStatus | None = None,
    profile: Name | None = None,
    snapshot: Flag = False,
) -> ReceivedFile:
    """Take a file in; `status` counts for rows that say none, `profile` names a saved layout."""
    caller = request.caller
    wanted = OrderRequest(name, request.body, caller.now, status, profile)
    received = order_uploads.receive(actor=caller.actor, now=caller.now, request=wanted, snapshot=snapshot, look=False)
    return received_of(received)


@call("GET orders/files/{file_id}", scope="orders:read", needs=FILES)
def file_show(request: Request, file_id: Id) -> OrderFileContent:
    """Return one file and what is said of it as a whole."""
    found = order_files.file(actor=request.caller.actor, now=request.caller.now, file_id=file_id)
    return OrderFileContent(
        file=OrderFile.model_validate(found.line),
        columns=[SheetColumn(field=one.key, header=one.header) for one in found.columns],
        notes=[_rejection(one) for one in (*found.notes, *found.loose)],
        ignored_by_reason=dict(found.ignored),
        mends=OrderFile.model_validate(found.mends) if found.mends else None,
        mended_by=[OrderFile.model_validate(one) for one in found.mended_by],
        stored=found.stored,
    )


@call("GET orders/files/{file_id}/rows", scope="orders:read", needs=FILES)
def row_list(
    request: Request, file_id: Id, paging: Query[Paging], shown: Literal["rejected", "warned", "all"] = "rejected"
) -> Listed[SheetRow]:
    """List a file's rows as they stand in it: the rejected ones, those worth a look, or all."""
    caller, size = request.caller, order_files.PAGE

    def fetch(first: int, last: int) -> tuple[list[FoundRow], int]:
        rows: list[FoundRow] = []
        total = 0
        for page in range(first // size + 1, (last - 1) // size + 2):
            part = order_files.file(actor=caller.actor, now=caller.now, file_id=file_id, shown=shown, page=page)
            total = part.total
            if part.page == page:
                rows += part.rows
        skipped = first % size
        return rows[skipped : skipped + last - first], total

    return turned(request, paging, fetch, made=_row)


@call("POST orders/files/{file_id}/mend", scope="orders:write", needs=FILES, status=201)
def file_mend(request: Request, file_id: Id, body: Mending) -> Taken:
    """Bring rejected rows again with some cells changed; they come in as a new file that names the first."""
    cells = {(one.sheet, one.row, one.field): one.value for one in body.cells}
    caller = request.caller
    return _taken(order_mending.mend(actor=caller.actor, now=caller.now, file_id=file_id, cells=cells))


@call("POST orders/check", scope="orders:write", needs=FILES, status=202)
def order_check(request: Request) -> Asked:
    """Ask for a check of every order against the rules in force on its day."""
    now = request.caller.now
    return asked_for(request, NewJob(jobs.CHECK, f"check {now.isoformat()}", {}, now))


@call("GET orders/profiles", scope="orders:read", needs=())
def profile_list(request: Request, paging: Query[Paging]) -> Listed[SavedLayout]:
    """List the saved layouts."""
    found = profiles.listed(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.name, made=_layout)


@call("PUT orders/profiles/{name}", scope="orders:write", needs=())
def profile_save(request: Request, name: Name, body: Layout) -> SavedLayout:
    """Save a layout under a name; the versions before stay."""
    caller = request.caller
    return _layout(profiles.save(actor=caller.actor, now=caller.now, name=name, profile=parse(body.model_dump())))


def defect(kind: str, one: Defect) -> Rejection:
    """Return a defect as it goes over the wire."""
    reason = said(one.note.code, {"value": one.value, **one.note.params})
    return Rejection(kind=kind, sheet=one.sheet, row=one.row, column=one.column, value=one.value, reason=reason)


def received_of(one: Received) -> ReceivedFile:
    """Return what became of a file as it goes over the wire."""
    return ReceivedFile(taken=_taken(one.taken) if one.taken else None, waiting_id=one.upload_id)


def _taken(found: order_files.Taken) -> Taken:
    imported = found.imported
    return Taken(
        file_id=found.file_id,
        again=found.again,
        sha256=imported.sha256,
        rows_in=imported.rows_in,
        accepted=imported.accepted,
        rejected=imported.rejected,
        ignored=imported.ignored,
        ignored_by_reason=imported.ignored_by_reason,
        rejections=[defect("rejected", one) for row in imported.rejected_rows for one in row],
        warnings=[defect("warning", one) for one in imported.warnings],
    )


def _row(one: FoundRow) -> SheetRow:
    return SheetRow(
        sheet=one.sheet,
        row=one.number,
        cells=dict(one.cells),
        rejected=one.rejected,
        mended_in=one.mended_in,
        wrong=[_rejection(each) for each in one.bad],
    )


def _rejection(one: BadCell) -> Rejection:
    params: Mapping[str, str] = {"value": one.value, **one.params}
    return Rejection(
        kind=one.kind,
        sheet=one.sheet,
        row=one.row,
        column=one.column,
        value=one.value,
        reason=said(one.code, params),
    )


def _layout(one: SavedProfile) -> SavedLayout:
    return SavedLayout(
        name=one.name,
        saved_by=one.saved_by,
        saved_at=one.saved_at,
        columns=dict(one.profile.columns),
        widths=dict(one.profile.widths),
        dates={kind.value: meaning for kind, meaning in one.profile.dates.items()},
        values={field: dict(words) for field, words in one.profile.values.items()},
    )
