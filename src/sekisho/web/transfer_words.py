"""A move's story in words: where it stands, what it waits for, each event with its facts, and the picture of it all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.urls import reverse
from django.utils import timezone

from sekisho.core.causes import Waits, cause
from sekisho.core.kinds import OrderStatus, Outcome
from sekisho.reports import transfer_lines
from sekisho.services.transfer_story import DONE, Event
from sekisho.services.transfers import Transfer
from sekisho.web import board_answers
from sekisho.web.board_answers import Said, Waiting
from sekisho.web.moves import OUTCOMES
from sekisho.web.pages import Request
from sekisho.web.words import day as written_day
from sekisho.web.words import moment, say, sentences, side_name

LANES = ("order", "plan", "switch", "verify")
LANE_OF = {"order": "order", "check": "order", "plan": "plan", "switch": "switch", "verify": "verify"}


@dataclass(frozen=True, slots=True)
class Item:
    """One event as the page shows it: its sentence, its facts in words, where more stands, and its evidence."""

    id: str
    event: Event
    says: str
    details: tuple[tuple[str, str], ...]
    href: str


def answer(found: Transfer, today: date) -> Said:
    """Return the state and the sentence: where the move stands."""
    done = sum(one.state in DONE for one in found.steps)
    facts: dict[str, object] = {"n": done, "total": len(found.steps), "findings": found.open_findings}
    coming = found.move.order.first_day > today
    if found.move.outcome in {Outcome.VIOLATION, Outcome.UNKNOWN, Outcome.NEEDS_REVIEW}:
        return OUTCOMES[found.move.outcome], "page_transfers.stands" if coming else "page_transfers.stood", facts
    if found.open_findings:
        return "stop", "page_transfers.has_findings", facts
    if not found.steps:
        return _without_steps(found, facts, coming=coming)
    if done < len(found.steps):
        return "wait", "page_transfers.under_way", facts
    clean = any(one.kind == "verified_clean" for one in found.events)
    if found.reads_findings and not clean:
        return "wait", "page_transfers.not_verified", facts
    return ("ok", "page_transfers.closed", facts) if clean else ("ok", "page_transfers.done", facts)


def _without_steps(found: Transfer, facts: dict[str, object], *, coming: bool) -> Said:
    if coming:
        return "wait", "page_transfers.to_come", facts
    if not found.reads_plans:
        return "ok", "page_transfers.in_force", facts
    return "ok", "page_transfers.nothing", facts


def waits(found: Transfer, request: Request, today: date) -> list[Waiting]:
    """Return what the move still waits for, and whom."""
    made = [*_before(found, request), *_access(found, request, today), *_after(found, request, today)]
    order = ("stop", "unknown", "wait")
    return sorted(made, key=lambda one: order.index(one.state))


def _before(found: Transfer, request: Request) -> list[Waiting]:
    made, move = [], found.move
    if move.order.status is OrderStatus.DRAFT:
        made.append(Waiting("wait", say("page_transfers.waits_final")))
    if move.hidden:
        return made
    standing = move.standing
    if standing == "unchecked":
        made.append(Waiting("unknown", say("page_transfers.waits_check"), board_answers.link("imports", request)))
    if standing in {"violation", "needs_review", "unknown"}:
        state = OUTCOMES[Outcome(standing)]
        made.append(Waiting(state, say(f"page_transfers.waits_{standing}"), "#verdict"))
    asked = [one for one in found.events if one.kind.startswith("exception_")]
    if asked and asked[-1].kind == "exception_requested":
        href = board_answers.link("exception", request, **asked[-1].about)
        made.append(Waiting("wait", say("page_transfers.waits_exception"), href, asked[-1].at))
    return made


def _access(found: Transfer, request: Request, today: date) -> list[Waiting]:
    """Return what the switch waits for: a plan, its approval, its day, and causes system by system."""
    if not found.reads_plans:
        return []
    kinds = {one.kind for one in found.events}
    coming = found.move.order.first_day >= today
    made = []
    if coming and "planned" not in kinds:
        made.append(Waiting("wait", say("page_transfers.waits_plan"), board_answers.link("plans", request)))
    if "planned" in kinds and not kinds & {"approved", "begun"}:
        plan = [one for one in found.events if one.kind == "planned"][-1]
        href = board_answers.link("plan", request, **plan.about)
        made.append(Waiting("wait", say("page_transfers.waits_approval"), href, plan.at))
    if coming and "approved" in kinds and "begun" not in kinds:
        made.append(Waiting("wait", say("page_transfers.waits_day", day=written_day(found.move.order.first_day))))
    return [*made, *_causes(found, begun="begun" in kinds)]


def _causes(found: Transfer, *, begun: bool) -> list[Waiting]:
    """Return a line for each cause for which access is not switched."""
    open_ones = [(cause(one.code, one.state), one) for one in found.steps if one.state not in DONE]
    made = []
    for why in dict.fromkeys(why for why, _ in open_ones):
        if why.waits is Waits.RUN and not begun:
            continue
        mine = [one for each, one in open_ones if each == why]
        whom = say(f"causes.waits_{why.waits.value}", side=side_name(mine[0].side))
        facts = {"n": len(mine), "total": len(found.steps), "why": say(f"causes.{why.name}")}
        says = sentences(say("page_transfers.waits_step", whom=whom, **facts), say(f"causes.ends_{why.name}"))
        states = {one.state.value for one in mine}
        state = "stop" if "failed" in states else "unknown" if "unknown" in states else "wait"
        made.append(Waiting(state, says, "#table-steps", min(one.changed_at for one in mine)))
    return made


def _after(found: Transfer, request: Request, today: date) -> list[Waiting]:
    made = []
    verified = any(one.kind.startswith("verified_") for one in found.events)
    if found.reads_findings and found.move.order.first_day <= today and not verified and found.steps:
        says = say("page_transfers.waits_verification")
        made.append(Waiting("unknown", says, board_answers.link("verification", request)))
    if found.open_findings:
        says = say("page_transfers.waits_findings", n=found.open_findings)
        made.append(Waiting("stop", says, board_answers.link("verification", request)))
    return made


def items(found: Transfer, request: Request) -> list[Item]:
    """Return each event in words; where more stands only if the reader may go there."""
    return [
        Item(
            f"e{number}",
            one,
            say(f"page_transfers.event_{one.kind}", **one.facts),
            tuple(
                (say(f"page_transfers.detail_{label}"), _value(label, value, found.move.name))
                for label, value in one.details
            ),
            _href(one, request),
        )
        for number, one in enumerate(found.events, start=1)
    ]


def _href(one: Event, request: Request) -> str:
    if not one.room or not board_answers.link(one.room, request, **one.about):
        return ""
    return reverse(one.room, kwargs=dict(one.about))


def _value(label: str, value: object, name: str) -> str:
    """Return a fact as people read it."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return written_day(value)
    if label == "side":
        return side_name(str(value))
    if isinstance(value, tuple):
        return _pair(label, value, name)
    return str(value) if value is not None else "—"


