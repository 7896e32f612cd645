"""Registered cameras: the camera file of each, checked, in the data folder."""

from __future__ import annotations

from pathlib import Path

from detectors.camera import Camera, CameraFileError, load_camera
from detectors.rules.registry import NEEDS, build_rules
from pipeline.blobs import write_whole
from pipeline.health import CAMERA_FILE, FOLDER
from pipeline.images import decode_image
from pipeline.picture_watch import keep_reference


def check_camera(path: Path) -> Camera:
    """Read a camera file and try its rules' parameters. Raises `CameraFileError`."""
    camera = load_camera(path, NEEDS)
    build_rules(camera)
    return camera


def register_camera(data: Path, file: Path, picture: Path | None = None) -> Camera:
    """Register a camera, or its new calibration in the place of the one before; workers take it up when they start.

    Args:
        data: the data folder.
        file: its camera file, kept byte by byte: its SHA-256 stands in every manifest.
        picture: what the camera saw when it was calibrated; later pictures are compared with it. The first one that
            comes where it is not given.

    Raises:
        CameraFileError: the file cannot be used, or the picture is not of its frame size.
        ImageError: the picture cannot be read.
        StoreError: it cannot be written.
    """
    camera = check_camera(file)
    if picture is not None:
        image = decode_image(picture.read_bytes())
        width, height = camera.file.frame_size
        if image.shape[:2] != (height, width):
            raise CameraFileError(
                f"{picture}: is {image.shape[1]}x{image.shape[0]}; the camera file's frame_size is {width}x{height}"
            )
        keep_reference(camera, data / FOLDER / camera.id, image)
    write_whole(camera_file(data, camera.id), file.read_bytes())
    return camera


def registered_camera(data: Path, camera_id: str) -> Camera | None:
    """Give a registered camera; None where it is none, or where its file can no longer be used."""
    file = camera_file(data, camera_id)
    try:
        return load_camera(file, NEEDS) if file.exists() else None
    except CameraFileError:
        return None


def camera_file(data: Path, camera_id: str) -> Path:
    """Give where a registered camera's file lies, whether it is there or not."""
    return data / FOLDER / camera_id / CAMERA_FILE


def registered_files(data: Path) -> list[Path]:
    """Give the registered camera files, by id."""
    return sorted((data / FOLDER).glob(f"*/{CAMERA_FILE}"))
