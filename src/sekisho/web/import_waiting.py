"""A file of HR's that waits 取込待ち: for its columns to be named, for vanished people to be confirmed, or for time.

Naming the columns makes a mapping profile (`services.profiles`), so that the next file of that layout needs no word.
"""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import LAST_DAY_TYPES, OrderType
from sekisho.core.visibility import Depth, FactKind
from sekisho.http.problems import status_of
from sekisho.intake.order_sketch import Sketch
from sekisho.intake.order_words import CODES, CONCURRENT_UNIT, NAMES, REQUIRED, SNAPSHOT_REQUIRED
from sekisho.intake.profiles import IGNORE, Profile, parse
from sekisho.services import order_uploads, profiles
from sekisho.services.order_uploads import COLUMNS, VANISHED, Waiting
from sekisho.web import forms
from sekisho.web.forms import sentence
from sekisho.web.imports import led_on
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, asked_of, page_rows, table
from sekisho.web.words import language, say

WIDE_FIELDS = sorted(CODES - {CONCURRENT_UNIT})
MOST_COLUMNS = 80


class NoName(SekishoError):
    """A profile was to be saved without a name."""


@page(
    "imports/waiting/<int:upload_id>",
    "import_waiting",
    needs=(FactKind.ORDER_FILE,),
    least=Depth.COUNT,
    acts=("look", "save", "gone", "drop"),
)
def import_waiting(request: Request, upload_id: int) -> HttpResponse | Shown:
    """Show what a file waits for, and take the answer."""
    caller, refusal, status = request.caller, "", 200
    if request.method == "POST" and request.act != "look":
        try:
            return _do(request, upload_id)
        except SekishoError as error:
            if error.code == "orders.unknown_upload":
                raise
            refusal, status = sentence(error), status_of(error)
    try:
        found = order_uploads.waiting(actor=caller.actor, now=caller.now, upload_id=upload_id)
    except order_uploads.UnknownUpload:
        made = order_uploads.taken_by_work(actor=caller.actor, now=caller.now, upload_id=upload_id)
        if made is None:
            raise
        return redirect("import_file", file_id=made)
    context: dict[str, object] = {"upload": found, "refusal": refusal}
    tables: tuple[Table, ...] = ()
    if found.waits == COLUMNS:
        context |= _columns(request, found)
    elif found.waits == VANISHED:
        tables = (_vanished(request, found),)
    return Shown("imports/waiting.html", context, tables, status=status)


def _do(request: Request, upload_id: int) -> HttpResponse:
    caller, posted = request.caller, request.POST
    if request.act == "drop":
        order_uploads.drop(actor=caller.actor, now=caller.now, upload_id=upload_id)
        messages.success(request, say("page_imports.dropped"))
        return redirect("imports")
    profile = gone = None
    if request.act == "gone":
        written = forms.whole(posted.get("gone", "").strip(), digits=7)
        gone = -1 if written is None else written
    else:
        profile = posted.get("profile_name", "").strip()
        if not profile:
            raise NoName("page_imports.no_profile_name")
        mapping = parse(_document(posted))
        profiles.save(actor=caller.actor, now=caller.now, name=profile[:100], profile=mapping)
    received = order_uploads.go_on(actor=caller.actor, now=caller.now, upload_id=upload_id, profile=profile, gone=gone)
    return led_on(request, received)


def _document(posted: QueryDict) -> Mapping[str, object]:
    """Return the mapping that the form says, as a profile is written."""
    columns, words, widths, dates = {}, {}, {}, {}
    for place in range(MOST_COLUMNS):
        header, field = posted.get(f"header{place}", ""), posted.get(f"field{place}", "")
        if header and field:
            columns[header] = field
        word, value = posted.get(f"word{place}", ""), posted.get(f"value{place}", "")
        if word and value:
            words[word] = value
    for field in WIDE_FIELDS:
        width = posted.get(f"width_{field}", "").strip()
        if width:
            number = forms.whole(width, digits=3)
            widths[field] = width if number is None else number
    for kind in OrderType:
        meaning = posted.get(f"date_{kind.value}", "")
        if meaning and meaning != _usual(kind):
            dates[kind.value] = meaning
    return {"columns": columns, "widths": widths, "dates": dates, "values": {"order_type": words} if words else {}}


