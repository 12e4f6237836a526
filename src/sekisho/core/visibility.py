"""Law 8: who may see what. One pure table of (role, side, kind of fact, purpose) to a depth.

What a move is (who, when, from, to) goes, once released, to the mover, both heads, HR and both
compliance offices. What a side protects (systems, entitlements, devices, credentials, logs, findings,
plans, entries) stays on its side. Administrators run the installation and read no business facts.
Nothing here reads, filters or logs: services ask before they answer, and log what `crosses` names.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from sekisho.core.kinds import BOTH, PersonId, Role, Side
from sekisho.core.users import Actor, RoleGrant


class Depth(IntEnum):
    """How much of a fact is shown; each depth includes the ones below it."""

    NONE = 0
    EXISTENCE = 1
    COUNT = 2
    DETAIL = 3


class FactKind(StrEnum):
    """Kinds of fact, as finely as the table tells them apart."""

    MOVE = "move"  # who, when, from, to
    ORDER_FILE = "order_file"  # HR's files, their rows and rejections, manifests
    VERDICT = "verdict"  # what the rules say of a move
    EXCEPTION = "exception"
    PERSON = "person"  # names, numbers, posts
    BOUNDARY = "boundary"  # companies, units, classes
    RULE = "rule"
    SYSTEM = "system"
    ENTITLEMENT = "entitlement"  # entitlements and bundles
    HOLDING = "holding"  # who should hold, who was seen to hold
    PLAN = "plan"  # parts and operations of a plan, and their outcomes
    DEVIATION = "deviation"  # what a verification found
    DEVICE = "device"  # devices and their erasure
    CREDENTIAL = "credential"
    DUTY = "duty"
    LOG = "log"
    FINDING = "finding"
    DESK = "desk"
    ENTRY = "entry"  # entries of the ledger
    INSTALLATION = "installation"  # parameters, users, health of the installation


class Purpose(StrEnum):
    """What the reading is for; it can only lessen what the role sees."""

    WORK = "work"  # one's own task in a transfer
    AUDIT = "audit"  # the third line looks at how the work was done
    FIGURES = "figures"  # reports and charts: never more than counts
    EXPORT = "export"  # a file that leaves the house


@dataclass(frozen=True, slots=True)
class Matter:
    """The person a fact is about, with the heads of the units concerned on that day."""

    person_id: PersonId
    heads: frozenset[PersonId] = frozenset()


@dataclass(frozen=True, slots=True)
class Cell:
    """What a role sees of facts of its own side (neutral ones too), and of another side's."""

    own: Depth
    other: Depth = Depth.NONE


_ALL = Cell(Depth.DETAIL, Depth.DETAIL)
_OWN = Cell(Depth.DETAIL)
_COUNT = Cell(Depth.COUNT)
_EXISTS = Cell(Depth.EXISTENCE)

_HR, _COMPLIANCE, _IT, _HEAD, _AUDIT, _EXECUTIVE = (
    Role.HR,
    Role.COMPLIANCE,
    Role.IT_OPERATION,
    Role.UNIT_HEAD,
    Role.INTERNAL_AUDIT,
    Role.EXECUTIVE,
)
_OVERSEERS: Mapping[Role, Cell] = {_AUDIT: _OWN, _EXECUTIVE: _COUNT}
_LINES: Mapping[Role, Cell] = {_COMPLIANCE: _OWN, _HEAD: _COUNT, **_OVERSEERS}
_OPERATED: Mapping[Role, Cell] = {_IT: _OWN, **_LINES}
_PUBLIC: Mapping[Role, Cell] = dict.fromkeys((_HR, _COMPLIANCE, _IT, _HEAD, _AUDIT, _EXECUTIVE, Role.EMPLOYEE), _ALL)

