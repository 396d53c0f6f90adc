"""Reports as one HTML file: no script, nothing from elsewhere, light and dark, and made to be printed."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment
from markupsafe import Markup

from audits.forms.report import Cell, Report, Table
from audits.forms.text_form import printable
from messages.templates import environment

BULLET = "• "
CARDS = 7
"""Maximum columns of sentences on a page; a table with more is shown as one card for each row."""


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
    """The whole file."""
    style = Markup(_style())  # noqa: S704 - ours, and quotes in it must stay for its hash
    values = {"report": report, "language": report.language, "policy": content_security_policy(), "style": style}
    return _templates().get_template("report.html").render(values) + "\n"


@cache
def _templates() -> Environment:
    made = environment("audits", _shown)
    made.globals |= {"is_cards": _is_cards, "grouped": _grouped, "breakable": _breakable, "runs": _runs}
    return made


def _shown(text: str) -> str:
    """Without characters that would turn the direction of a text or hide something; lines stay lines."""
    return "\n".join(map(printable, text.split("\n")))


def _is_cards(table: Table) -> bool:
    return bool(table.wordy) and len(table.columns) > CARDS


def _grouped(table: Table) -> Iterator[tuple[str, list[tuple[Cell, str, list[Cell]]]]]:
    """Fields under their type, whose name is told once: the first cell, its name within the type, the other cells."""
    for group, rows in groupby(table.rows, lambda row: row[0].text.partition(".")[0]):
        yield group, [(head, head.text.partition(".")[2] or head.text, rest) for head, *rest in rows]


def _breakable(text: str) -> list[str]:
    """A name of a program, cut where it may break."""
    return re.split(r"(?<=[._/:])(?=\w)", text)


def _runs(text: str) -> list[tuple[bool, list[str]]] | None:
    """The lines of a text, those of a list apart from paragraphs; None for one line that is no list."""
    if "\n" not in text and not text.startswith(BULLET):
        return None
    runs = groupby(text.split("\n"), lambda line: line.startswith(BULLET))
    return [(listed, [line.removeprefix(BULLET) for line in lines]) for listed, lines in runs]
