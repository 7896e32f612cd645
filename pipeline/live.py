"""Live frames on their way from the door to the worker that holds their camera.

The worker holds the camera's one bounded queue; every server process hands frames over to it on the loopback address,
so that all of them see one order and one count of drops. Where and with which secret stands in ``live/ID.json``, which
only this user can read; the worker's lock on ``live/ID.lock`` says that somebody is there, and is gone with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Self

from detectors.types import SignalState
from pipeline.blobs import write_whole
from pipeline.frames import FrameRefusedError, FrameTaken, PushedFrame

FOLDER = "live"
MOST_BYTES = 64 * 2**20
ANSWER_S = 5.0
_LOST = (OSError, EOFError, AuthenticationError)


class NobodyHoldsError(RuntimeError):
    """No worker holds the camera: its live frames would reach nobody."""


class CameraHeldError(RuntimeError):
    """Another worker holds the camera."""


class LiveReceiver:
    """The worker's end: takes the frames of one camera from any number of servers, in threads of its own.

    ``take`` takes or refuses a frame.
    """

    def __init__(self, data: Path, camera_id: str, take: Callable[[PushedFrame], FrameTaken]) -> None:
        """Hold the camera. Raises `CameraHeldError` where another worker does."""
        folder = data / FOLDER
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take = take
        self._place = folder / f"{camera_id}.json"
        self._lock = os.open(folder / f"{camera_id}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            flock(self._lock, LOCK_EX | LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise CameraHeldError(f"another worker holds camera {camera_id}") from error
        secret = secrets.token_hex(32)
        self._listener = Listener(("127.0.0.1", 0), backlog=16, authkey=secret.encode())
        self._closing = threading.Event()
        place = {"port": self._listener.address[1], "secret": secret}
        write_whole(self._place, json.dumps(place).encode(), mode=0o600, durable=False)
        self._accepting = threading.Thread(target=self._accept, name=f"live {camera_id}", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Give the camera up."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._place.unlink(missing_ok=True)
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.address, 1.0).close()
        self._accepting.join(timeout=2.0)
        self._listener.close()
        flock(self._lock, LOCK_UN)
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection = self._listener.accept()
            except _LOST:
                # A stranger without the secret, a server that went, or our own close.
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection[Any, Any]) -> None:
        with contextlib.suppress(*_LOST), connection:
            while not self._closing.is_set():
                head, _, jpeg = connection.recv_bytes(MOST_BYTES).partition(b"\n")
                if self._closing.is_set():
                    # Unanswered, so that the server looks for whoever holds the camera now.
                    return
                try:
                    taken = self._take(_frame(json.loads(head), jpeg))
                    answer: Mapping[str, Any] = {
                        "dropped": taken.dropped, "dropped_in_all": taken.dropped_in_all, "missing": taken.missing
                    }  # fmt: skip
                except FrameRefusedError as error:
                    answer = {"refused": error.name, "why": str(error)}
                connection.send_bytes(json.dumps(answer).encode())


@dataclass
class _Line:
    """One server's connection to one camera's worker; one frame at a time."""

    connection: Connection[Any, Any] | None = None

    def __post_init__(self) -> None:
        self.lock = threading.Lock()


class LiveSender:
    """A server's end: hands frames over to whichever worker holds their camera."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER
        self._lines: dict[str, _Line] = {}
        self._lock = threading.Lock()

    def send(self, camera_id: str, frame: PushedFrame) -> FrameTaken:
        """Hand a frame over; give what the camera's queue says.

        Raises:
            NobodyHoldsError: no worker holds the camera, or it went away just now.
            FrameRefusedError: the worker refuses the frame.
        """
        message = _message(frame)
        with self._lock:
            line = self._lines.setdefault(camera_id, _Line())
        with line.lock:
            answer = self._ask(camera_id, line, message)
        if "refused" in answer:
            raise FrameRefusedError(str(answer["refused"]), str(answer["why"]))
        return FrameTaken(**answer)

    def _ask(self, camera_id: str, line: _Line, message: bytes) -> dict[str, Any]:
        # A kept connection may lead to a worker that has gone; a new one then finds the one that came after it.
        for kept in (line.connection, None):
            if kept is None and line.connection is not None:
                line.connection.close()
                line.connection = None
            try:
                connection = kept or self._connect(camera_id)
                line.connection = connection
                connection.send_bytes(message)
                if not connection.poll(ANSWER_S):
                    raise EOFError
                answer: dict[str, Any] = json.loads(connection.recv_bytes(2**16))
            except _LOST:
                continue
            return answer
        if line.connection is not None:
            line.connection.close()
            line.connection = None
        raise NobodyHoldsError(f"no worker holds camera {camera_id}")

    def _connect(self, camera_id: str) -> Connection[Any, Any]:
        if not is_held(self._folder.parent, camera_id):
            raise NobodyHoldsError(f"no worker holds camera {camera_id}")
        try:
            place = json.loads((self._folder / f"{camera_id}.json").read_bytes())
            address, secret = ("127.0.0.1", int(place["port"])), str(place["secret"]).encode()
        except (OSError, ValueError, KeyError) as error:
            raise NobodyHoldsError(f"the worker of camera {camera_id} is only just starting") from error
        return Client(address, authkey=secret)


def is_held(data: Path, camera_id: str) -> bool:
    """Tell whether a worker holds a camera for live frames."""
    try:
        handle = os.open(data / FOLDER / f"{camera_id}.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        flock(handle, LOCK_SH | LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _message(frame: PushedFrame) -> bytes:
    head = {
        "sequence": frame.sequence,
        "captured_at": frame.captured_at.astimezone(UTC).isoformat(),
        "received_at": frame.received_at.astimezone(UTC).isoformat(),
        "sent_at": None if frame.sent_at is None else frame.sent_at.astimezone(UTC).isoformat(),
        "signals": {name: state.value for name, state in frame.signals.items()},
    }
    return json.dumps(head).encode() + b"\n" + frame.jpeg


def _frame(head: Mapping[str, Any], jpeg: bytes) -> PushedFrame:
    return PushedFrame(
        int(head["sequence"]),
        datetime.fromisoformat(head["captured_at"]),
        jpeg,
        datetime.fromisoformat(head["received_at"]),
        None if head["sent_at"] is None else datetime.fromisoformat(head["sent_at"]),
        {name: SignalState(state) for name, state in head["signals"].items()},
    )
