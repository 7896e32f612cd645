"""What an owner does at the portal, over HTTP."""

import re
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from api.desk import CHECK_WORDS
from ticketing import letters, tickets


def confirm(server, case=1) -> str:
    """As the officer, confirm a case; give its reference, nobody being signed in any more."""
    server.sign_in()
    server.decide(case, "confirm", checked=list(CHECK_WORDS))
    found = re.search(r"ETLE-[0-9A-Z]{5}-[0-9A-Z]{5}", server.client.get(f"/desk/cases/{case}").text)
    server.client.cookies.clear()
    return found[0]


def look_up(server, reference, plate="B 1234 ABC", client=None):
    client = client or server.client
    token = client.get("/").text.split('name="token" value="')[1].split('"')[0]
    return client.post("/", data={"reference": reference, "plate": plate, "token": token})


def look_up_vehicle(server, plate, chassis, engine):
    form = {"vehicle_plate": plate, "chassis": chassis, "engine": engine, "token": server.token("/")}
    return server.client.post("/kendaraan", data=form)


def owner_opens(server, reference, plate="B 1234 ABC"):
    page = look_up(server, reference, plate)
    assert page.status_code == 200, page.text
    return page


def answer(server, kind, files=(), **fields):
    """Answer as the owner of the open session; ``files`` are (name, bytes)."""
    form = {"kind": kind, "token": server.token("/perkara/jawab?jawaban=" + kind), **fields}
    sent = [("files", (name, data)) for name, data in files]
    return server.client.post("/perkara/jawab", data=form, files=sent or None)


def issue_ticket(server, case=1) -> str:
    """Send the letter, let the owner admit, issue the ticket; give its virtual account."""
    now = datetime.now(UTC)
    with Session(server.engine) as session, session.begin():
        letters.send_letter(session, case, "ani", now=now)
    answer(server, "admit", sim_number="1234567890")
    with Session(server.engine) as session, session.begin():
        return tickets.issue(session, case, "ani", now=now).virtual_account
