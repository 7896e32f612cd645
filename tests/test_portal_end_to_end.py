"""The owner portal and the contact centre walked through in headless Chromium, at phone and desk width."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from junction import done, etle
from portal_office import BANK, confirmed_office, paid_by_bank
from sqlalchemy.orm import Session
from test_end_to_end import CHROMIUM, WIDTHS, browser_page, fits, pictures_shown, served  # noqa: F401

from ticketing import answers, letters, tickets
from ticketing.db import make_engine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        CHROMIUM is None, reason="NO CHROMIUM: the pages are not tested; see tests/services.sh"
    ),
]
# Where set, a picture of every page is kept there to be looked at.
SHOTS = os.environ.get("ETLE_TEST_SHOTS")


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A server with a confirmed case, an officer's password, and the database behind it."""
    for name, value in BANK.items():
        monkeypatch.setenv(name, value)
    data = tmp_path / "data"
    url, reference = confirmed_office(data)
    password = done(etle("officer", "add", "petugas", "Petugas Uji", "--data", data)).strip()
    engine = make_engine(url)
    with served(data, "--no-second-factor") as address:
        yield address, password, engine, reference
    engine.dispose()


def looked_at(page, name) -> None:
    """Hold a page to what every page has to be: it fits, all pictures show, axe finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    assert fits(page), f"{name} is wider than the window"
    assert all(pictures_shown(page)), f"{name} misses a picture"
    if SHOTS:
        width = page.viewport_size["width"]
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
    found = Axe().run(page).response
    assert len(found["passes"]) > 5, "axe did not look at the page"
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert not serious, [
        (name, v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"]) for v in serious
    ]


def open_notice(page, address, reference) -> None:
    page.goto(address)
    page.get_by_label("Nomor referensi").fill(reference)
    page.get_by_label("Nomor polisi").fill("b 1234 abc")
    page.get_by_role("button", name="Cek").click()
    page.wait_for_url("**/perkara")


def test_an_owner_answers_pays_and_has_the_receipt(office, browser_page):  # noqa: F811
    page, (address, _, engine, reference) = browser_page, office
    page.goto(address)
    looked_at(page, "look-up")
    page.goto(f"{address}/v/{reference}")
    assert "Surat ini asli" in page.inner_text("main")
    looked_at(page, "real")
    page.goto(f"{address}/v/ETLE-11111-11111")
    looked_at(page, "false")
    open_notice(page, address, reference)
    looked_at(page, "notice")
    page.get_by_role("link", name="Periksa tanda tangan").click()
    assert "Bukti utuh" in page.inner_text("main")
    page.locator("details").evaluate("d => d.open = true")
    looked_at(page, "signature")
    with Session(engine) as session, session.begin():
        letters.send_letter(session, 1, "ani", now=datetime.now(UTC))
    page.get_by_role("link", name="Jawab").first.click()
    looked_at(page, "answers")
    page.get_by_role("link", name="saya yang mengemudi").click()
    page.get_by_label("Nomor SIM").fill("1234567890")
    looked_at(page, "admit")
    page.get_by_role("button", name="Kirim jawaban").click()
    assert "pemilik mengemudi" in page.inner_text("p.state")
    with Session(engine) as session, session.begin():
        account = tickets.issue(session, 1, "ani", now=datetime.now(UTC)).virtual_account
    page.get_by_role("link", name="Bayar", exact=False).first.click()
    assert account in page.inner_text("main")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Salin").click()
    page.get_by_text("Tersalin").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == account
    looked_at(page, "payment")
    # The bank tells; the page that waits shows it without anybody touching it.
    assert paid_by_bank(address, account).status_code == 200
    page.get_by_text("Lunas").wait_for()
    looked_at(page, "paid")
    link = page.get_by_role("link", name="Unduh tanda terima").get_attribute("href")
    assert page.request.get(address + link).body().startswith(b"%PDF-")
    page.get_by_role("link", name="STNK & SIM").click()
    page.get_by_label("Nomor SIM").fill("1234567890")
    page.get_by_role("button", name="Lihat poin").click()
    assert "Jumlah poin" in page.inner_text("main")
    looked_at(page, "stnk")
    page.goto(f"{address}/stnk")
    looked_at(page, "stnk-form")


def test_a_contested_notice_is_withdrawn(office, browser_page):  # noqa: F811
    page, (address, _, engine, reference) = browser_page, office
    open_notice(page, address, reference)
    page.goto(f"{address}/perkara/jawab?jawaban=contest")
    page.get_by_label("Apa yang tidak benar").fill("Lampu masih hijau, lihat foto.")
    picture = httpx.get(f"{address}/static/icon.svg").content
    page.get_by_label("Berkas").set_input_files(
        [{"name": "x.svg", "mimeType": "image/svg+xml", "buffer": picture}]
    )
    page.get_by_role("button", name="Kirim jawaban").click()
    assert "bukan foto" in page.inner_text("[role=alert]")
    assert page.get_by_label("Apa yang tidak benar").input_value().startswith("Lampu masih hijau")
    looked_at(page, "refused-file")
    page.get_by_role("button", name="Kirim jawaban").click()
    assert "Dibekukan sejak" in page.inner_text("main") and "Keberatan Anda diperiksa" in page.inner_text(
        "li.here"
    )
    looked_at(page, "contested")
    with Session(engine) as session, session.begin():
        answers.decide(session, 1, "ani", "accept", "Lampu memang hijau.", now=datetime.now(UTC))
    page.reload()
    assert "Perkara dihentikan" in page.inner_text("li.here") and "Lampu memang hijau." in page.inner_text(
        "main"
    )
    looked_at(page, "withdrawn")


def test_a_report_is_sent_a_unit_closed_and_followed(office, browser_page):  # noqa: F811
    page, (address, password, _, _) = browser_page, office
    page.goto(f"{address}/kontak")
    looked_at(page, "contact")
    page.goto(f"{address}/kontak/tanya")
    looked_at(page, "ask")
    page.goto(f"{address}/kontak/lapor")
    page.get_by_label("Apa yang terjadi").select_option("accident")
    page.get_by_label("Di mana").fill("Simpang Karet, arah utara")
    page.get_by_label("Keterangan").fill("Dua motor bertabrakan, satu lajur tertutup.")
    shot = page.screenshot(type="png", clip={"x": 0, "y": 0, "width": 200, "height": 120})
    page.get_by_label("Berkas").set_input_files(
        [{"name": "foto.png", "mimeType": "image/png", "buffer": shot}]
    )
    looked_at(page, "report")
    page.get_by_role("button", name="Kirim laporan").click()
    looked_at(page, "begun")
    number, secret = page.inner_text("#nomor"), page.inner_text("#kunci")
    assert re.fullmatch(r"LAP-\w{5}-\w{5}", number)
    page.context.clear_cookies()
    page.goto(f"{address}/desk")
    page.get_by_label("Nama masuk").fill("petugas")
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()
    page.goto(f"{address}/desk/kontak")
    looked_at(page, "desk-contacts")
    page.get_by_role("link", name=number).click()
    looked_at(page, "desk-contact")
    page.get_by_label("Satuan").fill("PJR-12")
    page.get_by_role("button", name="Kirim satuan").click()
    assert "Petugas lapangan dikirim" in page.inner_text("p.state")
    page.get_by_label("Penjelasan untuk pelapor").fill("Jalan sudah bersih.")
    page.get_by_role("button", name="Tutup").click()
    assert "Selesai ditangani" in page.inner_text("p.state")
    page.context.clear_cookies()
    page.goto(f"{address}/kontak")
    page.get_by_label("Nomor laporan").fill(number)
    page.get_by_label("Kata kunci").fill(secret.lower())
    page.get_by_role("button", name="Buka").click()
    assert "PJR-12" in page.inner_text("main") and "Jalan sudah bersih." in page.inner_text("main")
    looked_at(page, "followed")
