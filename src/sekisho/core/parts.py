"""A plan's canonical parts, its root hash, and its file. 計画の部分とハッシュ.

Here: building a plan from operations, writing it as a document, reading it back and finding what was
changed. The root is the SHA-256 of the head's canonical bytes; the head names each part's SHA-256, so
one side can check its own part without the other's (law 2, law 8). The words are in `plans`, the making of
operations in `planning`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from sekisho.core.canonical import Json, canonical, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Action, PersonId, Side
from sekisho.core.plans import FORMAT, GuardResult, HeldGrant, Operation, Part, Plan, Precondition, Read

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_IN_ORDER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Canonical only for objects whose keys stand in order already: a part has a million of them."""


class BrokenPlan(SekishoError):
    """The document is not a plan as it was written; the params name the part that differs."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a plan says of itself, beside its parts."""

    as_of: datetime
    known_at: datetime
    planned_by: str
    planned_at: datetime
    expires_at: datetime
    reads: tuple[Read, ...] = ()
    guards: tuple[GuardResult, ...] = ()
    unknown_systems: tuple[str, ...] = ()


def build(head: Head, operations: Iterable[Operation], held: Iterable[HeldGrant]) -> Plan:
    """Return the plan; equal content in any order gives an equal hash."""
    grouped: dict[tuple[Side, str], tuple[list[Operation], list[HeldGrant]]] = {}
    for operation in operations:
        grouped.setdefault((operation.side, operation.system), ([], []))[0].append(operation)
    for grant in held:
        grouped.setdefault((grant.side, grant.system), ([], []))[1].append(grant)
    parts = tuple(_part(side, system, *content) for (side, system), content in sorted(grouped.items()))
    reads = tuple(sorted(head.reads, key=lambda read: read.system))
    unknown = tuple(sorted(head.unknown_systems))
    plan = Plan(
        sha256="",
        as_of=head.as_of,
        known_at=head.known_at,
        planned_by=head.planned_by,
        planned_at=head.planned_at,
        expires_at=head.expires_at,
        parts=parts,
        reads=reads,
        guards=head.guards,
        unknown_systems=unknown,
    )
    return _sealed(plan)


def document(plan: Plan) -> dict[str, Json]:
    """Return the plan as JSON; `parse` takes nothing else back."""
    operations = sorted((one for part in plan.parts for one in part.operations), key=_operation_order)
    return {
        **_head(plan),
        "sha256": plan.sha256,
        "operations": [_operation_json(one) for one in operations],
        "held": [_held_json(one) for part in plan.parts for one in part.held],
    }


def written(plan: Plan) -> str:
    """Return the text of the plan's file: JSON with one operation a line, so that people can compare two."""
    lines = ",\n".join(f"{json.dumps(key)}: {_lines(value)}" for key, value in document(plan).items())
    return f"{{\n{lines}\n}}\n"


def _lines(value: Json) -> str:
    if not isinstance(value, list) or not value:
        return _ENCODER.encode(value)
    return "[\n " + ",\n ".join(_ENCODER.encode(one) for one in value) + "\n]"


def parse(content: str | bytes | Mapping[str, object]) -> Plan:
    """Return the plan in a file, or in its JSON once read, with every hash computed anew.

    Raises:
        BrokenPlan: something is not as it was written; names the part where one differs.
    """
    try:
        text = json.dumps(content) if isinstance(content, Mapping) else content
        claimed = json.loads(text, object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, TypeError, RecursionError) as error:
        raise BrokenPlan("plans.not_a_plan", {"detail": str(error)}) from error
    if not isinstance(claimed, dict) or claimed.get("format") != FORMAT:
        raise BrokenPlan("plans.not_a_plan", {"detail": "format"})
    try:
        plan = _read(claimed)
        _compare(claimed, plan)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BrokenPlan("plans.not_a_plan", {"detail": repr(error)}) from error
    return plan


