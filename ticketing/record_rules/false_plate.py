"""`false_plate`: a plate that is not this vehicle's, or nobody's. UU 22/2009 art. 280 with 68 (1).

Three grounds: the plate is not in the register; what was seen disagrees with its record; the same plate was at two
places that nobody drives between in the time. Who complains most of this is the owner of the plate that was cloned: a
finding names what disagrees and never who did it.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from ticketing.gate import COLOURS, ENGLISH, STNK_CLASSES
from ticketing.plates import NRKB
from ticketing.record_rules.base import Known, RecordFinding, Register, Sighting, distance_km
from ticketing.record_rules.settings import FalsePlateSettings
from ticketing.types import VehicleRecord

RULE = "false_plate"
Ground = tuple[str, str]
# Both polarities of a private plate are on the road until 2027 or so (DOMAIN.md, "Plates").
_PRIVATE = {"white", "black"}
# Colours in the record's words that no light makes of one another; what is not here disagrees with nothing.
_BODY = {
    "hitam": "dark", "putih": "light", "silver": "light", "merah": "red", "biru": "blue", "hijau": "green",
    "kuning": "yellow",
}  # fmt: skip


def judge(known: Known, settings: FalsePlateSettings) -> tuple[RecordFinding, ...]:
    """Judge the newest sighting; nothing where its plate is in doubt. An unreachable register speaks against nobody."""
    plate = known.sighting.known_plate
    read = NRKB.fullmatch(plate) if plate is not None else None
    if plate is None or read is None:
        return ()
    found = []
    grounds = _series(known, read[1], read[3], settings)
    record = known.look_up.record
    if record is not None:
        grounds += _disagreements(known.sighting, record)
    if grounds:
        found.append(
            RecordFinding(
                RULE,
                plate,
                "; ".join(g[0] for g in grounds),
                "; ".join(g[1] for g in grounds),
                {"grounds": float(len(grounds))},
                (known.sighting.id,),
            )
        )
    clones = [c for e in known.earlier if (c := _clone(known.sighting, e, plate, settings)) is not None]
    return (*found, *clones)


def _series(known: Known, prefix: str, suffix: str, settings: FalsePlateSettings) -> list[Ground]:
    day = known.sighting.seen_at.astimezone(ZoneInfo(known.sighting.timezone)).date()
    ended = settings.ended_series
    if ended.holds(prefix, suffix):
        if day < ended.from_day or known.look_up.register is not Register.NOT_REGISTERED:
            return []
        return [
            (
                f"Seri pelat {suffix} tidak berlaku lagi sejak {ended.from_day:%d-%m-%Y}",
                f"Plates of series {suffix} ended; presumed false since {ended.from_day:%d %B %Y}",
            )
        ]
    if known.look_up.register is not Register.NOT_REGISTERED or settings.not_in_stnk.holds(prefix, suffix):
        return []
    return [("Pelat tidak terdaftar pada data STNK", "The plate is not in the STNK register")]


def _disagreements(seen: Sighting, record: VehicleRecord) -> list[Ground]:
    """Name what certainly disagrees; a weak ground (body colour, make) counts only beside another."""
    strong, weak = [], []
    its = STNK_CLASSES.get(seen.vehicle_class)
    # A van, a pick-up and a small lorry look alike to a detector; nothing looks like a motorcycle.
    if its is not None and (its == "sepeda motor") != (record.vehicle_class == "sepeda motor"):
        strong.append(
            (
                f"Terlihat {its}, pada STNK {record.vehicle_class}",
                f"Seen: {ENGLISH[its]}; in the STNK record: {ENGLISH.get(record.vehicle_class, record.vehicle_class)}",
            )
        )
    colour = seen.plate_colour
    if colour is not None and colour != record.plate_colour and {colour, record.plate_colour} != _PRIVATE:
        recorded = COLOURS.get(record.plate_colour, record.plate_colour)
        strong.append(
            (
                f"Pelat terlihat {COLOURS.get(colour, colour)}, pada STNK {recorded}",
                f"Plate seen: {colour}; in the STNK record: {record.plate_colour}",
            )
        )
    body, recorded_body = _body(seen.vehicle_colour), _body(record.colour)
    if body is not None and recorded_body is not None and body != recorded_body:
        weak.append(
            (
                f"Warna terlihat {seen.vehicle_colour}, pada STNK {record.colour}",
                f"Colour seen: {seen.vehicle_colour}; in the STNK record: {record.colour}",
            )
        )
    if seen.make is not None and _word(seen.make) not in _word(record.make) + _word(record.type):
        weak.append(
            (
                f"Merek terlihat {seen.make}, pada STNK {record.make}",
                f"Make seen: {seen.make}; in the STNK record: {record.make}",
            )
        )
    return strong + weak if strong or len(weak) > 1 else []


def _body(colour: str | None) -> str | None:
    words = (colour or "").casefold().split()
    groups = {_BODY[w] for w in words if w in _BODY}
    return groups.pop() if len(groups) == 1 and len(words) <= 2 else None


def _word(text: str) -> str:
    return "".join(text.casefold().split())


def _clone(seen: Sighting, other: Sighting, plate: str, settings: FalsePlateSettings) -> RecordFinding | None:
    """Find the same plate too far away for the time between: the distance is the least, the time the most it can be."""
    if other.known_plate != plate or other.id == seen.id or other.camera_id == seen.camera_id:
        return None
    km = distance_km(seen, other)
    seconds = abs((seen.seen_at - other.seen_at).total_seconds()) + settings.clock_s
    kmh = km / (seconds / 3600)
    if km < settings.clone_km or kmh <= settings.clone_kmh:
        return None
    return RecordFinding(
        RULE,
        plate,
        f"Pelat yang sama terlihat {km:.0f} km dari sini dalam {seconds / 60:.0f} menit ({other.camera_id}): "
        f"salah satunya bukan pemilik pelat",
        f"The same plate was seen {km:.0f} km away within {seconds / 60:.0f} minutes ({other.camera_id}): "
        f"one of the two is not its owner",
        {
            "km_apart_at_least": round(km, 2),
            "seconds_between_at_most": round(seconds, 1),
            "kmh_needed": round(kmh),
        },
        (other.id, seen.id),
    )
