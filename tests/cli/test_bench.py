from pathlib import Path

import pytest

from sekisho.cli import bench
from sekisho.cli.benches import _slapd
from sekisho.cli.main import main
from sekisho.cli.measure import Bench, best_seconds, not_run


def test_every_module_of_benches_is_found_by_itself() -> None:
    folder = Path(bench.benches.__path__[0])
    modules = {file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")}
    measured_in = {measure.__module__.rsplit(".", 1)[1] for measure in bench.registry().values()}
    assert modules == measured_in
    assert "ledger" in bench.registry()


def test_a_figure_stands_beside_its_limit_and_their_ratio() -> None:
    assert Bench("a", 50.0, "rows/s", 200.0, "bare insert").ratio == 0.25
    assert Bench("a", 50.0, "rows/s", 0.0, "nothing").ratio == 0.0


def test_an_unknown_bench_is_bad_usage_and_the_known_ones_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["bench", "nothing", "--json"])
    assert end.value.code == 2
    assert "ledger" in capsys.readouterr().out


def test_the_shortest_of_several_runs_counts() -> None:
    runs: list[int] = []
    assert best_seconds(lambda: runs.append(1), runs=4) >= 0
    assert len(runs) == 4


def test_what_was_not_run_has_no_value_and_never_a_nought(capsys: pytest.CaptureFixture[str]) -> None:
    figure = bench._figures(not_run("cutover", "people/s", "slapd is missing", budget="85 %"))
    assert (figure["value"], figure["limit"], figure["ratio"]) == (None, None, None)
    assert figure["against"] == "not run: slapd is missing"
    bench._show([figure])
    shown = capsys.readouterr().err
    assert "— people/s" in shown
    assert "not run: slapd is missing" in shown


def test_without_slapd_its_benches_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_slapd, "PLACES", str(tmp_path))
    found = bench.registry()["cutover"](tmp_path)
    assert {one.against for one in found} == {"not run: slapd is missing"}
    assert {one.value for one in found} == {None}
