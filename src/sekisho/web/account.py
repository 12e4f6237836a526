"""Account: what one's roles are and how one's sign-in is protected. Passkeys and sessions are allauth's pages."""

from dataclasses import dataclass
from datetime import date

from sekisho.core.kinds import Side
from sekisho.services import installation, sign_in
from sekisho.web.pages import Request, Shown, page
from sekisho.web.words import say


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role as the account page shows it."""

    name: str
    side: Side
    end: date | None


@page("account", "account", needs=())
def account(request: Request) -> Shown:
    """Show one's own roles of today and ways to sign in."""
    caller = request.caller
    today = installation.today(now=caller.now)
    held = [grant for grant in caller.actor.roles if grant.period.holds(today)]
    roles = [HeldRole(say(f"roles.{grant.role.value}"), grant.side, grant.period.end) for grant in held]
    ways = sign_in.ways(name=caller.actor.name)
    steps = ways.passkeys > 0 or ways.has_code_generator
    return Shown("account/account.html", {"roles": roles, "passkeys": ways.passkeys, "steps": steps})
