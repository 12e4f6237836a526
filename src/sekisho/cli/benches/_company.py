"""A company for the benches of one system: who is in which unit, what a unit brings, who moves on the day.

Loaded, ordered, planned and approved through the services, as an operator would. What the system holds
beforehand is `groups`; putting it there is each bench's.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sekisho.core.kinds import OrderStatus
from sekisho.core.parts import written
from sekisho.core.plans import Plan
from sekisho.core.users import Actor

PEOPLE, UNITS, STEP = 12_500, 250, 7
DAY = date(2024, 4, 1)
MIDNIGHT = datetime(2024, 3, 31, 15, tzinfo=UTC)
OPERATOR, SECOND = Actor("operator", trusted=True), Actor("second", trusted=True)
SYSTEM = "directory"
_RULES = """
[[rule]]
id = "direct"
version = "1"
kind = "direct_transfer"
type = "policy_stop"
from_classes = ["network_service_center"]
to_classes = ["retail_sales"]
from = 2014-04-01
text.ja = "直接異動は行わない。"
text.en = "No direct transfer."
"""


@dataclass(frozen=True, slots=True)
class Company:
    """`movers` people of the first `moving_units` units, evenly, go `STEP` units on."""

    folder: Path
    people: int = PEOPLE
    movers: int = 2_000
    moving_units: int = 100

    def accounts(self) -> list[str]:
        return [f"u{number}" for number in range(self.people)]

    def groups(self) -> dict[str, list[str]]:
        """Return what each group holds before the day."""
        found: dict[str, list[str]] = defaultdict(list)
        for number in range(self.people):
            for name in brought(number % UNITS):
                found[name].append(f"u{number}")
        return found

    def moving(self) -> Iterator[int]:
        """Yield the movers' numbers."""
        for place in range(self.movers):
            yield place // self.moving_units * UNITS + place % self.moving_units

    def write(self, system: str) -> None:
        """Write the company folder; `system` are the lines of access.toml that reach the system."""
        self.folder.mkdir(exist_ok=True)
        files = {
            "company.toml": 'name = "Bench"\nsides = ["network", "affiliate"]\nhistory_complete_from = 2014-04-01\n'
            "[parameters]\ngroup_share_percent = 100\n",
            "companies.csv": "company_code,name,status,side,from\nNW,Network,network,network,2010-04-01\n",
            "units.csv": "unit_code,name,company_code,classes,from\n"
            + "".join(f"U{unit},U{unit},NW,none,2010-04-01\n" for unit in range(UNITS)),
            "people.csv": "person_id,employee_no,name,company_code,unit_code,from\n"
            + "".join(f"P{n},{n:06d},N,NW,U{n % UNITS},2014-04-01\n" for n in range(self.people)),
            "accounts.csv": "person_id,system,account,from\n"
            + "".join(f"P{n},{SYSTEM},u{n},2014-04-01\n" for n in range(self.people)),
            "rules.toml": _RULES,
            "access.toml": "\n".join(_access(system)),
        }
        for name, content in files.items():
            (self.folder / name).write_text(content, "utf-8")

    def load(self, *, now: datetime) -> None:
        """Load the folder."""
        from sekisho.services import folder

        folder.load_folder(folder=self.folder, actor=OPERATOR, now=now)

    def order(self, *, now: datetime) -> None:
        """Import HR's file for the day."""
        from sekisho.services import order_import

        rows = [f"T1,NW,{n:06d},{DAY},異動,U{n % UNITS},U{(n + STEP) % UNITS},内示なし" for n in self.moving()]
        head = "発令番号,会社コード,社員番号,発令日,発令区分,旧所属コード,新所属コード,備考"
        content = "\n".join([head, *rows, ""]).encode()
        request = order_import.OrderRequest("orders.csv", content, now, OrderStatus.FINAL)
        done = order_import.import_orders(actor=OPERATOR, now=now, request=request)
        if done.accepted != self.movers:
            raise RuntimeError(f"{done.accepted} orders of {self.movers} were taken: {done.rejected_rows[:1]}")


def brought(unit: int) -> tuple[str, ...]:
    """Return the groups of a unit: its own, its department's and its division's."""
    return (f"g{unit}", f"d{unit // 10}", f"v{unit // 50}")


def _access(system: str) -> Iterator[str]:
    yield f'[[system]]\nid = "{SYSTEM}"\nname = "Directory"\nside = "network"\nprotected = true\n{system}'
    for name in sorted({name for unit in range(UNITS) for name in brought(unit)}):
        yield f'[[entitlement]]\nsystem = "{SYSTEM}"\nid = "{name}"\nprotected = true\nowned = "authoritative"'
    for unit in range(UNITS):
        names = ", ".join(f'"{name}"' for name in brought(unit))
        yield f'[[bundle]]\nsystem = "{SYSTEM}"\nentitlements = [{names}]\nfor = {{ units = ["U{unit}"] }}'


def approved_plan(home: Path, *, now: datetime) -> tuple[Plan, str]:
    """Plan the day, have it approved by a second person, and return the plan with the text of its file."""
    from sekisho.services import installation, plans

    installation.mark_rehearsal(home=home, made_by="bench")
    later = MIDNIGHT + timedelta(days=30)
    plan = plans.make(actor=OPERATOR, as_of=MIDNIGHT, known_at=now, expires_at=later, now=now, home=home)
    text = written(plan)
    plans.approve(actor=SECOND, document=text, method="bench", now=now, home=home)
    return plan, text
