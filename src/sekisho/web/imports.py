"""Import 発令の取込: what was taken? The files, how to begin, and what waits; one file's sheet is `import_files`'."""

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OrderStatus, Role
from sekisho.core.visibility import Depth, FactKind
from sekisho.http.problems import status_of
from sekisho.intake.order_words import NAMES, REQUIRED
from sekisho.reports import order_sheets as written
from sekisho.reports.order_sheets import SheetLine
from sekisho.reports.sheets import XLSX
from sekisho.services import installation, jobs, manifests, order_files, order_uploads, profiles
from sekisho.services.jobs import NewJob
from sekisho.services.order_files import FileLine, Taken
from sekisho.services.order_import import OrderRequest
from sekisho.services.order_uploads import Received
from sekisho.web.forms import sentence
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, asked_of, page_rows, table
from sekisho.web.words import moment, number, say

NUMBERS = ("rows_in", "accepted", "ignored")
SAMPLE_FIELDS = (
    "order_no",
    "company",
    "employee_no",
    "name",
    "effective_date",
    "order_type",
    "from_unit",
    "to_unit",
    "title",
    "post_kind",
    "status",
    "note",
)
_SAMPLE = (
    ("2027-0001", "HN", "0012345", "山田 太郎", "2027/4/1", "異動", "N100", "N200", "課長", "本務", "内示", ""),
    ("2027-0002", "HN", "0012346", "佐藤 花子", "令和9年4月1日", "兼務", "", "N300", "主任", "兼務", "内示", ""),
)


@page("imports", "imports", needs=(FactKind.ORDER_FILE,), least=Depth.COUNT, acts=("take", "check"))
def imports(request: Request) -> HttpResponse | Shown:
    """List the files; take one in, have all orders checked."""
    errors, status = dict[str, str](), 200
    if request.method == "POST":
        try:
            return _do(request)
        except SekishoError as error:
            errors = {"profile" if error.code == "profiles.not_there" else "file": sentence(error)}
            status = status_of(error)
    caller = request.caller
    shown, last = _files(request)
    may = may_import(request)
    context = {
        "errors": errors,
        "last": last,
        "open_rows": order_files.open_rows(actor=caller.actor, now=caller.now),
        "may_import": may,
        **(_choices(request) if may else {}),
        "waiting": order_uploads.all_waiting(actor=caller.actor) if may else (),
        "checks": _checks(request) if may else (),
        "columns": [(names[0], key, names[1:], key in REQUIRED) for key, names in NAMES.items()],
        "movers": manifests.signed_lists(actor=caller.actor, now=caller.now)[:1],
    }
    return Shown("imports/imports.html", context, (shown,), status=status)


@page("imports/sample", "import_sample", needs=(FactKind.ORDER_FILE,), least=Depth.COUNT)
def import_sample(request: Request) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    """Give a sheet that is read as it is: its columns, the needed ones bold, and two made-up rows."""
    headers = [NAMES[field][0] for field in SAMPLE_FIELDS]
    bold = [place for place, field in enumerate(SAMPLE_FIELDS) if field in REQUIRED]
    lines = [SheetLine(cells) for cells in _SAMPLE]
    return workbook_answer(
        written.workbook(title=say("page_imports.sample_sheet"), headers=headers, lines=lines, bold=bold),
        "sekisho-orders.xlsx",
    )


def _choices(request: Request) -> dict[str, object]:
    """Return what the form offers, and what was chosen where it comes back."""
    known = profiles.listed(actor=request.caller.actor, now=request.caller.now)
    status = [("", "file"), ("draft", "draft"), ("final", "final")]
    kinds = [("", "orders"), ("snapshot", "snapshot")]
    return {
        "statuses": [(value, *_words(f"status_{word}")) for value, word in status],
        "kinds": [(value, *_words(f"kind_{word}")) for value, word in kinds],
        "profiles": [("", say("page_imports.no_profile")), *((one.name, one.name) for one in known)],
        "profile_label": say("page_imports.profile"),
        "profile_help": say("page_imports.profile_help"),
        "chosen": {name: request.POST.get(name, "") for name in ("status", "kind", "profile", "look")},
    }


def _words(name: str) -> tuple[str, str]:
    return say(f"page_imports.{name}"), say(f"page_imports.{name}_note")