TABLE: Mapping[FactKind, Mapping[Role, Cell]] = {
    FactKind.MOVE: {_HR: _ALL, _COMPLIANCE: _ALL, _IT: _EXISTS, _HEAD: _COUNT, **_OVERSEERS},
    FactKind.ORDER_FILE: {_HR: _OWN, _COMPLIANCE: _OWN, **_OVERSEERS},
    FactKind.VERDICT: {_HR: _OWN, _COMPLIANCE: _ALL, _IT: _EXISTS, _HEAD: _COUNT, **_OVERSEERS},
    FactKind.EXCEPTION: {_HR: _OWN, _COMPLIANCE: _ALL, _IT: _EXISTS, _HEAD: _COUNT, **_OVERSEERS},
    FactKind.PERSON: {_HR: _OWN, _IT: _OWN, **_LINES},
    FactKind.BOUNDARY: _PUBLIC,
    FactKind.RULE: _PUBLIC,
    FactKind.SYSTEM: _OPERATED,
    FactKind.ENTITLEMENT: _OPERATED,
    FactKind.HOLDING: _OPERATED,
    FactKind.PLAN: _OPERATED,
    FactKind.DEVIATION: _OPERATED,
    FactKind.DEVICE: _OPERATED,
    FactKind.CREDENTIAL: _OPERATED,
    FactKind.DUTY: {_HR: _COUNT, _IT: _COUNT, **_LINES},
    FactKind.LOG: {_IT: _COUNT, _COMPLIANCE: _OWN, **_OVERSEERS},
    FactKind.FINDING: {_IT: _COUNT, **_LINES},
    FactKind.DESK: {_COMPLIANCE: _COUNT, _AUDIT: _COUNT, _EXECUTIVE: _COUNT},
    FactKind.ENTRY: {_HR: _COUNT, _IT: _COUNT, _COMPLIANCE: _OWN, **_OVERSEERS, Role.ADMINISTRATOR: _COUNT},
    FactKind.INSTALLATION: {Role.ADMINISTRATOR: _ALL, _COMPLIANCE: _ALL, _AUDIT: _ALL},
}
"""What a role sees; a role not named sees nothing. `cross_side` sees all."""

EMBARGOED: Mapping[Role, Cell] = {_HR: _OWN, _COMPLIANCE: _OWN}
"""Who knows of an advance notice 内示 before its release, whatever the kind of fact (domain §7.11)."""

OWN_FACTS = frozenset(
    {FactKind.MOVE, FactKind.VERDICT, FactKind.EXCEPTION, FactKind.PERSON, FactKind.DUTY, FactKind.HOLDING}
)
"""What a person may read about himself; holdings and duties only of a side on which he has a role."""

HEADS_FACTS = frozenset({FactKind.MOVE, FactKind.PERSON, FactKind.DUTY, FactKind.HOLDING, FactKind.DEVIATION})
"""What the head of a unit concerned reads about one person; of access and duties only his side's."""

_SIDELESS = frozenset({FactKind.MOVE, FactKind.VERDICT, FactKind.EXCEPTION, FactKind.PERSON})
_MAY_EXPORT = frozenset({Role.HR, Role.COMPLIANCE, Role.INTERNAL_AUDIT, Role.CROSS_SIDE})


def decide(  # noqa: PLR0913 - the table of law 8 has these columns; an object around them would hide them
    actor: Actor,
    *,
    kind: FactKind,
    side: Side | None,
    purpose: Purpose,
    on: date,
    about: PersonId | Matter | None = None,
    released: bool = True,
) -> Depth:
    """Return how much of a fact the actor sees on the day; the widest of his roles counts.

    `side` is whose fact it is (None: neutral); a move across the wall is asked with either of its sides.
    `about` is the person concerned, as a `Matter` where heads may see more than others. `released` is
    False for everything that hangs on an advance notice before its release.
    """
    if actor.trusted:
        return _lessened(Depth.DETAIL, purpose, Role.CROSS_SIDE)
    matter = Matter(about) if isinstance(about, str) else about
    depths = [
        _lessened(_depth(grant, kind, side, released=released), purpose, grant.role)
        for grant in actor.roles
        if grant.period.holds(on)
    ]
    if released and matter is not None:
        depths.append(_lessened(_as_concerned(actor, kind, side, on, matter), purpose, Role.EMPLOYEE))
    return max(depths, default=Depth.NONE)


