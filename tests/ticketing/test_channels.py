"""The ways out of the office: the mailing house's folder, mail, a gateway for messages."""

import hashlib
import hmac
import json

import httpx
import pytest
from mail import MailServer

from ticketing.channels import Outgoing, PostExport, Smtp, Webhook
from ticketing.errors import AddressError, DeliveryError, InDoubtError
from ticketing.letters import Addressee

LETTER = Outgoing(
    "ab" * 16, "confirmation", Addressee("Siti", "Jl. 1", "0812", "siti@example.id"), "halo", b"%PDF"
)


@pytest.fixture
def mail_server():
    """Start mail servers, and stop them."""
    started = []

    def start(answers=()):
        started.append(MailServer(answers))
        return started[-1]

    yield start
    for server in started:
        server.close()


def test_mail_is_plain_text_to_one_address(mail_server):
    server = mail_server()
    smtp = Smtp("127.0.0.1", server.port, "etle@example.id", "Surat konfirmasi", starttls=False, timeout_s=5)
    assert smtp.deliver(LETTER) is None
    assert "Message-ID: <" + "ab" * 16 + "@example.id>" in server.mail
    assert "To: siti@example.id" in server.mail
    assert "%PDF" not in server.mail


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"RCPT": "550 no such user"}, AddressError),
        ({"RCPT": "450 try later"}, DeliveryError),
        ({"MAIL": "451 busy"}, DeliveryError),
        ({".": "554 refused"}, DeliveryError),
        ({".": None}, InDoubtError),
    ],
)
def test_what_the_mail_server_says_is_understood(mail_server, answers, error):
    server = mail_server(answers)
    smtp = Smtp("127.0.0.1", server.port, "etle@example.id", "x", starttls=False, timeout_s=5)
    with pytest.raises(error) as caught:
        smtp.deliver(LETTER)
    assert type(caught.value) is error


@pytest.mark.parametrize("address", ["", "siti", "a@b\r\nBcc: c@d", "a@b, c@d"])
def test_mail_goes_to_no_address_that_is_none_or_several(address):
    smtp = Smtp("127.0.0.1", 1, "etle@example.id", "x")
    with pytest.raises(AddressError):
        smtp.deliver(Outgoing("k", "confirmation", Addressee("a", "b", "", address), "x", None))


def test_a_mail_server_that_is_not_there_is_tried_again():
    with pytest.raises(DeliveryError) as caught:
        Smtp("127.0.0.1", 1, "etle@example.id", "x", timeout_s=1).deliver(LETTER)
    assert type(caught.value) is DeliveryError


def webhook(answer):
    seen = []

    def answered(request):
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(transport=httpx.MockTransport(answered))
    return Webhook("https://gateway.example.id/send", "s", client=client), seen


def test_the_gateway_gets_text_key_and_signature():
    channel, seen = webhook(httpx.Response(200, json={"id": 42}))
    assert channel.deliver(LETTER) == "42"
    (request,) = seen
    assert json.loads(request.content) == {"key": "ab" * 16, "to": "0812", "text": "halo"}
    assert request.headers["Idempotency-Key"] == "ab" * 16
    assert request.headers["X-Signature"] == hmac.new(b"s", request.content, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(422), AddressError),
        (httpx.Response(503), DeliveryError),
        (httpx.Response(401), DeliveryError),
        (httpx.ConnectTimeout("lambat"), DeliveryError),
    ],
)
def test_what_the_gateway_says_is_understood(answer, error):
    with pytest.raises(error) as caught:
        webhook(answer)[0].deliver(LETTER)
    assert type(caught.value) is error


@pytest.mark.parametrize("answer", [httpx.Response(200, text="ok"), httpx.Response(200, json=[1])])
def test_a_gateway_that_gives_no_number_has_sent_it_all_the_same(answer):
    assert webhook(answer)[0].deliver(LETTER) is None


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DeliveryError):
        PostExport(tmp_path / "file").deliver(LETTER)
    with pytest.raises(AddressError):
        PostExport(tmp_path).deliver(Outgoing("k", "x", Addressee("", ""), "", b"x"))
