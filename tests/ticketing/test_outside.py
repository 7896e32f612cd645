"""The outside register: asked in time, asked again, left alone while it is down, and never believed blindly."""

import httpx
import pytest
from case_ways import NOON
from stnk import RECORD

from ticketing import outside
from ticketing.errors import OutsideError, OutsideRecordError
from ticketing.models import AuditRow
from ticketing.outside import Guarded, HttpRegister
from ticketing.registry import find


def http(answer):
    asked = []

    def answered(request):
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(transport=httpx.MockTransport(answered))
    return HttpRegister("https://eri.example.id/", "t0ken", client=client), asked


class Stumbling:
    """Fails so many times, then answers None."""

    def __init__(self, failures):
        self.left, self.asked = failures, 0

    def find(self, nrkb):
        self.asked += 1
        if self.left > 0:
            self.left -= 1
            raise OutsideError("lambat")


class Time:
    def __init__(self):
        self.now, self.slept = 1000.0, []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def guarded(register):
    time = Time()
    return Guarded(register, clock=time.clock, sleep=time.sleep), time


def test_a_record_is_fetched_into_our_register_on_record(session):
    register, asked = http(httpx.Response(200, json={**RECORD, "year": 2020}))
    row = outside.fetch(session, register, "b 1234 abc", "ani", now=NOON)
    assert (row.nrkb, find(session, "B1234ABC").owner_name) == ("B1234ABC", "Siti Lestari")
    assert "Siti" not in row.personal
    assert str(asked[0].url) == "https://eri.example.id/vehicles/B1234ABC"
    assert asked[0].headers["Authorization"] == "Bearer t0ken"
    assert session.query(AuditRow).filter_by(what="record fetched").one().who == "ani"


def test_a_plate_that_it_does_not_know_is_none(session):
    register, _ = http(httpx.Response(404))
    assert outside.fetch(session, register, "B1234ABC", "ani", now=NOON) is None
    assert register.find("'; DROP TABLE") is None


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {**RECORD, "nrkb": "B 9 X"},
        {**RECORD, "vehicle_class": "car"},
        {**RECORD, "owner_address": " "},
        {**RECORD, "year": "dua ribu"},
        {**RECORD, "valid_until": None},
        {k: v for k, v in RECORD.items() if k != "colour"},
    ],
)
def test_what_is_no_record_of_that_plate_is_never_taken(session, answer):
    register, _ = http(httpx.Response(200, json=answer))
    with pytest.raises(OutsideRecordError):
        outside.fetch(session, register, "B1234ABC", "ani", now=NOON)
    assert find(session, "B1234ABC") is None


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.ReadTimeout("lambat"), httpx.ConnectError("putus")]
)
def test_no_answer_is_an_error_that_says_so(answer):
    with pytest.raises(OutsideError):
        http(answer)[0].find("B1234ABC")


def test_a_stumble_is_asked_again_a_little_later():
    register = Stumbling(2)
    asks, time = guarded(register)
    assert asks.find("B1A") is None
    assert (register.asked, time.slept) == (3, [0.2, 0.4])


def test_while_it_is_down_nobody_waits_for_it_and_then_one_asks():
    register = Stumbling(100)
    asks, time = guarded(register)
    for _ in range(2):
        with pytest.raises(OutsideError):
            asks.find("B1A")
    assert (register.asked, asks.resting) == (5, True)
    with pytest.raises(OutsideError, match="nobody asks"):
        asks.find("B1A")
    assert register.asked == 5
    time.now += 60
    with pytest.raises(OutsideError, match="lambat"):
        asks.find("B1A")
    assert (register.asked, asks.resting) == (6, True)
    time.now += 60
    register.left = 0
    assert asks.find("B1A") is None
    register.left = 2
    assert asks.find("B1A") is None
    assert not asks.resting


def test_a_wrong_record_is_no_failure_of_the_line():
    register, asked = http(httpx.Response(200, json={}))
    asks, _ = guarded(register)
    for _ in range(10):
        with pytest.raises(OutsideRecordError):
            asks.find("B1A")
    assert (len(asked), asks.resting) == (10, False)
