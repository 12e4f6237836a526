"""What is verified, left over, missing, excess and unknown."""

from collections.abc import Collection

import pytest

import cutovers as make
from sekisho.core.access import AccountState, Catalogue, Entitlement, Reading, System, Unread
from sekisho.core.desired import wanted
from sekisho.core.kinds import NETWORK, DeviationKind, Ownership, PersonId
from sekisho.core.planning import Linked, Presence, Subject, Targets
from sekisho.core.verification import Comparison, Known, compare

P1, P2 = PersonId("P1"), PersonId("P2")
KEEPS = Ownership.AUTHORITATIVE


def catalogue(protected_accounts: Collection[tuple[str, str]] = ()) -> Catalogue:
    rows = [
        Entitlement("nw", "view", NETWORK, True, KEEPS),
        Entitlement("nw", "edit", NETWORK, True, KEEPS),
        Entitlement("nw", "added", NETWORK, False, Ownership.ADDITIVE),
        Entitlement("nw", "theirs", NETWORK, False, Ownership.IGNORED),
    ]
    systems = {"nw": System("nw", "nw", NETWORK, True, "memory")}
    return Catalogue(systems, {row.key: row for row in rows}, protected_accounts=frozenset(protected_accounts))


def subject(*names: str, person: PersonId = P1, account: str = "p1", **facts: object) -> Subject:
    because = {("nw", name): ("unit:A",) for name in names}
    presence = facts.pop("presence", Presence.WORKING)
    current = facts.pop("current", True)
    assert isinstance(presence, Presence)
    assert isinstance(current, bool)
    return Subject(person, wanted(because), presence, (Linked("nw", account, current),) if account else ())


def verify(
    reading: Reading | Unread | tuple[AccountState, ...],
    *subjects: Subject,
    former: Collection[tuple[str, str]] = (),
    protected_accounts: Collection[tuple[str, str]] = (),
    **facts: object,
) -> Comparison:
    read = make.reading("nw", *reading) if isinstance(reading, tuple) else reading
    granted, shared, disables = (facts.pop(name, frozenset()) for name in ("granted", "shared", "can_disable"))
    targets = Targets(
        catalogue=catalogue(protected_accounts),
        readings={"nw": read},
        as_of="",
        can_disable=disables,
        granted=granted,
        shared=shared,
    )
    return compare(subjects, Known(targets, lambda _: former, **facts))


def kinds(found: Comparison) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.entitlement, one.code.partition(".")[2]) for one in found.deviations]


def test_what_should_be_held_and_is_seen_is_verified() -> None:
    found = verify((make.state("p1", "view", "edit"),), subject("view", "edit"))
    assert (found.verified, found.deviations) == (2, ())


def test_what_should_be_held_and_is_not_seen_is_missing() -> None:
    found = verify((make.state("p1", "view"),), subject("view", "edit"))
    assert (found.verified, kinds(found)) == (1, [("missing", "edit", "missing")])


def test_what_a_plan_holds_is_not_missing() -> None:
    found = verify((make.state("p1"),), subject("view"), held={(P1, "nw", "view")})
    assert (found.held, found.deviations) == (1, ())


def test_what_a_plan_was_to_take_is_left_over() -> None:
    found = verify((make.state("p1", "view"),), subject(), to_go={("nw", "p1", "view")})
    assert kinds(found) == [("left_over", "view", "not_taken")]


def test_what_a_former_post_brought_is_left_over() -> None:
    found = verify((make.state("p1", "view"),), subject(), former={("nw", "view")})
    assert kinds(found) == [("left_over", "view", "former")]


def test_what_nobody_can_explain_is_excess() -> None:
    assert kinds(verify((make.state("p1", "view"),), subject())) == [("excess", "view", "nobody_knows")]


def test_on_an_ended_link_everything_is_too_much() -> None:
    found = verify((make.state("p1", "view"),), subject("view", current=False), former={("nw", "view")})
    assert sorted(kinds(found)) == [("left_over", "view", "former"), ("missing", "view", "missing")]
    assert found.verified == 0


def test_an_additive_entitlement_is_ours_only_where_we_gave_it() -> None:
    seen = (make.state("p1", "added"),)
    assert kinds(verify(seen, subject())) == []
    found = verify(seen, subject(), granted=frozenset({("nw", "p1", "added")}))
    assert kinds(found) == [("left_over", "added", "given_before")]


def test_what_is_ignored_or_unlisted_is_no_deviation() -> None:
    assert kinds(verify((make.state("p1", "theirs", "never heard of"),), subject())) == []


def test_a_system_without_an_answer_makes_everything_on_it_unknown() -> None:
    found = verify(Unread("nw", make.NOW, "connectors.unreachable"), subject("view"))
    assert found.verified == 0
    assert kinds(found) == [("unknown", "", "unread"), ("unknown", "view", "unread")]


def test_an_incomplete_read_shows_what_is_there_but_not_what_is_missing() -> None:
    found = verify(make.reading("nw", make.state("p1", "view"), complete=False), subject("view", "edit"))
    assert found.verified == 1
    assert kinds(found) == [("unknown", "", "incomplete"), ("unknown", "edit", "incomplete")]


def test_an_account_that_is_nobodys_is_unknown_unless_it_is_listed_as_protected() -> None:
    seen = (make.state("robot", "view"),)
    assert kinds(verify(seen, subject())) == [("unknown", "view", "nobodys_account")]
    assert kinds(verify(seen, subject(), protected_accounts={("nw", "robot")})) == []


def test_who_left_and_still_has_an_active_account_is_left_over() -> None:
    gone = subject(presence=Presence.LEFT)
    assert kinds(verify((make.state("p1"),), gone, can_disable={"nw"})) == [("left_over", "", "still_active")]
    assert kinds(verify((make.state("p1", active=False),), gone, can_disable={"nw"})) == []


def test_a_switched_off_account_of_someone_at_work_is_missing() -> None:
    found = verify((make.state("p1", "view", active=False),), subject("view"), can_disable={"nw"})
    assert kinds(found) == [("missing", "", "inactive")]


def test_a_shared_account_is_judged_for_all_its_users() -> None:
    users = (subject("view"), subject("edit", person=P2))
    shared = frozenset({("nw", "p1")})
    found = verify((make.state("p1", "view", "edit"),), *users, shared=shared)
    assert (found.verified, kinds(found)) == (2, [])
    found = verify((make.state("p1", "view", "edit"),), subject("view"), subject(person=P2), shared=shared)
    assert kinds(found) == [("excess", "edit", "nobody_knows")]


def test_a_shared_account_that_is_gone_leaves_its_users_without() -> None:
    found = verify((), subject("view"), subject("view", person=P2), shared=frozenset({("nw", "p1")}))
    assert kinds(found) == [("missing", "view", "missing"), ("missing", "view", "missing")]


def test_a_residue_is_left_over_until_it_runs_out() -> None:
    found = verify((make.state("p1"),), subject(), residues={(P1, "nw", "p1", "view"): make.NOW})
    (one,) = found.deviations
    assert (one.kind, one.code, one.until) == (DeviationKind.LEFT_OVER, "verification.residue", make.NOW)


@pytest.mark.parametrize("account", ["", "p9"])
def test_who_has_no_account_and_should_hold_something_misses_it(account: str) -> None:
    assert kinds(verify((), subject("view", account=account))) == [("missing", "view", "missing")]
