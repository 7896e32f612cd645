"""The desk in headless Chromium, on a telephone and on a desk: read, driven by keys alone, and free of barriers."""

import re
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from browser import NEEDS_CHROMIUM, WIDTHS, barriers, fits, shot
from browser import chromium as started
from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import answers, blocks, desk, gateways, letters, outbox
from ticketing.case_models import BlockRow, SamsatOrderRow
from ticketing.models import AuditRow, CaseRow
from ticketing.types import Checklist

PASSWORD = "kata-sandi-uji"
PAGES = {
    "petugas": ("/desk", "/desk/cases/2", "/desk/office", "/desk/office/3", "/desk/wall?live=false", "/desk/figures"),
    "penyelia": ("/desk/office/4", "/desk/quality", "/desk/deliveries", "/desk/audit?verify=true",
                 "/desk/figures?by=officer"),
    "auditor": ("/desk/cases/3",),
    "admin": ("/desk/admin/officers", "/desk/admin/rules", "/desk/admin/gateways"),
}  # fmt: skip

pytestmark = [pytest.mark.browser, NEEDS_CHROMIUM]


def in_doubt(session, at):
    """Leave the letter of case 4 in doubt, and an order for Samsat refused."""
    case = session.get_one(CaseRow, 4)
    to = letters.addressee_of(session, case)
    letter = outbox.enqueue(session, case, outbox.CONFIRMATION, "1", "post", to, "", b"%PDF", now=at)
    letter.status, letter.tries, letter.last_fault = (
        outbox.IN_DOUBT,
        1,
        "sambungan putus setelah surat diserahkan",
    )
    block = BlockRow(
        case_id=4, nrkb=case.nrkb, ground=blocks.NOT_PAID, blocked_at=at, blocked_by="penyelia",
        released_at=at, release_ground="withdrawn",
    )  # fmt: skip
    session.add(block)
    session.flush()
    session.add(SamsatOrderRow(
        block_id=block.id, case_id=4, kind="release", ground="withdrawn", key="0f" * 16, status="refused", tries=3,
        next_try_at=at, last_fault="TNKB tidak dikenal", made_at=at, changed_at=at,
    ))  # fmt: skip


