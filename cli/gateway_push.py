"""``etle gateway push``: cuts a source into segments and hands them over, stored on disk while the server is away."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import av
import typer

from cli.errors import Exit, UsageError, say, told
from cli.gateway_client import Server, gateway_key
from cli.progress import progress
from pipeline.cutting import PICTURES, Cut, cut_pictures, cut_stream, cut_video
from pipeline.forward import Answer, Forwarder, PushStoppedError
from pipeline.outbox import Outbox, Parcel
from pipeline.segments import unpack_pictures
from pipeline.sources.base import SourceError, SourceMissingError
from pipeline.sources.reconnect import keep_connected
from pipeline.sources.rtsp import open_rtsp, without_password

STATE = Path("var/gateway")
ROUND_S = 0.5
GIB = 2**30


def push(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A video file, a folder of JPEGs, or rtsp://…")
    ],
    camera: Annotated[str, typer.Option(help="The camera's id on the server.")],
    server: Annotated[str, typer.Option(help="The server's address, https://….")],
    key_file: Annotated[
        Path | None, typer.Option(help="A file with the gateway's key; else ETLE_GATEWAY_KEY.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long a segment is at least.")] = 10.0,
    state: Annotated[Path, typer.Option(help="Where segments wait, and how far it came.")] = STATE,
    rate_limit: Annotated[
        float | None, typer.Option(min=1, help="At most so many kilobytes a second are sent.")
    ] = None,
    keep_gib: Annotated[
        float,
        typer.Option(min=0.01, help="At most so much waits on disk; a live stream's oldest goes first."),
    ] = 10.0,
    recorded_at: Annotated[
        str | None, typer.Option(help="When the source began, with its offset, where it does not say.")
    ] = None,
    fps: Annotated[float | None, typer.Option(min=0.01, help="Of pictures that say no time.")] = None,
    timezone: Annotated[str, typer.Option(help="Of times that name no zone.")] = "Asia/Jakarta",
    quiet: Annotated[bool, typer.Option(help="No progress bar.")] = False,
) -> None:
    """Hand a source over, segment by segment. Stopped and started again, it goes on where it was; what the server
    has not taken waits on disk."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with told():
        began, zone = _began(recorded_at), _zone(timezone)
        outbox = Outbox(state / camera)
        closing = threading.Event()
        name = _identity(source)
        cutter = Cutter(outbox, name, closing, keep_gib * GIB, _is_live(source))
        cuts = _cuts(source, seconds, began, fps, zone, outbox.place_in(name), closing)
        gateway = Server(server, gateway_key(key_file), None if rate_limit is None else rate_limit * 1000)
        if outbox.finished(name):
            say("etle: this source was cut to its end before; only what waits is sent")
            cuts = iter(())
        forwarder = Forwarder(
            outbox, lambda p: _post(gateway, camera, p), closing.wait, lambda text: say(f"etle: {text}")
        )
        try:
            _push(cutter, cuts, forwarder, closing, camera, quiet)
        except PushStoppedError as error:
            say(f"etle: {error}")
            raise typer.Exit(Exit.FAILED) from None
        finally:
            closing.set()
            cutter.join()
            gateway.close()
            say(
                f"etle: {forwarder.taken} segments taken, {forwarder.refused} refused, "
                f"{len(outbox.waiting())} wait on disk, {cutter.lost} let go for want of room"
            )
        if forwarder.refused or cutter.faults:
            raise typer.Exit(Exit.BAD_INPUT)


