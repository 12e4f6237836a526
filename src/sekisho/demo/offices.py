"""Who in the made-up group signs in, heads a unit, or approves exceptions: people whose posts on the day fit.

Picked from the roster in its order, so that equal groups have equal users. Planted people are none of them.
"""

from collections.abc import Iterable, Mapping, Sequence

from sekisho.demo.history import HrRow, Member
from sekisho.demo.units import NETWORK, SEASON, UNIT, UNITS

Posts = Mapping[str, tuple[tuple[str, str], ...]]
"""person → (unit, title) of each post on the transfer day"""

USERS = {
    "jinji": ("hr", "both"),
    "houmu": ("compliance", "both"),
    "houmu-hn": ("compliance", "network"),
    "houmu-hk": ("compliance", "affiliate"),
    "joshisu": ("it_operation", "both"),
    "joshisu-2": ("it_operation", "both"),
    "joshisu-hn": ("it_operation", "network"),
    "joshisu-hk": ("it_operation", "affiliate"),
    "kacho": ("unit_head", "network"),
    "shain": ("employee", "network"),
    "kansa": ("internal_audit", "both"),
    "yakuin": ("executive", "both"),
    "kanri": ("administrator", "both"),
    "ryosha": ("cross_side", "both"),
}
"""user → role and side: one of each role, compliance and IT of each side; a plan needs another one to approve it."""

DESKS = {
    "jinji": ("N600", "K600"),
    "houmu": ("K500", "N500"),
    "houmu-hn": ("N500", "N800"),
    "houmu-hk": ("K500", "K700"),
    "joshisu": ("B200", "B000", "N800"),
    "joshisu-2": ("B200", "B000", "N810"),
    "kansa": ("N000", "N500", "N800"),
    "yakuin": ("N000", "K000", "N800"),
    "kanri": ("B200", "B000", "N820"),
    "ryosha": ("N500", "N600", "N810"),
    "joshisu-hn": ("N810", "N820", "N800"),
    "joshisu-hk": ("K700", "K500", "K000"),
}
"""user → the units in which to look for somebody, the first that has anybody left"""


def heads(everyone: Sequence[Member], day: Posts) -> dict[str, str]:
    """Return the head of each unit: the first who is 部長 or 課長 there on the day."""
    found: dict[str, str] = {}
    for one in everyone:
        for unit, title in day[one.person_id]:
            if title in {"部長", "課長"}:
                found.setdefault(unit, one.person_id)
    return found


def users(
    everyone: Sequence[Member], day: Posts, heads_of: Mapping[str, str], moves: Iterable[HrRow]
) -> list[tuple[str, str, str, str]]:
    """Return (user, person, role, side): the employee is one who moves that day, the head is his new unit's."""
    mover, head = _moved(everyone, day, heads_of, moves)
    taken = {"shain": mover, "kacho": head}
    for user, units in DESKS.items():
        desks = [one.person_id for unit in units for one in everyone if _is_in(unit, day[one.person_id])]
        taken[user] = next(person for person in desks if person not in taken.values())
    return [(user, taken[user], role, side) for user, (role, side) in USERS.items()]


def approvers(chosen: Sequence[tuple[str, str, str, str]]) -> dict[str, str]:
    """Return, for each side, the person who approves exceptions: its own compliance."""
    return {side: person for _, person, role, side in chosen if role == "compliance" and side != "both"}


def _moved(
    everyone: Sequence[Member], day: Posts, heads_of: Mapping[str, str], moves: Iterable[HrRow]
) -> tuple[str, str]:
    numbers = {one.number: one.person_id for one in everyone if one.company == NETWORK}
    for row in moves:
        person = numbers.get(row.employee_no)
        head = heads_of.get(row.to_unit)
        if person and head and head != person and _is_plain(row) and _is_in(row.to_unit, day[person]):
            return person, head
    raise LookupError("nobody moves within the network company on the day")  # a seed without one is no demo


def _is_plain(row: HrRow) -> bool:
    within = row.company == NETWORK and row.to_unit in UNIT and UNIT[row.to_unit].company == NETWORK
    return within and row.kind == "異動" and row.day == SEASON and row.status != "内示" and row.from_unit != row.to_unit


def _is_in(unit: str, posts: tuple[tuple[str, str], ...]) -> bool:
    """Tell whether somebody's posts lie in the unit or right below it; below a head office lies everything."""
    below = (one.code for one in UNITS if one.parent == unit) if UNIT[unit].parent else ()
    inside = {unit, *below}
    return any(code in inside for code, _ in posts)
