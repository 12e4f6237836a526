"""Verification 事後確認: does anyone still have what he should not? Numbers first, then what is left, then findings."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import DeviationKind, Role
from sekisho.core.verification import Deviation
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import findings, installation
from sekisho.services import verification as services
from sekisho.services import verification_runs as runs
from sekisho.services.findings import Finding
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Made, Row, Table, table
from sekisho.web.words import moment, say, side_name

STATES = {
    DeviationKind.LEFT_OVER: "stop",
    DeviationKind.MISSING: "wait",
    DeviationKind.EXCESS: "stop",
    DeviationKind.UNKNOWN: "unknown",
}
ORDER = (DeviationKind.LEFT_OVER, DeviationKind.UNKNOWN, DeviationKind.EXCESS, DeviationKind.MISSING)


@page(
    "verification", "verification", needs=(FactKind.DEVIATION,), least=Depth.COUNT, acts=("verify", "confirm", "close")
)
def verification(request: Request) -> HttpResponse | Shown:
    """Show the last verification; verify again, confirm one, close a finding."""
    caller = request.caller
    if request.method == "POST":
        try:
            _do(request)
        except SekishoError as error:
            messages.error(request, say(error.code, **{name: str(value) for name, value in error.params.items()}))
        return redirect("verification")
    last = runs.latest(actor=caller.actor, now=caller.now)
    if last is None:
        return Shown("verification/verification.html", {"last": None, "may_verify": _may_verify(request)})
    some = findings.first_open(actor=caller.actor, now=caller.now, kinds="deviation_", most=50)
    names = runs.names(person_ids=sorted({one.person_id for one in some.findings}), known_at=caller.now)
    context = {
        "last": last,
        "by_side": [(side, [side.counts[kind] for kind in ORDER]) for side in last.sides],
        "numbers": [(kind, STATES[kind], last.number(kind)) for kind in ORDER],
        "left_over": last.number(DeviationKind.LEFT_OVER) + last.number(DeviationKind.EXCESS),
        "unknown": last.number(DeviationKind.UNKNOWN),
        "hidden": sum(last.number(kind) for kind in ORDER) - len(last.deviations),
        "may_verify": _may_verify(request),
        "may_close": caller.actor.has(Role.COMPLIANCE, on=installation.today(now=caller.now)),
        "waits": last.made.needs_confirmation and not last.confirmed_by,
        "open_findings": [(one, say(f"findings.{one.kind}", **_named(one, names))) for one in some.findings],
        "open_total": some.total,
    }
    return Shown("verification/verification.html", context, (_table(request, last.deviations),))


def _do(request: Request) -> None:
    """Do what the form asks."""
    actor, now, posted = request.caller.actor, request.caller.now, request.POST
    match request.act:
        case "verify":
            _need_verifier(request)
            found = services.verify(actor=actor, as_of=now, now=now, home=request.caller.home)
            messages.success(request, say("page_verification.done", n=found.verified))
        case "confirm" if posted.get("run", "").isdigit():
            runs.confirm(actor=actor, now=now, run_id=int(posted["run"]))
            messages.success(request, say("page_verification.confirmed_now"))
        case "close":
            findings.close(actor=actor, now=now, key=posted.get("key", ""), disposition=posted.get("disposition", ""))
            messages.success(request, say("page_verification.closed"))


def _may_verify(request: Request) -> bool:
    today = installation.today(now=request.caller.now)
    roles = (Role.IT_OPERATION, Role.COMPLIANCE, Role.INTERNAL_AUDIT)
    return any(request.caller.actor.has(role, on=today) for role in roles)


def _need_verifier(request: Request) -> None:
    if not _may_verify(request):
        raise runs.MayNotConfirm("verification.may_not_verify", {"actor": request.caller.actor.name})


def _named(one: Finding, names: dict[str, str]) -> dict[str, str]:
    return {**one.params, "person": names.get(one.person_id, one.params.get("person", "?"))}


def _table(request: Request, deviations: tuple[Deviation, ...]) -> Table:
    def make(some: Sequence[Deviation]) -> list[Row]:
        persons = sorted({one.person_id for one in some if one.person_id})
        names = runs.names(person_ids=persons, known_at=request.caller.now)
        return [_row(one, names) for one in some]

    keys = ("state", "person", "system", "account", "entitlement", "side", "why")
    ordered = sorted(deviations, key=lambda one: (ORDER.index(one.kind), one.system, one.account, one.entitlement))
    return table(
        request,
        "deviations",
        caption=say("page_verification.deviations"),
        columns=[Column(key, say(f"page_verification.{key}")) for key in keys],
        rows=Made(ordered, make),
        empty=say("page_verification.none_left"),
    )


def _row(one: Deviation, names: dict[str, str]) -> Row:
    person = names.get(one.person_id or "", one.person_id or "")
    facts = {
        "person": person or "?",
        "system": one.system,
        "account": one.account,
        "entitlement": one.entitlement,
        "until": moment(one.until),
    }
    until = say("page_verification.until", at=moment(one.until)) if one.until else ""
    return Row(
        (
            Cell(one.kind.value, say(f"page_verification.kind_{one.kind.value}"), state=STATES[one.kind], note=until),
            Cell(person, person or "—", note=one.person_id or ""),
            Cell(one.system),
            Cell(one.account, one.account or "—"),
            Cell(one.entitlement, one.entitlement or "—"),
            Cell(one.side, side_name(one.side)),
            Cell(one.code, say(one.code, **facts)),
        )
    )
