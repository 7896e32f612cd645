"""How an office's bank is found in the settings, and what settings are refused."""

import pytest
from case_ways import NOON

from ticketing import banks, tickets
from ticketing.errors import BankSettingsError, NotFoundError

DEFAULT = 'default: {prefix: "11111", secret_environment: ETLE_BANK_SECRET, partner_id: ""}\n'


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Use settings of an office's own."""

    def use(text):
        file = tmp_path / "banks.yaml"
        file.write_text(text, encoding="utf-8")
        monkeypatch.setenv(banks.ENVIRONMENT, str(file))

    return use


def test_an_offices_ticket_gets_an_account_with_its_own_prefix(session, in_state, settings):
    settings(DEFAULT + 'offices: {Ditlantas: {prefix: "22222"}}\n')
    case = in_state("admitted")
    ticket = tickets.issue(session, case, "ani", prefix=banks.prefix_for(session, case), now=NOON)
    assert ticket.virtual_account.startswith("22222")
    assert banks.bank_of("Satlantas lain").prefix == "11111"
    with pytest.raises(NotFoundError):
        banks.prefix_for(session, 99)


def test_the_secret_comes_from_the_environment_and_never_from_the_file(monkeypatch, settings):
    settings(DEFAULT)
    monkeypatch.setenv("ETLE_BANK_SECRET", "rahasia")
    assert banks.bank_of("x").secret == "rahasia"
    monkeypatch.delenv("ETLE_BANK_SECRET")
    assert banks.bank_of("x").secret == ""


def test_a_notification_is_verified_with_the_secret_of_the_bank_that_sent_it(settings):
    settings(
        DEFAULT.replace('""', '"BRI1"')
        + 'offices: {Bali: {prefix: "33333", secret_environment: B, partner_id: "BPD"}}\n'
    )
    assert banks.for_partner("BPD").secret_environment == "B"
    assert banks.for_partner("BRI1").prefix == "11111"
    assert banks.for_partner("somebody") is None


def test_the_only_bank_needs_no_partner_id_and_two_do(settings):
    settings(DEFAULT)
    assert banks.for_partner("anything").prefix == "11111"
    settings(DEFAULT + "offices: {Bali: {secret_environment: B}}\n")
    assert banks.for_partner("anything") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "default"),
        ("a: [", "no YAML"),
        (DEFAULT.replace('"11111"', "11111"), "text in quotes"),
        (DEFAULT.replace("11111", "1111"), "5 digits"),
        (DEFAULT.replace("ETLE_BANK_SECRET", "rahasia-bersama"), "is no secret"),
        (DEFAULT + "offices: {Bali: {secret: s}}\n", "Bali has exactly"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_with_the_reason(settings, text, why):
    settings(text)
    with pytest.raises(BankSettingsError, match=why):
        banks.bank_of("x")


def test_settings_that_are_not_there_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv(banks.ENVIRONMENT, str(tmp_path / "missing.yaml"))
    with pytest.raises(BankSettingsError, match=r"missing\.yaml"):
        banks.bank_of("x")
