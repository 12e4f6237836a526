"""`sekisho verify --as-of T`: a fresh read of every system against what should be."""

from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from sekisho.cli.main import Result
from sekisho.cli.output import listing, local, people, plain
from sekisho.cli.session import open_home
from sekisho.texts import both, reader_language, text

if TYPE_CHECKING:
    from sekisho.core.verification import Deviation
    from sekisho.services.verification import Verification

LANGUAGE = reader_language()
SHOWN = 50
"""Rows of the table for people; everything is in --json."""
KINDS = ("left_over", "missing", "excess", "unknown")


def _word(name: str, **params: object) -> str:
    return text(f"cli_verification.{name}", params, LANGUAGE)


@click.command("verify", help=_word("help"))
@click.option("--as-of", "as_of", metavar="T", help=_word("as_of"))
def command(as_of: str | None) -> Result:
    """Verify what is held."""
    with open_home() as session, people.status(_word("progress")):
        from sekisho.services import installation, verification

        zone = installation.zone(known_at=session.now)
        found = verification.verify(
            actor=session.actor, as_of=session.instant(as_of), now=session.now, home=session.home
        )
    counts = {kind.value: number for kind, number in found.counts.items()}
    document: dict[str, object] = {
        "as_of": found.as_of,
        "verified_at": found.verified_at,
        "verified": found.verified,
        **{kind: counts[kind] for kind in KINDS},
        "held": found.held,
        "deviations": [_deviation(one) for one in found.deviations],
        "verifier": found.verifier,
        "executor": found.executor or None,
        "needs_confirmation": found.needs_confirmation,
        "unreachable": list(found.unread),
    }
    return Result(document, lambda: _show(found, zone), found=any(counts.values()), unreachable=bool(found.unread))


def _deviation(one: "Deviation") -> dict[str, object]:
    return {
        "person_id": one.person_id,
        "system": one.system,
        "side": one.side,
        "account": one.account,
        "entitlement": one.entitlement,
        "kind": one.kind.value,
        "until": one.until,
        "why": {"code": one.code, **both(one.code, _facts(one))},
    }


def _facts(one: "Deviation") -> dict[str, object]:
    return {
        "person": one.person_id or "?",
        "system": one.system,
        "account": one.account,
        "entitlement": one.entitlement,
        "until": plain(one.until),
    }


def _show(found: "Verification", zone: tzinfo) -> None:
    people.print(_word("title", as_of=local(found.as_of, zone)), style="bold")
    people.print(f"  {_word('verified')}: {found.verified}")
    people.print(f"  {_word('held')}: {found.held}")
    for kind, number in found.counts.items():
        people.print(f"  {_word(kind.value)}: {number}")
    if found.deviations:
        _show_deviations(found)
    elif not any(found.counts.values()):
        people.print(_word("fine"))
    if found.needs_confirmation:
        people.print(_word("confirm", verifier=found.verifier), style="bold", markup=False)


def _show_deviations(found: "Verification") -> None:
    listing(
        (
            f"{_word(one.kind.value)}: {text(one.code, _facts(one), LANGUAGE)}",
            " · ".join(word for word in (one.person_id or "?", one.system, one.account, one.entitlement) if word),
        )
        for one in found.deviations[:SHOWN]
    )
    if len(found.deviations) > SHOWN:
        people.print(_word("more", count=len(found.deviations) - SHOWN))
