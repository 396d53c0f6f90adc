"""The report of clients and their reach, to be kept beside the code and reviewed when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audits.forms.findings import finding_data, findings_table, schema_source
from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.reports.clients import AuditedClient, ReadableField, reach
from audits.schema.checks import Finding
from audits.schema.facts import Facts


def clients_report(facts: Facts, registered: Sequence[AuditedClient], findings: Sequence[Finding]) -> Report:
    """Return the report: registrations, findings, and the readable fields of each client."""
    reaches = {client.id: reach(facts, client) for client in registered}
    every = [each for found in reaches.values() for each in found]
    sections = [Section("Clients", table=_clients(registered, reaches))]
    if findings:
        sections.append(Section("Findings", table=findings_table(findings)))
    sections += [
        Section(f"What {client.id} can read", [client.name], table=_by_field(reaches[client.id]))
        for client in registered
        if reaches[client.id]
    ]
    errors = sum(each.level == "error" for each in findings)
    figures = [
        Figure("Clients", str(sum(each.disabled_at is None for each in registered))),
        Figure("Disabled", str(sum(each.disabled_at is not None for each in registered))),
        Figure("Documents", str(sum(len(each.documents) for each in registered))),
        Figure("Findings", str(len(findings)), "bad" if errors else "care" if findings else "good"),
    ]
    data = {
        "clients": [_data(client, reaches[client.id]) for client in registered],
        "findings": [finding_data(each) for each in findings],
    }
    lead = "What each registered client can read, for which purpose, and through which document."
    rows = Table(("Client", "Purpose", "Field", "Conditions", "Own data only", "Via"), [_flat(each) for each in every])
    return Report("clients", "Clients and their reach", lead, sections, data, figures, schema_source(facts), rows=rows)


def _clients(registered: Sequence[AuditedClient], reaches: dict[str, list[ReadableField]]) -> Table:
    columns = ("Client", "Name", "Purposes", "Scopes", "Fields", "Documents", "If refused", "Rows a page")
    return Table(columns, [_client(each, reaches[each.id]) for each in registered])


def _client(client: AuditedClient, found: Sequence[ReadableField]) -> list[Cell]:
    documents = f"{len(client.documents)} registered, {'no others' if client.documents_only else 'any other too'}"
    return [
        code(client.id, "quiet" if client.disabled_at else ""),
        cell(client.name if client.disabled_at is None else f"{client.name} (disabled)"),
        cell(", ".join(client.purposes) or "none"),
        cell(", ".join(sorted(client.scopes)) or "none"),
        cell(len({each.coordinate for each in found})),
        cell(documents),
        cell(client.refusal.lower()),
        cell(client.max_page),
    ]


def _by_field(found: Sequence[ReadableField]) -> Table:
    return Table(
        ("Field", "Purpose", "Only where", "Via"), [[row[2], row[1], row[3], row[5]] for row in map(_flat, found)]
    )


def _flat(each: ReadableField) -> list[Cell]:
    return [
        code(each.client),
        code(each.purpose),
        code(each.coordinate),
        cell(" ".join(each.conditions)),
        cell("yes" if each.own_only else "no"),
        cell(" ".join(via if via == "ad hoc" else via[:12] for via in each.via)),
    ]


def _data(client: AuditedClient, found: Sequence[ReadableField]) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.name,
        "purposes": list(client.purposes),
        "scopes": sorted(client.scopes),
        "refusal": client.refusal,
        "documentsOnly": client.documents_only,
        "introspection": client.introspection,
        "maxPage": client.max_page,
        "disabled": client.disabled_at is not None,
        "documents": [{"hash": each.hash, "purpose": each.purpose} for each in client.documents],
        "reach": [
            {
                "purpose": each.purpose,
                "coordinate": each.coordinate,
                "conditions": list(each.conditions),
                "ownDataOnly": each.own_only,
                "via": list(each.via),
            }
            for each in found
        ],
    }
