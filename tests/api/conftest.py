import csv
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from stnk import RECORD

from api.app import create_app
from api.settings import Settings
from pipeline.evidence import EvidenceItem, EvidenceStore
from ticketing import officers
from ticketing.cases import flag_violation
from ticketing.crypto import ENVIRONMENT, new_key
from ticketing.db import make_engine, migrate
from ticketing.officers import add_officer
from ticketing.register_import import import_csv
from ticketing.registry import COLUMNS
from ticketing.types import FlaggedViolation

PASSWORD = "kata-sandi-uji"
FLAGGED = FlaggedViolation(
    violation_id="v-1", rule="speeding", camera_id="simpang-1", camera_name="Simpang Contoh", office="Ditlantas Uji",
    street="Jl. Contoh Raya", latitude=-6.2, longitude=106.8, timezone="Asia/Jakarta",
    occurred_at=datetime(2026, 8, 18, 3, 0, tzinfo=UTC), vehicle_class="motorcycle", plate_text="B1234ABC",
    plate_accepted=True, plate_confidence=0.99,
    character_probabilities=(0.99, 0.98, 0.99, 0.99, 0.99, 0.95, 0.99, 0.99),
    plate_colour="white", plate_reason="", speed_kmh=71.2, speed_uncertainty_kmh=1.4, speed_limit_kmh=50.0,
    measured={"speed_kmh": 71.2}, evidence_manifest_sha256="",
)  # fmt: skip


def picture(text: str, kind: str = ".jpg") -> bytes:
    image = np.full((360, 640, 3), 90, np.uint8)
    cv2.putText(image, text, (20, 200), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3)
    return bytes(cv2.imencode(kind, image)[1])


@dataclass(frozen=True)
class Server:
    """A running office with cases 1 (surely read) and 2 (in doubt), and one officer."""

    client: TestClient
    engine: Engine
    data: Path

    def token(self, path: str) -> str:
        page = self.client.get(path).text
        return page.split('name="token" value="')[1].split('"')[0]

    def metrics(self) -> str:
        """What Prometheus reads, asked for from the server's own machine."""
        with self.from_address("127.0.0.1") as here:
            return here.get("/metrics").text

    @contextmanager
    def from_address(self, address: str):
        """Give a browser of its own at another address."""
        yield TestClient(self.client.app, client=(address, 50000))

    def sign_in(self, login: str = "petugas") -> None:
        """As petugas (a reviewer), or as penyelia, auditor or admin, each of the role of that name."""
        form = {"login": login, "password": PASSWORD, "token": self.token("/desk/login")}
        assert self.client.post("/desk/login", data=form, follow_redirects=False).status_code == 303

    def flag(self, violation_id: str, more: tuple[str, ...] = (), **changes: object) -> int:
        """Flag one more violation like the others, with evidence of its own, of which ``more`` are further roles."""
        sha256 = write_evidence(EvidenceStore(self.data), violation_id, more)
        flagged = replace(FLAGGED, violation_id=violation_id, evidence_manifest_sha256=sha256, **changes)
        with Session(self.engine) as session, session.begin():
            return flag_violation(session, flagged, datetime(2026, 8, 18, 4, 0, tzinfo=UTC)).id

    def decide(self, case: int, what: str, **form: object) -> Response:
        form["token"] = self.token(f"/desk/cases/{case}")
        return self.client.post(f"/desk/cases/{case}/{what}", data=form, follow_redirects=False)


def write_evidence(store: EvidenceStore, violation_id: str, more: tuple[str, ...] = ()) -> str:
    roles = {"offence": ".jpg", "public_wide": ".jpg", "public_offence": ".jpg", "public_vehicle": ".jpg",
             "vehicle": ".png", "plate": ".png", "frame:0": ".jpg", "annotated:0": ".jpg",
             **dict.fromkeys(more, ".png")}  # fmt: skip
    items = [
        EvidenceItem(role, "image/png" if kind == ".png" else "image/jpeg", picture(role, kind), role)
        for role, kind in roles.items()
    ]
    return store.write(violation_id, {}, items).manifest_sha256


OFFICERS = {
    "petugas": "reviewer",
    "kedua": "reviewer",
    "penyelia": "supervisor",
    "auditor": "auditor",
    "admin": "admin",
}


@pytest.fixture
def settings():
    """What a test's server is told beyond the ordinary: nothing, unless the test says otherwise."""
    return {}


# What makes a password hard to guess makes a test slow.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def made_office(tmp_path_factory):
    """The office that every test's server starts from, made once: its folder, and its key of personal data."""
    folder, key = tmp_path_factory.mktemp("office"), new_key()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENVIRONMENT, key)
        patch.setattr(officers, "_hasher", QUICK)
        _make_office(folder)
    return folder, key


def _make_office(folder: Path) -> None:
    url = f"sqlite:///{folder / 'office.sqlite3'}"
    migrate(url)
    register = folder / "stnk.csv"
    with register.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow(RECORD)
    store, engine = EvidenceStore(folder), make_engine(url)
    now = datetime(2026, 8, 18, 4, 0, tzinfo=UTC)
    with Session(engine) as session, session.begin():
        import_csv(session, register)
        for violation_id, sure in (("v-1", True), ("v-2", False)):
            flagged = replace(
                FLAGGED,
                violation_id=violation_id,
                plate_accepted=sure,
                plate_reason="" if sure else "two characters in doubt",
                evidence_manifest_sha256=write_evidence(store, violation_id),
            )
            flag_violation(session, flagged, now)
        for login, role in OFFICERS.items():
            add_officer(session, login, "Petugas Uji", PASSWORD, role, now=now)
    engine.dispose()
    (folder / "banks.yaml").write_text(
        'default: {prefix: "77777", secret_environment: ETLE_BANK_SECRET, partner_id: "BANK"}\n'
    )


@pytest.fixture
def server(made_office, tmp_path, monkeypatch, settings):
    folder, key = made_office
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv(ENVIRONMENT, key)
    monkeypatch.setattr(officers, "_hasher", QUICK)
    officers._nobodys_hash.cache_clear()
    url = f"sqlite:///{tmp_path / 'office.sqlite3'}"
    engine = make_engine(url)
    monkeypatch.setenv("ETLE_BANKS", str(tmp_path / "banks.yaml"))
    monkeypatch.setenv("ETLE_BANK_SECRET", "rahasia")
    ordinary = {
        "segment_bytes": 10_000,
        "waiting_segments": 3,
        "look_ups_per_minute": 5,
        "second_factor": False,
    }
    app = create_app(Settings(tmp_path, url, **ordinary | settings))
    with TestClient(app) as client:
        yield Server(client, engine, tmp_path)
    engine.dispose()
    officers._nobodys_hash.cache_clear()
