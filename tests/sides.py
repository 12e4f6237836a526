"""A small two-sided world, alike on both sides: what is of the network is spelled NET, of the affiliate AFF.

On each side: a unit, three persons, a protected system, a grant asked for, an exception asked for, a final
order, an embargoed draft 内示; one plan over both, its reads and findings. The affiliate has one holding
and one move more, so that counts tell the sides apart.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import hr_files
import make
from sekisho.connectors.memory import MemoryTarget
from sekisho.core import parts
from sekisho.core.access import AccountState
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, OrderStatus, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import exceptions, folder, grants, ledger, orders, plans, screening, verification

LOADED, NOW = make.at("2024-01-10"), make.at("2024-03-20")
AS_OF = datetime.fromisoformat("2024-04-01T00:00:00+09:00")
TRUSTED = Actor("cli:root", trusted=True)
TOKEN = {NETWORK: "NET", AFFILIATE: "AFF"}
OTHER = {NETWORK: AFFILIATE, AFFILIATE: NETWORK}
COMPANY = {NETWORK: "NW", AFFILIATE: "EP"}

HEAD = """name = "Two sides"
timezone = "Asia/Tokyo"
sides = ["network", "affiliate"]
history_complete_from = 2015-04-01
[parameters]
accept_cli_approval = true
"""
RULES = """[[rule]]
id = "desk"
version = "1"
kind = "concurrent_posts"
type = "policy_stop"
from_classes = ["central_dispatch"]
to_classes = ["retail_sales"]
from = 2018-04-01
text.ja = "兼務は行わない。"
text.en = "No concurrent posts."
source = "code"
approved_by = "presidents"
approved_on = 2018-03-01
[[approver]]
rule = "desk"
person_ids = ["PNET9"]
side = "network"
from = 2018-04-01
[[approver]]
rule = "desk"
person_ids = ["PAFF9"]
side = "affiliate"
from = 2018-04-01
"""


@dataclass
class World:
    """Where it lives, and what is asked for by name."""

    home: Path
    plan: str
    grants: dict[Side, str]
    exceptions: dict[Side, str]


def actor(role: Role | None, side: Side = NETWORK, *, name: str = "somebody", person: str = "") -> Actor:
    roles = (RoleGrant(role, side, Period(make.LONG_AGO)),) if role else ()
    return Actor(name, roles, PersonId(person) if person else None)


def build(
    home: Path, *, drafts: Collection[Side] = (NETWORK, AFFILIATE), also: Callable[[Path], None] = lambda _: None
) -> World:
    """Build it with the advance notices of some sides; `also` adds to it once the orders are in."""
    _write(home / "company")
    folder.load_folder(folder=home / "company", actor=TRUSTED, now=LOADED)
    targets(home)
    _orders("2024-03-01", OrderStatus.FINAL, "FIN", make.at("2024-02-01"))
    screening.check(actor=TRUSTED, now=make.at("2024-02-02"), as_of=NOW, known_at=make.at("2024-02-02"))
    if drafts:
        _orders("2024-04-01", OrderStatus.DRAFT, "DRAFT", make.at("2024-03-10"), drafts)
    also(home)
    asked, excepted = {}, {}
    for side, token in TOKEN.items():
        person = PersonId(f"P{token}1")
        request = grants.Request(person, f"sys{token}", f"e{token}", f"reason{token}", date(2024, 4, 1), AS_OF_END)
        asked[side] = grants.add(actor=TRUSTED, request=request, now=NOW).id
        wanted = exceptions.Request("desk", person, f"reason{token}", date(2024, 5, 1), date(2024, 6, 1))
        excepted[side] = exceptions.request(actor=TRUSTED, now=NOW, asked=wanted).id
    plan = plans.make(actor=actor_both(), as_of=AS_OF, known_at=NOW, expires_at=None, now=NOW, home=home)
    screening.check(actor=TRUSTED, now=NOW, as_of=NOW, known_at=NOW)
    verification.verify(actor=TRUSTED, as_of=NOW, now=NOW, home=home)
    ledger.sequence(now=NOW)
    return World(home, parts.written(plan), asked, excepted)


AS_OF_END = date(2024, 5, 1)


def actor_both() -> Actor:
    return actor(Role.IT_OPERATION, BOTH, name="planner", person="PNET8")


def _orders(
    day: str, status: OrderStatus, word: str, at: datetime, of: Collection[Side] = (NETWORK, AFFILIATE)
) -> None:
    header = (*hr_files.HEADER, "会社コード")
    for side in of:
        token = TOKEN[side]
        rows = [(f"O{token}{word}", f"N{token}2", "", day, "異動", f"U{token}1", f"U{token}2", COMPANY[side])]
        if side == AFFILIATE:
            rows.append((f"O{token}{word}", f"N{token}3", "", day, "異動", f"U{token}2", f"U{token}1", COMPANY[side]))
        request = orders.OrderRequest(
            name=f"{word}.csv", content=hr_files.csv_bytes([header, *rows]), received_at=at, status=status
        )
        taken = orders.import_orders(actor=TRUSTED, now=at, request=request)
        assert taken.accepted == len(rows), taken.rejected_rows


def targets(home: Path) -> None:
    """Let the systems hold what they hold at first.

    PNET3, PAFF2 and PAFF4 hold what they should not; nobody in U1 but PAFF3 holds what he should.
    """
    for token, holders in (("NET", "3"), ("AFF", "234")):
        MemoryTarget(f"sys{token}", home=home).put(
            AccountState(f"a{token}{number}", True, frozenset({f"e{token}"} if number in holders else ()))
            for number in "1234"
        )


def _write(company: Path) -> None:
    company.mkdir(parents=True)
    (company / "company.toml").write_text(HEAD, "utf-8")
    (company / "rules.toml").write_text(RULES, "utf-8")
    access = ""
    units, people, accounts = [], [], []
    for side, token in TOKEN.items():
        code = COMPANY[side]
        listed = "central_dispatch" if side == NETWORK else "retail_sales"
        units += [f"U{token}1,unit{token},{code},{listed},2015-04-01", f"U{token}2,unit{token},{code},none,2015-04-01"]
        people += [
            f"P{token}{one},N{token}{one},name{token}{one},{code},U{token}{1 if one < 3 else 2},main,2018-04-01"
            for one in (1, 2, 3, 4, 8, 9)
        ]
        accounts += [f"P{token}{one},sys{token},a{token}{one}" for one in (1, 2, 3, 4)]
        access += f"""[[system]]
id = "sys{token}"
name = "system{token}"
side = "{side}"
protected = true
connector = "memory"
[[entitlement]]
system = "sys{token}"
id = "e{token}"
side = "{side}"
protected = true
owned = "authoritative"
[[bundle]]
system = "sys{token}"
entitlements = ["e{token}"]
for = {{ units = ["U{token}1"] }}
"""
    (company / "access.toml").write_text(access, "utf-8")
    _csv(company / "companies.csv", "company_code,name,status,side,from", [
        f"{COMPANY[side]},{COMPANY[side]},{side},{side},2015-04-01" for side in TOKEN
    ])  # fmt: skip
    _csv(company / "units.csv", "unit_code,name,company_code,classes,from", units)
    _csv(company / "people.csv", "person_id,employee_no,name,company_code,unit_code,post_kind,from", people)
    _csv(company / "accounts.csv", "person_id,system,account", accounts)


def _csv(file: Path, header: str, rows: Iterable[str]) -> None:
    file.write_text("\n".join([header, *rows]) + "\n", "utf-8")