def _compare(claimed: Mapping[str, Json], plan: Plan) -> None:
    listed = _listed(claimed["parts"])
    actual: dict[tuple[str, str], str] = {(part.side, part.system): part.sha256 for part in plan.parts}
    for side, system in sorted(listed.keys() | actual.keys()):
        if listed.get((side, system)) != actual.get((side, system)):
            raise BrokenPlan("plans.part_changed", {"side": side, "system": system})
    if claimed.get("sha256") != plan.sha256:
        raise BrokenPlan("plans.head_changed", {"claimed": str(claimed.get("sha256")), "actual": plan.sha256})
    if _spelled(claimed) != _spelled(document(plan)):
        raise BrokenPlan("plans.head_changed", {"claimed": str(claimed.get("sha256")), "actual": plan.sha256})


def _listed(parts: Json) -> dict[tuple[str, str], str]:
    return {(_text(part, "side"), _text(part, "system")): _text(part, "sha256") for part in _objects(parts)}


def _read(claimed: Mapping[str, Json]) -> Plan:
    head = Head(
        as_of=_instant(claimed, "as_of"),
        known_at=_instant(claimed, "known_at"),
        planned_by=_text(claimed, "planned_by"),
        planned_at=_instant(claimed, "planned_at"),
        expires_at=_instant(claimed, "expires_at"),
        reads=tuple(
            Read(_text(row, "system"), _instant(row, "read_at"), _text(row, "digest"))
            for row in _objects(claimed["reads"])
        ),
        guards=tuple(_guard(row) for row in _objects(claimed["guards"])),
        unknown_systems=_texts(claimed, "unknown_systems"),
    )
    operations = [_operation(row) for row in _objects(claimed["operations"])]
    return build(head, operations, [_held(row) for row in _objects(claimed["held"])])


def _part(side: Side, system: str, operations: list[Operation], held: list[HeldGrant]) -> Part:
    operations = sorted(operations, key=_operation_order)
    held = sorted(held, key=lambda one: (one.person_id, one.entitlement, one.code, one.order_no))
    content: dict[str, Json] = {
        "held": [_held_json(one) for one in held],
        "operations": [_operation_json(one) for one in operations],
        "side": side,
        "system": system,
    }
    return Part(side, system, tuple(operations), tuple(held), sha256_hex(_IN_ORDER.encode(content).encode()))


def _sealed(plan: Plan) -> Plan:
    root = sha256_hex(canonical(_head(plan)))
    return Plan(
        sha256=root,
        as_of=plan.as_of,
        known_at=plan.known_at,
        planned_by=plan.planned_by,
        planned_at=plan.planned_at,
        expires_at=plan.expires_at,
        parts=plan.parts,
        reads=plan.reads,
        guards=plan.guards,
        unknown_systems=plan.unknown_systems,
    )


def _head(plan: Plan) -> dict[str, Json]:
    return {
        "format": FORMAT,
        "as_of": _rfc3339(plan.as_of),
        "known_at": _rfc3339(plan.known_at),
        "planned_by": plan.planned_by,
        "planned_at": _rfc3339(plan.planned_at),
        "expires_at": _rfc3339(plan.expires_at),
        "parts": [{"side": part.side, "system": part.system, "sha256": part.sha256} for part in plan.parts],
        "reads": [{"system": r.system, "read_at": _rfc3339(r.read_at), "digest": r.digest} for r in plan.reads],
        "guards": [_guard_json(guard) for guard in plan.guards],
        "unknown_systems": list(plan.unknown_systems),
    }


def _spelled(content: Json) -> str:
    """Return the canonical spelling of what this module made or read: its keys are ASCII, its leaves checked.

    The same as `canonical`, which asks of every value again whether it may be there; a plan has millions.
    """
    return _CANONICAL.encode(content)


def _operation_order(operation: Operation) -> tuple[int, str, str, str, str, str, str]:
    """Everything of phase 1 before anything of phase 2, then by part and person."""
    one = operation
    return (_phase(one.action), one.side, one.system, one.person_id, one.action, one.entitlement, one.account)


