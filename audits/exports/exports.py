"""Exports of the schema's declarations for other programs: our own JSON and CSV, fideslang, and the DPV."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from audits.exports.dpv import dpv
from audits.exports.fideslang import fideslang
from audits.forms.findings import schema_source
from audits.forms.report import Report, Section, Table, cell, code
from audits.papers.record import ProcessingRecord
from audits.schema.columns import speaks_of_this_store, stored_columns
from audits.schema.facts import Fact, Facts
from audits.schema.vocabulary import CATALOGUES


def fideslang_json(facts: Facts, found: ProcessingRecord) -> str:
    """Return JSON, which every YAML parser accepts."""
    return _dumped(fideslang(facts, found))


def dpv_json(facts: Facts, found: ProcessingRecord) -> str:
    """Return JSON-LD."""
    return _dumped(dpv(facts, found))


def _dumped(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def export_report(facts: Facts) -> Report:
    """Report every coordinate with its declaration, every column of the store, and the catalogues."""
    rows = [_row(fact) for fact in facts.all.values() if fact.governs or fact.declared.public]
    columns = (
        "Coordinate",
        "Kind",
        "Category",
        "Purposes",
        "Conditions",
        "Retention",
        "Recipients",
        "Scopes",
        "Column",
        "Type",
        "Line",
    )
    table = Table(columns, rows)
    data = {
        "fields": [_fact(fact) for fact in facts.all.values() if fact.governs or fact.declared.public],
        # Another team's schema is exported without our columns.
        "columns": _columns() if speaks_of_this_store(facts) else [],
        "words": {enum: {row.name: row.text for row in rows} for enum, rows in CATALOGUES.items()},
    }
    lead = "What every field, argument and input declares, and where it rests."
    return Report(
        "export", "Data map", lead, [Section("Declarations", table=table)], data, sources=schema_source(facts)
    )


def _row(fact: Fact) -> list[Any]:
    return [
        code(fact.coordinate),
        cell(fact.kind),
        cell(fact.category),
        cell(" ".join(fact.purposes)),
        cell(" ".join(f"{name}:{when}" for name, when in fact.purposes.items() if when)),
        cell(" ".join(fact.retention)),
        cell(" ".join(fact.declared.recipients)),
        cell(" | ".join(" ".join(sorted(each)) for each in sorted(fact.scopes, key=sorted))),
        cell(fact.declared.source),
        cell(fact.type),
        cell(fact.place.line),
    ]


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "coordinate": fact.coordinate,
        "kind": fact.kind,
        "type": fact.type,
        "category": fact.category,
        "purposes": [{"name": name, "when": when} for name, when in fact.purposes.items()],
        "retention": list(fact.retention),
        "disclosedTo": list(fact.declared.recipients),
        "scopes": [sorted(each) for each in sorted(fact.scopes, key=sorted)],
        "column": fact.declared.source,
        "public": fact.declared.public,
        "deprecated": fact.deprecated,
        "description": fact.description,
        "line": fact.place.line,
    }


def _columns() -> list[dict[str, Any]]:
    return [
        {
            "column": each.name,
            "category": each.category.name if each.category else None,
            "sealed": each.sealed,
            "output": each.output,
            "retention": each.retention.name,
        }
        for each in stored_columns().values()
    ]
