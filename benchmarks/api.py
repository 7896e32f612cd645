"""How much one server takes: live frames in, and owners' look-ups, asked by `wrk` over loopback.

``python benchmarks/api.py [SECONDS]`` writes a table in Markdown to standard output. It needs ``wrk`` (Debian: wrk).
The server is one process over SQLite, as `etle serve` starts it; for frames a second process holds four cameras as a
worker does, and lets each frame go once it is in its queue: detection is not in it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import av
import yaml
from sqlalchemy import select

from cli.office import open_office
from cli.office_commands import free_port
from detectors.camera import load_camera
from pipeline.images import encode_jpeg
from pipeline.live import LiveReceiver
from pipeline.sources import PushSource
from ticketing import desk
from ticketing.cases import flag_violation
from ticketing.gate import STNK_CLASSES
from ticketing.gateways import add_gateway
from ticketing.models import VehicleRow
from ticketing.types import Checklist, FlaggedViolation

CAMERAS = ("simpang-1", "simpang-2", "simpang-3", "simpang-4")
SAMPLE = Path(str(resources.files("samples") / "junction"))
FRAMES = """
local file = io.open("{jpeg}", "rb"); local body = file:read("*a"); file:close()
local threads = 0
function setup(thread) threads = threads + 1; thread:set("camera", threads) end
local n = {first}
function request()
  n = n + 1
  local s = os.time(); local at = os.date("!%Y-%m-%dT%H:%M:%S", s) .. string.format(".%06dZ", n % 1000000)
  return wrk.format("POST", "/api/v1/cameras/simpang-" .. camera .. "/frames?sequence=" .. n .. "&captured_at=" .. at,
    {{["Authorization"] = "Bearer {key}", ["Content-Type"] = "image/jpeg"}}, body)
end
"""
SEGMENTS = """
local file = io.open("{clip}", "rb"); local body = file:read("*a"); file:close()
local threads = 0
function setup(thread) threads = threads + 1; thread:set("camera", threads) end
local n = {first}
function request()
  n = n + 1
  local at = os.date("!%Y-%m-%dT%H:%M:%SZ", 1786600000 + n)
  return wrk.format("POST", "/api/v1/cameras/simpang-" .. camera .. "/segments?sequence=" .. n .. "&recorded_at=" .. at,
    {{["Authorization"] = "Bearer {key}", ["Content-Type"] = "video/mp4"}}, body)
end
"""
FOUND = """
function request()
  return wrk.format("POST", "{path}",
    {{["Content-Type"] = "application/x-www-form-urlencoded", ["Cookie"] = "{cookie}"}},
    "token={token}&plate={plate}&reference={reference}")
end
"""
LOOK_UPS = """
local n = 0
function request()
  n = n + 1
  return wrk.format("POST", "{path}",
    {{["Content-Type"] = "application/x-www-form-urlencoded", ["Cookie"] = "{cookie}"}},
    "token={token}&plate=B" .. (1000 + n % 9000) .. "ABC&reference=AAAA-BBBB-CCCC")
