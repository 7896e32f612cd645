"""Rules over records and several cameras: false and cloned plates, expiry, average speed, odd-even exemptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from domain import LAW_TABLE
from hypothesis import given
from hypothesis import strategies as st

from ticketing.law import law_row
from ticketing.record_rules import average_speed, expired_plate, false_plate, odd_even
from ticketing.record_rules.base import (
    Known,
    LookUp,
    RecordFinding,
    Register,
    Sighting,
    distance_km,
)
from ticketing.record_rules.settings import (
    TABLE,
    AverageSpeedSettings,
    RoadSection,
    SettingsError,
    load_settings,
)
from ticketing.types import VehicleRecord

AT = datetime(2026, 8, 18, 3, 0, tzinfo=UTC)
SETTINGS = load_settings()
RECORD = VehicleRecord(
    nrkb="B1234ABC", owner_name="Siti Lestari", owner_address="Jl. Melati 1", phone="", email="",
    chassis_number="MHX", engine_number="E1", bpkb_number="N1", make="Toyota", type="Avanza 1.3 G",
    vehicle_class="mobil penumpang", model_class="minibus", colour="Hitam Metalik", plate_colour="white",
    fuel="Bensin", location_code="09", year=2020, cylinder_cc=1300, registration_year=2020,
    valid_until=date(2028, 1, 31),
)  # fmt: skip


def seen(at: datetime = AT, **changes: Any) -> Sighting:
    sighting = Sighting(
        "v1", "cam-b", -6.2088, 106.8456, "Asia/Jakarta", at, "B1234ABC", True, "car", plate_colour="white"
    )
    return replace(sighting, **changes)


def found(record: VehicleRecord | None = RECORD, **changes: Any) -> LookUp:
    if record is None:
        return LookUp(Register.NOT_REGISTERED)
    return LookUp(Register.FOUND, replace(record, **changes))


def false(sighting: Sighting, look_up: LookUp, *earlier: Sighting) -> tuple[RecordFinding, ...]:
    return false_plate.judge(Known(sighting, look_up, earlier), SETTINGS.false_plate)


NOWHERE, SILENT = found(None), LookUp(Register.NOT_REACHABLE)


def test_a_plate_that_is_not_registered_is_found_and_said_in_both_languages() -> None:
    (finding,) = false(seen(), NOWHERE)
    assert finding.rule == "false_plate" and not finding.advisory
    assert "tidak terdaftar" in finding.text_id and "not in the STNK register" in finding.text_en


def test_an_unreachable_register_speaks_against_nobody() -> None:
    assert not false(seen(plate="B1234RFS", vehicle_class="motorcycle"), SILENT)


@pytest.mark.parametrize("plate", ["RI1", "CD1234", "B1234ZZP", None])
def test_plates_that_stnk_never_holds_and_unread_ones_are_not_false(plate: str | None) -> None:
    assert not false(seen(plate=plate), NOWHERE)


def test_a_plate_in_doubt_is_never_judged() -> None:
    doubt = seen(plate_certain=False, vehicle_class="motorcycle", plate_colour="yellow")
    assert not false(doubt, found(), doubt)
    assert not false(doubt, NOWHERE)


@pytest.mark.parametrize("plate", ["B1234RFS", "B12QH", "B1IR"])
def test_a_series_that_ended_is_presumed_false_from_its_day_on(plate: str) -> None:
    (finding,) = false(seen(plate=plate), NOWHERE)
    assert "ended" in finding.text_en
    assert not false(seen(datetime(2023, 10, 20, tzinfo=UTC), plate=plate), NOWHERE)
    assert not false(seen(plate=plate), found(nrkb=plate))


def test_what_agrees_with_its_record_is_not_found() -> None:
    assert not false(seen(vehicle_colour="hitam", make="Toyota"), found())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vehicle_class": "motorcycle"}, "Seen: motorcycle; in the STNK record: passenger car"),
        ({"plate_colour": "yellow"}, "Plate seen: yellow; in the STNK record: white"),
        ({"plate_colour": "red"}, "Plate seen: red"),
        ({"vehicle_colour": "merah", "make": "Suzuki"}, "Colour seen: merah"),
    ],
)
def test_what_disagrees_with_its_record_is_found_by_name(changes: dict[str, Any], words: str) -> None:
    (finding,) = false(seen(**changes), found())
    assert words in finding.text_en


@pytest.mark.parametrize(
    "changes",
    [
        {"plate_colour": "black"},
        {"plate_colour": None},
        {"vehicle_class": "truck"},
        {"vehicle_class": "bus"},
        {"vehicle_class": "bicycle"},
        {"vehicle_colour": "merah"},
        {"make": "Suzuki"},
        {"vehicle_colour": "abu-abu tua", "make": "Toyota"},
    ],
)
def test_what_a_camera_may_get_wrong_is_doubt(changes: dict[str, Any]) -> None:
    assert not false(seen(**changes), found())


SURABAYA = seen(AT - timedelta(hours=1), id="v0", camera_id="cam-s", latitude=-7.2575, longitude=112.7521)


def test_the_same_plate_too_far_away_for_the_time_is_a_clone() -> None:
    (finding,) = false(seen(), found(), SURABAYA)
    assert finding.sightings == ("v0", "v1")
    assert float(finding.measured["km_apart_at_least"]) == pytest.approx(663, abs=5)


def test_far_away_but_with_time_to_drive_or_with_doubt_is_no_clone() -> None:
    assert not false(seen(), found(), replace(SURABAYA, seen_at=AT - timedelta(hours=12)))
    assert not false(seen(), found(), replace(SURABAYA, plate_certain=False))
    assert not false(seen(), found(), replace(SURABAYA, plate="B1234ABD"))
    assert not false(seen(), found(), replace(SURABAYA, latitude=-6.2, longitude=106.85))


@given(
    km=st.floats(0.1, 900),
    kmh=st.floats(5, 200),
    bearing=st.sampled_from([(1, 0), (0, 1), (-1, 0), (0, -1)]),
    clock_s=st.floats(-4, 4),
)
def test_whoever_drives_from_one_camera_to_another_is_never_a_clone(km, kmh, bearing, clock_s) -> None:
    """However near the cameras stand, and with clocks that differ by what the settings allow."""
    there = AT - timedelta(seconds=km / kmh * 3600 + clock_s)
    degrees = km / 111.3
    first = seen(
        there, id="v0", camera_id="cam-x", latitude=-6.2088 + bearing[0] * degrees, longitude=106.8456
    )
    first = replace(first, longitude=106.8456 + bearing[1] * degrees)
    assert distance_km(first, seen()) <= 1.01 * km
    assert not false(seen(), found(), first)


def expired(lines: tuple[str, ...], look_up: LookUp, **changes: Any) -> tuple[RecordFinding, ...]:
    return expired_plate.judge(Known(seen(expiry_lines=lines, **changes), look_up), SETTINGS.expired_plate)


OVER = found(valid_until=date(2025, 3, 14))


def test_an_expired_plate_is_an_advisory_and_no_ticket() -> None:
    (finding,) = expired(("03.25",) * 3, OVER)
    assert finding.advisory
    assert finding.measured["line"] == "03.25"
    assert finding.measured["days_expired"] == (date(2026, 8, 18) - date(2025, 3, 31)).days


@pytest.mark.parametrize(
    "lines", [(), ("", "", ""), ("03.25",) * 2, ("03.25", "03.25", "03.26"), ("13.25",) * 3]
)
def test_a_line_that_is_unreadable_or_differs_between_frames_says_nothing(lines: tuple[str, ...]) -> None:
    assert not expired(lines, OVER)


def test_a_renewed_record_an_unknown_plate_and_the_last_day_itself_say_nothing() -> None:
    assert not expired(("03.25",) * 3, found())
    assert not expired(("03.25",) * 3, NOWHERE)
    assert not expired(("03.25",) * 3, OVER, plate_certain=False)
    assert not expired(("08.26",) * 3, found(valid_until=date(2026, 8, 1)))
    assert expired_plate.line_ends(("12.26",) * 3, 3) == date(2026, 12, 31)


SECTION = RoadSection.model_validate(
    {"from": "cam-a", "to": "cam-b", "road_m": 5000, "road_sigma_m": 5, "clock_sigma_s": 0.1, "limit_kmh": 100,
     "tolerance_kmh": 10, "certificate": "C-1", "certificate_valid_until": "2027-01-01"}
)  # fmt: skip


def averaged(kmh: float, section: RoadSection = SECTION, **changes: Any) -> tuple[RecordFinding, ...]:
    first = seen(AT - timedelta(seconds=5000 / kmh * 3.6), id="v0", camera_id="cam-a")
    known = Known(seen(**changes), found(), (first,))
    return average_speed.judge(known, AverageSpeedSettings(sections=(section,)))


def test_too_fast_between_two_cameras_is_found_with_its_interval() -> None:
    (finding,) = averaged(125)
    assert finding.speed_kmh == pytest.approx(125, abs=0.01)
    assert finding.speed_uncertainty_kmh == pytest.approx(
        1.96 * 125 * ((5 / 5000) ** 2 + (0.1 / 144) ** 2) ** 0.5
    )
    assert finding.sightings == ("v0", "v1")


def test_within_tolerance_by_the_lower_bound_is_not_found() -> None:
    assert not averaged(110.2)
    assert not averaged(80)


@pytest.mark.parametrize(
    "changes", [{"plate_certain": False}, {"plate": "B1234ABD"}, {"vehicle_class": "truck"}]
)
def test_another_or_a_doubtful_plate_or_another_class_is_never_measured(changes: dict[str, Any]) -> None:
    assert not averaged(150, **changes)


def test_without_a_certificate_in_force_or_faster_than_anything_drives_nothing_is_measured() -> None:
    expired_certificate = SECTION.model_copy(update={"certificate_valid_until": date(2026, 8, 17)})
    assert not averaged(150, expired_certificate)
    assert not averaged(400)


def test_the_doubt_of_both_moments_widens_the_interval() -> None:
    """111 ± 0.3 km/h is over 110; with a second of doubt at either end it may have been less."""
    assert averaged(111)
    first = seen(AT - timedelta(seconds=5000 / 111 * 3.6), id="v0", camera_id="cam-a", seen_at_sigma_s=1.0)
    known = Known(seen(seen_at_sigma_s=1.0), found(), (first,))
    assert not average_speed.judge(known, AverageSpeedSettings(sections=(SECTION,)))


def test_who_is_told_twice_at_the_second_camera_is_measured_once_to_the_first_of_them() -> None:
    first = seen(AT - timedelta(seconds=120), id="v0", camera_id="cam-a")
    again = seen(AT + timedelta(seconds=2), id="v2")
    only = AverageSpeedSettings(sections=(SECTION,))
    assert average_speed.judge(Known(seen(), found(), (first,)), only)
    assert not average_speed.judge(Known(again, found(), (first, seen())), only)


def test_passages_are_to_be_kept_for_as_long_as_the_limit_lets_a_section_take() -> None:
    with pytest.raises(ValueError, match=r"keep_minutes: 2 is shorter than the 3\.0 minutes"):
        AverageSpeedSettings(keep_minutes=2, sections=(SECTION,))


def test_an_office_names_its_own_settings(tmp_path, monkeypatch) -> None:
    own = tmp_path / "rules.yaml"
    own.write_text(TABLE.read_text(encoding="utf-8").replace("keep_minutes: 60", "keep_minutes: 30"))
    monkeypatch.setenv("ETLE_RECORD_RULES", str(own))
    assert load_settings().average_speed.keep_minutes == 30


def test_the_wrong_way_through_a_section_is_not_measured() -> None:
    first = seen(AT - timedelta(seconds=100), id="v0", camera_id="cam-b")
    known = Known(seen(camera_id="cam-a"), found(), (first,))
    assert not average_speed.judge(known, AverageSpeedSettings(sections=(SECTION,)))


@given(kmh=st.floats(10, 110), detour=st.floats(1.0, 3.0))
def test_whoever_keeps_the_limit_over_the_section_is_never_found(kmh: float, detour: float) -> None:
    assert not averaged(kmh / detour)


@pytest.mark.parametrize(
    "look_up",
    [
        NOWHERE,
        SILENT,
        found(fuel="LISTRIK"),
        found(plate_colour="yellow"),
        found(vehicle_class="kendaraan khusus"),
        found(model_class="Mobil Ambulans"),
        found(model_class="Mobil tangki/BBM"),
        found(owner_name="Dinas Pemadam Kebakaran"),
    ],
)
def test_whom_the_record_exempts_from_odd_even_is_let_pass(look_up: LookUp) -> None:
    assert odd_even.lets_pass(look_up, SETTINGS.odd_even)


def test_an_ordinary_car_is_not_exempt_from_odd_even() -> None:
    assert odd_even.lets_pass(found(), SETTINGS.odd_even) is None


def test_every_record_rule_has_its_row_in_the_law_table() -> None:
    for rule in (false_plate.RULE, expired_plate.RULE, average_speed.RULE):
        assert law_row(rule, date(2026, 8, 18)).fine_rupiah == LAW_TABLE[rule][2]


def test_settings_with_faults_are_refused_by_place(tmp_path) -> None:
    broken = tmp_path / "settings.yaml"
    broken.write_text("false_plate: {clone_kmh: 20}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"false_plate\.clone_kmh.*|odd_even: Field required"):
        load_settings(broken)
    with pytest.raises(SettingsError, match="cannot read"):
        load_settings(tmp_path / "none.yaml")


def test_a_look_up_has_a_record_exactly_where_one_was_found() -> None:
    with pytest.raises(ValueError, match="exactly where one was found"):
        LookUp(Register.FOUND)
