"""Who should have held access, and who was seen to."""

from datetime import date, timedelta
from pathlib import Path

import pytest

import make
import plantings
from sekisho.core.holders import Holder
from sekisho.core.kinds import BOTH, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import access, observations, who
from sekisho.services.visibility import NotVisible
from sekisho.store import models

pytestmark = pytest.mark.django_db
ALICE = Actor("alice", trusted=True)
NOW = plantings.NOW
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Path:
    plantings.plant()
    plantings.settle(tmp_path)
    return tmp_path


def see(home: Path, day: str) -> None:
    system = access.catalogue(known_at=NOW).systems["cis"]
    observations.read_system(system=system, now=make.at(day), purpose="plan", home=home)


def ask(period: Period = MARCH, known_at: str = "2026-06-01", actor: Actor = ALICE) -> set[tuple[object, ...]]:
    answer = who.who(actor=actor, system="cis", period=period, known_at=make.at(known_at), now=NOW)
    return {(one.person_id, one.period.start, one.period.end, one.basis.value) for one in answer.holders}


def days(first: int, end: int | None) -> tuple[date, date]:
    return date(2026, 3, first), date(2026, 3, end) if end else date(2026, 4, 1)


def test_before_any_read_there_is_only_what_should_be() -> None:
    assert ask() == {("P1", *days(1, None), "desired"), ("P3", *days(1, None), "desired")}


def test_from_the_first_read_on_both_are_known(home: Path) -> None:
    see(home, "2026-03-10")
    assert ("P1", *days(1, 10), "desired") in ask()
    assert ("P1", *days(10, None), "both") in ask()


def test_what_was_seen_and_should_not_be_is_said_so(home: Path) -> None:
    plantings.put(home, "cis", p2="n1", ghost="n1")
    see(home, "2026-03-10")
    assert {("P2", *days(10, None), "observed"), (None, *days(10, None), "observed")} <= ask()


def test_what_a_later_read_missed_was_held_until_that_day(home: Path) -> None:
    see(home, "2026-03-10")
    plantings.put(home, "cis", p1="")
    see(home, "2026-03-20")
    assert ("P1", *days(10, 21), "both") in ask()
    assert ("P1", *days(21, None), "desired") in ask()


def test_at_an_instant_of_the_day_only_what_was_seen_then_counts(home: Path) -> None:
    see(home, "2026-03-10T00:00:00")
    plantings.put(home, "cis", p1="", p3="")
    see(home, "2026-03-20T03:00:00")
    day = Period(date(2026, 3, 20), date(2026, 3, 21))

    def basis(hour: int) -> set[str]:
        at = make.at(f"2026-03-20T{hour:02}:00:00")
        answer = who.who(actor=ALICE, system="cis", period=day, known_at=make.at("2026-04-01"), now=NOW, at=at)
        return {one.basis.value for one in answer.holders}

    assert (basis(2), basis(3)) == ({"both"}, {"desired"})


def test_as_known_earlier_the_later_read_is_not_known(home: Path) -> None:
    see(home, "2026-03-10")
    plantings.put(home, "cis", p1="")
    see(home, "2026-03-20")
    assert ("P1", *days(10, None), "both") in ask(known_at="2026-03-15")


def test_a_move_ends_what_should_be_on_its_day() -> None:
    models.Stint.objects.filter(person_id="P1").update(end=date(2026, 3, 15))
    plantings.stint("P1", "B", "NW", date(2026, 3, 15))
    assert ("P1", *days(1, 15), "desired") in ask()
    assert {person for person, *_ in ask(Period(date(2026, 3, 15), date(2026, 3, 16)))} == {"P3"}


def test_on_leave_nothing_of_the_post_should_be_held() -> None:
    plantings.stint("P1", "", "", date(2026, 3, 10), date(2026, 3, 20), kind="leave")
    found = ask()
    assert {("P1", *days(1, 10), "desired"), ("P1", *days(20, None), "desired")} <= found


def test_a_unit_whose_class_changes_changes_who_should_hold() -> None:
    models.Bundle.objects.all().delete()
    models.Bundle.objects.create(
        bundle_id="c", system_id="cis", entitlements=["n1"], condition={"classes": ["central_dispatch"]},
        start=make.LONG_AGO, recorded_at=plantings.KNOWN,
    )  # fmt: skip
    models.Unit.objects.filter(code="A").update(end=date(2026, 3, 15))
    models.Unit.objects.create(
        code="A", name="A", company="NW", classes="none", start=date(2026, 3, 15), recorded_at=plantings.KNOWN
    )
    assert ask() == {("P1", *days(1, 15), "desired"), ("P3", *days(1, 15), "desired")}


def test_a_manual_grant_is_named_as_the_reason() -> None:
    models.Grant.objects.create(
        grant_id="G", person_id="P2", system_id="cis", entitlement="n1", reason="r", requested_by="a", approver="b",
        state="approved", start=date(2026, 3, 5), end=date(2026, 3, 8), recorded_at=plantings.KNOWN,
    )  # fmt: skip
    answer = who.who(actor=ALICE, system="cis", period=MARCH, known_at=NOW, now=NOW)
    assert [(one.period, one.because) for one in answer.holders if one.person_id == "P2"] == [
        (Period(date(2026, 3, 5), date(2026, 3, 8)), ("grant:G",))
    ]


def test_the_answer_for_each_day_alone_adds_up_to_the_answer_for_all(home: Path) -> None:
    see(home, "2026-03-10")
    models.Stint.objects.filter(person_id="P1").update(end=date(2026, 3, 15))
    whole = who.who(actor=ALICE, system="cis", period=MARCH, known_at=NOW, now=NOW).holders
    for number in range(31):
        day = MARCH.start + timedelta(days=number)
        alone = who.who(actor=ALICE, system="cis", period=Period(day, day + timedelta(days=1)), known_at=NOW, now=NOW)
        assert {facts(one) for one in alone.holders} == {facts(one) for one in whole if one.period.holds(day)}


def facts(one: Holder) -> tuple[object, ...]:
    return one.person_id, one.account, one.entitlement, one.basis, one.because


@pytest.mark.parametrize(
    ("role", "side", "allowed"),
    [
        (Role.COMPLIANCE, "network", True),
        (Role.IT_OPERATION, BOTH, True),
        (Role.COMPLIANCE, "affiliate", False),
        (Role.HR, BOTH, False),
        (Role.UNIT_HEAD, "network", False),
    ],
)
def test_who_holds_what_stays_on_its_side(role: Role, side: str, *, allowed: bool) -> None:
    actor = Actor("x", (RoleGrant(role, Side(side), Period(make.LONG_AGO)),), PersonId("P9"))
    if allowed:
        assert ask(actor=actor)
        return
    with pytest.raises(who.UnknownSystem if role is Role.COMPLIANCE else NotVisible):
        ask(actor=actor)


def test_a_system_that_does_not_exist_is_said_so() -> None:
    with pytest.raises(who.UnknownSystem):
        who.who(actor=ALICE, system="x", period=MARCH, known_at=NOW, now=NOW)
    with pytest.raises(who.NoDays):
        ask(Period(date(2026, 3, 1), date(2026, 3, 1)))
