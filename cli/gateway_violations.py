"""``etle gateway push-violations``: hands over what a gateway's own pipeline flagged, with its signed evidence."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import Exit, UsageError, say, told
from cli.gateway_client import Server, gateway_key
from cli.run import DATA
from pipeline.blobs import write_whole
from pipeline.evidence import EvidenceStore, StoreError
from pipeline.forward import NOT_OURS, TAKEN, Answer
from pipeline.sources.reconnect import backoff

PLACE = "violations-pushed"
EVERY_S = 10.0


def push_violations(
    server: Annotated[str, typer.Option(help="The server's address, https://….")],
    key_file: Annotated[
        Path | None, typer.Option(help="A file with the gateway's key; else ETLE_GATEWAY_KEY.")
    ] = None,
    data: Annotated[Path, typer.Option(help="The gateway's own data folder.")] = DATA,
    follow: Annotated[bool, typer.Option(help="Go on as more are flagged.")] = False,
) -> None:
    """Hand over every violation in this folder's evidence that was not handed over yet, in the order of flagging."""
    rng = random.Random()
    with told():
        if not (data / "evidence").is_dir():
            raise UsageError(f"{data}: holds no evidence; name the gateway's data folder with --data")
        gateway = Server(server, gateway_key(key_file))
        store = EvidenceStore(data)
        place = data / "evidence" / PLACE
        refused = failed = 0
        while True:
            done = int(place.read_text(encoding="ascii")) if place.exists() else 0
            ids = store.violation_ids()
            if done >= len(ids):
                if not follow:
                    break
                time.sleep(EVERY_S)
                continue
            answer = _hand_over(gateway, store, ids[done])
            if answer.status in NOT_OURS:
                say(f"etle: {answer.detail}; {len(ids) - done} violations wait")
                raise typer.Exit(Exit.FAILED)
            if answer.status not in TAKEN and (
                answer.status < 400 or answer.status in (429, 500, 502, 503, 504, 507)
            ):
                pause = answer.retry_after_s or backoff(failed, rng)
                failed += 1
                say(f"etle: not taken ({answer.detail}); again in {pause:.1f} s")
                time.sleep(pause)
                continue
            if answer.status not in TAKEN:
                refused += 1
                say(f"etle: violation {ids[done]} refused: {answer.detail}")
            failed = 0
            write_whole(place, str(done + 1).encode("ascii"))
        say(f"etle: {len(ids) - refused} violations handed over, {refused} refused")
        if refused:
            raise typer.Exit(Exit.BAD_INPUT)


def _hand_over(gateway: Server, store: EvidenceStore, violation_id: str) -> Answer:
    manifest = store.manifest(violation_id)
    evidence = store.get(violation_id)
    if evidence is None:
        raise StoreError(f"there is no evidence for violation {violation_id}")
    parts = [("manifest", ("manifest.json", store.signed_manifest(violation_id), "application/json"))]
    addresses = sorted({f.sha256 for f in evidence.files})
    parts += [("file", (sha256, store.open(sha256), "application/octet-stream")) for sha256 in addresses]
    camera_id = str(manifest["camera"]["id"])
    return gateway.post(f"/cameras/{camera_id}/violations", files=parts)[0]
