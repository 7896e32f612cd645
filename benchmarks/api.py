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
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import av
import yaml

from cli.office import open_office
from cli.office_commands import free_port
from detectors.camera import load_camera
from pipeline.images import encode_jpeg
from pipeline.live import LiveReceiver
from pipeline.sources import PushSource
from ticketing.gateways import add_gateway

CAMERAS = ("simpang-1", "simpang-2", "simpang-3", "simpang-4")
SAMPLE = Path(str(resources.files("samples") / "junction"))
FRAMES = """
local file = io.open("{jpeg}", "rb"); local body = file:read("*a"); file:close()
local threads = 0
function setup(thread) threads = threads + 1; thread:set("camera", threads) end
local n = -1
function request()
  n = n + 1
  local s = os.time(); local at = os.date("!%Y-%m-%dT%H:%M:%S", s) .. string.format(".%06dZ", n % 1000000)
  return wrk.format("POST", "/api/v1/cameras/simpang-" .. camera .. "/frames?sequence=" .. n .. "&captured_at=" .. at,
    {{["Authorization"] = "Bearer {key}", ["Content-Type"] = "image/jpeg"}}, body)
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
        key, jpeg = prepare(data)
        print("| what | connections | requests/s | p50 ms | p99 ms | answered 4xx | failed |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        with served(data) as url:
            with holding(data):
                for threads in (1, 4):
                    words = (
                        f"live frames, 1080p JPEG of {len(jpeg.read_bytes()) // 1000} kB, {threads} cameras"
                    )
                    row(words, url, threads, threads, seconds, FRAMES.format(jpeg=jpeg, key=key))
            row("owner's page", f"{url}/", 2, 8, seconds, "")
            cookie, token, path = form(url)
            script = LOOK_UPS.format(cookie=cookie, token=token, path=path)
            for connections in (1, 8):
                row("owner's look-up, none found", url, 1, connections, seconds, script)
        print(f"\nLoad of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


def prepare(data: Path) -> tuple[str, Path]:
    """Make a data folder with a gateway; give the key and a frame's file."""
    with open_office(data) as office, office.session() as session:
        key = add_gateway(session, "gerbang-1", CAMERAS, who="benchmark", now=datetime.now(UTC))
    with av.open(str(SAMPLE / "clip.mp4")) as clip:
        image = next(clip.decode(video=0)).to_ndarray(format="bgr24")
    jpeg = data / "frame.jpg"
    jpeg.write_bytes(encode_jpeg(image, 85))
    return key, jpeg


@contextmanager
def served(data: Path) -> Iterator[str]:
    """Run the server as a process of its own."""
    port = free_port(first=18200)
    # The limit per address is lifted: every request of the load comes from one.
    code = (
        "import sys, uvicorn; from dataclasses import replace; from pathlib import Path\n"
        "from api.app import create_app; from api.settings import Settings; from cli.office import database_url\n"
        "d = Path(sys.argv[1]); s = Settings(d, database_url(d), look_ups_per_minute=10**9)\n"
        "uvicorn.run(create_app(s), port=int(sys.argv[2]), log_level='warning')"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(data), str(port)])
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
