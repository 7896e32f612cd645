"""What an owner answers over HTTP, and the files that come with it."""

import io
from datetime import UTC, datetime

import pytest
from owners import answer, confirm, look_up, look_up_vehicle, owner_opens
from PIL import Image
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from ticketing import answers, audit, clocks, crypto, letters, objection_files, references, states
from ticketing.case_models import ClockRow
from ticketing.models import AuditRow, CaseRow, VehicleRow


@pytest.fixture
def opened(server):
    owner_opens(server, confirm(server))
    return server


def photo(kind="JPEG", size=(640, 480), exif=b"") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (120, 60, 20)).save(out, kind, **({"exif": exif} if exif else {}))
    return out.getvalue()


def pdf(text="Surat tugas", pages=1) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for _ in range(pages):
        canvas.drawString(100, 700, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def state_of(server) -> str:
    with Session(server.engine) as session:
        return session.get(CaseRow, 1).state


def kept(server):
    with Session(server.engine) as session:
        rows = objection_files.files_of(session, 1)
        uploads = server.client.app.state.portal.uploads
        return [(row.file_name, row.media_type, uploads.get(row.sha256)) for row in rows]


@pytest.mark.parametrize(
    ("kind", "fields", "state"),
    [
        ("admit", {"sim_number": "1234"}, states.ADMITTED),
        ("name_driver", {"person_name": "Budi", "person_address": "Jl. Kenanga 2"}, states.DRIVER_NAMED),
        ("sell", {}, states.SOLD),
        ("disown", {}, states.NOT_MINE),
        ("contest", {"text": "Lampu masih hijau"}, states.CONTESTED),
    ],
)
def test_each_answer_moves_the_case_and_is_shown(opened, kind, fields, state):
    page = answer(opened, kind, **fields)
    assert page.status_code == 200 and str(page.url).endswith("/perkara#jawaban")
    assert state_of(opened) == state
    assert "Jawaban Anda" in page.text


@pytest.mark.parametrize("kind", ["sell", "disown"])
def test_who_says_sold_or_not_mine_is_asked_for_no_driver(opened, kind):
    form = opened.client.get(f"/perkara/jawab?jawaban={kind}").text
    assert not [name for name in ("person_name", "person_address", "sim_number") if name in form]
    answer(opened, kind, person_name="Orang Lain", sim_number="999")
    with Session(opened.engine) as session:
        said = answers.read(session, 1, "ani", now=session.get(CaseRow, 1).confirmed_at)[0].said
    assert (said.person_name, said.sim_number) == ("", "")


@pytest.mark.parametrize("kind", ["sell", "disown", "contest"])
def test_an_objection_freezes_the_clock_and_the_page_says_so(opened, kind):
    page = answer(opened, kind, text="begitulah")
    with Session(opened.engine) as session:
        frozen = session.query(ClockRow).filter_by(case_id=1, status=clocks.FROZEN).all()
        assert len(frozen) == 1
    assert "Dibekukan sejak" in page.text and page.text.count("Anda di sini") == 1


def test_five_files_of_every_kind_come_with_an_objection(opened):
    files = [
        ("a.jpg", photo()),
        ("b.png", photo("PNG", size=(320, 200))),
        ("c.webp", photo("WEBP", size=(330, 200))),
        ("d.pdf", pdf()),
        ("e", photo(size=(340, 200))),
    ]
    assert answer(opened, "contest", files, text="lihat berkas").status_code == 200
    found = kept(opened)
    assert [name for name, _, _ in found] == ["a.jpg", "b.jpg", "c.jpg", "d.pdf", "e.jpg"]
    assert {kind for _, kind, _ in found} == {"image/jpeg", "application/pdf"}


def test_the_same_file_twice_is_kept_once(opened):
    assert answer(opened, "contest", [("a.jpg", photo()), ("b.jpg", photo())], text="x").status_code == 200
    assert [name for name, _, _ in kept(opened)] == ["a.jpg"]


def test_a_sixth_file_is_refused_and_nothing_is_lost(opened):
    page = answer(opened, "contest", [("a.jpg", photo())] * 6, text="enam berkas terlalu banyak")
    assert page.status_code == 422 and "enam berkas terlalu banyak" in page.text
    assert state_of(opened) == states.CONFIRMED and kept(opened) == []


def test_files_are_made_anew_and_carry_nothing_along(opened):
    exif = Image.Exif()
    exif[0x010E] = "rumah saya di Jl. Melati"
    tail = b"<script>alert(1)</script>PK\x03\x04"
    answer(opened, "contest", [("x.jpg", photo(exif=exif.tobytes()) + tail)], text="foto")
    data = kept(opened)[0][2]
    assert b"Melati" not in data and b"script" not in data and b"PK\x03\x04" not in data
    assert not Image.open(io.BytesIO(data)).getexif()


def test_of_a_pdf_only_pictures_of_its_pages_go_on(opened):
    answer(opened, "contest", [("surat.pdf", pdf("rahasia di dalam teks", 3))], text="surat")
    pages = PdfReader(io.BytesIO(kept(opened)[0][2])).pages
    assert len(pages) == 3 and "".join(p.extract_text() for p in pages).strip() == ""


def test_what_lies_in_the_store_is_encrypted(opened):
    answer(opened, "contest", [("x.jpg", photo())], text="foto")
    files = [f for f in (opened.data / "uploads").rglob("*") if f.is_file()]
    assert len(files) == 1 and not files[0].read_bytes().startswith(b"\xff\xd8")
    assert files[0].stat().st_mode & 0o077 == 0


NAMES = ["../../../etc/cron.d/x.jpg", "..\\..\\x.jpg", "/etc/passwd", 'a"\r\nSet-Cookie: x.jpg', "\u202egpj.exe",
         "." * 300, "x\x00.jpg"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_files_name_is_never_part_of_a_path_and_one_with_a_path_is_logged(opened, caplog, name):
    before = {p for p in opened.data.parent.rglob("*") if "uploads" not in p.parts}
    answer(opened, "contest", [(name, photo())], text="nama aneh")
    after = {p for p in opened.data.parent.rglob("*") if "uploads" not in p.parts}
    assert {p for p in after - before if "sqlite" not in p.name} == set()
    assert ("path in a file's name set aside" in caplog.text) == ("/" in name or "\\" in name)
    for shown, _, _ in kept(opened):
        assert (
            "/" not in shown
            and "\\" not in shown
            and ".." not in shown
            and shown.isprintable()
            and len(shown) <= 84
        )


def bomb_400_megapixels() -> bytes:
    """A JPEG of some kilobytes whose header claims 20,000 x 20,000 pixels."""
    data = bytearray(photo(size=(64, 64)))
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = (20_000).to_bytes(2, "big") * 2
    return bytes(data)


def png_bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("400mp.jpg", bomb_400_megapixels),
        ("400mp.png", png_bomb),
        ("cut.jpg", lambda: photo()[:300]),
        ("program.jpg", lambda: b"MZ\x90\x00" + bytes(1000)),
        ("app.apk", lambda: b"PK\x03\x04" + bytes(1000)),
        ("page.html", lambda: b"<html><script>alert(1)</script>"),
        ("drawing.svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("empty.jpg", lambda: b""),
        ("broken.pdf", lambda: b"%PDF-1.7\n" + bytes(2000)),
        ("long.pdf", lambda: pdf(pages=13)),
        ("large.jpg", lambda: photo() + bytes(5 * 2**20)),
    ],
)
def test_what_is_hostile_is_refused_and_logged_and_changes_nothing(opened, caplog, name, make):
    page = answer(opened, "contest", [(name, make())], text="tetap tersimpan di isian")
    assert page.status_code == 422 and name.split(".")[0] in page.text
    assert "tetap tersimpan di isian" in page.text
    assert state_of(opened) == states.CONFIRMED and kept(opened) == []
    assert "file refused" in caplog.text


def test_a_body_that_is_too_large_is_refused_before_it_is_read(opened, caplog):
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(2 * 2**30)}
    assert opened.client.post("/perkara/jawab", content=b"--x", headers=headers).status_code == 413
    assert "body too large" in caplog.text


