"""`average_speed`: too fast between two cameras. UU 22/2009 art. 287 (5) with 106 (4) g or 115 a."""

from __future__ import annotations

from math import hypot
from zoneinfo import ZoneInfo

from ticketing.record_rules.base import Known, RecordFinding, Sighting
from ticketing.record_rules.settings import AverageSpeedSettings, RoadSection

RULE = "average_speed"
# Two-sided 95% of the normal distribution (GUM, table G.1).
COVERAGE = 1.96
# Faster than this it is not one vehicle: that is `false_plate`'s business.
FASTEST_KMH = 250.0


def judge(known: Known, settings: AverageSpeedSettings) -> tuple[RecordFinding, ...]:
    """Flag where the lower bound of the mean speed is over limit and tolerance; plates with doubt are never flagged.

    Only the last sighting at the section's first camera counts, and the first one after it at the second: who was seen
    there twice drove the section once more, or is one drive told twice.
    """
    seen = known.sighting
    found = []
    for section in settings.sections:
        if seen.camera_id != section.to_camera or seen.known_plate is None:
            continue
        ends = (section.from_camera, section.to_camera)
        before = [
            e
            for e in known.earlier
            if e.camera_id in ends and e.known_plate == seen.known_plate and e.seen_at < seen.seen_at
        ]
        newest = max(before, key=lambda e: e.seen_at, default=None)
        if newest is None or newest.camera_id != section.from_camera:
            continue
        if (finding := _measured(newest, seen, section)) is not None:
            found.append(finding)
    return tuple(found)


def mean_speed_kmh(
    section: RoadSection, seconds: float, sigma_s: float, bias_s: float = 0.0
) -> tuple[float, float]:
    """Give the mean speed over a section and half of its 95% interval, km/h; ``sigma_s`` is that of the time.

    v = s/t, and (σv/v)² = (σs/s)² + (σt/t)² (JCGM 100:2008, GUM, section 5.1.6). ``bias_s``, what the clocks are known
    to be off together, does not vary by chance: its share is added whole (section F.2.4.5). ``road_m`` is the shortest
    way, so that whoever went another drove faster than this.
    """
    kmh = section.road_m / seconds * 3.6
    share = hypot(section.road_sigma_m / section.road_m, sigma_s / seconds)
    return kmh, kmh * (COVERAGE * share + bias_s / seconds)


def _measured(first: Sighting, last: Sighting, section: RoadSection) -> RecordFinding | None:
    seconds = (last.seen_at - first.seen_at).total_seconds()
    sigma_s = hypot(section.clock_sigma_s, first.seen_at_sigma_s, last.seen_at_sigma_s)
    bias_s = first.clock_bias_s + last.clock_bias_s
    kmh, half = mean_speed_kmh(section, seconds, sigma_s, bias_s)
    day = last.seen_at.astimezone(ZoneInfo(last.timezone)).date()
    over = section.limit_kmh + section.tolerance_kmh
    if (
        kmh - half <= over
        or kmh > FASTEST_KMH
        or first.vehicle_class != last.vehicle_class
        or _colours_differ(first, last)
        or day > section.certificate_valid_until
    ):
        return None
    return RecordFinding(
        RULE,
        str(last.known_plate),
        f"Rata-rata {kmh:.1f} ± {half:.1f} km/jam pada {section.road_m / 1000:.2f} km, batas {section.limit_kmh:.0f}",
        f"{kmh:.1f} ± {half:.1f} km/h on average over {section.road_m / 1000:.2f} km, limit {section.limit_kmh:.0f}",
        {
            "speed_kmh": round(kmh, 2),
            "lower_bound_kmh": round(kmh - half, 2),
            "limit_kmh": section.limit_kmh,
            "road_m": section.road_m,
            "seconds": round(seconds, 2),
            "seconds_doubt": round(COVERAGE * sigma_s + bias_s, 2),
            "from_camera": first.camera_id,
            "passed_from_at": _local(first),
            "to_camera": last.camera_id,
            "passed_to_at": _local(last),
            "certificate": section.certificate,
            "certificate_valid_until": section.certificate_valid_until.isoformat(),
        },
        (first.id, last.id),
        speed_kmh=kmh,
        speed_uncertainty_kmh=half,
        parameters={
            "road_sigma_m": section.road_sigma_m,
            "clock_sigma_s": section.clock_sigma_s,
            "tolerance_kmh": section.tolerance_kmh,
        },
    )


def _colours_differ(first: Sighting, last: Sighting) -> bool:
    # Two plates, however alike they read: a colour that was not told says nothing.
    return None not in (first.plate_colour, last.plate_colour) and first.plate_colour != last.plate_colour


def _local(seen: Sighting) -> str:
    there = seen.seen_at.astimezone(ZoneInfo(seen.timezone))
    return f"{there:%d-%m-%Y %H:%M:%S}.{there.microsecond // 1000:03d} {there.tzname()}"
