"""The page on which a person marks points and lines on a camera's frame and gives their metres.

It listens on this machine only, and takes a change only from the page that it gave out: another page open in the same
browser knows no token.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, StrictUndefined

from cli.errors import UsageError
from detectors.calibration import CalibrationReport, assess, with_calibration
from detectors.camera import Calibration, CameraFileError, parse_camera
from detectors.geometry import GeometryError, Homography
from detectors.rules.registry import NEEDS, build_rules
from detectors.types import Image, Point
from pipeline.blobs import write_whole
from pipeline.images import encode_jpeg

PAGE = Path(__file__).with_name("calibration_page.html")
GRID_M, REACH = 5.0, 12


class CalibrationDesk:
    """One camera file and one frame of it, being calibrated.

    Raises:
        UsageError: the file cannot be read, is no YAML mapping, or its frame_size is not the frame's.
    """

    def __init__(self, path: Path, frame: Image) -> None:
        self.path, self.frame = path, frame
        self._text = self._read()
        self.data = self._parsed(self._text)
        size = (frame.shape[1], frame.shape[0])
        given = self.data.get("frame_size")
        if given is not None and tuple(given) != size:
            raise UsageError(
                f"{path}: frame_size is {given[0]}x{given[1]}, the frame is {size[0]}x{size[1]}: "
                "use a frame of this camera"
            )

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{self.path}: cannot read the camera file: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{self.path}: not UTF-8") from error

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise UsageError(f"{self.path}: not valid YAML: {error}") from error
        if not isinstance(data, dict):
            raise UsageError(f"{self.path}: a camera file is a YAML mapping with id, lanes, enforce, …")
        return data

    def assessed(self, calibration: Calibration) -> dict[str, Any]:
        """Fit and assess; give the report and what to draw over the frame, in pixels.

        Raises:
            CameraFileError, GeometryError: nothing can be fitted, or the file has other faults.
        """
        homography = Homography.from_points(
            [p.image for p in calibration.points], [p.road for p in calibration.points]
        )
        camera = parse_camera(self._with(calibration), str(self.path), "0" * 64)
        file = camera.file
        report = assess(calibration, homography, file.measuring_zone, file.lanes, file.speed_limit_kmh)
        return {"report": _told(report), "overlay": _overlay(calibration, homography, self.data)}

    def save(self, calibration: Calibration) -> str:
        """Write the camera file with this calibration; give its SHA-256.

        Raises:
            CameraFileError: with it the file cannot be used as it stands, or it was changed meanwhile.
            pipeline.blobs.StoreError: it cannot be written.
        """
        if self._read() != self._text:
            raise CameraFileError(f"{self.path}: was changed by somebody else meanwhile: load the page anew")
        text = with_calibration(self._text, calibration)
        camera = parse_camera(self._parsed(text), str(self.path), "0" * 64, NEEDS)
        build_rules(camera)
        data = text.encode()
        write_whole(self.path, data, self.path.stat().st_mode & 0o777)
        self._text, self.data = text, self._parsed(text)
        return hashlib.sha256(data).hexdigest()

    def _with(self, calibration: Calibration) -> dict[str, Any]:
        return {**self.data, "calibration": calibration.model_dump()}


def create_app(desk: CalibrationDesk, token: str | None = None) -> FastAPI:
    """Make the page's application. ``token`` is what a change must carry; made where it is left out."""
    token = token or secrets.token_urlsafe(24)
    app = FastAPI(title="ETLE calibration", docs_url=None, redoc_url=None, openapi_url=None)
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        PAGE.read_text(encoding="utf-8")
    )
    jpeg = encode_jpeg(desk.frame)

    def allowed(request: Request) -> None:
        if not secrets.compare_digest(request.headers.get("x-etle-token", ""), token):
            raise HTTPException(403, "Muat ulang halaman ini / Load this page anew")

    @app.get("/", response_class=HTMLResponse)
    def show() -> str:
        return page.render(
            name=str(desk.data.get("name") or desk.data.get("id") or desk.path.name),
            path=str(desk.path),
            width=desk.frame.shape[1],
            height=desk.frame.shape[0],
            token=token,
            calibration=desk.data.get("calibration") or {"points": [], "image_sigma_px": 1.0},
        )

    @app.get("/frame.jpg")
    def frame() -> Response:
        return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "no-store"})

    @app.post("/assess")
    def assess_(request: Request, calibration: Calibration) -> JSONResponse:
        allowed(request)
        try:
            return JSONResponse(desk.assessed(calibration))
        except (CameraFileError, GeometryError) as error:
            return JSONResponse({"error": str(error)}, 422)

    @app.post("/save")
    def save(request: Request, calibration: Calibration) -> JSONResponse:
        allowed(request)
        try:
            return JSONResponse({"sha256": desk.save(calibration)})
        except (CameraFileError, GeometryError, UsageError) as error:
            return JSONResponse({"error": str(error)}, 422)

    return app


def _told(report: CalibrationReport) -> dict[str, Any]:
    return {
        "residuals_px": [round(v, 2) for v in report.residuals_px],
        "rms_px": round(report.rms_px, 2),
        "rms_m": round(report.rms_m, 3),
        "sigma_px": round(report.sigma_px, 2),
        "checks": [
            {"metres": round(c.metres, 3), "given": c.given, "share": round(c.share, 4)}
            for c in report.checks
        ],
        "speed_error_kmh": None if report.speed_error_kmh is None else round(report.speed_error_kmh, 2),
        "at_kmh": report.at_kmh,
        "unfit": [list(pair) for pair in report.unfit],
    }


def _overlay(
    calibration: Calibration, homography: Homography, data: Mapping[str, Any]
) -> dict[str, list[list[list[float]]]]:
    """Give lines to draw, each a list of pixels: a grid of `GRID_M` metres about the points, and the file's own."""
    road = np.array([p.road for p in calibration.points], float)
    low = np.floor((road.min(axis=0) - GRID_M) / GRID_M) * GRID_M
    steps = [np.arange(low[i], road[:, i].max() + 2 * GRID_M, GRID_M)[: 2 * REACH] for i in (0, 1)]
    grid = [[(float(x), float(y)) for y in steps[1]] for x in steps[0]]
    grid += [[(float(x), float(y)) for x in steps[0]] for y in steps[1]]
    lanes = [[*lane["polygon"], lane["polygon"][0]] for lane in data.get("lanes") or ()]
    zone = data.get("measuring_zone")
    return {
        "grid": _pixels(grid, homography),
        "lanes": _pixels(lanes, homography),
        "stop_line": _pixels([data["stop_line"]["road"]] if data.get("stop_line") else [], homography),
        "zone": _pixels([[*zone, zone[0]]] if zone else [], homography),
        "points": _pixels([[(float(x), float(y))] for x, y in road], homography),
    }


def _pixels(lines: list[list[Point]], homography: Homography) -> list[list[list[float]]]:
    """Put lines of the road on the picture; what lies behind the camera is left out."""
    out = []
    for line in lines:
        pixels = homography.to_image(np.asarray(line, float))
        kept = pixels[np.all(np.isfinite(pixels), axis=1) & (np.abs(pixels).max(axis=1) < 1e5)]
        out.append([[round(float(u), 1), round(float(v), 1)] for u, v in kept])
    return out