end
"""
COUNT = """
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %f %f %f\\n", summary.requests, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def main(seconds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        made = prepare(data)
        key, jpeg, clip = made.key, made.jpeg, made.clip
        print("| what | connections | requests/s | p50 ms | p99 ms | answered 4xx | failed |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        with served(data) as url:
            with holding(data):
                for threads in (1, 4):
                    words = (
                        f"live frames, 1080p JPEG of {len(jpeg.read_bytes()) // 1000} kB, {threads} cameras"
                    )
                    # A frame's microseconds count requests: within one second the next row's would be older.
                    time.sleep(1.1)
                    row(
                        words,
                        url,
                        threads,
                        threads,
                        seconds,
                        FRAMES.format(jpeg=jpeg, key=key, first=threads * 10**6),
                    )
            words = f"recorded segments of {len(clip.read_bytes()) // 1000} kB, kept when answered"
            for threads in (1, 4):
                script = SEGMENTS.format(clip=clip, key=key, first=threads * 10**6)
                row(f"{words}, {threads} cameras", url, threads, threads, max(1, seconds // 2), script)
            row("owner's page", f"{url}/", 2, 8, seconds, "")
            cookie, token, path = form(url)
            script = LOOK_UPS.format(cookie=cookie, token=token, path=path)
            for connections in (1, 8):
                row("owner's look-up, none found", url, 1, connections, seconds, script)
            found = FOUND.format(
                cookie=cookie, token=token, path=path, plate=made.plate, reference=made.reference
            )
            for connections in (1, 8):
                row("owner's look-up, found", url, 1, connections, seconds, found)
        print(f"\nLoad of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


@dataclass(frozen=True)
class Made:
    """What the load needs: a gateway's key, a frame, a segment, and a notice that can be looked up."""

    key: str
    jpeg: Path
    clip: Path
    plate: str
    reference: str


def prepare(data: Path) -> Made:
    """Make a data folder with a gateway, the sample's register and one confirmed case."""
    now = datetime.now(UTC)
    with open_office(data) as office, office.session() as session:
        office.import_register(SAMPLE / "stnk.csv")
        plate = session.scalars(select(VehicleRow.nrkb).order_by(VehicleRow.nrkb)).first()
        vehicle = session.get_one(VehicleRow, plate)
        key = add_gateway(session, "gerbang-1", CAMERAS, who="benchmark", now=now)
        case = flag_violation(session, flagged(vehicle, now), now)
        desk.open_case(session, case.id, "benchmark", now=now)
        reference = desk.confirm(session, case.id, "benchmark", Checklist(True, True, True, True), now=now)
    with av.open(str(SAMPLE / "clip.mp4")) as clip:
        image = next(clip.decode(video=0)).to_ndarray(format="bgr24")
    jpeg = data / "frame.jpg"
    jpeg.write_bytes(encode_jpeg(image, 85))
    # Four seconds, as a gateway cuts them.
    segment = data / "segment.mp4"
    with av.open(str(SAMPLE / "clip.mp4")) as whole, av.open(str(segment), "w") as cut:
        stream = cut.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None and float(packet.pts * packet.time_base) < 4.0:
                packet.stream = stream
                cut.mux(packet)
    return Made(key, jpeg, segment, str(plate), reference)


def flagged(vehicle: VehicleRow, now: datetime) -> FlaggedViolation:
    """Give a violation of a registered vehicle, as the pipeline hands it over."""
    label = next(label for label, its in STNK_CLASSES.items() if its == vehicle.vehicle_class)
    return FlaggedViolation(
        violation_id="benchmark-1", rule="red_light", camera_id=CAMERAS[0], camera_name="Simpang", office="Ditlantas",
        street="Jl. Contoh", latitude=-6.2, longitude=106.8, timezone="Asia/Jakarta", occurred_at=now,
        vehicle_class=label, plate_text=vehicle.nrkb, plate_accepted=True, plate_confidence=0.99,
        character_probabilities=(0.99,) * len(vehicle.nrkb), plate_colour=vehicle.plate_colour, plate_reason="",
        speed_kmh=None, speed_uncertainty_kmh=None, speed_limit_kmh=50.0, measured={},
        evidence_manifest_sha256="0" * 64,
    )  # fmt: skip


@contextmanager
def served(data: Path) -> Iterator[str]:
    """Run the server as a process of its own."""
    port = free_port(first=18200)
    # The limit per address is lifted: every request of the load comes from one.
    code = (
        "import sys, uvicorn; from dataclasses import replace; from pathlib import Path\n"
        "from api.app import create_app; from api.settings import Settings; from cli.office import database_url\n"
        "d = Path(sys.argv[1]); s = Settings(d, database_url(d), look_ups_per_minute=10**9, waiting_segments=10**6)\n"
        "uvicorn.run(create_app(s), port=int(sys.argv[2]), log_level='warning')"
    )
    # Each look-up that finds nothing is a line of the log.
    with (data / "server.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", code, str(data), str(port)], stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/api/v1/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


@contextmanager
def holding(data: Path) -> Iterator[None]:
    """Hold the cameras in a process of its own."""
    process = subprocess.Popen([sys.executable, __file__, "hold", str(data)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def hold(data: Path) -> None:
    """Take every frame in, as a worker whose loop is never done: the latest wins, the others are dropped."""
    held = []
    for camera_id in CAMERAS:
        body = yaml.safe_load((SAMPLE / "camera.yaml").read_text(encoding="utf-8")) | {"id": camera_id}
        file = data / f"{camera_id}.yaml"
        file.write_text(yaml.safe_dump(body), encoding="utf-8")
        held.append(LiveReceiver(data, camera_id, PushSource(load_camera(file)).push))
    print("held", flush=True)
    while True:
        time.sleep(60)


def form(url: str) -> tuple[str, str, str]:
    """Fetch the owner's form; give its cookie, its token and where it leads."""
    with urllib.request.urlopen(url) as answer:
        text = answer.read().decode()
        cookie = str(answer.headers.get("set-cookie", "")).split(";")[0]
    token = re.search(r'name="token" value="([^"]*)"', text)
    action = re.search(r'<form[^>]*method="post"[^>]*action="([^"]*)"', text) or re.search(
        r'<form[^>]*action="([^"]*)"[^>]*method="post"', text
    )
    return cookie, token[1] if token else "", action[1] if action else "/"


def row(what: str, url: str, threads: int, connections: int, seconds: int, script: str) -> None:
    """Ask for so long and print one row."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script + COUNT)
        file.flush()
        command = [
            "wrk",
            "-t",
            str(threads),
            "-c",
            str(connections),
            "-d",
            f"{seconds}s",
            "-s",
            file.name,
            url,
        ]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    requests, refused, failed, took, p50, p99 = map(float, re.search(r"RESULT (.*)", out)[1].split())  # type: ignore[index]
    print(
        f"| {what} | {connections} | {requests / took:.0f} | {p50:.1f} | {p99:.1f} | {refused:.0f} | {failed:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["hold"]:
        hold(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
