"""`sekisho user`: the first administrator, and a way in for who has lost the last one."""

import click

from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.cli.session import open_home
from sekisho.texts import reader_language, text


def _t(name: str, **params: object) -> str:
    return text(f"cli_users.{name}", params, reader_language())


@click.group("user", help=_t("help"))
def command() -> None:
    """Group the commands about users."""


@command.command("add", help=_t("add_help"))
@click.argument("name")
@click.option("--role", metavar="ROLE", help=_t("role"))
@click.option("--side", default="both", show_default=True, metavar="SIDE", help=_t("side"))
def add(name: str, role: str | None, side: str) -> Result:
    """Make a login and give it a role."""
    with open_home() as session:
        from sekisho.services import administration, installation

        password = administration.add_user(actor=session.actor, now=session.now, name=name)
        if role is not None:
            today = installation.today(now=session.now)
            administration.give_role(
                actor=session.actor, now=session.now, name=name, role=role, side=side, start=today, end=None
            )
    return _shown(name, password)


@command.command("password", help=_t("password_help"))
@click.argument("name")
def password(name: str) -> Result:
    """Renew a login."""
    with open_home() as session:
        from sekisho.services import administration

        fresh = administration.renew_sign_in(actor=session.actor, now=session.now, name=name)
    return _shown(name, fresh)


def _shown(name: str, fresh: str) -> Result:
    document: dict[str, object] = {"user": name, "password": fresh}
    return Result(document, lambda: people.print(_t("shown", user=name, password=fresh), markup=False))
