"""Changes of the rules 規則の変更: whom one would affect, proposing it, approving it. A preview changes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import RuleKind, RuleType
from sekisho.core.rule_preview import Effect, Part
from sekisho.core.rules import Rule
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import changes_shown, installation, jobs, rule_changes, rule_drafts, rule_preview, rule_previews
from sekisho.services.changes_shown import ChangeShown
from sekisho.services.rule_drafts import Choices, Draft
from sekisho.services.rule_previews import GroupShown, MoveShown, Preview, UnitShown
from sekisho.services.verdicts import class_name
from sekisho.web import forms
from sekisho.web.forms import BadField
from sekisho.web.moves import OUTCOMES
from sekisho.web.pages import Request, Shown, exports, page
from sekisho.web.rule_words import STATES, change_rows, room_tabs, route_words, rule_text, type_word
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.waiting import joined, waits_words
from sekisho.web.words import day as written_day
from sekisho.web.words import language, moment, say, side_name

WRONG = {
    "rules.no_id": "rule",
    "rules.past_day": "start",
    "rules.no_classes": "from_classes",
    "rules.nothing_to_end": "ends",
    "rules.no_reason": "reason",
    "rules.no_text": "text_ja",
    "rules.version_there": "version",
}
MARKS = {rule_changes.PROPOSED: "wait", rule_changes.ADOPTED: "ok", rule_changes.WITHDRAWN: "wait"}
POSTS = ("from_post_classes", "to_post_classes", "to_status")
OLDEST_DAYS = 36_500


@page("rules/preview", "rules_preview", needs=(FactKind.VERDICT,), least=Depth.DETAIL, acts=("ask",))
def form(request: Request) -> HttpResponse | Shown:
    """Write a change and ask whom it would affect; `?rule=` starts from that rule, `?rule=&new=1` from nothing."""
    caller, errors = request.caller, {}
    given = request.POST if request.method == "POST" else request.GET
    if request.method == "POST":
        try:
            change = rule_drafts.change(draft=_draft(request.POST), now=caller.now)
            since = forms.needed_day(request.POST, "since")
            job = rule_preview.ask(actor=caller.actor, now=caller.now, change=change, since=since)
        except SekishoError as error:
            errors = forms.errors(error, WRONG)
        else:
            return redirect("rules_preview_result", job=job)
    offered = rule_drafts.choices(actor=caller.actor, now=caller.now, rule_id=given.get("rule", ""))
    writes = bool(errors) or "rule" in given or "new" in given
    context = {
        "room_tabs": room_tabs(request, "rules_preview"),
        "rules": [(one, type_word(one.type), STATES[one.type], rule_text(one)) for one in offered.rules],
        "may_ask": jobs.may(actor=caller.actor, kind=jobs.PREVIEW, now=caller.now),
        "writes": writes,
        "posted": request.POST if request.method == "POST" else None,
        "errors": errors,
        **_fields(request, offered),
    }
    return Shown("rules/preview_form.html", context, status=422 if errors else 200)


@page(
    "rules/preview/<int:job>", "rules_preview_result", needs=(FactKind.VERDICT,), least=Depth.DETAIL, acts=("propose",)
)
def result(request: Request, job: int) -> HttpResponse | Shown:
    """Show whom a change would affect, or how far the question is; propose the change."""
    caller, errors = request.caller, {}
    found = rule_previews.preview(actor=caller.actor, now=caller.now, job_id=job)
    if request.method == "POST":
        try:
            made = _propose(request, found)
        except SekishoError as error:
            errors = forms.errors(error, WRONG)
        else:
            messages.success(request, say("page_changes.proposed_now", rule=made.change.id))
            return redirect("rules_change", change=made.id)
    if request.htmx and request.GET.get("only") == "progress":
        answer = render(request, "rules/progress.html", {"found": found})
        if found.job.state not in {jobs.WAITING, jobs.RUNNING}:
            answer["HX-Refresh"] = "true"
        return answer
    state, sentence = _answer(found)
    context = {
        "room_tabs": room_tabs(request, "rules_preview"),
        "found": found,
        "state": state,
        "sentence": sentence,
        "rows": change_rows(found.was, found.change),
        "ends": found.change.period.start == found.change.period.end,
        "route": route_words(found.change),
        "coming": _counts(found, Part.COMING),
        "past": _counts(found, Part.PAST),
        "sitting": sum(one.before for one in found.units),
        "sitting_after": sum(one.after for one in found.units),
        "may_propose": found.is_done and _may_propose(request),
        "errors": errors,
        "posted": request.POST if request.method == "POST" else None,
    }
    tables = (_moves(request, found, Part.COMING), _moves(request, found, Part.PAST), _units(request, found))
    return Shown("rules/preview.html", context, tables if found.is_done else (), status=422 if errors else 200)


@page("rules/changes", "rules_changes", needs=(FactKind.RULE,), least=Depth.DETAIL)
def changes(request: Request) -> Shown:
    """List the proposed changes: which wait for whom, which were adopted."""
    caller = request.caller
    found = changes_shown.listed(actor=caller.actor, now=caller.now)
    waiting = [one for one in found if one.proposal.state == rule_changes.PROPOSED]
    keys = ("change", "change_state", "rule", "start", "reason", "proposed_by", "waits_for")
    shown = table(
        request,
        "changes",
        caption=say("page_changes.list"),
        columns=[Column(key, say(f"page_changes.{key}"), "day" if key == "start" else "text") for key in keys],
        rows=[_row(one) for one in found],
        empty=say("page_changes.empty"),
    )
    context = {
        "room_tabs": room_tabs(request, "rules_changes"),
        "total": len(found),
        "waiting": len(waiting),
        "mine": sum(one.may_approve for one in waiting),
    }
    return Shown("rules/changes.html", context, (shown,))


@page(
    "rules/changes/<int:change>",
    "rules_change",
    needs=(FactKind.RULE,),
    least=Depth.DETAIL,
    acts=("approve", "withdraw"),
)
def one_change(request: Request, change: int) -> HttpResponse | Shown:
    """Show a proposed change beside what holds; approve or withdraw it."""
    caller = request.caller
    if request.method == "POST":
        do = rule_changes.approve if request.act == "approve" else rule_changes.withdraw
        try:
            state = do(actor=caller.actor, now=caller.now, change_id=change)
        except rule_changes.UnknownChange:
            raise
        except SekishoError as error:
            messages.error(request, forms.sentence(error))
        else:
            messages.success(request, say(f"page_changes.now_{state.state}", rule=state.change.id))
        return redirect("rules_change", change=change)
    found = changes_shown.shown(actor=caller.actor, now=caller.now, change_id=change)
    context = {
        "room_tabs": room_tabs(request, ""),
        "found": found,
        "proposal": found.proposal,
        "mark": MARKS[found.proposal.state],
        "sentence": _standing(found),
        "rows": change_rows(found.proposal.was, found.proposal.change),
        "approvals": [(one, joined(side_name(side) for side in one.sides)) for one in found.approvals],
        "waiting": [waits_words(one) for one in found.waiting],
        "may_take": exports(caller, (FactKind.RULE,)),
        "preview": _again(found.proposal.change),
    }
    return Shown("rules/change.html", context)


def _draft(posted: QueryDict) -> Draft:
    return Draft(
        rule=posted.get("rule", "").strip(),
        kind=posted.get("kind", ""),
        type=posted.get("type", ""),
        from_classes=posted.getlist("from_classes"),
        to_classes=posted.getlist("to_classes"),
        neutral_stay_days=_number(posted, "neutral_stay_days"),
        lookback_days=_number(posted, "lookback_days"),
        reverse="reverse" in posted,
        ends="ends" in posted,
        start=forms.needed_day(posted, "start"),
        **_further(posted),
    )


def _further(posted: QueryDict) -> dict[str, Any]:
    """Return what the form asks for beside the classes: posts and companies, where it had their boxes, and texts."""
    lists = {key: posted.getlist(key) for key in POSTS} if "posts" in posted else {}
    return lists | {key: posted[key] for key in ("text_ja", "text_en", "source") if key in posted}


def _number(posted: QueryDict, field: str) -> int | None:
    written = posted.get(field, "").strip()
    if not written:
        return None
    number = forms.whole(written)
    if number is None or number > OLDEST_DAYS:
        raise BadField("page_errors.no_number", {"field": field, "value": written})
    return number


def _fields(request: Request, offered: Choices) -> dict[str, object]:
    """Return what the fields start from: what was typed, else the rule's version of today."""
    base, now, posted = offered.base, request.caller.now, request.POST
    typed = request.method == "POST"
    starts = set(posted.getlist("from_classes")) if typed else set(base.from_classes if base else ())
    goals = set(posted.getlist("to_classes")) if typed else set(base.to_classes if base else ())
    return {
        "base": base,
        "kinds": [(one.value, say(f"page_rules.kind_{one.value}")) for one in RuleKind],
        "types": [(one.value, type_word(one)) for one in RuleType],
        "starts": _boxes((*offered.from_classes, *offered.further), offered.to_classes, starts),
        "goals": _boxes((*offered.to_classes, *offered.further), offered.from_classes, goals),
        "reverse": "reverse" in posted if typed else bool(base and base.reverse),
        "ends": "ends" in posted,
        "posts": _posts(posted if typed else None, offered),
        "today": installation.today(now=now).isoformat(),
        "since": rule_changes.looked_back(now=now).isoformat(),
    }


