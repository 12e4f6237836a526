"""The transfer day as its people live it, in a real Chromium: HR's file to the story, every click by who has to do it.

Nothing is set up behind the site's back but the demo itself; the day is 1 May 2024, a month after the demo's own.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

import browsing

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]
DAY = date(2024, 5, 1)
FILE, MOVERS = f"hn-{DAY.isoformat()}.xlsx", f"movers-{DAY.isoformat()}.csv"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browsing.Site]:
    with browsing.demo_site(tmp_path_factory.mktemp("day") / "home", people=2000) as site:
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


def next_file(site: browsing.Site, name: str) -> Path:
    """Return one of the files that the demo leaves for whoever takes the tour."""
    return site.home / "demo" / "next" / name


def until(page: Page, what: str, where: Locator | None = None) -> None:
    """Wait until the page says it, reloading as a person would."""
    for _ in range(120):
        if (where or page.locator("main")).filter(has_text=re.compile(what)).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


def test_1_hr_takes_the_file_in_and_mends_the_slip(office: Office) -> None:
    page = office.at("jinji", "/imports")
    page.locator("#file").set_input_files(next_file(office.site, FILE))
    page.locator('button[name="do"][value="take"]').click()
    bad = page.locator('input[aria-invalid="true"]')
    expect(bad).to_have_count(1)
    assert bad.input_value() == "N5OO"
    bad.fill("N500")
    page.get_by_role("button", name=re.compile("^Mend")).click()
    expect(page.locator('input[aria-invalid="true"]')).to_have_count(0)


def test_2_hr_signs_the_list_of_expected_movers(office: Office) -> None:
    page = office.at("jinji", "/imports/movers")
    page.locator("#file").set_input_files(next_file(office.site, MOVERS))
    page.locator('button[name="do"][value="manifest"]').click()
    expect(page.locator(".notice.success").first).to_be_visible()


def test_3_compliance_has_the_orders_checked_and_reads_why_one_is_stopped(office: Office) -> None:
    page = office.at("houmu", "/imports")
    page.locator('button[value="check"]').click()
    until(page, "done")
    page.goto(office.site.url + f"/season?from=2024-04-15&day={DAY.isoformat()}")
    page.locator("#moves tr", has_text="a rule applies").first.get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("direct")
    expect(page.locator("main")).to_contain_text("法人営業課")


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
