"""An export as one page to read: no script, nothing from elsewhere, in English or French, made to be printed."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from typing import Any

from policy.french import translated
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
    "th,td{border-bottom:1px solid #8884;padding:.35rem .6rem;text-align:left;vertical-align:top}"
    "td{overflow-wrap:anywhere}"
    "th{font-weight:600}td ul{margin:0;padding-left:1rem}small,.quiet{opacity:.75}details{margin:.8rem 0}"
    "summary{cursor:pointer}@media print{details{display:block}nav{display:none}}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'none'"
)
"""The Content-Security-Policy of the page, in a meta element and in the header of its response."""

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that hide text, or change its direction."""


class HtmlForm(Form):
    """A section for each holding: the meaning of its fields, then its records as a table."""

    def __init__(self) -> None:
        self._language = "en"

    def begin(self, head: DocumentHeader) -> str:
        """Return the head, an introduction and the table of contents."""
        language = self._language = head.language
        say = SAY[language]
        title = say["title"].format(site=head.controller)
        shown = [section for section in head.sections if section.row_by_row]
        links = "".join(f'<li><a href="#{each.name}">{_text(titled(each.name, language))}</a></li>' for each in shown)
        made = head.made_at.strftime("%Y-%m-%d %H:%M UTC")
        whither = _listed(f"{each['recipientName']}, {each['country']}" for each in head.transfers)
        beside = _listed(text[language] for text in RIGHTS.values())
        beside += f"<p>{_text(say['transfers'])}</p>{whither}" if whither else ""
        return (
            f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">\n'
            f"<title>{_text(title)}</title><style>{STYLE}</style></head>\n<body><main><h1>{_text(title)}</h1>\n"
            f"<p>{_text(say['lead'].format(site=head.controller, made=made))}</p><p>{_text(say['rights'])}</p>"
            f"{beside}\n"
            f'<nav aria-label="{_text(say["contents"])}"><ul>{links}</ul></nav>\n'
        )

    def open(self, section: ExportedSection) -> str:
        """Return the heading, the retention, the meaning of each field, and the head of the table."""
        if not section.row_by_row:
            return ""
        say, language = SAY[self._language], self._language
        rows = "\n".join(self._meaning(field) for field in section.fields if not field.key)
        heads = "".join(f'<th scope="col">{_text(say[name])}</th>' for name in COLUMNS)
        return (
            f'<section><h2 id="{section.name}">{_text(titled(section.name, language))}</h2>\n'
            f"<p>{_text(say['kept'])} {_text(translated(section.retention, language))}</p>\n"
            f"<details><summary>{_text(say['meaning'])}</summary><div class=wide>"
            f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table></div></details>\n"
            # Tables that scroll must be reachable by keyboard (WCAG 2.1.1).
            f'<div class=wide role=region tabindex=0 aria-labelledby="{section.name}"><table><thead><tr>'
            + "".join(f'<th scope="col">{_text(_named(field))}</th>' for field in _columns(section))
            + "</tr></thead><tbody>\n"
        )

    def record(self, section: ExportedSection, record: Mapping[str, Any]) -> str:
        """Return a row of the table."""
        cells = "".join(f"<td>{self._cell(record.get(field.name))}</td>" for field in _columns(section))
        return f"<tr>{cells}</tr>\n"

    def close(self, section: ExportedSection, count: int | None) -> str:
        """Return the end of the table; for a section that is not exported by row, only the number of rows."""
        say = SAY[self._language]
        if section.row_by_row:
            nothing = "" if count else f'<p class="quiet">{_text(say["none"])}</p>'
            return f"</tbody></table></div>{nothing}</section>\n"
        title = _text(titled(section.name, self._language))
        if section.apart:
            return f"<section><h2>{title}</h2><p>{_text(say['apart'])}</p></section>\n"
        if not count:
            return ""
        kept = _text(translated(section.retention, self._language))
        return f"<section><h2>{title}</h2><p>{_text(say['counted'].format(count=count))} {kept}</p></section>\n"

    def end(self) -> str:
        """Return the end of the page."""
        return f"<footer><p>{_text(SAY[self._language]['end'])}</p></footer></main></body></html>\n"

    def _meaning(self, field: ExportedField) -> str:
        language = self._language
        name = f"<th scope=row>{_text(_named(field))}"
        if field.description and language == "en":
            name += f"<br><small>{_text(field.description)}</small>"
        cells = [
            _text(translated(field.category, language)) if field.category else "",
            _listed(translated(each, language) for each in field.purposes),
            _listed(translated(each, language) for each in field.recipients) or _text(SAY[language]["nobody"]),
            _text(translated(field.retention, language)),
            _text(translated(field.origin, language)),
        ]
        if field.withheld:
            cells[0] += f" <em>{_text(WITHHELD[language][field.withheld])}</em>"
        return f"<tr>{name}</th>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"

    def _cell(self, value: Any) -> str:
        say = SAY[self._language]
        match value:
            case None:
                return ""
            case True | False:
                return _text(say["yes" if value else "no"])
            case DamagedValue():
                return f"<em>{_text(say['damaged'])}</em>"
            case dict():
                return "<br>".join(_text(str(each)) for each in value.values() if each)
            case list():
                return _listed(str(each) for each in value)
            case _:
                return _text(str(value))


COLUMNS = ("field", "category", "purposes", "recipients", "retention", "origin")


def _columns(section: ExportedSection) -> list[ExportedField]:
    return [field for field in section.fields if not field.key and not field.withheld]


def _named(field: ExportedField) -> str:
    return field.name.replace("_", " ")


def _listed(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""


def _text(text: str) -> str:
    # Replaced before escaping, so that hidden characters are visible as U+FFFD.
    return escape(UNSEEN.sub("\ufffd", text))
