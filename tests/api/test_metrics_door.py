"""Who may read the metrics: this machine, or whoever sends the token that the server was given."""

import pytest


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("203.0.113.9", 403)])
def test_without_a_token_only_this_machine_may_ask_and_a_refusal_is_logged(server, caplog, address, status):
    with server.from_address(address) as client:
        answer = client.get("/metrics")
    assert answer.status_code == status
    assert ("etle_spool_segments" in answer.text) == (status == 200)
    assert ("metrics from another machine: GET /metrics" in caplog.text) == (status == 403)


class TestWithAToken:
    @pytest.fixture
    def settings(self):
        return {"metrics_token": "kunci-prometheus"}

    @pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.9"])
    def test_it_opens_from_anywhere_and_nothing_else_does(self, server, caplog, address):
        with server.from_address(address) as client:
            right = client.get("/metrics", headers={"Authorization": "Bearer kunci-prometheus"})
            for wrong in ({}, {"Authorization": "Bearer salah"}, {"Authorization": "kunci-prometheus"}):
                answer = client.get("/metrics", headers=wrong)
                assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert right.status_code == 200 and "etle_spool_segments" in right.text
        assert caplog.text.count("metrics without the token") == 3 and "salah" not in caplog.text
