"""`sekisho plan`: make, approve and show access plans."""

import os
from collections import defaultdict
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Group, RenderableType

from sekisho.cli import words
from sekisho.cli.main import BadUsage, Result
from sekisho.cli.output import because, local, people, table
from sekisho.cli.session import open_home
from sekisho.core import parts
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan
from sekisho.texts import reader_language, text

if TYPE_CHECKING:
    from rich.table import Table

    from sekisho.services.plans import Standing

MOST = 40
"""People shown at the command line; the file has all of them."""


def _say(code: str, **params: object) -> str:
    return text(code, params, reader_language())


@click.group("plan", invoke_without_command=True, help=_say("cli_plans.help"))
@click.option("--as-of", "as_of", metavar="T", help=_say("cli_plans.as_of"))
@click.option("--known-at", "known_at", metavar="T", help=_say("cli_plans.known_at"))
@click.option("--expires", metavar="T", help=_say("cli_plans.expires"))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help=_say("cli_plans.out"))
@click.pass_context
def command(
    ctx: click.Context, as_of: str | None, known_at: str | None, expires: str | None, out: Path | None
) -> Result | None:
    """Make a plan, unless a command of the group was called."""
    if ctx.invoked_subcommand is not None:
        return None
    if as_of is None or out is None:
        raise click.UsageError(_say("cli_plans.needs"))
    _check_writable(out)
    with open_home() as session:
        from sekisho.services import installation, plans

        zone = installation.zone(known_at=session.now)
        with people.status(_say("cli_plans.working")):
            plan = plans.make(
                actor=session.actor,
                as_of=session.instant(as_of),
                known_at=session.instant(known_at),
                expires_at=session.instant(expires) if expires is not None else None,
                now=session.now,
                home=session.home,
            )
        out.write_text(parts.written(plan), "utf-8")
    unread = set(plan.unknown_systems) - {read.system for read in plan.reads}

    def shown() -> None:
        people.print(_whole(plan, zone))
        if plan.expires_at <= plan.planned_at:
            people.print(_say("cli_plans.born_expired", expires_at=local(plan.expires_at, zone)), style="yellow")

    return Result(dict(parts.document(plan)), shown, found=_found(plan), unreachable=bool(unread))


@command.command("approve", help=_say("cli_plans.approve"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def approve(file: Path) -> Result:
    """Approve the root hash of a plan's file."""
    with open_home() as session:
        from sekisho.services import plans

        standing = plans.approve(
            actor=session.actor,
            document=file.read_bytes(),
            method=plans.COMMAND_LINE,
            now=session.now,
            home=session.home,
        )
    document = {"sha256": standing.plan.sha256, **_approvals(standing)}
    return Result(document, lambda: people.print(_approval_line(standing)))


@command.command("show", help=_say("cli_plans.show"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def show(file: Path) -> Result:
    """Show a plan to people."""
    with open_home() as session:
        from sekisho.services import installation, plans

        zone = installation.zone(known_at=session.now)
        standing = plans.show(actor=session.actor, document=file.read_bytes(), now=session.now)
    plan = standing.plan
    document = {**parts.document(plan), **_approvals(standing)}
    return Result(
        document, lambda: people.print(Group(_whole(plan, zone), _approval_line(standing))), found=_found(plan)
    )


def _check_writable(out: Path) -> None:
    folder = out.parent
    if not folder.is_dir() or not os.access(out if out.exists() else folder, os.W_OK):
        raise BadUsage("cli_plans.not_writable", {"file": str(out)})


def _found(plan: Plan) -> bool:
    held = any(part.held for part in plan.parts)
    return held or bool(plan.unknown_systems) or any(guard.state == "hold" for guard in plan.guards)


def _approvals(standing: "Standing") -> dict[str, object]:
    given = [{"by": one.by, "method": one.method, "at": one.at} for one in standing.approvals]
    return {"approvals": given, "approvals_required": standing.required}


def _approval_line(standing: "Standing") -> str:
    names = ", ".join(one.by for one in standing.approvals) or "-"
    return _say("cli_plans.approvals", given=len(standing.approvals), required=standing.required, names=names)


def _whole(plan: Plan, zone: tzinfo) -> RenderableType:
    operations = [one for part in plan.parts for one in part.operations]
    held = [one for part in plan.parts for one in part.held]
    shown: list[RenderableType] = [
        _say("cli_plans.head", as_of=local(plan.as_of, zone), by=plan.planned_by, sha256=plan.sha256),
        _guards(plan.guards),
        _systems(plan),
    ]
    if operations or held:
        shown.append(_persons(operations, held))
    else:
        shown.append(_say("cli_plans.nothing"))
    if plan.unknown_systems:
        shown.append(_say("cli_plans.unknown", systems=", ".join(plan.unknown_systems)))
    return Group(*shown)


def _table(title: str, *columns: str) -> "Table":
    return table(*(_say(f"cli_plans.column_{column}") for column in columns), title=_say(f"cli_plans.{title}"))


def _guards(guards: tuple[GuardResult, ...]) -> "Table":
    rows = _table("guards", "guard", "state", "says")
    for guard in guards:
        names = [
            *guard.persons,
            *guard.systems,
            *(f"{system}: {name}" for system, name in (*guard.entitlements, *guard.accounts)),
        ]
        some = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
        says = _say(guard.code, measured=guard.measured, limit=guard.limit, names=some)
        style = {"hold": "bold red", "warn": "yellow"}.get(guard.state, "")
        rows.add_row(_say(f"plans.guard_{guard.id}"), _say(f"plans.state_{guard.state}"), says, style=style)
    return rows


def _systems(plan: Plan) -> "Table":
    rows = _table("systems", "side", "system", "taken", "given", "held")
    for part in plan.parts:
        taken = sum(1 for one in part.operations if one.phase == 1)
        counts = (taken, len(part.operations) - taken, len(part.held))
        rows.add_row(words.side(part.side), part.system, *(str(count) for count in counts))
    return rows


def _persons(operations: list[Operation], held: list[HeldGrant]) -> "Table":
    shown = _table("persons", "person", "action", "system", "entitlement", "because")
    rows: defaultdict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    for one in sorted(operations, key=lambda one: (one.phase, one.system, one.entitlement)):
        action = _say(f"plans.action_{one.action.value}") + (_say("plans.restores") if one.restores else "")
        rows[one.person_id].append((action, one.system, one.entitlement or one.account, because(one.because)))
    for grant in held:
        reason = _say(grant.code, order_no=grant.order_no)
        rows[grant.person_id].append((_say("plans.action_held"), grant.system, grant.entitlement, reason))
    for person in sorted(rows)[:MOST]:
        for number, row in enumerate(rows[person]):
            shown.add_row("" if number else person, *row)
    if len(rows) > MOST:
        shown.caption = _say("cli_plans.more", count=len(rows) - MOST)
    return shown
