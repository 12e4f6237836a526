"""Every page of the site in a real Chromium: by axe, in both languages, light and dark, on a desk, a phone, at 320 px.

A page of the register without an address here fails, so none is left unseen. Each page is opened once a language. To
stay within minutes not every combination is looked at whole: in Japanese by axe on a desk, and in the dark for its
contrasts; in English by axe on a phone, with the size of what a thumb has to hit; in both nothing may need scrolling
sideways on a desk, on a phone, or at 320 px (400 % of a desk, WCAG 1.4.10). With SEKISHO_PICTURES set to a folder,
pictures are written there.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import browsing
from browsing import Site
from sekisho.web import pages

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]
pages.load()
DESK, PHONE, SMALLEST = (1280, 900), (390, 844), (320, 640)
MOVER = "P000406"
"""Somebody of the demo who moves across the wall on its day."""

ADDRESSES = {
    "account": "/account",
    "transfer-stopped": "/transfers/HN/HN-2404/000404/secondment/%231",
    "administration": "/administration",
    "administration_calendar": "/administration/calendar",
    "administration_proposals": "/administration/proposals",
    "administration_changes": "/administration/changes",
    "administration_health": "/administration/health",
    "administration_parameters": "/administration/parameters",
    "administration_tokens": "/administration/tokens",
    "administration_user": "/administration/users/shain",
    "board": "/board",
    "board-list": "/board?state=open",
    "company": "/companies/HB",
    "exceptions": "/rules/exceptions?rule=direct",
    "grants_ask": "/grants/ask",
    "home": "/",
    "import_movers": "/imports/movers",
    "season-weeks": "/season?from=2024-03-01",
    "imports": "/imports",
    "keys": "/keys",
    "ledger": "/ledger",
    "people": "/people?q=P00005",
    "person": f"/people/{MOVER}?on=2024-04-01&known=2024-02-01",
    "plans": "/plans",
    "rule": "/rules/rule/direct",
    "rules": "/rules",
    "rules_changes": "/rules/changes",
    "rules_preview": "/rules/preview?rule=direct",
    "search": "/search?q=N1",
    "season": "/season?from=2024-03-01&day=2024-04-01",
    "system": "/systems/hn-operations",
    "system_holders": "/systems/hn-operations/holders?day=2024-04-01",
    "systems": "/systems",
    "tokens": "/account/tokens",
    "tour": "/tour",
    "unit": "/units/N900",
    "verification": "/verification",
    "work": "/work",
}
FOLLOWED = {
    "grant": ("/systems", "a[href^='/grants/GR-']"),
    "import_file": ("/imports", "#table-files a[href^='/imports/']"),
    "ledger_entry": ("/ledger?kind=plan.approved", "#table-entries a[href^='/ledger/']"),
    "plan": ("/plans", "a[href^='/plans/']"),
    "plan_paper": ("/plans", "a[href^='/plans/']"),
    "transfer": ("/season?from=2024-03-01&day=2024-04-01", "a[href^='/transfers/']"),
    "work_job": ("/work", "a[href*='work/']"),
}
"""Pages about one thing: where a link to one stands."""
AFTER = {"plan_paper": "/paper"}
NO_PAGE = {
    "exception": "the demo has none that waits; tests/browser/test_transfer_day.py opens one",
    "import_rejected": "a file",
    "import_sample": "a file",
    "import_waiting": "a file that waits is made in tests/web/test_imports.py",
    "language": "posted only",
    "ledger_pack": "a file",
    "ledger_proof": "a file",
    "plan_file": "a file",
    "rules_change": "the demo has none; tests/web/test_rules.py",
    "rules_preview_result": "made by a worker; tests/web/test_rules.py",
    "rules_toml": "a file",
    "tour_file": "a file",
}
SIGN_IN = {
    "login": "/accounts/login/",
    "logout": "/accounts/logout/",
    "ways": "/accounts/2fa/",
    "passkeys": "/accounts/2fa/webauthn/",
    "reauthenticate": "/accounts/2fa/webauthn/add/",
    "code": "/accounts/2fa/totp/activate/",
    "password": "/accounts/password/change/",
    "sessions": "/accounts/sessions/",
}
"""Pages that django-allauth serves in our look."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with browsing.demo_site(tmp_path_factory.mktemp("demo") / "home", people=400) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing.chromium() as made:
        yield made


