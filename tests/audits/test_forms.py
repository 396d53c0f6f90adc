"""The forms of a report: nothing that a spreadsheet, a browser, Markdown or a terminal could be tricked by."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from audits.forms.findings import lint_report
from audits.forms.forms import FORMS, escaped, harmless, to_csv, to_html, to_json, to_markdown
from audits.forms.html_form import content_security_policy
from audits.forms.report import SCHEMA_VERSION, Figure, Report, Section, Table, cell, code
from audits.forms.sarif import changes_sarif, findings_sarif
from audits.forms.text_form import abbreviations, columns_of, to_text
from audits.impact.report import impact_report
from audits.impact.summary import impact
from audits.papers.record import record
from audits.papers.record_report import record_report
from audits.papers.registers import SCHEMA_ALONE
from audits.reports.matrix import matrix, matrix_report
from audits.schema.checks import Check, Finding
from audits.schema.diff import diff
from audits.schema.places import SourcePosition
from tests.audits.papers import OURS, controller, notice_in
from tests.audits.schemas import SMALL, changed, facts_of, findings

EVIL = "<script>alert(1)</script> | *x* `y` [z](javascript:a) =1+1 \x1b[31m\u202e\n\n# title \"q\" 's'"


def report(text: str) -> Report:
    """A report in which one text stands everywhere."""
    table = Table((text, "b"), [[code(text, "bad", text), cell(text, "good", text)]], legend=text)
    wordy = Table((text, "b"), [[code(text), cell(f"• {text}")]], wordy=1)
    dense = Table((text, "B_C", "B_D"), [[code(f"T.{text}"), cell("●"), cell("·")]], dense=True)
    return Report(
        "lint",
        text,
        text,
        [Section(text, [text], [text], text, table), Section("w", table=wordy), Section("d", table=dense)],
        {"x": text},
        [Figure(text, text, "bad")],
        {text: text},
    )


REPORTS = {
    "evil": report(EVIL),
    "matrix": matrix_report(OURS, matrix(OURS)),
    "notice": notice_in("en"),
    "notice-fr": notice_in("fr"),
    "record": record_report(OURS, record(OURS, controller(), SCHEMA_ALONE)),
    "dpia": impact_report(OURS, impact(OURS, record(OURS, controller(), SCHEMA_ALONE), None)),
    "lint": lint_report(facts_of(SMALL), findings(changed("String @purpose", "String! @purposes"))),
    "empty": Report("ledger", "t", "l", [Section("s", table=Table(("a",), ()))], {}),
}


class Page(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", REPORTS)
def test_html_is_one_file_without_script_or_anything_from_elsewhere(name: str) -> None:
    text = to_html(REPORTS[name])
    page = Page(text)
    assert page.open == [], "every tag is closed"
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "form", "base", "svg"}
    for tag, attributes in page.tags:
        assert not any(each.startswith("on") or each == "style" for each in attributes), tag
        address = attributes.get("href") or "#"
        # The notice leads to where its reader can do something, on the host that serves it.
        own = name.startswith("notice") and address.startswith("/") and not address.startswith("//")
        assert own or not address.lstrip("#s").strip("0123456789"), "links lead within the file"
        assert "src" not in attributes
    assert "@import" not in text
    assert "url(" not in text


def test_the_style_is_what_the_policy_allows_and_nothing_else_is() -> None:
    text = to_html(REPORTS["matrix"])
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in content_security_policy()
    assert "default-src 'none'" in content_security_policy()
    assert "unsafe" not in content_security_policy()
    assert text.count("<style>") == 1
    for told in ("prefers-color-scheme: dark", "@media print", "color-scheme: light dark"):
        assert told in style


def test_html_can_be_heard_and_reached_by_keyboard() -> None:
    page = Page(to_html(REPORTS["matrix"]))
    tags = [tag for tag, _ in page.tags]
    assert dict(page.tags)["html"]["lang"] == "en"
    assert dict(Page(to_html(REPORTS["notice-fr"])).tags)["html"]["lang"] == "fr"
    assert tags.count("h1") == tags.count("main") == 1
    for tag, attributes in page.tags:
        if tag == "th":
            assert attributes["scope"] in ("col", "row", "rowgroup")
        if attributes.get("role") == "region":
            assert attributes["tabindex"] == "0"
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    labels = {attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes}
    assert len(ids) == len(set(ids))
    assert labels <= set(ids)


def test_a_page_shows_whatever_a_schema_says_as_words() -> None:
    text = to_html(REPORTS["evil"])
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text, "nothing turns the direction of the words"
    assert not re.search(r'"[^"]*"q"', text)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "|"])
def test_no_cell_of_a_csv_file_is_a_formula(start: str) -> None:
    """D7."""
    assert harmless(f"{start}cmd()") == f"'{start}cmd()"
    rows = list(csv.reader(io.StringIO(to_csv(report(f"{start}cmd()")), newline="")))
    assert all(each[0] == "'" for each in (rows[0][0], rows[1][0], rows[1][1]))


def test_a_csv_file_is_rfc_4180() -> None:
    text = to_csv(REPORTS["matrix"])
    assert text.count("\r\n") == len(OURS.outputs) + 1
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    by_name = {each["Field"]: each for each in rows}
    assert by_name["Customer.email"]["PRODUCT_NEWS"] == "NEWS_NOT_DECLINED"
    assert by_name["Customer.email"]["INVOICING"] == "yes"
    assert by_name["Customer.phone"]["INVOICING"] == ""


def test_markdown_shows_whatever_a_schema_says_as_words() -> None:
    text = to_markdown(REPORTS["evil"])
    prose = re.sub(r"````text\n.*?\n````", "", text, flags=re.S)
    assert not re.search(r"(?<!\\)<script", re.sub(r"`[^`]*`", "", prose))
    assert not re.search(r"(?<!\\)\]\(", re.sub(r"`[^`]*`", "", prose))
    assert [line for line in prose.splitlines() if line.startswith("# ")] == [f"# {escaped(EVIL)}"]
    tables = [line for line in text.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths <= {3, 4}, "no cell breaks out of its column"


def test_a_terminal_is_never_steered() -> None:
    text = to_text(REPORTS["evil"], 80)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert all(each.isprintable() or each == "\n" for each in text)


@pytest.mark.parametrize("name", ["matrix", "notice", "record", "lint"])
@pytest.mark.parametrize("width", [60, 100, 160])
def test_text_fits_the_terminal(name: str, width: int) -> None:
    for line in to_text(REPORTS[name], width).splitlines():
        assert columns_of(line) <= max(width, 90), line


def test_columns_of_a_matrix_have_letters_of_their_own() -> None:
    names = ["SERVICE_PROVISION", "SELF_PROTECTION", "INVOICING", "SUPER_POWER", "IN_VOICE", "INVENTION"]
    found = abbreviations(names)
    assert len(set(found)) == len(names)
    assert found[:3] == ["SP", "SEP", "IN"]


def test_what_is_empty_says_so() -> None:
    assert "None." in to_text(REPORTS["empty"])
    assert "None." in to_markdown(REPORTS["empty"])
    assert "<p>None.</p>" in to_html(REPORTS["empty"])


@pytest.mark.parametrize("name", REPORTS)
def test_json_has_its_envelope(name: str) -> None:
    document = json.loads(to_json(REPORTS[name]))
    assert document["schemaVersion"] == SCHEMA_VERSION == 1
    assert document["report"] == REPORTS[name].kind
    assert "sources" in document


def test_every_form_is_the_same_each_time() -> None:
    for form in FORMS.values():
        assert form(REPORTS["record"]) == form(REPORTS["record"])


def test_sarif_of_a_lint() -> None:
    accepted = Finding(
        Check.UNDECLARED, "m", "A.b", SourcePosition("git:main:schema/a b.graphql", 3, 5), accepted="Dana: known"
    )
    log = json.loads(findings_sarif([*findings(changed("String @purpose", "String! @purposes")), accepted], "1.2.3"))
    assert (log["version"], log["$schema"].rpartition("/")[2]) == ("2.1.0", "sarif-2.1.0.json")
    (run,) = log["runs"]
    rules = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert result["ruleId"] in rules
        assert result["level"] in ("error", "warning", "note")
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
    last = run["results"][-1]
    assert last["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "schema/a%20b.graphql"
    assert last["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "Dana: known"}]
    assert {each["partialFingerprints"]["coordinate/v1"] for each in run["results"]}


def test_sarif_of_a_diff() -> None:
    new = facts_of(
        changed("[INVOICING])\n    @", "[INVOICING, ERASURE])\n    @").replace("name: String", "nick: String")
    )
    log = json.loads(changes_sarif(diff(facts_of(SMALL), new), [], "1.2.3"))
    levels = {each["ruleId"]: each["level"] for each in log["runs"][0]["results"]}
    assert levels == {"purpose-added": "error", "field-added": "error", "field-removed": "note"}


GOLDEN = """{
  "schemaVersion": 1,
  "report": "matrix",
  "sources": {
    "Schema": "test.graphql",
    "Schema SHA-256": "%s"
  },
  "purposes": [
    {
      "name": "PAYMENT_EXECUTION",
      "text": "Pay a service with the method the customer chose."
    }
  ],
  "unusedPurposes": %s,
  "fields": [
    {
      "coordinate": "Card.brand",
      "category": "CARD_BRAND",
      "purposes": [
        {
          "name": "PAYMENT_EXECUTION",
          "when": null
        }
      ],
      "retention": [
        "CARD_CONSENT"
      ],
      "disclosedTo": [
        "PAYMENT_AFFILIATE"
      ],
      "column": null,
      "description": ""
    }
  ]
}
"""


def test_the_json_of_a_small_matrix_to_the_letter() -> None:
    facts = facts_of(SMALL)
    text = to_json(matrix_report(facts, matrix(facts, types=["Card"])))
    unused = text[text.index('"unusedPurposes": ') + 18 : text.index(',\n  "fields"')]
    assert text == GOLDEN % (facts.sdl.sha256, unused)
    assert "SERVICE_PROVISION" in unused
    assert '"INVOICING"' not in unused
