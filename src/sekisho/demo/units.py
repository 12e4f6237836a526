"""The made-up group: a network company, its affiliate and a subsidiary, with their units.

The classes are those of the published programme. Kept as data, so that a reader sees the wall at a glance.
"""

from dataclasses import dataclass
from datetime import date

OPENING = date(2014, 4, 1)
"""The day of the opening roster."""
SEASON = date(2024, 4, 1)
"""The transfer day of the demo, and the day from which the procurement of balancing power is listed."""

NETWORK, AFFILIATE, SUBSIDIARY = "HN", "HK", "HB"
SIDES = {NETWORK: "network", AFFILIATE: "affiliate", SUBSIDIARY: "affiliate"}

COMPANIES = (
    (NETWORK, "北辰電力ネットワーク株式会社", "network", "network", "2013-04-01", ""),
    (AFFILIATE, "北辰電力株式会社", "affiliate", "affiliate", "2013-04-01", ""),
    (SUBSIDIARY, "北辰ビジネスサービス株式会社", "subsidiary", "affiliate", "2013-04-01", "2022-04-01"),
    (SUBSIDIARY, "北辰ビジネスサービス株式会社", "affiliate", "affiliate", "2022-04-01", ""),
)
"""code, name, status, side, from, to: the subsidiary became an affiliate in 2022."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit while it holds; `weight` is its share of the company's people, 0 for none to start with."""

    code: str
    name: str
    company: str
    parent: str
    classes: str
    weight: int
    start: str = "2013-04-01"
    end: str = ""
    successor: str = ""


UNITS = (
    Unit("N000", "本店", NETWORK, "", "none", 1),
    Unit("N100", "ネットワークサービスセンター", NETWORK, "N000", "network_service_center", 4),
    Unit("N110", "契約受付課", NETWORK, "N100", "", 6),
    Unit("N120", "料金計算課", NETWORK, "N100", "", 6),
    Unit("N130", "検針課", NETWORK, "N100", "", 2, "2013-04-01", "2021-04-01", "N131"),
    Unit("N131", "計量データ課", NETWORK, "N100", "", 0, "2021-04-01"),
    Unit("N200", "中央給電指令所", NETWORK, "N000", "central_dispatch", 5),
    Unit("N300", "系統計画部", NETWORK, "N000", "trunk_planning", 5),
    Unit("N400", "需給調整部", NETWORK, "N000", "balancing_procurement", 4),
    Unit("N500", "総務部", NETWORK, "N000", "none", 4),
    Unit("N600", "人事部", NETWORK, "N000", "none", 4),
    Unit("N800", "送変電部", NETWORK, "N000", "none", 10),
    Unit("N810", "北送電センター", NETWORK, "N800", "", 14),
    Unit("N820", "南送電センター", NETWORK, "N800", "", 14),
    Unit("N900", "設立準備室", NETWORK, "N000", "?", 1),
    Unit("K000", "本店", AFFILIATE, "", "none", 1),
    Unit("K100", "小売営業部", AFFILIATE, "K000", "retail_sales", 8),
    Unit("K110", "法人営業課", AFFILIATE, "K100", "", 8),
    Unit("K120", "家庭営業課", AFFILIATE, "K100", "", 8),
    Unit("K200", "電力取引部", AFFILIATE, "K000", "power_trading", 4),
    Unit("K300", "発電計画部", AFFILIATE, "K000", "generation_planning", 4),
    Unit("K400", "卸販売部", AFFILIATE, "K000", "specified_wholesale", 3),
    Unit("K500", "総務部", AFFILIATE, "K000", "none", 4),
    Unit("K600", "人事部", AFFILIATE, "K000", "none", 4),
    Unit("K700", "火力部", AFFILIATE, "K000", "none", 12),
    Unit("K710", "東火力発電所", AFFILIATE, "K700", "", 14),
    Unit("B000", "本社", SUBSIDIARY, "", "none", 6),
    Unit("B100", "コールセンター", SUBSIDIARY, "B000", "retail_sales", 8),
    Unit("B200", "施設管理部", SUBSIDIARY, "B000", "none", 10),
)

COMPANY_WEIGHTS = {NETWORK: 45, AFFILIATE: 42, SUBSIDIARY: 13}
NEUTRAL = {
    NETWORK: ("N500", "N600", "N800", "N810", "N820"),
    AFFILIATE: ("K500", "K600", "K700", "K710"),
    SUBSIDIARY: ("B000", "B200"),
}
SOURCES = {"N110": "network_service_center", "N200": "central_dispatch", "N300": "trunk_planning",
           "N400": "balancing_procurement"}  # fmt: skip
DESTINATIONS = {"K110": "retail_sales", "K200": "power_trading", "K300": "generation_planning",
                "K400": "specified_wholesale"}  # fmt: skip

UNIT = {unit.code: unit for unit in UNITS}


def classes(code: str) -> frozenset[str]:
    """Return the classes of a unit of this group: its own, else its parent's; the unclassified one has none."""
    unit = UNIT[code]
    if unit.classes:
        return frozenset() if unit.classes in {"none", "?"} else frozenset({unit.classes})
    return classes(unit.parent)


def open_units(company: str, on: date) -> list[Unit]:
    """Return the units of a company that take people on the day, the unclassified one left out."""
    day = on.isoformat()
    return [
        unit
        for unit in UNITS
        if unit.company == company and unit.classes != "?" and unit.start <= day and (not unit.end or day < unit.end)
    ]
