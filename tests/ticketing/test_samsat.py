"""Blocks and releases on their way to Samsat: in their order, retried, never twice."""

import json
import multiprocessing
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from case_ways import NOON, WAY

from ticketing import answers, audit, blocks, money, moves, samsat_delivery, tickets
from ticketing.case_models import SamsatOrderRow
from ticketing.db import make_engine
from ticketing.errors import DeliveryError, GuardError, InDoubtError, NotFoundError, SamsatRefusedError
from ticketing.samsat import BlockOrder, HttpSamsat, SamsatFolder

ORDER = BlockOrder("k1", "etle-1", "block", "B1234ABC", "not_paid", "ETLE-00000-00000", NOON)
HOUR = timedelta(hours=1)


class Samsat:
    """Samsat's side: what it was told, and what it answers."""

    def __init__(self, *answers, idempotent=True):
        self.answers, self.told, self.idempotent = list(answers), [], idempotent

    def tell(self, order):
        answer = self.answers.pop(0) if self.answers else "S-1"
        if isinstance(answer, Exception):
            raise answer
        self.told.append((order.kind, order.block, order.ground))
        return answer


@pytest.fixture
def unpaid(session, in_state):
    return in_state("unpaid")


def block(session, case):
    tickets.block_stnk(session, case, "ani", blocks.NOT_PAID, now=NOON)
    session.commit()


def pay(session, case):
    row = moves.take(session, case)
    money.receive(session, row, money.account(session, row).due, "p1", NOON, who="bank", now=NOON)
    session.commit()


def statuses(session):
    session.expire_all()
    return [(o.kind, o.status) for o in session.query(SamsatOrderRow).order_by(SamsatOrderRow.id)]


def test_samsat_is_told_of_a_block_and_of_its_release_once_each(session, engine, unpaid):
    samsat = Samsat()
    block(session, unpaid)
    assert samsat_delivery.deliver_due(engine, samsat, NOON) == {"sent": 1}
    assert samsat_delivery.deliver_due(engine, samsat, NOON + HOUR) == {}
    pay(session, unpaid)
    assert samsat_delivery.deliver_due(engine, samsat, NOON + HOUR) == {"sent": 1}
    assert samsat.told == [("block", "etle-1", "not_paid"), ("release", "etle-1", "paid")]
    assert session.query(SamsatOrderRow).first().receipt == "S-1"
    assert audit.verify(session) == []


def test_a_block_that_was_released_before_it_went_is_never_told(session, engine, unpaid):
    block(session, unpaid)
    pay(session, unpaid)
    samsat = Samsat()
    assert samsat_delivery.deliver_due(engine, samsat, NOON) == {}
    assert samsat.told == []
    assert statuses(session) == [("block", "cancelled")]


def test_an_objection_lifts_the_block_at_samsat_and_its_refusal_puts_it_back(session, engine, unpaid):
    samsat = Samsat()
    block(session, unpaid)
    samsat_delivery.deliver_due(engine, samsat, NOON)
    answers.answer(session, unpaid, "contest", answers.Statement("bukan saya"), now=NOON)
    session.commit()
    samsat_delivery.deliver_due(engine, samsat, NOON)
    answers.decide(session, unpaid, "budi", "refuse", "terlihat jelas", now=NOON)
    session.commit()
    samsat_delivery.deliver_due(engine, samsat, NOON)
    assert [kind for kind, *_ in samsat.told] == ["block", "release", "block"]


def test_a_release_waits_for_its_block_and_never_overtakes_it(session, engine, unpaid):
    samsat = Samsat(DeliveryError("tertutup"))
    block(session, unpaid)
    assert samsat_delivery.deliver_due(engine, samsat, NOON) == {"queued": 1}
    pay(session, unpaid)
    assert samsat_delivery.deliver_due(engine, samsat, NOON) == {}
    assert samsat_delivery.deliver_due(engine, samsat, NOON + HOUR) == {"sent": 2}
    assert [kind for kind, *_ in samsat.told] == ["block", "release"]


def test_a_release_is_tried_for_as_long_as_it_takes_and_a_block_is_not(session, engine, unpaid):
    down = Samsat(*[DeliveryError("tertutup")] * 100)
    block(session, unpaid)
    for k in range(20):
        samsat_delivery.deliver_due(engine, down, NOON + k * 7 * HOUR)
    assert statuses(session) == [("block", "failed")]
    pay(session, unpaid)
    for k in range(20, 60):
        samsat_delivery.deliver_due(engine, down, NOON + k * 7 * HOUR)
    assert statuses(session) == [("block", "failed"), ("release", "queued")]
    assert samsat_delivery.deliver_due(engine, Samsat(), NOON + 61 * 7 * HOUR) == {"sent": 1}


