"""The owner portal and the contact centre walked through in headless Chromium, at phone and desk width."""

import itertools
import re
from datetime import UTC, datetime

import httpx
import pytest
from browser import NEEDS_CHROMIUM, looked_at
from portal_office import confirmed_case, paid_by_bank

from ticketing import letters, tickets

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600), NEEDS_CHROMIUM]
_numbers = itertools.count(1)


@pytest.fixture
def confirmed(doors):
    """A case of its own for a test: its id and its reference."""
    with doors.session() as session:
        return confirmed_case(session, doors.data, next(_numbers))


def open_notice(page, address, reference) -> None:
    page.goto(address)
    page.get_by_label("Nomor referensi").fill(reference)
    page.get_by_label("Nomor polisi").fill("b 1234 abc")
    page.get_by_role("button", name="Cek").click()
    page.wait_for_url("**/perkara")


def test_an_owner_answers_pays_and_has_the_receipt(doors, confirmed, browser):
    page, address, (case, reference) = browser.page(), doors.address, confirmed
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
    with doors.session() as session:
        letters.send_letter(session, case, "ani", now=datetime.now(UTC))
    page.get_by_role("link", name="Jawab").first.click()
    looked_at(page, "answers")
    page.get_by_role("link", name="saya yang mengemudi").click()
    page.get_by_label("Nomor SIM").fill("1234567890")
    looked_at(page, "admit")
    page.get_by_role("button", name="Kirim jawaban").click()
    assert "pemilik mengemudi" in page.inner_text("p.state")
    with doors.session() as session:
        account = tickets.issue(session, case, "ani", now=datetime.now(UTC)).virtual_account
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


def test_the_owner_of_several_notices_chooses_one(doors, browser):
    with doors.session() as session:
        references = [confirmed_case(session, doors.data, next(_numbers))[1] for _ in range(2)]
    page = browser.page()
    page.goto(doors.address)
    page.locator("[name=vehicle_plate]").fill("B 1234 ABC")
    page.locator("[name=chassis]").fill("1A345")
    page.locator("[name=engine]").fill("99B76")
    page.locator("form[action='/kendaraan']").get_by_role("button").click()
    page.wait_for_url("**/perkara/pilih")
    looked_at(page, "choose")
    page.get_by_role("button", name="Buka").first.click()
    page.wait_for_url("**/perkara")
    assert re.search(r"ETLE-\w{5}-\w{5}", page.inner_text("p.state"))
    assert len(set(references)) == 2


def test_a_contested_notice_is_withdrawn(doors, confirmed, browser):
    page, address, (case, reference) = browser.page(), doors.address, confirmed
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
    supervisor = browser.page()
    doors.officer(f"pemutus-{browser.width}", "supervisor")
    doors.sign_in(supervisor, f"pemutus-{browser.width}")
    supervisor.goto(f"{address}/desk/office?state=contested")
    supervisor.get_by_role("link", name=f"#{case}", exact=True).click()
    assert "Lampu masih hijau, lihat foto." in supervisor.inner_text("main")
    looked_at(supervisor, "objection")
    supervisor.get_by_label("Alasan yang dibaca pemilik").fill("Lampu memang hijau.")
    supervisor.get_by_role("button", name="Terima").click()
    assert "Dihentikan" in supervisor.inner_text(".state")
    page.reload()
    assert "Perkara dihentikan" in page.inner_text("li.here") and "Lampu memang hijau." in page.inner_text(
        "main"
    )
    looked_at(page, "withdrawn")


def test_a_report_is_sent_a_unit_closed_and_followed(doors, browser):
    page, address = browser.page(), doors.address
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
    doors.officer(f"jaga-{browser.width}", "reviewer")
    doors.sign_in(page, f"jaga-{browser.width}")
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
