"""The owner's answer to a notice. Who says "not my vehicle" or "sold" is asked for no driver."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.office import OfficeDoor, now, office, page
from api.owner_session import OwnerSession, case_of, owner_of, remember
from api.security import ProblemError, check_form
from api.uploads import take_files
from pipeline.uploads import UploadError
from ticketing import answers, moves, objection_files, states
from ticketing.errors import GuardError, IllegalMoveError, NotFoundError, ObjectionFileError, ReasonError
from ticketing.objection_files import MOST_FILES
from ticketing.owner_case import BY_VEHICLE, check_reference, may_answer, open_case

router = APIRouter(prefix="/perkara/jawab", include_in_schema=False)
Door = Annotated[OfficeDoor, Depends(office)]
Mine = Annotated[tuple[int, str, str | None], Depends(case_of)]
Held = Annotated[OwnerSession, Depends(owner_of)]
Field = Annotated[str, Form(max_length=500)]
# Bahasa Indonesia, English.
KINDS = {
    states.ADMIT: ("Kendaraan saya, saya yang mengemudi", "My vehicle, and I drove"),
    states.NAME_DRIVER: ("Kendaraan saya, orang lain yang mengemudi", "My vehicle, somebody else drove"),
    states.SELL: ("Kendaraan sudah saya jual", "I have sold the vehicle"),
    states.DISOWN: (
        "Bukan kendaraan saya (pelat ganda atau palsu)",
        "Not my vehicle (cloned or false plate)",
    ),
    states.CONTEST: ("Saya keberatan", "I contest it"),
}
WITH_FILES = (states.SELL, states.DISOWN, states.CONTEST)
FAULTS = {
    states.NAME_DRIVER: (
        "Isi nama dan alamat pengemudi: suratnya diteruskan kepadanya",
        "Give the driver's name and address: the letter goes on to them",
    ),
    states.CONTEST: (
        "Tuliskan apa yang tidak benar, paling sedikit satu kalimat",
        "Say what is wrong, in a sentence at least",
    ),
}


@router.get("")
def form(request: Request, door: Door, mine: Mine, held: Held, jawaban: str = "") -> Response:
    """Show the answers that are open, or the form of one of them."""
    answer = _form(request, door, mine, jawaban)
    remember(request, answer, held)
    return answer


@router.post("")
def take(
    request: Request,
    door: Door,
    mine: Mine,
    held: Held,
    kind: Annotated[str, Form(max_length=20)],
    token: Annotated[str, Form(max_length=200)],
    text: Annotated[str, Form(max_length=20_000)] = "",
    person_name: Field = "",
    person_address: Field = "",
    person_phone: Field = "",
    sim_number: Field = "",
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Take an answer with its files; what cannot be taken changes nothing, and what was typed stays in the form."""
    check_form(request, token)
    said = answers.Statement(text, person_name, person_address, person_phone, sim_number)
    if kind in (states.SELL, states.DISOWN):
        # Whatever a form of somebody else's sends along: nobody is named here.
        said = answers.Statement(text)
    try:
        attached = take_files(request, files or (), MOST_FILES if kind in WITH_FILES else 0)
        with door.session() as session:
            case = moves.take(session, mine[0])
            check_reference(case, *mine[1:])
            if kind in KINDS and kind not in may_answer(case, mine[1]):
                raise GuardError("this answer is not open to whoever looks")
            answers.answer(session, mine[0], kind, said, now=now())
            for file in attached:
                objection_files.attach(
                    session, mine[0], file.file_name, file.media_type, file.sha256, file.size_bytes, now=now()
                )
    except NotFoundError as error:
        raise ProblemError(404, "Tidak ada data / No data", "Surat tidak ada / there is no notice") from error
    except UploadError as error:
        fault = (f"{error.name} {error.text_id}".strip(), f"{error.name} {error.text_en}".strip())
        return _form(request, door, mine, kind, said, fault, 422)
    except ObjectionFileError as error:
        return _form(request, door, mine, kind, said, ("Berkas tidak bisa diterima", str(error)), 422)
    except ReasonError as error:
        return _form(request, door, mine, kind, said, FAULTS.get(kind, ("Periksa isian", str(error))), 422)
    except (IllegalMoveError, GuardError) as error:
        fault = ("Jawaban ini tidak terbuka lagi: lihat status perkara", str(error))
        return _form(request, door, mine, "", said, fault, 409)
    done = RedirectResponse("/perkara#jawaban", 303)
    if kind == states.NAME_DRIVER:
        # From now on the letter is the driver's; the owner still follows their vehicle's case.
        remember(request, done, replace(held, by=BY_VEHICLE, reference=None))
    return done


def _form(
    request: Request,
    door: OfficeDoor,
    mine: tuple[int, str, str | None],
    kind: str,
    said: answers.Statement | None = None,
    fault: tuple[str, str] | None = None,
    status: int = 200,
) -> Response:
    try:
        with door.session() as session:
            case = open_case(session, *mine)
    except NotFoundError as error:
        raise ProblemError(404, "Tidak ada data / No data", "Surat tidak ada / there is no notice") from error
    return page(
        request,
        "portal/answer.html",
        status,
        case=case,
        view=case.view,
        kinds={k: KINDS[k] for k in case.may_answer},
        kind=kind if kind in case.may_answer else "",
        said=said or answers.Statement(),
        with_files=WITH_FILES,
        most_files=MOST_FILES,
        fault=fault,
    )
