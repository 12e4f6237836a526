"""`order check` and `order rescreen`: what the rules say of orders, drafts and past moves."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click
from rich.padding import Padding
from rich.text import Text

from sekisho.cli.main import BadUsage, Result
from sekisho.cli.output import people
from sekisho.cli.session import open_home
from sekisho.texts import reader_language, text

if TYPE_CHECKING:
    from sekisho.core.verdicts import PathStep
    from sekisho.services.screening import Affected, Checked, CheckResult, RescreenResult

SHOWN = 50
"""Rows of a table for people; everything is in --json."""
_STYLES = {"violation": "bold red", "unknown": "bold yellow", "needs_review": "bold cyan", "allowed": "green"}


def _t(name: str, **params: object) -> str:
    return text(f"cli_screening.{name}", params, reader_language())


@click.command("check", help=_t("check_help"))
@click.option("--as-of", metavar="T", help=_t("as_of"))
@click.option("--known-at", metavar="T", help=_t("known_at"))
def check(as_of: str | None, known_at: str | None) -> Result:
    """Check every draft and final order."""
    with open_home() as session:
        from sekisho.services import screening

        with people.status(_t("working")):
            found = screening.check(
                actor=session.actor,
                now=session.now,
                as_of=session.instant(as_of),
                known_at=session.instant(known_at),
            )
    document = {
        "checked": found.checked,
        "results": [_checked(one) for one in found.results],
        "findings": list(found.raised),
    }
    troubled = any(one.verdict.outcome.value != "allowed" for one in found.results)
    return Result(document, lambda: _show_check(found), found=troubled)


def _checked(one: "Checked") -> dict[str, object]:
    order, verdict = one.order, one.verdict
    return {
        "order_no": order.key.order_no,
        "company": order.key.company,
        "order_type": order.order_type.value,
        "person_id": order.person_id,
        "status": order.status.value,
        "effective_date": order.effective_date,
        "outcome": verdict.outcome.value,
        "rules": [{"id": ref.id, "version": ref.version, "type": ref.type.value} for ref in verdict.rules],
        "exceptions": list(verdict.exceptions),
        "path": [_step(step) for step in verdict.path],
        "code": verdict.code,
        "reason": one.reason,
    }


def _step(step: "PathStep") -> dict[str, object]:
    classes = None if step.classes is None else list(step.classes)
    return {"company": step.company, "unit": step.unit, "from": step.start, "to": step.end, "classes": classes}


def _show_check(found: "CheckResult") -> None:
    counts: dict[str, list[Checked]] = {}
    for one in found.results:
        counts.setdefault(one.verdict.outcome.value, []).append(one)
    people.print(_t("summary", checked=found.checked), style="bold")
    for outcome, rows in counts.items():
        word = text(f"screening.outcome_{outcome}", language=reader_language())
        people.print(f"\n{word}: {len(rows)}", style=_STYLES[outcome])
        if outcome != "allowed":
            for one in rows[:SHOWN]:
                _show_one(one)
            _show_advice(rows)
        if outcome != "allowed" and len(rows) > SHOWN:
            people.print(_t("more", count=len(rows) - SHOWN))
    if found.raised:
        people.print(_t("raised", count=len(found.raised)), style="bold")


def _show_one(one: "Checked") -> None:
    from sekisho.services import verdicts

    order, verdict = one.order, one.verdict
    status = _t(f"status_{order.status.value}")
    rules = ", ".join(f"{ref.id} ({ref.version})" for ref in verdict.rules)
    way = " → ".join(step.unit for step in verdict.path)
    head = (order.key.order_no, order.person_id, order.effective_date.isoformat(), status, rules, way)
    _print_finding(head, verdicts.why(verdict, reader_language()))


def _show_advice(rows: "Sequence[Checked]") -> None:
    """Say what to do once a type of rule, and not below every order."""
    from sekisho.services import verdicts

    said = (verdicts.advice(one.verdict.code, reader_language()) for one in rows)
    for sentence in dict.fromkeys(sentence for sentence in said if sentence):
        people.print(f"\n→ {sentence}", markup=False)


def _print_finding(head: tuple[str, ...], reason: str) -> None:
    """Print who and what in one line, the reason below it: in a column it would be three words wide."""
    people.print("\n" + " · ".join(word for word in head if word), style="bold", markup=False)
    people.print(Padding(Text(reason), (0, 0, 0, 2)))


@click.command("rescreen", help=_t("rescreen_help"))
@click.option("--since", metavar="D", required=True, help=_t("since"))
def rescreen(since: str) -> Result:
    """Ask today's rules about past moves."""
    try:
        day = date.fromisoformat(since)
    except ValueError as error:
        raise BadUsage("cli_screening.not_a_day", {"value": since}) from error
    with open_home() as session:
        from sekisho.services import screening

        with people.status(_t("working")):
            found = screening.rescreen(actor=session.actor, now=session.now, since=day)
    document = {
        "looked_at": found.looked_at,
        "affected": [_affected(one) for one in found.affected],
        "unknown": found.unknown,
    }
    return Result(document, lambda: _show_rescreen(found), found=bool(found.affected) or found.unknown > 0)


def _affected(one: "Affected") -> dict[str, object]:
    return {
        "person_id": one.person_id,
        "order_no": one.order_no,
        "rule": one.rule.id,
        "version": one.rule.version,
        "type": one.rule.type.value,
        "since": one.since,
        "reason": one.reason,
    }


def _show_rescreen(found: "RescreenResult") -> None:
    people.print(_t("rescreened", looked_at=found.looked_at, affected=len(found.affected)), style="bold")
    if found.unknown:
        people.print(_t("rescreen_unknown", count=found.unknown), style="bold yellow")
    if not found.affected:
        return
    for one in found.affected[:SHOWN]:
        rule = f"{one.rule.id} ({one.rule.version})"
        _print_finding((one.order_no, one.person_id, one.since.isoformat(), rule), one.reason[reader_language()])
    if len(found.affected) > SHOWN:
        people.print(_t("more", count=len(found.affected) - SHOWN))
