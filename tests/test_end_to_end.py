"""From a camera's frames to the receipt on the owner's page, through the three doors, in headless Chromium."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from browser import NEEDS_CHROMIUM, WIDTHS, looked_at
from junction import SAMPLE, done, etle, moment
from portal_office import paid_by_bank

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900), NEEDS_CHROMIUM]
CAMERA = "scene-2146"


@pytest.fixture(scope="module")
def speeder(tmp_path_factory):
    """The seconds of the sample junction in which one car drives too fast."""
    return moment(tmp_path_factory.mktemp("moment") / "clip.mp4", 14.0, 18.0)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """Where the gateway keeps what it has sent: it numbers segments on."""
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def worker(shared_doors):
    """The process that runs what gateways hand over."""
    process = etle("worker", "--data", shared_doors.data, "--no-live")
    yield process
    process.kill()
    process.communicate()


def key_shown_once(page, address, name):
    """As an administrator, register a gateway for the camera; give its key."""
    page.goto(f"{address}/desk/admin/gateways")
    page.get_by_label("Nama").fill(name)
    page.get_by_label("Id kamera").fill(CAMERA)
    page.get_by_role("button", name="Tambah dan tampilkan kunci").click()
    key = page.inner_text("code.secret")
    looked_at(page, "gateways")
    page.goto(f"{address}/desk/admin/gateways")
    assert name in page.inner_text("main") and key not in page.content()
    return key


def wait_for_case(page, address, worker):
    """Look into the queue until the speeding case is there."""
    for _ in range(240):
        assert worker.poll() is None, worker.stderr.read()
        page.goto(f"{address}/desk")
        if page.get_by_role("link", name="Melebihi batas kecepatan").count():
            return
        page.wait_for_timeout(1000)
    raise AssertionError("the pipeline flagged nothing within four minutes")


def test_frames_become_a_ticket_that_its_owner_pays(doors, worker, browser, speeder, state, tmp_path):
    address, width = doors.address, browser.width
    truth = json.loads((SAMPLE / "truth.json").read_text())["violations"]
    plate = next(row["plate"] for row in truth if row["rule"] == "speeding")
    # The administrator registers the gateway; its key opens the door for a segment, and a wrong one does not.
    admin = browser.page()
    doors.officer(f"admin-{width}", "admin")
    doors.sign_in(admin, f"admin-{width}")
    (tmp_path / "key").write_text(key_shown_once(admin, address, f"gerbang-{width}"))
    recorded = datetime.now(UTC) - timedelta(hours=2 + 24 * list(WIDTHS).index(width))
    clip = shutil.copy(speeder, tmp_path / "clip.mp4")
    push = ("gateway", "push", clip, "--camera", CAMERA, "--server", address, "--recorded-at",
            recorded.isoformat(timespec="seconds"), "--state", state, "--quiet", "--key-file")  # fmt: skip
    (tmp_path / "wrong").write_text("etle_wrong")
    refused = etle(*push, tmp_path / "wrong")
    assert "1 segments wait on disk" in refused.communicate()[1] and refused.returncode == 1
    pushed = etle(*push, tmp_path / "key")
    assert "1 segments taken" in pushed.communicate()[1]
    # The supervisor signs in with the second factor, reads the plate, and confirms what the pipeline flagged.
    officer = browser.page()
    doors.officer(f"penyelia-{width}", "supervisor")
    doors.sign_in(officer, f"penyelia-{width}")
    officer.get_by_role("button", name="Keluar").click()
    doors.sign_in(officer, f"penyelia-{width}")
    wait_for_case(officer, address, worker)
    looked_at(officer, "queue")
    officer.goto(f"{address}/desk/wall?live=false")
    looked_at(officer, "wall")
    assert officer.locator("article.camera img").count() == 1
    officer.goto(f"{address}/desk")
    officer.get_by_role("link", name="Melebihi batas kecepatan").click()
    looked_at(officer, "review")
    officer.get_by_label("Koreksi TNKB").fill(plate)
    officer.get_by_role("button", name="Simpan").first.click()
    for box in officer.get_by_role("checkbox").all():
        box.check()
    officer.get_by_role("button", name="Konfirmasi pelanggaran").click()
    reference = re.search(r"ETLE-\w{5}-\w{5}", officer.inner_text(".state"))[0]
    looked_at(officer, "confirmed")
    officer.get_by_role("link", name="Berkas kantor").click()
    office_file = officer.url
    officer.get_by_role("button", name="Kirim surat").click()
    assert "Surat konfirmasi terkirim" in officer.inner_text(".state")
    # The owner finds the notice by reference and plate, and nobody else does; and answers.
    owner = browser.page()
    owner.goto(address)
    owner.get_by_label("Nomor referensi").fill(reference)
    owner.get_by_label("Nomor polisi").fill("B 9999 ZZZ")
    owner.get_by_role("button", name="Cek").click()
    assert owner.get_by_role("alert").is_visible() and reference not in owner.inner_text("main")
    owner.get_by_label("Nomor polisi").fill(plate.lower())
    owner.get_by_role("button", name="Cek").click()
    assert "Surat ini asli" in owner.inner_text("main")
    looked_at(owner, "own-notice")
    owner.get_by_role("link", name="Jawab surat ini").click()
    owner.get_by_role("link", name="saya yang mengemudi").click()
    owner.get_by_role("button", name="Kirim jawaban").click()
    assert "pemilik mengemudi" in owner.inner_text("p.state")
    # The ticket is issued at the desk; the owner's page waits for the bank, and shows its word by itself.
    officer.goto(office_file)
    officer.get_by_role("button", name="Terbitkan dan kirim").click()
    assert "Tilang diterbitkan" in officer.inner_text(".state")
    looked_at(officer, "office-file")
    owner.goto(f"{address}/perkara/bayar")
    account = owner.inner_text("#va")
    assert account in officer.inner_text("main")
    assert paid_by_bank(address, account).status_code == 200
    owner.get_by_text("Lunas").wait_for()
    looked_at(owner, "receipt")
    link = owner.get_by_role("link", name="Unduh tanda terima").get_attribute("href")
    assert owner.request.get(address + link).body().startswith(b"%PDF-")
    officer.goto(office_file)
    assert "Titipan denda lunas" in officer.inner_text(".state")
    assert "digest" not in done(etle("audit", "verify", "--data", doors.data))
