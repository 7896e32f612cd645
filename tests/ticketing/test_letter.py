"""The confirmation letter, read back from its PDF."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
import zxingcpp
from domain import ANSWER, FINE_287, PAY, SPEEDING, H
from PIL import Image
from pypdf import PdfReader

from ticketing import audit, desk
from ticketing.errors import GateError, IllegalMoveError, NotFoundError, PictureError
from ticketing.letter import letter_for, letter_pdf
from ticketing.models import AuditRow, VehicleRow
from ticketing.types import OwnerView, Vehicle
from ticketing.wording import day_words, rupiah, time_words

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
PORTAL = "https://etle.example.id"
VIEW = OwnerView(
    case_id=7, reference="ETLE-BD7BR-RZFSD", rule="speeding", title_id="Melebihi batas kecepatan",
    title_en="Speeding", article=SPEEDING, fine_rupiah=FINE_287,
    occurred_at=datetime(2026, 8, 18, 3, 0, 5, tzinfo=UTC), timezone="Asia/Jakarta", street="Jl. Sudirman",
    camera_name="Simpang Karet", office="Ditlantas Polda Metro Jaya", plate="B 1234 ABC",
    vehicle=Vehicle("Honda", "Beat", "hitam"), speed_kmh=83.2, speed_uncertainty_kmh=2.1, speed_limit_kmh=60.0,
    state="confirmed", state_id="", state_en="", confirmed_at=datetime(2026, 8, 20, 3, 0, tzinfo=UTC),
    answer_by=H + ANSWER, pay_by=H + PAY, violation_id="5b2c3f4e",
    evidence_manifest_sha256="ab" * 32,
)  # fmt: skip
OWNER = ("Siti Lestari", "Jl. Melati 1, Jakarta")


def jpeg(size=(1280, 720), colour=(60, 90, 120), form="JPEG", mode="RGB", **options):
    out = BytesIO()
    Image.new("RGB", size, colour).convert(mode).save(out, form, **options)
    return out.getvalue()


def words(pdf):
    """Read the letter, which has to be one page of A4."""
    pages = PdfReader(BytesIO(pdf)).pages
    assert len(pages) == 1
    assert [round(float(x)) for x in pages[0].mediabox] == [0, 0, 595, 842]
    return " ".join(pages[0].extract_text().split())


def squares(pdf):
    """Draw the black rectangles of the page, of which the QR code is made, four pixels to a point."""
    page = PdfReader(BytesIO(pdf)).pages[0]
    drawn = Image.new("L", (595 * 4, 842 * 4), 255)

    def see(operator, operands, matrix, _text_matrix):
        if operator == b"re":
            x, y, width, height = (float(value) for value in operands)
            left, bottom = x * matrix[0] + matrix[4], y * matrix[3] + matrix[5]
            box = (left * 4, (842 - bottom - height) * 4, (left + width) * 4, (842 - bottom) * 4)
            drawn.paste(0, tuple(round(value) for value in box))

    page.extract_text(visitor_operand_before=see)
    return drawn


def test_the_letter_says_what_an_owner_must_know_in_both_languages():
    text = words(letter_pdf(VIEW, *OWNER, [jpeg()] * 4, PORTAL))
    for said in (
        "Siti Lestari", "Jl. Melati 1, Jakarta", "ETLE-BD7BR-RZFSD", "B 1234 ABC", "Honda Beat, hitam",
        "Melebihi batas kecepatan", "Speeding", SPEEDING, "Rp500.000",
        "Selasa, 18 Agustus 2026, pukul 10.00.05 WIB", "Tuesday, 18 August 2026, 10:00:05 WIB", "Jl. Sudirman",
        "Simpang Karet", "83.2 ± 2.1 km/jam, batas 60 km/jam", "Ditlantas Polda Metro Jaya",
        "bukan surat tilang", "it is not a ticket", "Mohon dijawab paling lambat Rabu, 26 Agustus 2026",
        "Please answer by Wednesday, 26 August 2026", "Kamis, 20 Agustus 2026", "berkas APK", "APK files",
        "bukan kendaraan saya", "Gambar / Picture 4", PORTAL, "5b2c3f4e", "ab" * 32,
    ):  # fmt: skip
        assert said in text, said
    assert "pay by" not in text


def test_the_code_leads_to_the_page_of_the_reference():
    found = zxingcpp.read_barcodes(squares(letter_pdf(VIEW, *OWNER, [jpeg()], PORTAL + "/")))
    assert [code.text for code in found] == ["https://etle.example.id/t/ETLE-BD7BR-RZFSD"]


def test_the_speed_stands_only_in_the_letter_of_a_speeding():
    assert "Kecepatan" not in words(letter_pdf(replace(VIEW, rule="red_light"), *OWNER, [], PORTAL))
    assert "Kecepatan" not in words(letter_pdf(replace(VIEW, speed_kmh=None), *OWNER, [], PORTAL))


@pytest.mark.parametrize("pictures", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("longer", [1, 4])
def test_names_and_addresses_of_any_length_fit_one_page_whole(pictures, longer):
    name = "Raden Ajeng Siti Kusumawardhani <binti> Haji Abdurrahman & Rekan " * longer + "ujung"
    address = "Perumahan Bumi Serpong Damai Blok XZ-99 Nomor 1234 RT 001/RW 002 " * longer * 2 + "akhir"
    view = replace(VIEW, vehicle=Vehicle("Mitsubishi " * 8, "Colt Diesel FE 74 HD " * 8, "kuning"))
    pdf = letter_pdf(
        view, name, address, [jpeg((600, 900), (60 * k, 90, 120)) for k in range(pictures)], PORTAL
    )
    text = words(pdf)
    for said in ("<binti> Haji Abdurrahman & Rekan", "ujung", "akhir", "Mohon dijawab", "berkas APK"):
        assert said in text
    assert len(PdfReader(BytesIO(pdf)).pages[0].images) == pictures
    assert zxingcpp.read_barcodes(squares(pdf))[0].text.endswith("/t/ETLE-BD7BR-RZFSD")


def test_one_word_without_end_and_letters_beyond_latin_1_break_nothing():
    assert "Đặng Łukasz" in words(letter_pdf(VIEW, "Đặng Łukasz", "x" * 3000, [], PORTAL))


def test_without_pictures_the_letter_says_where_they_are():
    assert f"Gambar bukti dapat dilihat di laman resmi {PORTAL}" in words(
        letter_pdf(VIEW, *OWNER, [], PORTAL)
    )


@pytest.mark.parametrize(
    "options", [{"mode": "L"}, {"mode": "CMYK"}, {"size": (1, 1)}, {"size": (9000, 40)}, {"size": (40, 9000)}]
)
def test_pictures_of_any_kind_and_shape_fit(options):
    words(letter_pdf(VIEW, *OWNER, [jpeg(**options)] * 4, PORTAL))


def test_pictures_are_made_small_enough_to_be_sent():
    rough = Image.effect_noise((3840, 2160), 60).convert("RGB")
    out = BytesIO()
    rough.save(out, "JPEG", quality=95)
    assert len(out.getvalue()) > 2_000_000
    assert len(letter_pdf(VIEW, *OWNER, [out.getvalue()] * 4, PORTAL)) < 600_000


def test_what_a_picture_says_of_its_maker_is_not_passed_on():
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    assert b"secret description" not in letter_pdf(VIEW, *OWNER, [jpeg(exif=exif)], PORTAL)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"", "picture 2 is not a JPEG"),
        (b"hello", "picture 2 is not a JPEG"),
        (jpeg(form="PNG"), "picture 2 is not a JPEG"),
        (jpeg()[:2000], "picture 2 is a broken JPEG"),
    ],
)
def test_a_broken_picture_is_named_and_no_letter_goes_without_it(bad, why):
    with pytest.raises(PictureError, match=why):
        letter_pdf(VIEW, *OWNER, [jpeg(), bad], PORTAL)


def test_a_fifth_picture_is_refused():
    with pytest.raises(PictureError, match="room for 4"):
        letter_pdf(VIEW, *OWNER, [jpeg()] * 5, PORTAL)


def test_a_confirmed_case_gets_its_letter_and_making_it_is_on_record(session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    reference = desk.confirm(session, case, "ani", sure, now=NOON)
    text = words(letter_for(session, case, [jpeg()], PORTAL, now=NOON, who="ani"))
    assert "Siti Lestari" in text
    assert reference in text
    made = session.query(AuditRow).filter_by(what="letter made").one()
    assert (made.who, made.subject) == ("ani", f"case {case}")
    assert audit.verify(session) == []


def test_no_letter_without_an_officers_confirmation(session, flag, register):
    register()
    case = flag()
    with pytest.raises(IllegalMoveError):
        letter_for(session, case, [], PORTAL, now=NOON)
    desk.open_case(session, case, "ani", now=NOON)
    desk.reject(session, case, "ani", "exempt", "", now=NOON)
    with pytest.raises(IllegalMoveError):
        letter_for(session, case, [], PORTAL, now=NOON)
    with pytest.raises(NotFoundError):
        letter_for(session, 99, [], PORTAL, now=NOON)
    assert session.query(AuditRow).filter_by(what="letter made").count() == 0


def test_no_letter_where_the_register_has_changed_since(session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    desk.confirm(session, case, "ani", sure, now=NOON)
    session.get(VehicleRow, "B1234ABC").vehicle_class = "mobil penumpang"
    session.flush()
    with pytest.raises(GateError):
        letter_for(session, case, [], PORTAL, now=NOON)


def test_days_times_and_amounts_are_written_the_way_people_read_them():
    assert day_words(date(2026, 5, 3)) == ("Minggu, 3 Mei 2026", "Sunday, 3 May 2026")
    late = datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC)
    assert time_words(late, "Asia/Jakarta")[0] == "Kamis, 31 Desember 2026, pukul 23.00.00 WIB"
    assert time_words(late, "Asia/Jayapura")[1] == "Friday, 1 January 2027, 01:00:00 WIT"
    assert time_words(late, "Asia/Makassar")[1].endswith("00:00:00 WITA")
    assert [rupiah(n) for n in (0, 999, 1000, 24_000_000)] == ["Rp0", "Rp999", "Rp1.000", "Rp24.000.000"]


def test_what_the_register_or_the_camera_does_not_say_is_a_dash_and_no_stray_comma():
    bare = replace(VIEW, vehicle=Vehicle("", " ", ""), street="", camera_name="", speed_kmh=None)
    text = words(letter_pdf(bare, *OWNER, [], PORTAL))
    assert "Kendaraan / Vehicle –" in text
    assert "Tempat / Place –" in text
    assert "Kamera / Camera –" in text
    assert [str(Vehicle("Honda", "", "hitam")), str(Vehicle("Honda", "Beat", ""))] == [
        "Honda, hitam",
        "Honda Beat",
    ]
