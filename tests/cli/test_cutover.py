"""`sekisho cutover` and `sekisho verify` as the contract promises them: one document, the right exit status."""

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

import cutover_homes as homes
import cutovers as make
from sekisho.cli.main import main
from sekisho.connectors.memory import Faults
from sekisho.core.kinds import PersonId
from sekisho.core.plans import HeldGrant
from sekisho.services import installation

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = {"applied", "already", "failed", "held", "unknown", "operations"}


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> homes.Home:
    settings.HOME = tmp_path
    installation.mark_rehearsal(home=tmp_path)
    return homes.Home(tmp_path)


def plan_file(home: homes.Home, *, held: tuple[HeldGrant, ...] = ()) -> str:
    file = home.path / "plan.json"
    file.write_text(homes.keep(make.plan(home.move(), held=held)), "utf-8")
    return str(file)


def run(capsys: pytest.CaptureFixture[str], *words: str, now: str = "2024-04-01") -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        main(["--now", now, *words, "--json"])
    return int(str(ended.value.code)), json.loads(capsys.readouterr().out)


def test_a_cutover_says_what_it_did_and_run_again_that_it_is_done(
    home: homes.Home, capsys: pytest.CaptureFixture[str]
) -> None:
    file = plan_file(home)
    status, done = run(capsys, "cutover", file)
    assert (status, done["applied"], done["already"]) == (0, 2, 0)
    assert done.keys() >= KEYS
    assert {(one["state"], one["error"]) for one in done["operations"]} == {("applied", None)}
    status, again = run(capsys, "cutover", file)
    assert (status, again["applied"], again["already"]) == (0, 0, 2)


def test_before_its_day_a_plan_is_refused_with_one_document(
    home: homes.Home, capsys: pytest.CaptureFixture[str]
) -> None:
    status, refused = run(capsys, "cutover", plan_file(home), now="2024-03-31")
    assert (status, refused["error"]["code"]) == (2, "cutover.not_yet")
    assert refused["error"]["message"].keys() == {"ja", "en"}


def test_something_held_is_status_1_with_its_reason_in_both_languages(
    home: homes.Home, capsys: pytest.CaptureFixture[str]
) -> None:
    held = HeldGrant(PersonId("P2"), homes.SIDES["ep"], "ep", "sell", "plans.held_no_account")
    status, done = run(capsys, "cutover", plan_file(home, held=(held,)))
    assert (status, done["held"], done["applied"]) == (1, 1, 2)
    (error,) = [one["error"] for one in done["operations"] if one["state"] == "held"]
    assert error.keys() == {"code", "ja", "en"}


def test_a_system_that_does_not_answer_is_status_3(home: homes.Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.nw.fail(Faults(unreachable=True))
    status, done = run(capsys, "cutover", plan_file(home))
    assert (status, done["unknown"], done["held"], done["unreachable"]) == (3, 1, 1, ["nw"])


def test_a_verification_counts_and_lists_deviations(home: homes.Home, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = run(capsys, "verify", "--as-of", "2024-04-01")
    assert (status, found["excess"], found["left_over"], found["missing"], found["unknown"]) == (1, 2, 0, 0, 0)
    assert {(one["person_id"], one["kind"], one["until"]) for one in found["deviations"]} == {
        ("P1", "excess", None),
        ("P2", "excess", None),
    }


def test_the_same_is_said_to_people(home: homes.Home, capsys: pytest.CaptureFixture[str]) -> None:
    file = plan_file(home)
    for words in (["cutover", file], ["verify", "--as-of", "2024-04-01"]):
        with pytest.raises(SystemExit):
            main(["--now", "2024-04-01", *words])
        told = capsys.readouterr()
        assert len(told.out.splitlines()) > 3