def test_a_body_that_lies_about_its_length_is_cut_off(opened, caplog):
    sent = []

    def endless():
        while len(sent) < 2048:
            sent.append(1)
            yield bytes(2**20)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert opened.client.post("/perkara/jawab", content=endless(), headers=headers).status_code == 413
    plain = {"Content-Type": "application/x-www-form-urlencoded"}
    assert opened.client.post("/", content=iter([bytes(300_000)]), headers=plain).status_code == 413
    assert "body too large" in caplog.text


def test_a_form_of_another_site_changes_nothing_and_is_logged(opened, caplog):
    for path, form in (
        ("/perkara/jawab", {"kind": "admit"}),
        ("/keluar", {}),
        ("/perkara/kendaraan", {"sim_number": "1"}),
    ):
        assert opened.client.post(path, data=form | {"token": "made-up"}).status_code == 403
    assert state_of(opened) == states.CONFIRMED
    assert caplog.text.count("form of no page of this session: POST") == 3


def test_a_driver_without_an_address_is_asked_for_it_and_what_was_typed_stays(opened):
    page = answer(opened, "name_driver", person_name="Budi Santoso", person_address=" ")
    assert page.status_code == 422 and "Budi Santoso" in page.text and state_of(opened) == states.CONFIRMED


def test_what_is_not_open_any_more_is_told(opened):
    answer(opened, "admit")
    assert answer(opened, "name_driver", person_name="Budi", person_address="Jl. 2").status_code == 409
    assert answer(opened, "apa saja").status_code == 422
    assert state_of(opened) == states.ADMITTED