@dataclass
class Look:
    """A page being looked at, and everything that is wrong with it."""

    page: Page
    on_desk: bool
    wrong: list[str] = field(default_factory=list)

    def at(self, name: str, address: str, *, status: int = 200) -> None:
        """Open an address and look at it in every way."""
        self._size(DESK)
        answer = self.page.goto(address)
        found = answer.status if answer else 0
        if found != status or self.page.locator("h1").count() != 1:
            self.wrong.append(f"{name}: {found}, {self.page.locator('h1').count()} headings")
            return
        self._across(name, "desk")
        if self.on_desk:
            self._axe(name, "desk")
            self.page.emulate_media(color_scheme="dark")
            self._axe(name, "dark", "color-contrast")
            self.page.emulate_media(color_scheme="light")
        self._size(PHONE)
        self._across(name, "phone")
        if not self.on_desk:
            self._axe(name, "phone")
            self._targets(name)
        self._size(SMALLEST)
        self._across(name, "smallest")

    def _size(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def _axe(self, name: str, way: str, *rules: str) -> None:
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        for one in Axe().run(self.page, options=options).response["violations"]:
            where = [node["target"] for node in one["nodes"]][:3]
            self.wrong.append(f"{name} on {way}: {one['id']} {where}")

    def _across(self, name: str, way: str) -> None:
        if self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") > 0:
            self.wrong.append(f"{name} scrolls sideways on {way}")

    def _targets(self, name: str) -> None:
        """Buttons and fields are for thumbs: 44 px high."""
        small = self.page.evaluate(
            "[...document.querySelectorAll('button, select, textarea, .button, .stack td a, input:not([type=hidden],"
            " [type=checkbox], [type=radio])')].filter((one) => { const box = one.getBoundingClientRect();"
            " return box.width > 1 && box.height > 1 && box.height < 43.5; }).map((one) => one.outerHTML.slice(0, 90))"
        )
        if small:
            self.wrong.append(f"{name}: too small for a thumb: {small[:3]}")


def looked_at(site: Site, browser: Browser, language: str, user: str) -> tuple[Look, list[str]]:
    """Return a signed-in page to look with, and what its console says."""
    context = browser.new_context(locale=language, color_scheme="light", reduced_motion="reduce")
    page, said = browsing.enter(context, site, user), list[str]()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return Look(page, language == "ja"), said


def test_every_page_of_the_register_is_looked_at() -> None:
    named = [*ADDRESSES, *FOLLOWED, *NO_PAGE]
    assert sorted(name for name in named if "-" not in name) == sorted(pages.PAGES)  # with a dash: a page once more


@pytest.fixture(scope="module")
def lived_in(site: Site, browser: Browser) -> None:
    """A grant that waits, and work that was asked for: what the demo has not, and pages are about."""
    context = browser.new_context(locale="en")
    page = browsing.enter(context, site, "joshisu")
    page.goto(f"{site.url}/grants/ask")
    for name, value in {"person": MOVER, "start": "2024-05-01", "end": "2024-06-01", "reason": "night duty"}.items():
        page.fill(f"#{name}", value)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url(re.compile("/grants/GR-"))
    page.goto(f"{site.url}/ledger")
    page.get_by_role("button", name="Check now").click()
    page.wait_for_selector(".notice.success")
    context.close()


@pytest.mark.usefixtures("lived_in")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_is_readable_by_everybody_and_breaks_no_policy(
    site: Site, browser: Browser, language: str, tmp_path: Path
) -> None:
    look, said = looked_at(site, browser, language, "houmu")
    pictures = Path(os.environ.get("SEKISHO_PICTURES", tmp_path)) / language
    pictures.mkdir(parents=True, exist_ok=True)
    for name, path in ADDRESSES.items():
        look.at(name, site.url + path)
        _pictures(look.page, pictures, name)
    for name, (start, link) in FOLLOWED.items():
        look.page.goto(site.url + start)
        href = look.page.locator(f"main {link}").first.get_attribute("href")
        look.at(name, f"{site.url}{href}{AFTER.get(name, '')}")
        _pictures(look.page, pictures, name)
    assert look.wrong == []
    assert said == []
    look.page.context.close()


def _pictures(page: Page, folder: Path, name: str) -> None:
    if "SEKISHO_PICTURES" not in os.environ:
        return
    for word, (width, height) in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=folder / f"{name}-{word}.png")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_signing_in_the_account_and_what_is_not_there_are_readable_too(
    site: Site, browser: Browser, language: str
) -> None:
    look, _ = looked_at(site, browser, language, "shain")
    for name, path in SIGN_IN.items():
        if name != "login":
            look.at(name, site.url + path)
    look.at("nothing", f"{site.url}/nothing-here", status=404)
    look.at("refused", f"{site.url}/administration", status=403)
    look.page.context.clear_cookies()
    look.at("login", site.url + SIGN_IN["login"])
    assert look.wrong == []
    look.page.context.close()


