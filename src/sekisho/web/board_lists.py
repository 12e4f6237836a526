"""The board's people: each cause with what ends it and whom it waits for, and the list behind any number."""

from urllib.parse import urlencode

from django.urls import reverse

from sekisho.core.causes import Room
from sekisho.core.kinds import OperationState
from sekisho.services import board_people
from sekisho.services.board import Board
from sekisho.services.board_people import Changed, Group, Wanted
from sekisho.web import board_answers
from sekisho.web.pages import Request
from sekisho.web.tables import Cell, Column, Row, Table, asked_of, page_rows, table
from sekisho.web.words import moment, say, side_name

STATES = {
    OperationState.FAILED: "stop",
    OperationState.UNKNOWN: "unknown",
    OperationState.HELD: "wait",
    OperationState.INTENDED: "wait",
    OperationState.PLANNED: "wait",
    OperationState.APPLIED: "ok",
    OperationState.ALREADY: "ok",
}
KEYS = ("state", "person", "action", "side", "system", "entitlement", "why", "since")


def group(one: Group, request: Request, shown: Board) -> dict[str, object]:
    """Return one cause as the page shows it."""
    sentences = [reason(person) for person in one.people]
    alike = len(set(sentences)) == 1
    query = {"day": shown.day.isoformat(), "state": one.state.value, "side": one.side, "system": one.system}
    query["state"] = "waiting" if one.state.value in {"planned", "intended"} else one.state.value
    more = f"?{urlencode(query | {'cause': one.cause.name})}#list"
    room, room_href = _room(one, request, shown)
    return {
        "group": one,
        "state": STATES[one.state],
        "title": say(f"causes.{one.cause.name}"),
        "word": say("page_board.state_in_plan" if one.in_plan else f"page_board.state_{one.state.value}"),
        "side": side_name(one.side),
        "ends": say(f"causes.ends_{one.cause.name}"),
        "waits": say(f"causes.waits_{one.cause.waits.value}", side=side_name(one.side)),
        "why": sentences[0] if alike and sentences else "",
        "people": [(person, _person(request, person), "" if alike else why) for person, why in _paired(one, sentences)],
        "more": "" if one.in_plan or one.count <= len(one.people) else more,
        "rest": one.count - len(one.people),
        "room": room,
        "room_href": room_href,
    }


def _paired(one: Group, sentences: list[str]) -> list[tuple[Changed, str]]:
    return list(zip(one.people, sentences, strict=True))


def _room(one: Group, request: Request, shown: Board) -> tuple[str, str]:
    """Return the words and the address of where the cause ends, if the reader may go there."""
    room = one.cause.room
    words: dict[str, str] = {}
    if room is Room.BOARD or shown.line is None:
        return "", ""
    if room is Room.PLAN:
        words["sha256"] = shown.line.sha256
    if room is Room.SYSTEM:
        words["system"] = one.system
    href = board_answers.link(room.value, request, **words)
    if room is Room.SEASON and href:
        href += f"?day={shown.day.isoformat()}"
    return say(f"causes.room_{room.value}", system=one.system), href


def _person(request: Request, one: Changed) -> str:
    return board_answers.link("person", request, person=one.person_id)


def reason(one: Changed) -> str:
    """Return the code's own sentence about one person."""
    if not one.code:
        return ""
    words = {"person": one.name, "system": one.system, "entitlement": one.entitlement, "account": one.person_id}
    return say(one.code, **words, detail=one.detail, order_no=one.detail)


def operations(request: Request, shown: Board) -> Table | None:
    """Return the list behind a number, if the address asks for one."""
    words = {key: request.GET.get(key, "")[:300] for key in ("state", "side", "system", "phase", "cause")}
    if shown.line is None or shown.started_at is None or not any(words.values()):
        return None
    asked = asked_of(request, "operations")
    wanted = Wanted(words["state"], words["side"], words["system"], words["phase"], words["cause"], asked.words)
    size = page_rows(request)
    first = 0 if "sheet" in request.GET else (asked.page - 1) * size
    caller, sha256 = request.caller, shown.line.sha256
    found, total = board_people.listed(
        actor=caller.actor, now=caller.now, sha256=sha256, wanted=wanted, page=(first, first + size)
    )
    return table(
        request,
        "operations",
        caption=_caption(wanted),
        columns=[Column(key, say(f"page_board.{key}"), sortable=False) for key in KEYS],
        rows=[_row(request, one) for one in found],
        empty=say("page_board.none_listed"),
        total=total,
    )


def _caption(wanted: Wanted) -> str:
    """Return what the list is of: 送配電側 hn-operations 保留."""
    words = [side_name(wanted.side) if wanted.side else "", wanted.system]
    if wanted.phase in {"1", "2"}:
        words.append(say(f"page_board.phase_{wanted.phase}"))
    if wanted.state in board_people.SETS:
        words.append(say(f"page_board.set_{wanted.state}"))
    return say("page_board.listed", what=" ".join(filter(None, words)) or say("page_board.everything"))


def _row(request: Request, one: Changed) -> Row:
    href = reverse("person", kwargs={"person": one.person_id}) if _person(request, one) else ""
    return Row(
        (
            Cell(one.state.value, say(f"page_board.state_{one.state.value}"), state=STATES[one.state]),
            Cell(one.name, one.name, href=href, note=one.person_id),
            Cell(one.action, say(f"plans.action_{one.action}")),
            Cell(one.side, side_name(one.side)),
            Cell(one.system),
            Cell(one.entitlement, one.entitlement or "—"),
            Cell(one.code, reason(one) or "—"),
            Cell(one.since, moment(one.since)),
        )
    )
