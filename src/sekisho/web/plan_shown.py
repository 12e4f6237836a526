"""What stands on a plan's page: guards with what to do, differences in two columns, held grants by reason, outcomes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from sekisho.core import plan_groups
from sekisho.core.kinds import OperationState, PersonId, Side
from sekisho.core.plan_groups import Group, Way
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan
from sekisho.services import plan_reading
from sekisho.services import verification_runs as runs
from sekisho.services.plan_reading import Outcome, PlanRead
from sekisho.web.pages import Request
from sekisho.web.words import say, side_name

GUARDS = {"ok": "ok", "warn": "wait", "hold": "stop", "absent": "unknown"}
OUTCOMES = {
    OperationState.APPLIED: "ok",
    OperationState.ALREADY: "ok",
    OperationState.FAILED: "stop",
    OperationState.HELD: "wait",
    OperationState.UNKNOWN: "unknown",
}
FORMER = "former"
NAMED = 12
MOST_SHOWN = {Way.PERSON: 40, Way.ENTITLEMENT: 8, Way.SYSTEM: 8}
"""Operations of one group that its page shows; the rest is a filter away."""


@dataclass(frozen=True, slots=True)
class GuardShown:
    """A guard: its state, what it measured against what, what it says and what to do."""

    state: str
    name: str
    word: str
    measured: str
    limit: str
    says: str
    todo: str
    href: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the operations of one page name: persons, units, and what became of each, by id."""

    names: Mapping[str, str]
    units: Mapping[str, str]
    done: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class OperationShown:
    """One operation with everything that makes it: why, on what it rests, what became of it."""

    one: Operation
    what: str
    side: str
    person: str
    because: tuple[str, ...]
    rests_on: str
    outcome: str
    outcome_state: str
    trouble: str


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A person, entitlement or system: what goes and what comes, and each operation behind it."""

    title: str
    note: str
    href: str
    is_odd: bool
    goes: tuple[str, ...]
    comes: tuple[str, ...]
    held: tuple[str, ...]
    more: Mapping[str, int]
    operations: tuple[OperationShown, ...]
    hidden: int
    narrower: str
    orders: tuple[tuple[str, str], ...]


def guards(plan: Plan) -> list[GuardShown]:
    """Return what every guard says, those that want a look first."""
    order = {"hold": 0, "absent": 1, "warn": 2, "ok": 3}
    return [_guard(one) for one in sorted(plan.guards, key=lambda one: order[one.state])]


def _guard(guard: GuardResult) -> GuardShown:
    names = [
        *guard.persons,
        *guard.systems,
        *(f"{system}: {name}" for system, name in (*guard.entitlements, *guard.accounts)),
    ]
    some = "、".join(names[:NAMED]) + (say("page_plans.more", n=len(names) - NAMED) if len(names) > NAMED else "")
    code = guard.code.removeprefix("plans.guard_")
    loud = guard.state != "ok"
    measured = say(f"page_plans.measured_{guard.id}", n=guard.measured)
    return GuardShown(
        state=GUARDS[guard.state],
        name=say(f"plans.guard_{guard.id}"),
        word=say(f"plans.state_{guard.state}"),
        measured=measured if guard.measured != "-" else say("page_plans.measured_hidden"),
        limit=say(f"page_plans.limit_{guard.id}", limit=guard.limit or "?"),
        says=say(guard.code, measured=guard.measured, limit=guard.limit, names=some),
        todo=say(f"page_plans.do_{code}") if loud else "",
        href="?only=odd#changes" if guard.state in {"hold", "warn"} else "",
    )


def outcomes(counted: Mapping[tuple[Side, str], Mapping[OperationState, int]]) -> list[dict[str, object]]:
    """Return, by system, how many operations stand how."""
    return [
        {
            "side": side_name(side),
            "system": system,
            "total": sum(numbers.values()),
            "states": [
                (OUTCOMES.get(state, "wait"), say(f"page_plans.outcome_{state.value}"), n)
                for state, n in sorted(numbers.items())
            ],
        }
        for (side, system), numbers in sorted(counted.items())
    ]


def systems(plan: Plan) -> list[tuple[str, str, int, int, int, str]]:
    """Return a line for each part: side, system, how many go, come and wait, and the part's hash."""
    found = []
    for part in plan.parts:
        counted = Counter(one.phase for one in part.operations)
        words = (side_name(part.side), part.system)
        found.append((*words, counted[1], counted.total() - counted[1], len(part.held), part.sha256[:16]))
    return found


def paper_lines(groups: Sequence[Group], now: datetime) -> list[dict[str, object]]:
    """Return the persons of one paper: what goes, what comes, what waits."""
    names = runs.names(person_ids=[one.key[0] for one in groups], known_at=now)
    return [
        {
            "name": names.get(one.key[0], one.key[0]),
            "person": one.key[0],
            "odd": one.is_odd,
            "goes": _tokens(one.goes, Way.PERSON, {}),
            "comes": _tokens(one.comes, Way.PERSON, {}),
            "held": [f"{grant.system} {grant.entitlement}" for grant in one.held],
        }
        for one in groups
    ]