class Cutter:
    """Cuts a source in a thread of its own, so that a live stream is never kept waiting by a slow server."""

    def __init__(
        self, outbox: Outbox, name: str, closing: threading.Event, most_bytes: float, live: bool
    ) -> None:
        self.lost = self.faults = self.cut = 0
        self.error: BaseException | None = None
        self._outbox, self._name, self._closing = outbox, name, closing
        self._most_bytes, self._live = most_bytes, live
        self._thread: threading.Thread | None = None

    def start(self, cuts: Iterator[Cut]) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._work, args=(cuts,), name="cutter", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether more may come."""
        return self._thread is not None and self._thread.is_alive()

    def join(self) -> None:
        """Wait for it to end."""
        if self._thread is not None:
            self._thread.join(timeout=10.0)

    def _work(self, cuts: Iterator[Cut]) -> None:
        try:
            for cut in cuts:
                if not self._make_room():
                    return
                self._outbox.put(self._name, cut)
                self.cut += 1
            if not self._live and not self._closing.is_set() and self.cut:
                self._outbox.finish(self._name)
        except BaseException as error:
            # Kept for the main thread, which raises it once what waits was tried.
            self.error = error

    def _make_room(self) -> bool:
        while self._outbox.size_bytes() > self._most_bytes:
            if self._live:
                oldest = self._outbox.waiting()[0]
                self._outbox.done(oldest)
                self.lost += 1
                say(f"etle: no room: segment {oldest.sequence} of {oldest.recorded_at.isoformat()} is let go")
            elif self._closing.wait(ROUND_S):
                return False
        return True


def _push(
    cutter: Cutter,
    cuts: Iterator[Cut],
    forwarder: Forwarder,
    closing: threading.Event,
    camera: str,
    quiet: bool,
) -> None:
    cutter.start(cuts)
    with progress(camera, None, quiet) as advance:
        while True:
            running = cutter.running
            before = forwarder.taken
            if forwarder.send_one():
                advance(f"{cutter.cut} cut, {forwarder.taken} taken", forwarder.taken - before)
            elif not running:
                break
            else:
                closing.wait(ROUND_S)
    if cutter.error is not None:
        raise cutter.error


def _post(server: Server, camera: str, parcel: Parcel) -> Answer:
    path = f"/cameras/{camera}/segments"
    try:
        data = parcel.path.read_bytes()
    except FileNotFoundError:
        # Let go meanwhile for want of room.
        return Answer(200)
    if parcel.kind != PICTURES:
        params = {"sequence": str(parcel.sequence), "recorded_at": parcel.recorded_at.isoformat()}
        return server.post(path, params, data)[0]
    pictures = unpack_pictures(data)
    names = [f"{i:06d}.jpg" for i in range(len(pictures))]
    segment = {
        "sequence": parcel.sequence,
        "recorded_at": parcel.recorded_at.isoformat(),
        "files": names,
        "captured_at": [at.isoformat() for at, _ in pictures],
    }
    parts: list[tuple[str, tuple[str | None, bytes, str]]] = [
        ("segments", (None, json.dumps([segment]).encode(), "application/json"))
    ]
    parts += [("file", (n, jpeg, "image/jpeg")) for n, (_, jpeg) in zip(names, pictures, strict=True)]
    answer, said = server.post(f"{path}/batch", files=parts)
    if answer.status == 207 and isinstance(said, list) and len(said) == 1:
        retry = 10.0 if said[0]["status"] == 429 else None
        return Answer(int(said[0]["status"]), str(said[0]["detail"]), retry)
    return answer


def _cuts(
    source: str,
    seconds: float,
    began: datetime | None,
    fps: float | None,
    zone: ZoneInfo,
    place: float | str | None,
    closing: threading.Event,
) -> Iterator[Cut]:
    if _is_live(source):
        return _live_cuts(source, seconds, closing)
    if "://" in source:
        raise SourceMissingError(f"{source}: a source is a video file, a folder of pictures or rtsp://…")
    path = Path(source)
    if path.is_dir():
        if fps is not None and began is None:
            raise UsageError("--fps needs --recorded-at: when the first picture was taken")
        after = place if isinstance(place, str) else ""
        return cut_pictures(
            path, seconds, zone, lambda fault: say(f"etle: bad input: {fault}"), fps, began, after
        )
    if not path.exists():
        raise SourceMissingError(f"{path}: no such file or folder")
    return cut_video(path, seconds, began, place if isinstance(place, float) else 0.0)


def _live_cuts(url: str, seconds: float, closing: threading.Event) -> Iterator[Cut]:
    """Give a stream's segments for as long as it stands, and connect again whenever it breaks off."""
    queue: list[Cut] = []
    ready = threading.Condition()
    ended = threading.Event()

    def once() -> tuple[str, bool]:
        came = False
        try:
            with open_rtsp(url) as container:
                for cut in cut_stream(
                    container, seconds, closing.is_set, lambda: datetime.now(UTC), time.monotonic
                ):
                    came = True
                    with ready:
                        queue.append(cut)
                        ready.notify()
        except (SourceError, av.FFmpegError, OSError) as error:
            return str(getattr(error, "strerror", None) or error), came
        return "the stream ended", came

    def pull() -> None:
        name = without_password(url)
        try:
            keep_connected(
                once, closing.is_set, closing.wait, random.Random(), lambda text: say(f"etle: {name}: {text}")
            )
        finally:
            ended.set()
            with ready:
                ready.notify()

    threading.Thread(target=pull, name="rtsp", daemon=True).start()
    while True:
        with ready:
            ready.wait_for(lambda: bool(queue) or ended.is_set())
            if not queue:
                return
            cut = queue.pop(0)
        yield cut


def _is_live(source: str) -> bool:
    return source.startswith(("rtsp://", "rtsps://"))


def _identity(source: str) -> str:
    """Name a source so that another file of the same name is another source."""
    if "://" in source:
        return without_password(source)
    path = Path(source).resolve()
    if not path.is_file():
        return str(path)
    status = path.stat()
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def _began(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--recorded-at {text}: {error}") from error
    if at.tzinfo is None:
        raise UsageError(f"--recorded-at {text}: name its offset, as in 2026-08-18T10:12:00+07:00")
    return at


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError(f"--timezone {name}: no such zone") from error