def _boxes(first: tuple[str, ...], others: tuple[str, ...], chosen: set[str]) -> dict[str, list[tuple[str, str, bool]]]:
    """Return the classes that stand open and those that are folded away unless one of them is chosen."""

    def boxes(names: tuple[str, ...]) -> list[tuple[str, str, bool]]:
        return [(name, class_name(name, language()), name in chosen) for name in names]

    return {
        "open": boxes((*first, *(one for one in others if one in chosen))),
        "folded": boxes(tuple(one for one in others if one not in chosen)),
    }


def _posts(posted: QueryDict | None, offered: Choices) -> list[dict[str, Any]]:
    """Return the boxes of posts and companies, each list with its name and whether anything is chosen of it."""
    found = []
    for key in POSTS:
        words = offered.statuses if key == "to_status" else offered.post_classes
        before = getattr(offered.base, key) if offered.base else ()
        chosen = set(posted.getlist(key)) if posted is not None else {str(one) for one in before}
        say_key = "status" if key == "to_status" else "post"
        boxes = [(one.value, say(f"page_rules.{say_key}_{one.value}"), one.value in chosen) for one in words]
        found.append({"key": key, "title": say(f"page_changes.{key}"), "boxes": boxes, "open": bool(chosen)})
    return found


def _propose(request: Request, found: Preview) -> rule_changes.Proposal:
    caller, posted = request.caller, request.POST
    change = replace(
        found.change,
        version=forms.needed(posted, "version"),
        text_ja=posted.get("text_ja", "").strip(),
        text_en=posted.get("text_en", "").strip(),
        source=posted.get("source", "").strip(),
    )
    return rule_changes.propose(actor=caller.actor, now=caller.now, change=change, reason=posted.get("reason", ""))


