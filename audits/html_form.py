"""Reports as one HTML file: no script, nothing from elsewhere, light and dark, and made to be printed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

from audits.reports import Cell, Figure, Report, Section, Table


@cache
def _style() -> str:
    return files("audits").joinpath("data/report.css").read_text("utf-8").strip()


def content_security_policy() -> str:
    """What the file may do: show itself, in its own style. The same header serves a server that hands it out."""
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def to_html(report: Report) -> str:
    """The whole file."""
    return "\n".join(_page(report)) + "\n"


def _page(report: Report) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="{escape(report.language)}">'
    yield '<head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(content_security_policy())}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
    yield f"<title>{escape(report.title)}</title>"
    yield f"<style>{_style()}</style></head>"
    yield f'<body class="{escape(report.kind)}"><main>'
    yield f"<header><h1>{escape(report.title)}</h1><p>{escape(report.lead)}</p></header>"
    if report.figures:
        yield '<dl class="figures">'
        yield from (_figure(each) for each in report.figures)
        yield "</dl>"
    if len(report.sections) > 2:
        yield from _contents(report)
    for number, section in enumerate(report.sections, 1):
        yield from _section(section, number)
    yield "<footer><dl>"
    yield from (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in report.sources.items())
    yield "</dl></footer></main></body></html>"


def _figure(figure: Figure) -> str:
    return f'<div class="{figure.tone}"><dt>{escape(figure.label)}</dt><dd>{escape(figure.value)}</dd></div>'


def _contents(report: Report) -> Iterator[str]:
    label = {"fr": "Sommaire"}.get(report.language, "Contents")
    yield f'<nav aria-label="{label}"><ol>'
    for number, section in enumerate(report.sections, 1):
        yield f'<li><a href="#s{number}">{escape(section.heading)}</a></li>'
    yield "</ol></nav>"


def _section(section: Section, number: int) -> Iterator[str]:
    yield f'<section aria-labelledby="s{number}"><h2 id="s{number}">{escape(section.heading)}</h2>'
    yield from (f"<p>{escape(each)}</p>" for each in section.paragraphs)
    if section.bullets:
        yield "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in section.bullets) + "</ul>"
    if section.code:
        yield f"<pre><code>{escape(section.code)}</code></pre>"
    if section.table is not None:
        yield from _table(section.table, f"s{number}") if section.table.rows else ("<p>None.</p>",)
    yield "</section>"


def _table(table: Table, heading: str) -> Iterator[str]:
    kind = ' class="dense"' if table.dense else ""
    # A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
    yield f'<div class="wide" role="region" tabindex="0" aria-labelledby="{heading}"><table{kind}><thead><tr>'
    yield "".join(f'<th scope="col"><span>{escape(each)}</span></th>' for each in table.columns)
    yield "</tr></thead><tbody>"
    for row in table.rows:
        head, *rest = row
        yield f'<tr><th scope="row">{_text(head)}</th>' + "".join(_cell(each) for each in rest) + "</tr>"
    yield "</tbody></table></div>"
    if table.legend:
        yield f'<p class="legend">{escape(table.legend)}</p>'


def _cell(cell: Cell) -> str:
    tone = f' class="{cell.tone}"' if cell.tone else ""
    title = f' title="{escape(cell.title)}"' if cell.title else ""
    return f"<td{tone}{title}>{_text(cell)}</td>"


def _text(cell: Cell) -> str:
    shown = "<br>".join(escape(line) for line in cell.text.split("\n"))
    return f"<code>{shown}</code>" if cell.code and cell.text else shown
