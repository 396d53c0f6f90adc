"""An export as one page to read: no script, nothing from elsewhere, in the customer's language, made to be printed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from messages.dates import moment
from messages.templates import environment
from store.records.holdings import DamagedValue
from workers.exports.contents import ExportedField, ExportedSection
from workers.exports.forms import DocumentHeader, Form
from workers.exports.json_form import RIGHTS, WITHHELD
from workers.exports.words import SAY, titled

STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1.5rem}"
    "h1{font-size:1.7rem}h2{border-top:1px solid #8886;margin-top:2.5rem;padding-top:1rem}nav ul{columns:16rem}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;width:100%}"
    "th,td{border-bottom:1px solid #8884;padding:.35rem .6rem;text-align:start;vertical-align:top}"
    "td{overflow-wrap:anywhere}"
    "th{font-weight:600}td ul{margin:0;padding-inline-start:1rem}small,.quiet{opacity:.75}details{margin:.8rem 0}"
    "summary{cursor:pointer}@media print{details{display:block}nav{display:none}}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'none'"
)
"""The Content-Security-Policy of the page, in a meta element and in the header of its response."""

_SECTIONS = Markup("<!-- sections -->")
"""Where the page is cut in two: its sections are written one after the other."""


class HtmlForm(Form):
    """A section for each holding: the meaning of its fields, then its records as a table."""

    def begin(self, head: DocumentHeader) -> str:
        """The head, an introduction and the contents."""
        language, say = head.language, SAY.all(head.language)
        common = {"language": language, "say": say}
        page = _templates().get_template("export.html").render(
            common,
            title=SAY.say(language, "title", site=head.controller),
            lead=SAY.say(language, "lead", site=head.controller, made=moment(head.made_at, language)),
            rights=RIGHTS.all(language).values(),
            transfers=head.transfers,
            contents={each.name: titled(each.name, language) for each in head.sections if each.row_by_row},
            sections=_SECTIONS,
            policy=POLICY,
            style=Markup(STYLE),  # noqa: S704 - ours, and quotes in it must stay for its hash
        )  # fmt: skip
        known = {"withheld": WITHHELD.all(language), "columns": _columns, "named": _named}
        self._language = language
        self._parts: Any = _templates().get_template("export_sections.html").make_module(
            common | known | {"titled": lambda section: titled(section.name, language)}
        )  # fmt: skip
        before, _, self._after = page.partition(_SECTIONS)
        return before

    def open(self, section: ExportedSection) -> str:
        """The heading, how long it is kept, what each field means, and the head of the table."""
        return str(self._parts.open(section)) if section.row_by_row else ""

    def record(self, section: ExportedSection, record: Mapping[str, Any]) -> str:
        """A row of the table."""
        return str(self._parts.record([record.get(field.name) for field in _columns(section)]))

    def close(self, section: ExportedSection, count: int | None) -> str:
        """The end of the table; a section that tells nothing only says how many rows there are."""
        if section.row_by_row:
            return str(self._parts.close(count))
        return str(self._parts.untold(section, count, SAY.say(self._language, "counted", count=count or 0)))

    def end(self) -> str:
        """The end of the page."""
        return self._after


@cache
def _templates() -> Environment:
    made = environment("workers")
    made.tests["damaged"] = lambda value: isinstance(value, DamagedValue)
    return made


def _columns(section: ExportedSection) -> list[ExportedField]:
    return [field for field in section.fields if not field.key and not field.withheld]


def _named(field: ExportedField) -> str:
    return field.name.replace("_", " ")
