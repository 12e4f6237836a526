"""`order`: HR's files in, the list of expected movers signed; `check` and `rescreen` stand in `screening`."""

from importlib import import_module
from pathlib import Path

import click

from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.cli.session import open_home
from sekisho.texts import reader_language, text

_SCREENING = {"check": "check", "rescreen": "rescreen"}


def _t(name: str, **params: object) -> str:
    return text(f"cli_orders.{name}", params, reader_language())


class Orders(click.Group):
    """The group, with the commands of `cli.screening` imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_SCREENING})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _SCREENING:
            return super().get_command(ctx, cmd_name)
        found = getattr(import_module("sekisho.cli.screening"), _SCREENING[cmd_name])
        return found if isinstance(found, click.Command) else None


@click.group(name="order", cls=Orders, help=_t("help"))
def command() -> None:
    """Group the commands about orders."""


@command.command("import", help=_t("import_help"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--status", type=click.Choice(["draft", "final"]), help=_t("status_help"))
@click.option("--profile", metavar="P", help=_t("profile_help"))
@click.option("--snapshot", is_flag=True, help=_t("snapshot_help"))
@click.option("--confirm-vanished", type=click.IntRange(min=0), metavar="N", help=_t("confirm_help"))
@click.option("--received-at", metavar="T", help=_t("received_help"))
def import_(
    file: Path,
    status: str | None,
    profile: str | None,
    received_at: str | None,
    confirm_vanished: int | None,
    *,
    snapshot: bool,
) -> Result:
    """Take a file of HR's in."""
    if confirm_vanished is not None and not snapshot:
        raise click.UsageError(_t("confirm_needs_snapshot"))
    with open_home() as session:
        from sekisho.cli.order_results import imported_result
        from sekisho.core.kinds import OrderStatus
        from sekisho.intake.sheets import read_bytes
        from sekisho.services import orders

        request = orders.OrderRequest(
            name=file.name,
            content=read_bytes(file),
            received_at=session.instant(received_at),
            status=OrderStatus(status) if status else None,
            profile=profile,
        )
        with people.status(_t("reading", file=file.name)):
            if snapshot:
                imported = orders.import_snapshot(
                    actor=session.actor, now=session.now, request=request, confirm_vanished=confirm_vanished
                )
            else:
                imported = orders.import_orders(actor=session.actor, now=session.now, request=request)
        return imported_result(imported, file.name)


@command.command("manifest", help=_t("manifest_help"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--profile", metavar="P", help=_t("profile_help"))
def manifest(file: Path, profile: str | None) -> Result:
    """Sign HR's list of expected movers."""
    with open_home() as session:
        from sekisho.cli.order_results import show_defects, wire
        from sekisho.intake.sheets import read_bytes
        from sekisho.services import manifests

        signed = manifests.sign(
            actor=session.actor, now=session.now, name=file.name, content=read_bytes(file), profile=profile
        )
        rejections = [wire(defect) for defect in signed.rejections]
        document: dict[str, object] = {
            "movers": signed.movers,
            "sha256": signed.sha256,
            "signed_by": signed.signed_by,
            "signed_at": signed.signed_at,
            "rows_in": signed.rows_in,
            "rejected": len(signed.rejections),
            "ignored": signed.ignored,
            "rejections": rejections,
        }

        def show() -> None:
            people.print(_t("signed", movers=signed.movers, by=signed.signed_by, sha256=signed.sha256))
            show_defects(rejections, _t("rejections"))

        return Result(document, show, found=bool(signed.rejections))
