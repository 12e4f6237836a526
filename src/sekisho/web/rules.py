"""Rules 自主規制: who may not move directly where, since when? The matrix of a day, its tabs, each rule over time."""

from django.http import HttpResponse
from django.urls import reverse

from sekisho.core.kinds import RuleType
from sekisho.core.rule_matrix import TYPES, Matrix
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import exceptions_shown, jobs, rule_changes, rules_shown, rules_toml
from sekisho.services.rules_shown import RuleHistory, RuleShown, RulesShown, UnitPlaced
from sekisho.services.verdicts import class_name
from sekisho.web import exceptions, forms
from sekisho.web.pages import Request, Shown, exports, page
from sekisho.web.rule_words import (
    STATES,
    change_words,
    classes_words,
    conditions,
    ends_words,
    room_tabs,
    route_words,
    rule_text,
    type_word,
    version_words,
)
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import day as written_day
from sekisho.web.words import language, say, side_name

NEEDS = (FactKind.RULE,)


@page("rules", "rules", needs=NEEDS)
def rules(request: Request) -> Shown:
    """Show the rules of today, or of `?day=`: the matrix, what changed, the rules, the units they speak of."""
    caller = request.caller
    found = rules_shown.rules(actor=caller.actor, now=caller.now, day=forms.day(request.GET, "day"))
    here = max((one.day for one in found.tabs if one.day <= found.day), default=None)
    context = {
        "room_tabs": room_tabs(request, "rules"),
        "found": found,
        "is_today": found.day == found.today,
        "tabs": [(one, one.day == here) for one in found.tabs],
        "changes": [change_words(one) for tab in found.tabs if tab.day == here for one in tab.changes],
        "answer": _answer(found),
        "by_type": [_type_words(kind, found) for kind in TYPES],
        "matrices": [_matrix(found.moves, "moves"), _matrix(found.posts, "posts")],
        "unclassified": found.unclassified,
        "unclassified_people": _people(found.unclassified),
        "may_take": exports(caller, NEEDS),
    }
    return Shown("rules/rules.html", context, (_rules(request, found), _units(request, found)))


@page("rules/rules.toml", "rules_toml", needs=NEEDS, least=Depth.DETAIL)
def toml(request: Request) -> HttpResponse:
    """Hand out rules.toml as the rules hold, with what was adopted on the site; `?change=` adds a proposal."""
    caller, asked, change = request.caller, request.GET.get("change", ""), None
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        change = rule_changes.proposal(actor=caller.actor, now=caller.now, change_id=int(asked)).change
    content = rules_toml.document(actor=caller.actor, now=caller.now, change=change)
    response = HttpResponse(content, content_type="application/toml")
    response["Content-Disposition"] = 'attachment; filename="rules.toml"'
    return response


@page("rules/rule/<path:rule>", "rule", needs=NEEDS)
def rule(request: Request, rule: str) -> Shown:
    """Show one rule with its versions and the exceptions to it."""
    caller = request.caller
    found = rules_shown.rule(actor=caller.actor, now=caller.now, rule_id=rule)
    excepted = [
        one for one in exceptions_shown.listed(actor=caller.actor, now=caller.now) if one.state.rule == found.id
    ]
    state, sentence = _standing(found)
    latest = found.current or found.versions[0]
    context = {
        "room_tabs": room_tabs(request, ""),
        "found": found,
        "latest": latest,
        "may_write": jobs.may(actor=caller.actor, kind=jobs.PREVIEW, now=caller.now),
        "state": state,
        "sentence": sentence,
        "versions": [_version(one) for one in found.versions],
        "approvers": [_approvers(one) for one in latest.approvers],
    }
    return Shown("rules/rule.html", context, (exceptions.listing(request, excepted),))


def _answer(found: RulesShown) -> tuple[str, str]:
    """Return the state and the sentence: which direct moves are stopped on the day, since when, by how many rules."""
    if not found.tabs:
        return "unknown", say("page_rules.empty")
    facts = {"day": written_day(found.day), "since": written_day(found.begins)}
    if not found.rules:
        return "unknown", say("page_rules.none_in_force", **facts)
    stops = found.moves.spoken_of(RuleType.LEGAL_STOP, RuleType.POLICY_STOP)
    code = "page_rules.stopped" if stops else "page_rules.nothing_stopped"
    said = say(code + ("_today" if found.day == found.today else ""), n=stops, total=found.moves.pairs, **facts)
    return ("stop" if stops else "wait"), said


def _type_words(kind: RuleType, found: RulesShown) -> dict[str, object]:
    """Return one type's own line: how many rules, how many pairs, and what the type means."""
    ruling = [one.rule for one in found.rules if one.rule.type is kind]
    facts = {"n": len(ruling), "pairs": found.moves.spoken_of(kind), "posts": found.posts.spoken_of(kind)}
    return {
        "state": STATES[kind] if ruling else "",
        "name": type_word(kind),
        "sentence": say(f"page_rules.type_{kind.value}", **facts) if ruling else say("page_rules.no_rule_of_type"),
    }


