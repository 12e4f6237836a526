"""Rules 自主規制・行為規制: who may not move directly where, since when; the matrix of any day, each rule over time."""

from typing import Annotated

from ninja import Query
from pydantic import Field, StringConstraints

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day
from sekisho.core.kinds import CompanyStatus, PostClass, RuleKind, RuleType, Side
from sekisho.core.rule_matrix import Matrix
from sekisho.core.rules import Rule as Found
from sekisho.core.visibility import FactKind
from sekisho.services import installation, rules_shown, rules_toml
from sekisho.services.rules_shown import RuleShown, Tab

RULES = (FactKind.RULE,)
RuleId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]


class RuleText(Answer):
    """What the rule says, in both languages as the company wrote it."""

    ja: str
    en: str


class Rule(Answer):
    """One version of one rule. Within a list: any of; between lists: all; an empty list: anything."""

    id: str
    version: str
    kind: RuleKind
    type: RuleType
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")
    from_classes: list[str]
    to_classes: list[str]
    from_post_classes: list[PostClass]
    to_post_classes: list[PostClass]
    to_status: list[CompanyStatus]
    neutral_stay_days: int | None
    lookback_days: int | None
    reverse: bool
    text: RuleText
    source: str
    approved_by: str
    approved_on: Day | None


class Approvers(Answer):
    """Who may approve exceptions to a rule for one side; `persons` null: not the caller's to know."""

    side: str
    count: int
    persons: list[str] | None


class RuleInForce(Answer):
    """A version with the days that count for it, and who approves exceptions to it."""

    rule: Rule
    entered: bool
    stay_days: int
    lookback_days: int
    approvers: list[Approvers]


class RuleTab(Answer):
    """A day on which the rules in force change; `state` says whether its set is past, today's or to come."""

    day: Day
    state: str
    rules: list[str]


class RuleCell(Answer):
    """What is said of moves from one class of units to another."""

    from_class: str
    to_class: str
    rules: list[str]


class RulesOfDay(Answer):
    """The rules of one day; `begins` is the day since which just this set holds."""

    day: Day
    begins: Day | None
    tabs: list[RuleTab]
    rules: list[RuleInForce]
    moves: list[RuleCell]
    posts: list[RuleCell]


class RuleHistory(Answer):
    """One rule over time: its versions, the latest first."""

    id: str
    versions: list[RuleInForce]


class RulesFile(Answer):
    """rules.toml, as it would be put into the company folder."""

    toml: str


class PlacedUnit(Answer):
    """A unit with its classes on the day (null: unclassified, so unknown), and how many people sit there."""

    code: str
    name: str
    company: str
    side: Side | None
    classes: list[str] | None
    people: int | None


@call("GET rules", scope="rules:read", needs=RULES)
def rule_list(request: Request, day: Day | None = None) -> RulesOfDay:
    """Return the rules in force on a day, today where none is named, as a list and as a matrix of classes."""
    found = rules_shown.rules(actor=request.caller.actor, now=request.caller.now, day=day)
    return RulesOfDay(
        day=found.day,
        begins=found.begins,
        tabs=[
            RuleTab(day=one.day, state=one.state, rules=[each.rule.id for each in one.changes]) for one in found.tabs
        ],
        rules=[_shown(one) for one in found.rules],
        moves=_cells(found.moves),
        posts=_cells(found.posts),
    )


@call("GET rules/units", scope="rules:read", needs=RULES)
def rule_units(request: Request, paging: Query[Paging], day: Day | None = None) -> Listed[PlacedUnit]:
    """List the units of a day with the classes that rules speak of, unclassified ones first."""
    when = day or installation.today(now=request.caller.now)
    found = rules_shown.units(actor=request.caller.actor, now=request.caller.now, day=when)
    return listed(request, paging, found, key=lambda one: one.code, made=PlacedUnit.model_validate)


@call("GET rules/file", scope="rules:read", needs=RULES)
def rule_file(request: Request) -> RulesFile:
    """Return rules.toml as the rules hold, with what was adopted on the site."""
    return RulesFile(toml=rules_toml.document(actor=request.caller.actor, now=request.caller.now))


@call("GET rules/rule/{path:rule}", scope="rules:read", needs=RULES)
def rule_show(request: Request, rule: RuleId) -> RuleHistory:
    """Return one rule with all its versions."""
    found = rules_shown.rule(actor=request.caller.actor, now=request.caller.now, rule_id=rule)
    return RuleHistory(id=found.id, versions=[_shown(one) for one in found.versions])


def _shown(one: RuleShown) -> RuleInForce:
    return RuleInForce(
        rule=rule_of(one.rule),
        entered=one.entered,
        stay_days=one.stay_days,
        lookback_days=one.lookback_days,
        approvers=[
            Approvers(
                side=each.side,
                count=each.count,
                persons=[person for person, _ in each.persons] if each.persons is not None else None,
            )
            for each in one.approvers
        ],
    )


def _tab(one: Tab) -> RuleTab:
    return RuleTab(day=one.day, state=one.state, rules=[each.rule.id for each in one.changes])


def _cells(matrix: Matrix) -> list[RuleCell]:
    """Return the cells of which some rule speaks, row by row."""
    return [
        RuleCell(from_class=start, to_class=goal, rules=sorted({rule.id for mark in cell.marks for rule in mark.rules}))
        for start, row in zip(matrix.starts, matrix.rows, strict=True)
        for goal, cell in zip(matrix.goals, row, strict=True)
        if cell.marks
    ]


def rule_of(one: Found) -> Rule:
    """Return a version as it goes over the wire."""
    return Rule(
        id=one.id,
        version=one.version,
        kind=one.kind,
        type=one.type,
        start=one.period.start,
        end=one.period.end,
        from_classes=sorted(one.from_classes),
        to_classes=sorted(one.to_classes),
        from_post_classes=sorted(one.from_post_classes),
        to_post_classes=sorted(one.to_post_classes),
        to_status=sorted(one.to_status),
        neutral_stay_days=one.neutral_stay_days,
        lookback_days=one.lookback_days,
        reverse=one.reverse,
        text=RuleText(ja=one.text_ja, en=one.text_en),
        source=one.source,
        approved_by=one.approved_by,
        approved_on=one.approved_on,
    )
