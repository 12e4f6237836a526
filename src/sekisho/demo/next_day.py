"""HR's next file, for whoever takes the tour: a small transfer day a month later, not imported by the demo itself.

`next/hn-2024-05-01.xlsx` has a row that a rule stops, three plain moves, and one with a slip of the pen (the letters
`N5OO` where `N500` is meant); `next/movers-2024-05-01.csv` is the list that HR signs for it.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from sekisho.demo.folder import write_table
from sekisho.demo.history import HrRow, Member
from sekisho.demo.sheets import write_xlsx, written
from sekisho.demo.units import AFFILIATE, NETWORK

NEXT_DAY = date(2024, 5, 1)
SLIP = "N5OO"
MOVES = (
    ("N200", "出向", "K110"),
    ("N110", "異動", "N500"),
    ("N500", "異動", "N120"),
    ("N810", "異動", "N820"),
    ("N300", "異動", SLIP),
)
"""from unit, kind of order, to unit as HR writes it"""


def write_next_day(into: Path, everyone: Sequence[Member], busy: Collection[str]) -> None:
    """Write the file and its list of movers; `busy` are people to leave alone (employee numbers)."""
    into.mkdir()
    rows = [_row(everyone, busy, *move) for move in MOVES]
    titles = ("人事異動発令一覧", "発令日　令和6年5月1日　　取扱注意")
    write_xlsx(into / f"hn-{NEXT_DAY.isoformat()}.xlsx", [written(row) for row in rows], titles=titles)
    header = ("order_no", "employee_no", "effective_date")
    movers = [(row.order_no, row.employee_no, row.day.isoformat()) for row in rows]
    write_table(into / f"movers-{NEXT_DAY.isoformat()}.csv", header, movers)


def _row(everyone: Sequence[Member], busy: Collection[str], unit: str, kind: str, to: str) -> HrRow:
    """Return the order of the first who sits in the unit, works for the network company and is not busy."""
    one = next(
        one
        for one in everyone
        if one.unit == unit and one.company == NETWORK and not (one.on_leave or one.extra) and one.number not in busy
    )
    host = AFFILIATE if kind == "出向" else ""
    return HrRow(
        **{**asdict(one.row("HN-2405", NEXT_DAY, kind)), "to_unit": to, "title": one.title, "host_company": host}
    )
