"""A change of the rules: proposed by one, approved by the listed others of each side, adopted for no day gone by."""

from datetime import date, timedelta
from pathlib import Path

import pytest

import make
import sides
from sekisho.core.kinds import AFFILIATE, NETWORK, Role
from sekisho.core.rules import Rule
from sekisho.core.users import Actor
from sekisho.services import changes_shown, folder, jobs, ledger, rule_changes, rule_drafts, rule_preview, rules, work
from sekisho.services.rule_drafts import Draft
from sekisho.store import models
from sides import NOW, TRUSTED, actor

pytestmark = pytest.mark.django_db
LATER = date(2024, 5, 1)
HR = actor(Role.HR, NETWORK, name="jinji", person="PNET8")
APPROVERS = {
    NETWORK: actor(Role.EXECUTIVE, NETWORK, name="net", person="PNET9"),
    AFFILIATE: actor(Role.COMPLIANCE, AFFILIATE, name="aff", person="PAFF9"),
}


@pytest.fixture(autouse=True)
def world(tmp_path: Path) -> Path:
    """Stand in the two-sided world, in which HR has a login."""
    sides.build(tmp_path)
    models.RoleAssignment.objects.create(
        user="jinji", person_id="PNET8", role="hr", side="network", start=make.LONG_AGO, recorded_at=sides.LOADED
    )
    return tmp_path


def change(**keys: object) -> Rule:
    facts: dict[str, object] = {
        "rule": "desk",
        "kind": "concurrent_posts",
        "type": "policy_stop",
        "from_classes": ["central_dispatch", "trunk_planning"],
        "to_classes": ["retail_sales"],
        "start": LATER,
        "version": "2",
    } | keys
    return rule_drafts.change(draft=Draft(**facts), now=NOW)


def proposed(who: Actor = HR, reason: str = "review of the year", **keys: object) -> int:
    return rule_changes.propose(actor=who, now=NOW, change=change(**keys), reason=reason).id


def approve(change_id: int, *by: Actor) -> rule_changes.Proposal:
    for one in by or APPROVERS.values():
        found = rule_changes.approve(actor=one, now=NOW, change_id=change_id)
    return found


def kinds() -> list[str]:
    return [one.kind for one in ledger.last(count=200, sides=[""])]


def test_adopted_it_holds_from_its_day_and_the_version_before_ends_there() -> None:
    done = approve(proposed())
    assert done.state == rule_changes.ADOPTED
    known = rules.rules(known_at=NOW)
    assert [(one.version, one.period.start, one.period.end) for one in known] == [
        ("1", date(2018, 4, 1), LATER),
        ("2", LATER, None),
    ]
    assert known[1].from_classes == {"central_dispatch", "trunk_planning"}
    assert (known[1].approved_by, known[1].approved_on) == ("net、aff", NOW.date())
    assert {"rule.proposed", "rule.approved", "rule.adopted"} <= set(kinds())


def test_the_folder_loaded_again_changes_nothing_of_it(world: Path) -> None:
    approve(proposed())
    before = rules.rules(known_at=NOW + timedelta(days=1))
    folder.load_folder(folder=world / "company", actor=TRUSTED, now=NOW + timedelta(hours=1))
    assert rules.rules(known_at=NOW + timedelta(days=1)) == before


def test_what_was_known_before_stays_known_so() -> None:
    approve(proposed())
    assert [one.version for one in rules.rules(known_at=NOW - timedelta(days=1))] == ["1"]


def test_orders_are_checked_and_past_moves_judged_again_by_its_day(world: Path) -> None:
    approve(proposed())
    asked = {one.kind: one for one in models.Job.objects.all()}
    assert set(asked) == {jobs.CHECK, jobs.RESCREEN}
    assert asked[jobs.CHECK].due_at == NOW
    assert asked[jobs.RESCREEN].due_at.astimezone(sides.AS_OF.tzinfo).date() == LATER
    assert {one.requested_by for one in asked.values()} == {"jinji"}
    clock = sides.AS_OF + timedelta(days=40)
    while work.step(home=world, clock=lambda: clock):
        pass
    assert {one.state for one in models.Job.objects.all()} == {jobs.DONE}


def test_moves_of_every_side_are_judged_again_whatever_becomes_of_the_proposer(world: Path) -> None:
    approve(proposed())
    models.RoleAssignment.objects.filter(user="jinji").update(end=NOW.date())
    assert {one.side for one in models.Job.objects.all()} == {"both"}
    clock = sides.AS_OF + timedelta(days=40)
    while work.step(home=world, clock=lambda: clock):
        pass
    assert {(one.state, one.error) for one in models.Job.objects.all()} == {(jobs.DONE, "")}
    looked = {
        one.side: one.facts["looked_at"]
        for one in ledger.last(count=500, sides=ledger.sides())
        if one.kind == "moves.rescreened"
    }
    assert looked[AFFILIATE], "HR of the network side proposed it, and sees none of these"
    assert looked[NETWORK]


def test_one_sides_approval_is_not_enough_and_the_networks_is_always_needed() -> None:
    waits = proposed()
    first = approve(waits, APPROVERS[AFFILIATE])
    assert (first.state, first.open_sides) == (rule_changes.PROPOSED, (NETWORK,))
    assert len(rules.rules(known_at=NOW)) == 1


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (actor(Role.COMPLIANCE, NETWORK, name="other", person="PNET1"), "rules.not_listed"),
        (actor(Role.HR, NETWORK, name="jinji", person="PNET9"), "rules.himself"),
    ],
)
def test_neither_who_is_not_listed_nor_who_proposed_approves(who: Actor, code: str) -> None:
    if code == "rules.himself":
        models.RoleAssignment.objects.filter(user="jinji").update(person_id="PNET9")
    waits = proposed(who if code == "rules.himself" else HR)
    with pytest.raises(rule_changes.MayNot) as refused:
        rule_changes.approve(actor=who, now=NOW, change_id=waits)
    assert refused.value.code == code


