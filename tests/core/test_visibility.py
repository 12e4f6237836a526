import tomllib
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.core.visibility import Depth, FactKind, Matter, Purpose, crosses, decide

ON = date(2024, 4, 1)
ALWAYS = Period(date(2020, 1, 1))
CASES = tomllib.loads((Path(__file__).parents[1] / "cases/visibility.toml").read_text("utf-8"))
PROTECTED = [kind for kind in FactKind if kind not in {FactKind.BOUNDARY, FactKind.RULE, FactKind.INSTALLATION}]


def actor_with(role: Role, side: Side = NETWORK, person: str | None = None, period: Period = ALWAYS) -> Actor:
    return Actor(name="a", roles=(RoleGrant(role, side, period),), person_id=PersonId(person) if person else None)


def seen(actor: Actor, kind: FactKind, side: Side | None = NETWORK, purpose: Purpose = Purpose.WORK) -> Depth:
    return decide(actor, kind=kind, side=side, purpose=purpose, on=ON)


def expected(kind: FactKind, role: Role) -> tuple[Depth, Depth]:
    own, other = CASES[kind.value].get(role.value, ["none", "none"])
    return Depth[own.upper()], Depth[other.upper()]


def test_the_table_of_cases_names_every_kind_of_fact() -> None:
    assert set(CASES) == {kind.value for kind in FactKind}


@pytest.mark.parametrize(("kind", "role"), list(product(FactKind, Role)))
def test_a_role_sees_what_the_table_read_aloud_says(kind: FactKind, role: Role) -> None:
    own, other = expected(kind, role)
    assert seen(actor_with(role), kind, NETWORK) is own
    assert seen(actor_with(role), kind, None) is own
    assert seen(actor_with(role), kind, AFFILIATE) is other
    assert seen(actor_with(role, AFFILIATE), kind, NETWORK) is other
    assert seen(actor_with(role, BOTH), kind, AFFILIATE) is own


@pytest.mark.parametrize(("kind", "role"), list(product(FactKind, Role)))
def test_before_its_release_an_advance_notice_is_known_to_hr_and_compliance_of_its_side_only(
    kind: FactKind, role: Role
) -> None:
    def hidden(side: Side) -> Depth:
        return decide(
            actor_with(role, person="p1"), kind=kind, side=side, purpose=Purpose.WORK, on=ON, about=PersonId("p1"),
            released=False,
        )  # fmt: skip

    insiders = {Role.HR, Role.COMPLIANCE}
    assert hidden(AFFILIATE) is (Depth.DETAIL if role is Role.CROSS_SIDE else Depth.NONE)
    if role not in insiders | {Role.CROSS_SIDE}:
        assert hidden(NETWORK) is Depth.NONE
    elif role in insiders:
        assert hidden(NETWORK) is expected(kind, role)[0]


@pytest.mark.parametrize("kind", PROTECTED)
def test_it_operation_of_one_side_learns_nothing_of_the_other(kind: FactKind) -> None:
    for purpose in Purpose:
        assert seen(actor_with(Role.IT_OPERATION), kind, AFFILIATE, purpose) is Depth.NONE


@pytest.mark.parametrize("kind", [kind for kind in PROTECTED if kind is not FactKind.ENTRY])
def test_administrators_read_no_business_facts(kind: FactKind) -> None:
    for side in (NETWORK, AFFILIATE, None):
        assert seen(actor_with(Role.ADMINISTRATOR, BOTH), kind, side) is Depth.NONE


@pytest.mark.parametrize(("kind", "role", "side"), list(product(FactKind, Role, (NETWORK, AFFILIATE, None))))
def test_figures_never_show_more_than_counts(kind: FactKind, role: Role, side: Side | None) -> None:
    assert seen(actor_with(role), kind, side, Purpose.FIGURES) <= Depth.COUNT


@pytest.mark.parametrize(("kind", "role", "side"), list(product(FactKind, Role, (NETWORK, AFFILIATE, None))))
def test_no_purpose_opens_another_side_that_work_and_audit_keep_shut(
    kind: FactKind, role: Role, side: Side | None
) -> None:
    widest = max(seen(actor_with(role), kind, side, purpose) for purpose in (Purpose.WORK, Purpose.AUDIT))
    assert all(seen(actor_with(role), kind, side, purpose) <= widest for purpose in Purpose)


def test_internal_audit_reads_details_of_its_side_for_an_audit_only() -> None:
    audit = actor_with(Role.INTERNAL_AUDIT)
    assert seen(audit, FactKind.HOLDING, NETWORK, Purpose.AUDIT) is Depth.DETAIL
    assert seen(audit, FactKind.HOLDING, AFFILIATE, Purpose.AUDIT) is Depth.NONE
    assert seen(audit, FactKind.HOLDING, NETWORK, Purpose.WORK) is Depth.COUNT


def test_it_operation_does_not_carry_details_out_of_the_house() -> None:
    assert seen(actor_with(Role.IT_OPERATION), FactKind.HOLDING, NETWORK, Purpose.EXPORT) is Depth.COUNT
    assert seen(actor_with(Role.COMPLIANCE), FactKind.HOLDING, NETWORK, Purpose.EXPORT) is Depth.DETAIL


def test_the_mover_sees_his_own_move_and_nobody_elses() -> None:
    mover = actor_with(Role.EMPLOYEE, person="p1")

    def move_of(person: str) -> Depth:
        return decide(
            mover, kind=FactKind.MOVE, side=AFFILIATE, purpose=Purpose.WORK, on=ON, about=PersonId(person)
        )  # fmt: skip

    assert move_of("p1") is Depth.DETAIL
    assert move_of("p2") is Depth.NONE