def _phase(action: Action) -> int:
    return 1 if action is Action.REVOKE or action is Action.DISABLE else 2  # `Action.phase` costs three calls


def _operation_json(one: Operation) -> dict[str, Json]:
    """Return the operation with its keys in canonical order."""
    state = one.precondition
    return {
        "account": one.account,
        "action": one.action,
        "because": list(one.because),
        "entitlement": one.entitlement,
        "id": one.id,
        "person_id": one.person_id,
        "phase": _phase(one.action),
        "precondition": {"enforced_by": state.enforced_by, "present": state.present, "version": state.version},
        "protected": one.protected,
        "restores": one.restores,
        "side": one.side,
        "system": one.system,
    }


def _operation(row: Mapping[str, Json]) -> Operation:
    state = _object(row["precondition"])
    return Operation(
        id=_text(row, "id"),
        person_id=PersonId(_text(row, "person_id")),
        account=_text(row, "account"),
        side=Side(_text(row, "side")),
        system=_text(row, "system"),
        action=Action(_text(row, "action")),
        entitlement=_text(row, "entitlement"),
        protected=_flag(row, "protected"),
        because=_texts(row, "because"),
        precondition=Precondition(_flag(state, "present"), _text(state, "version"), _text(state, "enforced_by")),
        restores=_flag(row, "restores"),
    )


def _held_json(one: HeldGrant) -> dict[str, Json]:
    """Return the held grant with its keys in canonical order."""
    return {
        "code": one.code,
        "entitlement": one.entitlement,
        "order_no": one.order_no,
        "person_id": one.person_id,
        "side": one.side,
        "system": one.system,
    }


def _held(row: Mapping[str, Json]) -> HeldGrant:
    return HeldGrant(
        person_id=PersonId(_text(row, "person_id")),
        side=Side(_text(row, "side")),
        system=_text(row, "system"),
        entitlement=_text(row, "entitlement"),
        code=_text(row, "code"),
        order_no=_text(row, "order_no"),
    )


def _guard_json(one: GuardResult) -> dict[str, Json]:
    return {
        "id": one.id,
        "state": one.state,
        "code": one.code,
        "persons": list(one.persons),
        "systems": list(one.systems),
        "entitlements": [list(key) for key in one.entitlements],
        "accounts": [list(key) for key in one.accounts],
        "measured": one.measured,
        "limit": one.limit,
    }


def _guard(row: Mapping[str, Json]) -> GuardResult:
    return GuardResult(
        id=_text(row, "id"),
        state=_text(row, "state"),
        code=_text(row, "code"),
        persons=tuple(PersonId(one) for one in _texts(row, "persons")),
        systems=_texts(row, "systems"),
        entitlements=_pairs(row, "entitlements"),
        accounts=_pairs(row, "accounts"),
        measured=_text(row, "measured"),
        limit=_text(row, "limit"),
    )


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _instant(row: Mapping[str, Json], key: str) -> datetime:
    return datetime.fromisoformat(_text(row, key))


def _text(row: Mapping[str, Json], key: str) -> str:
    value = row[key]
    return value if isinstance(value, str) else _wrong(key)


def _flag(row: Mapping[str, Json], key: str) -> bool:
    value = row[key]
    return value if isinstance(value, bool) else _wrong(key)


def _texts(row: Mapping[str, Json], key: str) -> tuple[str, ...]:
    return tuple(one if isinstance(one, str) else _wrong(key) for one in _list(row[key]))


def _pairs(row: Mapping[str, Json], key: str) -> tuple[tuple[str, str], ...]:
    found = []
    for pair in _list(row[key]):
        match pair:
            case [str(first), str(second)]:
                found.append((first, second))
            case _:
                _wrong(key)
    return tuple(found)


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [_object(one) for one in _list(value)]


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else _wrong("object")


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else _wrong("list")


def _wrong(key: str) -> NoReturn:
    raise TypeError(key)


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_float(text: str) -> NoReturn:
    raise ValueError(text)
