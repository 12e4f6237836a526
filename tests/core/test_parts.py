"""Canonical parts, the root hash and the file of a plan."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.core.canonical import canonical, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Action, PersonId, Side
from sekisho.core.parts import BrokenPlan, Head, build, document, parse, written
from sekisho.core.plans import GuardResult, HeldGrant, Operation, Plan, Precondition, Read

T = datetime(2026, 4, 1, 15, tzinfo=UTC)
HEAD = Head(
    as_of=T,
    known_at=T,
    planned_by="alice",
    planned_at=T,
    expires_at=T,
    reads=(Read("cis", T, "d1"), Read("crm", T, "d2")),
    guards=(GuardResult("source", "hold", "plans.guard_source_hold", systems=("crm",), accounts=(("crm", "x"),)),),
    unknown_systems=("crm",),
)


def operation(number: int = 1, side: str = "network", system: str = "cis", action: Action = Action.REVOKE) -> Operation:
    return Operation(
        f"op{number}", PersonId(f"P{number}"), f"p{number}", Side(side), system, action, "read", True, ("not_wanted",),
        Precondition(True, "v", "target"),
    )  # fmt: skip


def plan() -> Plan:
    held = HeldGrant(PersonId("P1"), Side("affiliate"), "crm", "a", "plans.held_violation", "O-1")
    operations = [operation(1), operation(2, action=Action.GRANT), operation(3, "affiliate", "crm")]
    return build(HEAD, operations, [held])


def test_what_is_written_reads_back_the_same() -> None:
    assert parse(written(plan())) == plan()
    assert parse(document(plan())) == plan()


def test_the_document_has_what_outsiders_were_promised() -> None:
    shown = document(plan())
    assert {"sha256", "as_of", "known_at", "planned_by", "expires_at", "parts", "reads", "operations", "guards"} <= set(
        shown
    )
    assert set(shown["operations"][0]) >= {
        "id", "person_id", "side", "system", "action", "entitlement", "because", "phase", "precondition", "restores",
    }  # fmt: skip
    assert [set(part) for part in shown["parts"]] == [{"side", "system", "sha256"}] * 2


def test_a_parts_hash_is_that_of_its_canonical_bytes() -> None:
    shown = document(plan())
    for part in shown["parts"]:
        content = {
            "side": part["side"],
            "system": part["system"],
            "operations": [one for one in shown["operations"] if one["system"] == part["system"]],
            "held": [one for one in shown["held"] if one["system"] == part["system"]],
        }
        assert part["sha256"] == sha256_hex(canonical(content))


def test_the_root_is_the_hash_of_the_head() -> None:
    shown = document(plan())
    head = {key: value for key, value in shown.items() if key not in {"sha256", "operations", "held"}}
    assert shown["sha256"] == sha256_hex(canonical(head))


def test_the_operations_of_phase_one_come_first() -> None:
    assert [one["phase"] for one in document(plan())["operations"]] == [1, 1, 2]


def test_one_side_changes_only_its_own_part() -> None:
    one = build(HEAD, [operation(1), operation(3, "affiliate", "crm")], [])
    other = build(HEAD, [operation(1), operation(4, "affiliate", "crm")], [])
    assert [part.sha256 for part in one.parts if part.side == "network"] == [
        part.sha256 for part in other.parts if part.side == "network"
    ]
    assert one.sha256 != other.sha256


@pytest.mark.parametrize(
    ("key", "value"), [("as_of", "2026-04-02T00:00:00Z"), ("planned_by", "bob"), ("unknown_systems", [])]
)
def test_a_changed_head_is_found(key: str, value: object) -> None:
    with pytest.raises(BrokenPlan) as caught:
        parse({**document(plan()), key: value})
    assert caught.value.code == "plans.head_changed"


def test_a_changed_operation_is_found_by_side_and_system() -> None:
    changed = document(plan())
    changed["operations"][1]["account"] = "somebody"
    with pytest.raises(BrokenPlan) as caught:
        parse(changed)
    assert caught.value.code == "plans.part_changed"
    assert caught.value.params in ({"side": "network", "system": "cis"}, {"side": "affiliate", "system": "crm"})


def test_something_added_is_found() -> None:
    for changed in ({**document(plan()), "more": 1}, {**document(plan()), "operations": []}):
        with pytest.raises(BrokenPlan):
            parse(changed)


def test_a_key_that_stands_twice_is_refused() -> None:
    text = written(plan()).replace('"planned_by": "alice"', '"planned_by": "bob",\n"planned_by": "alice"', 1)
    with pytest.raises(BrokenPlan):
        parse(text)


@pytest.mark.parametrize("content", ["", "[]", "{}", "\x00", '{"format": "sekisho-plan-v1"}', "[" * 100_000])
def test_what_is_no_plan_is_said_to_be_none(content: str) -> None:
    with pytest.raises(BrokenPlan) as caught:
        parse(content)
    assert caught.value.code == "plans.not_a_plan"


@given(st.data())
@settings(max_examples=500)
def test_law_a_flipped_bit_is_found_or_changes_nothing(data: st.DataObject) -> None:
    content = bytearray(written(plan()).encode())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = parse(bytes(content))
    except SekishoError:
        return
    assert json.loads(bytes(content)) == document(plan())
    assert read == plan()


@given(st.permutations(range(6)))
def test_law_equal_content_in_any_order_has_an_equal_hash(order: list[int]) -> None:
    operations = [operation(number, ["network", "affiliate"][number % 2], "cis") for number in range(6)]
    shuffled = build(replace(HEAD, reads=HEAD.reads[::-1]), [operations[number] for number in order], [])
    assert shuffled.sha256 == build(HEAD, operations, []).sha256