def _usual(kind: OrderType) -> str:
    return "last_day" if kind in LAST_DAY_TYPES else "first_day"


def _columns(request: Request, found: Waiting) -> dict[str, object]:
    """Return the columns with what each is read as, and everything that the form keeps."""
    caller, posted = request.caller, request.POST
    written = posted.get("header_row", "") or request.GET.get("header_row", "")
    row = forms.whole(written, digits=3)
    problem, profile = "", None
    if posted:
        try:
            profile = parse(_document(posted))
        except SekishoError as error:
            problem = sentence(error)
    sketch = order_uploads.look(actor=caller.actor, now=caller.now, upload_id=found.id, profile=profile, header_row=row)
    used = profile or profiles.load(name=found.profile or None, known_at=caller.now)
    return {
        "sketch": sketch,
        "problem": problem,
        "columns": _shown_columns(sketch, used, posted),
        "read_rows": _read_rows(sketch),
        "missing": [_field(name) for name in sketch.missing],
        "fields": [(name, _field(name)) for name in NAMES],
        "words": _shown_words(sketch, used),
        "types": [(kind.value, say(f"page_words.type_{kind.value}")) for kind in OrderType],
        "widths": [(name, _field(name), used.widths.get(name, "")) for name in WIDE_FIELDS],
        "dates": [_date(kind, used) for kind in sorted(LAST_DAY_TYPES)],
        "profile_name": posted.get("profile_name") or found.profile or found.name.rpartition(".")[0],
        "required": SNAPSHOT_REQUIRED if found.snapshot else REQUIRED,
        "looked": bool(posted),
    }


def _read_rows(sketch: Sketch) -> list[tuple[str, ...]]:
    """Return the first rows with the columns that are read."""
    return list(zip(*(one.cells for one in sketch.columns if one.field), strict=True))


def _shown_columns(sketch: Sketch, used: Profile, posted: QueryDict) -> list[dict[str, object]]:
    """Return each column with the field it is read as; what the form said stays as it said it."""
    said = {posted.get(f"header{place}", ""): posted.get(f"field{place}", "") for place in range(MOST_COLUMNS)}
    return [
        {
            "place": place,
            "header": one.header,
            "field": said.get(one.header) or one.field or used.columns.get(one.header, ""),
            "cells": one.cells,
        }
        for place, one in enumerate(sketch.columns[:MOST_COLUMNS])
    ]


def _shown_words(sketch: Sketch, used: Profile) -> list[tuple[int, str, str]]:
    known = used.values.get("order_type", {})
    words = dict.fromkeys([*known, *sketch.words])
    return [(place, word, known.get(word, "")) for place, word in enumerate(words)][:MOST_COLUMNS]


def _field(name: str) -> str:
    """Return a field's name as the reader's own language has it in HR's files."""
    if name == IGNORE:
        return say("page_imports.ignore")
    return NAMES[name][0] if language() == "ja" else name.replace("_", " ")


def _date(kind: OrderType, used: Profile) -> tuple[str, str, str]:
    return kind.value, say(f"page_words.type_{kind.value}"), used.dates.get(kind, _usual(kind))


def _vanished(request: Request, found: Waiting) -> Table:
    """Return who is not in the snapshot; the service turns the pages."""
    caller, asked = request.caller, asked_of(request, "vanished")
    size = page_rows(request)
    persons = order_uploads.vanished(
        actor=caller.actor, now=caller.now, upload_id=found.id, first=(asked.page - 1) * size, size=size
    )
    keys = ("person", "unit", "title", "company")
    return table(
        request,
        "vanished",
        caption=say("page_imports.vanished_list"),
        columns=[Column(key, say(f"page_imports.{key}"), sortable=False) for key in keys],
        rows=[
            Row(
                (
                    Cell(one.name or one.person_id, note=one.person_id),
                    Cell(one.unit),
                    Cell(one.title),
                    Cell(one.company),
                )
            )
            for one in persons
        ],
        empty=say("page_imports.none_vanish"),
        total=found.vanished,
    )
