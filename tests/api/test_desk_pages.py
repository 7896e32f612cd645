"""The officer desk over HTTP."""

from io import BytesIO

from pypdf import PdfReader
from sqlalchemy.orm import Session

from api.desk import CHECK_WORDS
from ticketing import audit

ALL = list(CHECK_WORDS)


def test_nobody_sees_a_case_or_its_evidence_without_signing_in(server):
    for path in ("/desk", "/desk/cases/1", "/desk/cases/1/evidence/offence", "/desk/cases/1/letter.pdf"):
        answer = server.client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/login")


def test_a_wrong_password_is_refused_and_after_five_the_right_one_too(server):
    form = {"login": "petugas", "password": "salah-sekali", "token": server.token("/desk/login")}
    for _ in range(5):
        assert server.client.post("/desk/login", data=form).status_code == 401
    form["password"] = "kata-sandi-uji"
    assert server.client.post("/desk/login", data=form).status_code == 401


def test_a_form_that_our_pages_did_not_hand_out_changes_nothing(server):
    server.sign_in()
    server.client.get("/desk/cases/1")
    answer = server.client.post("/desk/cases/1/confirm", data={"checked": ALL, "token": "made-up"})
    assert answer.status_code == 403
    assert "/desk/cases/1" in server.client.get("/desk").text


def test_an_officer_confirms_with_the_whole_checklist_and_prints_the_letter(server):
    server.sign_in()
    short = server.decide(1, "confirm", checked=ALL[:3])
    assert short.status_code == 409
    assert server.decide(1, "confirm", checked=ALL).status_code == 303
    page = server.client.get("/desk/cases/1").text
    assert "ETLE-" in page and "Konfirmasi pelanggaran" not in page
    letter = server.client.get("/desk/cases/1/letter.pdf")
    pages = PdfReader(BytesIO(letter.content)).pages
    assert len(pages) == 1 and "Siti Lestari" in pages[0].extract_text()
    with Session(server.engine) as session:
        assert audit.verify(session) == []


def test_there_is_no_letter_before_an_officer_has_confirmed(server):
    server.sign_in()
    assert server.client.get("/desk/cases/1/letter.pdf").status_code == 409


def test_a_plate_in_doubt_needs_the_officers_own_reading(server):
    server.sign_in()
    assert server.decide(2, "confirm", checked=ALL).status_code == 409
    assert server.decide(2, "plate", text="'; DROP TABLE cases; --").status_code == 409
    assert server.decide(2, "plate", text="b 1234 abc").status_code == 303
    assert server.decide(2, "confirm", checked=ALL).status_code == 303


def test_a_rejected_case_leaves_the_queue(server):
    server.sign_in()
    assert server.decide(1, "reject", reason="made up").status_code == 409
    assert server.decide(1, "reject", reason="no_violation", note="ikut arahan").status_code == 303
    assert 'href="/desk/cases/1"' not in server.client.get("/desk").text


def test_only_what_the_manifest_lists_is_served(server):
    server.sign_in()
    server.client.get("/desk/cases/1")
    assert server.client.get("/desk/cases/1/evidence/plate").headers["content-type"] == "image/png"
    for role in ("..%2f..%2foffice.sqlite3", "session.key", "%2e%2e", "clip"):
        assert server.client.get(f"/desk/cases/1/evidence/{role}").status_code == 404
    assert server.client.get("/desk/cases/99/evidence/plate").status_code == 404


def test_altered_evidence_is_told_on_the_review_page(server):
    server.sign_in()
    manifest = server.data / "evidence" / "manifests" / "v-1.json"
    manifest.write_text(manifest.read_text().replace("offence", "0ffence", 1))
    assert "jangan konfirmasi" in server.client.get("/desk/cases/1").text


def test_another_colour_than_the_records_shuts_the_gate_until_it_is_put_right(server):
    server.sign_in()
    seen = {"vehicle_class": "sepeda motor", "plate_colour": "white"}
    assert server.decide(1, "vehicle", **seen, body_colour="merah").status_code == 303
    page = server.client.get("/desk/cases/1").text
    assert "terlihat" in page and "merah ✗" in page
    assert server.decide(1, "confirm", checked=ALL).status_code == 409
    server.decide(1, "vehicle", **seen, body_colour="hitam")
    assert server.decide(1, "confirm", checked=ALL).status_code == 303


def test_what_the_rules_over_records_say_is_advice_beside_the_case(server):
    server.flag("v-9", plate_text="B9999XYZ")
    server.sign_in()
    page = server.client.get("/desk/cases/3").text
    assert "Petunjuk, bukan tilang" in page
    assert "Pelat tidak terdaftar pada data STNK" in page
    assert "Petunjuk, bukan tilang" not in server.client.get("/desk/cases/1").text
