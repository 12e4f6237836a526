"""Judge every order of a written company by plain enumeration of days, from the files alone.

Slow and stupid on purpose, and sharing no line with the product: it reads the csv, xlsx and TOML files
itself, replays each person's rows for each day it asks about, and walks back day by day to the last day on
which the person had a post. What it says is compared with what the product says.
"""

import csv
import io
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import python_calamine

ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}
DAY = timedelta(days=1)
STRENGTH = ["", "allowed", "needs_review", "unknown", "violation"]
KINDS = {
    "採用", "異動", "昇格", "出向", "転籍", "復帰", "兼務", "休職", "復職", "退職", "再雇用", "取消", "訂正",
}  # fmt: skip


@dataclass(frozen=True)
class Post:
    unit: str
    start: date
    classes: frozenset[str]


@dataclass
class Row:
    place: int
    day: date
    first: date
    kind: str
    order_no: str
    unit: str
    sequence: int
    draft: bool
    supersedes: str
    post_no: str
    host: str


@dataclass
class World:
    units: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    companies: list[dict[str, str]] = field(default_factory=list)
    roster: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: dict[tuple[str, str], str] = field(default_factory=dict)
    rules: list[dict] = field(default_factory=list)
    exceptions: list[dict[str, str]] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)


def day_of(text: str) -> date | None:
    plain = text.strip().translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    for pattern in (r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?: .*)?", r"(\d{4})(\d\d)(\d\d)"):
        if found := re.fullmatch(pattern, plain):
            return made(*map(int, found.groups()))
    if found := re.fullmatch(r"(令和|平成|R|H)(\d+)[年.](\d+)[月.](\d+)日?", plain):
        return made(ERAS[found[1]] + int(found[2]), int(found[3]), int(found[4]))
    if re.fullmatch(r"4\d{4}", plain):
        return date(1899, 12, 30) + timedelta(days=int(plain))
    return None


def made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def table(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))


def read_world(company: Path, files: list[Path]) -> World:
    world = World(companies=table(company / "companies.csv"), exceptions=table(company / "exceptions.csv"))
    for unit in table(company / "units.csv"):
        world.units.setdefault(unit["unit_code"], []).append(unit)
    for line in table(company / "people.csv"):
        world.roster[line["person_id"]] = line
        world.numbers[line["company_code"], line["employee_no"]] = line["person_id"]
    for line in table(company / "numbers.csv"):
        world.numbers[line["company_code"], line["employee_no"]] = line["person_id"]
    world.rules = tomllib.loads((company / "rules.toml").read_text("utf-8"))["rule"]
    for number, file in enumerate(files):
        take(world, file, number)
    return world


def take(world: World, file: Path, number: int) -> None:
    rows = workbook(file) if file.suffix == ".xlsx" else text_file(file)
    seen = set()
    for place, cells in enumerate(rows):
        row, person = read_row(world, cells, number * 1_000_000 + place)
        if row is None:
            world.rejected[file.name] = world.rejected.get(file.name, 0) + 1
        elif (key := (row.order_no, cells["社員番号"].strip(), row.kind, row.post_no)) in seen:
            world.ignored[file.name] = world.ignored.get(file.name, 0) + 1
        else:
            seen.add(key)
            world.rows.setdefault(person, []).append(row)


def text_file(file: Path) -> list[dict[str, str]]:
    content = file.read_bytes()
    text = content.decode("utf-8-sig") if content.startswith(b"\xef\xbb\xbf") else content.decode("cp932", "replace")
    return list(csv.DictReader(io.StringIO(text)))


def workbook(file: Path) -> list[dict[str, str]]:
    sheet = python_calamine.CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0)
    lines = [[str(cell) for cell in line] for line in sheet.to_python(skip_empty_area=False)]
    at = next(place for place, line in enumerate(lines) if "社員番号" in line)
    header = [below or above for above, below in zip(lines[at - 1], lines[at], strict=True)]
    return [dict(zip(header, line, strict=True)) for line in lines[at + 1 :]]


def read_row(world: World, cells: dict[str, str], place: int) -> tuple[Row | None, str]:
    if any("\ufffd" in value for value in cells.values()):
        return None, ""
    cells = {key: value.strip() for key, value in cells.items()}
    day = day_of(cells["発令日"])
    number = cells["旧社員番号"] or cells["社員番号"]
    owners = {who for (_, known), who in world.numbers.items() if known == number}
    unit = cells["新所属コード"]
    if day is None or len(owners) != 1 or not cells["発令番号"] or cells["発令区分"] not in KINDS:
        return None, ""
    if unit and unit not in world.units:
        return None, ""
    row = Row(
        place=place, day=day, first=day + DAY if cells["発令区分"] == "退職" else day, kind=cells["発令区分"],
        order_no=cells["発令番号"], unit=unit, sequence=int(cells["発令順"] or 0), draft=cells["状態"] == "内示",
        supersedes=cells["対象発令番号"], post_no=cells["兼務番号"], host=cells["出向先会社"],
    )  # fmt: skip
    return row, owners.pop()