def crosses(actor: Actor, *, kind: FactKind, side: Side | None, on: date) -> bool:
    """Tell whether the actor sees such a fact as one who sees both sides: that read is logged (law 8).

    So it is with `cross_side`, with any role held for `both`, with roles that show him such facts of one side and of
    another, and in a home that trusts everybody.
    """
    if side is None or kind in {FactKind.BOUNDARY, FactKind.RULE, FactKind.INSTALLATION}:
        return False
    if actor.trusted:
        return True
    held = [grant for grant in actor.roles if grant.period.holds(on)]
    seen = max((_depth(grant, kind, side, released=True) for grant in held), default=Depth.NONE)
    one_sided = max((_one_sided(grant, kind, side) for grant in held), default=Depth.NONE)
    if seen is not Depth.DETAIL or one_sided < Depth.DETAIL:
        return seen is Depth.DETAIL
    cells = [(grant.side, TABLE[kind].get(grant.role, Cell(Depth.NONE))) for grant in held]
    if any(cell.other is Depth.DETAIL for _, cell in cells):
        return False  # a role of either side sees such facts of both
    return len({side for side, cell in cells if cell.own is Depth.DETAIL} - {BOTH}) > 1


def widest(actor: Actor, *, kind: FactKind, purpose: Purpose, on: date, released: bool = True) -> Depth:
    """Return the most the actor sees of such facts, whatever their side: what he may ask for at all."""
    sides = {None, *(grant.side for grant in actor.roles)}
    depths = (decide(actor, kind=kind, side=side, purpose=purpose, on=on, released=released) for side in sides)
    return max(depths, default=Depth.NONE)


def purpose_of(actor: Actor, *, on: date) -> Purpose:
    """Return what the actor reads for: the third line audits, everybody else works."""
    audits = not actor.trusted and actor.has(Role.INTERNAL_AUDIT, on=on)
    return Purpose.AUDIT if audits else Purpose.WORK


def common_side(sides: Collection[Side | None], *, released: bool) -> str:
    """Return the side, as tables spell it, of one record about facts of several sides.

    Of one side: that side's. Of none: neutral. Of several: neutral once it is released, as moves are;
    else `both`, which only those read who see both sides.
    """
    named = sorted({side for side in sides if side is not None})
    if len(named) == 1:
        return named[0]
    return "" if not named or released else BOTH


def _one_sided(grant: RoleGrant, kind: FactKind, side: Side) -> Depth:
    """Return what the grant shows without what it owes to seeing both sides."""
    if grant.role is Role.CROSS_SIDE:
        return Depth.NONE
    cell = TABLE[kind].get(grant.role, Cell(Depth.NONE))
    return cell.own if grant.side == side else cell.other


def _depth(grant: RoleGrant, kind: FactKind, side: Side | None, *, released: bool) -> Depth:
    if grant.role is Role.CROSS_SIDE:
        return Depth.DETAIL
    cell = TABLE[kind].get(grant.role, Cell(Depth.NONE))
    depth = cell.own if grant.covers(side) else cell.other
    if released:
        return depth
    embargo = EMBARGOED.get(grant.role, Cell(Depth.NONE))
    return min(depth, embargo.own if grant.covers(side) else embargo.other)


def _as_concerned(actor: Actor, kind: FactKind, side: Side | None, on: date, matter: Matter) -> Depth:
    """Return what the mover himself or a head of a unit concerned sees."""
    person = actor.person_id
    if person is None:
        return Depth.NONE
    himself = kind in OWN_FACTS and person == matter.person_id
    head = kind in HEADS_FACTS and person in matter.heads and actor.has(Role.UNIT_HEAD, on=on)
    if not (himself or head):
        return Depth.NONE
    on_his_side = any(grant.period.holds(on) and grant.covers(side) for grant in actor.roles)
    return Depth.DETAIL if kind in _SIDELESS or on_his_side else Depth.NONE


def _lessened(depth: Depth, purpose: Purpose, role: Role) -> Depth:
    match purpose:
        case Purpose.FIGURES:
            return min(depth, Depth.COUNT)
        case Purpose.EXPORT:
            return depth if role in _MAY_EXPORT else min(depth, Depth.COUNT)
        case Purpose.WORK:
            return min(depth, Depth.COUNT) if role is Role.INTERNAL_AUDIT else depth
        case Purpose.AUDIT:
            return depth
