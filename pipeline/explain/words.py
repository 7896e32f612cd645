"""What an evidence sheet says, in Bahasa Indonesia with English beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ticketing.wording import plain_number

Pair = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """One line of the table of what was measured: its name, its value, and what makes it certain."""

    name: Pair
    value: str
    certain: Pair


VEHICLES: dict[str, Pair] = {
    "car": ("mobil", "car"),
    "motorcycle": ("sepeda motor", "motorcycle"),
    "bus": ("bus", "bus"),
    "truck": ("truk", "lorry"),
    "bicycle": ("sepeda", "bicycle"),
}
_ZONE = (
    "Kendaraan melaju menyusuri {zone} sejauh sekurang-kurangnya {metres_along_at_least} m dalam {duration_s} detik, "
    "mulai pukul {clock}. ",
    "From {clock} the vehicle drove along {zone} for at least {metres_along_at_least} m in {duration_s} seconds. ",
)
STATEMENTS: dict[str, Pair] = {
    "red_light": (
        "Lampu sudah merah selama {seconds_into_red_at_least} detik ketika seluruh kendaraan masih di belakang garis "
        "henti. Bagian depannya melewati garis sekitar {seconds_into_red} detik setelah lampu merah, lalu kendaraan "
        "terus masuk ke simpang sementara lampu tetap merah.",
        "The signal had been red for {seconds_into_red_at_least} seconds while the whole vehicle was still before the "
        "stop line. Its front crossed the line about {seconds_into_red} seconds into red, and it drove on into the "
        "junction while the signal stayed red.",
    ),
    "stop_line": (
        "Saat lampu merah, kendaraan yang semula di belakang garis henti berhenti dengan bagian depan sekurang-"
        "kurangnya {metres_past_line_at_least} m melewati garis, selama {standing_s} detik atau lebih.",
        "On red, the vehicle, first seen before the stop line, stood with its front at least "
        "{metres_past_line_at_least} m past the line for {standing_s} seconds or more.",
    ),
    "wrong_way": (
        "Kendaraan melaju melawan arah lajur {lane} sejauh sekurang-kurangnya {metres_against_at_least} m dalam "
        "{duration_s} detik.",
        "The vehicle drove against the direction of lane {lane} for at least {metres_against_at_least} m in "
        "{duration_s} seconds.",
    ),
    "speeding": (
        "Pada {track_m} m zona ukur kecepatan kendaraan {speed_kmh} ± {half_width} km/jam (95%). Batas di sini "
        "{limit_kmh} km/jam, toleransi {tolerance_kmh}. Yang dihitung adalah batas bawah, {lower_bound_kmh} km/jam, "
        "demi keuntungan pengemudi. Perkiraan kedua yang berdiri sendiri, {second_estimate_kmh} km/jam, sejalan.",
        "Over {track_m} m of the measuring zone the vehicle's speed was {speed_kmh} ± {half_width} km/h (95%). The "
        "limit here is {limit_kmh} km/h, with a tolerance of {tolerance_kmh}. What counts is the lower bound, "
        "{lower_bound_kmh} km/h, in the driver's favour. A second, independent estimate, {second_estimate_kmh} km/h, "
        "agrees.",
    ),
    "average_speed": (
        "Kendaraan melewati garis ukur kamera {from_camera} pada {passed_from_at} dan garis ukur kamera {to_camera} "
        "pada {passed_to_at}. Jalan terpendek di antaranya {road_m} m, ditempuh dalam {seconds} detik: rata-rata "
        "{speed_kmh} ± {half_width} km/jam (95%). Batas di ruas ini {limit_kmh} km/jam, toleransi {tolerance_kmh}. "
        "Yang dihitung adalah batas bawah, {lower_bound_kmh} km/jam, demi keuntungan pengemudi.",
        "The vehicle passed the line of camera {from_camera} at {passed_from_at} and that of camera {to_camera} at "
        "{passed_to_at}. The shortest road between them is {road_m} m, driven in {seconds} seconds: {speed_kmh} ± "
        "{half_width} km/h on average (95%). The limit here is {limit_kmh} km/h, with a tolerance of {tolerance_kmh}. "
        "What counts is the lower bound, {lower_bound_kmh} km/h, in the driver's favour.",
    ),
    "no_helmet": (
        "Pada {bare_votes} dari {votes} gambar, kepala yang sama di atas sepeda motor ini terlihat tanpa helm.",
        "In {bare_votes} of {votes} pictures the same head on this motorcycle was seen without a helmet.",
    ),
    "no_day_lamp": (
        "Sepeda motor ini datang ke arah kamera pada siang hari. Pada semua {clear_looks} gambar yang jelas lampu "
        "utamanya mati.",
        "This motorcycle came towards the camera by day. In all {clear_looks} clear pictures its head lamp was off.",
    ),
    "overcrowded_motorcycle": (
        "Pada {sightings_with_three_or_more} gambar, sepanjang {metres} m, {persons} orang terlihat bersama di atas "
        "sepeda motor ini. Penumpang paling banyak satu orang.",
        "In {sightings_with_three_or_more} pictures, over {metres} m, {persons} persons were seen together on this "
        "motorcycle. One passenger is allowed.",
    ),
    "lane_marking:marking": (
        "Kendaraan seluruhnya berada di satu sisi garis utuh {marking}, terlihat di atasnya selama "
        "{seconds_on_the_line} detik, lalu seluruhnya berada di sisi lain.",
        "The whole vehicle was on one side of the solid line {marking}, was seen on it for {seconds_on_the_line} "
        "seconds, and was then wholly on the other side.",
    ),
    "lane_marking:lane": (
        "Kendaraan berada di lajur {lane} sebelum garis henti; panah lajur itu: {allowed_id}. Kendaraan menuju "
        "{went_id}.",
        "The vehicle was in lane {lane} before the stop line; that lane's arrows: {allowed}. It went {went}.",
    ),
    "bus_lane": (
        _ZONE[0] + "Jalur itu hanya untuk bus.",
        _ZONE[1] + "That lane is for buses only.",
    ),
    "shoulder_use": (
        _ZONE[0] + "Bahu jalan hanya untuk keadaan darurat; kendaraan tidak melambat untuk berhenti.",
        _ZONE[1] + "The shoulder is for emergencies only; the vehicle was not slowing to stop.",
    ),
    "motorcycle_ban": (
        _ZONE[0] + "Sepeda motor dilarang di sana pada jam itu.",
        _ZONE[1] + "Motorcycles are banned there at that hour.",
    ),
    "odd_even": (
        _ZONE[0] + "Pada tanggal itu pelat {forbidden_id} dilarang; pelat yang terbaca {plate_id}.",
        _ZONE[1]
        + "On that date {forbidden_parity} plates may not drive there; the plate read is {plate_parity}.",
    ),
}
WAYS_ID = {"left": "kiri", "straight": "lurus", "right": "kanan", "odd": "ganjil", "even": "genap"}

# Each measured value: its name, its unit, and what makes it certain, filled in from what was measured and asked for.
_MEASURED: dict[str, tuple[Pair, str, Pair]] = {
    "seconds_into_red": (
        ("Lama merah saat garis dilewati", "Into red when the line was crossed"), "s",
        ("paling sedikit {seconds_into_red_at_least} s; ambang {grace_s} s",
         "at least {seconds_into_red_at_least} s; threshold {grace_s} s"),
    ),
    "stop_line:seconds_into_red": (
        ("Lama merah ketika kendaraan masih berhenti", "Into red while it still stood"), "s", ("", ""),
    ),
    "metres_past_line": (
        ("Jarak melewati garis henti", "Past the stop line"), "m",
        ("paling sedikit {metres_past_line_at_least} m; toleransi {tolerance_m} m",
         "at least {metres_past_line_at_least} m; tolerance {tolerance_m} m"),
    ),
    "standing_s": (
        ("Lama berhenti", "Standing"), "s", ("ambang {parameter_standing_s} s", "threshold {parameter_standing_s} s"),
    ),
    "metres_against": (
        ("Jarak melawan arah", "Distance against the direction"), "m",
        ("paling sedikit {metres_against_at_least} m; ambang {distance_m} m",
         "at least {metres_against_at_least} m; threshold {distance_m} m"),
    ),
    "metres_along": (
        ("Jarak di dalam zona", "Distance in the zone"), "m",
        ("paling sedikit {metres_along_at_least} m; ambang {distance_m} m",
         "at least {metres_along_at_least} m; threshold {distance_m} m"),
    ),
    "duration_s": (("Selama", "During"), "s", ("waktu gambar sumber", "the source's own frame times")),
    "speed_kmh": (
        ("Kecepatan", "Speed"), "km/jam",
        ("± {half_width} km/jam (95%), {points} titik", "± {half_width} km/h (95%), {points} points"),
    ),
    "average_speed:speed_kmh": (
        ("Kecepatan rata-rata", "Average speed"), "km/jam",
        ("± {half_width} km/jam (95%): jalan, jam kedua kamera, saat lewat",
         "± {half_width} km/h (95%): road, both cameras' clocks, the moments"),
    ),
    "road_m": (
        ("Jalan terpendek antara kedua garis", "Shortest road between the lines"), "m",
        ("disurvei, ± {road_sigma_m} m (1 σ)", "surveyed, ± {road_sigma_m} m (1 σ)"),
    ),
    "seconds": (
        ("Waktu tempuh", "Time it took"), "s",
        ("± {seconds_doubt} s (95%); jam antarkamera ± {clock_sigma_s} s (1 σ)",
         "± {seconds_doubt} s (95%); clocks against each other ± {clock_sigma_s} s (1 σ)"),
    ),
    "passed_from_at": (
        ("Lewat garis kamera {from_camera}", "Passed the line of camera {from_camera}"), "",
        ("bagian depan kendaraan", "the vehicle's front"),
    ),
    "passed_to_at": (
        ("Lewat garis kamera {to_camera}", "Passed the line of camera {to_camera}"), "",
        ("bagian depan kendaraan", "the vehicle's front"),
    ),
    "average_speed:certificate": (
        ("Sertifikat alat ukur", "Certificate of the device"), "",
        ("berlaku sampai {certificate_valid_until}", "valid until {certificate_valid_until}"),
    ),
    "lower_bound_kmh": (
        ("Batas bawah kecepatan", "Lower bound of the speed"), "km/jam",
        ("harus di atas {threshold_kmh} km/jam", "must be over {threshold_kmh} km/h"),
    ),
    "second_estimate_kmh": (
        ("Perkiraan kedua dari ukuran", "Second estimate, from size"), "km/jam",
        ("harus sejalan: dalam 15%", "must agree: within 15%"),
    ),
    "track_m": (
        ("Panjang pengukuran", "Length measured over"), "m", ("ambang {min_track_m} m", "threshold {min_track_m} m"),
    ),
    "bare_votes": (
        ("Gambar tanpa helm", "Pictures without a helmet"), "",
        ("dari {votes} gambar; ambang {min_frames}", "of {votes} pictures; threshold {min_frames}"),
    ),
    "bare_share": (
        ("Bagian suara tanpa helm", "Share of votes without"), "", ("ambang {min_share}", "threshold {min_share}"),
    ),
    "clear_looks": (
        ("Gambar yang jelas", "Clear pictures"), "",
        ("dari {looks} gambar; ambang {min_looks}", "of {looks} pictures; threshold {min_looks}"),
    ),
    "persons": (("Orang di atas sepeda motor", "Persons on the motorcycle"), "", ("paling banyak 2", "two at most")),
    "sightings_with_three_or_more": (
        ("Gambar dengan tiga orang atau lebih", "Pictures with three or more"), "",
        ("ambang {min_frames}", "threshold {min_frames}"),
    ),
    "metres_before": (
        ("Jarak tengah kendaraan sebelum garis", "Vehicle's middle before the line"), "m",
        ("± {metres_doubt} m", "± {metres_doubt} m"),
    ),
    "metres_beyond": (
        ("Jarak tengah kendaraan di seberang garis", "Vehicle's middle beyond the line"), "m",
        ("± {metres_doubt} m", "± {metres_doubt} m"),
    ),
    "heading_degrees": (
        ("Arah terhadap lajur", "Heading against the lane"), "°", ("positif ke kiri", "positive to the left"),
    ),
    "certificate": (
        ("Sertifikat alat ukur {device}", "Certificate of device {device}"), "",
        ("berlaku sampai {certificate_valid_until}", "valid until {certificate_valid_until}"),
    ),
}  # fmt: skip


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def statement(violation: Mapping[str, Any], title: Pair, clock: str) -> Pair:
    """Say in a sentence or two what happened."""
    measured = violation["measured"]
    rule = str(violation["rule"])
    if rule == "lane_marking":
        rule = f"{rule}:{'marking' if 'marking' in measured else 'lane'}"
    texts = STATEMENTS.get(rule)
    if texts is None:
        return title
    values = _values(violation) | {"clock": clock}
    return texts[0].format_map(values), texts[1].format_map(values)


def rows(violation: Mapping[str, Any]) -> list[Row]:
    """Give the table of what was measured; a value without words of its own stands under its own name."""
    values = _values(violation)
    out = []
    for key, value in violation["measured"].items():
        if key.endswith("_at_least") or key in _INSIDE_OTHERS:
            continue
        shown = plain_number(value) if isinstance(value, float) else str(value)
        if key not in _MEASURED:
            out.append(Row((key.replace("_", " "), ""), shown, ("", "")))
            continue
        name, unit, certain = _MEASURED.get(f"{violation['rule']}:{key}", _MEASURED[key])
        named = (name[0].format_map(values), name[1].format_map(values))
        said = (certain[0].format_map(values), certain[1].format_map(values))
        if "–" in said[0] and key == "metres_past_line" and "inside_m" in values:
            said = (
                f"bagian belakang pasti lebih dari {values['inside_m']} m melewati garis",
                f"its rear is certainly more than {values['inside_m']} m past the line",
            )
        elif "–" in said[0]:
            said = ("", "")
        out.append(Row(named, f"{shown} {unit}".strip(), said))
    return out


_INSIDE_OTHERS = (
    "votes", "points", "limit_kmh", "device", "certificate_valid_until", "metres_doubt", "local_time", "bare_heads",
    "heads_seen", "looks", "looks_against", "share_of_sightings", "lane", "zone", "marking", "then", "allowed", "went",
    "from_camera", "to_camera", "seconds_doubt",
)  # fmt: skip


def _values(violation: Mapping[str, Any]) -> _Known:
    measured, parameters = violation["measured"], violation["parameters"]
    numbers = {**parameters, **measured}
    values = _Known({k: plain_number(v) if isinstance(v, float) else str(v) for k, v in numbers.items()})
    values |= {
        f"parameter_{k}": plain_number(float(v)) for k, v in parameters.items() if not isinstance(v, str)
    }
    if violation.get("speed_uncertainty_kmh") is not None:
        values["half_width"] = f"{float(violation['speed_uncertainty_kmh']):.1f}"
    if "limit_kmh" in measured and "tolerance_kmh" in parameters:
        values["threshold_kmh"] = plain_number(
            float(measured["limit_kmh"]) + float(parameters["tolerance_kmh"])
        )
    for key, its in (("allowed_id", "allowed"), ("went_id", "went"), ("plate_id", "plate_parity")):
        values[key] = ", ".join(WAYS_ID.get(w, w) for w in str(measured.get(its, "–")).split(", "))
    values["forbidden_id"] = WAYS_ID.get(str(measured.get("forbidden_parity")), "–")
    return values
