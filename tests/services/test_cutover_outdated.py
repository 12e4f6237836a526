"""A plan approved, then a fact learned that forbids a part of it: that part waits for a new plan."""

from pathlib import Path

import pytest

import cutover_homes as homes
import cutovers as make
from sekisho.services.cutover import CutoverResult
from sekisho.store import models

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path) -> homes.Home:
    """P1 has nothing any more, P2 still holds `view` on the network side."""
    made = homes.Home(tmp_path)
    made.nw.put([homes.account("p1")])
    return made


def ep_account_is_now(person: str) -> None:
    rows = models.Account.objects.filter(system_id="ep", account="p1")
    rows.update(superseded_at=make.AS_OF)
    models.Account.objects.create(person_id=person, system_id="ep", account="p1", **homes.LONG_AGO)


def codes(result: CutoverResult) -> list[tuple[str, str]]:
    return [(one.state.value, one.code) for one in result.operations]


def test_an_account_that_became_someone_elses_is_given_nothing(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.grant("P1")]))
    ep_account_is_now("P2")
    assert codes(home.run(content)) == [("held", "cutover.relinked")]
    assert home.holds(home.ep)["p1"] == frozenset()


def test_an_account_that_two_persons_use_by_now_is_given_nothing(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.grant("P1")]))
    models.Account.objects.create(person_id="P2", system_id="ep", account="p1", **homes.LONG_AGO)
    assert codes(home.run(content)) == [("held", "cutover.relinked")]


def test_ids_that_turned_out_to_be_one_person_are_given_nothing(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.grant("P1")]))
    models.PersonLink.objects.create(person_id="P1", same_as="P2", reason="r", actor="hr", **homes.LONG_AGO)
    assert codes(home.run(content)) == [("held", "cutover.relinked")]
    assert home.holds(home.ep)["p1"] == frozenset()


def test_what_left_the_catalogue_is_not_given(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.grant("P1")]))
    models.Entitlement.objects.filter(entitlement="sell").update(superseded_at=make.AS_OF)
    assert codes(home.run(content)) == [("held", "cutover.not_ours")]


def test_what_is_ignored_by_now_is_not_taken(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.operation("P2", version="1")]))
    models.Entitlement.objects.filter(entitlement="view").update(owned="ignored")
    assert codes(home.run(content)) == [("held", "cutover.not_ours")]
    assert home.holds(home.nw)["p2"] == {"view"}


def test_an_account_that_is_protected_by_now_is_not_touched(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.operation("P2", version="1")]))
    models.ProtectedAccount.objects.create(system_id="nw", account="p2", why="emergency", **homes.LONG_AGO)
    assert codes(home.run(content)) == [("held", "cutover.guard_protected_account")]
    assert home.holds(home.nw)["p2"] == {"view"}


def test_what_was_approved_is_taken_whoever_uses_the_account_now(home: homes.Home) -> None:
    content = homes.keep(make.plan([make.operation("P2", version="1")]))
    models.Account.objects.filter(system_id="nw", account="p2").update(person_id="P1")
    assert codes(home.run(content)) == [("applied", "")]


@pytest.mark.parametrize("spelling", ["P2", "ｐ２"])
def test_an_account_spelled_in_other_letters_is_not_taken_for_absent(home: homes.Home, spelling: str) -> None:
    models.Account.objects.filter(system_id="nw", account="p2").update(account=spelling)
    result = home.carry([make.grant("P2")])
    assert codes(result) == [("held", "cutover.other_side_present")]
