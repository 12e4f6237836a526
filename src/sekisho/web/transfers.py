"""One transfer: where does this move stand? Its time line, what the rules said, and the access that goes and comes."""

from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from sekisho.core.kinds import OperationState, Outcome
from sekisho.services import exceptions_shown, installation, transfers
from sekisho.services.transfers import Step, Transfer
from sekisho.web.moves import OUTCOMES
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, table
from sekisho.web.words import language, moment, say, side_name

DONE = {OperationState.APPLIED, OperationState.ALREADY}
STATES = {OperationState.FAILED: "stop", OperationState.UNKNOWN: "unknown"}


@page("transfers/<path:order>", "transfer", needs=())
def transfer(request: Request, order: str) -> Shown:
    """Show one move to whoever may know of it: both offices, HR, audit, the heads, the mover himself."""
    caller = request.caller
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
    state, code = _answer(found, installation.today(now=caller.now))
    facts = {
        "n": sum(one.state in DONE for one in found.steps),
        "total": len(found.steps),
        "findings": found.open_findings,
    }
    outcome = found.move.outcome
    context = {
        "transfer": found,
        "order": found.move.order,
        "state": state,
        "answer": say(code, **facts),
        "outcome_state": OUTCOMES[outcome] if outcome else "unknown",
        "outcome": say(f"screening.outcome_{outcome.value}") if outcome else say("page_season.unchecked"),
        "reason": found.reason[language()] if found.reason else "",
        "ask": _ask(found) if exceptions_shown.offers(actor=caller.actor, now=caller.now) else [],
        "events": [(one, say(f"page_transfers.event_{one.kind}", **one.facts)) for one in found.events],
    }
    return Shown("transfers/transfer.html", context, (steps,))


def _answer(found: Transfer, today: date) -> tuple[str, str]:
    """Return the state and the sentence: where the move stands."""
    if found.move.outcome in {Outcome.VIOLATION, Outcome.UNKNOWN, Outcome.NEEDS_REVIEW}:
        return OUTCOMES[found.move.outcome], "page_transfers.stands"
    if found.open_findings:
        return "stop", "page_transfers.has_findings"
    if found.steps and all(one.state in DONE for one in found.steps):
        return "ok", "page_transfers.done"
    if found.steps:
        return "wait", "page_transfers.under_way"
    return (
        ("wait", "page_transfers.to_come") if found.move.order.first_day > today else ("ok", "page_transfers.nothing")
    )


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