def standing(world: World, person: str) -> list[Row]:
    """Return the rows that count: what was cancelled is gone, what was corrected reads as corrected."""
    rows = {row.order_no: row for row in world.rows.get(person, [])}
    found = []
    for row in world.rows.get(person, []):
        if row.kind in {"取消", "訂正"}:
            target = rows[row.supersedes]
            found = [one for one in found if one is not target]
            if row.kind == "訂正":
                found.append(Row(**{**vars(target), "unit": row.unit or target.unit, "place": row.place}))
        else:
            found.append(row)
    return sorted(found, key=lambda row: (row.first, row.sequence, row.place))


def posts_on(world: World, person: str, day: date, rows: list[Row]) -> list[Post]:
    """Replay the person's life up to the day."""
    main = roster_post(world, person, day)
    beside: dict[str, Post] = {}
    for row in rows:
        if row.first > day:
            break
        if row.kind == "退職":
            main, beside = None, {}
        elif row.kind == "兼務":
            beside[row.post_no] = Post(row.unit, row.first, frozenset())
        elif row.kind != "休職" and not (row.kind == "復職" and main and main.unit == row.unit):
            main = Post(row.unit, row.first, main.classes if main else frozenset())
    return [*([main] if main else []), *beside.values()]


def roster_post(world: World, person: str, day: date) -> Post | None:
    line = world.roster.get(person)
    if line is None or line["from"] > day.isoformat():
        return None
    classes = frozenset([line["post_classes"]] if line["post_classes"] else [])
    return Post(line["unit_code"], date.fromisoformat(line["from"]), classes)


def unit_on(world: World, code: str, day: date) -> dict[str, str] | None:
    for row in world.units[code]:
        if row["from"] <= day.isoformat() and (not row["to"] or day.isoformat() < row["to"]):
            return row
    return None


def classes_on(world: World, code: str, day: date) -> frozenset[str] | None:
    """Return the unit's classes on the day, None for nobody knows."""
    row = unit_on(world, code, day)
    if row is None:
        last = world.units[code][-1]
        return classes_on(world, last["successor_code"], day) if last["successor_code"] else None
    if row["classes"] == "?":
        return None
    if row["classes"]:
        return frozenset() if row["classes"] == "none" else frozenset(row["classes"].split(";"))
    return classes_on(world, row["parent_code"], day) if row["parent_code"] else None


def company_on(world: World, unit: str, day: date) -> dict[str, str]:
    code = world.units[unit][-1]["company_code"]
    text = day.isoformat()
    return next(
        row
        for row in world.companies
        if row["company_code"] == code and row["from"] <= text and (not row["to"] or text < row["to"])
    )


def matches(world: World, rule: dict, side: str, post: Post, day: date) -> bool | None:
    """Tell whether a post fits the rule's keys of one side: True, False, or None for unknown."""
    answers: list[bool | None] = []
    if listed := rule.get(f"{side}_classes"):
        found = classes_on(world, post.unit, day)
        answers.append(None if found is None else bool(found & set(listed)))
    if wanted := rule.get(f"{side}_post_classes"):
        answers.append(bool(post.classes & set(wanted)))
    if side == "to" and (status := rule.get("to_status")):
        answers.append(company_on(world, post.unit, day)["status"] in status)
    return False if False in answers else None if None in answers else True


def both(one: bool | None, other: bool | None) -> bool | None:
    return False if False in (one, other) else None if None in (one, other) else True


def sources(world: World, person: str, day: date, rows: list[Row], stay: int) -> list[Post]:
    found: list[Post] = []
    for back in range(1, 366):
        before = posts_on(world, person, day - back * DAY, rows)
        if before:
            found = before
            break
    for back in range(1, stay + 1):
        found += posts_on(world, person, day - back * DAY, rows)
    return found


def judge(world: World, person: str, row: Row) -> tuple[str, set[str]]:
    """Return the outcome of one order, and the rules that matched without an exception."""
    rows = [one for one in standing(world, person) if not one.draft or one is row]
    day = row.first
    held = posts_on(world, person, day, rows)
    new = [post for post in held if post.start == day]
    outcome, named = "allowed", set()
    for rule in world.rules:
        if not (rule["from"] <= day and ("to" not in rule or day < rule["to"])):
            continue
        if rule["kind"] == "direct_transfer":
            old = sources(world, person, day, rows, rule.get("neutral_stay_days", 0)) if new else []
            pairs = [(one, other) for one in old for other in new]
        else:
            pairs = [
                (one, other) for one in held for other in held if one is not other and apart(world, rule, one, other)
            ]
        answers = {both(matches(world, rule, "from", a, day), matches(world, rule, "to", b, day)) for a, b in pairs}
        said = "violation" if True in answers else "unknown" if None in answers else "allowed"
        if said == "violation" and rule["type"] == "review":
            said = "needs_review"
        if said != "allowed" and excepted(world, rule["id"], person, day):
            said = "allowed"
        if said != "allowed":
            named.add(rule["id"])
        outcome = max(outcome, said, key=STRENGTH.index)
    return outcome, named


def apart(world: World, rule: dict, one: Post, other: Post) -> bool:
    if rule.get("from_classes") and rule.get("to_classes"):
        return True
    return world.units[one.unit][-1]["company_code"] != world.units[other.unit][-1]["company_code"]


def excepted(world: World, rule: str, person: str, day: date) -> bool:
    return any(
        one["rule"] == rule and one["person_id"] == person and one["from"] <= day.isoformat() < one["to"]
        for one in world.exceptions
    )
