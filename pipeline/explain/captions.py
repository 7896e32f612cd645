"""What stands below an evidence sheet's pictures, in Bahasa Indonesia with English beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.explain.words import Pair

MAIN = (
    "Kuning: tempat bagian kendaraan yang terdekat ke kamera menyentuh jalan, gambar demi gambar; merah: garis henti; "
    "biru: lajur; angka: gambar di bawah",
    "Yellow: where the vehicle's end nearest to the camera met the road, picture by picture; red: stop line; blue: "
    "lanes; numbers: pictures below",
)
COURSE = (
    "Letak kendaraan terhadap waktu; angka: gambar di atas",
    "Where the vehicle was over time; numbers: the pictures above",
)
COURSE_ON_RED = (
    "Letak bagian depan kendaraan terhadap waktu; pita di atasnya: warna lampu. Kurva yang melewati garis henti di "
    "bawah pita merah berarti kendaraan di sana pada saat lampu merah",
    "Where the vehicle's front was over time; the strip above: the signal's colour. A curve beyond the stop line under "
    "a red strip means that the vehicle was there on red",
)
PLAN = (
    "Jalan dari atas, arah lajur ke kanan; merah: garis henti; titik: bagian kendaraan yang terdekat ke kamera pada "
    "setiap gambar",
    "The road from above, the lane's direction to the right; red: stop line; dots: the vehicle's end nearest to the "
    "camera in each picture",
)


def with_its_line(caption: Pair, violation: Mapping[str, Any]) -> Pair:
    """Call the red line what it is for the violation's rule."""
    if violation["rule"] != "average_speed":
        return caption
    return caption[0].replace("garis henti", "garis ukur"), caption[1].replace("stop line", "measuring line")
