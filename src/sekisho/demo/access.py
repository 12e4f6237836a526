"""The group's systems, what a post brings on them, and what people hold on the day before the transfer day.

The bundles are data here once, and are written to access.toml as well as applied by hand to fill the
targets: the plan must then find exactly the season's moves, and what is planted beside them.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sekisho.demo.units import SIDES, UNIT, classes

NETWORK_APP, SALES_APP, PORTAL, ROOMS, DRAWINGS = "hn-operations", "hk-sales", "portal", "rooms", "hn-drawings"
SQL_APPS = (NETWORK_APP, SALES_APP, PORTAL)
SCIM_TOKEN = "SEKISHO_DEMO_SCIM_TOKEN"  # noqa: S105 - the name of an environment variable
GENERAL_AFFAIRS = ("N500", "K500")
FIELD_UNITS = ("N800", "N810", "N820")


@dataclass(frozen=True, slots=True)
class DemoBundle:
    """What a post brings: any of each filled list, all lists together."""

    system: str
    entitlements: tuple[str, ...]
    classes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()

    def fits(self, unit: str, title: str) -> bool:
        """Tell whether a post in the unit with the title brings it."""
        return (
            (not self.classes or bool(classes(unit) & set(self.classes)))
            and (not self.units or unit in self.units)
            and (not self.companies or UNIT[unit].company in self.companies)
            and (not self.titles or title in self.titles)
        )


BUNDLES = (
    DemoBundle(NETWORK_APP, ("customers.view", "supply.view"), classes=("network_service_center",)),
    DemoBundle(NETWORK_APP, ("customers.edit",), classes=("network_service_center",), titles=("主任", "課長")),
    DemoBundle(NETWORK_APP, ("dispatch.console",), classes=("central_dispatch",)),
    DemoBundle(NETWORK_APP, ("trunk.plan",), classes=("trunk_planning",)),
    DemoBundle(NETWORK_APP, ("balancing.bids",), classes=("balancing_procurement",)),
    DemoBundle(SALES_APP, ("contracts.view",), classes=("retail_sales",)),
    DemoBundle(SALES_APP, ("contracts.edit",), classes=("retail_sales",), titles=("主任", "課長")),
    DemoBundle(SALES_APP, ("trading.desk",), classes=("power_trading",)),
    DemoBundle(SALES_APP, ("generation.plan",), classes=("generation_planning",)),
    DemoBundle(SALES_APP, ("wholesale.deals",), classes=("specified_wholesale",)),
    DemoBundle(PORTAL, ("bulletin.hn",), companies=("HN",)),
    DemoBundle(PORTAL, ("bulletin.hk",), companies=("HK",)),
    DemoBundle(PORTAL, ("bulletin.hb",), companies=("HB",)),
    DemoBundle(PORTAL, ("approvals",), titles=("課長", "部長", "取締役")),
    DemoBundle(ROOMS, ("room.general-affairs",), units=GENERAL_AFFAIRS),
    DemoBundle(DRAWINGS, ("drawings.read",), units=FIELD_UNITS),
)
SYSTEM_SIDE = {NETWORK_APP: "network", SALES_APP: "affiliate", PORTAL: "", ROOMS: "", DRAWINGS: "network"}

Holdings = dict[str, dict[str, set[str]]]
"""system → account → entitlements; an account that holds nothing has an empty set."""


@dataclass(frozen=True, slots=True)
class Place:
    """Someone's posts: (unit, title) each; none while on leave or gone."""

    person_id: str
    posts: tuple[tuple[str, str], ...]