def shown(request: Request, cut: Sequence[Group], found: PlanRead, way: Way) -> list[GroupShown]:
    """Return the groups of one page with everything behind them: a fixed number of questions."""
    caller = request.caller
    operations = [one for group in cut for one in group.operations[: MOST_SHOWN[way]]]
    persons = {one.person_id for one in operations} | {one.person_id for group in cut for one in group.held[:NAMED]}
    facts = Facts(
        names=runs.names(person_ids=sorted(persons), known_at=caller.now),
        units=plan_reading.unit_names(operations=operations, now=caller.now),
        done=plan_reading.outcomes_of(
            actor=caller.actor, now=caller.now, sha256=found.line.sha256, ids=[one.id for one in operations]
        ),
    )
    movers = {PersonId(group.key[0]) for group in cut} if way is Way.PERSON else set()
    behind = _orders(request, found, movers)
    return [_group(one, way, facts, behind.get(one.key[0], ())) for one in cut]


def _orders(request: Request, found: PlanRead, movers: set[PersonId]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the orders behind the changes of each person, with where they are read whole."""
    if not movers:
        return {}
    caller = request.caller
    behind = plan_reading.orders_behind(actor=caller.actor, now=caller.now, plan=found.plan, persons=movers)
    return {
        person: tuple(
            (
                reverse("transfer", kwargs={"order": one.id}),
                say(
                    "page_plans.order",
                    no=one.key.order_no,
                    type=say(f"page_words.type_{one.order_type.value}"),
                    before=one.from_unit or "—",
                    after=one.to_unit or "—",
                ),
            )
            for one in some
        )
        for person, some in behind.items()
    }


def _group(
    one: Group,
    way: Way,
    facts: Facts,
    behind: tuple[tuple[str, str], ...],
) -> GroupShown:
    names = facts.names
    person = one.key[0] if way is Way.PERSON else ""
    return GroupShown(
        title=names.get(person, person) if person else " · ".join((one.key[1], *(one.key[2:] or ()))),
        note=person or side_name(one.key[0]),
        href=reverse("person", kwargs={"person": person}) if person else "",
        is_odd=one.is_odd,
        goes=_tokens(one.goes, way, names),
        comes=_tokens(one.comes, way, names),
        held=tuple(_held_token(grant, way, names) for grant in one.held[:NAMED]),
        more={"goes": len(one.goes), "comes": len(one.comes), "held": len(one.held)},
        operations=tuple(operation(part, facts) for part in one.operations[: MOST_SHOWN[way]]),
        hidden=max(0, len(one.operations) - MOST_SHOWN[way]),
        narrower="?" + urlencode({"by": Way.PERSON.value, "system": one.key[1]}) + "#changes" if not person else "",
        orders=behind,
    )


def _tokens(operations: Sequence[Operation], way: Way, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_token(one, way, names) for one in operations[:NAMED])


def _token(one: Operation, way: Way, names: Mapping[str, str]) -> str:
    what = one.entitlement or say(f"plans.action_{one.action.value}")
    who = names.get(one.person_id, one.person_id)
    return {Way.PERSON: f"{one.system} {what}", Way.ENTITLEMENT: who, Way.SYSTEM: f"{who} {what}"}[way]


def _held_token(one: HeldGrant, way: Way, names: Mapping[str, str]) -> str:
    who = names.get(one.person_id, one.person_id)
    what = {Way.PERSON: f"{one.system} {one.entitlement}", Way.ENTITLEMENT: who, Way.SYSTEM: f"{who} {one.entitlement}"}
    return what[way]


def operation(one: Operation, facts: Facts) -> OperationShown:
    """Return an operation with its reasons, its precondition and its outcome in words."""
    done, named = facts.done.get(one.id), {"system": one.system, "account": one.account, "entitlement": one.entitlement}
    return OperationShown(
        one=one,
        what=say(f"plans.action_{one.action.value}"),
        side=side_name(one.side),
        person=facts.names.get(one.person_id, one.person_id),
        because=tuple(because(word, facts.units) for word in one.because),
        rests_on=_rests_on(one),
        outcome=say(f"page_plans.outcome_{done.state.value}") if done else "",
        outcome_state=OUTCOMES.get(done.state, "wait") if done else "",
        trouble=say(done.error, detail=done.detail, **named) if done and done.error else "",
    )


def because(word: str, units: Mapping[str, str]) -> str:
    """Return why an operation is there: a bundle, a post, a grant, or none of them any more."""
    kind, _, name = word.partition(":")
    return say(f"plans.because_{kind}", name=f"{units[name]} {name}" if kind == "unit" and name in units else name)


def _rests_on(one: Operation) -> str:
    """Return the precondition in words: what must still be so when the operation runs."""
    way = "account" if not one.entitlement else "entitlement"
    there = say(f"page_plans.rests_{way}_{'there' if one.precondition.present else 'absent'}")
    version = say("page_plans.rests_version", version=one.precondition.version[:16]) if one.precondition.version else ""
    return there + version + say(f"page_plans.rests_by_{one.precondition.enforced_by}")


def held(plan: Plan, now: datetime) -> list[dict[str, object]]:
    """Return the held grants by reason: how many, whose, and who has to act."""
    reasons = plan_groups.held_by_reason(plan)
    persons = {one.person_id for _, some in reasons for one in some[: NAMED * 4]}
    names = runs.names(person_ids=sorted(persons), known_at=now)
    found = []
    for code, some in reasons:
        people = list(dict.fromkeys(one.person_id for one in some))
        orders = sorted({one.order_no for one in some if one.order_no})
        shown = "、".join(orders[:4]) + (say("page_plans.more", n=len(orders) - 4) if len(orders) > 4 else "")
        found.append(
            {
                "why": say(code, order_no=shown),
                "acts": say(f"page_plans.acts_{code.removeprefix('plans.held_')}"),
                "grants": len(some),
                "persons": len(people),
                "people": [(names.get(one, one), one) for one in people[:NAMED]],
                "more": max(0, len(people) - NAMED),
            }
        )
    return found
