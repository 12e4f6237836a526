"""The transfer day as its people live it, in a real Chromium: HR's file to the story, every click by who has to do it.

Nothing is set up behind the site's back but the demo itself; the day is that of its tour. It is lived twice,
by an office that reads Japanese and by one that reads English. With SEKISHO_PICTURES set to a folder, what each step
shows is written there: the pictures of the tour.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

import browsing

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]
DAY = "2024-05-01"
CONFIRM = 'form:has(input[value="confirm"]) button, button[value="confirm"]'
SAID = {
    "ja": {"day": "2024年5月1日", "violation": "規則に該当", "slip": "N5OO", "overdue": "まだ始まっていません"},
    "en": {"day": "1 May 2024", "violation": "a rule applies", "slip": "N5OO", "overdue": "has not begun"},
}


class Office:
    """Everybody at his own browser, in the office's language: a context each, signed in once."""

    def __init__(self, browser: Browser, site: browsing.Site, language: str) -> None:
        self.browser, self.site, self.language = browser, site, language
        self.said = SAID[language]
        self.pages: dict[str, Page] = {}
        self.contexts: list[BrowserContext] = []
        self.plan = self.transfer = ""

    def at(self, user: str, path: str) -> Page:
        """Let the user open a page at his desk."""
        if user not in self.pages:
            context = self.browser.new_context(locale=self.language, viewport={"width": 1280, "height": 900})
            self.contexts.append(context)
            self.pages[user] = browsing.enter(context, self.site, user)
        page = self.pages[user]
        page.goto(path if "://" in path else self.site.url + path)
        return page

    def keep(self, page: Page, name: str) -> None:
        """Take a picture of what the step shows, where pictures are wanted."""
        if folder := os.environ.get("SEKISHO_PICTURES"):
            page.screenshot(path=browsing.picture(Path(folder) / self.language, f"tour-{name}"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing.chromium() as made:
        yield made


@pytest.fixture(scope="module", params=sorted(SAID))
def office(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    with browsing.demo_site(tmp_path_factory.mktemp("day") / "home", people=2000) as site:
        made = Office(browser, site, request.param)
        yield made
        for context in made.contexts:
            context.close()


def next_file(site: browsing.Site, name: str) -> Path:
    """Return one of the files that the demo leaves for whoever takes the tour."""
    return site.home / "demo" / "next" / name


def until(page: Page, what: str, where: Locator) -> None:
    """Wait until the place says it, reloading as a person would."""
    for _ in range(240):
        if where.filter(has_text=re.compile(what)).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


def test_1_hr_takes_the_file_in_and_mends_the_slip(office: Office) -> None:
    page = office.at("jinji", "/imports")
    page.locator("#file").set_input_files(next_file(office.site, f"hn-{DAY}.xlsx"))
    page.locator('button[value="take"]').click()
    bad = page.locator('input[aria-invalid="true"]')
    expect(bad).to_have_count(1)
    assert bad.input_value() == office.said["slip"]
    office.keep(page, "1-import")
    bad.fill("N500")
    page.locator('button[value="mend"]').click()
    expect(page.locator('input[aria-invalid="true"]')).to_have_count(0)


def test_2_hr_signs_the_list_of_expected_movers(office: Office) -> None:
    page = office.at("jinji", "/imports/movers")
    page.locator("#file").set_input_files(next_file(office.site, f"movers-{DAY}.csv"))
    page.locator('button[value="manifest"]').click()
    expect(page.locator(".notice.success").first).to_be_visible()


def test_3_compliance_has_the_orders_checked_and_reads_why_one_is_stopped(office: Office) -> None:
    page = office.at("houmu", "/imports")
    page.locator('button[value="check"]').click()
    path = f"/season?from=2024-04-15&day={DAY}"
    stopped = page.locator("#moves tr", has_text=office.said["violation"])
    page.goto(office.site.url + path)
    until(page, office.said["violation"], stopped)
    office.keep(page, "3-season")
    stopped.first.get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("法人営業課")
    office.transfer = page.url
    office.keep(page, "3-transfer")


def test_4_it_plans_and_may_not_approve_its_own_plan(office: Office) -> None:
    page = office.at("joshisu", "/plans")
    page.fill("#day", DAY)
    page.locator("form:has(#day) button").click()
    link = page.locator('table a[href^="/plans/"]').filter(has_text=office.said["day"])
    until(page, office.said["day"], link)
    link.first.click()
    expect(page.locator("h1")).to_contain_text(office.said["day"])
    expect(page.locator("form[data-passkey]")).to_have_count(0)
    office.plan = page.url
    office.keep(page, "4-plan")


def test_5_compliance_approves_with_a_passkey(office: Office) -> None:
    page = office.at("houmu", "/account")
    browsing.add_passkey(page, office.site, "houmu")
    page.goto(office.plan)
    page.locator("form[data-passkey] button").click()
    expect(page.locator(".notice.success").first).to_be_visible()
    office.keep(page, "5-approved")


def test_6_it_lets_the_switch_run_at_midnight_and_goes_home(office: Office) -> None:
    page = office.at("joshisu", office.plan)
    page.locator('button[value="switch"]').click()
    expect(page.locator(".notice.success").first).to_contain_text(office.said["day"])
    page = office.at("joshisu", f"/board?day={DAY}")
    expect(page.locator(".answer").first).to_contain_text(office.said["day"])
    office.keep(page, "6-board-before")


def test_7_midnight_comes_and_the_board_tells_when_it_is_done(office: Office) -> None:
    clock = office.at("kanri", "/administration/health")
    clock.locator('input[type="datetime-local"]').fill(f"{DAY}T00:01")
    clock.locator('form:has(input[type="datetime-local"]) button').click()
    page = office.at("houmu", "/verification")
    until(page, r".", page.locator(CONFIRM))
    page = office.at("joshisu", f"/board?day={DAY}")
    expect(page.locator(".answer").first).not_to_contain_text(office.said["overdue"])
    office.keep(page, "8-board-after")


def test_8_a_second_person_confirms_what_was_verified(office: Office) -> None:
    page = office.at("houmu", "/verification")
    office.keep(page, "9-verification")
    page.locator(CONFIRM).first.click()
    expect(page.locator(".notice.error")).to_have_count(0)


def test_9_the_person_who_was_stopped_has_a_story_a_stranger_can_follow(office: Office) -> None:
    page = office.at("houmu", office.transfer)
    assert page.locator("main time").count() >= 5
    office.keep(page, "9-story")
