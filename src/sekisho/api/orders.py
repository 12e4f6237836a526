"""Orders 発令の取込: HR's files, what was taken of them and what not; rejected rows mended; HR's signed list.

A file is sent as it is, as the body of the call; its name and how to read it stand in the address.
"""

from typing import Annotated

from ninja import Query
from pydantic import Field, Strict

from sekisho.api.calls import Request, call
from sekisho.api.jobs import Asked, asked_for
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Id, Moment, Name, Question, Said, Words, said
from sekisho.core.kinds import OrderStatus
from sekisho.core.visibility import Depth, FactKind
from sekisho.intake.defects import Defect
from sekisho.services import manifests, order_files, profiles
from sekisho.services.jobs import NewJob
from sekisho.services.order_files import BadCell
from sekisho.services.order_import import Imported, OrderRequest
from sekisho.services.profiles import SavedProfile

FILES = (FactKind.ORDER_FILE,)


class OrderFile(Answer):
    """A file of HR's: rows in = accepted + rejected + ignored."""

    id: int
    name: str
    received_at: Moment
    actor: str
    rows_in: int
    accepted: int
    rejected: int
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
    """A rejected row as it stands in the file, its cells by field."""

    sheet: str
    row: int
    cells: dict[str, str]


class OrderFileContent(Answer):
    """One file with its rejected rows; `stored` tells whether they can still be mended here."""

    file: OrderFile
    columns: list[SheetColumn]
    rows: list[SheetRow]
    rejections: list[Rejection]
    mended_by: list[OrderFile]
    stored: bool


class Taken(Answer):
    """What became of a file; `file_id` is null where it brought nothing new."""

    file_id: int | None
    sha256: str
    rows_in: int
    accepted: int
    rejected: int
    ignored: int
    ignored_by_reason: dict[str, int]
    rejections: list[Rejection]
    warnings: list[Rejection]


class MendedCell(Question):
    """What one cell of a rejected row should say."""

    sheet: Words = ""
    row: Annotated[int, Strict(), Field(ge=1, le=2**31 - 1, examples=[3])]
    field: Words = Field(examples=["employee_no"])
    value: Words = Field(examples=["00123456"])


class Mending(Question):
    """The cells to mend; the other cells of their rows stay as they are."""

    cells: list[MendedCell] = Field(min_length=1, max_length=10_000)


class Manifest(Answer):
    """HR's signed list of expected movers."""

    sha256: str
    movers: int
    signed_by: str
    signed_at: Moment
    rows_in: int
    ignored: int
    rejections: list[Rejection]


class SavedLayout(Answer):
    """A saved reading of one HR layout."""

    name: str
    saved_by: str
    saved_at: Moment
    columns: dict[str, str]


@call("GET orders/files", scope="orders:read", needs=FILES, least=Depth.COUNT)
def file_list(request: Request, paging: Query[Paging]) -> Listed[OrderFile]:
    """List the last files, the newest first."""
    found = order_files.files(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.id, made=OrderFile.model_validate)


@call("POST orders/files", scope="orders:write", needs=FILES, status=201, takes_file=True)
def file_take(request: Request, name: Name, status: OrderStatus | None = None, profile: Name | None = None) -> Taken:
    """Take a file in; `status` counts for rows that say none, `profile` names a saved layout."""
    caller = request.caller
    wanted = OrderRequest(name, request.body, caller.now, status, profile)
    imported, made = order_files.take(actor=caller.actor, now=caller.now, request=wanted)
    return _taken(imported, made)


@call("GET orders/files/{file_id}", scope="orders:read", needs=FILES)
def file_show(request: Request, file_id: Id) -> OrderFileContent:
    """Return one file with its rejected rows and the reasons."""
    found = order_files.file(actor=request.caller.actor, now=request.caller.now, file_id=file_id)
    return OrderFileContent(
        file=OrderFile.model_validate(found.line),
        columns=[SheetColumn(field=field, header=header) for field, header in found.columns],
        rows=[SheetRow(sheet=one.sheet, row=one.number, cells=dict(one.cells)) for one in found.rows],
        rejections=[_rejection(one) for one in found.bad],
        mended_by=[OrderFile.model_validate(one) for one in found.mended_by],
        stored=found.stored,
    )


@call("POST orders/files/{file_id}/mend", scope="orders:write", needs=FILES, status=201)
def file_mend(request: Request, file_id: Id, body: Mending) -> Taken:
    """Bring rejected rows again with some cells changed; they come in as a new file that names the first."""
    cells = {(one.sheet, one.row, one.field): one.value for one in body.cells}
    caller = request.caller
    imported, made = order_files.mend(actor=caller.actor, now=caller.now, file_id=file_id, cells=cells)
    return _taken(imported, made)


@call("POST orders/manifests", scope="orders:write", needs=FILES, status=201, takes_file=True)
def manifest_sign(request: Request, name: Name, profile: Name | None = None) -> Manifest:
    """Sign HR's list of expected movers in the caller's name; whoever is not on it is held by a plan's guards."""
    caller = request.caller
    signed = manifests.sign(actor=caller.actor, now=caller.now, name=name, content=request.body, profile=profile)
    return Manifest(
        sha256=signed.sha256,
        movers=signed.movers,
        signed_by=signed.signed_by,
        signed_at=signed.signed_at,
        rows_in=signed.rows_in,
        ignored=signed.ignored,
        rejections=[_defect("rejected", one) for one in signed.rejections],
    )


@call("POST orders/check", scope="orders:write", needs=FILES, status=202)
def order_check(request: Request) -> Asked:
    """Ask for a check of every order against the rules in force on its day."""
    now = request.caller.now
    return asked_for(request, NewJob("check", f"check {now.isoformat()}", {}, now))


@call("GET orders/profiles", scope="orders:read", needs=())
def profile_list(request: Request, paging: Query[Paging]) -> Listed[SavedLayout]:
    """List the saved layouts."""
    found = profiles.listed(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.name, made=_layout)


def _taken(imported: Imported, made: int | None) -> Taken:
    return Taken(
        file_id=made,
        sha256=imported.sha256,
        rows_in=imported.rows_in,
        accepted=imported.accepted,
        rejected=imported.rejected,
        ignored=imported.ignored,
        ignored_by_reason=imported.ignored_by_reason,
        rejections=[_defect("rejected", one) for row in imported.rejected_rows for one in row],
        warnings=[_defect("warning", one) for one in imported.warnings],
    )


def _rejection(one: BadCell) -> Rejection:
    reason = said(one.code, {"value": one.value, **one.params})
    return Rejection(kind=one.kind, sheet=one.sheet, row=one.row, column=one.column, value=one.value, reason=reason)


def _defect(kind: str, one: Defect) -> Rejection:
    reason = said(one.note.code, {"value": one.value, **one.note.params})
    return Rejection(kind=kind, sheet=one.sheet, row=one.row, column=one.column, value=one.value, reason=reason)


def _layout(one: SavedProfile) -> SavedLayout:
    return SavedLayout(name=one.name, saved_by=one.saved_by, saved_at=one.saved_at, columns=dict(one.profile.columns))