def _may_propose(request: Request) -> bool:
    today = installation.today(now=request.caller.now)
    return any(request.caller.actor.has(role, on=today) for role in rule_changes.PROPOSERS)


def _answer(found: Preview) -> tuple[str, str]:
    """Return the state and the sentence: whom the change would affect."""
    facts: dict[str, object] = {"rule": found.change.id, "day": written_day(found.change.period.start)}
    if not found.is_done:
        failed = found.job.state in {jobs.FAILED, jobs.CANCELLED}
        return ("stop", say("page_changes.failed")) if failed else ("wait", say("page_changes.under_way", **facts))
    facts |= {
        "newly": found.count(Effect.NEWLY),
        "no_longer": found.count(Effect.NO_LONGER),
        "otherwise": found.count(Effect.OTHERWISE),
        "total": found.looked_at,
    }
    if not found.groups:
        return "ok", say("page_changes.nobody", **facts)
    return "wait", say("page_changes.affects", **facts)


def _counts(found: Preview, part: Part) -> list[tuple[str, str, int]]:
    states = {Effect.NEWLY: "stop", Effect.NO_LONGER: "ok", Effect.OTHERWISE: "wait"}
    return [
        (states[one.effect], say(f"page_changes.effect_{one.effect.value}"), one.count)
        for one in found.groups
        if one.part is part
    ]


