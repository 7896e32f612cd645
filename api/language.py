"""Which language a page speaks: Bahasa Indonesia with English beside it, or one of them alone, as a cookie says.

In a template ``{{ t("Antrean", "Queue") }}`` gives what the reader chose, and ``{{ plain(…) }}`` the same without
markup, for attributes and options. English that stands in a ``<span lang="en">`` of its own is hidden from who reads
Bahasa alone, and stays with its Bahasa for who reads English: nothing is lost where a page was not written with ``t``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

Language = Literal["both", "id", "en"]
COOKIE = "lang"
A_YEAR_S = 365 * 24 * 3600
# Choice → what the switch says, what it means, and the language that the page is then in.
CHOICES: dict[Language, tuple[str, str, str]] = {
    "both": ("Dwibahasa", "Bahasa Indonesia, English beside it", "id"),
    "id": ("Bahasa saja", "Hanya Bahasa Indonesia", "id"),
    "en": ("English", "English only", "en"),
}

router = APIRouter(include_in_schema=False)


def language_of(request: Request) -> Language:
    """Give the language that the reader chose; both, where they chose none."""
    chosen = request.cookies.get(COOKIE, "both")
    return chosen if chosen in CHOICES else "both"


@router.get("/language")
def choose(request: Request, to: Language, back: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Keep the reader's choice, and lead back to the page they came from: one of ours, whatever ``back`` says."""
    ours = back.startswith("/") and not back.startswith(("//", "/\\"))
    answer = RedirectResponse(quote(back, safe="/?&=%+:,-._~") if ours else "/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, to, max_age=A_YEAR_S, samesite="lax", httponly=True, secure=secure)
    return answer


@pass_context
def t(context: Context, text_id: Any, text_en: Any) -> Markup:
    """Give a text in the page's language; markup that is passed in as such stays."""
    language = context.get("language", "both")
    if language == "both":
        return Markup('{} <span lang="en">{}</span>').format(text_id, text_en)
    return escape(text_id if language == "id" else text_en)


@pass_context
def said(context: Context, text: str) -> Markup:
    """Give a text that was written as ``Bahasa / English`` in the page's language."""
    text_id, slash, text_en = text.partition(" / ")
    return t(context, text_id, text_en) if slash else escape(text)


@pass_context
def plain(context: Context, text_id: str, text_en: str) -> str:
    """Give a text in the page's language without markup, for attributes, options and titles."""
    language = context.get("language", "both")
    if language == "both":
        return f"{text_id} / {text_en}"
    return text_id if language == "id" else text_en


def switch(request: Request) -> dict[str, Any]:
    """Give what `base.html` needs for the switch: the language, its choices, and where to come back to."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        back = "/desk" if request.url.path.startswith("/desk") else "/"
    language = language_of(request)
    return {"language": language, "languages": CHOICES, "html_lang": CHOICES[language][2], "back": back}
