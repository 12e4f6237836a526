"""The files of the full home: the company folder, ten years of HR's orders, the day's, the next season's, a bad one."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from sekisho.cli.benches._full_size import CLASSES, DAY, DEPARTMENT, RULES, USERS, FullHome, account, units_of
from sekisho.demo.names import draw

FIRST = 2014


def write_company(full: FullHome, folder: Path) -> None:
    """Write the company folder."""
    folder.mkdir(parents=True)
    files = {
        "company.toml": 'name = "Bench"\nsides = ["network", "affiliate"]\nhistory_complete_from = 2014-04-01\n'
        "[parameters]\ngroup_share_percent = 100\n",
        "companies.csv": "company_code,name,status,side,from\nNW,北辰ネットワーク,network,network,2010-04-01\n"
        "AF,北辰電力,affiliate,affiliate,2010-04-01\n",
        "units.csv": _lines("unit_code,name,company_code,parent_code,classes,head_person_id,from", _unit_rows(full)),
        "people.csv": _lines("person_id,employee_no,name,kana,company_code,unit_code,title,from", _people(full)),
        "users.csv": _lines("user,person_id,role,side", _users(full)),
        "accounts.csv": _lines("person_id,system,account,from", _accounts(full)),
        "grants.csv": _lines("person_id,system,entitlement,reason,approver,from,to", _grants(full)),
        "exceptions.csv": _lines("exception_id,rule,person_id,reason,approved_by,from,to", _exceptions(full)),
        "rules.toml": RULES,
        "access.toml": "\n".join(_access(full)),
    }
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")


def _lines(head: str, rows: Iterable[str]) -> str:
    return "\n".join([head, *rows, ""])


def _unit_rows(full: FullHome) -> Iterator[str]:
    yield "NW999,設立準備室,NW,,?,,2010-04-01"
    for side, classes in CLASSES.items():
        company = "NW" if side == "network" else "AF"
        for department in range(-(-full.units // DEPARTMENT)):
            known = classes[department] if department < len(classes) else "none"
            yield f"{company}D{department:02d},{company}第{department}部,{company},,{known},,2010-04-01"
        for place, unit in enumerate(units_of(full, side)):
            head = f"P{place * 2 + (company == 'AF'):05d}"
            yield f"{unit},{company}第{place}課,{company},{company}D{place // DEPARTMENT:02d},,{head},2010-04-01"


def _people(full: FullHome) -> Iterator[str]:
    dice = Random(1)  # noqa: S311 - names of nobody, the same every time
    for number in range(full.people):
        name, title = draw(dice), dice.choice(("担当", "担当", "主任", "課長"))
        company, unit = full.company(number), full.unit(number, 0)
        yield f"P{number:05d},{number:06d},{name.name},{name.kana},{company},{unit},{title},2014-04-01"


def _users(full: FullHome) -> Iterator[str]:
    for place, (user, (role, side)) in enumerate(USERS.items()):
        yield f"{user},P{place * 2 + (side == 'affiliate'):05d},{role},{side}"
    for number in range(len(USERS) * 2, full.people):
        yield f"e{number:05d},P{number:05d},employee,{full.side(number)}"


def _accounts(full: FullHome) -> Iterator[str]:
    for number in range(full.people):
        units = (full.unit(number, full.moves_before(number) + moves) for moves in (0, 1))
        for system in sorted({system for unit in units for system, _ in full.brought(unit)}):
            yield f"P{number:05d},{system},{account(number)},2014-04-01"


def _grants(full: FullHome) -> Iterator[str]:
    for number in range(0, full.people, 40):
        system, name = next(full.brought(full.unit(number, 3)))
        yield f"P{number:05d},{system},{name},応援,P00002,2024-01-01,2024-07-01"


def _exceptions(full: FullHome) -> Iterator[str]:
    for number in range(full.people // 40):
        yield f"EX-{number:04d},direct,P{number * 40:05d},専門知識の引継ぎ,P00002;P00003,2024-04-01,2025-04-01"


def _access(full: FullHome) -> Iterator[str]:
    brought: dict[tuple[str, str], list[str]] = {}
    for side in CLASSES:
        for system in full.own_systems(side):
            yield f'[[system]]\nid = "{system}"\nname = "System {system}"\nside = "{side}"\nprotected = true'
            yield 'connector = "memory"'
        for unit in units_of(full, side):
            for pair in full.brought(unit):
                brought.setdefault(pair, []).append(unit)
    for (system, name), units in sorted(brought.items()):
        yield f'[[entitlement]]\nsystem = "{system}"\nid = "{name}"\nprotected = true\nowned = "authoritative"'
        listed = ", ".join(f'"{unit}"' for unit in units)
        yield f'[[bundle]]\nsystem = "{system}"\nentitlements = ["{name}"]\nfor = {{ units = [{listed}] }}'


def history(full: FullHome) -> Iterator[tuple[str, datetime, list[str]]]:
    """Yield each year's file with when it came: in the first summer three of four move, then everybody every April.

    They come day after day before the first of these moves, so that one check of all of them is in time.
    """
    first = [number for number in range(full.people) if number % 4]
    came = datetime(FIRST, 5, 1, tzinfo=UTC)
    yield "orders-2014.csv", came, list(_moves(full, first, date(FIRST, 7, 1), 0))
    for year in range(FIRST + 1, FIRST + 1 + full.years):
        rows = list(_moves(full, range(full.people), date(year, 4, 1), year - FIRST - 1))
        yield f"orders-{year}.csv", came + timedelta(days=year - FIRST), rows


def _moves(full: FullHome, numbers: Iterable[int], day: date, earlier: int) -> Iterator[str]:
    for number in numbers:
        before = earlier + (number % 4 != 0 and day.year > FIRST)
        old, new = full.unit(number, before), full.unit(number, before + 1)
        yield f"R{day:%y%m},{full.company(number)},{number:06d},{day},異動,{old},{new},,,"


def season(full: FullHome) -> Iterator[str]:
    """Yield the day's orders: most within the company, some across the wall, a few into a unit nobody has looked at."""
    for place in range(full.movers):
        number = place * full.people // full.movers + place % 4
        company, before = full.company(number), full.moves_before(number)
        old, new = full.unit(number, before), full.unit(number, before + 1)
        head = f"T2404,{company},{number:06d},{DAY}"
        if place < full.crossing and company == "NW":
            yield f"{head},出向,{old},AF{place % full.units:03d},AF,,"
        elif place < full.crossing + full.crossing // 3 and company == "NW":
            yield f"{head},異動,{old},NW999,,,"
        else:
            yield f"{head},異動,{old},{new},,,"


def notices(full: FullHome) -> Iterator[str]:
    """Yield advance notices for the summer, not released before June."""
    for number in range(1, full.notices * 2, 2):
        old = full.unit(number % full.people, full.moves_before(number))
        new = full.unit(number % full.people, full.moves_before(number) + 1)
        yield f"D2407,AF,{number:06d},{DAY + timedelta(days=91)},異動,{old},{new},,内示,2024-06-01 09:00"


def wrong(full: FullHome) -> Iterator[str]:
    """Yield rows that cannot be taken: unknown numbers, units and days."""
    for number in range(full.bad_lines):
        cells = (f"9{number:05d}", "2024-04-01", "NW001"), (f"{number:06d}", "4/1", "NW001")
        employee, day, unit = (*cells, (f"{number:06d}", "2024-04-01", "ZZ9"))[number % 3]
        yield f"W2404,{'NW' if number % 2 == 0 else 'AF'},{employee},{day},異動,,{unit},,,"
