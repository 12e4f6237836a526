"""The demo's site as a real process, a real Chromium, and signing in by it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import servers

HERE = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-quic"]
MAIN = "from sekisho.cli.main import main; main()"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True)
class Site:
    """The demo's site, its home, and who may sign in."""

    url: str
    home: Path
    passwords: dict[str, str]


@contextmanager
def demo_site(home: Path, *, people: int) -> Iterator[Site]:
    """Run `sekisho demo` until the caller is done with its site."""
    port, out = servers.free_port(), home.with_suffix(".log")
    words = ["--home", str(home), "demo", "--people", str(people), "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(HERE / "src"), "SEKISHO_LANG": "en", "COLUMNS": "160"}
    environment.pop("SEKISHO_HOME", None)
    with out.open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", MAIN, *words], env=environment, stdout=log, stderr=log)
    try:
        servers.wait_until(lambda: servers.listening(port), process, "the demo's site", tries=4000)
        rows = re.findall(r"^(\S+)\s.*?\s([\w-]{16})(?:\s|$)", out.read_text("utf-8"), re.MULTILINE)
        yield Site(f"http://localhost:{port}", home, dict(rows))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield made
        made.close()


def enter(context: BrowserContext, site: Site, user: str) -> Page:
    """Sign in with the password."""
    page = context.new_page()
    page.goto(f"{site.url}/accounts/login/")
    page.fill("#id_login", user)
    page.fill("#id_password", site.passwords[user])
    page.click('form[action="/accounts/login/"] button')
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    return page


def add_passkey(page: Page, site: Site, user: str) -> None:
    """Give the browser a virtual authenticator and register a passkey with it, as the user would."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(f"{site.url}/accounts/2fa/webauthn/add/")
    page.fill("#id_password", site.passwords[user])
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile("webauthn/add"))
    page.locator("#id_passwordless").check()
    page.fill("#id_name", "desk")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(re.compile(r"2fa/(webauthn/|recovery-codes/)(?!add)"))


def picture(folder: Path, name: str) -> Path:
    """Return where a picture goes, its folder made."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.png"
