"""The forms of a report: terminal, JSON, Markdown, CSV and HTML; SARIF is for findings and changes alone."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping

from audits.forms.html_form import to_html
from audits.forms.report import SCHEMA_VERSION, Report, Table
from audits.forms.text_form import printable, to_text


def to_json(report: Report) -> str:
    """Return the facts in a stable form: keys never change their meaning within one `schemaVersion`."""
    envelope = {
        "schemaVersion": SCHEMA_VERSION,
        "report": report.kind,
        "sources": dict(report.sources),
        **report.data,
    }
    return json.dumps(envelope, ensure_ascii=False, indent=2) + "\n"


def to_csv(report: Report) -> str:
    """Return the main table (RFC 4180); a cell that a spreadsheet would run as a formula gets an apostrophe (D7)."""
    out = io.StringIO()
    # RFC 4180 wants CRLF.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(each) for each in report.flat.columns])
    for row in report.flat.rows:
        writer.writerow([harmless(each.text) for each in row])
    return out.getvalue()


def harmless(text: str) -> str:
    """Neutralise a text that a spreadsheet would take for a formula, also after whitespace (OWASP, CSV injection)."""
    # Some spreadsheets also run full-width signs.
    return f"'{text}" if re.match(r"\s*[=+\-@\t\r\n|＝＋－＠]", text) else text


def to_markdown(report: Report) -> str:
    """Return GitHub Flavored Markdown, with all texts escaped."""
    lines = [f"# {escaped(report.title)}", "", escaped(report.lead), ""]
    lines += [f"- **{escaped(each.label)}**: {escaped(each.value)}" for each in report.figures]
    for section in report.sections:
        lines += ["", f"## {escaped(section.heading)}", ""]
        for paragraph in section.paragraphs:
            lines += [escaped(paragraph), ""]
        lines += [f"- {escaped(each)}" for each in section.bullets]
        if section.code:
            # Four backticks, since the code may contain a block of its own with three.
            lines += ["", "````text", section.code.replace("````", "` ` ` `"), "````"]
        if section.table is not None:
            lines += ["", *(_markdown_table(section.table) if section.table.rows else ["None."])]
            if section.table.legend:
                lines += ["", escaped(section.table.legend)]
    lines += ["", *_made_from(report.sources)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _markdown_table(table: Table) -> Iterable[str]:
    yield "| " + " | ".join(escaped(each) for each in table.columns) + " |"
    yield "|" + "---|" * len(table.columns)
    for row in table.rows:
        yield (
            "| "
            + " | ".join(f"`{_in_code(each.text)}`" if each.code and each.text else escaped(each.text) for each in row)
            + " |"
        )


def _in_code(text: str) -> str:
    # Only the delimiters of code and of tables have a meaning in code.
    return text.replace("`", "'").replace("|", "\\|").replace("\n", " ")


def escaped(text: str) -> str:
    """Escape a text for Markdown, so that it contains no emphasis, link, picture or tag."""
    # One line: a line break would end a row of a table or begin a block.
    flat = printable(" ".join(text.split()))
    return re.sub(r"([\\`*_\[\]<>|#!~$&])", r"\\\1", flat)


def _made_from(sources: Mapping[str, str]) -> list[str]:
    return [f"{escaped(name)}: {escaped(value)}" for name, value in sources.items()]


FORMS: Mapping[str, Callable[[Report], str]] = {
    "table": to_text,
    "json": to_json,
    "markdown": to_markdown,
    "csv": to_csv,
    "html": to_html,
}
"""The forms by the names of the option `--format`."""
