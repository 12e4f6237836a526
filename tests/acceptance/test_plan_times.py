"""When a plan may run, as an outsider is told."""

from pathlib import Path

import pytest

from outside import call, folder

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("expires", ["2024-03-31", "2024-04-01", "2024-05-01"])
def test_a_plan_that_could_never_be_carried_out_is_not_made(tmp_path: Path, expires: str) -> None:
    call("load", folder(tmp_path / "company"))
    out = tmp_path / "plan.json"
    status, refused = call("plan", "--as-of", "2024-04-01", "--expires", expires, "--out", out)
    assert (status, refused["error"]["code"], out.exists()) == (2, "plans.expires_too_early", False)


def test_a_time_in_a_sentence_is_by_the_companys_clock(tmp_path: Path) -> None:
    call("load", folder(tmp_path / "company"))
    out = tmp_path / "plan.json"
    call("--as", "planner", "plan", "--as-of", "2124-04-01", "--out", out)
    call("--as", "second", "plan", "approve", out)
    status, refused = call("--as", "planner", "cutover", out)
    assert (status, refused["error"]["code"]) == (2, "cutover.not_yet")
    assert "2124-04-01 00:00" in refused["error"]["message"]["ja"]
    assert refused["error"]["params"]["as_of"].startswith("2124-03-31T15:00:00")
