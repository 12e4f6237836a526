"""Exceptions 例外承認: which hold, which wait for whom, until when; ask for one, approve, withdraw."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.services import exceptions as services
from sekisho.services import exceptions_shown, installation
from sekisho.services.exceptions_shown import ExceptionShown, Offer
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.rule_words import room_tabs
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.waiting import joined, waits_words
from sekisho.web.words import day as written_day
from sekisho.web.words import language, moment, say, side_name

FIELDS = ("rule", "person", "reason", "start", "end")
WRONG = {
    "exceptions.unknown_rule": "rule",
    "exceptions.no_network_approver": "rule",
    "exceptions.unknown_person": "person",
    "exceptions.no_reason": "reason",
    "exceptions.no_end": "end",
}
"""Beside which field an error stands; the others are about the whole form."""


@page("rules/exceptions", "exceptions", needs=(), acts=("ask",))
def exceptions(request: Request) -> HttpResponse | Shown:
    """List the exceptions that the reader may know of; ask for one, prefilled by `?rule=&person=&start=`."""
    caller, errors = request.caller, {}
    if request.method == "POST":
        try:
            made = services.request(actor=caller.actor, now=caller.now, asked=_asked(request))
        except SekishoError as error:
            errors = forms.errors(error, WRONG)
        else:
            messages.success(request, say("page_exceptions.asked", id=made.id))
            return redirect("exception", exception=made.id)
    found = exceptions_shown.listed(actor=caller.actor, now=caller.now)
    waiting = [one for one in found if one.state.state == services.REQUESTED]
    context = {
        "room_tabs": room_tabs(request, "exceptions"),
        "total": len(found),
        "in_force": sum(one.state.in_force for one in found),
        "waiting": len(waiting),
        "mine": sum(one.may_approve for one in waiting),
        "offers": [_offer(one) for one in exceptions_shown.offers(actor=caller.actor, now=caller.now)],
        "posted": _typed(request),
        "errors": errors,
    }
    return Shown("rules/exceptions.html", context, (listing(request, found),), status=422 if errors else 200)


@page("rules/exceptions/<str:exception>", "exception", needs=(), acts=("approve", "withdraw"))
def exception(request: Request, exception: str) -> HttpResponse | Shown:
    """Show one exception with its approvals; approve or withdraw it."""
    caller = request.caller
    if request.method == "POST":
        do = services.approve if request.act == "approve" else services.withdraw
        try:
            state = do(actor=caller.actor, now=caller.now, exception_id=exception)
        except services.UnknownException:
            raise
        except SekishoError as error:
            messages.error(request, forms.sentence(error))
        else:
            messages.success(request, say(f"page_exceptions.now_{state.state}", id=state.id))
        return redirect("exception", exception=exception)
    found = exceptions_shown.shown(actor=caller.actor, now=caller.now, exception_id=exception)
    mark, sentence = standing(found)
    context = {
        "room_tabs": room_tabs(request, ""),
        "found": found,
        "state": found.state,
        "mark": mark,
        "sentence": sentence,
        "approvals": [(one, joined(side_name(side) for side in one.sides)) for one in found.approvals],
        "waiting": [waits_words(one) for one in found.waiting],
        "requested_by": _requester(found),
    }
    return Shown("rules/exception.html", context)


def listing(request: Request, found: Sequence[ExceptionShown]) -> Table:
    """Return a table of exceptions, each leading to its own page."""
    keys = ("exception", "state", "person", "rule", "start", "end", "reason", "requested_by", "approvals", "waits_for")
    kinds = {"start": "day", "end": "day"}
    return table(
        request,
        "exceptions",
        caption=say("page_exceptions.list"),
        columns=[Column(key, say(f"page_exceptions.{key}"), kinds.get(key, "text")) for key in keys],
        rows=[_row(one) for one in found],
        empty=say("page_exceptions.empty"),
    )


def standing(one: ExceptionShown) -> tuple[str, str]:
    """Return an exception's mark and its state in words: waiting is not approved, approved is not always in force."""
    state = one.state
    if state.state == services.APPROVED and not state.in_force:
        return "wait", say("exceptions.state_over")
    marks = {services.REQUESTED: "wait", services.APPROVED: "ok", services.WITHDRAWN: "wait"}
    return marks[state.state], say(f"exceptions.state_{state.state}")


def _row(one: ExceptionShown) -> Row:
    state, (mark, word) = one.state, standing(one)
    href = reverse("exception", kwargs={"exception": state.id})
    given = joined(f"{each.by}（{'・'.join(side_name(side) for side in each.sides)}）" for each in one.approvals)
    return Row(
        (
            Cell(state.id, state.id, href=href),
            Cell(word, word, state=mark),
            Cell(one.name, one.name, href=reverse("person", kwargs={"person": state.person_id}), note=state.person_id),
            Cell(state.rule, state.rule, href=reverse("rule", kwargs={"rule": state.rule})),
            Cell(state.start, written_day(state.start)),
            Cell(state.end, written_day(state.end)),
            Cell(state.reason),
            Cell(_requester(one), note=moment(one.asked_at)),
            Cell(given.replace("（）", ""), given.replace("（）", "") or "—"),
            Cell(
                joined(waits_words(each) for each in one.waiting),
                joined(waits_words(each) for each in one.waiting) or "—",
            ),
        ),
        href,
    )


def _requester(one: ExceptionShown) -> str:
    asked_by = one.state.requested_by
    return say("page_exceptions.from_folder") if asked_by.startswith("folder:") else asked_by


def _offer(one: Offer) -> tuple[str, str]:
    text = (one.text_ja or one.text_en) if language() == "ja" else (one.text_en or one.text_ja)
    return one.rule, f"{one.rule} · {text}" if text else one.rule


def _asked(request: Request) -> services.Request:
    caller, posted = request.caller, request.POST
    person = exceptions_shown.find_person(actor=caller.actor, now=caller.now, words=posted.get("person", ""))
    start, end = forms.needed_day(posted, "start"), forms.needed_day(posted, "end")
    return services.Request(posted.get("rule", ""), person, posted.get("reason", ""), start, end)


def _typed(request: Request) -> dict[str, str]:
    given: QueryDict = request.POST if request.method == "POST" else request.GET
    typed = {name: given.get(name, "").strip()[:300] for name in FIELDS}
    typed["start"] = typed["start"] or installation.today(now=request.caller.now).isoformat()
    return typed
