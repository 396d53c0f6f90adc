"""Whether a client may send a document, and why: the answer of `gateway audit query`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.reports.clients import registrations
from audits.reports.query_report import query_report
from audits.schema.sources import Text
from schema.audits.reported import told
from schema.audits.reporting import ReportContext, to_thread
from schema.declare.records import plain_type
from schema.execution.explaining import Explainer

NAME = "document"


@plain_type
class AuditDocumentProblem:
    """Why nobody could send the document."""

    message: str = told("What is wrong.")
    line: int = told("The line.")
    column: int = told("The column.")


@plain_type
class AuditDocumentField:
    """One coordinate that the operation asks for."""

    coordinate: str = told("The field, argument or input.")
    allowed: bool = told("Whether the purpose may use it.")
    conditions: list[str] = told("Only where all of these hold.")
    reason: str | None = told("Why not.")
    allowed_purposes: list[str] = told("The purposes that would be allowed.")
    column: str | None = told("The column it rests in.")
    line: int = told("Where the document asks for it: the line.")
    line_column: int = told("And the column of that line.")


@plain_type
class AuditDocumentOperation:
    """One operation, judged for one purpose."""

    operation: str = told("Its name.")
    purpose: str = told("The purpose; `none` for a client without any.")
    verdict: str = told("What becomes of it: `allowed`, `withheld` in part, or `refused`.")
    problems: list[str] = told("What stands against it.")
    remarks: list[str] = told("What a request must bring.")
    fields: list[AuditDocumentField] = told("Field by field.")
    columns: list[str] = told("Every column that would be selected at most.")


@plain_type
class AuditDocument:
    """What a client would be answered. Nothing is read of anybody to find out."""

    sha256: str = told("SHA-256 of the text: the name it is registered by.")
    problems: list[AuditDocumentProblem] = told("What is wrong with it for everybody.")
    operations: list[AuditDocumentOperation] = told("Each operation, for each purpose it could be sent for.")


async def explain(bench: ReportContext, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The explanation; None for a client that is not there or is switched off."""
    registered = await registrations(bench.readers.main)
    client = next((each for each in registered if each.id == given["client"] and each.disabled_at is None), None)
    if client is None:
        return None
    facts = await bench.facts()
    explainer = Explainer(bench.model, facts, client, bench.readers.main, hints=bench.hints)
    text = Text(NAME, given["document"])
    found = await to_thread(lambda: explainer.explain(text, given.get("purpose")))
    document: Mapping[str, Any] = query_report(client.id, [found]).data["documents"][0]
    return document
