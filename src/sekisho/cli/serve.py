"""`sekisho serve`: the site, and a worker beside it. Both are children of this process and end with it.

A worker that dies is started anew: what it was doing is taken up again. A site that dies ends everything.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from sekisho.cli.main import Result
from sekisho.cli.output import people
from sekisho.cli.session import prepared_home
from sekisho.core.errors import SekishoError
from sekisho.texts import reader_language, text

GRACE_SECONDS = 20
AGAIN_SECONDS = 5.0
"""How long after its death a worker is started anew."""


class PortTaken(SekishoError):
    """Something listens on the port already."""

    exit_status = 3


def _t(name: str, **params: object) -> str:
    return text(f"cli_serve.{name}", params, reader_language())


@click.command("serve", help=_t("serve_help"))
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help=_t("port"))
@click.option("--bind", default="127.0.0.1", show_default=True, help=_t("bind"))
@click.option("--no-work", is_flag=True, help=_t("no_work"))
def command(port: int, bind: str, no_work: bool) -> Result:  # noqa: FBT001 - click passes options so
    """Serve until told to stop."""
    serve(prepared_home(), port=port, bind=bind, work=not no_work)
    return Result({"served": True}, lambda: None)


def serve(home: Path, *, port: int, bind: str = "127.0.0.1", work: bool = True) -> None:
    """Collect the static files, start site and worker, and wait until the site ends or a signal comes.

    Raises:
        PortTaken: something else listens there.
    """
    import socket

    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((bind, port))
        except OSError as error:
            raise PortTaken("cli_serve.port_taken", {"port": port}) from error
    collect()
    url = os.environ.setdefault("SEKISHO_URL", f"http://localhost:{port}")
    environment = os.environ | {"SEKISHO_HOME": str(home), "DJANGO_SETTINGS_MODULE": "sekisho.settings"}
    with ExitStack() as stack:
        stopped = _stopped()
        site = stack.enter_context(_child(_site(bind, port), environment))
        people.print(_t("serving", url=url), markup=False)
        while not stopped and site.poll() is None:
            with ExitStack() as beside:
                worker = beside.enter_context(_child(_worker(home), environment)) if work else None
                _wait(stopped, site, worker)
            if worker is not None and not stopped and site.poll() is None:
                people.print(_t("worker_died"), markup=False)
                _pause(stopped, site)


def collect() -> None:
    """Put the static files into the home under hashed names, compressed."""
    from django.core.management import call_command
    from django.test.utils import override_settings

    storage = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    default = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    with override_settings(STORAGES={"default": default, "staticfiles": storage}):
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)


def _site(bind: str, port: int) -> list[str]:
    words = ["--bind", f"{bind}:{port}", "--workers", "2", "--worker-class", "gthread", "--threads", "4"]
    quiet = ["--log-level", "warning", "--timeout", "120"]
    return [sys.executable, "-m", "gunicorn", *words, *quiet, "sekisho.wsgi:application"]


def _worker(home: Path) -> list[str]:
    return [sys.executable, "-c", "from sekisho.cli.main import main; main()", "--home", str(home), "work"]


@contextmanager
def _child(command_line: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command_line, env=environment, start_new_session=True)  # noqa: S603 - our own words
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _stopped() -> list[int]:
    """Return a list that holds a signal to stop as soon as one came."""
    stopped: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: stopped.append(number))
    return stopped


def _wait(stopped: list[int], site: "subprocess.Popen[bytes]", worker: "subprocess.Popen[bytes] | None") -> None:
    """Wait for a signal, or for the end of a child."""
    while not stopped and site.poll() is None and (worker is None or worker.poll() is None):
        _moment(site, 0.5)


def _pause(stopped: list[int], site: "subprocess.Popen[bytes]") -> None:
    """Let some time pass before the next worker, or one that cannot start would be started without end."""
    until = time.monotonic() + AGAIN_SECONDS
    while not stopped and site.poll() is None and time.monotonic() < until:
        _moment(site, 0.5)


def _moment(site: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        site.wait(seconds)
    except subprocess.TimeoutExpired:
        return