@pytest.mark.usefixtures("lived_in")
def test_who_administers_sees_every_form(site: Site, browser: Browser) -> None:
    look, said = looked_at(site, browser, "ja", "kanri")
    for name in [one for one in ADDRESSES if one.startswith("administration")]:
        look.at(name, site.url + ADDRESSES[name])
    assert look.wrong == []
    assert said == []
    look.page.context.close()


def test_the_site_is_used_without_javascript(site: Site, browser: Browser) -> None:
    context = browser.new_context(locale="ja", java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = browsing.enter(context, site, "houmu")
    page.goto(f"{site.url}/season?from=2024-03-01&day=2024-04-01")
    assert page.locator("nav.rooms").is_visible()
    page.fill("[name=moves_q]", "伊藤")
    page.locator("#table-moves .filter button").click()
    assert "moves_q=" in page.url
    rows = page.locator("#table-moves tbody tr")
    assert 0 < rows.count() < 20
    context.close()


def test_a_filter_that_is_typed_stands_in_the_address_and_the_language_keeps_it(site: Site, browser: Browser) -> None:
    context = browser.new_context(locale="en", viewport={"width": PHONE[0], "height": PHONE[1]})
    page = browsing.enter(context, site, "houmu-hn")
    page.goto(f"{site.url}/season?from=2024-03-01&day=2024-04-01")
    page.fill("[name=moves_q]", "伊藤")
    page.wait_for_url(re.compile("moves_q="))
    page.get_by_role("button", name="日本語").click()
    page.wait_for_url(re.compile("moves_q="))
    assert page.locator("html").get_attribute("lang") == "ja"
    assert page.locator("[name=moves_q]").input_value() == "伊藤"
    assert not page.locator("nav.rooms").is_visible()
    page.locator(".to-rooms").click()
    assert page.locator("nav.rooms").is_visible()
    context.close()


def test_keys_lead_everywhere(site: Site, browser: Browser) -> None:
    context = browser.new_context(locale="en")
    page = browsing.enter(context, site, "joshisu-2")
    page.keyboard.press("/")
    page.keyboard.type("hn-op")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search\?q=hn-op"))
    page.keyboard.press("ArrowDown")
    page.locator("#search").focus()
    page.keyboard.press("ArrowDown")
    page.locator(".hits a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/systems/hn-operations"))
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)  # while it closes, keys are its own
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url(re.compile("/plans"))
    context.close()


def test_paper_has_no_menu_and_says_who_printed_it(site: Site, browser: Browser) -> None:
    context = browser.new_context(locale="en")
    page = browsing.enter(context, site, "kansa")
    page.goto(f"{site.url}/season?from=2024-03-01&day=2024-04-01")
    page.emulate_media(media="print")
    assert not page.locator("nav.rooms").is_visible()
    assert not page.locator(".filter").first.is_visible()
    assert "printed by kansa" in page.locator(".printed").inner_text()
    context.close()