def brought(posts: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the (system, entitlement) pairs that the posts bring."""
    return {
        (bundle.system, entitlement)
        for unit, title in posts
        for bundle in BUNDLES
        if bundle.fits(unit, title)
        for entitlement in bundle.entitlements
    }


def account(person_id: str) -> str:
    """Return a person's account: the same word on every system."""
    return f"u{person_id[1:]}"


def holdings(eve: Iterable[Place], on_the_day: Mapping[str, tuple[tuple[str, str], ...]]) -> Holdings:
    """Return what the targets hold on the day before.

    A person has an account wherever a post of either day brings something, and on the portal always: IT
    makes the accounts of movers ahead, without rights.
    """
    held: Holdings = {system: {} for system in SYSTEM_SIDE}
    for place in eve:
        name = account(place.person_id)
        held[PORTAL].setdefault(name, set())
        for system, _ in brought(on_the_day.get(place.person_id, ())):
            held[system].setdefault(name, set())
        for system, entitlement in brought(place.posts):
            held[system].setdefault(name, set()).add(entitlement)
    return held


def toml(urls: Mapping[str, str], worklist: str, scim_url: str) -> str:
    """Return access.toml; `urls` are the databases of the SQL applications."""
    return "\n".join([*_systems(urls, worklist, scim_url), *_entitlements(SYSTEM_SIDE), *_bundles(SYSTEM_SIDE)]) + "\n"


def sql_toml(urls: Mapping[str, str]) -> str:
    """Return access.toml with the SQL applications alone, for sizes at which only they are wanted."""
    return "\n".join([*_sql_systems(urls), *_entitlements(SQL_APPS), *_bundles(SQL_APPS)]) + "\n"


def belongs(system: str, company: str) -> bool:
    """Tell whether everyone of the company has an account on the system: the portal, and the side's own."""
    return SYSTEM_SIDE[system] in {"", SIDES[company]}


def _sql_systems(urls: Mapping[str, str]) -> Iterator[str]:
    names = {NETWORK_APP: "託送業務システム", SALES_APP: "小売営業システム", PORTAL: "社内ポータル"}
    for system in SQL_APPS:
        side = SYSTEM_SIDE[system]
        yield f'[[system]]\nid = "{system}"\nname = "{names[system]}"'
        yield f'side = "{side}"\nprotected = {str(bool(side)).lower()}\nconnector = "sql"\nurl = "{urls[system]}"'
        active = 'active = { column = "active", on = 1, off = 0 }'
        yield f'accounts = {{ table = "accounts", key = "login", version = "version", {active} }}'
        yield 'entitlements = { table = "rights", account = "login", entitlement = "name" }\n'


def _systems(urls: Mapping[str, str], worklist: str, scim_url: str) -> Iterator[str]:
    yield from _sql_systems(urls)
    yield f'[[system]]\nid = "{ROOMS}"\nname = "会議室予約"\nprotected = false\nconnector = "scim"'
    yield f'base_url = "{scim_url}"\ntoken_env = "{SCIM_TOKEN}"\naccount_key = "userName"\nentitlements = "groups"\n'
    yield f'[[system]]\nid = "{DRAWINGS}"\nname = "図面管理（旧）"\nside = "network"\nprotected = false'
    yield f'connector = "worklist"\nfolder = "{worklist}"\ndeadline_business_days = 3\n'


def _entitlements(systems: Container[str]) -> Iterator[str]:
    seen = set()
    for bundle in BUNDLES:
        for entitlement in bundle.entitlements:
            if bundle.system in systems and (bundle.system, entitlement) not in seen:
                seen.add((bundle.system, entitlement))
                yield f'[[entitlement]]\nsystem = "{bundle.system}"\nid = "{entitlement}"\nowned = "authoritative"\n'


def _bundles(systems: Container[str]) -> Iterator[str]:
    for bundle in BUNDLES:
        if bundle.system not in systems:
            continue
        yield f'[[bundle]]\nsystem = "{bundle.system}"\nentitlements = {_list(bundle.entitlements)}'
        conditions = {
            "classes": bundle.classes,
            "units": bundle.units,
            "companies": bundle.companies,
            "titles": bundle.titles,
        }
        filled = ", ".join(f"{key} = {_list(words)}" for key, words in conditions.items() if words)
        yield f"for = {{ {filled} }}\n"


def _list(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