def _matrix(found: Matrix, name: str) -> dict[str, object]:
    goals = [class_name(one, language()) if one else say("page_rules.any") for one in found.goals]
    return {
        "name": name,
        "caption": say(f"page_rules.matrix_{name}"),
        "goals": goals,
        "rows": [
            (
                class_name(start, language()) if start else say("page_rules.any"),
                [
                    (goal, [(STATES[one.type], type_word(one.type), one.rules, one.since) for one in cell.marks])
                    for goal, cell in zip(goals, row, strict=True)
                ],
            )
            for start, row in zip(found.starts, found.rows, strict=True)
        ],
        "apart": [(STATES[one.type], type_word(one.type), one, route_words(one)) for one in found.apart],
        "empty": not found.apart and not any(cell.marks for row in found.rows for cell in row),
    }


def _people(units: tuple[UnitPlaced, ...]) -> int:
    return sum(one.people or 0 for one in units)


def _rules(request: Request, found: RulesShown) -> Table:
    keys = ("rule", "type", "text", "route", "conditions", "since", "until", "source", "approved")
    kinds = {"since": "day", "until": "day", "text": "prose", "route": "prose", "conditions": "prose"}
    return table(
        request,
        "rules",
        caption=say("page_rules.rules_of", day=written_day(found.day)),
        columns=[Column(key, say(f"page_rules.{key}"), kinds.get(key, "text")) for key in keys],
        rows=[_row(one) for one in found.rules],
        empty=say("page_rules.none_in_force", day=written_day(found.day)),
    )


def _row(one: RuleShown) -> Row:
    rule = one.rule
    href = reverse("rule", kwargs={"rule": rule.id})
    approved = " ".join(word for word in (rule.approved_by, written_day(rule.approved_on)) if word and word != "—")
    return Row(
        (
            Cell(rule.id, rule.id, href=href, note=version_words(one)),
            Cell(rule.type.value, type_word(rule.type), state=STATES[rule.type]),
            Cell(rule_text(rule), note=say(f"page_rules.kind_{rule.kind.value}")),
            Cell(route_words(rule)),
            Cell(conditions(one)),
            Cell(rule.period.start, written_day(rule.period.start)),
            Cell(rule.period.end, written_day(rule.period.end)),
            Cell(rule.source, rule.source or "—"),
            Cell(approved, approved or "—"),
        ),
        href,
    )


def _units(request: Request, found: RulesShown) -> Table:
    keys = ("class", "unit", "company", "unit_side", "people")
    return table(
        request,
        "units",
        caption=say("page_rules.units_of", day=written_day(found.day)),
        columns=[Column(key, say(f"page_rules.{key}"), "number" if key == "people" else "text") for key in keys],
        rows=[_unit(one) for one in found.units],
        empty=say("page_rules.no_units"),
    )


def _unit(one: UnitPlaced) -> Row:
    href = reverse("unit", kwargs={"code": one.code})
    said = say("page_rules.unclassified") if one.classes is None else classes_words(frozenset(one.classes))
    return Row(
        (
            Cell(said, said, state="unknown" if one.classes is None else ""),
            Cell(one.code, one.name, href=href, note=one.code),
            Cell(one.company),
            Cell(one.side or "", side_name(one.side)),
            Cell(one.people, "—" if one.people is None else str(one.people)),
        ),
        href,
    )


def _standing(found: RuleHistory) -> tuple[str, str]:
    if found.current is None:
        return "wait", say("page_rules.not_in_force", rule=found.id)
    rule = found.current.rule
    start, goal = ends_words(rule)
    facts = {"from": start, "to": goal, "since": written_day(rule.period.start), "version": rule.version}
    code = f"page_rules.says_{rule.type.value}_{rule.kind.value}"
    return STATES[rule.type], say(code, **facts)


def _version(one: RuleShown) -> dict[str, object]:
    start, goal = ends_words(one.rule)
    empty = one.rule.period.start == one.rule.period.until
    return {
        "shown": one,
        "rule": one.rule,
        "name": version_words(one),
        "type": type_word(one.rule.type),
        "state": STATES[one.rule.type],
        "start": start,
        "goal": goal,
        "conditions": conditions(one),
        "ended": empty,
    }


def _approvers(one: rules_shown.ApproversShown) -> tuple[str, str]:
    if one.persons is None:
        return side_name(one.side), say("page_rules.approvers_n", n=one.count)
    return side_name(one.side), "、".join(f"{name}（{person}）" for person, name in one.persons)
