"""The owner portal over HTTP: who finds a notice, and what its page shows."""

import logging
import re

import pytest
from itsdangerous.timed import TimestampSigner
from owners import confirm, look_up, look_up_vehicle, owner_opens
from sqlalchemy import event
from sqlalchemy.orm import Session

from ticketing import audit, crypto
from ticketing.models import AuditRow


@pytest.fixture
def reference(server):
    return confirm(server)


def test_an_owner_finds_the_notice_with_its_picture_and_nobodys_name(server, reference):
    answer = owner_opens(server, reference.lower(), "b1234abc")
    assert "Melebihi batas kecepatan" in answer.text and "Rp500.000" in answer.text
    assert "Siti" not in answer.text and "Melati" not in answer.text
    shown = set(re.findall(r'src="(/perkara/bukti/[\w:]+)"', answer.text))
    assert "/perkara/bukti/public_offence" in shown
    for link in shown:
        assert server.client.get(link).status_code in (200, 206)


def test_the_pages_address_gives_no_case_away(server, reference):
    answer = owner_opens(server, reference)
    assert str(answer.url).endswith("/perkara")
    links = re.findall(r'href="(/[^"]*)"', answer.text)
    assert not [link for link in links if reference in link or "B1234" in link or "v-1" in link]


def test_a_wrong_plate_and_no_such_notice_get_the_same_answer(server, reference):
    def told(answer):
        page = re.sub(r'(name="(token|reference|plate)" value=)"[^"]*"', r"\1", answer.text)
        return answer.status_code, page

    wrong = told(look_up(server, reference, "B 9999 ZZ"))
    none = told(look_up(server, "ETLE-00000-00000", "B 1234 ABC"))
    assert wrong == none
    assert wrong[0] == 404


@pytest.fixture
def work(server, monkeypatch):
    """Count what a look-up costs: the statements that the database runs, and what is encrypted and decrypted."""
    done = []

    def listen(_c, _cursor, statement, *_):
        done.append(statement.split("\n")[0].split(" ")[0])

    for name in ("seal", "unseal"):
        real = getattr(crypto, name)
        monkeypatch.setattr(crypto, name, lambda x, real=real, name=name: done.append(name) or real(x))
    engine = server.client.app.state.office.engine
    event.listen(engine, "before_cursor_execute", listen)
    yield done
    event.remove(engine, "before_cursor_execute", listen)


def test_whatever_is_wrong_costs_the_same_work(server, reference, work):
    costs = []
    for typed in ((reference, "B 9999 ZZ"), ("ETLE-00000-00000", "B 1234 ABC"), ("?", "?")):
        work.clear()
        assert look_up(server, *typed).status_code == 404
        costs.append(list(work))
    assert costs[0] == costs[1] == costs[2] and costs[0]


def test_by_vehicle_too_whatever_is_wrong_costs_the_same_work(server, reference, work):
    # What stands in for a record that is not there is sealed once for each key.
    look_up_vehicle(server, "B 9999 ZZ", "1A345", "99B76")
    costs = []
    for typed in (
        ("B 1234 ABC", "XXXXX", "99B76"), ("B 1234 ABC", "1A345", "YYYY"),
        ("B 9999 ZZ", "1A345", "99B76"), ("?", "", ""),
    ):  # fmt: skip
        work.clear()
        assert look_up_vehicle(server, *typed).status_code in (404, 422)
        costs.append(list(work))
    assert costs[0] == costs[1] == costs[2]
    assert costs[0].count("unseal") == 1 and costs[0].count("SELECT") == 2


def test_a_vehicles_numbers_find_its_notices_without_a_reference(server, reference):
    answer = look_up_vehicle(server, "b 1234 abc", "1a345", "99b76")
    assert answer.status_code == 200 and str(answer.url).endswith("/perkara")
    assert reference in answer.text


def test_a_vehicle_without_notices_gets_the_answer_of_a_wrong_one(server):
    right, wrong = (look_up_vehicle(server, "B 1234 ABC", end, "99B76") for end in ("1A345", "00000"))
    assert right.status_code == wrong.status_code == 404
    strip = lambda page: re.sub(r'value="[^"]*"', "", page.text)  # noqa: E731
    assert strip(right) == strip(wrong)


def test_of_several_notices_of_a_vehicle_the_owner_opens_one(server, reference):
    server.sign_in()
    server.decide(2, "plate", text="B 1234 ABC")
    second = confirm(server, 2)
    answer = look_up_vehicle(server, "B1234ABC", "1A345", "99B76")
    assert str(answer.url).endswith("/perkara/pilih") and answer.text.count('name="number"') == 2
    form = {"number": 1, "token": server.token("/perkara/pilih")}
    opened = server.client.post("/perkara/pilih", data=form)
    assert (reference in opened.text) != (second in opened.text)
    assert server.client.post("/perkara/pilih", data=form | {"number": 7}).url.path == "/perkara/pilih"


