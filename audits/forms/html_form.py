"""Reports as one HTML file: no script, nothing from elsewhere, light and dark, and made to be printed."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from html import escape as quoted
from importlib.resources import files
from itertools import groupby

from audits.forms.report import Cell, Figure, Report, Section, Table
from audits.forms.text_form import printable

BULLET = "• "
CARDS = 7
"""Maximum columns of sentences on a page; a table with more is shown as one card for each row."""


def escape(text: str) -> str:
    """Escape a text for HTML, without characters that change its direction or hide a part of it."""
    return quoted("\n".join(map(printable, text.split("\n"))))


@cache
def _style() -> str:
    return files("audits").joinpath("data/report.css").read_text("utf-8").strip()


def content_security_policy() -> str:
    """Return the Content-Security-Policy of the file, which allows its own style only; servers send it as a header,
    too."""
    # The style is allowed by its hash, so that the file needs no 'unsafe-inline'.
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def to_html(report: Report) -> str:
    """Return the whole file."""
    return "\n".join(_page(report)) + "\n"


def _page(report: Report) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="{escape(report.language)}">'
    yield '<head><meta charset="utf-8">'
    # Before all content, so that the policy applies to all of it.
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
    yield f'<section><h2 id="s{number}">{escape(section.heading)}</h2>'
    yield from (f"<p>{escape(each)}</p>" for each in section.paragraphs)
    if section.bullets:
        yield "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in section.bullets) + "</ul>"
    if section.code:
        yield f"<pre><code>{escape(section.code)}</code></pre>"
    if section.table is not None:
        yield from _table(section.table, f"s{number}") if section.table.rows else ("<p>None.</p>",)
    yield "</section>"


def _table(table: Table, heading: str) -> Iterator[str]:
    if table.wordy and len(table.columns) > CARDS:
        yield from _cards(table)
        return
    kind = "wide fit" if table.dense else "wide"
    # A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
    yield f'<div class="{kind}" role="region" tabindex="0" aria-labelledby="{heading}">'
    yield '<table class="dense"><thead><tr>' if table.dense else "<table><thead><tr>"
    yield "".join(f'<th scope="col"><span>{escape(each)}</span></th>' for each in table.columns)
    yield "</tr></thead><tbody>"
    yield from _grouped(table) if table.dense else _rows(table)
    yield "</tbody></table></div>"
    if table.legend:
        yield f'<p class="legend">{escape(table.legend)}</p>'


def _rows(table: Table) -> Iterator[str]:
    for head, *rest in table.rows:
        yield f'<tr><th scope="row"{_attributes(head)}>{_text(head)}</th>' + "".join(map(_cell, rest)) + "</tr>"


def _grouped(table: Table) -> Iterator[str]:
    """Yield the rows grouped by type, with the type's name as a heading."""
    group = ""
    for head, *rest in table.rows:
        type_name, _, name = head.text.partition(".")
        if type_name != group:
            group = type_name
            yield f'<tr class="group"><th colspan="{len(table.columns)}" scope="rowgroup">{escape(group)}</th></tr>'
        shown = _text(replace(head, text=name or head.text))
        yield f'<tr><th scope="row" title="{escape(head.title or head.text)}">{shown}</th>'
        yield "".join(map(_mark, rest)) + "</tr>"


def _mark(cell: Cell) -> str:
    """Return a cell with a symbol, and a word for screen readers."""
    heard = {"good": "yes", "care": "under a condition", "quiet": "no"}.get(cell.tone, cell.text)
    return f'<td{_attributes(cell)}><span aria-hidden="true">{escape(cell.text)}</span><i>{heard}</i></td>'


def _cards(table: Table) -> Iterator[str]:
    """Yield one card for each row of a table that is too wide."""
    for head, *rest in table.rows:
        yield f"<article><h3>{_text(head)}</h3><dl>"
        for name, each in zip(table.columns[1:], rest, strict=True):
            if each.text:
                yield f"<div><dt>{escape(name)}</dt><dd>{_text(each)}</dd></div>"
        yield "</dl></article>"


def _cell(cell: Cell) -> str:
    return f"<td{_attributes(cell)}>{_text(cell)}</td>"


def _attributes(cell: Cell) -> str:
    tone = f' class="{cell.tone}"' if cell.tone else ""
    return tone + (f' title="{escape(cell.title)}"' if cell.title else "")


def _text(cell: Cell) -> str:
    """Return the text of a cell: lines with a bullet become a list, names may wrap between their parts."""
    if cell.code and cell.text:
        return "<code>" + re.sub(r"(?<=[._/:])(?=\w)", "<wbr>", escape(cell.text)) + "</code>"
    if "\n" not in cell.text and not cell.text.startswith(BULLET):
        return escape(cell.text)
    parts = []
    for listed, lines in groupby(cell.text.split("\n"), lambda line: line.startswith(BULLET)):
        if listed:
            parts.append("<ul>" + "".join(f"<li>{escape(each.removeprefix(BULLET))}</li>" for each in lines) + "</ul>")
        else:
            parts += [f"<p>{escape(each)}</p>" for each in lines]
    return "".join(parts)
