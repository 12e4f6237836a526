"""Write the company folder: company.toml and the csv tables. Not here: rules.toml (`rules`), access.toml (`access`)."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sekisho.demo.access import DRAWINGS, ROOMS
from sekisho.demo.history import Member
from sekisho.demo.units import COMPANIES, OPENING, UNITS


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One row of people.csv."""

    person_id: str
    number: str
    name: str
    kana: str
    company: str
    unit: str
    title: str
    post_classes: str
    start: date


ROSTER_HEADER = (
    "person_id", "employee_no", "name", "kana", "company_code", "unit_code", "title", "post_classes", "from", "to",
)  # fmt: skip


def roster_row(line: RosterLine) -> list[str]:
    """Return the line as people.csv holds it."""
    return [
        line.person_id, line.number, line.name, line.kana, line.company, line.unit, line.title, line.post_classes,
        line.start.isoformat(), "",
    ]  # fmt: skip


def write_company(folder: Path) -> None:
    """Write company.toml, companies.csv and units.csv without heads."""
    (folder / "company.toml").write_text(
        'name = "北辰電力グループ"\ntimezone = "Asia/Tokyo"\nsides = ["network", "affiliate"]\n'
        f'calendar = "jp"\nhistory_complete_from = {OPENING.isoformat()}\n\n'
        "[parameters]\naccept_cli_approval = true\n",
        encoding="utf-8",
    )
    write_table(folder / "companies.csv", ("company_code", "name", "status", "side", "from", "to"), COMPANIES)


def write_units(folder: Path, heads: Mapping[str, str]) -> None:
    """Write units.csv."""
    header = (
        "unit_code", "name", "company_code", "parent_code", "classes", "head_person_id", "successor_code", "from", "to",
    )  # fmt: skip
    rows = [
        (unit.code, unit.name, unit.company, unit.parent, unit.classes, heads.get(unit.code, ""), unit.successor,
         unit.start, unit.end)
        for unit in UNITS
    ]  # fmt: skip
    write_table(folder / "units.csv", header, rows)


def write_table(file: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write one csv file as people keep it in version control: UTF-8, LF."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_tables(
    folder: Path,
    roster: Sequence[RosterLine],
    *,
    heads: Mapping[str, str],
    users: Sequence[tuple[str, str, str, str]],
    joiners: Sequence[Member],
    held: Mapping[str, Mapping[str, set[str]]],
) -> None:
    """Write everything but rules and access.toml; joiners have their numbers ahead, so that accounts can name them."""
    write_company(folder)
    write_units(folder, heads)
    write_table(folder / "people.csv", ROSTER_HEADER, (roster_row(line) for line in roster))
    write_table(
        folder / "numbers.csv",
        ("person_id", "company_code", "employee_no", "from", "to"),
        ((one.person_id, one.company, one.number, one.start.isoformat(), "") for one in joiners),
    )
    write_table(folder / "users.csv", ("user", "person_id", "role", "side"), users)
    links = [(f"P{name[1:]}", system, name) for system in sorted(held) for name in sorted(held[system])]
    write_table(folder / "accounts.csv", ("person_id", "system", "account"), links)
    someone = roster[0].person_id
    write_table(
        folder / "grants.csv",
        ("person_id", "system", "entitlement", "reason", "approver", "from", "to"),
        [(users[7][1], ROOMS, "room.general-affairs", "創立記念行事の準備", someone, "2024-01-01", "2024-07-01")]
        if f"u{users[7][1][1:]}" in held[ROOMS]
        else [],
    )
    write_table(
        folder / "protected_accounts.csv",
        ("system", "account", "why"),
        [(DRAWINGS, "batch", "夜間処理用"), ("portal", "breakglass", "緊急時用")],
    )
    write_table(
        folder / "holidays.csv",
        ("date", "name"),
        [(f"{year}-{day}", "年末年始休業") for year in (2023, 2024) for day in ("12-29", "12-30", "12-31")],
    )
    _write_devices(folder, roster[:50])


def _write_devices(folder: Path, roster: Sequence[RosterLine]) -> None:
    sides = {"HN": "network", "HK": "affiliate", "HB": "affiliate"}
    header = ("device_id", "side", "zone", "os", "from")
    write_table(
        folder / "devices.csv",
        header,
        [
            (f"PC-{place:04d}", sides[line.company], sides[line.company], "windows", "2022-04-01")
            for place, line in enumerate(roster, start=1)
        ],
    )
    write_table(
        folder / "device_users.csv",
        ("device_id", "person_id", "from"),
        [(f"PC-{place:04d}", line.person_id, "2022-04-01") for place, line in enumerate(roster, start=1)],
    )
