"""An evidence sheet as one HTML page that needs nothing beside it: text as text, pictures inside."""

from __future__ import annotations

import base64
from functools import cache

from jinja2 import Environment, StrictUndefined, Template

from pipeline.explain.sheet import Panel, Sheet
from pipeline.images import encode_jpeg, encode_png

_PAGE = """<!doctype html>
<html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ sheet.title[0] }} / {{ sheet.title[1] }}</title>
<style>
body { margin: 0; font: 16px/1.5 system-ui, "Noto Sans", "DejaVu Sans", sans-serif; color: #16202c; background: #f3f5f7; }
[lang=en] { color: #5a6673; font-size: .87em; font-style: italic; display: block; font-weight: 400; }
header { background: #0b3d6e; color: #fff; padding: 1rem max(1rem, calc(50% - 580px)); }
header [lang=en], header p { color: #cfdcea; margin: 0; } h1 { margin: .1rem 0; font-size: 1.7rem; line-height: 1.2; }
main { max-width: 1160px; margin: 0 auto; padding: 1rem; background: #fff; }
.seal { float: right; font-weight: 700; text-align: right; } .seal.bad { color: #ffd0d0; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: .5rem 1.5rem; margin: 0 0 1rem; }
dl div { display: grid; grid-template-columns: 9rem 1fr; } dt { color: #5a6673; } dd { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
.said { font-size: 1.2rem; font-weight: 600; border-left: 5px solid #0b3d6e; padding-left: .8rem; margin: 1rem 0; }
figure { margin: 0 0 1rem; } img { width: 100%; height: auto; display: block; border: 1px solid #d5dbe1; }
figcaption { padding: .3rem 0; font-size: .95rem; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 1rem; align-items: start; }
table { width: 100%; border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid #d5dbe1; }
footer { color: #5a6673; font-size: .88rem; overflow-wrap: anywhere; }
@media print { body, main { background: #fff; } figure, tr { break-inside: avoid; } header { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
</style></head><body>
{% macro both(pair) %}{{ pair[0] }}{% if pair[1] %} <span lang="en">{{ pair[1] }}</span>{% endif %}{% endmacro %}
{% macro figure(panel, source) %}<figure><img src="{{ source }}" alt="{{ panel.caption[0] }} / {{ panel.caption[1] }}"><figcaption>{{ both(panel.caption) }}</figcaption></figure>{% endmacro %}
<header><div class="seal{% if not sheet.intact %} bad{% endif %}">{% if sheet.intact %}Bukti utuh<span lang="en">evidence intact</span>{% else %}BUKTI DIUBAH<span lang="en">EVIDENCE ALTERED</span>{% endif %}</div>
<p>Lembar bukti / Evidence sheet · ETLE</p><h1>{{ sheet.title[0] }}</h1><p>{{ sheet.title[1] }} · {{ sheet.article }}</p></header>
<main>
<dl>{% for name, value in sheet.facts %}<div><dt>{{ both(name) }}</dt><dd>{{ value }}</dd></div>{% endfor %}</dl>
<div class="said">{{ both(sheet.statement) }}</div>
{{ figure(sheet.main, sources[0]) }}
<div class="row">{% for panel in sheet.moments %}{{ figure(panel, sources[loop.index]) }}{% endfor %}</div>
{% for panel, source in drawn %}{{ figure(panel, source) }}{% endfor %}
<table><thead><tr><th>Yang diukur<span lang="en">Measured</span></th><th>Nilai<span lang="en">Value</span></th><th>Kepastian dan ambang<span lang="en">Certainty and threshold</span></th></tr></thead>
<tbody>{% for row in sheet.rows %}<tr><td>{{ both(row.name) }}</td><td>{{ row.value }}</td><td>{{ both(row.certain) }}</td></tr>{% endfor %}</tbody></table>
<footer>{% for note in sheet.notes %}<p>{{ both(note) }}</p>{% endfor %}</footer>
</main></body></html>
"""  # noqa: E501


@cache
def _template() -> Template:
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)


def write_page(sheet: Sheet) -> str:
    """Write a sheet as HTML: photographs as JPEG, drawings as PNG."""
    sources = [_jpeg(p) for p in (sheet.main, *sheet.moments)]
    drawn = [(p, _source("png", encode_png(p.image))) for p in sheet.panels]
    return _template().render(
        sheet=sheet,
        sources=sources,
        drawn=drawn,
    )


def _jpeg(panel: Panel) -> str:
    return _source("jpeg", encode_jpeg(panel.image, 88))


def _source(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