def test_an_unconfirmed_case_cannot_be_found(server):
    assert look_up(server, "", "B 1234 ABC").status_code in (404, 422)


def test_a_code_is_told_real_without_a_word_of_whom_it_concerns(server, reference):
    for door in ("t", "v"):
        page = server.client.get(f"/{door}/{reference}").text
        assert "Surat ini asli" in page and "Ditlantas Uji" in page and "…BC" in page
        assert not [
            word for word in ("Siti", "Melati", "1234 ABC", "1234ABC", "Honda", "kecepatan") if word in page
        ]
        assert f'value="{reference}"' in page


def test_an_unknown_code_warns_of_false_notices_and_apk_files(server):
    answer = server.client.get("/v/ETLE-11111-22222")
    assert answer.status_code == 404
    assert "Waspada surat palsu" in answer.text and "APK" in answer.text


def test_look_ups_are_limited_per_address(server, reference):
    codes = [look_up(server, "ETLE-00000-00000", f"B {n} X").status_code for n in range(1, 8)]
    assert codes == [404] * 5 + [429] * 2


def test_look_ups_are_limited_per_plate_however_it_is_typed(server, reference):
    def try_from(address, plate):
        with server.from_address(address) as client:
            return look_up(server, "ETLE-00000-00000", plate, client=client).status_code

    plates = ("B 1234 ABC", "b1234abc", "B-1234-ABC", "B.1234.ABC", "B  1234 abc", "B 1234ABC")
    codes = [try_from(f"10.0.0.{n}", plate) for n, plate in enumerate(plates)]
    assert codes == [404] * 5 + [429]


def test_without_a_look_up_nothing_of_a_case_is_shown(server, reference, caplog):
    with caplog.at_level(logging.WARNING, "etle.refused"):
        for path in ("", "/bukti/public_offence", "/keaslian", "/surat/1.pdf", "/tanda-terima.pdf", "/bayar",
                     "/bayar/status", "/kendaraan", "/jawab", "/pilih",
                     "/kunci.pem", "/surat-konfirmasi.pdf"):  # fmt: skip
            assert server.client.get(f"/perkara{path}").status_code == 403, path
    assert len(caplog.records) == 12 and "no session" in caplog.text


def test_a_session_that_was_made_up_is_refused_and_logged(server, reference, caplog):
    owner_opens(server, reference)
    good = server.client.cookies["etle_owner"]
    for bad in (good[:-3] + "abc", "W1sxXSwxLCJsZXR0ZXIiLCIiXQ.x.y", good.split(".")[0]):
        server.client.cookies.clear()
        server.client.cookies.set("etle_owner", bad)
        assert server.client.get("/perkara").status_code == 403
    assert caplog.text.count("made up") == 3


def test_a_session_ends_after_half_an_hour(server, reference, monkeypatch):
    owner_opens(server, reference)
    now = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) + 1790)
    assert server.client.get("/perkara/bayar").status_code == 200
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) + 1810)
    for path in ("/perkara", "/perkara/bukti/public_offence"):
        assert server.client.get(path).status_code == 403


def test_a_session_stolen_to_another_address_is_refused_and_logged(server, reference, caplog):
    owner_opens(server, reference)
    stolen = server.client.cookies["etle_owner"]
    with server.from_address("203.0.113.9") as thief:
        thief.cookies.set("etle_owner", stolen)
        assert thief.get("/perkara").status_code == 403
    assert "another address" in caplog.text
    assert server.client.get("/perkara").status_code == 200


def test_the_sessions_cookie_is_kept_from_scripts_and_other_sites(server, reference):
    form = {"reference": reference, "plate": "B 1234 ABC", "token": server.token("/")}
    cookie = server.client.post("/", data=form, follow_redirects=False).headers["set-cookie"].lower()
    assert "etle_owner=" in cookie and "httponly" in cookie and "samesite=strict" in cookie
    assert "max-age=1800" in cookie


def test_leaving_ends_the_session(server, reference):
    owner_opens(server, reference)
    server.client.post("/keluar", data={"token": server.token("/perkara")})
    assert server.client.get("/perkara").status_code == 403


def test_of_the_evidence_only_what_is_masked_is_given(server, reference, caplog):
    owner_opens(server, reference)
    for role in ("offence", "vehicle", "frame:0", "annotated:0", "clip", "measurement", "..%2f..%2foffice.sqlite3",
                 "public_frame:9", "public_offence%00"):  # fmt: skip
        assert server.client.get(f"/perkara/bukti/{role}").status_code == 404, role
    assert caplog.text.count("not for the owner") >= 8


