"""What the full home holds: how much of everything, who is in which unit when, what a unit brings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sekisho.core.users import Actor

DAY = date(2024, 4, 1)
MIDNIGHT = datetime(2024, 3, 31, 15, tzinfo=UTC)
MORNING = MIDNIGHT + timedelta(hours=9)
OPENED = datetime(2014, 3, 31, 15, tzinfo=UTC)
OPERATOR, SECOND = Actor("operator", trusted=True), Actor("second", trusted=True)
CLASSES = {
    "network": ("network_service_center", "central_dispatch", "trunk_planning", "balancing_procurement"),
    "affiliate": ("retail_sales", "power_trading", "generation_planning", "specified_wholesale"),
}
UNIT_PEOPLE, DEPARTMENT, OWN_SYSTEMS = 67, 10, 5
USERS = {
    "hr": ("hr", "both"),
    "compliance": ("compliance", "both"),
    "compliance-network": ("compliance", "network"),
    "compliance-affiliate": ("compliance", "affiliate"),
    "it": ("it_operation", "both"),
    "it-network": ("it_operation", "network"),
    "head": ("unit_head", "network"),
    "employee": ("employee", "network"),
    "audit": ("internal_audit", "both"),
    "executive": ("executive", "both"),
    "administrator": ("administrator", "both"),
    "cross-side": ("cross_side", "both"),
}
HEAD = "発令番号,会社コード,社員番号,発令日,発令区分,旧所属コード,新所属コード,出向先会社,状態,内示解禁日時"
RULES = """
[[rule]]
id = "direct"
version = "1"
kind = "direct_transfer"
type = "policy_stop"
from_classes = ["network_service_center", "central_dispatch", "trunk_planning", "balancing_procurement"]
to_classes = ["retail_sales", "power_trading", "generation_planning", "specified_wholesale"]
from = 2014-04-01
text.ja = "対象部署への直接異動は行わない。"
text.en = "No direct transfer to these units."
[[approver]]
rule = "direct"
person_ids = ["P00002"]
side = "network"
[[approver]]
rule = "direct"
person_ids = ["P00003"]
side = "affiliate"
"""


@dataclass(frozen=True, slots=True)
class FullHome:
    """How much of everything; a test takes little, the bench what the budget names."""

    home: Path
    people: int = 20_000
    years: int = 9
    movers: int = 5_000
    crossing: int = 150
    notices: int = 3_000
    bad_lines: int = 5_000
    systems: int = 40
    entries: int = 300_000
    jobs: int = 200

    @property
    def units(self) -> int:
        """Return how many units each company has."""
        return max(2 * DEPARTMENT, self.people // 2 // UNIT_PEOPLE)

    def side(self, number: int) -> str:
        return "network" if number % 2 == 0 else "affiliate"

    def company(self, number: int) -> str:
        return {"network": "NW", "affiliate": "AF"}[self.side(number)]

    def unit(self, number: int, moves: int) -> str:
        """Return a person's unit after so many moves: each goes to another department of the same company."""
        return f"{self.company(number)}{(number // 2 + moves * (DEPARTMENT + 1)) % self.units:03d}"

    def brought(self, unit: str) -> Iterator[tuple[str, str]]:
        """Yield the (system, entitlement) pairs that a unit brings: three of its department, two of its own."""
        place, mine = int(unit[2:]), self.own_systems("network" if unit.startswith("NW") else "affiliate")
        department = place // DEPARTMENT
        for step in range(3):
            yield mine[(department + step) % len(mine)], f"{unit[:2]}-d{department}-{step}"
        for step in range(2):
            yield mine[(department + place + 3 + step) % len(mine)], f"{unit}-{step}"

    def own_systems(self, side: str) -> list[str]:
        half = self.systems // 2
        return [f"{side[:3]}{number:02d}" for number in range(half)]

    def moves_before(self, number: int) -> int:
        """Return how often somebody moved before the day: once a year, three of four in the first one too."""
        return self.years + (number % 4 != 0)


def account(number: int) -> str:
    return f"u{number:05d}"


def units_of(full: FullHome, side: str) -> Iterator[str]:
    for place in range(full.units):
        yield f"{'NW' if side == 'network' else 'AF'}{place:03d}"
