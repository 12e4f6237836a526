"""Write the made-up utility: a company folder, ten years of HR's files, the transfer day, filled targets.

Everything hangs on one seed: equal arguments write equal files. `truth.json` beside them says what was
planted and must come out; it is for the tests and never read by the product.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from random import Random

from sekisho.demo import access, offices, targets
from sekisho.demo.folder import RosterLine, write_tables
from sekisho.demo.history import HrRow, Member, member, past, season, staff
from sekisho.demo.next_day import write_next_day
from sekisho.demo.plants import Plant, plants
from sekisho.demo.rules import write_rules
from sekisho.demo.season import WrittenFile, spoilt, write_cp932, write_workbook
from sekisho.demo.sheets import soiled, write_csv, written
from sekisho.demo.units import AFFILIATE, NETWORK, SEASON, UNIT, open_units

SEASON_SHARE = 0.12
SPOILT_ROWS = 7
SPARE = 60
"""The last people of the roster stay where they are: the rows that nobody can take are made of them."""
LEFT_OVERS = 3


@dataclass(frozen=True, slots=True)
class Planted:
    """Where everything was written, in the order in which it is loaded and imported."""

    folder: Path
    """The company folder for `load`."""
    history: tuple[Path, ...]
    """One file of final orders a fiscal year, oldest first."""
    orders: tuple[Path, ...]
    """HR's files for the transfer day: the network's .xlsx, the affiliate's CP932 csv."""
    manifest: Path
    """HR's list of expected movers."""
    targets: Path
    truth: Path
    scim_url: str
    rooms: dict[str, set[str]]
    """What the SCIM service holds before the day, for `fill_scim`."""

    def fill_scim(self, token: str) -> None:
        """Put the rooms' accounts and groups into the empty SCIM service at `scim_url`."""
        targets.fill_scim(self.scim_url, token, self.rooms, {"room.general-affairs"})


def write_folder(
    *,
    into: Path,
    people: int = 2000,
    seed: int = 1,
    scim_url: str = "http://127.0.0.1:8890/v2",
    reckless: float = 0.0,
    share: float = SEASON_SHARE,
) -> Planted:
    """Write the group with `people` people (plants and joiners of the day come on top) into an empty folder.

    Makes `company/`, `history/`, `orders/`, `manifest.csv`, `next/`, `targets/` (filled) and `truth.json`. Access is
    as of the day before the transfer day; the SCIM service is filled by `Planted.fill_scim` once it runs.
    `reckless`: the share of people sent anywhere in the group on the day; `truth.json` says nothing of them.
    `share`: how many of the people move on the day.
    """
    dice = Random(seed)
    everyone = staff(dice, people)
    planted = plants(dice, people + 1)
    roster = [_line(one) for one in [*everyone, *(plant.member for plant in planted)]]
    history = _write_history(into / "history", everyone, planted, dice)
    eve = {one.person_id: _posts(one) for one in everyone} | {
        plant.member.person_id: _plant_posts(plant, ()) for plant in planted
    }
    joiners = _joiners(dice, people + len(planted) + 1, people)
    ordinary = list(season(dice, everyone[:-SPARE], share, reckless=reckless))
    files = _write_season(into / "orders", [*ordinary, *(_hire(one) for one in joiners)], planted, everyone, dice)
    day = {one.person_id: _posts(one) for one in [*everyone, *joiners]} | {
        plant.member.person_id: _plant_posts(plant, plant.season) for plant in planted
    }
    movers = _write_manifest(into / "manifest.csv", files.orders)
    held = access.holdings([access.Place(person, posts) for person, posts in eve.items()], day)
    _portal_for(held, joiners)
    left_over = _leave_over(held, everyone, day)
    heads, odd = offices.heads(everyone, day), {one["person_id"] for one in left_over}
    users = offices.users([one for one in everyone if one.person_id not in odd], day, heads, ordinary)
    known = odd | set(heads.values()) | {person for _, person, _, _ in users}
    busy = {row.employee_no for row in files.orders} | {one.number for one in everyone if one.person_id in known}
    write_next_day(into / "next", everyone[:-SPARE], busy)
    about = _Written(into, seed, scim_url, history, files, movers, heads, users)
    return _finish(about, roster, joiners, planted, held, left_over)


