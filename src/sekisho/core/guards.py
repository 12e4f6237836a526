"""Guards over a whole plan, before the first write. 安全装置.

Here: five questions about a drafted plan and what each holds. Not here: the laws on single persons
(`planning`), and carrying a hold out (`cutover`). Only guards hold revocations, and they say so loudly
(law 3). A guard that holds names what it holds; each holding result names one kind of thing.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sekisho.core.access import Catalogue, Key, Reading, Unread
from sekisho.core.kinds import Action, PersonId
from sekisho.core.plans import GuardResult, Operation

SHRUNK = "plans.guard_source_shrunk"
"""The code of the `source` guard over complete reads that are much smaller than before."""


@dataclass(frozen=True, slots=True)
class Before:
    """How large the read was by which a system is measured, less what Sekisho itself has taken since."""

    accounts: int
    holdings: int


@dataclass(frozen=True, slots=True)
class GuardFacts:
    """What the guards compare a plan with.

    `expected`: HR's signed movers for the day, None without a signed list. `before`: per system read
    before. `never_empty`: systems on which the last holder cannot be taken away.
    """

    catalogue: Catalogue
    readings: Mapping[str, Reading | Unread]
    before: Mapping[str, Before] = field(default_factory=dict)
    expected: frozenset[PersonId] | None = None
    never_empty: Collection[str] = frozenset()
    vanish_percent: int = 5
    group_share_percent: int = 30
    guard_min_members: int = 10
    keep_last_member: bool = False


def judge(operations: Sequence[Operation], facts: GuardFacts) -> tuple[GuardResult, ...]:
    """Return what every guard says of the operations, in a fixed order."""
    holders = _holders(facts.readings)
    return (
        _manifest(operations, facts.expected),
        *_source(facts),
        _protected_account(operations, facts.catalogue),
        *_last_member(operations, facts, holders),
        _group_share(operations, facts, holders),
    )


def _manifest(operations: Sequence[Operation], expected: frozenset[PersonId] | None) -> GuardResult:
    touched = {operation.person_id for operation in operations}
    if expected is None:
        return GuardResult("manifest", "absent", "plans.guard_manifest_absent", measured=str(len(touched)))
    outside = tuple(sorted(touched - expected))
    return GuardResult(
        "manifest",
        "hold" if outside else "ok",
        "plans.guard_manifest_hold" if outside else "plans.guard_manifest_ok",
        persons=outside,
        measured=str(len(outside)),
        limit=str(len(expected)),
    )


def _source(facts: GuardFacts) -> tuple[GuardResult, ...]:
    """Hold systems that were not read in full, and apart from them those that were and are much smaller."""
    causes = {system: _distrust(system, facts) for system in facts.catalogue.systems}
    limit = f"{facts.vanish_percent}%"
    results = []
    for code in ("plans.guard_source_hold", SHRUNK):
        bad = tuple(sorted(system for system, cause in causes.items() if cause == code))
        if bad:
            results.append(GuardResult("source", "hold", code, systems=bad, measured=str(len(bad)), limit=limit))
    return tuple(results) or (GuardResult("source", "ok", "plans.guard_source_ok", measured="0", limit=limit),)


def _distrust(system: str, facts: GuardFacts) -> str:
    """Return the code under which the system is held, "" where its read can be trusted."""
    reading = facts.readings.get(system)
    if not isinstance(reading, Reading) or not reading.complete:
        return "plans.guard_source_hold"
    before = facts.before.get(system)
    if before is None:
        empty = not reading.accounts and any(link.system == system for link in facts.catalogue.accounts)
        return SHRUNK if empty else ""
    holdings = sum(len(state.entitlements) for state in reading.accounts.values())
    return SHRUNK if has_shrunk(before, Before(len(reading.accounts), holdings), facts.vanish_percent) else ""


def has_shrunk(before: Before, now: Before, percent: int) -> bool:
    """Tell whether accounts or holdings are fewer than before by more than the percentage."""
    return _shrank(before.accounts, now.accounts, percent) or _shrank(before.holdings, now.holdings, percent)


def _shrank(before: int, now: int, percent: int) -> bool:
    return (before - now) * 100 > before * percent


def _protected_account(operations: Sequence[Operation], catalogue: Catalogue) -> GuardResult:
    met = {(operation.system, operation.account) for operation in operations} & catalogue.protected_accounts
    return GuardResult(
        "protected_account",
        "hold" if met else "ok",
        "plans.guard_protected_account_hold" if met else "plans.guard_protected_account_ok",
        accounts=tuple(sorted(met)),
        measured=str(len(met)),
    )


def _last_member(
    operations: Sequence[Operation], facts: GuardFacts, holders: Mapping[Key, int]
) -> tuple[GuardResult, ...]:
    """Warn of entitlements that would be left without a holder; hold those that must not be."""
    gone, come = _moves(operations)
    emptied = sorted(key for key, count in gone.items() if count >= holders.get(key, 0) and not come[key])
    kept = tuple(key for key in emptied if facts.keep_last_member or key[0] in facts.never_empty)
    warned = tuple(key for key in emptied if key not in set(kept))
    results = []
    if kept:
        code = "plans.guard_last_member_hold"
        results.append(GuardResult("last_member", "hold", code, entitlements=kept, measured=str(len(kept))))
    if warned:
        code = "plans.guard_last_member_warn"
        results.append(GuardResult("last_member", "warn", code, entitlements=warned, measured=str(len(warned))))
    return tuple(results) or (GuardResult("last_member", "ok", "plans.guard_last_member_ok", measured="0"),)


def _group_share(operations: Sequence[Operation], facts: GuardFacts, holders: Mapping[Key, int]) -> GuardResult:
    """Hold what too many would lose at once; the accounts of a system are such a group too, under the name ""."""
    gone, _ = _moves(operations)
    off = Counter((one.system, "") for one in operations if one.action is Action.DISABLE)
    gone, holders = gone + off, {**holders, **_active(facts.readings, off)}
    limit = facts.group_share_percent
    over = {
        key: count * 100 // holders[key]
        for key, count in gone.items()
        if holders.get(key, 0) >= facts.guard_min_members and count * 100 > holders[key] * limit
    }
    return GuardResult(
        "group_share",
        "hold" if over else "ok",
        "plans.guard_group_share_hold" if over else "plans.guard_group_share_ok",
        entitlements=tuple(sorted(over)),
        measured=f"{max(over.values(), default=0)}%",
        limit=f"{limit}%",
    )


def _moves(operations: Sequence[Operation]) -> tuple[Counter[Key], Counter[Key]]:
    """Return how many holders each entitlement loses and gains."""
    gone: Counter[Key] = Counter()
    come: Counter[Key] = Counter()
    for operation in operations:
        if operation.action is Action.REVOKE:
            gone[(operation.system, operation.entitlement)] += 1
        elif operation.action is Action.GRANT:
            come[(operation.system, operation.entitlement)] += 1
    return gone, come


def _active(readings: Mapping[str, Reading | Unread], asked: Collection[Key]) -> dict[Key, int]:
    """Count the active accounts of the systems that are asked for."""
    found = {}
    for key in asked:
        reading = readings.get(key[0])
        if isinstance(reading, Reading):
            found[key] = sum(state.active for state in reading.accounts.values())
    return found


def _holders(readings: Mapping[str, Reading | Unread]) -> dict[Key, int]:
    """Count each entitlement's holders. Equal sets are counted first, so that a million accounts stay cheap."""
    found: Counter[Key] = Counter()
    for system, reading in readings.items():
        if isinstance(reading, Reading):
            sets = Counter(state.entitlements for state in reading.accounts.values())
            for names, count in sets.items():
                for name in names:
                    found[(system, name)] += count
    return found
