"""The summary for an impact assessment as a report: each part under the letter of Art. 35(7) that asks for it."""

from __future__ import annotations

from typing import Any

from audits.forms.findings import schema_source
from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.impact.summary import ImpactSummary, Measure, Risk
from audits.papers.record import Activity
from audits.papers.record_report import activity_data
from audits.schema.facts import Facts

TONES = {"YES": "care", "NO": "good", "UNKNOWN": "quiet"}


def impact_report(facts: Facts, found: ImpactSummary) -> Report:
    """Return the report: description, necessity, risks, measures, open points."""
    own = found.record.controller
    activities = [each for each in found.record.activities if each.enabled]
    pairs, every = sum(len(each.purposes) for each in facts.outputs), len(facts.outputs) * len(activities)
    risks = Table(
        ("Criterion", "Question", "Found", "Evidence", "Answered by"), [_risk(each) for each in found.risks], wordy=1
    )
    sections = [
        Section(
            "(a) The processing and its purposes",
            [f"Controller: {own.name}, {own.address} ({own.country})."],
            table=Table(
                ("Purpose", "For", "Persons", "Categories", "Recipients", "Periods", "Legal bases"),
                [_activity(each) for each in activities],
                wordy=1,
            ),
        ),
        Section(
            "(b) Necessity and proportionality",
            [
                f"{pairs} of {every} pairs of field and purpose are allowed; all others are refused before anything is"
                " read. Each field names the purposes that need it, each period a rule, and what nobody needs is not"
                " declared, so it is not stored.",
            ],
            table=Table(("Purpose", "Fields", "Consent", "Objection"), [_needed(each) for each in activities]),
        ),
        Section("(c) Risks that the declarations show", table=risks),
        Section(
            "(d) Measures, and what keeps them",
            bullets=[str(each) for each in found.record.measures],
            table=Table(("Measure", "Statements", "Tests"), [_measure(each) for each in found.measures]),
        ),
        Section("Left to the controller", bullets=found.open),
    ]
    figures = [
        Figure("Purposes", str(len(activities))),
        Figure("Criteria met", str(sum(each.found == "YES" for each in found.risks))),
        Figure("Unknown", str(sum(each.found == "UNKNOWN" for each in found.risks))),
        Figure("Open points", str(len(found.open))),
    ]
    lead = (
        "What the schema that enforces it, the policy and the registers say for an assessment under Article 35 of the"
        " GDPR. It is no assessment: the last part lists what only the controller can judge."
    )
    sources = schema_source(facts) | {"Controller": own.source}
    return Report(
        "dpia", "Summary for an impact assessment", lead, sections, _data(found), figures, sources, rows=risks
    )


def _activity(each: Activity) -> list[Cell]:
    return [
        code(each.purpose.name),
        cell(each.purpose.text),
        cell("\n".join(one.text for one in each.subjects)),
        cell("\n".join(f"• {one.text}" for one in each.categories)),
        cell("\n".join(f"{one.text} {one.condition}" for one in each.recipients) or "None."),
        cell("\n".join(one.text for one in each.limits)),
        cell("\n".join(f"{one.article}: {one.text}" for one in each.purpose.bases)),
    ]


def _needed(each: Activity) -> list[Cell]:
    return [
        code(each.purpose.name),
        cell(len(each.fields) or each.note),
        cell(each.purpose.consent or "Not asked for."),
        cell(each.purpose.objection or "None: see the legal basis."),
    ]


def _risk(each: Risk) -> list[Cell]:
    tone: Any = TONES[each.found]
    return [
        code(each.name),
        cell(each.asked),
        cell(each.found, tone),
        cell(each.evidence),
        cell(" ".join(each.measures)),
    ]


def _measure(each: Measure) -> list[Cell]:
    return [cell(each.text), cell(" ".join(each.statements)), code(" ".join(each.tests))]


def _data(found: ImpactSummary) -> dict[str, Any]:
    return {
        "article": "GDPR Art. 35(7)",
        "activities": [activity_data(each) for each in found.record.activities if each.enabled],
        "risks": [
            {
                "name": each.name,
                "question": each.asked,
                "found": each.found,
                "evidence": each.evidence,
                "measures": list(each.measures),
            }
            for each in found.risks
        ],
        "measures": [
            {"text": each.text, "statements": list(each.statements), "tests": list(each.tests)}
            for each in found.measures
        ],
        "controllersMeasures": [str(each) for each in found.record.measures],
        "open": list(found.open),
    }
