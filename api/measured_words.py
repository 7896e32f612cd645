"""What a rule measured, as officers and owners read it: Bahasa Indonesia, English. The rules name their figures in
English with the unit at the end (`detectors.rules`).
"""

from __future__ import annotations

WORDS = {
    "bare_heads": ("kepala tanpa helm", "bare heads"),
    "bare_share": ("bagian tanpa helm", "share that is bare"),
    "bare_votes": ("pengamatan tanpa helm", "looks without a helmet"),
    "certificate": ("sertifikat alat", "device's certificate"),
    "certificate_valid_until": ("sertifikat berlaku sampai", "certificate valid until"),
    "clear_looks": ("pengamatan jelas", "clear looks"),
    "device": ("alat ukur", "measuring device"),
    "duration_s": ("lamanya (detik)", "duration (s)"),
    "forbidden_parity": ("angka terakhir yang dilarang", "last digit that is forbidden"),
    "from_camera": ("kamera pertama", "first camera"),
    "heading_degrees": ("berbelok (derajat)", "turned (degrees)"),
    "heads_seen": ("kepala terlihat", "heads seen"),
    "lane": ("lajur", "lane"),
    "limit_kmh": ("batas (km/jam)", "limit (km/h)"),
    "local_time": ("waktu setempat", "local time"),
    "looks": ("pengamatan", "looks"),
    "looks_against": ("pengamatan yang menyangkal", "looks against it"),
    "lower_bound_kmh": ("batas bawah kecepatan (km/jam)", "lower bound of the speed (km/h)"),
    "marking": ("marka", "marking"),
    "metres": ("jarak (m)", "distance (m)"),
    "metres_against": ("melawan arah (m)", "against the traffic (m)"),
    "metres_against_at_least": ("melawan arah, paling sedikit (m)", "against the traffic, at least (m)"),
    "metres_along": ("di dalam zona (m)", "along the zone (m)"),
    "metres_along_at_least": ("di dalam zona, paling sedikit (m)", "along the zone, at least (m)"),
    "metres_before": ("sebelum marka (m)", "before the marking (m)"),
    "metres_beyond": ("melewati marka (m)", "beyond the marking (m)"),
    "metres_doubt": ("ketidakpastian (m)", "uncertainty (m)"),
    "metres_past_line": ("melewati garis henti (m)", "past the stop line (m)"),
    "metres_past_line_at_least": ("melewati garis henti, paling sedikit (m)", "past the stop line, at least (m)"),
    "passed_from_at": ("melewati garis kamera pertama", "passed the first camera's line"),
    "passed_to_at": ("melewati garis kamera kedua", "passed the second camera's line"),
    "persons": ("orang", "persons"),
    "plate_parity": ("angka terakhir TNKB", "last digit of the plate"),
    "points": ("titik ukur", "points measured"),
    "road_m": ("jalan terpendek (m)", "shortest road (m)"),
    "second_estimate_kmh": ("taksiran kedua (km/jam)", "second estimate (km/h)"),
    "seconds": ("waktu tempuh (detik)", "time it took (s)"),
    "seconds_doubt": ("ketidakpastian waktu (detik)", "uncertainty of the time (s)"),
    "seconds_into_red": ("detik setelah merah", "seconds into red"),
    "seconds_into_red_at_least": ("detik setelah merah, paling sedikit", "seconds into red, at least"),
    "seconds_on_the_line": ("detik di atas marka", "seconds on the line"),
    "share_of_sightings": ("bagian pengamatan", "share of the sightings"),
    "sightings_with_three_or_more": ("pengamatan tiga orang atau lebih", "sightings of three or more"),
    "speed_kmh": ("kecepatan (km/jam)", "speed (km/h)"),
    "standing_s": ("berhenti (detik)", "standing (s)"),
    "then": ("setelah itu", "and then"),
    "to_camera": ("kamera kedua", "second camera"),
    "track_m": ("panjang lintasan (m)", "length of the track (m)"),
    "votes": ("pengamatan", "looks"),
    "went": ("arah kendaraan", "way it went"),
    "zone": ("zona", "zone"),
}  # fmt: skip


def measured_words(name: str) -> tuple[str, str]:
    """Give a figure's name in both languages; English alone for one that has no words yet."""
    plain = name.replace("_", " ")
    return WORDS.get(name, (plain, plain))
