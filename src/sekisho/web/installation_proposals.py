"""What waits for a compliance office about the installation: roles, guarding parameters, renewed sign-ins. 確認待ち."""

from collections.abc import Sequence
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from sekisho.core.errors import SekishoError
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation_proposals as services
from sekisho.services.installation_proposals import Proposal
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.waiting import joined
from sekisho.web.words import day, say, side_name

MARKS = {"proposed": "wait", "adopted": "ok", "refused": "stop", "withdrawn": "wait"}
Line = tuple[Proposal, str, str, str, str]
"""A proposal with its mark, what it proposes, how it stands, and whose office it waits for."""


@page(
    "administration/proposals",
    "administration_proposals",
    needs=(FactKind.INSTALLATION,),
    least=Depth.DETAIL,
    acts=("approve", "refuse"),
)
def proposals(request: Request) -> HttpResponse | Shown:
    """List what was proposed; confirm or refuse it, as the compliance office that is asked."""
    caller, status = request.caller, 200
    if request.method == "POST":
        written = request.POST.get("proposal", "")
        do = services.approve if request.act == "approve" else services.refuse
        try:
            do(actor=caller.actor, now=caller.now, proposal_id=forms.whole(written) or 0)
        except SekishoError as error:
            messages.error(request, forms.sentence(error))
            status = 422
        else:
            messages.success(request, say("page_administration.saved"))
            return redirect("administration_proposals")
    found = services.proposals(actor=caller.actor, now=caller.now)
    waiting = sum(one.state == services.PROPOSED for one in found)
    context = {"tab": "proposals", "lines": lines(found), "waiting": waiting, "total": len(found)}
    return Shown("administration/proposals.html", context, status=status)


def waiting_lines(request: Request, *, subject: str | None = None, kind: str = "") -> list[Line]:
    """Return what waits, for the pages about a user or the parameters; a refused sign-in stands there as well."""
    found = services.proposals(actor=request.caller.actor, now=request.caller.now, subject=subject)
    rests = {services.PROPOSED}
    return lines([one for one in found if one.state in rests and (not kind or one.kind == kind)])


def lines(found: Sequence[Proposal]) -> list[Line]:
    """Return proposals in words."""
    return [
        (one, MARKS[one.state], _what(one), say(f"page_administration.proposal_{one.state}"), _whom(one))
        for one in found
    ]


def _what(one: Proposal) -> str:
    body = {name: str(value) for name, value in one.body.items()}
    if one.kind == services.SIGN_IN:
        return say("page_administration.proposed_sign_in", user=one.subject)
    start = day(date.fromisoformat(body["from"]))
    if one.kind == services.PARAMETER:
        value = one.body["value"]
        written = (
            say("page_administration.yes" if value else "page_administration.no") if isinstance(value, bool) else value
        )
        about = say(f"parameters.about_{one.subject}")
        return say(
            "page_administration.proposed_parameter", about=about, name=one.subject, value=str(written), start=start
        )
    end = say("page_account.no_end") if one.body.get("to") is None else day(date.fromisoformat(body["to"]))
    role, side = say(f"roles.{body['role']}"), side_name(body["side"])
    return say("page_administration.proposed_role", user=one.subject, role=role, side=side, start=start, end=end)


def _whom(one: Proposal) -> str:
    if not one.open_sides:
        return ""
    return say("page_administration.waits_office", sides=joined(side_name(side) for side in one.open_sides))
