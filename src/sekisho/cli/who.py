"""`sekisho who`: who should have held access to a system, and who was seen to."""

from typing import TYPE_CHECKING

import click

from sekisho.cli.main import Result
from sekisho.cli.output import because, people, table
from sekisho.cli.session import Session, open_home
from sekisho.core.periods import Period, day_after, local_day
from sekisho.texts import reader_language, text

if TYPE_CHECKING:
    from rich.table import Table

    from sekisho.core.holders import Holder
    from sekisho.services.who import Who

DATE = len("2026-04-01")
MOST = 200
"""Rows shown at the command line; `--json` has all of them."""


def _say(code: str, **params: object) -> str:
    return text(code, params, reader_language())


@click.command("who", help=_say("cli_who.help"))
@click.option("--system", required=True, metavar="ID", help=_say("cli_who.system"))
@click.option("--on", "day", metavar="T", help=_say("cli_who.on"))
@click.option("--from", "start", metavar="T", help=_say("cli_who.from"))
@click.option("--to", "end", metavar="T", help=_say("cli_who.to"))
@click.option("--known-at", "known_at", metavar="T", help=_say("cli_who.known_at"))
def command(system: str, day: str | None, start: str | None, end: str | None, known_at: str | None) -> Result:
    """Answer for one day, or for the days from `--from` up to and without `--to`."""
    if (day is None) == (start is None or end is None):
        raise click.UsageError(_say("cli_who.needs"))
    with open_home() as session:
        from sekisho.services import who

        answer = who.who(
            actor=session.actor,
            system=system,
            period=_period(session, day, start, end),
            known_at=session.instant(known_at),
            now=session.now,
            at=session.instant(day) if day is not None and len(day) > DATE else None,
        )
    document: dict[str, object] = {
        "system": answer.system,
        "from": answer.period.start,
        "to": answer.period.end,
        "known_at": answer.known_at,
        "holders": [_holder(one) for one in answer.holders],
    }
    return Result(document, lambda: people.print(_table(answer)))


def _period(session: Session, day: str | None, start: str | None, end: str | None) -> Period:
    from sekisho.services import installation

    zone = installation.zone(known_at=session.now)
    if day is not None:
        on = local_day(session.instant(day), zone)
        return Period(on, day_after(on))
    return Period(local_day(session.instant(start), zone), local_day(session.instant(end), zone))


def _holder(one: "Holder") -> dict[str, object]:
    return {
        "person_id": one.person_id,
        "account": one.account or None,
        "entitlement": one.entitlement,
        "from": one.period.start,
        "to": one.period.end,
        "basis": one.basis.value,
        "because": list(one.because),
    }


def _table(answer: "Who") -> "Table":
    title = _say("cli_who.title", system=answer.system, start=answer.period.start, end=answer.period.end)
    columns = ("person", "entitlement", "days", "basis", "because")
    rows = table(*(_say(f"cli_who.column_{column}") for column in columns), title=title)
    for column, least in zip(rows.columns, (7, 16, 23), strict=False):
        column.min_width = least
    for one in answer.holders[:MOST]:
        whom = one.person_id or _say("cli_who.nobody", account=one.account)
        rows.add_row(
            whom,
            one.entitlement,
            f"{one.period.start} – {one.period.end or ''}",
            _say(f"cli_who.basis_{one.basis.value}"),
            because(one.because),
        )
    if len(answer.holders) > MOST:
        rows.caption = _say("cli_who.more", count=len(answer.holders) - MOST)
    return rows
