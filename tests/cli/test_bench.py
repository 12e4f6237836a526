from pathlib import Path

import pytest

from sekisho.cli import bench
from sekisho.cli.main import main
from sekisho.cli.measure import Bench, best_seconds


def test_every_module_of_benches_is_found_by_itself() -> None:
    folder = Path(bench.benches.__path__[0])
    modules = {file.stem for file in folder.glob("*.py")} - {"__init__"}
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