def _moves(request: Request, found: Preview, part: Part) -> Table:
    keys = ("effect", "first_day", "person", "order", "before", "after", "why")
    kinds = {"first_day": "day", "why": "prose"}
    groups = [one for one in found.groups if one.part is part]
    total, listed = sum(one.count for one in groups), sum(len(one.moves) for one in groups)
    cut = say("page_changes.cut", listed=listed, total=total) if listed < total else ""
    return table(
        request,
        part.value,
        caption=say(f"page_changes.moves_{part.value}", n=total) + cut,
        columns=[Column(key, say(f"page_changes.{key}"), kinds.get(key, "text")) for key in keys],
        rows=[_move(group, one) for group in groups for one in group.moves],
        empty=say("page_changes.no_moves"),
    )


def _move(group: GroupShown, one: MoveShown) -> Row:
    href = f"/transfers/{quote(one.order_id, safe='/')}"
    effect = say(f"page_changes.effect_{group.effect.value}")
    before, after = (say(f"screening.outcome_{outcome.value}") for outcome in (one.before, one.after))
    return Row(
        (
            Cell(effect, effect),
            Cell(one.first_day, written_day(one.first_day)),
            Cell(one.name, one.name, href=href, note=one.person_id),
            Cell(one.order_no, note=say(f"page_words.status_{one.status}")),
            Cell(before, before, state=OUTCOMES[one.before]),
            Cell(after, after, state=OUTCOMES[one.after]),
            Cell(one.reason[language()]),
        ),
        href,
    )


def _units(request: Request, found: Preview) -> Table:
    keys = ("unit", "unit_side", "sit_before", "sit_after")
    return table(
        request,
        "units",
        caption=say("page_changes.units"),
        columns=[
            Column(key, say(f"page_changes.{key}"), "number" if key.startswith("sit") else "text") for key in keys
        ],
        rows=[_unit(one) for one in found.units],
        empty=say("page_changes.no_units"),
    )


def _unit(one: UnitShown) -> Row:
    href = reverse("unit", kwargs={"code": one.code})
    cells = Cell(one.name, one.name, href=href, note=one.code), Cell(one.side, side_name(one.side))
    return Row((*cells, Cell(one.before), Cell(one.after)), href)


def _row(one: ChangeShown) -> Row:
    proposal = one.proposal
    href = reverse("rules_change", kwargs={"change": proposal.id})
    waits = joined(waits_words(each) for each in one.waiting)
    word = say(f"page_changes.state_{proposal.state}")
    return Row(
        (
            Cell(proposal.id, say("page_changes.number", n=proposal.id), href=href),
            Cell(word, word, state=MARKS[proposal.state]),
            Cell(proposal.change.id, note=proposal.change.version),
            Cell(proposal.change.period.start, written_day(proposal.change.period.start)),
            Cell(proposal.reason),
            Cell(proposal.proposed_by, note=moment(proposal.proposed_at)),
            Cell(waits, waits or "—"),
        ),
        href,
    )


def _standing(found: ChangeShown) -> str:
    proposal = found.proposal
    facts: Mapping[str, object] = {
        "rule": proposal.change.id,
        "day": written_day(proposal.change.period.start),
        "at": moment(proposal.decided_at),
    }
    return say(f"page_changes.stands_{proposal.state}", **facts)


def _again(change: Rule) -> str:
    """Return where the same change can be previewed again; the form starts from the rule as it holds."""
    return f"{reverse('rules_preview')}?rule={quote(change.id)}"
