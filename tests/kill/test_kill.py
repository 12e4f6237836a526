"""A bounded share of the kill campaign; the whole of it is `python -m tests.kill.campaign --points 5000`."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def campaign(target: str, points: int, seconds: int) -> str:
    command = [sys.executable, "-m", "tests.kill.campaign", "--target", target]
    words = [*command, "--points", str(points), "--seconds", str(seconds), "--seed", "20240401"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_cutover_killed_anywhere_ends_as_an_undisturbed_one() -> None:
    assert "killed by event" in campaign("sqlite", 10, 8)


@pytest.mark.real
@pytest.mark.parametrize("target", ["sqlite", "postgres", "slapd", "slapd-transactions"])
def test_killed_at_many_points_on_real_servers_it_still_ends_the_same(target: str) -> None:
    assert "killed by event" in campaign(target, 1000, 15)