def test_another_owners_evidence_cannot_be_had_by_guessing_and_each_guess_is_logged(
    server, reference, caplog
):
    server.sign_in()
    server.decide(2, "plate", text="B 1234 ABC")
    confirm(server, 2)
    owner_opens(server, reference)
    store = server.client.app.state.office.store
    mine = store.open(store.get("v-1").file("public_offence").sha256)
    theirs = store.get("v-2").file("public_offence").sha256
    guesses = (
        "/perkara/bukti/v-2", f"/perkara/bukti/{theirs}", "/perkara/bukti/2", "/perkara/2/bukti/public_offence",
        "/perkara/surat/2.pdf", f"/blobs/{theirs[:2]}/{theirs}", f"/static/../blobs/{theirs[:2]}/{theirs}",
        "/perkara/bukti/..%2f..%2fv-2%2fpublic_offence", "/kontak/milik-saya/berkas/0",
    )  # fmt: skip
    for guess in guesses:
        caplog.clear()
        assert server.client.get(guess).status_code in (403, 404), guess
        assert "from testclient" in caplog.text, guess
    for query in ("?case=2", "?case_id=2", "?violation=v-2"):
        assert server.client.get(f"/perkara/bukti/public_offence{query}").content == mine
    form = {"number": 1, "token": server.token("/perkara")}
    assert server.client.post("/perkara/pilih", data=form).url.path == "/perkara/pilih"
    assert "notice of no look-up of theirs: POST /perkara/pilih from testclient" in caplog.text
    assert server.client.get("/perkara/bukti/public_offence", follow_redirects=False).status_code == 303


def test_a_telephone_may_ask_for_a_part_of_the_clip(server, reference):
    owner_opens(server, reference)
    whole = server.client.get("/perkara/bukti/public_offence").content
    part = server.client.get("/perkara/bukti/public_offence", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    end = server.client.get("/perkara/bukti/public_offence", headers={"Range": "bytes=-5"})
    assert end.content == whole[-5:]
    late = server.client.get("/perkara/bukti/public_offence", headers={"Range": f"bytes={len(whole)}-"})
    assert late.status_code == 416


def test_the_signature_is_checked_and_its_keys_fingerprint_shown(server, reference):
    owner_opens(server, reference)
    page = server.client.get("/perkara/keaslian").text
    fingerprint = server.client.app.state.office.store.key.fingerprint
    assert "Bukti utuh" in page and fingerprint in page and "8 dari 8" in page
    assert server.client.get("/perkara/kunci.pem").text.startswith("-----BEGIN PUBLIC KEY")


def test_an_altered_file_of_the_evidence_is_told_to_the_owner(server, reference):
    owner_opens(server, reference)
    evidence = server.client.app.state.office.store.get("v-1")
    blob = server.data / "blobs" / evidence.file("frame:0").sha256[:2] / evidence.file("frame:0").sha256
    blob.write_bytes(blob.read_bytes() + b"x")
    page = server.client.get("/perkara/keaslian").text
    assert "Bukti tidak utuh" in page and "altered" in page and "Bukti utuh" not in page


def test_the_confirmation_letter_is_downloaded_and_on_record(server, reference):
    owner_opens(server, reference)
    letter = server.client.get("/perkara/surat-konfirmasi.pdf")
    assert letter.content.startswith(b"%PDF-")
    assert server.client.get("/perkara/surat/1.pdf").status_code == 404
    with Session(server.engine) as session:
        assert audit.verify(session) == []
        made = session.query(AuditRow).filter_by(what="letter made").all()
        assert [row.who for row in made] == ["owner"]


def test_the_place_is_drawn_without_asking_anybody_else(server, reference):
    page = owner_opens(server, reference).text
    assert "<svg" in page and 'href="geo:-6.20000,106.80000"' in page
    assert not re.findall(r'(?:src|action)="https?:', page)


def test_every_page_forbids_frames_and_foreign_sources(server):
    headers = server.client.get("/").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_the_stnks_status_needs_the_vehicles_numbers(server):
    def asked(chassis, plate="B 1234 ABC"):
        form = {"vehicle_plate": plate, "chassis": chassis, "engine": "99B76", "token": server.token("/stnk")}
        return server.client.post("/stnk", data=form)

    right = asked("1A345")
    assert "31 Januari 2028" in right.text and "Tidak diblokir" in right.text and "Siti" not in right.text
    assert asked("00000").status_code == asked("1A345", "B 9999 ZZ").status_code == 404
