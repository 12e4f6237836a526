"""Nothing that an administrator alone proposes holds before another person's compliance office says so (laws 2, 13)."""

from datetime import date, timedelta

import pytest

import sites
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, Role, Side
from sekisho.core.parameters import GUARDING
from sekisho.core.users import Actor
from sekisho.services import administration, installation, rules, users, waiting
from sekisho.services import installation_proposals as proposals
from sekisho.store import models
from sides import NOW, actor

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def company() -> None:
    models.Installation.objects.create(
        name="g", timezone="Asia/Tokyo", sides=[NETWORK, AFFILIATE], calendar=[], start=date.min, recorded_at=NOW
    )


def kanri() -> Actor:
    return actor(Role.ADMINISTRATOR, BOTH, name="kanri", person="P1")


def office(side: Side, name: str = "houmu", person: str = "P2") -> Actor:
    return actor(Role.COMPLIANCE, side, name=name, person=person)


def last() -> models.InstallationProposal:
    return models.InstallationProposal.objects.latest("pk")


def give(name: str, role: Role, side: Side, start: date = TODAY, end: date | None = None) -> None:
    administration.give_role(actor=kanri(), now=NOW, name=name, role=role, side=side, start=start, end=end)


def approve(by: Actor) -> proposals.Proposal:
    return proposals.approve(actor=by, now=NOW, proposal_id=last().pk)


def refusal(by: Actor) -> str:
    with pytest.raises(SekishoError) as caught:
        approve(by)
    return caught.value.code


def kinds() -> list[str]:
    return list(models.LedgerEntry.objects.order_by("id").values_list("kind", flat=True))


def roles(name: str) -> list[str]:
    return [one.role for one in users.signed_in_actor(name=name, now=NOW).roles]


@pytest.mark.parametrize(
    ("name", "written"),
    [("approvals_required", "0"), ("lookback_days", "0"), ("vanish_percent", "0"), ("group_share_percent", "101")],
)
def test_no_parameter_switches_its_law_off(name: str, written: str) -> None:
    with pytest.raises(SekishoError) as caught:
        administration.change_setting(actor=kanri(), now=NOW, name=name, written=written, start=TODAY, reason="r")
    assert caught.value.code == "parameters.out_of_range"


VALUES = {"accept_cli_approval": "true", "keep_last_member": "true"}


@pytest.mark.parametrize("name", sorted(GUARDING))
def test_a_guarding_parameter_waits_for_the_networks_compliance(name: str) -> None:
    was = rules.parameters(known_at=NOW).get(name, TODAY)
    administration.change_setting(
        actor=kanri(), now=NOW, name=name, written=VALUES.get(name, "7"), start=TODAY, reason="r"
    )
    assert rules.parameters(known_at=NOW).get(name, TODAY) == was
    assert refusal(office(AFFILIATE)) == "administration.proposal_other_office"
    assert refusal(kanri()) == "administration.unknown_proposal"
    approve(office(NETWORK))
    assert str(rules.parameters(known_at=NOW).get(name, TODAY)).lower() == VALUES.get(name, "7")
    assert kinds() == ["installation.proposed", "installation.confirmed", "parameter.changed"]
    assert refusal(office(NETWORK)) == "administration.proposal_not_open"


def test_who_proposed_it_does_not_confirm_it_under_another_name() -> None:
    administration.change_setting(actor=kanri(), now=NOW, name="lookback_days", written="100", start=TODAY, reason="r")
    sites.user("kanri", ("administrator", BOTH), person="P1")
    sites.user("houmu", ("compliance", BOTH), person="P1")
    assert refusal(office(BOTH, person="P1")) == "administration.proposal_himself"


def test_a_parameter_that_guards_nothing_is_the_administrators() -> None:
    administration.change_setting(actor=kanri(), now=NOW, name="training_days", written="40", start=TODAY, reason="r")
    assert rules.parameters(known_at=NOW).get("training_days", TODAY) == 40


def test_a_role_that_reads_waits_and_never_holds_before_it_is_confirmed() -> None:
    sites.user("tanaka", ("employee", NETWORK), person="P3")
    give("tanaka", Role.HR, NETWORK, start=TODAY - timedelta(days=90))
    assert roles("tanaka") == ["employee"]
    assert refusal(office(NETWORK, "tanaka2", "P3")) == "administration.proposal_himself"
    approve(office(NETWORK))
    assert roles("tanaka") == ["employee", "hr"]
    assert models.RoleAssignment.objects.get(role="hr").start == installation.today(now=NOW)


def test_a_role_for_both_sides_takes_one_of_each_office() -> None:
    sites.user("tanaka", ("employee", NETWORK), person="P3")
    give("tanaka", Role.CROSS_SIDE, NETWORK)
    assert approve(office(NETWORK)).open_sides == (AFFILIATE,)
    assert roles("tanaka") == ["employee"]
    assert refusal(office(NETWORK, "another", "P9")) == "administration.proposal_other_office"
    assert approve(office(AFFILIATE, "houmu2", "P4")).state == proposals.ADOPTED
    assert roles("tanaka") == ["employee", "cross_side"]


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.IT_OPERATION, Role.CROSS_SIDE])
def test_a_login_without_a_person_never_approves(role: Role) -> None:
    sites.user("nobody")
    with pytest.raises(SekishoError) as caught:
        give("nobody", role, NETWORK)
    assert caught.value.code == "administration.no_person"


def test_a_refused_role_never_holds() -> None:
    sites.user("tanaka", ("employee", NETWORK), person="P3")
    give("tanaka", Role.HR, NETWORK)
    proposals.refuse(actor=office(NETWORK), now=NOW, proposal_id=last().pk)
    assert refusal(office(NETWORK)) == "administration.proposal_not_open"
    assert (roles("tanaka"), kinds()[-1]) == (["employee"], "installation.refused")


def test_a_role_that_has_ended_meanwhile_is_not_adopted() -> None:
    sites.user("tanaka", ("employee", NETWORK), person="P3")
    give("tanaka", Role.HR, NETWORK, start=TODAY - timedelta(days=90), end=TODAY)
    assert refusal(office(NETWORK)) == "administration.proposal_lapsed"


def test_the_roles_of_a_renewed_sign_in_rest_until_they_are_confirmed() -> None:
    sites.user("tanaka", ("employee", NETWORK), ("it_operation", NETWORK), person="P3")
    administration.renew_sign_in(actor=kanri(), now=NOW, name="tanaka")
    assert roles("tanaka") == ["employee"]
    proposals.refuse(actor=office(NETWORK), now=NOW, proposal_id=last().pk)
    assert roles("tanaka") == ["employee"], "a refused renewal leaves them resting"
    administration.renew_sign_in(actor=kanri(), now=NOW, name="tanaka")
    approve(office(NETWORK))
    assert roles("tanaka") == ["employee", "it_operation"]


def test_it_waits_on_the_first_page_of_whom_it_waits_for() -> None:
    sites.user("tanaka", ("employee", NETWORK), person="P3")
    give("tanaka", Role.HR, NETWORK)
    for by, n in ((office(NETWORK), 1), (office(AFFILIATE), 0), (kanri(), 0), (office(NETWORK, "t", "P3"), 0)):
        found = {one.kind: one.n for one in waiting.waiting(actor=by, now=NOW)}
        assert found.get("proposals", 0) == n, by.name
