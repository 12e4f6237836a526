"""A plan as people read it: what goes and what comes for each person, entitlement or system, what is odd. 計画の閲覧.

Here: grouping and choosing. What is odd is what a guard names. Not here: making plans (`planning`), comparing two of
them (`plan_changes`). A plan of tens of thousands of operations is grouped once and then only chosen from.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sekisho.core.kinds import PersonId, Side
from sekisho.core.plans import HeldGrant, Operation, Plan


class Way(StrEnum):
    """What a plan is grouped by."""

    PERSON = "person"
    ENTITLEMENT = "entitlement"
    SYSTEM = "system"


class Only(StrEnum):
    """What of a plan is shown."""

    ALL = ""
    ODD = "odd"  # what a guard holds or warns of
    HELD = "held"  # whose grants are held
    RESTORED = "restored"  # what an earlier cutover took and this one gives back


@dataclass(frozen=True, slots=True)
class Group:
    """Everything of one person, entitlement or system; `key` names it."""

    key: tuple[str, ...]
    goes: tuple[Operation, ...]
    comes: tuple[Operation, ...]
    held: tuple[HeldGrant, ...]
    is_odd: bool

    @property
    def operations(self) -> tuple[Operation, ...]:
        return self.goes + self.comes

    @property
    def is_empty(self) -> bool:
        return not (self.goes or self.comes or self.held)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a plan comes to; `persons` are those whose access it changes, not those for whom something is held."""

    persons: int
    taken: int
    given: int
    held: int
    restored: int
    odd: int

    @property
    def operations(self) -> int:
        return self.taken + self.given


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `words` must all stand in a group's key or entitlements, or it is one of `persons`."""

    side: str = ""
    system: str = ""
    only: Only = Only.ALL
    words: tuple[str, ...] = ()
    persons: Collection[PersonId] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Oddities:
    """What the guards name that hold or warn."""

    persons: frozenset[PersonId]
    systems: frozenset[str]
    entitlements: frozenset[tuple[str, str]]
    accounts: frozenset[tuple[str, str]]

    def has(self, one: Operation) -> bool:
        """Tell whether a guard names the operation; of a share of holders, those that lose it."""
        named = one.person_id in self.persons or one.system in self.systems
        named = named or (one.system, one.account) in self.accounts
        return named or (one.phase == 1 and (one.system, one.entitlement) in self.entitlements)


def oddities(plan: Plan) -> Oddities:
    """Return what the plan's guards hold or warn of."""
    loud = [guard for guard in plan.guards if guard.state in {"hold", "warn"}]
    return Oddities(
        frozenset(one for guard in loud for one in guard.persons),
        frozenset(one for guard in loud for one in guard.systems),
        frozenset(one for guard in loud for one in guard.entitlements),
        frozenset(one for guard in loud for one in guard.accounts),
    )


def groups(plan: Plan, way: Way) -> tuple[Group, ...]:
    """Return the plan grouped, what is odd first, then by key."""
    odd = oddities(plan)
    operations = [one for part in plan.parts for one in part.operations]
    held = [one for part in plan.parts for one in part.held]
    return tuple(sorted(_grouped(operations, held, way, odd), key=lambda one: (not one.is_odd, one.key)))


def numbers(plan: Plan) -> Numbers:
    """Return what the plan comes to, of the parts that are shown."""
    odd = oddities(plan)
    operations = [one for part in plan.parts for one in part.operations]
    held = [one for part in plan.parts for one in part.held]
    taken = sum(one.phase == 1 for one in operations)
    return Numbers(
        persons=len({one.person_id for one in operations}),
        taken=taken,
        given=len(operations) - taken,
        held=len(held),
        restored=sum(one.restores for one in operations),
        odd=sum(map(odd.has, operations)),
    )


def chosen(found: Iterable[Group], wanted: Wanted, odd: Oddities) -> tuple[Group, ...]:
    """Return the groups that are wanted, each with what of it is wanted."""
    if not wanted.side and not wanted.system and wanted.only in {Only.ALL, Only.HELD}:
        return tuple(one for one in found if _matches(one, wanted) and (one.held or wanted.only is Only.ALL))
    cut = (_cut(one, wanted, odd) for one in found if _matches(one, wanted))
    return tuple(one for one in cut if not one.is_empty)


def _grouped(operations: Sequence[Operation], held: Sequence[HeldGrant], way: Way, odd: Oddities) -> Iterable[Group]:
    by_key: dict[tuple[str, ...], tuple[list[Operation], list[HeldGrant]]] = defaultdict(lambda: ([], []))
    for one in operations:
        by_key[_key(one, way)][0].append(one)
    for waiting in held:
        by_key[_key(waiting, way)][1].append(waiting)
    for key, (mine, waits) in by_key.items():
        goes = tuple(one for one in mine if one.phase == 1)
        comes = tuple(one for one in mine if one.phase != 1)
        yield Group(key, goes, comes, tuple(waits), any(map(odd.has, mine)))


def _key(one: Operation | HeldGrant, way: Way) -> tuple[str, ...]:
    match way:
        case Way.PERSON:
            return (one.person_id,)
        case Way.ENTITLEMENT:
            return (one.side, one.system, one.entitlement)
        case Way.SYSTEM:
            return (one.side, one.system)


def _matches(one: Group, wanted: Wanted) -> bool:
    if not wanted.words or (len(one.key) == 1 and one.key[0] in wanted.persons):
        return True
    named: tuple[Operation | HeldGrant, ...] = (*one.goes, *one.comes, *one.held)
    names = (*one.key, *(f"{part.system} {part.entitlement}" for part in named))
    text = " ".join(names).casefold()
    return all(word in text for word in wanted.words)


def _cut(one: Group, wanted: Wanted, odd: Oddities) -> Group:
    """Return what of the group is on the side and system, and of the kind that is wanted."""
    if (wanted.only is Only.HELD and not one.held) or (wanted.only is Only.ODD and not one.is_odd):
        return replace(one, goes=(), comes=(), held=())

    def here(part: Operation | HeldGrant) -> bool:
        return wanted.side in {"", part.side} and wanted.system in {"", part.system}

    def of_kind(part: Operation) -> bool:
        match wanted.only:
            case Only.ODD:
                return odd.has(part)
            case Only.RESTORED:
                return part.restores
            case _:
                return True

    return replace(
        one,
        goes=tuple(part for part in one.goes if here(part) and of_kind(part)),
        comes=tuple(part for part in one.comes if here(part) and of_kind(part)),
        held=tuple(part for part in one.held if here(part)) if wanted.only in {Only.ALL, Only.HELD} else (),
    )


def plan_of(plan: Plan, keys: Collection[str]) -> Plan:
    """Return the plan with the operations of these ids alone, to be grouped by itself."""
    parts = (
        replace(part, operations=tuple(one for one in part.operations if one.id in keys), held=())
        for part in plan.parts
    )
    return replace(plan, parts=tuple(part for part in parts if part.operations))


def held_by_reason(plan: Plan, side: Side | None = None) -> tuple[tuple[str, tuple[HeldGrant, ...]], ...]:
    """Return the held grants by why they wait, most first."""
    found: dict[str, list[HeldGrant]] = defaultdict(list)
    for part in plan.parts:
        for one in part.held if side in {None, part.side} else ():
            found[one.code].append(one)
    return tuple(sorted(((code, tuple(some)) for code, some in found.items()), key=lambda one: (-len(one[1]), one[0])))