@dataclass(frozen=True, slots=True)
class _Season:
    orders: list[HrRow]
    files: tuple[WrittenFile, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    into: Path
    seed: int
    scim_url: str
    history: tuple[Path, ...]
    season: _Season
    movers: int
    heads: dict[str, str]
    users: list[tuple[str, str, str, str]]


def _line(one: Member) -> RosterLine:
    return RosterLine(
        one.person_id, one.number, one.name, one.kana, one.company, one.first_unit, one.first_title,
        one.post_classes, one.start,
    )  # fmt: skip


def _posts(one: Member) -> tuple[tuple[str, str], ...]:
    return () if one.on_leave or not one.unit else ((one.unit, one.title), *((unit, "担当") for unit in one.extra))


def _plant_posts(plant: Plant, season_rows: Sequence[HrRow]) -> tuple[tuple[str, str], ...]:
    """Return a planted person's posts after the orders before the season and the given ones."""
    main: tuple[str, str] | None = (plant.member.first_unit, plant.member.first_title)
    extra: list[tuple[str, str]] = []
    away = False
    withdrawn = {row.supersedes for row in season_rows if row.supersedes}
    for row in [*plant.before, *season_rows]:
        if row.day > SEASON or row.kind == "取消" or row.order_no in withdrawn:
            continue
        match row.kind:
            case "休職":
                away = True
            case "退職":
                main, extra = None, []
            case "兼務":
                extra.append((row.to_unit, row.title))
            case _:
                main, away = (row.to_unit, row.title), False
    return () if away or main is None else (main, *extra)


def _write_history(folder: Path, everyone: list[Member], planted: Sequence[Plant], dice: Random) -> tuple[Path, ...]:
    folder.mkdir(parents=True)
    files = []
    before = [row for plant in planted for row in plant.before]
    for year, ordinary in past(dice, everyone):
        rows = [*ordinary, *(row for row in before if _fiscal_year(row.day) == year)]
        rows.sort(key=lambda row: row.day)
        file = folder / f"orders-{year}.csv"
        write_csv(file, [soiled(dice, written(row)) for row in rows], encoding="utf-8-sig")
        files.append(file)
    return tuple(files)


def _fiscal_year(day: date) -> int:
    return day.year if day.month >= 4 else day.year - 1


def _joiners(dice: Random, first_place: int, people: int) -> list[Member]:
    """Return who joins on the transfer day: one in a hundred."""
    found = []
    for place in range(first_place, first_place + max(2, people // 100)):
        company = NETWORK if place % 2 else AFFILIATE
        unit = dice.choice([unit.code for unit in open_units(company, SEASON)])
        found.append(member(dice, place, company, unit, SEASON))
    return found


def _write_season(
    folder: Path, ordinary: Sequence[HrRow], planted: Sequence[Plant], everyone: Sequence[Member], dice: Random
) -> _Season:
    folder.mkdir(parents=True)
    spare = [one for one in everyone[-SPARE:] if one.unit and not one.home and not one.on_leave]
    orders = [*ordinary, *(row for plant in planted for row in plant.season)]
    files = []
    for file, is_network, write in (
        (folder / "hn-2024-04-01.xlsx", True, write_workbook),
        (folder / "hk-2024-04-01.csv", False, write_cp932),
    ):
        rows = [row for row in orders if (row.company == NETWORK) is is_network]
        mine = [one for one in spare if (one.company == NETWORK) is is_network][:SPOILT_ROWS]
        bad = spoilt([_spare_move(one) for one in mine])
        files.append(write(file, rows, bad, dice))
    return _Season(orders, tuple(files))


def _spare_move(one: Member) -> HrRow:
    unit = "N500" if one.company == NETWORK else "K500"
    row = asdict(one.row(f"{one.company}-2404-9", SEASON, "異動"))
    return HrRow(**{**row, "to_unit": unit, "title": one.title})


def _hire(one: Member) -> HrRow:
    row = asdict(one.row(f"{one.company}-2404", SEASON, "採用"))
    return HrRow(**{**row, "from_unit": "", "to_unit": one.unit, "title": one.title})


def _write_manifest(file: Path, orders: Iterable[HrRow]) -> int:
    """Write HR's list of expected movers: every final order that stands; return how many."""
    rows = list(orders)
    withdrawn = {row.supersedes for row in rows if row.supersedes}
    final = [row for row in rows if row.status != "内示" and row.kind != "取消" and row.order_no not in withdrawn]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["order_no", "employee_no", "effective_date"])
        writer.writerows([row.order_no, row.employee_no, row.day.isoformat()] for row in final)
    return len(final)


def _portal_for(held: access.Holdings, joiners: Iterable[Member]) -> None:
    """Make the joiners' accounts ahead, without rights."""
    for one in joiners:
        name = access.account(one.person_id)
        for system in {access.PORTAL, *(system for system, _ in access.brought(_posts(one)))}:
            held[system].setdefault(name, set())


def _leave_over(
    held: access.Holdings, everyone: Sequence[Member], day: dict[str, tuple[tuple[str, str], ...]]
) -> list[dict[str, str]]:
    """Leave some people of the network's head office with a right of an earlier post: a forgotten removal."""
    found = []
    candidates = [one for one in everyone if one.unit == "N600" and one.workplace == NETWORK]
    for one in candidates[:LEFT_OVERS]:
        if (access.NETWORK_APP, "supply.view") in access.brought(day[one.person_id]):
            continue
        held[access.NETWORK_APP].setdefault(access.account(one.person_id), set()).add("supply.view")
        found.append({"person_id": one.person_id, "system": access.NETWORK_APP, "entitlement": "supply.view"})
    return found


def _finish(
    about: _Written,
    roster: Sequence[RosterLine],
    joiners: Sequence[Member],
    planted: Sequence[Plant],
    held: access.Holdings,
    left_over: list[dict[str, str]],
) -> Planted:
    """Write the company folder, fill the targets and write down the truth."""
    into = about.into
    stores = into / "targets"
    stores.mkdir()
    urls = {system: f"sqlite:///{(stores / f'{system}.db').absolute()}" for system in access.SQL_APPS}
    worklist = stores / access.DRAWINGS
    for system in access.SQL_APPS:
        targets.fill_sql(stores / f"{system}.db", held[system])
    targets.fill_export(worklist, held[access.DRAWINGS], "20240331")
    company = into / "company"
    company.mkdir()
    (company / "access.toml").write_text(access.toml(urls, str(worklist.absolute()), about.scim_url), encoding="utf-8")
    write_tables(company, roster, heads=about.heads, users=about.users, joiners=joiners, held=held)
    write_rules(
        company, offices.approvers(about.users), [plant.member.person_id for plant in planted if plant.excepted]
    )
    truth = into / "truth.json"
    truth.write_text(_truth(about, roster, joiners, planted, left_over), encoding="utf-8")
    return Planted(
        folder=company,
        history=about.history,
        orders=tuple(into / "orders" / file.name for file in about.season.files),
        manifest=into / "manifest.csv",
        targets=stores,
        truth=truth,
        scim_url=about.scim_url,
        rooms=held[access.ROOMS],
    )


def _truth(
    about: _Written,
    roster: Sequence[RosterLine],
    joiners: Sequence[Member],
    planted: Sequence[Plant],
    left_over: list[dict[str, str]],
) -> str:
    cases = [
        {
            "kind": plant.kind,
            "person_id": plant.member.person_id,
            "employee_no": plant.season[-1].employee_no,
            "outcome": plant.outcome,
            "rules": list(plant.rules),
        }
        for plant in planted
    ]
    truth = {
        "seed": about.seed,
        "people": len(roster),
        "joiners": len(joiners),
        "season": SEASON.isoformat(),
        "files": [{**asdict(file), "accepted": file.accepted} for file in about.season.files],
        "movers": about.movers,
        "plants": cases,
        "left_over": left_over,
        "units": len(UNIT),
    }
    return json.dumps(truth, ensure_ascii=False, indent=1)
