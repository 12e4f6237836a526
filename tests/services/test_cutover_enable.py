"""Switching an account on gives whatever it holds: law 1 asks what that is."""

from pathlib import Path

import pytest

import cutover_homes as homes
import cutovers as make
from sekisho.connectors.memory import Faults
from sekisho.core.kinds import NEUTRAL, Action
from sekisho.store import models

pytestmark = pytest.mark.django_db(transaction=True)
ON = make.operation("P1", Action.ENABLE, "", side=NEUTRAL, protected=False)


@pytest.fixture
def home(tmp_path: Path) -> homes.Home:
    """`nw` is a system of no side now, with entitlements of the network's; P1 is switched off there."""
    made = homes.Home(tmp_path)
    models.System.objects.filter(system_id="nw").update(side="")
    return made


def outcome(home: homes.Home) -> tuple[str, str]:
    (one,) = home.carry([ON]).operations
    return one.state.value, one.code


def test_an_account_that_would_bring_one_side_waits_while_the_other_is_held(home: homes.Home) -> None:
    home.nw.put([make.state("p1", "view", active=False)])
    home.ep.put([homes.account("p1", "sell")])
    assert outcome(home) == ("held", "cutover.other_side_present")
    assert not home.nw.state().accounts["p1"].active


@pytest.mark.parametrize(("held", "beside"), [("view", "mail"), ("portal", "sell")])
def test_an_account_that_makes_no_dual_holding_is_switched_on(home: homes.Home, held: str, beside: str) -> None:
    home.nw.put([make.state("p1", held, active=False)])
    home.ep.put([homes.account("p1", beside)])
    assert outcome(home) == ("applied", "")
    assert home.nw.state().accounts["p1"].active


def test_what_cannot_be_read_completely_may_be_of_the_other_side(home: homes.Home) -> None:
    home.nw.put([make.state("p1", "portal", active=False)])
    home.ep.put([homes.account("p1", "sell")])
    home.nw.fail(Faults(incomplete=True))
    assert outcome(home) == ("held", "cutover.other_side_present")
