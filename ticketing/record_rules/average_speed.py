"""`average_speed`: too fast between two cameras. UU 22/2009 art. 287 (5) with 106 (4) g or 115 a."""

from __future__ import annotations

from math import sqrt
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

    Only the last sighting at the section's first camera counts: who was seen there twice drove the section once more.
    """
    seen = known.sighting
    found = []
    for section in settings.sections:
        if seen.camera_id != section.to_camera or seen.known_plate is None:
            continue
        before = [
            e
            for e in known.earlier
            if e.camera_id == section.from_camera
            and e.known_plate == seen.known_plate
            and e.seen_at < seen.seen_at
        ]
        if before and (finding := _measured(max(before, key=lambda e: e.seen_at), seen, section)) is not None:
            found.append(finding)
    return tuple(found)


def mean_speed_kmh(section: RoadSection, seconds: float) -> tuple[float, float]:
    """Give the mean speed over a section and half of its 95% interval, km/h.

    v = s/t, and (σv/v)² = (σs/s)² + (σt/t)² (JCGM 100:2008, GUM, section 5.1.6). ``road_m`` is the shortest way, so
    that whoever went another drove faster than this.
    """
    kmh = section.road_m / seconds * 3.6
    share = sqrt((section.road_sigma_m / section.road_m) ** 2 + (section.clock_sigma_s / seconds) ** 2)
    return kmh, COVERAGE * kmh * share


def _measured(first: Sighting, last: Sighting, section: RoadSection) -> RecordFinding | None:
    seconds = (last.seen_at - first.seen_at).total_seconds()
    kmh, half = mean_speed_kmh(section, seconds)
    day = last.seen_at.astimezone(ZoneInfo(last.timezone)).date()
    over = section.limit_kmh + section.tolerance_kmh
    if (
        kmh - half <= over
        or kmh > FASTEST_KMH
        or first.vehicle_class != last.vehicle_class
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
            "certificate": section.certificate,
        },
        (first.id, last.id),
        speed_kmh=kmh,
        speed_uncertainty_kmh=half,
    )
