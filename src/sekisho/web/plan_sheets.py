"""The differences on a plan's page: chosen, a page at a time; as they are taken away; against the plan before."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from sekisho.core import plan_groups
from sekisho.core.plan_changes import Change
from sekisho.core.plan_groups import Group, Only, Wanted, Way
from sekisho.services import plan_reading
from sekisho.services import verification_runs as runs
from sekisho.services.plan_reading import PlanRead
from sekisho.web import plan_shown
from sekisho.web.pages import Request
from sekisho.web.tables import Cell, Column, Row, Table, asked_of, page_rows, table
from sekisho.web.words import say, side_name

FORMER = "former"


def changes(request: Request, found: PlanRead) -> tuple[tuple[Table, ...], dict[str, object]]:
    """Return the tables that can be taken away, and what the page shows of the differences."""
    asked = request.GET
    way = asked.get("by", Way.PERSON.value)
    ways = [*(one.value for one in Way), *([FORMER] if found.former else [])]
    context: dict[str, object] = {
        "ways": [(one, say(f"page_plans.by_{one}")) for one in ways],
        "way": way if way in ways else Way.PERSON.value,
        "held_reasons": plan_shown.held(found.plan, request.caller.now),
    }
    if way == FORMER and found.former is not None:
        return (compared(request, found),), context
    shown, body = _grouped(request, found, Way(way) if way in {one.value for one in Way} else Way.PERSON)
    return (shown,), context | body


def _grouped(request: Request, found: PlanRead, way: Way) -> tuple[Table, dict[str, object]]:
    asked, size, now = asked_of(request, "changes"), page_rows(request), request.caller.now
    words = tuple(asked.words.casefold().split())
    only = request.GET.get("only", "")
    wanted = Wanted(
        side=request.GET.get("side", ""),
        system=request.GET.get("system", ""),
        only=Only(only) if only in set(Only) else Only.ALL,
        words=words,
        persons=plan_reading.persons_named(words=words, now=now) if way is Way.PERSON else frozenset(),
    )
    every = plan_groups.chosen(plan_reading.groups(plan=found.plan, way=way), wanted, found.odd)
    last = max(1, -(-len(every) // size))
    at = min(asked.page, last)
    cut = every[(at - 1) * size : at * size]
    shown = sheet(request, every, len(every), taken="sheet" in request.GET)
    parts = found.plan.parts
    return shown, {
        "groups": plan_shown.shown(request, cut, found, way) if "sheet" not in request.GET else (),
        "asked": asked,
        "wanted": wanted,
        "sides": sorted({(part.side, side_name(part.side)) for part in parts}),
        "systems": sorted({part.system for part in parts}),
        "onlys": [(one.value, say(f"page_plans.only_{one.value or 'all'}")) for one in Only],
        "pages": _pages(request, at, last),
        "first": (at - 1) * size + 1 if every else 0,
        "last": min(at * size, len(every)),
        "total": len(every),
        "narrowed": bool(words or wanted.side or wanted.system or wanted.only),
    }


def _pages(request: Request, at: int, last: int) -> dict[str, object]:
    rest = {name: str(value) for name, value in request.GET.items() if name != "changes_page"}

    def address(page: int) -> str:
        return "?" + urlencode({**rest, "changes_page": str(page)}) + "#changes" if 1 <= page <= last else ""

    return {"at": at, "last": last, "previous": address(at - 1), "next": address(at + 1) if at < last else ""}


def sheet(request: Request, every: Iterable[Group], total: int, *, taken: bool) -> Table:
    """Return the table that is taken away: a row for each operation and held grant of what is shown."""
    keys = ("person", "person_id", "side", "system", "account", "action", "entitlement", "because", "rests_on")
    columns = [Column(key, say(f"page_plans.{key}")) for key in (*keys, "restored", "outcome")]
    rows = _sheet_rows(request, every) if taken else []
    words = {"caption": say("page_plans.changes"), "columns": columns, "rows": rows, "empty": say("page_plans.nothing")}
    return table(request, "changes", total=total, **words)  # type: ignore[arg-type]  # each word has its own type


def _sheet_rows(request: Request, every: Iterable[Group]) -> list[Row]:
    some = list(every)
    persons = {one.person_id for group in some for one in group.operations}
    persons |= {one.person_id for group in some for one in group.held}
    names = runs.names(person_ids=sorted(persons), known_at=request.caller.now)
    units = plan_reading.unit_names(
        operations=(one for group in some for one in group.operations), now=request.caller.now
    )
    caller, sha256 = request.caller, request.path.rstrip("/").rpartition("/")[2]
    done = plan_reading.outcomes_of(actor=caller.actor, now=caller.now, sha256=sha256, ids=None)
    facts = plan_shown.Facts(names, units, done)
    rows = []
    for group in some:
        for one in group.operations:
            shown = plan_shown.operation(one, facts)
            why = "、".join(shown.because)
            words = (shown.person, one.person_id, shown.side, one.system, one.account, shown.what, one.entitlement)
            again = say("page_plans.restored") if one.restores else ""
            rows.append(Row(tuple(map(Cell, (*words, why, shown.rests_on, again, shown.outcome)))))
        for grant in group.held:
            who, what = names.get(grant.person_id, grant.person_id), say("plans.action_held")
            words = (who, grant.person_id, side_name(grant.side), grant.system, "", what, grant.entitlement)
            rows.append(Row(tuple(map(Cell, (*words, say(grant.code, order_no=grant.order_no), "", "", "")))))
    return rows


def compared(request: Request, found: PlanRead) -> Table:
    """Return what is other than in the plan before, person by person."""
    caller, asked, size = request.caller, asked_of(request, "compared"), page_rows(request)
    former = found.former.sha256 if found.former else ""
    every = plan_reading.compared(actor=caller.actor, now=caller.now, plan=found.plan, former=former)
    cut = every[(asked.page - 1) * size : asked.page * size]
    names = runs.names(person_ids=sorted({one.person_id for one in cut}), known_at=caller.now)
    keys = ("change", "person", "side", "system", "action", "entitlement")
    return table(
        request,
        "compared",
        caption=say("page_plans.compared"),
        columns=[Column(key, say(f"page_plans.{key}"), sortable=False) for key in keys],
        rows=[_compared_row(one, names) for one in cut],
        empty=say("page_plans.same_as_former"),
        total=len(every),
    )


def _compared_row(one: Change, names: Mapping[str, str]) -> Row:
    again = say("page_plans.needs_approval") if one.needs_approval else ""
    return Row(
        (
            Cell(one.kind.value, say(f"page_plans.change_{one.kind.value}"), note=again),
            Cell(names.get(one.person_id, one.person_id), note=one.person_id),
            Cell(side_name(one.side)),
            Cell(one.system),
            Cell(one.action.value, say(f"plans.action_{one.action.value}")),
            Cell(one.entitlement, one.entitlement or "—"),
        )
    )