def test_who_proposed_it_does_not_approve_it_as_another_person_of_his() -> None:
    models.RoleAssignment.objects.create(
        user="jinji", person_id="PNET9", role="executive", side="network", start=make.LONG_AGO, recorded_at=sides.LOADED
    )
    waits = proposed(HR)
    himself = actor(Role.EXECUTIVE, NETWORK, name="jinji", person="PNET9")
    assert waits not in {one.id for one in rule_changes.awaiting(actor=himself, now=NOW)}
    with pytest.raises(rule_changes.MayNot) as refused:
        rule_changes.approve(actor=himself, now=NOW, change_id=waits)
    assert refused.value.code == "rules.himself"


def test_nobody_approves_twice_and_nothing_decided_is_decided_again() -> None:
    waits = proposed()
    approve(waits, APPROVERS[NETWORK])
    with pytest.raises(rule_changes.MayNot):
        approve(waits, APPROVERS[NETWORK])
    approve(waits, APPROVERS[AFFILIATE])
    with pytest.raises(rule_changes.NotOpen):
        approve(waits, APPROVERS[NETWORK])
    with pytest.raises(rule_changes.NotOpen):
        rule_changes.withdraw(actor=HR, now=NOW, change_id=waits)


def test_it_is_proposed_by_hr_and_compliance_with_reason_and_texts() -> None:
    with pytest.raises(rule_changes.MayNot):
        proposed(actor(Role.IT_OPERATION))
    bad: list[tuple[dict[str, object], str, str]] = [
        ({}, " ", "rules.no_reason"),
        ({"version": "1"}, "r", "rules.version_there"),
        ({"from_classes": ["central_dispatch"]}, "r", "rules.no_change"),
        ({"rule": "new"}, "r", "rules.no_text"),
    ]
    for keys, reason, code in bad:
        with pytest.raises(rule_changes.BadProposal) as refused:
            proposed(HR, reason, **keys)
        assert refused.value.code == code


def test_a_day_that_passes_before_all_approved_needs_another_proposal() -> None:
    waits = proposed(start=NOW.date())
    with pytest.raises(rule_preview.BadChange):
        rule_changes.approve(actor=APPROVERS[NETWORK], now=NOW + timedelta(days=1), change_id=waits)
    with pytest.raises(rule_preview.BadChange):
        proposed(start=NOW.date() - timedelta(days=1))


def test_a_rule_ends_by_a_proposal_too() -> None:
    approve(proposed(ends=True, version="end"))
    (kept, mark) = rules.rules(known_at=NOW)
    assert (kept.version, kept.period.end) == ("1", LATER)
    assert mark.period.start == mark.period.end == LATER


def test_a_draft_may_change_posts_companies_and_texts_and_leaves_the_others_as_they_are() -> None:
    first = change(from_post_classes=["officer"], to_status=["affiliate"], text_en="read so")
    assert ([*first.from_post_classes], [*first.to_status], first.text_en) == (["officer"], ["affiliate"], "read so")
    assert first.text_ja == change().text_ja != ""
    assert change(from_post_classes=[]).from_post_classes == frozenset()
    only_posts = change(rule="board", from_classes=[], to_classes=[], to_status=["affiliate"])
    assert only_posts.to_status == {"affiliate"}


def test_a_new_rule_is_adopted_by_the_approvers_there_are_who_then_approve_its_exceptions() -> None:
    whole = change(rule="wide", version="1", text_ja="文", text_en="t")
    waits = rule_changes.propose(actor=HR, now=NOW, change=whole, reason="r").id
    approve(waits)
    listed = [one for one in rules.approvers(known_at=NOW) if one.rule == "wide"]
    assert {(one.side, *one.persons) for one in listed} == {(NETWORK, "PNET9"), (AFFILIATE, "PAFF9")}


def test_it_is_withdrawn_by_who_proposed_it_or_compliance() -> None:
    waits = proposed()
    with pytest.raises(rule_changes.MayNot):
        rule_changes.withdraw(actor=actor(Role.HR, name="another"), now=NOW, change_id=waits)
    assert rule_changes.withdraw(actor=HR, now=NOW, change_id=waits).state == rule_changes.WITHDRAWN
    other = proposed()
    office = actor(Role.COMPLIANCE, name="houmu")
    assert rule_changes.withdraw(actor=office, now=NOW, change_id=other).state == rule_changes.WITHDRAWN
    with pytest.raises(rule_changes.UnknownChange):
        rule_changes.proposal(actor=HR, now=NOW, change_id=10**6)


def test_a_proposal_says_whom_it_waits_for_by_name_on_the_own_side_only() -> None:
    waits = proposed()
    shown = changes_shown.shown(actor=HR, now=NOW, change_id=waits)
    assert {one.side: one.persons for one in shown.waiting} == {
        NETWORK: (("PNET9", "nameNET9"),),
        AFFILIATE: None,
    }
    mine = changes_shown.listed(actor=APPROVERS[NETWORK], now=NOW)
    assert (mine[0].may_approve, mine[0].may_withdraw) == (True, False)


def test_an_approved_change_keeps_what_it_replaced() -> None:
    waits = proposed()
    approve(waits)
    found = rule_changes.proposal(actor=HR, now=NOW, change_id=waits)
    assert found.was is not None
    assert (found.was.version, found.change.version) == ("1", "2")
