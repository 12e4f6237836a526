"""The transfer day as its people live it, in a real Chromium: HR's file to the story, every click by who has to do it.

Nothing is set up behind the site's back but the demo itself; the day is 1 May 2024, a month after the demo's own.
"""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

import browsing
import hr_files

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]
DAY = date(2024, 5, 1)
HEADER = ("発令番号", "会社コード", "社員番号", "氏名", "発令日", "発令区分", "新所属コード", "役職")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browsing.Site]:
    with browsing.demo_site(tmp_path_factory.mktemp("day") / "home", people=400) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing.chromium() as made:
        yield made


class Office:
    """Everybody at his own browser: a context each, signed in once."""

    def __init__(self, browser: Browser, site: browsing.Site) -> None:
        self.browser, self.site = browser, site
        self.pages: dict[str, Page] = {}
        self.contexts: list[BrowserContext] = []
        self.plan = ""

    def at(self, user: str, path: str) -> Page:
        """Let the user open a page at his desk."""
        if user not in self.pages:
            context = self.browser.new_context(locale="en", viewport={"width": 1280, "height": 900})
            self.contexts.append(context)
            self.pages[user] = browsing.enter(context, self.site, user)
        page = self.pages[user]
        page.goto(self.site.url + path)
        return page


@pytest.fixture(scope="module")
def office(browser: Browser, site: browsing.Site) -> Iterator[Office]:
    made = Office(browser, site)
    yield made
    for context in made.contexts:
        context.close()


@dataclass(frozen=True)
class Movers:
    """Three people of the network's central dispatch, by their numbers."""

    stopped: str
    mended: str
    plain: str
    names: dict[str, str]


def table(site: browsing.Site, name: str) -> list[dict[str, str]]:
    """Read a file of the demo's company folder."""
    with (site.home / "demo/company" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def movers(site: browsing.Site) -> Movers:
    """Ask, as a user would, who holds the dispatch console a week before; their numbers are in the roster."""
    words = ["--home", str(site.home), "--as", "ryosha", "--json", "who", "--system", "hn-operations"]
    command = [sys.executable, "-c", browsing.MAIN, *words, "--on", "2024-04-24"]
    asked = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    holding = {one["person_id"] for one in asked["holders"] if one["entitlement"] == "dispatch.console"}
    logins = {row["person_id"] for row in table(site, "users.csv")}
    found = {
        row["employee_no"]: row
        for row in table(site, "people.csv")
        if row["person_id"] in holding - logins and row["company_code"] == "HN" and row["employee_no"].isdigit()
    }
    first, second, third = sorted(found)[:3]
    return Movers(first, second, third, {number: found[number]["name"] for number in found})


def workbook(movers: Movers) -> bytes:
    """HR's file: a title, a header, a secondment that a rule stops, a plain move, and one with a slip of the pen."""

    def row(number: str, kind: str, unit: str) -> tuple[object, ...]:
        return ("HN-2405", "HN", number, movers.names[number], DAY, kind, unit, "主任")

    rows = [("2024年5月1日付 異動",), HEADER, row(movers.stopped, "出向", "K110"), row(movers.plain, "異動", "N500")]
    return hr_files.xlsx_bytes([*rows, row(movers.mended, "異動", "N5OO")])


def until(page: Page, what: str, where: Locator | None = None) -> None:
    """Wait until the page says it, reloading as a person would."""
    for _ in range(120):
        if (where or page.locator("main")).filter(has_text=re.compile(what)).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


def test_1_hr_takes_the_file_in_and_mends_the_slip(office: Office, movers: Movers) -> None:
    page = office.at("jinji", "/imports")
    file = {"name": "hn-2024-05-01.xlsx", "mimeType": "application/octet-stream", "buffer": workbook(movers)}
    page.locator("#file").set_input_files(file)
    page.locator('button[name="do"][value="take"]').click()
    bad = page.locator('input[aria-invalid="true"]')
    expect(bad).to_have_count(1)
    assert bad.input_value() == "N5OO"
    bad.fill("N500")
    page.get_by_role("button", name=re.compile("^Mend")).click()
    expect(page.locator('input[aria-invalid="true"]')).to_have_count(0)


def test_2_hr_signs_the_list_of_expected_movers(office: Office, movers: Movers) -> None:
    page = office.at("jinji", "/imports/movers")
    numbers = (movers.stopped, movers.mended, movers.plain)
    rows = [
        ("order_no", "employee_no", "effective_date"),
        *(("HN-2405", number, DAY.isoformat()) for number in numbers),
    ]
    file = {"name": "movers.csv", "mimeType": "text/csv", "buffer": hr_files.csv_bytes(rows)}
    page.locator("#file").set_input_files(file)
    page.locator('button[name="do"][value="manifest"]').click()
    expect(page.locator(".notice.success").first).to_be_visible()


def test_3_compliance_has_the_orders_checked_and_reads_why_one_is_stopped(office: Office, movers: Movers) -> None:
    page = office.at("houmu", "/imports")
    page.locator('button[value="check"]').click()
    until(page, "done")
    page.goto(office.site.url + f"/season?from=2024-04-15&day={DAY.isoformat()}")
    page.get_by_role("link", name=movers.names[movers.stopped]).first.click()
    expect(page.locator("main")).to_contain_text("direct")
    expect(page.locator(".move")).to_contain_text("法人営業課")


def test_4_it_plans_and_may_not_approve_its_own_plan(office: Office) -> None:
    page = office.at("joshisu", "/plans")
    page.fill("#day", DAY.isoformat())
    page.get_by_role("button", name="Make the plan").click()
    link = page.get_by_role("link", name=re.compile("1 May 2024"))
    until(page, "1 May 2024", link)
    link.first.click()
    expect(page.get_by_role("button", name="Approve with a passkey")).to_have_count(0)
    office.plan = page.url


def test_5_compliance_approves_with_a_passkey_that_verifies_offline(office: Office) -> None:
    page = office.at("houmu", "/account")
    browsing.add_passkey(page, office.site, "houmu")
    page.goto(office.plan)
    page.get_by_role("button", name="Approve with a passkey").click()
    expect(page.locator(".notice.success").first).to_be_visible()


def test_6_it_lets_the_switch_run_at_midnight_and_goes_home(office: Office) -> None:
    page = office.at("joshisu", "/")
    page.goto(office.plan)
    page.locator('button[value="switch"]').click()
    expect(page.locator(".notice.success").first).to_contain_text("1 May 2024 00:00")
    page = office.at("joshisu", f"/board?day={DAY.isoformat()}")
    expect(page.locator(".answer")).to_contain_text("1 May 2024")


def test_7_midnight_comes_and_the_board_tells_when_it_is_done(office: Office) -> None:
    clock = office.at("kanri", "/administration/health")
    clock.locator('input[name="day"], input[name="when"], input[type="datetime-local"]').first.fill("2024-05-01T00:01")
    clock.get_by_role("button", name=re.compile("clock", re.IGNORECASE)).click()
    page = office.at("joshisu", f"/board?day={DAY.isoformat()}")
    until(page, r"no longer|done|finished|still", page.locator(".answer"))
    print(page.locator("main").inner_text())
