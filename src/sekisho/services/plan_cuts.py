"""A plan cut to some sides: what a reader of one side sees of it (law 8). Who sees which is `plans`'.

A plan is one for all sides, so what is left must read as if there were nothing else: no total of the whole, no check
that is missing because it speaks of another side.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sekisho.core.kinds import PersonId, Side
from sekisho.core.plans import GuardResult, Part, Plan


@dataclass(frozen=True, slots=True)
class _Named:
    """What the parts seen name, so that guards may name it too."""

    persons: Collection[PersonId]
    systems: Collection[str]
    entitlements: Collection[tuple[str, str]]
    accounts: Collection[tuple[str, str]]


def cut(plan: Plan, sides: Collection[Side], systems: Collection[str]) -> Plan:
    """Return the plan without the parts and guards' names of other sides; the hash stays the whole plan's.

    `systems` are those of the sides seen, with a part or without: one that could not be read has none.
    """
    seen = tuple(part for part in plan.parts if part.side in sides)
    named = _named(seen, systems)
    return replace(
        plan,
        parts=seen,
        reads=tuple(read for read in plan.reads if read.system in named.systems),
        guards=_cut_guards(plan.guards, named),
        unknown_systems=tuple(system for system in plan.unknown_systems if system in named.systems),
    )


def _named(seen: Collection[Part], systems: Collection[str]) -> _Named:
    operations = [one for part in seen for one in part.operations]
    return _Named(
        persons={one.person_id for one in operations},
        systems={*systems, *(part.system for part in seen)},
        entitlements={(one.system, one.entitlement) for one in operations},
        accounts={(one.system, one.account) for one in operations},
    )


def systems_named(plan: Plan) -> frozenset[str]:
    """Return every system of which a plan says anything."""
    found = {*plan.unknown_systems, *(read.system for read in plan.reads), *(part.system for part in plan.parts)}
    for guard in plan.guards:
        found |= {*guard.systems, *(system for system, _ in (*guard.entitlements, *guard.accounts))}
    return frozenset(found)


def _cut_guards(guards: Sequence[GuardResult], named: _Named) -> tuple[GuardResult, ...]:
    """Return the guards as they would speak of the parts seen alone; what names only hidden things finds nothing."""
    shown = [_cut_guard(guard, named) for guard in guards]
    kept: list[GuardResult] = []
    for guard, before in zip(shown, guards, strict=True):
        speaks = _names(guard) or not _names(before)
        others = [one for one in shown if one.id == guard.id and _names(one)]
        if speaks:
            kept.append(guard)
        elif not others and guard.id not in {one.id for one in kept}:
            kept.append(replace(guard, state="ok", code=f"plans.guard_{guard.id}_ok"))
    return tuple(kept)


def _cut_guard(guard: GuardResult, named: _Named) -> GuardResult:
    """Return the guard with the names of the parts seen, without its totals."""
    return replace(
        guard,
        persons=tuple(one for one in guard.persons if one in named.persons),
        systems=tuple(one for one in guard.systems if one in named.systems),
        entitlements=tuple(one for one in guard.entitlements if one in named.entitlements),
        accounts=tuple(one for one in guard.accounts if one in named.accounts),
        measured="-",
        limit="-" if guard.id == "manifest" else guard.limit,
    )


def _names(guard: GuardResult) -> bool:
    return bool(guard.persons or guard.systems or guard.entitlements or guard.accounts)
