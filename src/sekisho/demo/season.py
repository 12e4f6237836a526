"""HR's files for the transfer day: the orders, the rows nobody can take, and the rows sent twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from sekisho.demo.history import HrRow
from sekisho.demo.sheets import HEADERS, UPPER, Written, soiled, write_csv, write_xlsx, written
from sekisho.demo.units import SEASON

TAKEN_TWICE = 2
BAD_BYTE = b"\x81\xad"
"""No character of CP932."""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A row that must be rejected, and the header of the cell at fault."""

    cells: Written
    column: str


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What stands in a written file: rows in, those to be rejected by (row, column), those to be ignored."""

    name: str
    rows_in: int
    rejected: tuple[tuple[int, str], ...]
    ignored: int

    @property
    def accepted(self) -> int:
        """Return how many rows must be taken."""
        return self.rows_in - len(self.rejected) - self.ignored


def spoilt(rows: Sequence[HrRow]) -> list[Spoilt]:
    """Return rows to be rejected, made from orders of people who have no other one; seven are needed."""
    changes: tuple[tuple[str, str, Any], ...] = (
        ("社員番号", "employee_no", "999999"),
        ("発令日", "day", "4/1"),
        ("発令日", "day", "6.4.1"),
        ("発令日", "day", "2024/2/30"),
        ("新所属コード", "to_unit", "Z999"),
        ("発令区分", "kind", "謎の発令"),
        ("発令番号", "order_no", ""),
    )
    found = []
    for row, (column, attribute, value) in zip(rows, changes, strict=False):
        cells = written(row)
        if attribute == "day":
            cells[HEADERS.index("発令日")] = str(value)
        else:
            cells = written(replace(row, **{attribute: value}))
        found.append(Spoilt(cells, column))
    return found


def write_workbook(file: Path, orders: Sequence[HrRow], bad: Sequence[Spoilt], dice: Random) -> WrittenFile:
    """Write the network company's file: .xlsx with title lines and merged two-row headers."""
    rows, places = _mixed(orders, bad, dice)
    titles = ("人事異動発令一覧", f"発令日　令和{SEASON.year - 2018}年4月1日　　取扱注意")
    first = write_xlsx(file, rows, titles=titles)
    return _about(file, rows, [(place, f"{UPPER.get(header, '')} {header}".strip()) for place, header in places], first)


def write_cp932(file: Path, orders: Sequence[HrRow], bad: Sequence[Spoilt], dice: Random) -> WrittenFile:
    """Write the affiliate's file: CP932, CRLF, one row with bytes that are no character."""
    rows, places = _mixed(orders, bad, dice)
    broken = list(rows[places[0][0]])
    broken[HEADERS.index("氏名")] = "文字化け"
    broken[HEADERS.index("社員番号")] = "999998"
    rows.append(broken)
    places.append((len(rows) - 1, "氏名"))
    first = write_csv(file, rows, encoding="cp932")
    content = file.read_bytes()
    file.write_bytes(content.replace("文字化け".encode("cp932"), "文".encode("cp932") + BAD_BYTE))
    return _about(file, rows, places, first)


def _mixed(orders: Sequence[HrRow], bad: Sequence[Spoilt], dice: Random) -> tuple[list[Written], list[tuple[int, str]]]:
    """Return all rows, soiled, the bad ones among them, and at the end rows that stand there already."""
    rows: list[Written] = [soiled(dice, written(row)) for row in orders]
    places: list[tuple[int, str]] = []
    step = max(1, len(rows) // (len(bad) + 1))
    for number, one in enumerate(bad, start=1):
        at = number * step + number - 1
        rows.insert(at, one.cells)
        places.append((at, one.column))
    rows.extend(list(rows[place]) for place in range(TAKEN_TWICE))
    return rows, places


def _about(file: Path, rows: Sequence[Written], places: Sequence[tuple[int, str]], first: int) -> WrittenFile:
    rejected = tuple((first + place, column) for place, column in sorted(places))
    return WrittenFile(file.name, len(rows), rejected, TAKEN_TWICE)
