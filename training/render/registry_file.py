"""The STNK records of a rendered scene's vehicles: invented owners, lawful numbers."""

from __future__ import annotations

import csv
import io

import numpy as np

from training.render.picture import looks
from training.render.traffic import Driver
from training.render.vehicles import PAINT_NAMES

COLUMNS = [
    "nrkb",
    "owner_name",
    "owner_address",
    "phone",
    "email",
    "make",
    "type",
    "vehicle_class",
    "model_class",
    "year",
    "cylinder_cc",
    "colour",
    "plate_colour",
    "chassis_number",
    "engine_number",
    "bpkb_number",
    "fuel",
    "location_code",
    "valid_until",
    "registration_year",
]
CLASSES = {
    "car": "mobil penumpang",
    "motorcycle": "sepeda motor",
    "bus": "mobil bus",
    "truck": "mobil barang",
}
MAKES = {
    "car": ("Toyota Avanza", "Daihatsu Xenia", "Honda Brio", "Suzuki Ertiga"),
    "motorcycle": ("Honda Beat", "Yamaha NMAX", "Honda Vario", "Yamaha Mio"),
    "bus": ("Hino RK8",),
    "truck": ("Mitsubishi Canter", "Isuzu Elf"),
}
GIVEN = ("Budi", "Siti", "Agus", "Dewi", "Wayan", "Putri", "Rizki", "Nur", "Eko", "Ratna")
FAMILY = ("Santoso", "Wijaya", "Lestari", "Pratama", "Siregar", "Hidayat", "Saputra", "Wulandari")
STREETS = ("Jl. Melati", "Jl. Kenanga", "Jl. Merpati", "Jl. Cendana", "Jl. Anggrek")


def registry_csv(drivers: tuple[Driver, ...], seed: int) -> str:
    """Write the records as the registry import reads them (UTF-8, comma, header row)."""
    rng = np.random.default_rng([seed, 5])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    seen: set[str] = set()
    for driver in drivers:
        if driver.plate is None or driver.plate.nrkb in seen:
            continue
        seen.add(driver.plate.nrkb)
        make, model = str(rng.choice(MAKES[driver.label])).split(" ", 1)
        year = int(rng.integers(2012, 2026))
        name = f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"
        digits = "".join(str(d) for d in rng.integers(0, 10, 30))
        writer.writerow([
            driver.plate.nrkb, name, f"{rng.choice(STREETS)} No. {rng.integers(1, 200)}, Jakarta", f"0812{digits[:8]}",
            f"pemilik{digits[8:12]}@example.id", make, model, CLASSES[driver.label], driver.kind, year,
            150 if driver.label == "motorcycle" else 1500, PAINT_NAMES[looks(driver)[2]], driver.plate.scheme,
            f"MHK{digits[:14]}", f"E{digits[14:22]}", f"N{digits[22:29]}", "bensin", "09",
            f"20{driver.plate.expiry[3:]}-{driver.plate.expiry[:2]}-28", year,
        ])  # fmt: skip
    return text.getvalue()
