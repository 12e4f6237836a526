"""`sekisho grant`: manual grants, asked for by one person and approved by another."""

from datetime import date
from typing import TYPE_CHECKING

import click

from sekisho.cli.main import BadUsage, Result
from sekisho.cli.output import people, table
from sekisho.cli.session import open_home
from sekisho.core.kinds import PersonId
from sekisho.texts import reader_language, text

if TYPE_CHECKING:
    from rich.table import Table

    from sekisho.services.grants import GrantState


def _say(code: str, **params: object) -> str:
    return text(code, params, reader_language())


@click.group("grant", help=_say("cli_grants.help"))
def command() -> None:
    """Hold the commands."""


@command.command("add", help=_say("cli_grants.add"))
@click.option("--person", required=True, metavar="ID", help=_say("cli_grants.person"))
@click.option("--system", required=True, metavar="ID", help=_say("cli_grants.system"))
@click.option("--entitlement", required=True, metavar="ID", help=_say("cli_grants.entitlement"))
@click.option("--reason", required=True, help=_say("cli_grants.reason"))
@click.option("--from", "start", metavar="D", help=_say("cli_grants.start"))
@click.option("--to", "end", metavar="D", required=True, help=_say("cli_grants.end"))
def add(person: str, system: str, entitlement: str, reason: str, start: str | None, end: str) -> Result:
    """Ask for a grant."""
    with open_home() as session:
        from sekisho.services import grants, installation

        request = grants.Request(
            person_id=PersonId(person),
            system=system,
            entitlement=entitlement,
            reason=reason,
            start=_day(start) if start is not None else installation.today(now=session.now),
            end=_day(end),
        )
        made = grants.add(actor=session.actor, request=request, now=session.now)
    return _result(made)


@command.command("approve", help=_say("cli_grants.approve"))
@click.argument("grant_id", metavar="ID")
def approve(grant_id: str) -> Result:
    """Approve a grant that waits."""
    with open_home() as session:
        from sekisho.services import grants

        made = grants.approve(actor=session.actor, grant_id=grant_id, now=session.now)
    return _result(made)


@command.command("list", help=_say("cli_grants.list"))
def list_grants() -> Result:
    """List grants."""
    with open_home() as session:
        from sekisho.services import grants

        found = grants.grants(actor=session.actor, now=session.now)
    return Result({"grants": [_document(one) for one in found]}, lambda: people.print(_table(found)))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadUsage("cli_grants.not_a_day", {"value": value}) from error


def _result(made: "GrantState") -> Result:
    line = _say(f"grants.{made.state}", id=made.id, person_id=made.person_id, entitlement=made.entitlement)
    return Result(_document(made), lambda: people.print(line, markup=False))


def _document(one: "GrantState") -> dict[str, object]:
    return {
        "id": one.id,
        "state": one.state,
        "person_id": one.person_id,
        "system": one.system,
        "entitlement": one.entitlement,
        "reason": one.reason,
        "requested_by": one.requested_by,
        "approver": one.approver,
        "from": one.period.start,
        "to": one.period.end,
    }


def _table(found: "tuple[GrantState, ...]") -> "Table":
    columns = ("id", "state", "person", "system", "entitlement", "days", "reason")
    rows = table(*(_say(f"cli_grants.column_{column}") for column in columns))
    for one in found:
        days = f"{one.period.start} – {one.period.end or ''}"
        state = _say(f"cli_grants.state_{one.state}")
        rows.add_row(one.id, state, one.person_id, one.system, one.entitlement, days, one.reason)
    return rows
