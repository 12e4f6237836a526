"""One transfer: where does this move stand? What waits for whom, its picture, its story, the access it changes."""

from urllib.parse import urlencode

from django.urls import reverse

from sekisho.core.kinds import OperationState
from sekisho.services import exceptions_shown, installation, transfers
from sekisho.services.transfer_story import Step
from sekisho.services.transfers import Transfer
from sekisho.web import transfer_words
from sekisho.web.moves import STATES as STANDINGS
from sekisho.web.moves import standing_word
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, table
from sekisho.web.words import language, moment, say, side_name

DONE = {OperationState.APPLIED, OperationState.ALREADY}
STATES = {OperationState.FAILED: "stop", OperationState.UNKNOWN: "unknown"}


@page("transfers/<path:order>", "transfer", needs=())
def transfer(request: Request, order: str) -> Shown:
    """Show one move to whoever may know of it: both offices, HR, audit, the heads, the mover himself."""
    caller = request.caller
    today = installation.today(now=caller.now)
    found = transfers.transfer(actor=caller.actor, now=caller.now, order_id=order)
    keys = ("way", "side", "system", "entitlement", "state", "changed")
    steps = table(
        request,
        "steps",
        caption=say("page_transfers.steps"),
        columns=[Column(key, say(f"page_transfers.{key}")) for key in keys],
        rows=[_row(one) for one in found.steps],
        empty=say("page_transfers.no_steps"),
    )
    state, code, facts = transfer_words.answer(found, today)
    items = transfer_words.items(found, request)
    context = {
        "transfer": found,
        "order": found.move.order,
        "state": state,
        "answer": say(code, **facts),
        "waits": transfer_words.waits(found, request, today),
        "picture": transfer_words.picture(found, items, today),
        "chapters": transfer_words.chapters(items),
        "outcome_state": STANDINGS[found.move.standing],
        "outcome": standing_word(found.move.standing),
        "reason": found.reason[language()] if found.reason else "",
        "ask": _ask(found) if exceptions_shown.offers(actor=caller.actor, now=caller.now) else [],
        "opened": "print" in request.GET,
    }
    return Shown("transfers/transfer.html", context, (steps,), prints=True)


def _ask(found: Transfer) -> list[tuple[str, str]]:
    """Return each rule that the move falls under with the address of its request for an exception, filled in."""
    order = found.move.order
    facts = {"person": order.person_id, "start": order.first_day.isoformat()}
    return [(rule, f"{reverse('exceptions')}?{urlencode({'rule': rule, **facts})}#ask") for rule in found.stopped_by]


def _row(one: Step) -> Row:
    state = "ok" if one.state in DONE else STATES.get(one.state, "wait")
    facts = {"detail": one.detail, "order_no": one.detail, "system": one.system, "entitlement": one.entitlement}
    return Row(
        (
            Cell(one.action, say(f"plans.action_{one.action}")),
            Cell(one.side, side_name(one.side)),
            Cell(one.system),
            Cell(one.entitlement, one.entitlement or "—"),
            Cell(
                one.state.value,
                say(f"page_transfers.state_{one.state.value}"),
                state=state,
                note=say(one.code, **facts) if one.code else "",
            ),
            Cell(one.changed_at, moment(one.changed_at)),
        )
    )
