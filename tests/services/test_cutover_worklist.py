"""A cutover of a legacy application by work order: unknown until an export proves it, and never ordered twice."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import cutover_homes as homes
import cutovers as make
from sekisho.store import models

pytestmark = pytest.mark.django_db(transaction=True)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def home(tmp_path: Path) -> homes.Home:
    """Give a home whose network system is a worklist; the affiliate's stays in memory."""
    made = homes.Home(tmp_path)
    models.System.objects.filter(system_id="nw").update(connector="worklist", settings={"folder": "legacy"})
    return made


def export(home: homes.Home, moment: make.datetime, *rows: str) -> None:
    """Put an export into the folder as the legacy application names and writes it."""
    path = home.path / "legacy" / "exports" / f"{moment.astimezone(TOKYO):%Y%m%d-%H%M}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\r\n".join(["account,entitlement", *rows]), "utf-8")


def orders(home: homes.Home) -> list[str]:
    return sorted(path.name for path in (home.path / "legacy" / "orders").iterdir())


def test_the_other_side_waits_for_the_export_and_the_order_goes_out_once(home: homes.Home) -> None:
    export(home, make.NOW - timedelta(hours=8), "p1,view", "p2,")
    content = homes.keep(make.plan([make.operation("P1"), make.grant("P1")]))
    first = homes.states(home.run(content))
    assert first == {"P1-nw-revoke-view": "unknown", "P1-ep-grant-sell": "held"}
    assert homes.states(home.run(content)) == first
    assert len(orders(home)) == 1
    export(home, make.NOW + timedelta(hours=2), "p1,", "p2,")
    later = home.run(content, now=make.NOW + timedelta(hours=3))
    assert homes.states(later) == {"P1-nw-revoke-view": "applied", "P1-ep-grant-sell": "applied"}
    assert home.holds(home.ep)["p1"] == {"sell"}
    assert len(orders(home)) == 1
