"""The two-sided world of `sides` again, after its switch: with more on one side, or with advance notices of some.

What one side's people are shown must be the same in all of them (law 8). Times are equal in every world.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from pathlib import Path

import hr_files
import make
import sides
from sekisho.connectors.memory import MemoryTarget
from sekisho.core.access import AccountState
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import BOTH, OrderStatus, PersonId, Role, Side
from sekisho.services import exceptions, folder, grants, job_claims, jobs, ledger, orders, plans, schedules, work
from sekisho.services.jobs import NewJob
from sekisho.store import models
from sides import AS_OF, TOKEN, TRUSTED

LATER, NOW = make.at("2024-03-12"), AS_OF + timedelta(hours=2)
HEADER = (*hr_files.HEADER, "会社コード", "カナ")


def build(home: Path, *, more: Side | None = None, drafts: Collection[Side] = ()) -> sides.World:
    """Build the world, take it through its switch, and leave work waiting, under way and failed behind."""

    def also(where: Path) -> None:
        if more is not None:
            _more(where, more)
        for side in drafts:
            _hire(side)

    world = sides.build(home, drafts=drafts, also=also)
    _switch(world, more)
    return world


def _more(home: Path, side: Side) -> None:
    """Add people, a system, moves, asked grants and exceptions, and holdings that nobody should have."""
    token, code, company = TOKEN[side], sides.COMPANY[side], home / "company"
    _append(company / "people.csv", [
        f"P{token}{one},N{token}{one},name{token}{one},{code},U{token}{1 if one < 6 else 2},main,2018-04-01"
        for one in (5, 6, 7)
    ])  # fmt: skip
    _append(company / "accounts.csv", [f"P{token}{one},sys{token},a{token}{one}" for one in (5, 6, 7)])
    _append(company / "accounts.csv", [f"P{token}{one},sys{token}X,a{token}{one}" for one in (1, 5)])
    access = company / "access.toml"
    access.write_text(access.read_text("utf-8") + f"""[[system]]
id = "sys{token}X"
name = "system{token}X"
side = "{side}"
protected = true
connector = "memory"
[[entitlement]]
system = "sys{token}X"
id = "e{token}X"
side = "{side}"
protected = true
owned = "authoritative"
""", "utf-8")  # fmt: skip
    folder.load_folder(folder=company, actor=TRUSTED, now=LATER)
    MemoryTarget(f"sys{token}", home=home).put(
        AccountState(f"a{token}{one}", True, frozenset({f"e{token}"})) for one in "1234567"
    )
    MemoryTarget(f"sys{token}X", home=home).put(
        AccountState(f"a{token}{one}", True, frozenset({f"e{token}X"})) for one in "15"
    )
    rows = [
        (f"O{token}MORE", f"N{token}{one}", "", "2024-04-01", "異動", "", to, code, "")
        for one, to in ((4, f"U{token}1"), (6, f"U{token}1"))
    ]
    _import(side, "MORE", rows, OrderStatus.FINAL)
    days = date(2024, 4, 1), date(2024, 6, 1)
    request = grants.Request(PersonId(f"P{token}4"), f"sys{token}", f"e{token}", f"more{token}", *days)
    grants.add(actor=TRUSTED, request=request, now=LATER)
    wanted = exceptions.Request("desk", PersonId(f"P{token}4"), f"more{token}", *days)
    exceptions.request(actor=TRUSTED, now=LATER, asked=wanted)


def _hire(side: Side) -> None:
    """Announce somebody new, on a day on which nothing else happens."""
    token, code = TOKEN[side], sides.COMPANY[side]
    row = (f"O{token}NEW", f"N{token}77", f"name{token}77", "2024-04-15", "採用", "", f"U{token}1", code, "")
    _import(side, "NEW", [row], OrderStatus.DRAFT)


def _import(side: Side, word: str, rows: Iterable[tuple[str, ...]], status: OrderStatus) -> None:
    importer = sides.actor(Role.HR, side, name=f"hr-{side}")
    content = hr_files.csv_bytes([HEADER, *rows])
    request = orders.OrderRequest(f"{word}{TOKEN[side]}.csv", content, LATER, status)
    taken = orders.import_orders(actor=importer, now=LATER, request=request)
    assert not taken.rejected, taken.rejected_rows


def _switch(world: sides.World, more: Side | None) -> None:
    """Approve the plan, carry it out as work does, verify; leave one job under way and one failed."""
    sha256 = models.Plan.objects.latest("pk").sha256
    role = {"role": "it_operation", "side": BOTH, "start": make.LONG_AGO, "recorded_at": sides.LOADED}
    models.RoleAssignment.objects.create(user="planner", person_id="PNET8", **role)
    approver = sides.actor(Role.COMPLIANCE, Side(BOTH), name="approver", person="PNET9")
    plans.approve(actor=approver, document=world.plan, method="cli", now=sides.NOW, home=world.home)
    planner = sides.actor_both()
    jobs.enqueue(actor=planner, now=AS_OF, asked=NewJob("cutover", f"switch {sha256[:12]}", {"sha256": sha256}, AS_OF))
    while work.step(home=world.home, clock=lambda: AS_OF + timedelta(hours=1)):
        pass
    assert not models.Job.objects.exclude(state=jobs.DONE).exists()
    failing = SekishoError("cutover.no_system", {"system": f"sys{TOKEN[more]}X" if more else "sysNET"})
    for kind, total in (("plan", 0), ("verification", 7 if more is None else 13)):
        jobs.enqueue(actor=planner, now=NOW, asked=NewJob(kind, f"another {kind}", {"as_of": AS_OF.isoformat()}, AS_OF))
        claimed = job_claims.claim(now=NOW)
        assert claimed is not None
        if total:
            job_claims.keep(claimed, now=NOW, done=3, total=total)
        else:
            job_claims.fail(claimed, now=NOW, error=failing)
    later = NewJob("replan", "later", {}, NOW + timedelta(days=1))
    schedules.at(actor=planner, now=NOW, name="later", asked=later)
    ledger.sequence(now=NOW)


def _append(file: Path, rows: Iterable[str]) -> None:
    file.write_text(file.read_text("utf-8") + "".join(f"{row}\n" for row in rows), "utf-8")