def _pair(label: str, value: tuple[object, ...], name: str) -> str:
    if label == "step":
        action, entitlement, state = value
        return f"{say(f'plans.action_{action}')} {entitlement or ''}：{say(f'page_transfers.state_{state}')}"
    if label == "deviation":
        kind, system, entitlement = value
        return f"{say(f'page_verification.kind_{kind}')} {system} {entitlement}"
    kind, params = value
    return say(f"findings.{kind}", **({**params, "person": name} if isinstance(params, dict) else {}))


def chapters(found: Sequence[Item]) -> list[tuple[str, list[Item]]]:
    """Return the items in their order, those of one stage that follow one another under one head."""
    return [
        (say(f"page_transfers.stage_{stage}"), list(mine))
        for stage, mine in groupby(found, lambda one: one.event.stage)
    ]


def picture(found: Transfer, told: Sequence[Item], today: date) -> str:
    """Return the picture of the move: from sixty days before its day to thirty after."""
    order = found.move.order
    marks = [
        transfer_lines.Mark(
            timezone.localtime(one.event.at).date(),
            LANE_OF[one.event.stage],
            one.event.state,
            f"#{one.id}",
            f"{moment(one.event.at)} {one.says}",
        )
        for one in told
    ]
    words = transfer_lines.Words(
        title=say("page_transfers.picture"),
        old=f"{say('page_transfers.old')}：{found.move.from_name or '—'}",
        new=f"{say('page_transfers.new')}：{found.move.to_name or '—'}",
        day=written_day(order.first_day),
        today=say("page_season.today"),
        lanes={name: say(f"page_transfers.lane_{name}") for name in LANES},
    )
    return transfer_lines.line(marks, day=order.first_day, today=today, words=words)
