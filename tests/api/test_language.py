"""The language of the pages: both, Bahasa alone, English alone."""

import pytest


def main_of(page: str) -> str:
    return page.split("<body>")[1]


def test_a_reader_who_chose_nothing_reads_bahasa_with_english_beside_it(server):
    page = server.client.get("/").text
    assert 'lang="id"' in page and "Ke isi halaman" in page and "Skip to content" in page


@pytest.mark.parametrize(("choice", "there", "gone"), [
    ("id", "Ke isi halaman", "Skip to content"), ("en", "Skip to content", "Ke isi halaman"),
])  # fmt: skip
def test_a_choice_is_kept_in_a_cookie_and_leads_back(server, choice, there, gone):
    answer = server.client.get(f"/language?to={choice}&back=/t/ETLE-1?x=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/t/ETLE-1?x=1")
    page = server.client.get("/").text
    assert there in page and gone not in page and f'<html lang="{choice}"' in page


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y"])
def test_the_switch_leads_nowhere_else(server, back):
    answer = server.client.get("/language", params={"to": "en", "back": back}, follow_redirects=False)
    assert answer.headers["location"].startswith("/") and not answer.headers["location"].startswith("//")
    assert "X" not in answer.headers and "\\" not in answer.headers["location"]


def test_an_unknown_language_is_refused_and_a_made_up_cookie_is_none(server):
    assert server.client.get("/language?to=xx", follow_redirects=False).status_code == 422
    server.client.cookies.set("lang", "<script>")
    assert 'lang="id"' in server.client.get("/").text
