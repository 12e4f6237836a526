"""`bench`: the budgets, measured here, each figure beside its limit from the same run.

Each bench runs in a process and a scratch home of its own, on the disk of SEKISHO_HOME, on SQLite. How
to add one: `sekisho.cli.benches`.
"""

import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import click

from sekisho.cli import benches
from sekisho.cli.main import Result
from sekisho.cli.measure import Bench, Measure, not_run
from sekisho.cli.output import people
from sekisho.core.errors import SekishoError
from sekisho.texts import reader_language, text

LANGUAGE = reader_language()


class UnknownBench(SekishoError):
    """There is no bench of that name."""


class BenchFailed(SekishoError):
    """A bench ended with an error; what it said stands above."""

    exit_status = 3


def registry() -> dict[str, Measure]:
    """Return all benches by name, from every module of `sekisho.cli.benches`."""
    found: dict[str, Measure] = {}
    for module in sorted(pkgutil.iter_modules(benches.__path__), key=lambda module: module.name):
        if not module.name.startswith("_"):
            found.update(import_module(f"{benches.__name__}.{module.name}").BENCHES)
    return found


@click.command(help=text("cli_bench.help", language=LANGUAGE))
@click.argument("name", required=False)
@click.option("--inside", is_flag=True, hidden=True)
def command(name: str | None, *, inside: bool) -> Result:
    """Measure all benches, or the one named."""
    known = registry()
    if name is not None and name not in known:
        raise UnknownBench("cli_bench.unknown", {"name": name, "known": ", ".join(sorted(known))})
    if inside and name is not None:
        return _result([_figures(bench) for bench in _measure(known[name])])
    if name is not None:
        return _result(_in_child(name))
    figures: list[dict[str, object]] = []
    failed = False
    for each in sorted(known):
        try:
            figures += _in_child(each)
        except BenchFailed as error:  # the others have their say all the same
            figures.append(_figures(not_run(each, "", f"it ended with status {error.params['status']}")))
            failed = True
    return _result(figures, failed=failed)


def _measure(measure: Measure) -> list[Bench]:
    """Run one bench in this process, whose home is its scratch."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.settings")
    django.setup()
    from django.conf import settings

    from sekisho.services import installation

    installation.prepare(home=settings.HOME)
    return measure(Path(settings.HOME))


def _in_child(name: str) -> list[dict[str, object]]:
    home = Path(os.environ.get("SEKISHO_HOME", "var")).absolute()
    home.mkdir(parents=True, exist_ok=True)
    running = people.status(text("cli_bench.running", {"name": name}, LANGUAGE))
    with running, tempfile.TemporaryDirectory(prefix="bench-", dir=home) as scratch:
        environment = {key: value for key, value in os.environ.items() if key != "SEKISHO_DATABASE_URL"}
        program = "from sekisho.cli.main import main; main()"
        words = [sys.executable, "-c", program, "--home", scratch, "bench", name, "--inside", "--json"]
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ourselves
    if done.returncode:
        raise BenchFailed("cli_bench.failed", {"name": name, "status": done.returncode})
    found: list[dict[str, object]] = json.loads(done.stdout)["benches"]
    return found


def _figures(bench: Bench) -> dict[str, object]:
    return {
        "name": bench.name,
        "value": _rounded(bench.value),
        "unit": bench.unit,
        "limit": _rounded(bench.limit),
        "ratio": None if bench.ratio is None else round(bench.ratio, 3),
        "against": bench.against,
        "budget": bench.budget,
        "size": bench.size,
    }


def _rounded(value: float | None) -> float | None:
    if value is None:
        return None
    return round(value) if abs(value) >= 1_000 else float(f"{value:.4g}")


def _result(figures: list[dict[str, object]], *, failed: bool = False) -> Result:
    return Result({"benches": figures}, lambda: _show(figures), unreachable=failed)


def _show(figures: list[dict[str, object]]) -> None:
    """Print each figure beside its limit, and below it in words what was measured against what."""
    for figure in figures:
        limit, ratio = (text(f"cli_bench.column_{name}", language=LANGUAGE) for name in ("limit", "ratio"))
        measured = f"{_cell(figure['value'])} {figure['unit']}"
        beside = f"{limit} {_cell(figure['limit']):>9}   {ratio} {_cell(figure['ratio'])}"
        people.print(f"{figure['name']:<24} {measured:>20}   {beside}", style="bold", markup=False, highlight=False)
        words = [str(figure[name]) for name in ("against", "budget", "size") if figure[name]]
        people.print(f"  {' · '.join(words)}", style="dim", markup=False, highlight=False)


def _cell(value: object) -> str:
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