def test_what_samsat_refuses_waits_for_an_officer(session, engine, unpaid):
    block(session, unpaid)
    samsat_delivery.deliver_due(engine, Samsat(SamsatRefusedError("tidak dikenal")), NOON)
    (row,) = samsat_delivery.troubled(session)
    assert (row.status, row.last_fault) == ("refused", "tidak dikenal")
    samsat_delivery.clear(session, row.id, "ani", False, now=NOON)
    session.commit()
    assert samsat_delivery.deliver_due(engine, Samsat(), NOON) == {"sent": 1}
    with pytest.raises(GuardError, match="nothing to clear"):
        samsat_delivery.clear(session, row.id, "ani", True, now=NOON)
    with pytest.raises(NotFoundError):
        samsat_delivery.clear(session, 99, "ani", True, now=NOON)


def test_a_refused_block_that_was_released_since_is_not_tried_again(session, engine, unpaid):
    block(session, unpaid)
    samsat_delivery.deliver_due(engine, Samsat(SamsatRefusedError("tidak dikenal")), NOON)
    pay(session, unpaid)
    (row,) = samsat_delivery.troubled(session)
    samsat_delivery.clear(session, row.id, "ani", False, now=NOON)
    session.commit()
    assert statuses(session) == [("block", "cancelled"), ("release", "queued")]


@pytest.mark.parametrize(("idempotent", "status"), [(True, "queued"), (False, "in_doubt")])
def test_an_order_in_doubt_goes_again_only_where_its_key_is_known(
    session, engine, unpaid, idempotent, status
):
    block(session, unpaid)
    silent = Samsat(InDoubtError("diam"), idempotent=idempotent)
    assert samsat_delivery.deliver_due(engine, silent, NOON) == {status: 1}


@pytest.mark.parametrize(("idempotent", "status"), [(True, "sent"), (False, "in_doubt")])
def test_an_order_whose_process_died_is_found_again(session, engine, unpaid, idempotent, status):
    block(session, unpaid)
    row = session.query(SamsatOrderRow).one()
    row.status, row.tries = "sending", 1
    session.commit()
    samsat = Samsat(idempotent=idempotent)
    assert samsat_delivery.deliver_due(engine, samsat, NOON + timedelta(minutes=1)) == {}
    samsat_delivery.deliver_due(engine, samsat, NOON + HOUR)
    assert statuses(session) == [("block", status)]


def _deliver(url, folder):
    engine = make_engine(url)
    samsat_delivery.deliver_due(engine, _Noting(folder), NOON)
    engine.dispose()


class _Noting(SamsatFolder):
    def __init__(self, folder):
        super().__init__(folder)
        self._log = folder / "log"

    def tell(self, order):
        with self._log.open("a") as log:
            log.write(f"{order.key}\n")
        return super().tell(order)


def test_four_processes_at_once_tell_samsat_each_order_once(url, session, engine, in_state, tmp_path):
    for _ in range(6):
        block(session, in_state("unpaid"))
    session.close()
    engine.dispose()
    started = [
        multiprocessing.get_context("fork").Process(target=_deliver, args=(url, tmp_path)) for _ in range(4)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * 4
    told = Counter((tmp_path / "log").read_text().split())
    assert (len(told), set(told.values())) == (6, {1})
    assert len(list(tmp_path.glob("*.json"))) == 6


def test_the_web_service_is_told_with_key_and_signature():
    seen = []

    def service(request):
        seen.append(request)
        return httpx.Response(200, json={"id": 77})

    client = httpx.Client(transport=httpx.MockTransport(service))
    samsat = HttpSamsat("https://samsat.example.id/", "s", client=client)
    assert samsat.tell(ORDER) == "77"
    (request,) = seen
    assert str(request.url) == "https://samsat.example.id/orders"
    assert request.headers["Idempotency-Key"] == "k1"
    told = json.loads(request.content)
    assert (told["nrkb"], told["kind"], told["since"]) == ("B1234ABC", "block", NOON.isoformat())
    assert len(request.headers["X-Signature"]) == 64


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503), DeliveryError),
        (httpx.Response(422, text="nomor tidak dikenal"), SamsatRefusedError),
        (httpx.ConnectError("tertutup"), DeliveryError),
        (httpx.ReadTimeout("diam"), InDoubtError),
    ],
)
def test_what_the_web_service_answers_says_whether_to_try_again(answer, error):
    def service(request):
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(transport=httpx.MockTransport(service))
    with pytest.raises(DeliveryError) as raised:
        HttpSamsat("https://samsat.example.id", "s", client=client).tell(ORDER)
    assert type(raised.value) is error


def test_the_folder_gets_one_whole_file_however_often_it_is_told(tmp_path):
    for _ in range(2):
        assert SamsatFolder(tmp_path / "out").tell(ORDER) is None
    (file,) = (tmp_path / "out").iterdir()
    assert json.loads(file.read_text())["ground"] == "not_paid"


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryError, match="file"):
        SamsatFolder(tmp_path / "file").tell(ORDER)


def test_nothing_is_told_of_a_case_that_was_never_blocked(session, engine, in_state):
    for state in WAY:
        if state == "withdrawn":
            in_state(state)
    assert session.query(SamsatOrderRow).count() == 0
