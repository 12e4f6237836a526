"""Systems: what is there, what brings it, what each can do, how well each is read; who held it on a day."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache

from django.urls import reverse

from sekisho.core.holders import Holder
from sekisho.core.kinds import Basis
from sekisho.core.periods import Period, day_after
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import grants, installation, systems_shown, who
from sekisho.services import verification_runs as runs
from sekisho.services.systems_shown import Coverage, SystemReading, SystemShown
from sekisho.web import forms
from sekisho.web.grants import grants_table
from sekisho.web.pages import Request, Shown, page
from sekisho.web.people import BASES, because
from sekisho.web.tables import Cell, Column, Made, Row, Table, table
from sekisho.web.words import brings, moment, say, side_name, since
from sekisho.web.words import day as written_day

OLD = timedelta(days=2)
"""A read older than this says little about today."""
CHUNK = 500
_FLAGS = ("write", "read_back", "atomic_batch", "disables_accounts", "ends_sessions", "probes")
_GOOD = {"version", "value"}


@page("systems", "systems", needs=(FactKind.SYSTEM,), least=Depth.DETAIL)
def systems(request: Request) -> Shown:
    """List the systems with their last reads, and the manual grants."""
    caller = request.caller
    found = systems_shown.systems(actor=caller.actor, now=caller.now)
    unknown = [one for one in found if _state(one.read, caller.now) != "ok"]
    keys = ("system", "side", "protected", "connector", "read", "accounts", "entitlements")
    shown = table(
        request,
        "systems",
        caption=say("page_systems.systems"),
        columns=[Column(key, say(f"page_systems.{key}"), _kind(key)) for key in keys],
        rows=[_row(one, request) for one in found],
        empty=say("page_systems.empty"),
    )
    given = grants.grants(actor=caller.actor, now=caller.now)
    context = {
        "unknown": len(unknown),
        "total": len(found),
        "waiting": sum(one.state == grants.REQUESTED for one in given),
        "may_ask": grants.may_ask(actor=caller.actor, now=caller.now),
    }
    return Shown("systems/systems.html", context, (shown, grants_table(request, given)))


@page("systems/<str:system>", "system", needs=(FactKind.SYSTEM,), least=Depth.DETAIL)
def system(request: Request, system: str) -> Shown:
    """Show one system: how well it is read, what it can do, its entitlements and what brings them."""
    caller = request.caller
    found = systems_shown.system(actor=caller.actor, now=caller.now, system_id=system)
    cover = systems_shown.coverage(actor=caller.actor, now=caller.now, system_id=system)
    context = {
        "found": found,
        "side": side_name(found.side),
        "state": _state(found.read, caller.now),
        "cover": cover,
        "abilities": _abilities(found.read),
        "today": installation.today(now=caller.now),
    }
    tables = (_bundles(request, found), _entitlements(request, found, cover), _reads(request, cover))
    return Shown("systems/system.html", context, tables)


@page("systems/<str:system>/holders", "system_holders", needs=(FactKind.HOLDING,), least=Depth.DETAIL)
def system_holders(request: Request, system: str) -> Shown:
    """Show who should have held access on `?day=` and who was seen to, as known at the end of `?known=`."""
    caller = request.caller
    day = forms.day(request.GET, "day") or installation.today(now=caller.now)
    known, known_at = forms.known(request)
    period = Period(day, day_after(day))
    answer = who.who(actor=caller.actor, system=system, period=period, known_at=known_at, now=caller.now)
    persons = sorted({one.person_id for one in answer.holders if one.person_id})
    names: dict[str, str] = {}
    for start in range(0, len(persons), CHUNK):
        names |= runs.names(person_ids=persons[start : start + CHUNK], known_at=caller.now)
    context = {
        "system": system,
        "day": day,
        "known": known,
        "persons": len(persons),
        "nobodys": len({one.account for one in answer.holders if not one.person_id}),
        "numbers": [(BASES[one], one, sum(held.basis is one for held in answer.holders)) for one in Basis],
        "total": len(answer.holders),
        "ahead": known_at < installation.midnight(day=day, known_at=caller.now),
    }
    return Shown("systems/holders.html", context, (_holders(request, answer.holders, names),))


def _kind(key: str) -> str:
    return "number" if key in {"accounts", "entitlements", "seen_on"} else "text"


def _state(read: SystemReading | None, now: datetime) -> str:
    """Return how well the system is known: a read that failed, is partial or old is unknown."""
    return "ok" if read is not None and read.is_whole and now - read.at < OLD else "unknown"


def _read_said(read: SystemReading | None) -> str:
    if read is None:
        return say("page_systems.never")
    if read.is_whole:
        return moment(read.at)
    return say("page_systems.failed" if read.failure else "page_systems.partial", at=moment(read.at))


def _row(one: SystemShown, request: Request) -> Row:
    href, read, now = reverse("system", kwargs={"system": one.system.id}), one.read, request.caller.now
    return Row(
        (
            Cell(one.system.id, one.system.name, href=href, note=one.system.id),
            Cell(one.side, side_name(one.side)),
            Cell(say("page_systems.yes" if one.system.protected else "page_systems.no")),
            Cell(one.system.connector, say(f"page_systems.connector_{one.system.connector}")),
            Cell(
                read.at if read else None,
                _read_said(read),
                state=_state(read, now),
                note=since(read.at, now) if read else "",
            ),
            Cell(read.accounts if read else None),
            Cell(len(one.entitlements)),
        ),
        href,
    )


def _abilities(read: SystemReading | None) -> list[tuple[str, str]]:
    """Return what the target offered when it was last opened: (state, sentence); nothing where nobody has asked."""
    able = read.abilities if read else None
    if able is None:
        return []
    found = [
        (
            "ok" if able.get(name) else "wait",
            say(f"page_systems.can_{name}" if able.get(name) else f"page_systems.cannot_{name}"),
        )
        for name in _FLAGS
    ]
    precondition = str(able.get("precondition", "none"))
    found.append(("ok" if precondition in _GOOD else "wait", say(f"page_systems.precondition_{precondition}")))
    seconds = int(str(able.get("residual_seconds") or 0))
    if seconds:
        found.append(("wait", say("page_systems.residual", n=seconds // 60 or 1)))
    return found


def _bundles(request: Request, found: SystemShown) -> Table:
    keys = ("brought_by", "entitlements", "from", "to")
    return table(
        request,
        "bundles",
        caption=say("page_systems.bundles"),
        columns=[Column(key, say(f"page_systems.{key}"), "day" if key in {"from", "to"} else "text") for key in keys],
        rows=[
            Row(
                (
                    Cell(brings(one)),
                    Cell("、".join(sorted(one.entitlements))),
                    Cell(one.period.start, written_day(one.period.start)),
                    Cell(one.period.end, written_day(one.period.end)),
                )
            )
            for one in found.bundles
        ],
        empty=say("page_systems.no_bundles"),
    )


def _entitlements(request: Request, found: SystemShown, cover: Coverage) -> Table:
    keys = ("entitlement", "side", "protected", "owned", "seen_on")
    return table(
        request,
        "entitlements",
        caption=say("page_systems.entitlements"),
        columns=[Column(key, say(f"page_systems.{key}"), _kind(key)) for key in keys],
        rows=[
            Row(
                (
                    Cell(one.id),
                    Cell(one.side or "", side_name(one.side)),
                    Cell(say("page_systems.yes" if one.protected else "page_systems.no")),
                    Cell(say(f"page_systems.owned_{one.owned.value}")),
                    Cell(cover.holders.get(one.id, 0) if found.read else None),
                )
            )
            for one in found.entitlements
        ],
        empty=say("page_systems.no_entitlements"),
    )


def _reads(request: Request, cover: Coverage) -> Table:
    keys = ("read_at", "outcome", "accounts", "holdings", "purpose")
    kinds = {"read_at": "moment", "accounts": "number", "holdings": "number"}
    return table(
        request,
        "reads",
        caption=say("page_systems.reads"),
        columns=[Column(key, say(f"page_systems.{key}"), kinds.get(key, "text")) for key in keys],
        rows=[_reading(one) for one in cover.reads],
        empty=say("page_systems.never_read"),
    )


def _reading(one: SystemReading) -> Row:
    if one.failure:
        outcome, state = say("page_systems.read_failed"), "unknown"
    else:
        outcome, state = (
            (say("page_systems.read_whole"), "ok") if one.complete else (say("page_systems.read_partial"), "unknown")
        )
    purpose = say(f"page_systems.purpose_{one.purpose}")
    return Row(
        (
            Cell(one.at, moment(one.at)),
            Cell(outcome, outcome, state=state),
            Cell(None if one.failure else one.accounts),
            Cell(None if one.failure else one.holdings),
            Cell(purpose),
        )
    )


def _holders(request: Request, found: Sequence[Holder], names: dict[str, str]) -> Table:
    keys = ("person", "entitlement", "basis", "because")

    def person(one: Holder) -> str:
        return names.get(one.person_id or "", one.person_id or "") or one.account

    def words(one: Holder) -> str:
        return f"{person(one)} {one.person_id or ''} {one.account} {one.entitlement} {basis(one.basis)}".casefold()

    basis = cache(lambda kind: say(f"page_systems.basis_{kind.value}"))
    values: dict[str, Callable[[Holder], str]] = {
        "person": person,
        "entitlement": lambda one: one.entitlement,
        "basis": lambda one: basis(one.basis),
        "because": lambda one: " ".join(one.because),
    }
    return table(
        request,
        "holders",
        caption=say("page_systems.holders"),
        columns=[Column(key, say(f"page_systems.{key}")) for key in keys],
        rows=Made(found, lambda some: [_holder(one, names) for one in some], values, words),
        empty=say("page_systems.no_holders"),
    )


def _holder(one: Holder, names: dict[str, str]) -> Row:
    person = one.person_id or ""
    basis = say(f"page_systems.basis_{one.basis.value}")
    why = "、".join(because(word) for word in one.because if not word.startswith("bundle:"))
    return Row(
        (
            Cell(
                names.get(person, person) or one.account,
                names.get(person, person) or say("page_systems.nobodys", account=one.account),
                href=reverse("person", kwargs={"person": person}) if person else "",
                note=person,
            ),
            Cell(one.entitlement),
            Cell(basis, basis, state=BASES[one.basis]),
            Cell(why, why or say("page_people.because_nothing")),
        )
    )
