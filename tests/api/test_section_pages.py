"""A case of two cameras: which picture is of the first one is said to officer and owner."""

from dataclasses import replace
from datetime import UTC, datetime

from conftest import FLAGGED, picture
from owners import confirm, owner_opens
from sqlalchemy.orm import Session

from pipeline.evidence import EvidenceStore
from pipeline.types import EvidenceItem
from ticketing.cases import flag_violation

ROLES = (
    "offence",
    "vehicle",
    "public_wide",
    "public_frame:0",
    "first_vehicle",
    "plate",
    "plate:1",
    "plate:2",
    "frame:0",
)


def test_the_first_cameras_pictures_are_named_by_it_to_officer_and_owner(server):
    items = [EvidenceItem(role, "image/png", picture(role, ".png"), role) for role in ROLES]
    items.append(EvidenceItem("first_passage", "application/json", b"{}", "as signed"))
    sha256 = EvidenceStore(server.data).write("v-section", {}, items).manifest_sha256
    flagged = replace(
        FLAGGED, violation_id="v-section", rule="average_speed", evidence_manifest_sha256=sha256,
        measured={"from_camera": "tol-km10", "to_camera": "tol-km15"},
    )  # fmt: skip
    with Session(server.engine) as session, session.begin():
        case = flag_violation(session, flagged, datetime(2026, 8, 18, 4, 0, tzinfo=UTC)).id
    server.sign_in()
    crops = server.client.get(f"/desk/cases/{case}").text.split('class="crops"')[1].split("</div>")[0]
    of = {role: part for part in crops.split("<a ")[1:] for role in [part.split('"')[1].rsplit("/", 1)[1]]}
    assert set(of) == {"plate", "plate:1", "plate:2"}
    assert [role for role, part in of.items() if "tol-km10" in part] == ["plate:1"]
    shown = owner_opens(server, confirm(server, case)).text
    assert "Di kamera pertama, tol-km10 <span" in shown and "At the first camera" in shown
    assert "Sebelumnya" not in shown
