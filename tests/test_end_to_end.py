"""From a camera's frames to the page on which the owner finds the ticket, in headless Chromium."""

import json
import re
import shutil
import socket
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest
from junction import SAMPLE, done, etle

from ticketing import second_factor

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = {"phone": (360, 740), "desk": (1440, 900)}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        CHROMIUM is None, reason="NO CHROMIUM: the pages are not tested; see tests/services.sh"
    ),
]


@contextmanager
def served(data, *options):
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


@pytest.fixture
def office(clean_run, tmp_path):
    """A server over a copy of the clean run, and an officer's password."""
    data = tmp_path / "data"
    shutil.copytree(clean_run.data, data)
    password = done(etle("officer", "add", "petugas", "Petugas Uji", "--data", data)).strip()
    with served(data) as address:
        yield address, password


@pytest.fixture(params=WIDTHS)
def browser_page(request):
    from playwright.sync_api import sync_playwright

    width, height = WIDTHS[request.param]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(20_000)
        yield page
        browser.close()


def pictures_shown(page) -> list[bool]:
    page.wait_for_load_state("networkidle")
    return page.eval_on_selector_all("main img", "all => all.map(i => i.complete && i.naturalWidth > 0)")


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_frames_become_a_ticket_that_only_its_owner_finds(clean_run, office, browser_page):
    page, (address, password) = browser_page, office
    truth = json.loads((SAMPLE / "truth.json").read_text())["violations"]
    plate = next(row["plate"] for row in truth if row["rule"] == "speeding")
    # The officer signs in, opens the speeding case, types the plate that the picture shows, and confirms.
    page.goto(f"{address}/desk")
    page.get_by_label("Nama masuk").fill("petugas")
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()
    # The first time, they set up their second factor with the key that the page shows.
    secret = page.inner_text(".secret").replace(" ", "")
    page.get_by_label("Kode 6 angka").fill(second_factor.code_at(secret, datetime.now(UTC)))
    page.get_by_role("button", name="Pasang").click()
    assert page.locator("tbody tr").count() == len(clean_run.lines.splitlines())
    page.get_by_role("link", name="Melebihi batas kecepatan").click()
    assert all(pictures_shown(page)) and fits(page)
    page.get_by_label("Koreksi TNKB").fill(plate)
    page.get_by_role("button", name="Simpan").first.click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Konfirmasi pelanggaran").click()
    reference = re.search(r"ETLE-\w{5}-\w{5}", page.inner_text(".state"))[0]
    # The owner, who is not signed in, finds the notice by reference and plate, and nobody else does.
    page.context.clear_cookies()
    page.goto(address)
    page.get_by_label("Nomor referensi").fill(reference)
    page.get_by_label("Nomor polisi").fill("B 9999 ZZZ")
    page.get_by_role("button", name="Cek").click()
    assert page.get_by_role("alert").is_visible() and reference not in page.inner_text("main")
    page.get_by_label("Nomor polisi").fill(plate.lower())
    page.get_by_role("button", name="Cek").click()
    assert "Surat ini asli" in page.inner_text("main")
    shown = pictures_shown(page)
    assert shown and all(shown) and fits(page)