@pytest.fixture
def address(server):
    """The server of a test on a port of its own: cases 1, 2, 5 and 6 wait; 3 is confirmed, 4 contested."""
    noon = datetime(2026, 8, 18, 4, 0, tzinfo=UTC)
    for number in range(3, 7):
        server.flag(f"v-{number}", occurred_at=noon + timedelta(hours=number))
    with Session(server.engine) as session, session.begin():
        for case in (3, 4):
            desk.open_case(session, case, "kedua", now=noon)
            desk.confirm(session, case, "kedua", Checklist(True, True, True, True), now=noon)
        letters.send_letter(session, 4, "kedua", now=noon)
        answers.answer(session, 4, "contest", answers.Statement("Saya di rumah hari itu."), now=noon)
        in_doubt(session, noon)
        gateways.add_gateway(session, "gerbang-1", ["simpang-1", "simpang-2"], who="admin", now=noon)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = uvicorn.Server(uvicorn.Config(server.client.app, port=port, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    until = time.monotonic() + 30
    while not running.started and time.monotonic() < until:
        thread.join(0.02)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join(10)


@pytest.fixture
def chromium():
    with started() as browser:
        yield browser


def signed_in(browser, address, login, width="desk", **options):
    size = WIDTHS[width]
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, **options)
    page.set_default_timeout(20_000)
    page.goto(f"{address}/desk/login")
    page.get_by_label("Nama masuk").fill(login)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    return page


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_has_a_serious_barrier_and_each_fits(server, address, chromium, width):
    wrong = {}
    for login, paths in PAGES.items():
        page = signed_in(chromium, address, login, width)
        failed = []
        page.on("console", lambda m, failed=failed: failed.append(m.text) if m.type == "error" else None)
        for path in paths:
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            shot(page, re.sub(r"\W+", "-", f"{login}{path}"))
            wrong[path] = barriers(page) + ([] if fits(page) else ["is wider than the window"]) + failed
            failed.clear()
        page.close()
    high = WIDTHS[width]
    page = chromium.new_page(viewport={"width": high[0], "height": high[1]})
    for path in ("/desk/login?over=idle", "/desk/no-such-page"):
        page.goto(address + path)
        shot(page, re.sub(r"\W+", "-", path))
        wrong[path] = barriers(page) + ([] if fits(page) else ["is wider than the window"])
    assert {path: what for path, what in wrong.items() if what} == {}


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_review_page_speaks_one_language_where_one_was_chosen(server, address, chromium, language):
    page = signed_in(chromium, address, "petugas")
    page.goto(f"{address}/language?to={language}&back=/desk/cases/1")
    shown = page.inner_text("main")
    assert ("Correct the plate" in shown) == (language == "en")
    assert ("Koreksi TNKB" in shown) == (language == "id")
    assert barriers(page) == []


def test_a_reviewer_decides_cases_by_keys_alone_each_in_under_ten_seconds(server, address, chromium):
    page = signed_in(chromium, address, "petugas")
    page.keyboard.press("Tab")
    page.goto(f"{address}/desk/next")
    assert "/desk/cases/1" in page.url
    # Nothing is confirmed before the whole checklist holds.
    page.keyboard.press("k")
    assert page.inner_text("#told") and "/desk/cases/1" in page.url
    began = time.monotonic()
    decided = {}
    for key in "1234k":
        page.keyboard.press(key)
    page.wait_for_url("**/desk/cases/2?*")
    decided["confirmed"] = time.monotonic()
    # In doubt: the officer types what the picture shows, and confirms.
    page.keyboard.press("p")
    page.keyboard.type("b1234abc")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.plate.big') !== null")
    for key in "1234k":
        page.keyboard.press(key)
    page.wait_for_url("**/desk/cases/5?*")
    decided["corrected"] = time.monotonic()
    page.keyboard.press("t")
    page.keyboard.press("a")
    page.wait_for_url("**/desk/cases/6?*")
    decided["rejected"] = time.monotonic()
    page.keyboard.press("m")
    page.keyboard.type("huruf ketiga?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    decided["asked"] = time.monotonic()
    seconds = {}
    for what, at in decided.items():
        seconds[what], began = at - began, at
    assert max(seconds.values()) < 10, seconds
    with Session(server.engine) as session:
        states = {case: session.get(CaseRow, case).state for case in (1, 2, 5, 6)}
        assert states == {1: "confirmed", 2: "confirmed", 5: "rejected", 6: "flagged"}
        assert session.get(CaseRow, 5).reject_reason == "no_violation"
        assert session.get(CaseRow, 6).stage == "second"


def test_the_next_cases_pictures_are_there_before_it_is_opened_and_that_is_on_record(
    server, address, chromium
):
    page = signed_in(chromium, address, "petugas")
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"{address}/desk/cases/1")
    page.wait_for_load_state("networkidle")
    ahead = [url for url in fetched if "/desk/cases/2/evidence/" in url]
    assert {url.rsplit("/", 1)[1] for url in ahead} == {"offence", "plate", "vehicle"}
    with Session(server.engine) as session:
        rows = select(AuditRow.subject).where(AuditRow.who == "petugas", AuditRow.what == "preloaded")
        assert session.scalars(rows).all() == ["case 2"]
        assert session.get(CaseRow, 2).state == "flagged"


def test_the_keys_show_their_help_and_can_be_switched_off(server, address, chromium):
    page = signed_in(chromium, address, "petugas")
    page.goto(f"{address}/desk/cases/1")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible() and "konfirmasi" in page.inner_text("#help")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert page.locator("#reasons").is_visible() and barriers(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("t")
    assert not page.locator("#reasons").is_visible()


def test_without_scripts_every_decision_can_still_be_made(server, address, chromium):
    page = signed_in(chromium, address, "petugas", java_script_enabled=False)
    page.goto(f"{address}/desk/cases/1")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Konfirmasi pelanggaran").click()
    assert "ETLE-" in page.inner_text(".state")


def test_a_contested_case_is_carried_to_its_end_from_the_desk(server, address, chromium):
    page = signed_in(chromium, address, "penyelia")
    page.goto(f"{address}/desk/office")
    page.get_by_role("link", name="#4").click()
    assert "Saya di rumah hari itu." in page.inner_text("main")
    page.get_by_label("Alasan yang dibaca pemilik").fill("Foto menunjukkan kendaraan lain.")
    page.get_by_role("button", name="Terima").click()
    assert "Dihentikan" in page.inner_text(".state")
    page.goto(f"{address}/desk/office/3")
    page.get_by_role("button", name="Kirim surat").click()
    assert "Surat konfirmasi terkirim" in page.inner_text(".state")
    assert "Confirmation letter" in page.inner_text("main")
