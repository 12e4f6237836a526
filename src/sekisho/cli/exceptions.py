"""`sekisho exception`: exceptions to the rules, requested by one and approved by the listed others."""

from datetime import date
from typing import TYPE_CHECKING

import click

from sekisho.cli import words
from sekisho.cli.main import BadUsage, Result
from sekisho.cli.output import people, table
from sekisho.cli.session import open_home
from sekisho.core.kinds import PersonId
from sekisho.texts import reader_language, text

if TYPE_CHECKING:
    from rich.table import Table

    from sekisho.services.exceptions import ExceptionState


def _t(name: str, **params: object) -> str:
    return text(f"cli_exceptions.{name}", params, reader_language())


@click.group("exception", help=_t("help"))
def command() -> None:
    """Group the commands about exceptions."""


@command.command("request", help=_t("request_help"))
@click.option("--rule", required=True, metavar="ID", help=_t("rule"))
@click.option("--person", required=True, metavar="ID", help=_t("person"))
@click.option("--reason", required=True, help=_t("reason"))
@click.option("--from", "start", metavar="D", help=_t("start"))
@click.option("--to", "end", required=True, metavar="D", help=_t("end"))
def request(rule: str, person: str, reason: str, start: str | None, end: str) -> Result:
    """Ask for an exception."""
    with open_home() as session:
        from sekisho.services import exceptions, installation

        begins = _day(start) if start is not None else installation.today(now=session.now)
        asked = exceptions.Request(rule, PersonId(person), reason, begins, _day(end))
        state = exceptions.request(actor=session.actor, now=session.now, asked=asked)
    return _result(state)


@command.command("approve", help=_t("approve_help"))
@click.argument("exception_id", metavar="ID")
def approve(exception_id: str) -> Result:
    """Approve an exception."""
    with open_home() as session:
        from sekisho.services import exceptions

        state = exceptions.approve(actor=session.actor, now=session.now, exception_id=exception_id)
    return _result(state)


@command.command("withdraw", help=_t("withdraw_help"))
@click.argument("exception_id", metavar="ID")
def withdraw(exception_id: str) -> Result:
    """Withdraw an exception."""
    with open_home() as session:
        from sekisho.services import exceptions

        state = exceptions.withdraw(actor=session.actor, now=session.now, exception_id=exception_id)
    return _result(state)


@command.command("list", help=_t("list_help"))
def list_exceptions() -> Result:
    """List exceptions."""
    with open_home() as session:
        from sekisho.services import exceptions

        found = exceptions.exceptions(actor=session.actor, now=session.now)
    return Result({"exceptions": [_document(one) for one in found]}, lambda: people.print(_table(found)))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadUsage("cli_exceptions.not_a_day", {"value": value}) from error


def _result(one: "ExceptionState") -> Result:
    return Result(_document(one), lambda: people.print(_line(one), markup=False))


def _line(one: "ExceptionState") -> str:
    waiting = (
        _t("waits_for", sides=", ".join(words.side(each) for each in one.open_sides))
        if one.state == "requested"
        else ""
    )
    return _t("line", id=one.id, state=_state(one), rule=one.rule, person=one.person_id) + waiting


def _state(one: "ExceptionState") -> str:
    over = one.state == "approved" and not one.in_force
    return text(f"exceptions.state_{'over' if over else one.state}", language=reader_language())


def _document(one: "ExceptionState") -> dict[str, object]:
    return {
        "id": one.id,
        "state": one.state,
        "in_force": one.in_force,
        "rule": one.rule,
        "person_id": one.person_id,
        "reason": one.reason,
        "requested_by": one.requested_by,
        "approved_by": list(one.approved_by),
        "open_sides": list(one.open_sides),
        "from": one.start,
        "to": one.end,
    }


def _table(found: "tuple[ExceptionState, ...]") -> "Table":
    columns = ("id", "state", "rule", "person", "days", "approved_by", "open_sides", "reason")
    rows = table(*(_t(f"column_{name}") for name in columns))
    for one in found:
        days = f"{one.start} – {one.end or ''}"
        approved, waiting = ", ".join(one.approved_by), ", ".join(words.side(each) for each in one.open_sides)
        rows.add_row(one.id, _state(one), one.rule, one.person_id, days, approved, waiting, one.reason)
    return rows