def test_the_mover_sees_his_holdings_on_his_side_and_none_of_findings_about_him() -> None:
    mover = actor_with(Role.EMPLOYEE, person="p1")

    def about_himself(kind: FactKind, side: Side) -> Depth:
        return decide(mover, kind=kind, side=side, purpose=Purpose.WORK, on=ON, about=PersonId("p1"))

    assert about_himself(FactKind.HOLDING, NETWORK) is Depth.DETAIL
    assert about_himself(FactKind.HOLDING, AFFILIATE) is Depth.NONE
    assert about_himself(FactKind.FINDING, NETWORK) is Depth.NONE


def test_both_heads_see_the_move_and_each_only_his_sides_access() -> None:
    matter = Matter(PersonId("p1"), heads=frozenset({PersonId("old"), PersonId("new")}))
    old, new = actor_with(Role.UNIT_HEAD, NETWORK, "old"), actor_with(Role.UNIT_HEAD, AFFILIATE, "new")

    def head_sees(head: Actor, kind: FactKind, side: Side) -> Depth:
        return decide(head, kind=kind, side=side, purpose=Purpose.WORK, on=ON, about=matter)

    for head in (old, new):
        assert head_sees(head, FactKind.MOVE, NETWORK) is Depth.DETAIL
    assert head_sees(old, FactKind.HOLDING, NETWORK) is Depth.DETAIL
    assert head_sees(old, FactKind.HOLDING, AFFILIATE) is Depth.NONE
    assert head_sees(actor_with(Role.UNIT_HEAD, NETWORK, "else"), FactKind.MOVE, NETWORK) is Depth.COUNT


def test_a_named_head_without_the_role_today_sees_nothing() -> None:
    matter = Matter(PersonId("p1"), heads=frozenset({PersonId("old")}))
    former = actor_with(Role.UNIT_HEAD, NETWORK, "old", Period(date(2020, 1, 1), ON))
    depth = decide(former, kind=FactKind.MOVE, side=NETWORK, purpose=Purpose.WORK, on=ON, about=matter)
    assert depth is Depth.NONE


def test_an_actor_without_a_role_sees_nothing() -> None:
    for kind in FactKind:
        assert seen(Actor(name="nobody"), kind, None) is Depth.NONE


def test_who_sees_both_sides_is_told_apart_so_that_the_read_is_logged() -> None:
    both = actor_with(Role.CROSS_SIDE, BOTH)
    assert crosses(both, kind=FactKind.HOLDING, side=AFFILIATE, on=ON)
    assert crosses(Actor(name="cli:root", trusted=True), kind=FactKind.HOLDING, side=NETWORK, on=ON)
    assert not crosses(both, kind=FactKind.HOLDING, side=None, on=ON)
    assert not crosses(actor_with(Role.COMPLIANCE), kind=FactKind.HOLDING, side=NETWORK, on=ON)


def test_a_read_that_a_plain_role_already_allows_is_not_a_cross_side_read() -> None:
    roles = (
        RoleGrant(Role.CROSS_SIDE, BOTH, Period(date(2020, 1, 1))),
        RoleGrant(Role.COMPLIANCE, NETWORK, Period(date(2020, 1, 1))),
    )
    assert not crosses(Actor(name="a", roles=roles), kind=FactKind.LOG, side=NETWORK, on=ON)
    assert crosses(Actor(name="a", roles=roles), kind=FactKind.LOG, side=AFFILIATE, on=ON)


def test_a_role_held_for_both_sides_is_logged_where_it_shows_what_a_side_protects() -> None:
    both = actor_with(Role.COMPLIANCE, BOTH)
    assert crosses(both, kind=FactKind.HOLDING, side=NETWORK, on=ON)
    assert not crosses(both, kind=FactKind.MOVE, side=NETWORK, on=ON)
    assert not crosses(both, kind=FactKind.RULE, side=NETWORK, on=ON)
    assert not crosses(actor_with(Role.EXECUTIVE, BOTH), kind=FactKind.HOLDING, side=NETWORK, on=ON)


SYMBOLS = {Depth.DETAIL: "D", Depth.COUNT: "C", Depth.EXISTENCE: "E", Depth.NONE: "–"}


def row_of_the_docs(kind: FactKind) -> str:
    """The table's row in docs: a cell a role, own side then other side where that shows anything."""
    cells = []
    for role in Role:
        own, other = expected(kind, role)
        cells.append(SYMBOLS[own] + (f" {SYMBOLS[other]}" if other else ""))
    return f"| `{kind.value}` | " + " | ".join(cells) + " |"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_table_in_the_docs_is_the_one_that_decides(language: str) -> None:
    page = (Path(__file__).parents[2] / f"docs/{language}/visibility.md").read_text("utf-8")
    assert "| " + " | ".join(f"`{role.value}`" for role in Role) + " |" in page
    assert [row for row in page.splitlines() if row.startswith("| `")] == [row_of_the_docs(kind) for kind in FactKind]


def test_roles_on_one_side_and_on_the_other_are_one_who_sees_both() -> None:
    roles = tuple(RoleGrant(Role.COMPLIANCE, side, Period(date(2020, 1, 1))) for side in (NETWORK, AFFILIATE))
    of_both = Actor(name="a", roles=roles)
    for side in (NETWORK, AFFILIATE):
        assert crosses(of_both, kind=FactKind.HOLDING, side=side, on=ON)
        assert not crosses(of_both, kind=FactKind.MOVE, side=side, on=ON), "either office knows of moves"
        assert not crosses(Actor(name="a", roles=roles[:1]), kind=FactKind.HOLDING, side=NETWORK, on=ON)
