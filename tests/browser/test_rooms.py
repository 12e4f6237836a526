"""The demo's site in a real Chromium: every room in both languages, on a phone and a desk, by axe and by its console.

The site, its worker and the browser are real processes. With SEKISHO_PICTURES set to a folder, the rooms' pictures are
written there (docs/pictures is made so).
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import servers

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]
HERE = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-quic"]
ROOMS = {
    "board": "/board",
    "season": "/season?from=2024-03-01&day=2024-04-01",
    "imports": "/imports",
    "plans": "/plans",
    "verification": "/verification",
    "work": "/work",
    "rules": "/rules",
    "rule": "/rules/rule/direct",
    "exceptions": "/rules/exceptions?rule=direct",
    "preview": "/rules/preview?rule=direct",
    "changes": "/rules/changes",
    "people": "/people?q=P00005",
    "person": "/people/P000051",
    "systems": "/systems",
    "ledger": "/ledger",
    "administration": "/administration",
    "account": "/account",
}
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@dataclass
class Site:
    """The demo's site and who may sign in."""

    url: str
    passwords: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    port, home = servers.free_port(), tmp_path_factory.mktemp("demo") / "home"
    code = "from sekisho.cli.main import main; main()"
    words = ["--home", str(home), "demo", "--people", "400", "--port", str(port)]
    out = home.with_suffix(".log")
    environment = os.environ | {"PYTHONPATH": str(HERE / "src"), "SEKISHO_LANG": "en", "COLUMNS": "160"}
    environment.pop("SEKISHO_HOME", None)
    with out.open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code, *words], env=environment, stdout=log, stderr=log)
    try:
        servers.wait_until(lambda: servers.listening(port), process, "the demo's site", tries=4000)
        rows = re.findall(r"^(\S+) .* (\S{16})\s*$", out.read_text("utf-8"), re.MULTILINE)
        yield Site(f"http://localhost:{port}", dict(rows))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield made
        made.close()


def enter(context: BrowserContext, site: Site, user: str) -> Page:
    """Sign in with the password; what the console says is kept with the page."""
    page = context.new_page()
    page.goto(f"{site.url}/accounts/login/")
    page.fill("#id_login", user)
    page.fill("#id_password", site.passwords[user])
    page.click('form[action="/accounts/login/"] button')
    page.wait_for_url(re.compile(r"/(board)?$"))
    return page


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", sorted(SIZES))
def test_every_room_is_readable_by_everybody_and_breaks_no_policy(
    site: Site, browser: Browser, language: str, size: str, tmp_path: Path
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale=language)
    page = enter(context, site, "houmu")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    pictures = Path(os.environ.get("SEKISHO_PICTURES", tmp_path)) / language
    for name, path in ROOMS.items():
        answer = page.goto(site.url + path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.locator("h1").count() == 1, path
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found] == [], path
        across = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert across <= 0, f"{path} scrolls sideways on a {size}"
        pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=pictures / f"{name}-{size}.png")
    assert said == []
    context.close()


def test_a_plan_is_made_approved_by_a_passkey_and_shown_on_the_board(site: Site, browser: Browser) -> None:
    planning = browser.new_context(locale="en")
    planner = enter(planning, site, "joshisu")
    planner.goto(f"{site.url}/plans")
    planner.fill("#day", "2024-05-01")
    planner.get_by_role("button", name="Make the plan").click()
    link = planner.get_by_role("link", name=re.compile("1 May 2024"))
    for _ in range(60):
        planner.goto(f"{site.url}/plans")
        if link.count():
            break
        planner.wait_for_timeout(1000)
    address = link.first.get_attribute("href")
    planner.goto(f"{site.url}{address}")
    assert planner.get_by_role("button", name="Approve with a passkey").count() == 0
    assert planner.get_by_text("somebody else must approve it").count() == 1

    approving = browser.new_context(locale="en")
    approver = enter(approving, site, "houmu")
    session = approving.new_cdp_session(approver)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    approver.goto(f"{site.url}/accounts/2fa/webauthn/add/")
    approver.fill("#id_password", site.passwords["houmu"])
    approver.locator("main form button").first.click()
    approver.wait_for_url(re.compile("webauthn/add"))
    approver.locator("#id_passwordless").check()
    approver.fill("#id_name", "test")
    approver.click("#mfa_webauthn_add")
    approver.wait_for_url(re.compile(r"2fa/(webauthn/|recovery-codes/)(?!add)"))

    approver.goto(f"{site.url}{address}")
    approver.get_by_role("button", name="Approve with a passkey").click()
    approver.wait_for_selector(".notice.success")
    assert "houmu" in approver.locator("dl.facts").inner_text()
    assert "passkey" in approver.locator("dl.facts").inner_text()

    approver.goto(f"{site.url}/board?day=2024-05-01")
    assert "It runs at Wed 1 May 2024" in approver.locator(".answer").inner_text()
    for context in (planning, approving):
        context.close()


def test_a_slash_leads_to_the_search_from_anywhere(site: Site, browser: Browser) -> None:
    context = browser.new_context(locale="en")
    page = enter(context, site, "joshisu-2")
    page.keyboard.press("/")
    page.keyboard.type("hn-op")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search\?q=hn-op"))
    assert page.get_by_text("hn-operations").count() >= 1
    context.close()