def test_an_answer_and_its_files_are_on_the_trail(opened):
    answer(opened, "contest", [("x.jpg", photo())], text="foto")
    with Session(opened.engine) as session:
        assert audit.verify(session) == []
        assert session.query(AuditRow).filter_by(what="objection file").one().who == "owner"


def test_another_owner_cannot_reach_the_files(server, caplog):
    owner_opens(server, confirm(server))
    answer(server, "contest", [("x.jpg", photo())], text="foto")
    sha256 = objection_files_sha(server)
    for path in (
        f"/perkara/bukti/{sha256}",
        f"/uploads/{sha256[:2]}/{sha256}",
        f"/static/../uploads/{sha256}",
    ):
        assert server.client.get(path).status_code == 404
    assert "evidence that is not for the owner" in caplog.text
    assert caplog.text.count("nothing there (404)") == 2


def test_owner_and_driver_see_their_own_files_and_not_each_others(server):
    owner_opens(server, confirm(server))
    answer(server, "contest", [("punya-pemilik.jpg", photo())], text="bukan saya")
    assert "punya-pemilik.jpg" in server.client.get("/perkara").text
    later = datetime.now(UTC)
    with Session(server.engine) as session, session.begin():
        answers.decide(session, 1, "budi", "refuse", "terlihat jelas", now=later)
        named = answers.Statement("", "Budi", "Jl. Kenanga 2")
        answers.answer(session, 1, "name_driver", named, now=later)
        letters.send_letter(session, 1, "ani", now=later)
        drivers = references.written(session.get(CaseRow, 1).reference)
        record = crypto.unseal(session.get(VehicleRow, "B1234ABC").personal)
    server.client.cookies.clear()
    owner_opens(server, drivers)
    assert "punya-pemilik.jpg" not in server.client.get("/perkara").text
    answer(server, "contest", [("punya-pengemudi.jpg", photo())], text="lampu masih hijau")
    assert "punya-pengemudi.jpg" in server.client.get("/perkara").text
    server.client.cookies.clear()
    look_up_vehicle(server, "B 1234 ABC", record["chassis_number"][-5:], record["engine_number"][-5:])
    page = server.client.get("/perkara")
    assert page.status_code == 200 and "punya-" not in page.text


def objection_files_sha(server) -> str:
    with Session(server.engine) as session:
        return objection_files.files_of(session, 1)[0].sha256


def test_the_owner_cannot_answer_as_the_driver_whom_they_named(server):
    code = confirm(server)
    owner_opens(server, code)
    other_tab = dict(server.client.cookies)
    answer(server, "name_driver", person_name="Budi", person_address="Jl. Kenanga 2")
    with Session(server.engine) as session, session.begin():
        letters.send_letter(session, 1, "ani", now=datetime.now(UTC))
    form = {"kind": "admit", "token": server.token("/"), "sim_number": "1234567890"}
    assert server.client.get("/perkara").status_code == 200
    assert server.client.post("/perkara/jawab", data=form).status_code == 409
    server.client.cookies.clear()
    server.client.cookies.update(other_tab)
    assert server.client.post("/perkara/jawab", data=form).status_code == 404
    assert server.client.get("/perkara/pilih").status_code == 404
    assert server.client.get("/perkara").status_code == 404
    assert look_up(server, code).status_code == 404
    assert state_of(server) == states.LETTER_SENT


def test_the_holder_of_the_stnk_sees_nothing_of_the_drivers_and_answers_nothing(server):
    owner_opens(server, confirm(server))
    answer(server, "name_driver", person_name="Budi", person_address="Jl. Kenanga 2")
    with Session(server.engine) as session, session.begin():
        letters.send_letter(session, 1, "ani", now=datetime.now(UTC))
        record = crypto.unseal(session.get(VehicleRow, "B1234ABC").personal)
        code = references.written(session.get(CaseRow, 1).reference)
    found = look_up_vehicle(server, "B 1234 ABC", record["chassis_number"][-5:], record["engine_number"][-5:])
    assert found.status_code == 200 and code not in found.text
    form = {"kind": "admit", "token": server.token("/"), "sim_number": "1234567890"}
    assert server.client.post("/perkara/jawab", data=form).status_code == 409
    assert state_of(server) == states.LETTER_SENT
    assert server.client.get("/perkara/surat-konfirmasi.pdf").status_code == 403