def workbook_answer(content: bytes, name: str) -> HttpResponse:
    """Return a workbook to be saved."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _do(request: Request) -> HttpResponse:
    caller, posted = request.caller, request.POST
    if request.act == "check":
        asked = NewJob(jobs.CHECK, f"check {caller.now.isoformat()}", {}, caller.now)
        jobs.enqueue(actor=caller.actor, now=caller.now, asked=asked)
        messages.success(request, say("page_imports.check_asked"))
        return redirect("imports")
    name, content = sent_file(request)
    status = {"draft": OrderStatus.DRAFT, "final": OrderStatus.FINAL}.get(posted.get("status", ""))
    wanted = OrderRequest(name, content, caller.now, status, posted.get("profile") or None)
    received = order_uploads.receive(
        actor=caller.actor,
        now=caller.now,
        request=wanted,
        snapshot=posted.get("kind") == "snapshot",
        look=bool(posted.get("look")),
    )
    return led_on(request, received)


class NoFile(SekishoError):
    """The form came without a file."""


def sent_file(request: Request) -> tuple[str, bytes]:
    """Return the name and content of the file that came with the form.

    Raises:
        NoFile
    """
    sent = request.FILES.get("file")
    if not isinstance(sent, UploadedFile) or not sent.name:
        raise NoFile("page_imports.no_file")
    return sent.name, sent.read()


def led_on(request: Request, received: Received) -> HttpResponse:
    """Lead to what became of a file: its page, or the page on which it waits."""
    if received.upload_id is not None:
        return redirect("import_waiting", upload_id=received.upload_id)
    if received.taken is None:
        return redirect("imports")
    tell(request, received.taken)
    made = received.taken.file_id
    return redirect("import_file", file_id=made) if made is not None else redirect("imports")


def tell(request: Request, taken: Taken) -> None:
    """Say what was taken, or that nothing is new."""
    imported = taken.imported
    facts = {"n": number(imported.accepted), "rejected": number(imported.rejected), "ignored": number(imported.ignored)}
    if taken.again:
        messages.warning(request, say("page_imports.again", total=number(imported.rows_in), **facts))
        return
    level = messages.success if not imported.rejected else messages.warning
    level(request, say("page_imports.taken", total=number(imported.rows_in), **facts))


def may_import(request: Request) -> bool:
    """Tell whether the reader takes files in."""
    today = installation.today(now=request.caller.now)
    return any(request.caller.actor.has(role, on=today) for role in (Role.HR, Role.COMPLIANCE))


def _checks(request: Request) -> tuple[jobs.JobShown, ...]:
    found = jobs.own(actor=request.caller.actor, now=request.caller.now, kind=jobs.CHECK, about={})
    return (found,) if found is not None else ()


def _files(request: Request) -> tuple[Table, FileLine | None]:
    """Return the table of files and the newest of them; pages are turned by the service."""
    caller, asked = request.caller, asked_of(request, "files")
    found, total = order_files.files(
        actor=caller.actor,
        now=caller.now,
        words=asked.words,
        sort=asked.sort,
        first=(asked.page - 1) * page_rows(request),
        size=page_rows(request),
    )
    newest = found if not asked.words and not asked.sort and asked.page == 1 else None
    if newest is None:
        newest, _ = order_files.files(actor=caller.actor, now=caller.now)
    columns = [Column("name", say("page_imports.file")), Column("at", say("page_imports.received"), "moment")]
    columns += [Column("by", say("page_imports.by"))]
    columns += [Column(name, say(f"page_imports.{name}"), "number") for name in NUMBERS]
    columns += [Column("open", say("page_imports.open"), "number")]
    shown = table(
        request,
        "files",
        caption=say("page_imports.files"),
        columns=columns,
        rows=[_line(one) for one in found],
        empty=say("page_imports.none_found" if asked.words else "page_imports.empty"),
        total=total,
    )
    return shown, newest[0] if newest else None


def _line(one: FileLine) -> Row:
    href = reverse("import_file", kwargs={"file_id": one.id}) if one.readable else ""
    kind = say("page_imports.kind_snapshot") if one.kind == order_files.SNAPSHOT else ""
    mended = say("page_imports.mended_n", n=number(one.mended)) if one.mended else ""
    return Row(
        (
            Cell(one.name, one.name, href=href, note=kind),
            Cell(one.received_at, moment(one.received_at)),
            Cell(one.actor),
            *(Cell(value, number(value)) for value in (one.rows_in, one.accepted, one.ignored)),
            Cell(one.open, number(one.open), state="stop" if one.open else "", note=mended),
        ),
        href,
    )
