"""A fresh read of every system, findings for what deviates, and who may say that all is well."""

import json
from datetime import date
from pathlib import Path

import pytest

import cutover_homes as homes
import cutovers as make
from sekisho.connectors.memory import Faults
from sekisho.core.kinds import AFFILIATE, NETWORK, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import verification
from sekisho.services.verification import Verification
from sekisho.services.visibility import NotVisible
from sekisho.store import models

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path) -> homes.Home:
    """P1 and P2 hold `view` on the network side; only P2 should, by a manual grant."""
    made = homes.Home(tmp_path)
    given("P2", "nw", "view")
    return made


def given(person: str, system: str, entitlement: str, end: date | None = None) -> None:
    models.Grant.objects.create(
        grant_id=f"{person}-{entitlement}",
        person_id=person,
        system_id=system,
        entitlement=entitlement,
        reason="r",
        requested_by="a",
        approver="b",
        state="approved",
        end=end,
        **homes.LONG_AGO,
    )


def verify(home: homes.Home, actor: Actor = homes.OPERATOR) -> Verification:
    return verification.verify(actor=actor, as_of=make.AS_OF, now=make.NOW, home=home.path)


def kinds(found: Verification) -> list[tuple[str | None, str, str]]:
    return [(one.person_id, one.kind.value, one.code.partition(".")[2]) for one in found.deviations]


def test_what_nobody_can_explain_becomes_a_finding_once(home: homes.Home) -> None:
    found = verify(home)
    assert (found.verified, kinds(found)) == (1, [("P1", "excess", "nobody_knows")])
    verify(home)
    finding = models.Finding.objects.get()
    assert (finding.kind, finding.side, finding.person_id) == ("deviation_excess", "network", "P1")


def test_a_deviation_that_comes_back_after_its_finding_was_closed_is_a_new_finding(home: homes.Home) -> None:
    verify(home)
    models.Finding.objects.update(closed_at=make.NOW)
    verify(home)
    verify(home)
    assert models.Finding.objects.filter(closed_at=None).count() == 1
    assert models.Finding.objects.count() == 2


def test_an_ended_grant_explains_what_is_left_over(home: homes.Home) -> None:
    given("P1", "nw", "view", end=date(2024, 4, 1))
    assert kinds(verify(home)) == [("P1", "left_over", "former")]


def test_after_the_cutover_everything_is_verified(home: homes.Home) -> None:
    given("P1", "ep", "sell")
    home.carry(home.move())
    found = verify(home)
    assert (found.verified, found.deviations) == (2, ())


def test_what_a_cutover_holds_is_not_missing(home: homes.Home) -> None:
    given("P1", "ep", "sell")
    home.carry([make.grant("P1")])
    found = verify(home)
    assert (found.held, kinds(found)) == (1, [("P1", "excess", "nobody_knows")])


def test_what_a_cutover_failed_to_take_is_left_over(home: homes.Home) -> None:
    home.nw.fail(Faults(refused=frozenset({"p1"})))
    home.carry([make.operation("P1")])
    assert kinds(verify(home)) == [("P1", "left_over", "not_taken")]


def test_a_system_that_does_not_answer_is_unknown(home: homes.Home) -> None:
    home.nw.fail(Faults(unreachable=True))
    found = verify(home)
    assert (found.verified, found.unread) == (0, ("nw",))
    assert kinds(found) == [(None, "unknown", "unread"), ("P2", "unknown", "unread")]


def test_who_carried_the_cutover_out_cannot_confirm_it(home: homes.Home) -> None:
    home.carry(home.move())
    assert verify(home).needs_confirmation
    assert not verify(home, Actor("somebody-else", trusted=True)).needs_confirmation


def test_who_went_on_with_a_cutover_cannot_confirm_it_either(home: homes.Home) -> None:
    content = homes.keep(make.plan(home.move()))
    home.nw.fail(Faults(unreachable=True))
    home.run(content)
    home.nw.fail(Faults())
    resumer = Actor("resumer", trusted=True)
    home.run(content, actor=resumer)
    found = verify(home, resumer)
    assert (found.needs_confirmation, found.executor) == (True, "operator, resumer")
    assert not verify(home, Actor("somebody-else", trusted=True)).needs_confirmation


def test_each_verification_is_an_entry_with_its_verifier_and_the_executor(home: homes.Home) -> None:
    home.carry(home.move())
    verify(home, Actor("somebody-else", trusted=True))
    leaf = json.loads(bytes(models.LedgerEntry.objects.get(kind="verification.made").leaf))
    assert (leaf["actor"], leaf["facts"]["executor"]) == ("somebody-else", "operator")


def sided(role: Role, side: Side) -> Actor:
    return Actor("someone", (RoleGrant(role, side, Period(date(2020, 1, 1))),))


@pytest.mark.parametrize(("side", "shown"), [(NETWORK, 1), (AFFILIATE, 0)])
def test_deviations_stay_on_their_side(home: homes.Home, side: Side, shown: int) -> None:
    found = verify(home, sided(Role.IT_OPERATION, side))
    assert (len(found.deviations), sum(found.counts.values())) == (shown, shown)


def test_an_executive_sees_how_many_and_not_which(home: homes.Home) -> None:
    found = verify(home, sided(Role.EXECUTIVE, NETWORK))
    assert (len(found.deviations), sum(found.counts.values())) == (0, 1)


def test_who_may_see_no_deviation_may_not_verify(home: homes.Home) -> None:
    with pytest.raises(NotVisible):
        verify(home, sided(Role.EMPLOYEE, NETWORK))
