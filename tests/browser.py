"""Pages in headless Chromium: the browsers, one server that all walks share, and what every page is held to."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from junction import etle
from sqlalchemy.orm import Session

from ticketing import second_factor
from ticketing.crypto import ENVIRONMENT
from ticketing.db import make_engine
from ticketing.officers import add_officer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason="NO CHROMIUM: the pages are not tested; see tests/services.sh"
)
WIDTHS = {"phone": (360, 740), "desk": (1440, 900)}
# Where set, a picture of every page is kept there to be looked at.
SHOTS = os.environ.get("ETLE_TEST_SHOTS")
_addresses = itertools.count(1)


@contextmanager
def served(data: Path, *options: object) -> Iterator[str]:
    """Run ``etle serve`` over a data folder; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = etle("serve", "--data", data, "--port", port, *options)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            assert server.poll() is None, server.stderr.read()
            try:
                httpx.get(address, timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.25)
        else:
            raise AssertionError("the server did not answer within a minute")
        yield address
    finally:
        server.kill()
        server.communicate()


@dataclass(frozen=True)
class Doors:
    """A running server: its data folder, where it listens, and the second factors that officers have set up."""

    data: Path
    address: str
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key for personal data that the server made."""
        return (self.data / "keys" / "personal-data.key").read_text(encoding="ascii")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction in the server's database, for what no page does."""
        os.environ[ENVIRONMENT] = self.key
        engine = make_engine(f"sqlite:///{self.data / 'etle.sqlite3'}")
        with Session(engine) as session, session.begin():
            yield session
        engine.dispose()

    def officer(self, login: str, role: str, password: str = "kata-sandi-uji") -> None:
        """Let an officer in, as ``etle officer add`` does."""
        with self.session() as session:
            add_officer(session, login, f"Petugas {login}", password, role, now=datetime.now(UTC))

    def sign_in(self, page, login: str, password: str = "kata-sandi-uji") -> None:
        """Sign in at the desk; at the first time with the second factor that the page offers."""
        page.goto(f"{self.address}/desk")
        page.get_by_label("Nama masuk").fill(login)
        page.get_by_label("Kata sandi").fill(password)
        page.get_by_role("button", name="Masuk").click()
        if login in self.secrets:
            # The code of the set-up was used: a code is good half a minute early too.
            looked_at(page, "code")
            later = datetime.now(UTC) + timedelta(seconds=30)
            page.get_by_label("Kode 6 angka").fill(second_factor.code_at(self.secrets[login], later))
            page.get_by_role("button", name="Lanjut").click()
        else:
            looked_at(page, "set-up")
            self.secrets[login] = page.inner_text(".secret").replace(" ", "")
            page.get_by_label("Kode 6 angka").fill(
                second_factor.code_at(self.secrets[login], datetime.now(UTC))
            )
            page.get_by_role("button", name="Pasang").click()
        page.get_by_role("button", name="Keluar").wait_for()


@dataclass(frozen=True)
class Browser:
    """Chromium at one width."""

    chromium: object
    width: str

    def page(self):
        """Give somebody's page: a browser of their own, behind the proxy, at an address that nobody else has."""
        wide, high = WIDTHS[self.width]
        address = {"X-Forwarded-For": f"10.0.0.{next(_addresses)}"}
        page = self.chromium.new_page(viewport={"width": wide, "height": high}, extra_http_headers=address)
        page.set_default_timeout(20_000)
        return page


@contextmanager
def chromium():
    """Start Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def pictures_shown(page) -> list[bool]:
    page.wait_for_load_state("networkidle")
    return page.eval_on_selector_all("main img", "all => all.map(i => i.complete && i.naturalWidth > 0)")


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def barriers(page) -> list[tuple]:
    """Give what axe-core finds serious or critical on a page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response
    assert len(found["passes"]) > 5, "axe did not look at the page"
    return [
        (v["id"], v["impact"], [(n["html"][:200], n["failureSummary"]) for n in v["nodes"]][:3])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]


def shot(page, name: str) -> None:
    """Keep a picture of a page where somebody wants to look at it."""
    if SHOTS:
        width = page.viewport_size["width"]
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)


def looked_at(page, name: str) -> None:
    """Hold a page to what every page has to be: it fits, all pictures show, axe finds nothing serious."""
    assert all(pictures_shown(page)), f"{name} misses a picture"
    shot(page, name)
    assert fits(page), f"{name} is wider than the window"
    assert barriers(page) == [], name
