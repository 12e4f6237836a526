"""The operations of a plan: what is taken, given and held."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.core.access import AccountState, Catalogue, Entitlement, Reading, System, Unread
from sekisho.core.desired import NOTHING, Wanted, wanted
from sekisho.core.kinds import Action, Ownership, PersonId, Side
from sekisho.core.planning import Draft, Linked, Presence, Subject, Targets, plan_operations, plan_person, settled
from sekisho.core.wall import NOT_COVERED

NOW = datetime(2026, 4, 1, tzinfo=UTC)
P1, P2 = PersonId("P1"), PersonId("P2")
BOTH_SIDES = frozenset({frozenset({Side("network"), Side("affiliate")})})


def entitlement(
    system: str, name: str, side: str | None = None, owned: Ownership = Ownership.AUTHORITATIVE
) -> Entitlement:
    return Entitlement(system, name, Side(side) if side else None, side is not None, owned)


def catalogue(*extra: Entitlement) -> Catalogue:
    rows = [
        entitlement("cis", "n1", "network"),
        entitlement("cis", "n2", "network"),
        entitlement("crm", "a1", "affiliate"),
        entitlement("crm", "a2", "affiliate"),
        entitlement("mail", "box"),
        entitlement("mail", "extra", owned=Ownership.ADDITIVE),
        entitlement("mail", "foreign", owned=Ownership.IGNORED),
        *extra,
    ]
    systems = [
        System("cis", "cis", Side("network"), True, "memory"),
        System("crm", "crm", Side("affiliate"), True, "memory"),
        System("mail", "mail", None, False, "memory"),
    ]
    return Catalogue({row.id: row for row in systems}, {row.key: row for row in rows})


def reading(system: str, complete: bool = True, **accounts: str) -> Reading:
    """`p1="n1 n2"`: active with these; `p1="-n1"`: inactive."""
    states = {
        name: AccountState(name, not held.startswith("-"), frozenset(held.removeprefix("-").split()), "v1")
        for name, held in accounts.items()
    }
    return Reading(system, NOW, states, complete, "digest")


def targets(*readings: Reading | Unread, **facts: object) -> Targets:
    given = {one.system: one for one in readings}
    rest = {system: reading(system) for system in ("cis", "crm", "mail") if system not in given}
    return Targets(catalogue(), {**rest, **given}, "T", **{"can_disable": {"cis", "crm", "mail"}, **facts})


def wants(*keys: str) -> Wanted:
    return wanted({(key.partition("/")[0], key.partition("/")[2]): ("bundle:b",) for key in keys})


def person(
    *keys: str, on: str = "cis crm mail", who: PersonId = P1, presence: Presence = Presence.WORKING, **facts: object
) -> Subject:
    return Subject(who, wants(*keys), presence, tuple(Linked(name, who.lower()) for name in on.split()), **facts)


def steps(draft: Draft) -> list[str]:
    return sorted(f"{one.action.value} {one.system}/{one.entitlement or one.account}" for one in draft.operations)


def holds(draft: Draft) -> dict[str, str]:
    return {f"{one.system}/{one.entitlement}": one.code.removeprefix("plans.held_") for one in draft.held}


def plan(subject: Subject, *readings: Reading | Unread, **facts: object) -> Draft:
    return plan_operations([subject], targets(*readings, **facts))


def test_old_access_goes_and_new_access_comes() -> None:
    draft = plan(person("cis/n2", on="cis"), reading("cis", p1="n1"))
    assert steps(draft) == ["grant cis/n2", "revoke cis/n1"]
    taken, came = sorted(draft.operations, key=lambda one: one.phase)
    assert (taken.precondition.present, taken.precondition.version, taken.because) == (True, "v1", ("not_wanted",))
    assert (came.precondition.present, came.because, came.side) == (False, ("bundle:b",), "network")


def test_a_person_who_has_what_he_should_is_settled() -> None:
    subject = person("cis/n1", on="cis")
    assert settled(subject, targets(reading("cis", p1="n1 unheard_of")))
    assert not settled(subject, targets(reading("cis", p1="n1 n2")))
    assert not settled(subject, targets(reading("cis", p1="-n1")))


def test_what_sekisho_does_not_own_stays() -> None:
    draft = plan(person(on="mail"), reading("mail", p1="box extra foreign unheard_of"))
    assert steps(draft) == ["revoke mail/box"]


def test_an_additive_entitlement_goes_only_where_sekisho_gave_it() -> None:
    gave = frozenset({("mail", "p1", "extra")})
    assert steps(plan(person(on="mail"), reading("mail", p1="extra"), granted=gave)) == ["revoke mail/extra"]
    assert steps(plan(person("mail/extra", on="mail"), reading("mail", p1=""))) == ["grant mail/extra"]


def test_an_ignored_entitlement_is_never_given() -> None:
    draft = plan(person("mail/foreign", on="mail"), reading("mail", p1=""))
    assert (steps(draft), holds(draft)) == ([], {})


def test_what_an_earlier_cutover_took_is_marked_as_restored() -> None:
    took = frozenset({("mail", "p1", "box")})
    draft = plan(person("mail/box", on="mail"), reading("mail", p1=""), revoked=took)
    assert [one.restores for one in draft.operations] == [True]


def test_an_unread_system_gets_neither_grants_nor_revocations() -> None:
    draft = plan(person("mail/box", on="mail"), Unread("mail", NOW, "down"))
    assert steps(draft) == []


def test_an_incomplete_read_is_good_for_revoking_what_it_shows() -> None:
    draft = plan(person("mail/extra", on="mail"), reading("mail", complete=False, p1="box"))
    assert steps(draft) == ["revoke mail/box"]
    assert holds(draft) == {"mail/extra": "incomplete"}


def test_a_person_without_an_account_is_held_and_said() -> None:
    assert holds(plan(person("mail/box", on=""))) == {"mail/box": "no_account"}
    assert holds(plan(person("mail/box", on="mail"))) == {"mail/box": "no_account"}


def test_both_accounts_of_one_person_are_planned_for() -> None:
    subject = Subject(P1, wants("mail/box"), Presence.WORKING, (Linked("mail", "a"), Linked("mail", "b")))
    draft = plan(subject, reading("mail", a="", b="extra"))
    assert [one.account for one in draft.operations] == ["a", "b"]
    assert len({one.id for one in draft.operations}) == 2


def test_one_missing_account_does_not_hold_the_other() -> None:
    subject = Subject(P1, wants("mail/box"), Presence.WORKING, (Linked("mail", "a"), Linked("mail", "b")))
    draft = plan(subject, reading("mail", b=""))
    assert (steps(draft), holds(draft)) == (["grant mail/box"], {})


def test_an_account_whose_link_has_ended_is_good_for_revoking_only() -> None:
    subject = Subject(P1, wants("mail/box"), Presence.WORKING, (Linked("mail", "p1", current=False),))
    draft = plan(subject, reading("mail", p1="box"))
    assert steps(draft) == ["revoke mail/box"]
    assert holds(draft) == {"mail/box": "no_account"}


def test_a_shared_account_gets_nothing_and_loses_only_what_none_of_its_users_needs() -> None:
    account = (Linked("mail", "both"),)
    one = Subject(P1, wants("mail/box"), Presence.WORKING, account)
    two = Subject(P2, wants("mail/extra"), Presence.WORKING, account)
    all_targets = targets(reading("mail", both="box stale"), shared=frozenset({("mail", "both")}))
    with_stale = replace(all_targets, catalogue=catalogue(entitlement("mail", "stale")))
    draft = plan_operations([one, two], with_stale)
    assert steps(draft) == ["revoke mail/stale"]
    assert [(held.person_id, held.entitlement, held.code) for held in draft.held] == [
        ("P2", "extra", "plans.held_shared_account")
    ]


def test_who_left_loses_everything_owned_and_the_account() -> None:
    draft = plan(person(on="cis", presence=Presence.LEFT), reading("cis", p1="n1"))
    assert steps(draft) == ["disable cis/p1", "revoke cis/n1"]
    assert {one.because for one in draft.operations} == {("left",)}


def test_on_leave_the_account_stays_on() -> None:
    assert steps(plan(person(on="cis", presence=Presence.ON_LEAVE), reading("cis", p1="n1"))) == ["revoke cis/n1"]


def test_an_account_that_the_target_cannot_switch_is_not_switched() -> None:
    left = person(on="cis", presence=Presence.LEFT)
    assert steps(plan(left, reading("cis", p1=""), can_disable=frozenset())) == []


def test_who_comes_back_gets_the_account_back_before_anything_that_needs_it() -> None:
    draft = plan(person("mail/box", on="mail"), reading("mail", p1="-"))
    assert steps(draft) == ["enable mail/p1", "grant mail/box"]
    assert [one.action for one in draft.operations] == [Action.ENABLE, Action.GRANT]


def test_an_account_is_not_switched_on_for_access_that_is_held() -> None:
    subject = person("cis/n1", on="cis", held={("cis", "n1"): ("violation", "O-1")})
    draft = plan(subject, reading("cis", p1="-"))
    assert (steps(draft), holds(draft)) == ([], {"cis/n1": "violation"})


def test_a_verdict_holds_protected_access_and_lets_neutral_access_through() -> None:
    against = {("crm", "a1"): ("violation", "O-1"), ("mail", "box"): ("violation", "O-1")}
    subject = person("crm/a1", "mail/box", held=against)
    draft = plan(subject, reading("cis", p1="n1"), reading("crm", p1=""), reading("mail", p1=""))
    assert steps(draft) == ["grant mail/box", "revoke cis/n1"]
    assert [(one.code, one.order_no) for one in draft.held] == [("plans.held_violation", "O-1")]


def test_across_the_wall_the_old_side_goes_and_the_new_side_comes() -> None:
    draft = plan(person("crm/a1", on="cis crm"), reading("cis", p1="n1"), reading("crm", p1=""))
    assert steps(draft) == ["grant crm/a1", "revoke cis/n1"]


def test_no_plan_adds_to_a_dual_holding() -> None:
    subject = person("cis/n1", "crm/a1", on="cis crm")
    draft = plan(subject, reading("cis", p1="n1"), reading("crm", p1=""))
    assert (steps(draft), holds(draft)) == ([], {"crm/a1": "dual_holding"})


def test_no_plan_makes_a_dual_holding() -> None:
    draft = plan(person("cis/n1", "crm/a1", on="cis crm"), reading("cis", p1=""), reading("crm", p1=""))
    assert (steps(draft), set(holds(draft).values())) == ([], {"both_sides_wanted"})


def test_an_exception_lets_both_sides_be_held() -> None:
    subject = person("cis/n1", "crm/a1", on="cis crm", exempt=BOTH_SIDES)
    assert steps(plan(subject, reading("cis", p1="n1"), reading("crm", p1=""))) == ["grant crm/a1"]


def test_protected_access_that_waits_is_taken_and_held_where_it_is_there_already() -> None:
    subject = person(
        "crm/a1", "mail/box", held={("crm", "a1"): ("violation", "O"), ("mail", "box"): ("violation", "O")}
    )
    draft = plan(subject, reading("crm", p1="a1"), reading("mail", p1="box"))
    assert (steps(draft), holds(draft)) == (["revoke crm/a1"], {"crm/a1": "violation"})
    assert draft.operations[0].because == ("waits",)


def test_an_unread_other_side_holds_the_grant_of_whoever_has_an_account_there() -> None:
    down = Unread("cis", NOW, "down")
    assert holds(plan(person("crm/a1", on="cis crm"), down, reading("crm", p1=""))) == {"crm/a1": "unconfirmed"}
    assert steps(plan(person("crm/a1", on="crm"), down, reading("crm", p1=""))) == ["grant crm/a1"]


def test_an_entitlement_that_the_catalogue_does_not_name_is_held() -> None:
    assert holds(plan(person("mail/typo", on="mail"), reading("mail", p1=""))) == {"mail/typo": "unlisted"}


KEYS = ["cis/n1", "cis/n2", "crm/a1", "crm/a2", "mail/box", "mail/extra", "mail/foreign"]
some_keys = st.sets(st.sampled_from(KEYS))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Subject], Targets]:
    subjects, accounts = [], {"cis": {}, "crm": {}, "mail": {}}
    for number in range(draw(st.integers(1, 3))):
        name = PersonId(f"P{number}")
        presence = draw(st.sampled_from(list(Presence)))
        keys = draw(some_keys) if presence is Presence.WORKING else ()
        held = {tuple(key.split("/")): ("violation", "O") for key in draw(some_keys)}
        subject = person(
            *keys, who=name, presence=presence, held=held, exempt=draw(st.sampled_from([BOTH_SIDES, NOT_COVERED]))
        )
        subjects.append(subject)
        for system, mine in accounts.items():
            seen = {key.partition("/")[2] for key in draw(some_keys) if key.startswith(system)}
            mine[name.lower()] = AccountState(name.lower(), draw(st.booleans()), frozenset(seen))
    systems = [Reading(system, NOW, states, True, "d") for system, states in accounts.items()]
    gave = frozenset({("mail", "p0", "extra")}) if draw(st.booleans()) else frozenset()
    return subjects, targets(*systems, granted=gave)


def applied(draft: Draft, before: Targets) -> Targets:
    """Return the targets as they are once the draft has been carried out, phase by phase."""
    accounts = {system: dict(one.accounts) for system, one in before.readings.items() if isinstance(one, Reading)}
    for one in sorted(draft.operations, key=lambda operation: operation.phase):
        state = accounts[one.system][one.account]
        match one.action:
            case Action.REVOKE:
                state = replace(state, entitlements=state.entitlements - {one.entitlement})
            case Action.GRANT:
                state = replace(state, entitlements=state.entitlements | {one.entitlement})
            case Action.DISABLE | Action.ENABLE:
                state = replace(state, active=one.action is Action.ENABLE)
        accounts[one.system][one.account] = state
    readings = {system: Reading(system, NOW, states, True, "d") for system, states in accounts.items()}
    return replace(before, readings=readings)


def protected_held(world: Targets, account: str) -> set[str]:
    found = set()
    for system, one in world.readings.items():
        for name in one.accounts[account].entitlements:
            side = world.catalogue.protected_side((system, name))
            if side is not None:
                found.add(side)
    return found


@given(worlds())
@settings(max_examples=300)
def test_law_a_plan_reaches_what_should_hold_for_everything_owned_and_not_held(
    world: tuple[list[Subject], Targets],
) -> None:
    subjects, before = world
    draft = plan_operations(subjects, before)
    after = applied(draft, before)
    held = {(one.person_id, one.system, one.entitlement) for one in draft.held}
    for subject in subjects:
        for system, one in after.readings.items():
            has = one.accounts[subject.person_id.lower()].entitlements
            for key, row in after.catalogue.entitlements.items():
                if key[0] != system or row.owned is Ownership.IGNORED or (subject.person_id, *key) in held:
                    continue
                if key in subject.wanted.because:
                    assert row.id in has
                elif row.owned is Ownership.AUTHORITATIVE:
                    assert row.id not in has


@given(worlds())
def test_law_the_plan_of_a_reached_state_is_empty(world: tuple[list[Subject], Targets]) -> None:
    subjects, before = world
    first = plan_operations(subjects, before)
    again = plan_operations(subjects, applied(first, before))
    held = {(one.person_id, one.system, one.entitlement) for one in first.held}
    new = [one for one in again.operations if (one.person_id, one.system, one.entitlement) not in held]
    freed = {one.person_id for one in first.held if one.code in {"plans.held_dual_holding", "plans.held_unconfirmed"}}
    assert [one for one in new if one.person_id not in freed and one.action is not Action.ENABLE] == []


@given(worlds())
def test_law_no_plan_gives_anyone_both_sides(world: tuple[list[Subject], Targets]) -> None:
    subjects, before = world
    draft = plan_operations(subjects, before)
    after = applied(draft, before)
    for subject in subjects:
        given_sides = {
            before.catalogue.protected_side((one.system, one.entitlement))
            for one in draft.operations
            if one.person_id == subject.person_id and one.action is Action.GRANT
        } - {None}
        if given_sides and not subject.exempt:
            assert len(protected_held(after, subject.person_id.lower())) == 1


@given(worlds())
def test_law_a_run_cut_short_leaves_a_part_of_before_and_wanted(world: tuple[list[Subject], Targets]) -> None:
    subjects, before = world
    draft = plan_operations(subjects, before)
    half = Draft(sorted(draft.operations, key=lambda one: one.phase)[: len(draft.operations) // 2], [])
    after = applied(half, before)
    for subject in subjects:
        for system, one in after.readings.items():
            name = subject.person_id.lower()
            was = before.readings[system].accounts[name].entitlements
            assert one.accounts[name].entitlements <= was | subject.wanted.by_system.get(system, frozenset())


@given(worlds())
def test_law_who_is_settled_has_nothing_to_plan(world: tuple[list[Subject], Targets]) -> None:
    subjects, before = world
    for subject in subjects:
        if settled(subject, before):
            assert plan_person(subject, before) == Draft([], [])


@given(worlds())
def test_law_people_in_any_order_give_the_same_operations(world: tuple[list[Subject], Targets]) -> None:
    subjects, before = world
    plans = [plan_operations(order, before) for order in permutations(subjects)]
    assert len({frozenset(one.operations) for one in plans}) == 1


def test_someone_without_anything_needs_nothing() -> None:
    assert plan(Subject(P1, NOTHING, Presence.LEFT, ())) == Draft([], [])
